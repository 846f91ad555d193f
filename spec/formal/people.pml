/* What happens by itself, in any order: people punch, time goes on, HR does its work. */

inline punch() {
  d_step {
    of_period[PERIOD_AT(clock) - 1] = of_period[PERIOD_AT(clock) - 1] | BIT(punches);
    on_machine = on_machine | BIT(punches);
#if TICKS > 1
    stamp[punches] = clock;
#endif
#if LIVENESS && (CLOCK_BACK || SECOND_MACHINE)
    if
    :: (PERIOD_AT(clock) <= closed || (state == REVIEW_PERIOD_EXPIRED && PERIOD_AT(clock) == review_period)) ->
       stamped_late = stamped_late | BIT(punches)
    :: else
    fi;
#endif
    printf("Somebody punches: [%d], stamped in period %d (tick %d)\n", BIT(punches), PERIOD_AT(clock), clock);
    punches++
  }
}

proctype World() {
end_of_the_world:
  do
  :: atomic { (clock < LAST_TICK) -> clock++; printf("The machine's clock goes on: period %d (tick %d)\n", PERIOD_AT(clock), clock) }
  :: atomic { (punches < PUNCHES && !(locked && heeds)) -> punch() }
#if SECOND_MACHINE
  :: atomic { (punches < PUNCHES && !(locked_back && heeds)) -> at_back = at_back | BIT(punches); printf("At the back door:\n"); punch() }
#if LIVENESS
  :: atomic { (!gone && FAULT_LEFT) -> COUNT_FAULT; gone = true; printf("The machine at the back door answers no more\n") }
#endif
#endif
  :: atomic { (published < PERIODS) -> published++; printf("HR publishes period %d\n", published) }
#if CLOCK_BACK
#if LIVENESS
  :: atomic { (clock > 0 && set_back < CLOCK_BACK) -> clock--; set_back++;
#else
  :: atomic { (clock > 0) -> clock--;
#endif
       printf("The machine's clock is set back: period %d (tick %d)\n", PERIOD_AT(clock), clock) }
#endif
#if SOMEBODY_CLEARS
  :: atomic { (on_machine && FAULT_LEFT) -> COUNT_FAULT; printf("Somebody clears the machine: [%d] erased\n", on_machine); on_machine = 0 }
#endif
#if CORRECTIONS
  :: atomic { (!typed) -> typed = true; correction = true; printf("HR types a correction\n") }
#endif
#if LIVENESS
  :: break /* from now on time, people and HR do nothing more */
#endif
  od
}

#if !SUBSCRIBED_FIRST
/* Without the measure: the client, in a waiting state, creates the subscription that it needs there. */
proctype Subscribing() {
end_of_subscribing:
  do
  :: atomic { (state == AWAIT_REVIEW_PERIOD && !(subscribed & 1)) -> subscribed = subscribed | 1; printf("Client: subscribes to new_review_period\n") }
  :: atomic { (state == AWAIT_REVIEW_SHEET && !(subscribed & 2)) -> subscribed = subscribed | 2; printf("Client: subscribes to new_review_sheet\n") }
  :: atomic { (state == AWAIT_LAST_STORED_TIMESTAMP && !(subscribed & 4)) -> subscribed = subscribed | 4; printf("Client: subscribes to last_stored_timestamp\n") }
  od
}
#endif
