/* The whole model: the generated client in its hand-written world. */

#include "switches.pml"
#include "promises.pml"
#include "world.pml"
#include "backend.pml"
#include "client.pml"
#include "people.pml"

#if LIVENESS && (!TIME_OUTS || !TWO_SNAPSHOTS)
/* SPIN's stutter extension can miss a violated formula where everything stands still under weak fairness. */
proctype Idle() {
  do
  :: skip; skip
  od
}
#endif

init {
  atomic {
#if LOCKED_AT_FIRST
    if
    :: true
    :: true -> locked = true; printf("An earlier program has left the machine disabled\n")
    fi;
#if SECOND_MACHINE
    locked_back = locked;
#endif
#endif
#if GOES_ON
    if
    :: true
    :: true -> heeds = false; printf("People can punch although the machine is disabled\n")
    fi;
#endif
    enable_at_start();
    /* SPIN tries the process that was started last first: the world moves only when nobody else does. */
    run World();
#if LIVENESS && (!TIME_OUTS || !TWO_SNAPSHOTS)
    run Idle();
#endif
#if ALARMS
    run RaiseFinalAlarm();
#if !ONE_WRITER
    run RaiseFinalAlarm();
#endif
#endif
    run StoreAttendRecords();
#if !ONE_WRITER
    run StoreAttendRecords();
#endif
    run GetReviewPeriod();
#if !SUBSCRIBED_FIRST
    run Subscribing();
#endif
    run Client()
  }
}

#if LIVENESS
#include "liveness.pml"
#endif
