/* What a power loss leaves, and what a client does that has just been started. */

#if TWO_SNAPSHOTS
#define RUNNING true
#else
bool stopped = false; /* the snapshot cannot be read: the client ends at every start */
#define RUNNING (!stopped)
#endif

inline settle() { answer = 0; batch = 0; m = 0 }

#define POWER_MAY_FAIL (POWER_LOSS && FAULT_LEFT)

inline forget() {
  d_step {
    machine_time = 0; just_read = 0; asked = 0; asked_sheet = 0;
#if SOMEBODY_CLEARS
    counted = 0;
#endif
#if SECOND_MACHINE
    visit = FRONT;
#endif
#if MAY_BE_LOCKED
    was_enabled = false;
#endif
#if STALE_DROPPED
    retire_question()
#endif
  }
}

/* What a client does that has just been started, before its first step. */
#define NEEDS_SHEET(s) ((s) == RELAY_ATTENDANCE_RECORDS || (s) == REVIEW_PERIOD_EXPIRED)
#define NEEDS_PERIOD(s) ((s) == REQUEST_REVIEW_SHEET || NEEDS_SHEET(s))
inline start() {
  d_step {
#if SHEET_TOLD
    if
    :: (review_period != 0 && sheet_id != 0) -> sheet_of[review_period - 1] = sheet_id
    :: else
    fi;
#endif
#if PERIOD_IN_SNAPSHOT
    if
    :: (previous_period == 0) -> previous_period = latest_closed
    :: else
    fi;
#endif
    PROMISE(RESUMES_AT_A_CHECKPOINT, (IS_CHECKPOINT(state) || disk_state == FIRST_RUN) && (review_period != 0 || !NEEDS_PERIOD(state)) && (sheet_id != 0 || !NEEDS_SHEET(state)));
    if
    :: (NEEDS_PERIOD(state) && review_period == 0) -> state = FETCH_REVIEW_PERIOD
    :: (NEEDS_SHEET(state) && review_period != 0 && sheet_id == 0) -> state = REQUEST_REVIEW_SHEET
    :: else
    fi;
    printf("The client starts in <%d>\n", state)
  }
}

/* Best effort, at the start and when the machine is read, until it has worked once. */
inline enable_once() {
#if MAY_BE_LOCKED && ENABLED_AT_START && SECOND_MACHINE
  if
  :: (was_enabled || (CLEARING && state == REVIEW_PERIOD_EXPIRED)) /* what is being cleared is enabled in the end */
  :: else ->
     if
     :: (visit == FRONT) -> locked = false
     :: else -> locked_back = false; was_enabled = (visit == BACK)
     fi;
     printf("Client: enables the machine at this door\n")
  fi
#elif MAY_BE_LOCKED && ENABLED_AT_START
  if
  :: !was_enabled -> was_enabled = true; locked = false; printf("Client: enables the machine\n")
  :: else
  fi
#else
  skip
#endif
}

inline enable_at_start() {
#if MAY_BE_LOCKED && ENABLED_AT_START
  if
#if SECOND_MACHINE
  :: true -> locked = false; locked_back = (locked_back && gone); was_enabled = true; printf("Client: enables the machines\n")
#else
  :: enable_once()
#endif
  :: (FAILING_READS && FAULT_LEFT) -> COUNT_FAULT; printf("Client: the machine does not answer at the start\n")
  fi
#else
  skip
#endif
}

inline power_loss() {
  COUNT_FAULT;
  printf("POWER FAILS in <%d>\n", state);
#if LOST_WRITES
  if
  :: true
#if TWO_SNAPSHOTS
  :: true -> lose_newest_snapshot(); printf("The newest snapshot is torn; the one before it is taken\n")
#else
  :: (disk_state != FIRST_RUN) -> stopped = true; printf("The snapshot is torn\n"); PROMISE(RESUMES_AT_A_CHECKPOINT, false)
#endif
  fi;
#endif
#if SNAPSHOT_LOSS
  if
  :: true
  :: true -> lose_all_snapshots(); printf("All snapshots are lost\n")
  fi;
#endif
#if LEDGER_LOSS
  if
  :: true
  :: true -> known = 0; confirmed = 0; set_aside = 0; sheet_of[0] = 0; sheet_of[1] = 0; latest_closed = 0; printf("The ledger is lost\n")
  fi;
#endif
  load_snapshot();
  forget();
  if
  :: RUNNING -> start(); enable_at_start()
  :: else
  fi
}
