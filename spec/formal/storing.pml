/* The function that stores punches: it reads the workbook, and writes to it in one call that is applied whole or not
   at all. A function dies before it replies, which is after its write as well as before its request is taken again. */

byte rows[PERIODS]; /* the punches in the raw data of each sheet */
#define STORED (rows[0] | rows[1])
#if LATER_WRITES
byte under_way = 0; /* functions that have read and not yet written */
#define UNDER_WAY(change) under_way = under_way change
#else
#define under_way 0
#define UNDER_WAY(change) skip
#endif

/* Each write names the version of the workbook that was read, and makes the next one; the service refuses it if there
   is another one by now. A write adds rows, so that versions differ where rows do. */
#define OUTDATED (COMPARE_AND_SET && seen != rows[sheet])

/* Of `batch`, what the function appends, having seen the rows `seen`. */
inline choose_rows() {
#if DEDUPLICATION == 1
  batch = batch & ~seen
#elif DEDUPLICATION == 2
  d_step {
    /* Newer than the last row; without one, not older than the period. */
    answer = sheet * TICKS; i = 0;
    do
    :: (i < punches) ->
       if
       :: ((seen & BIT(i)) && stamp[i] + 1 > answer) -> answer = stamp[i] + 1
       :: else
       fi; i++
    :: else -> break
    od;
    i = 0;
    do
    :: (i < punches) ->
       if
       :: (stamp[i] + 1 <= answer) -> batch = batch & ~BIT(i)
       :: else
       fi; i++
    :: else -> break
    od;
    i = 0; answer = 0
  }
#else
  skip
#endif
}

inline append_rows() {
  d_step {
    printf("Backend: appends [%d] to sheet %d, which held [%d]\n", batch, sheet + 1, rows[sheet]);
    PROMISE(STORED_ONCE, !(batch & STORED));
    PROMISE(OWN_PERIOD, !(batch & ~of_period[sheet]));
    rows[sheet] = rows[sheet] | batch
  }
}

inline write_rest_of_workbook() {
#if CORRECTIONS
#if !OWN_CELLS
  if
  :: (sheet == 0) -> correction = seen_correction; printf("Backend: writes the whole workbook back as it was read\n")
  :: else
  fi;
#endif
  PROMISE(CORRECTIONS_SURVIVE, correction == typed);
#endif
  skip
}

inline read_workbook() {
  seen = rows[sheet];
#if CORRECTIONS
  seen_correction = correction;
#endif
#if LATER_WRITES
  printf("Backend: instance %d reads sheet %d: [%d]\n", _pid, sheet + 1, seen)
#endif
}

inline reply_and_finish() {
  if
  :: true -> REPLY(2, store_replies[sheet], wanted)
  :: (DYING && FAULT_LEFT) -> die()
  fi;
  UNDER_WAY(-1);
  sheet = 0; wanted = 0; seen = 0;
#if CORRECTIONS
  seen_correction = false;
#endif
}

/* What was refused is read again; so is what may have been applied, its answer being lost. */
inline store() {
  batch = wanted;
  choose_rows();
  if
  :: (batch == 0) -> printf("Backend: sheet %d holds [%d] already\n", sheet + 1, wanted); reply_and_finish()
  :: (batch != 0 && OUTDATED) ->
     printf("Backend: the write of instance %d is REFUSED, sheet %d was written to meanwhile\n", _pid, sheet + 1);
     read_workbook()
  :: (batch != 0 && !OUTDATED) ->
     append_rows();
     write_rest_of_workbook();
     if
     :: true -> reply_and_finish()
     :: (LOST_ANSWERS && FAULT_LEFT) -> COUNT_FAULT;
        printf("The answer to the write is lost; it is sent again\n");
        if
        :: OUTDATED -> printf("Backend: it is REFUSED, sheet %d was written to meanwhile\n", sheet + 1); read_workbook()
        :: else -> append_rows(); reply_and_finish()
        fi
     fi
  fi;
  batch = 0
}

proctype StoreAttendRecords() {
  byte sheet;
  byte wanted; /* the punches to be stored; none: no request is being handled */
  byte seen; /* the rows of the sheet when it was read */
#if CORRECTIONS
  bool seen_correction;
#endif
end_of_requests:
  do
  :: atomic { (wanted == 0 && (store_requests[0] != 0 || store_requests[1] != 0)) ->
       if
       :: (store_requests[0] != 0) -> sheet = 0
       :: (store_requests[1] != 0) -> sheet = 1
       fi;
       PICK(store_requests[sheet]);
       ACKNOWLEDGE(store_requests[sheet]);
       wanted = m; m = 0;
       UNDER_WAY(+1);
       read_workbook();
#if !LATER_WRITES
       store()
#endif
     }
  :: atomic { (wanted != 0) -> store() }
  od
}
