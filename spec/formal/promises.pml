/* The promises. A promise of safety is checked where it could fall; a promise of liveness is a formula. */

#define STORED_ONCE 1
#define NOTHING_ERASED_UNSTORED 2
#define OWN_PERIOD 3
#define RESUMES_AT_A_CHECKPOINT 4
#define ALARM_ONCE 5
#define EVERY_PERIOD_CLOSES 6
#define CORRECTIONS_SURVIVE 7
#define NO_NEEDLESS_TIME_OUT 8

/* ONLY: 0 checks all of them, another number that one alone, NONE none: a formula is looked for. A survey notes which ones fall, and goes on. */
#define NONE 99
#ifndef ONLY
#if LIVENESS
#define ONLY NONE
#else
#define ONLY 0
#endif
#endif
#ifndef SURVEY
#define SURVEY 0
#endif
#if SURVEY
c_decl { static unsigned char survey_fell[16]; };
#define PROMISE(name, holds) \
  if \
  :: (holds) \
  :: else -> c_code { if (!survey_fell[name]) { survey_fell[name] = 1; printf("FELL %d\n", name); } } \
  fi
#else
#define PROMISE(name, holds) assert((ONLY != 0 && ONLY != name) || (holds))
#endif
