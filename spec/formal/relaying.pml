/* Reading the attendance machine, and relaying what is not confirmed: in chunks, one message at a time. */

#define period_expired (review_period != 0 && machine_time >= review_period)

#if OWN_WINDOW
#define BACKLOG(p) (known & ~confirmed & ~set_aside & of_period[(p) - 1])
#else
#define BACKLOG(p) (known & ~confirmed & ~set_aside)
#endif
#define OTHER (PERIODS + 1 - review_period)
#define OWN_CHUNK (BACKLOG(review_period) && sheet_of[review_period - 1])
#define LATE_CHUNK (LATE_RELAYED && OWN_WINDOW && BACKLOG(OTHER) && sheet_of[OTHER - 1])
#define HAS_CHUNK (OWN_CHUNK || LATE_CHUNK)

#define COUNT(set) (((set) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1) + (((set) >> 3) & 1))

#if SECOND_MACHINE
/* One that does not answer holds up no other; the step fails where none does. Whether it lets people punch is not
   known then. */
inline skip_machine() {
  printf("Client: the machine at this door does not answer\n");
#if MAY_BE_LOCKED
  was_enabled = false;
#endif
  if
  :: (OTHERS_READ && visit == FRONT) -> visit = BACK_ALONE; failed = true
  :: (OTHERS_READ && visit == BACK) -> visit = NOBODY; enough = true
  :: else -> visit = FRONT; failed = true
  fi
}
/* After the last of the effects at one machine they begin again, at the other one. */
inline next_machine() {
  if
  :: (visit == FRONT) -> visit = BACK; failed = true
  :: else -> visit = FRONT
  fi
}
#else
inline skip_machine() { failed = true; printf("Client: the machine does not answer\n") }
inline next_machine() { skip }
#endif

inline ask_machine() {
  if
  :: ANSWERS ->
     enable_once();
     machine_time = PERIODS_OVER;
#if !MACHINE_TIME
     machine_time = (PERIODS_OVER < PERIODS -> PERIODS_OVER + 1 : PERIODS);
#endif
     printf("Client: asks the machine; its clock says period %d\n", machine_time + 1)
#if CLOCK_AHEAD
  :: (FAULT_LEFT && PERIODS_OVER < PERIODS) ->
     COUNT_FAULT;
     enable_once();
     machine_time = PERIODS_OVER + 1;
     printf("Client: asks the machine and believes that it is period %d\n", machine_time + 1)
#endif
  :: (state == RELAY_ATTENDANCE_RECORDS && HAS_CHUNK) -> enough = true /* not due yet, or out of reach */
#if SOMEBODY_CLEARS
  :: (state == RELAY_ATTENDANCE_RECORDS && counted == COUNT(on_machine) + 1 && FAULT_LEFT) ->
     COUNT_FAULT;
     enable_once();
     machine_time = PERIODS_OVER;
     set_aside = 0;
     enough = true;
     printf("Client: the machine holds as many records as before and is not read\n")
#endif
#if LIVENESS || SECOND_MACHINE
  :: (FAILING_READS && FAULT_LEFT && ANSWERS) -> COUNT_FAULT; skip_machine()
#endif
#if SECOND_MACHINE
  :: !ANSWERS -> skip_machine()
#endif
  fi
}

inline read_machine() {
  if
  :: true ->
     d_step {
       known = known | (on_machine & HERE);
       just_read = on_machine & HERE;
#if SOMEBODY_CLEARS
       counted = COUNT(on_machine) + 1;
#endif
       if
       :: (state == RELAY_ATTENDANCE_RECORDS) -> set_aside = 0; just_read = 0
       :: else
       fi;
       judge();
       printf("Client: reads the machine: [%d]; not confirmed: [%d]\n", on_machine & HERE, known & ~confirmed)
     }
     if
     :: (state == RELAY_ATTENDANCE_RECORDS || !CLEARING) -> next_machine()
     :: else
     fi
#if READ_FAILURE_TOLD
  :: (FAILING_READS && FAULT_LEFT) ->
     COUNT_FAULT;
     skip_machine();
#if SECOND_MACHINE
     if
     :: (state == REVIEW_PERIOD_EXPIRED && !CLEARING && enough) -> enough = false; visit = FRONT /* this was the last effect */
     :: else
     fi
#endif
#else
  :: (FAILING_READS && FAULT_LEFT) -> COUNT_FAULT; just_read = 0; printf("Client: the read fails and looks like an empty log\n")
#endif
  fi
}

/* By identity the ledger knows what is confirmed. By time stamp it is guessed. */
inline judge() {
#if !IDENTITY
  confirmed = 0;
  i = 0;
  do
  :: (i < punches) ->
     if
     :: (stamp[i] < last_stored_timestamp || PERIOD_AT(stamp[i]) < review_period) -> confirmed = confirmed | BIT(i)
     :: else
     fi; i++
  :: else -> break
  od;
  i = 0;
#endif
  skip
}

/* One message at a time: the open period's backlog, then a closed one's. Here HR's dates stay, so that the period to
   which the site believes a punch to belong is the one by which the function stores it. */
#define FIRST_OF(set) ((set) & ~((set) - 1))
inline publish_store_attend_records() {
#if SUBSCRIBED_FIRST
  subscribed = 7;
#endif
#if SECOND_MACHINE
  visit = FRONT;
#endif
  d_step {
    judge();
    if
    :: OWN_CHUNK -> asked = BACKLOG(review_period); asked_sheet = sheet_of[review_period - 1]
    :: (!(OWN_CHUNK) && LATE_CHUNK) -> asked = BACKLOG(OTHER); asked_sheet = sheet_of[OTHER - 1]
    :: else
    fi
  }
#if CHUNKED
  if
  :: true
  :: (asked != FIRST_OF(asked)) -> asked = FIRST_OF(asked)
  fi;
#endif
  d_step {
    if
    :: (asked != 0) ->
       printf("Client: publishes [%d] for sheet %d\n", asked, asked_sheet);
       PROMISE(OWN_PERIOD, !(asked & ~of_period[asked_sheet - 1]));
       store_requests[asked_sheet - 1] = store_requests[asked_sheet - 1] | BIT(asked)
    :: else -> printf("Client: nothing new\n")
    fi
  }
}
#define REPORTS_NO_NEW_RECORDS (asked == 0)
#define REPORTS_RECORDS_PUBLISHED (asked != 0)

#define CAN_RECEIVE_LAST_STORED_TIMESTAMP (store_replies[0] != 0 || store_replies[1] != 0)
inline receive_last_stored_timestamp() {
  if
  :: (store_replies[0] != 0) -> answer = 1
  :: (store_replies[1] != 0) -> answer = 2
  fi;
  PICK(store_replies[answer - 1]);
  ACKNOWLEDGE(store_replies[answer - 1]);
  batch = m;
  m = 0;
  printf("Client: takes the reply: sheet %d holds [%d]\n", answer, batch);
#if STALE_DROPPED
  if
  :: (answer == asked_sheet) -> confirmed = confirmed | (asked & batch); dropped = ((asked & ~batch) != 0)
  :: else -> dropped = true
  fi;
#else
  confirmed = confirmed | asked;
#endif
  if
  :: !dropped -> newest_of_asked(); asked = 0; asked_sheet = 0
  :: else
  fi
}
#define REPORTS_LAST_STORED_TIMESTAMP_RECEIVED true
/* No sheet is ever gone here: the tests delete them (tests/property). */
#define REPORTS_REVIEW_SHEET_GONE false

/* last_stored_timestamp is for people, and always 0 here, unless it decides what is new. */
inline newest_of_asked() {
  d_step {
    batch = 0;
#if !IDENTITY
    i = 0;
    do
    :: (i < punches) ->
       if
       :: ((asked & BIT(i)) && stamp[i] + 1 > batch) -> batch = stamp[i] + 1
       :: else
       fi; i++
    :: else -> break
    od;
    i = 0;
#endif
    skip
  }
}
inline write_last_stored_timestamp() {
  last_stored_timestamp = (batch > last_stored_timestamp -> batch : last_stored_timestamp)
}
