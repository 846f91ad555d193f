/* What the client's effects do, and when its events are reported. */

#include "power.pml"

/* ---- The review period ---- */

#if PERIOD_IN_SNAPSHOT
#define AFTER previous_period
#else
#define AFTER review_period
#endif

/* A reply bears the ID of its question, which changes once the question was answered, and with a restart. A reply to
   a question that is open no more would be dropped without a trace, so that it can go at once: there is less to explore. */
inline retire_question() { get_requests = 0; get_replies = 0 }

inline publish_get_review_period() {
#if SUBSCRIBED_FIRST
  subscribed = 7;
#endif
#if STALE_DROPPED && !KEPT_ID
  retire_question();
#endif
  get_requests = get_requests | BIT(AFTER);
  printf("Client: asks for the period after %d\n", AFTER)
}
#define REPORTS_STARTED true
#define REPORTS_REVIEW_PERIOD_REQUESTED true

#define CAN_RECEIVE_NEW_REVIEW_PERIOD (get_replies != 0)
inline receive_new_review_period() {
  PICK(get_replies);
  ACKNOWLEDGE(get_replies);
  answer = (m % 2 -> m / 2 + 1 : 0);
  printf("Client: takes the reply: after period %d comes %d\n", m / 2, answer);
#if STALE_DROPPED
  assert(m / 2 == AFTER);
  retire_question();
#endif
  m = 0
}
#define REPORTS_REVIEW_PERIOD_RECEIVED (answer != 0)
#define REPORTS_REVIEW_PERIOD_MISSING (answer == 0)
inline write_review_period() {
  d_step {
    printf("Client: opens period %d; closed are %d\n", answer, closed);
    PROMISE(EVERY_PERIOD_CLOSES, answer <= closed + 1);
    review_period = answer;
    sheet_id = 0;
    last_stored_timestamp = 0
  }
}

inline publish_final_alarm() {
#if ALARMS
  alarm_requests = alarm_requests | BIT(AFTER);
#endif
  printf("Client: raises the alarm that the period after %d is missing\n", AFTER)
}
#define REPORTS_FINAL_ALARM_PUBLISHED true
#define REPORTS_SLEEP_BEGUN true
#define REPORTS_SLEEP_ENDED true

/* ---- The review sheet ---- */

inline publish_create_review_sheet() {
#if SUBSCRIBED_FIRST
  subscribed = 7;
#endif
  create_requests = create_requests | BIT(review_period);
  printf("Client: asks for the sheet of period %d\n", review_period)
}
#define REPORTS_REVIEW_SHEET_REQUESTED true

#define CAN_RECEIVE_NEW_REVIEW_SHEET (create_replies != 0)
inline receive_new_review_sheet() {
  PICK(create_replies);
  ACKNOWLEDGE(create_replies);
  answer = m;
  m = 0;
#if STALE_DROPPED
  if
  :: (answer == review_period) -> sheet_of[review_period - 1] = answer
  :: else -> dropped = true
  fi;
#else
  sheet_of[review_period - 1] = answer;
#endif
  printf("Client: takes the reply: sheet %d\n", answer)
}
#define REPORTS_REVIEW_SHEET_RECEIVED true
inline write_sheet_id() { sheet_id = answer }

/* ---- The attendance machine ---- */

#define period_expired (review_period != 0 && machine_time >= review_period)

#if OWN_WINDOW
#define BACKLOG(p) (known & ~confirmed & of_period[(p) - 1])
#else
#define BACKLOG(p) (known & ~confirmed)
#endif
#define OTHER (PERIODS + 1 - review_period)
#define OWN_CHUNK (BACKLOG(review_period) && sheet_of[review_period - 1])
#define LATE_CHUNK (LATE_RELAYED && OWN_WINDOW && !period_expired && BACKLOG(OTHER) && sheet_of[OTHER - 1] && !(postponed & BIT(OTHER)))
#define HAS_CHUNK (OWN_CHUNK || LATE_CHUNK)

#define COUNT(set) (((set) & 1) + (((set) >> 1) & 1) + (((set) >> 2) & 1) + (((set) >> 3) & 1))

inline fail() { COUNT_FAULT; failed = true; printf("Client: the machine does not answer\n") }

inline ask_machine() {
  if
  :: true ->
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
     postponed = 0;
     enough = true;
     printf("Client: the machine holds as many records as before and is not read\n")
#endif
#if LIVENESS
  :: (FAILING_READS && FAULT_LEFT) -> fail()
#endif
  fi
}

inline read_machine() {
  if
  :: true ->
     d_step {
       known = known | on_machine;
       just_read = on_machine;
#if SOMEBODY_CLEARS
       counted = COUNT(on_machine) + 1;
#endif
       if
       :: (state == RELAY_ATTENDANCE_RECORDS) -> postponed = 0; just_read = 0
       :: else
       fi;
       judge();
       printf("Client: reads the machine: [%d]; not confirmed: [%d]\n", on_machine, known & ~confirmed)
     }
#if READ_FAILURE_TOLD
  :: (FAILING_READS && FAULT_LEFT) -> fail()
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

/* One message at a time: the open period's backlog, then, unless it is about to close, a closed one's. */
#define FIRST_OF(set) ((set) & ~((set) - 1))
inline publish_store_attend_records() {
#if SUBSCRIBED_FIRST
  subscribed = 7;
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

/* ---- The end of a period ---- */

#define REPORTS_RECORDS_LEFT (BACKLOG(review_period) != 0)
#define REPORTS_PERIOD_CLOSED (!LEFT_GOES_BACK || BACKLOG(review_period) == 0)
inline write_previous_period() {
  d_step {
    latest_closed = (review_period > latest_closed -> review_period : latest_closed);
#if LEDGER_LOSS
    closed = (review_period > closed -> review_period : closed);
#endif
    previous_period = review_period;
    just_read = 0;
    printf("Client: closes period %d\n", review_period)
  }
}

inline disable_machine() {
#if GUARDED_CLEAR
  locked = true;
  was_enabled = true;
  printf("Client: disables the machine\n")
#else
  skip
#endif
}
inline enable_machine() { locked = false; just_read = 0 }
inline clear_machine() {
  d_step {
    if
#if GUARDED_CLEAR
    :: (BACKLOG(review_period) == 0 && !(just_read & ~confirmed) && on_machine) ->
#else
    :: (BACKLOG(review_period) == 0 && on_machine) ->
#endif
       printf("Client: CLEARS the machine: [%d] erased, stored are [%d]\n", on_machine, STORED);
       PROMISE(NOTHING_ERASED_UNSTORED, !(on_machine & ~STORED));
       on_machine = 0
    :: else
    fi
  }
}

/* ---- Time-outs ---- */

/* A time-out passes before the reply, which comes later all the same; or, in haste, when it is there already. */
#if LIVENESS
#define IN_HASTE (HASTE && FAULT_LEFT)
#else
#define IN_HASTE HASTE
#endif
#define TIMES_OUT(requests, replies) ((!(replies) && (SLOWNESS || !(requests))) || ((replies) && IN_HASTE))
#define TIMES_OUT_RECEIVE_NEW_REVIEW_PERIOD ((subscribed & BIT(0)) && TIMES_OUT(get_requests, get_replies))
#define TIMES_OUT_RECEIVE_NEW_REVIEW_SHEET ((subscribed & BIT(1)) && TIMES_OUT(create_requests, create_replies))
#define TIMES_OUT_RECEIVE_LAST_STORED_TIMESTAMP ((subscribed & BIT(2)) && TIMES_OUT(store_requests[0] | store_requests[1] | under_way, store_replies[0] | store_replies[1]))
#define REPORTS_TIMED_OUT true

inline time_out() {
  d_step {
    PROMISE(NO_NEEDLESS_TIME_OUT, SLOWNESS);
#if LIVENESS
    if
    :: ((state == AWAIT_REVIEW_PERIOD && get_replies != 0) || (state == AWAIT_REVIEW_SHEET && create_replies != 0) || (state == AWAIT_LAST_STORED_TIMESTAMP && CAN_RECEIVE_LAST_STORED_TIMESTAMP)) -> faults++
    :: else
    fi;
#endif
    if
    :: (asked_sheet != 0 && asked_sheet != review_period) -> postponed = postponed | BIT(asked_sheet)
    :: else
    fi;
    asked = 0;
    asked_sheet = 0;
    printf("Client: TIME-OUT in <%d>\n", state)
  }
}
