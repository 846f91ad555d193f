/* The backend's functions. Each takes any request of its topic, and may die before it replies.
   With one writer a function reads and writes a spreadsheet as if at once, because nobody else writes to what it
   reads; with two, and where HR's typing is modelled, its write comes later than its read. */

#define LATER_WRITES (!ONE_WRITER || CORRECTIONS)

inline die() { COUNT_FAULT; printf("The function dies before it replies\n") }

/* A reply that is published before its subscription exists is nobody's. */
#define REPLY(bit_of_topic, set, member) \
  if \
  :: (subscribed & BIT(bit_of_topic)) -> set = set | BIT(member) \
  :: else -> printf("No subscription exists yet: the reply is gone\n") \
  fi

proctype GetReviewPeriod() {
end_of_requests:
  do
  :: atomic { (get_requests != 0) ->
       PICK(get_requests);
       ACKNOWLEDGE(get_requests);
       if
       :: true -> printf("Backend: after period %d comes %d\n", m, (published > m -> m + 1 : 0));
            i = 2 * m + (published > m -> 1 : 0);
            REPLY(0, get_replies, i)
       :: (DYING && FAULT_LEFT) -> die()
       fi;
       m = 0; i = 0 }
  :: atomic { (create_requests != 0) ->
       PICK(create_requests);
       ACKNOWLEDGE(create_requests);
       if
       :: true -> printf("Backend: the sheet of period %d exists\n", m); REPLY(1, create_replies, m)
       :: (DYING && FAULT_LEFT) -> die()
       fi;
       m = 0 }
  od
}

#include "storing.pml"
#if ALARMS
#include "alarm.pml"
#endif
