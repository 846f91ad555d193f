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

#include "relaying.pml"

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
#if LIVENESS && SECOND_MACHINE
    stamped_late = stamped_late | (of_period[review_period - 1] & on_machine & ~known); /* the one that does not answer */
#endif
    printf("Client: closes period %d\n", review_period)
  }
}

inline disable_machine() {
#if GUARDED_CLEAR
#if SECOND_MACHINE
  if
  :: (visit == FRONT) -> locked = true
  :: else -> locked_back = !gone
  fi;
#else
  locked = true;
  was_enabled = true;
#endif
  printf("Client: disables the machine\n")
#else
  skip
#endif
}
inline enable_machine() {
#if SECOND_MACHINE
  if
  :: (visit == FRONT) -> locked = false
  :: (visit == NOBODY)
  :: else -> locked_back = false
  fi;
#else
  locked = false;
#endif
  just_read = 0;
  next_machine()
}
#if EACH_BY_ITSELF
#define ERASED (on_machine & HERE)
#else
#define ERASED on_machine
#endif
inline clear_machine() {
  d_step {
    if
#if GUARDED_CLEAR
    :: (BACKLOG(review_period) == 0 && !(just_read & ~confirmed) && (on_machine & HERE) && (heeds || !DISABLING_TRIED)) ->
#else
    :: (BACKLOG(review_period) == 0 && on_machine) ->
#endif
       printf("Client: CLEARS the machine: [%d] erased, stored are [%d]\n", ERASED, STORED);
       PROMISE(NOTHING_ERASED_UNSTORED, !(ERASED & ~STORED));
       on_machine = on_machine & ~ERASED
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
    :: (asked != 0 && asked == FIRST_OF(asked)) -> set_aside = set_aside | asked
    :: else
    fi;
    asked = 0;
    asked_sheet = 0;
    printf("Client: TIME-OUT in <%d>\n", state)
  }
}
