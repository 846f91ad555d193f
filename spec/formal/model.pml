/* The whole model: the generated client in its hand-written world. */

#include "switches.pml"
#include "promises.pml"
#include "world.pml"
#include "backend.pml"
#include "client.pml"

init {
  atomic {
#if LOCKED_AT_FIRST
    if
    :: true
    :: true -> locked = true; printf("An earlier program has left the machine disabled\n")
    fi;
#endif
#if ENABLED_AT_START == 1
    locked = false;
#endif
    run Client();
    run World();
    run GetReviewPeriod();
    run StoreAttendRecords();
#if !ONE_WRITER
    run StoreAttendRecords();
#endif
#if ALARMS
    run RaiseFinalAlarm();
#if !ONE_WRITER
    run RaiseFinalAlarm();
#endif
#endif
  }
}

#if LIVENESS
#include "liveness.pml"
#endif
