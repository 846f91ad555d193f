/* What there is: the attendance machine, HR's periods, what the client keeps beside its snapshot, Pub/Sub's topics.
   A set of punches is a byte with a bit for each; so is a set of periods or of replies. */

#define BIT(i) (1 << (i))
#define PERIOD_AT(tick) ((tick) / TICKS + 1)
#define PERIODS_OVER (clock / TICKS)

/* Every fault counts in a liveness run, and none in a safety run. */
#if LIVENESS
byte faults = 0;
#define FAULT_LEFT (faults < FAULTS)
#define COUNT_FAULT faults++
#else
#define FAULT_LEFT true
#define COUNT_FAULT skip
#endif

/* ---- The attendance machine ---- */

byte clock = 0;
byte punches = 0; /* how many were made */
byte of_period[PERIODS + 1]; /* the punches stamped in each period: own_period's truth */
byte on_machine = 0;
bool locked = false; /* disabled: nobody can punch */
#if SECOND_MACHINE
byte at_back = 0; /* the punches that are made at the back door */
bool locked_back = false;
bool gone = false; /* the machine at the back door answers no more, ever */
byte visit = 0; /* whom the step visits: */
#define FRONT 0
#define BACK 1 /* and the front one was visited */
#define BACK_ALONE 2 /* the front one does not answer */
#define NOBODY 3 /* the back one does not answer, and the front one was visited */
#define HERE (visit == FRONT -> ~at_back : (visit == NOBODY -> 0 : at_back)) /* the punches made there */
#define ANSWERS (visit == FRONT || !gone)
#else
#define HERE 255
#define ANSWERS true
#endif
#if GOES_ON
bool heeds = true; /* nobody can punch while it is disabled */
#else
#define heeds true
#endif
#if TICKS > 1
byte stamp[PUNCHES];
#endif
#if LIVENESS && CLOCK_BACK
byte set_back = 0;
#endif
#if LIVENESS && (CLOCK_BACK || SECOND_MACHINE)
byte stamped_late = 0; /* punches stamped into a period that was closed already, or was read for the last time */
#endif

/* ---- HR ---- */

byte published = 0; /* HR has published the periods 1 to this */
#if CORRECTIONS
bool typed = false; /* HR has typed a correction into period 1's workbook */
bool correction = false; /* and there it is */
#endif

/* ---- What the client's ledger holds; SQLite writes it durably ---- */

byte known = 0; /* punches ever read */
byte confirmed = 0; /* punches that a sheet confirmed */
byte set_aside = 0; /* punches that were asked for by themselves, and nobody answered since the last poll */
byte sheet_of[PERIODS]; /* each period's sheet; 0 while it is not known. A sheet has the number of its period. */
byte latest_closed = 0;
#if LEDGER_LOSS
byte closed = 0; /* how many periods were closed: the truth, which the ledger may have lost */
#else
#define closed latest_closed
#endif

/* ---- What the client has in memory beside the snapshot's fields; gone after a power loss ---- */

byte machine_time = 0; /* how many periods were over when the machine was asked; 0 also: not asked yet */
byte just_read = 0; /* the punches that were on the machine when it was read */
byte asked = 0; /* the punches published last, while they are waited for */
byte asked_sheet = 0;
#define MAY_BE_LOCKED (LOCKED_AT_FIRST || CLEARING)
#if MAY_BE_LOCKED
bool was_enabled = false; /* since the start; then it stays so, but for what the client itself does */
#endif
#if SOMEBODY_CLEARS
byte counted = 0; /* how many records were on the machine when it was read last, and 1; 0: not read yet */
#endif

/* ---- Pub/Sub: a topic is a set of messages, of which any may be delivered next ---- */

byte get_requests = 0; /* bit a: the period after a is asked for */
byte get_replies = 0; /* bit 2a: there is none after a; bit 2a+1: there is one */
byte create_requests = 0; /* bit p: the sheet of the period p is asked for */
byte create_replies = 0;
#if PUNCHES > 3
#define BATCHES int
#else
#define BATCHES byte
#endif
BATCHES store_requests[PERIODS]; /* of each sheet: bit b: the batch b (a set of punches) */
BATCHES store_replies[PERIODS]; /* bit b: the sheet holds the batch b */
#if ALARMS
byte alarm_requests = 0; /* bit a: the period after a is missing */
#endif
byte subscribed = 0; /* bit 0, 1, 2: to new_review_period, new_review_sheet, last_stored_timestamp */

/* Scratch, 0 between steps. */
byte m = 0;
byte i = 0;
byte answer = 0;
byte batch = 0;

#define PICK(set) \
  m = 0; \
  do \
  :: ((set) & BIT(m)) -> break \
  :: ((set) >> (m + 1)) -> m++ \
  od

#if !REDELIVERY
#define ACKNOWLEDGE(set) set = set & ~BIT(m)
#elif LIVENESS
#define ACKNOWLEDGE(set) \
  if \
  :: set = set & ~BIT(m) \
  :: FAULT_LEFT -> COUNT_FAULT; printf("Pub/Sub keeps the message and will deliver it again\n") \
  fi
#else
#define ACKNOWLEDGE(set) skip
#endif

#define STORY_STATE(s) printf("now in <%d>\n", s);
