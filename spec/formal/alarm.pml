/* The function that mails the alarm, and the log of alarms in the control spreadsheet. */

#define NOT_RAISED 0
#define SENDING 1
#define RAISED 2
byte alarm_row[PERIODS + 1]; /* of each alarm, by the period it comes after */
byte mails[PERIODS + 1]; /* how often it was mailed; 2 is more than once */

inline send_mail(missing) {
  d_step {
    mails[missing] = (mails[missing] < 2 -> mails[missing] + 1 : 2);
    printf("Backend: MAILS that the period after %d is missing; e-mail %d\n", missing, mails[missing]);
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
       printf("Backend: instance %d reads the log of alarms: e-mails sent are %d\n", _pid, mails[missing]);
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
