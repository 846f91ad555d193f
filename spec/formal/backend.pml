/* The backend's functions. Each takes any request of its topic, and may die before it replies.
   With one writer a function reads and writes a spreadsheet as if at once, because nobody else writes to what it
   reads; without, and where HR's typing is modelled, its write comes later than its read. */

#define LATER_WRITES (!ONE_WRITER || CORRECTIONS)

/* ---- The review workbooks and the log of alarms ---- */

byte rows[PERIODS]; /* the punches in the raw data of each sheet */
#define STORED (rows[0] | rows[1])
#if LATER_WRITES
byte under_way = 0; /* functions that have read and not yet written */
#else
#define under_way 0
#endif
#if ALARMS
#define NOT_RAISED 0
#define SENDING 1
#define RAISED 2
byte alarm_row[PERIODS + 1]; /* of each alarm, by the period it comes after */
byte mails[PERIODS + 1]; /* how often it was mailed; 2 is more than once */
#endif

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

/* Of `batch`, what the function appends, seeing the rows `seen`. */
inline choose_rows(sheet, seen) {
#if DEDUPLICATION == 1
  batch = batch & ~seen
#elif DEDUPLICATION == 2
  d_step {
    /* Newer than the last row; without one, not older than the period. */
    answer = (sheet) * TICKS; i = 0;
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

inline append_rows(sheet) {
  d_step {
    printf("Backend: appends [%d] to sheet %d, which held [%d]\n", batch, (sheet) + 1, rows[sheet]);
    PROMISE(STORED_ONCE, !(batch & STORED));
    PROMISE(OWN_PERIOD, !(batch & ~of_period[sheet]));
    rows[sheet] = rows[sheet] | batch
  }
}

proctype StoreAttendRecords() {
  byte sheet;
  byte wanted;
#if LATER_WRITES
  byte seen;
#if CORRECTIONS
  bool seen_correction;
#endif
#endif
end_of_requests:
  do
  :: atomic { (store_requests[0] != 0 || store_requests[1] != 0) ->
       if
       :: (store_requests[0] != 0) -> sheet = 0
       :: (store_requests[1] != 0) -> sheet = 1
       fi;
       PICK(store_requests[sheet]);
       ACKNOWLEDGE(store_requests[sheet]);
       wanted = m; m = 0;
#if LATER_WRITES
       seen = rows[sheet];
       under_way++;
       printf("Backend: instance %d reads sheet %d: [%d]\n", _pid, sheet + 1, seen);
#if CORRECTIONS
       seen_correction = correction;
#endif
     }
     atomic {
       under_way--;
       batch = wanted;
       choose_rows(sheet, seen);
       append_rows(sheet);
#if CORRECTIONS
#if !OWN_CELLS
       if
       :: (sheet == 0) -> correction = seen_correction; printf("Backend: writes the whole workbook back as it was read\n")
       :: else
       fi;
#endif
       PROMISE(CORRECTIONS_SURVIVE, correction == typed);
#endif
#else
       batch = wanted;
       choose_rows(sheet, rows[sheet]);
       append_rows(sheet);
#endif
       if
       :: true -> REPLY(2, store_replies[sheet], wanted)
       :: (DYING && FAULT_LEFT) -> die()
       fi;
       batch = 0; sheet = 0; wanted = 0;
#if LATER_WRITES
       seen = 0;
#if CORRECTIONS
       seen_correction = false;
#endif
#endif
     }
  od
}

#if ALARMS
inline send_mail(missing) {
  d_step {
    mails[missing] = (mails[missing] < 2 -> mails[missing] + 1 : 2);
    printf("Backend: MAILS that the period after %d is missing\n", missing);
    PROMISE(ALARM_ONCE, mails[missing] <= 1)
  }
}

/* A row is written before the e-mail is sent; whoever finds it does not send. */
proctype RaiseFinalAlarm() {
  byte missing;
#if LATER_WRITES
  byte seen;
#endif
end_of_requests:
  do
  :: atomic { (alarm_requests != 0) ->
       PICK(alarm_requests);
       ACKNOWLEDGE(alarm_requests);
       missing = m; m = 0;
#if !ALARM_IDENTITY
       alarm_row[missing] = RAISED;
       send_mail(missing);
       missing = 0 }
#elif LATER_WRITES
       seen = alarm_row[missing];
     }
     atomic {
       if
       :: (published > missing) -> skip
       :: else -> alarm_row[missing] = (seen == NOT_RAISED -> SENDING : RAISED);
            if
            :: (seen == NOT_RAISED) -> send_mail(missing); alarm_row[missing] = RAISED
            :: else
            fi
       fi;
       missing = 0; seen = 0 }
#else
       if
       :: (published > missing) -> printf("Backend: no alarm, the period is published meanwhile\n")
       :: else ->
          if
          :: (alarm_row[missing] == NOT_RAISED) -> alarm_row[missing] = SENDING;
             if
             :: true -> send_mail(missing);
                if
                :: true -> alarm_row[missing] = RAISED
                :: (DYING && FAULT_LEFT) -> die()
                fi
             :: (DYING && FAULT_LEFT) -> die()
             fi
          :: (alarm_row[missing] == SENDING) -> alarm_row[missing] = RAISED
          :: (alarm_row[missing] == RAISED) -> skip
          fi
       fi;
       missing = 0 }
#endif
  od
}
#endif
