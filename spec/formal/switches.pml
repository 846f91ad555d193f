/* The switches of the model: bounds, faults, protective measures. What a run says with -D stands; the values here are
   those of a safety run of the product as it is built. */

/* ---- Bounds ---- */

#ifndef PUNCHES
#define PUNCHES 2 /* how many punches people make; at most 4 */
#endif
#ifndef TICKS
#define TICKS 1 /* how many moments a review period has that stamps can tell apart */
#endif
#define PERIODS 2 /* periods that HR may publish; the one after them is never published */
#define LAST_TICK (PERIODS * TICKS)

/* ---- Kind of run ----
   Safety: faults without bound, and messages never go away, which is redelivery without bound.
   Liveness: FAULTS faults in all; after them the world is slow, in every order, but does no more harm. */

#ifndef LIVENESS
#define LIVENESS 0
#endif
#ifndef FAULTS
#define FAULTS 1
#endif
#ifndef ALARMS
#define ALARMS 0 /* 1: the alarm's way through the backend is modelled; it touches nothing else */
#endif
#ifndef CORRECTIONS
#define CORRECTIONS 0 /* 1: what HR types is modelled, and that a function writes later than it reads */
#endif
#ifndef CHUNKED
#define CHUNKED 1 /* 1: a message may hold less than the backlog */
#endif
#ifndef CLEARING
#define CLEARING 0 /* 1: the machine is cleared when a period closes */
#endif

#ifndef SECOND_MACHINE
#define SECOND_MACHINE 0 /* 1: there is one at a back door, too: a step visits the front one, and then that */
#endif

/* ---- Faults: 1 it may happen, 0 it does not ---- */

#ifndef POWER_LOSS
#define POWER_LOSS 1 /* between any two effects */
#endif
#ifndef LOST_WRITES
#define LOST_WRITES 1 /* at a power loss the newest snapshot is gone or torn */
#endif
#ifndef REDELIVERY
#define REDELIVERY 1 /* Pub/Sub delivers a message again */
#endif
#ifndef HASTE
#define HASTE 1 /* a time-out passes although the reply is there */
#endif
#ifndef SLOWNESS
#define SLOWNESS 1 /* a time-out passes although the request or its reply is still on its way */
#endif
#ifndef DYING
#define DYING 1 /* a function dies before its reply, its request given up */
#endif
#ifndef LOST_ANSWERS
#define LOST_ANSWERS 1 /* Sheets applies a write, its answer is lost, and the write is sent again */
#endif
#ifndef FAILING_READS
#define FAILING_READS 1 /* the machine cannot be reached, or its answer does not add up */
#endif
#ifndef CLOCK_BACK
#define CLOCK_BACK 1 /* the machine's clock is set back (liveness: so many times) */
#endif
#ifndef CLOCK_AHEAD
#define CLOCK_AHEAD 0 /* the clock that tells the client whether a period is over runs ahead of the stamps */
#endif
#ifndef SOMEBODY_CLEARS
#define SOMEBODY_CLEARS 0 /* somebody clears the machine */
#endif
#ifndef GOES_ON
#define GOES_ON 0 /* the machines may be of those that take punches although they are disabled */
#endif
#ifndef LOCKED_AT_FIRST
#define LOCKED_AT_FIRST 0 /* an earlier program may have left the machine disabled */
#endif
#ifndef SNAPSHOT_LOSS
#define SNAPSHOT_LOSS 0 /* at a power loss both copies of the snapshot may be gone */
#endif
#ifndef LEDGER_LOSS
#define LEDGER_LOSS 0 /* at a power loss the ledger may be gone */
#endif

/* ---- Measures: 1 as designed; what else a value means stands beside it ---- */

#ifndef OWN_WINDOW
#define OWN_WINDOW 1 /* 0: whatever is unconfirmed goes to the open period's sheet */
#endif
#ifndef IDENTITY
#define IDENTITY 1 /* 0: what is new is decided by the time stamp stored last */
#endif
#ifndef DEDUPLICATION
#define DEDUPLICATION 1 /* 0: the backend appends what comes; 2: what is newer than the sheet's last row */
#endif
#ifndef STALE_DROPPED
#define STALE_DROPPED 1 /* 0: any reply on the topic is taken for the answer */
#endif
#ifndef KEPT_ID
#define KEPT_ID 1 /* 0: a question that is asked again gets a new ID */
#endif
#ifndef LATE_RELAYED
#define LATE_RELAYED 1 /* 0: punches of closed periods are left lying */
#endif
#ifndef MACHINE_TIME
#define MACHINE_TIME 1 /* 0: whether a period is over is told by the Pi's clock, which runs ahead */
#endif
#ifndef READ_FAILURE_TOLD
#define READ_FAILURE_TOLD 1 /* 0: a read that fails looks like an empty log */
#endif
#ifndef GUARDED_CLEAR
#define GUARDED_CLEAR 1 /* 0: cleared in a session of its own when nothing of the period is unconfirmed */
#endif
#ifndef EACH_BY_ITSELF
#define EACH_BY_ITSELF 1 /* 0: after a look at one machine all of them are cleared */
#endif
#ifndef OTHERS_READ
#define OTHERS_READ 1 /* 0: a machine that does not answer ends the visits to all */
#endif
#ifndef DISABLING_TRIED
#define DISABLING_TRIED 1 /* 0: cleared without anybody having seen that it takes no punch while it is disabled */
#endif
#ifndef TWO_SNAPSHOTS
#define TWO_SNAPSHOTS 1 /* 0: no checksum and no copy before: a torn snapshot stops the client */
#endif
#ifndef PERIOD_IN_SNAPSHOT
#define PERIOD_IN_SNAPSHOT 1 /* 0: the latest period, open or closed, is a file of its own */
#endif
#ifndef SHEET_TOLD
#define SHEET_TOLD 1 /* 0: a ledger that was lost is not told the open period's sheet */
#endif
#ifndef ALARM_IDENTITY
#define ALARM_IDENTITY 1 /* 0: every delivery sends an e-mail */
#endif
#ifndef ENABLED_AT_START
#define ENABLED_AT_START 1 /* 0: a machine found disabled stays so */
#endif
#ifndef SUBSCRIBED_FIRST
#define SUBSCRIBED_FIRST 1 /* 0: a subscription is created when its reply is waited for */
#endif
#ifndef ONE_WRITER
#define ONE_WRITER 1 /* 0: two instances of a function work at once */
#endif
#ifndef COMPARE_AND_SET
#define COMPARE_AND_SET 1 /* 0: a write is applied though the workbook was written to since it was read */
#endif
#ifndef OWN_CELLS
#define OWN_CELLS 1 /* 0: a function writes the whole workbook back */
#endif
#ifndef TIME_OUTS
#define TIME_OUTS 1 /* 0: the transitions are gone; somebody idles, so that SPIN sees the standstill as a run */
#endif
#ifndef LEFT_GOES_BACK
#define LEFT_GOES_BACK 1 /* 0: an expired period is closed, punches left or not; the transition is gone */
#endif
