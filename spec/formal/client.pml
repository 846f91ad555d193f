/* GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead. */

/* The client of the attendance relay as a process. The world around it is world.pml, which says what each effect
   does and when each event is reported; see generator/emit_promela.py for the terms between the two,
   docs/formal.md for what is checked. */

/* The states. A code that pi4_state knows is that code. */
#define FIRST_RUN 10
#define FETCH_REVIEW_PERIOD 1
#define AWAIT_REVIEW_PERIOD 2
#define RAISE_FINAL_ALARM 3
#define NO_REVIEW_PERIOD 4
#define REQUEST_REVIEW_SHEET 5
#define AWAIT_REVIEW_SHEET 6
#define RELAY_ATTENDANCE_RECORDS 7
#define AWAIT_LAST_STORED_TIMESTAMP 8
#define REVIEW_PERIOD_EXPIRED 9
#define DEEP_SLEEP 11

#define IS_CHECKPOINT(s) ( \
    (s) == FETCH_REVIEW_PERIOD || (s) == RAISE_FINAL_ALARM || (s) == NO_REVIEW_PERIOD || (s) == \
    REQUEST_REVIEW_SHEET || (s) == RELAY_ATTENDANCE_RECORDS || (s) == REVIEW_PERIOD_EXPIRED \
)

#define IS_WAITING(s) ( \
    (s) == AWAIT_REVIEW_PERIOD || (s) == AWAIT_REVIEW_SHEET || (s) == AWAIT_LAST_STORED_TIMESTAMP \
)

/* In memory: the state, which effect of its step is next, and what a snapshot holds. */
byte state = FIRST_RUN;
byte at = 0;
#define TO_BE_SAVED 99 /* instead of an effect: the snapshot of a checkpoint, on entry */
bit final_alarm_raised = 0;
bit daily_warning = 0;
byte sheet_id = 0;
byte last_stored_timestamp = 0;
byte review_period = 0;
byte previous_period = 0;

/* On disk: the newest snapshot, and the one before it. At first there is none. */
byte disk_state = FIRST_RUN;
bit disk_final_alarm_raised = 0;
bit disk_daily_warning = 0;
byte disk_sheet_id = 0;
byte disk_last_stored_timestamp = 0;
byte disk_review_period = 0;
byte disk_previous_period = 0;
byte kept_state = FIRST_RUN;
bit kept_final_alarm_raised = 0;
bit kept_daily_warning = 0;
byte kept_sheet_id = 0;
byte kept_last_stored_timestamp = 0;
byte kept_review_period = 0;
byte kept_previous_period = 0;

/* What an effect may say to the process; false between two steps. */
bool failed = false; /* do the step again, from its first effect */
bool enough = false; /* go on with the step's last effect */
bool dropped = false; /* the reply answers nothing that is open: wait on */

/* The one on disk becomes the one before it; one like that on disk is not written. */
inline save_snapshot() {
  d_step {
    if
    :: (disk_state == state && disk_final_alarm_raised == final_alarm_raised && disk_daily_warning == daily_warning && disk_sheet_id == sheet_id && disk_last_stored_timestamp == last_stored_timestamp && disk_review_period == review_period && disk_previous_period == previous_period) -> skip
    :: else ->
       kept_state = disk_state; kept_final_alarm_raised = disk_final_alarm_raised;
       kept_daily_warning = disk_daily_warning; kept_sheet_id = disk_sheet_id;
       kept_last_stored_timestamp = disk_last_stored_timestamp; kept_review_period = disk_review_period;
       kept_previous_period = disk_previous_period; disk_state = state;
       disk_final_alarm_raised = final_alarm_raised; disk_daily_warning = daily_warning; disk_sheet_id = sheet_id;
       disk_last_stored_timestamp = last_stored_timestamp; disk_review_period = review_period;
       disk_previous_period = previous_period;
    fi
  }
}

/* What is left is the one before it. */
inline lose_newest_snapshot() {
  d_step {
    disk_state = kept_state; disk_final_alarm_raised = kept_final_alarm_raised;
    disk_daily_warning = kept_daily_warning; disk_sheet_id = kept_sheet_id;
    disk_last_stored_timestamp = kept_last_stored_timestamp; disk_review_period = kept_review_period;
    disk_previous_period = kept_previous_period;
  }
}

/* As before the first run. */
inline lose_all_snapshots() {
  d_step {
    disk_state = FIRST_RUN; disk_final_alarm_raised = 0; disk_daily_warning = 0; disk_sheet_id = 0;
    disk_last_stored_timestamp = 0; disk_review_period = 0; disk_previous_period = 0;
  }
}

/* All that a client knows that has just been started. */
inline load_snapshot() {
  d_step {
    state = disk_state; final_alarm_raised = disk_final_alarm_raised; daily_warning = disk_daily_warning;
    sheet_id = disk_sheet_id; last_stored_timestamp = disk_last_stored_timestamp;
    review_period = disk_review_period; previous_period = disk_previous_period; at = 0;
  }
}

#include "effects.pml"

#define AT(s, n) (RUNNING && state == s && at == n)

/* After an effect: go on with the `next` one, or with the `last`, or begin the step again. */
inline go_on(next, last) {
  if
  :: failed -> failed = false; at = 0
  :: else ->
     if
     :: enough -> enough = false; at = last
     :: else -> at = next
     fi
  fi
}

inline enter(s) { state = s; at = 0; STORY_STATE(s) }
inline enter_checkpoint(s) { state = s; at = TO_BE_SAVED; STORY_STATE(s) }

proctype Client() {
  do
  :: atomic { (RUNNING && POWER_MAY_FAIL) -> power_loss() }
  :: atomic { (RUNNING && at == TO_BE_SAVED) -> save_snapshot(); at = 0; settle() }

  /* FIRST_RUN (entry): No snapshot exists yet; the client starts here once. */
  :: atomic { AT(FIRST_RUN, 0) ->
       if
       :: (REPORTS_STARTED) ->
          enter_checkpoint(FETCH_REVIEW_PERIOD)
       fi;
       settle() }

  /* FETCH_REVIEW_PERIOD (checkpoint): Publish get_review_period. */
  :: atomic { AT(FETCH_REVIEW_PERIOD, 0) ->
       publish_get_review_period();
       if
       :: failed -> failed = false; at = 0
       :: else ->
          if
          :: (REPORTS_REVIEW_PERIOD_REQUESTED) ->
             enter(AWAIT_REVIEW_PERIOD)
          fi;
       fi;
       settle() }

  /* AWAIT_REVIEW_PERIOD (waiting): Wait on new_review_period. */
  :: atomic { (AT(AWAIT_REVIEW_PERIOD, 0) && CAN_RECEIVE_NEW_REVIEW_PERIOD) ->
       receive_new_review_period();
       if
       :: dropped -> dropped = false
       :: else ->
          if
          :: (REPORTS_REVIEW_PERIOD_RECEIVED) ->
             final_alarm_raised = 0; daily_warning = 0; write_review_period(); enter_checkpoint(REQUEST_REVIEW_SHEET)
          :: (REPORTS_REVIEW_PERIOD_MISSING && !final_alarm_raised) ->
             enter_checkpoint(RAISE_FINAL_ALARM)
          :: (REPORTS_REVIEW_PERIOD_MISSING && final_alarm_raised) ->
             enter_checkpoint(NO_REVIEW_PERIOD)
          fi;
       fi;
       settle() }
  :: atomic { (AT(AWAIT_REVIEW_PERIOD, 0) && TIMES_OUT_RECEIVE_NEW_REVIEW_PERIOD) ->
       time_out();
       if
       :: (REPORTS_TIMED_OUT) ->
          enter_checkpoint(FETCH_REVIEW_PERIOD)
       fi;
       settle() }

  /* RAISE_FINAL_ALARM (checkpoint): E-mail the people who keep the review periods, then set the final alarm flag. */
  :: atomic { AT(RAISE_FINAL_ALARM, 0) ->
       publish_final_alarm();
       if
       :: failed -> failed = false; at = 0
       :: else ->
          if
          :: (REPORTS_FINAL_ALARM_PUBLISHED) ->
             final_alarm_raised = 1; enter_checkpoint(NO_REVIEW_PERIOD)
          fi;
       fi;
       settle() }

  /* NO_REVIEW_PERIOD (checkpoint): There is nothing to review yet. */
  :: atomic { AT(NO_REVIEW_PERIOD, 0) ->
       if
       :: (REPORTS_SLEEP_BEGUN) ->
          enter(DEEP_SLEEP)
       fi;
       settle() }

  /* REQUEST_REVIEW_SHEET (checkpoint): Publish create_review_sheet. */
  :: atomic { AT(REQUEST_REVIEW_SHEET, 0) ->
       publish_create_review_sheet();
       if
       :: failed -> failed = false; at = 0
       :: else ->
          if
          :: (REPORTS_REVIEW_SHEET_REQUESTED) ->
             enter(AWAIT_REVIEW_SHEET)
          fi;
       fi;
       settle() }

  /* AWAIT_REVIEW_SHEET (waiting): Wait on new_review_sheet. */
  :: atomic { (AT(AWAIT_REVIEW_SHEET, 0) && CAN_RECEIVE_NEW_REVIEW_SHEET) ->
       receive_new_review_sheet();
       if
       :: dropped -> dropped = false
       :: else ->
          if
          :: (REPORTS_REVIEW_SHEET_RECEIVED) ->
             write_sheet_id(); enter_checkpoint(RELAY_ATTENDANCE_RECORDS)
          fi;
       fi;
       settle() }
  :: atomic { (AT(AWAIT_REVIEW_SHEET, 0) && TIMES_OUT_RECEIVE_NEW_REVIEW_SHEET) ->
       time_out();
       if
       :: (REPORTS_TIMED_OUT) ->
          enter_checkpoint(REQUEST_REVIEW_SHEET)
       fi;
       settle() }

  /* RELAY_ATTENDANCE_RECORDS (checkpoint): Wait out the polling interval, read the attendance machine, publish
     store_attend_records. */
  :: atomic { AT(RELAY_ATTENDANCE_RECORDS, 0) -> ask_machine(); go_on(1, 2); settle() }
  :: atomic { AT(RELAY_ATTENDANCE_RECORDS, 1) -> read_machine(); go_on(2, 2); settle() }
  :: atomic { AT(RELAY_ATTENDANCE_RECORDS, 2) ->
       publish_store_attend_records();
       if
       :: failed -> failed = false; at = 0
       :: else ->
          if
          :: (REPORTS_NO_NEW_RECORDS && !period_expired) ->
             enter_checkpoint(RELAY_ATTENDANCE_RECORDS)
          :: (REPORTS_NO_NEW_RECORDS && period_expired) ->
             enter_checkpoint(REVIEW_PERIOD_EXPIRED)
          :: (REPORTS_RECORDS_PUBLISHED) ->
             enter(AWAIT_LAST_STORED_TIMESTAMP)
          fi;
       fi;
       settle() }

  /* AWAIT_LAST_STORED_TIMESTAMP (waiting): Wait on last_stored_timestamp. */
  :: atomic { (AT(AWAIT_LAST_STORED_TIMESTAMP, 0) && CAN_RECEIVE_LAST_STORED_TIMESTAMP) ->
       receive_last_stored_timestamp();
       if
       :: dropped -> dropped = false
       :: else ->
          if
          :: (REPORTS_LAST_STORED_TIMESTAMP_RECEIVED && period_expired) ->
             write_last_stored_timestamp(); enter_checkpoint(REVIEW_PERIOD_EXPIRED)
          :: (REPORTS_LAST_STORED_TIMESTAMP_RECEIVED && !period_expired) ->
             write_last_stored_timestamp(); enter_checkpoint(RELAY_ATTENDANCE_RECORDS)
          :: (REPORTS_REVIEW_SHEET_GONE) ->
             sheet_id = 0; last_stored_timestamp = 0; enter_checkpoint(REQUEST_REVIEW_SHEET)
          fi;
       fi;
       settle() }
  :: atomic { (AT(AWAIT_LAST_STORED_TIMESTAMP, 0) && TIMES_OUT_RECEIVE_LAST_STORED_TIMESTAMP) ->
       time_out();
       if
       :: (REPORTS_TIMED_OUT) ->
          enter_checkpoint(RELAY_ATTENDANCE_RECORDS)
       fi;
       settle() }

  /* REVIEW_PERIOD_EXPIRED (checkpoint): Clean up after the period. */
  :: atomic { AT(REVIEW_PERIOD_EXPIRED, 0) -> ask_machine(); go_on(1, 1); settle() }
  :: atomic { AT(REVIEW_PERIOD_EXPIRED, 1) ->
       read_machine();
       if
       :: failed -> failed = false; at = 0
       :: else ->
          if
          :: (REPORTS_PERIOD_CLOSED) ->
             write_previous_period(); review_period = 0; sheet_id = 0; last_stored_timestamp = 0;
             enter_checkpoint(FETCH_REVIEW_PERIOD)
          :: (REPORTS_RECORDS_LEFT) ->
             enter_checkpoint(RELAY_ATTENDANCE_RECORDS)
          fi;
       fi;
       settle() }

  /* DEEP_SLEEP (sleep): Sleep for an hour before asking again. */
  :: atomic { AT(DEEP_SLEEP, 0) ->
       if
       :: (REPORTS_SLEEP_ENDED) ->
          enter_checkpoint(FETCH_REVIEW_PERIOD)
       fi;
       settle() }
  od
}
