/* What holds again and again, whatever happened. A run ends with a world in which nothing more happens, so that this
   is: in the end it holds. */

/* A punch must be in its sheet once its period is published and has begun for good. One that a clock that was set back
   stamped into a closed period waits for the next period to open; so does what stood on a machine that did not answer
   when its period was closed. */
#if SECOND_MACHINE
#define MISSING(p) (of_period[(p) - 1] & ~rows[(p) - 1] & ~(gone * (at_back & ~known))) /* gone with what nobody read */
#elif SOMEBODY_CLEARS
#define MISSING(p) (of_period[(p) - 1] & (known | on_machine) & ~rows[(p) - 1]) /* what somebody erased is gone */
#else
#define MISSING(p) (of_period[(p) - 1] & ~rows[(p) - 1])
#endif
#if CLOCK_BACK || SECOND_MACHINE
#define STAMPED_LATE stamped_late
#else
#define STAMPED_LATE 0
#endif
#define IN_SHEET(p) (published < (p) || PERIOD_AT(clock) < (p) || MISSING(p) == 0 || (closed >= published && (MISSING(p) & ~STAMPED_LATE) == 0))
#define all_in_sheets (IN_SHEET(1) && IN_SHEET(2))
#define waiting (IS_WAITING(state))
/* The start tries once to enable a machine that was found disabled; if that fails, the first reading does it, for
   which a period must be open. */
#if SECOND_MACHINE
#define locked_out ((locked || (locked_back && !gone)) && published > closed)
#else
#define locked_out (locked && published > closed)
#endif
#define overdue (PERIODS_OVER > closed && published > closed)
#if ALARMS
#define unreported (PERIODS_OVER >= published && alarm_row[published] == NOT_RAISED)
ltl alarm_once { []<> !(unreported) }
#else
ltl eventually_stored { []<> (all_in_sheets) }
ltl no_endless_wait { []<> !(waiting) }
ltl every_period_closes { []<> !(overdue) }
ltl nobody_locked_out { []<> !(locked_out) }
#endif
