"""``Exceptions``: what a person should look at, newest last. Only ever appended to; but for contradictions, of which
each is to be named once (`completion.contradictions`), the program never reads it.

    When | Site | Who | What | What to do (3 open) | State

State is a formula. What is about a person's day is *resolved* when ``Monthly Summary`` no longer says it of that day,
or when HR wrote a note (or, for a late check-in, waived the penalty) in ``Corrections``; somebody unknown when the
person is in the workbook. *for information* (somebody was late, or left early) needs nobody. Everything else stays
*open* until HR types over it. HR may delete rows and add columns at the right.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from attendance_backend.review import corrections_sheet, day_header, formulas, monthly_columns
from attendance_backend.review.daily_columns import (
    ABSENT,
    CHECK_HOURS,
    CHECK_TIMES,
    LATE,
    LEFT_EARLY,
    MISSING_IN,
    MISSING_OUT,
    OPEN,
)
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import EXCEPTIONS, EXCEPTIONS_ID, MONTHLY
from attendance_backend.sheet import placing, serial, styles
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.changes import Change, Formula, HighlightWhen, NewCell, WriteCells
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_contracts import MistimedPunches

WHEN = Column("when", "When", 140, styles.MOMENT)
SITE = Column("site", "Site", 110, styles.PLAIN)
WHO = Column("who", "Who", 160, styles.NAME)
WHAT = Column("what", "What", 310, styles.WRAPPED)
REMEDY = Column("remedy", "What to do", 440, styles.WRAPPED, counts=True)
STATE = Column(
    "state",
    "State",
    110,
    styles.NAME,
    note="resolved by itself when it no longer holds, or type resolved over it.",
)
USER = Column("user", "User", style=styles.PLAIN, hidden=True)
DAY = Column("day", "Day", style=styles.DAY_CELL, hidden=True)
KIND = Column("kind", "Kind", style=styles.PLAIN, hidden=True)
LAYOUT = Layout(
    EXCEPTIONS,
    EXCEPTIONS_ID,
    (WHEN, SITE, WHO, WHAT, REMEDY, STATE, USER, DAY, KIND),
    tab_color=styles.LOOK_TAB,
    warning="Kept by the program. Delete a row, or type resolved into State, when it is done with.",
    free=(STATE,),
)

RESOLVED, INFORMATION = "resolved", "for information"
CONTRADICTIONS = (CHECK_TIMES, CHECK_HOURS)
DAY_STATES = (LATE, LEFT_EARLY, ABSENT, MISSING_OUT, MISSING_IN, *CONTRADICTIONS)
"""Kinds that are words of ``Monthly Summary``, too, and are resolved when they no longer stand there."""
UNKNOWN, TO_KNOW, TO_DO = "unknown user", "to know", "to do"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row.

    Attributes:
        when: wall time at the site.
        user: `user_key` of whom it is about; empty for nobody in particular.
        day: the business day it is about; None for none.
        kind: what State goes by.
    """

    when: datetime
    site: str
    who: str
    what: str
    remedy: str
    user: str = ""
    day: date | None = None
    kind: str = TO_DO


def create(at: Places) -> list[Change]:
    """The worksheet, empty but for its header."""
    sheet = at.sheets[EXCEPTIONS]
    header = NewCell(remedy_header(at), styles.HEADER)
    return [
        *LAYOUT.create(sheet.first_row + 1),
        WriteCells(EXCEPTIONS_ID, sheet.lines[0], at[REMEDY], ((header,),)),
        *_highlights(EXCEPTIONS_ID, sheet.first_row, at[STATE]),
    ]


def remedy_header(at: Places) -> Formula:
    """Says how much is still open: most lines need nobody, and the open ones are easily lost among them."""
    count = f'COUNTIF({at.own_column(STATE)},"{OPEN}")'
    return Formula(f'="{REMEDY.header} ("&{count}&" open)"')


def days_of(at: Places) -> dict[date, int]:
    """The columns of the days in ``Monthly Summary``; none when it is not there."""
    monthly = at.sheets.get(MONTHLY)
    return {} if monthly is None else day_header.columns_by_day(monthly)


def state_of(kind: str, user: str, day: date | None, days: Mapping[date, int], at: Places) -> str | Formula:
    """What stands in State.

    Args:
        user: `user_key`, or empty.
        day: the business day it is about.
        days: the columns of the days in ``Monthly Summary``.
    """
    if kind == TO_KNOW:
        return INFORMATION
    if not user or not (kind == UNKNOWN or (kind in DAY_STATES and day in days)):
        return OPEN
    row = f"MATCH({formulas.exact(formulas.token_of(user))},{at.column(monthly_columns.TOKEN)},0)"
    if kind == UNKNOWN or day is None:
        return Formula(f'=IF(ISNUMBER({row}),"{RESOLVED}","{OPEN}")')
    cell = f"INDEX({at.fixed(MONTHLY, days[day])},{row})"
    tests = [f'ISERROR(SEARCH("{kind}",{cell}))']
    settling = [corrections_sheet.NOTE, *([corrections_sheet.WAIVE] if kind == LATE else [])]
    for correction in settling:
        key = f"{corrections_sheet.group_of(correction, user)} {serial.from_date(day):.0f}"
        tests.append(f"ISNUMBER(MATCH({formulas.exact(key)},{at.column(corrections_sheet.KEY)},0))")
    unsettled = INFORMATION if kind in (LATE, LEFT_EARLY) else OPEN
    return Formula(f'=IF(OR({",".join(tests)}),"{RESOLVED}","{unsettled}")')


def _highlights(sheet_id: int, first_row: int, column: int) -> list[Change]:
    """What is settled fades; what is open stands out."""
    state = f"${cell_name(first_row, column)}"
    done = Formula(f'=OR({state}="{RESOLVED}",{state}="{INFORMATION}")')
    still = Formula(f'={state}="{OPEN}"')
    background, color = styles.LATE_BACKGROUND, styles.LATE_TEXT
    return [
        HighlightWhen(sheet_id, first_row, 0, done, None, styles.FADED, end_column=column + 1),
        HighlightWhen(sheet_id, first_row, column, still, background, color, end_column=column + 1),
    ]


def append(worksheet: Worksheet, entries: Sequence[Entry], at: Places) -> list[Change]:
    """Add rows behind the last row of the grid.

    Args:
        worksheet: of which `placing.append_areas` were read.
        entries: in the order of their rows.
        at: where the columns of the worksheets stand that State looks into.
    """
    days = days_of(at)
    return placing.append(worksheet, [_row(entry, days, at) for entry in entries])


def _row(entry: Entry, days: Mapping[date, int], at: Places) -> dict[Column, NewCell]:
    is_day = entry.when.time() == time()
    values: dict[Column, float | str | Formula | None] = {
        SITE: entry.site,
        WHO: entry.who,
        WHAT: entry.what,
        REMEDY: entry.remedy,
        STATE: state_of(entry.kind, entry.user, entry.day, days, at),
        USER: formulas.token_of(entry.user) if entry.user else None,
        DAY: None if entry.day is None else serial.from_date(entry.day),
        KIND: entry.kind,
    }
    when = NewCell(serial.from_datetime(entry.when), styles.DAY_CELL if is_day else WHEN.style)
    return {WHEN: when, **{column: column.cell(value) for column, value in values.items()}}


def unknown_user(when: datetime, site: str, who: str, user: str = "") -> Entry:
    """Punches of somebody whom HR does not keep in Cut Off Times."""
    what = "Not in Cut Off Times: the punches stand in the raw data only"
    remedy = (
        "Add the person to Cut Off Times, with an e-mail address that begins with the user name on the machine. "
        "The next punch, or the next day, then adds the person here, earlier punches included. If it is nobody of "
        "yours, type resolved into State."
    )
    return Entry(when, site, who, what, remedy, user=user, kind=UNKNOWN)


def unnamed_user(when: datetime, site: str, user_id: str) -> Entry:
    """Punches of a user ID without a name on the machine, which HR does not keep either."""
    what = "No user name on the machine: the punches stand in the raw data only"
    remedy = (
        f"Type {user_id} into Device User ID of the person in Cut Off Times, or give the user a name on the machine: "
        "the one that the e-mail address begins with."
    )
    return Entry(when, site, f"User ID {user_id}", what, remedy)


def hired(when: datetime, site: str, who: str, user: str) -> Entry:
    """The row about somebody who was added in mid-period."""
    what = "New in this workbook since the first punch"
    remedy = (
        "Nothing, if name and cut-off time are right. If the days before count as absent: type First Day into Cut Off "
        "Times."
    )
    return Entry(when, site, who, what, remedy, user=user, day=when.date(), kind=TO_KNOW)


@dataclass(frozen=True, slots=True)
class AboutADay:
    """What is told of somebody's day; in its words ``{day}``, ``{site}`` and what a call names are filled in."""

    what: str
    remedy: str
    kind: str

    def __call__(self, day: date, site: str, who: str, user: str, **words: object) -> Entry:
        what, remedy = (text.format(day=_named(day), site=site, **words) for text in (self.what, self.remedy))
        return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=self.kind)


missing_out = AboutADay(
    "No check-out on {day}", "Ask the person, and type the check-out into Corrections.", MISSING_OUT
)
missing_in = AboutADay(
    "No check-in on {day}", "Ask the person, and type the check-in into Corrections.", MISSING_IN
)
left_early = AboutADay(
    "{by_minutes} min before the end of {than} on {day}",
    "Nothing: the minutes stand in Working Time. If it was leave, type half a day of it into Corrections.",
    LEFT_EARLY,
)
absent = AboutADay(
    "No punch on {day}",
    "Type leave or times into Corrections; a note, if the person was absent; or Last Day into Cut Off Times, for "
    "somebody who left.",
    ABSENT,
)
worked_on_a_day_off = AboutADay(
    "Worked on {day}, a day off",
    "Nothing: the hours count. If it was planned, add a row for the day to Roster.",
    TO_KNOW,
)
contradictions = {
    CHECK_TIMES: AboutADay(
        "The check-out is before the check-in on {day}, or one of them is no time: the day has no hours",
        "Correct one of the two, in Corrections or where it was typed.",
        CHECK_TIMES,
    ),
    CHECK_HOURS: AboutADay(
        "More hours than are likely on {day}, or fewer than none: they count in all sums",
        "Correct the times in Corrections, or empty what was typed over Hours Worked. If it is right: type a note.",
        CHECK_HOURS,
    ),
}
"""By `CONTRADICTIONS`."""
double_tap = AboutADay(
    "Punches within seconds of each other on {day}, counted as one",
    "Nothing, unless the second one was meant as a check-out: then type it into Corrections.",
    TO_KNOW,
)
ambiguous_hour = AboutADay(
    "A punch of {day} in the hour that came twice, as the clocks went back: the hours may be one off",
    "Ask the person, and type the check-in or check-out into Corrections if an hour is missing or too many.",
    TO_DO,
)
two_time_zones = AboutADay(
    "Punches of {day} at sites whose clocks differ: the hours are not exact",
    "Type check-in and check-out as one of the two clocks shows them into Corrections.",
    TO_DO,
)
elsewhere = AboutADay(
    "Punched at {site} on {day}, and belongs to {home}",
    "Nothing, if the person was there: the punches count. If not, somebody else may have this number on a machine "
    "there (Machine IDs): type the right times into Corrections, and tell whoever looks after the system.",
    TO_KNOW,
)
"""`home` is the site that HR keeps for the person: a visit, or written by nobody."""


def late(
    day: date, site: str, who: str, user: str, *, by_minutes: int, than: str = "the cut-off time"
) -> Entry:
    """A check-in later than `than` and the grace minutes; `by_minutes` as the worksheets show the times."""
    length = f"{by_minutes} min" if by_minutes else "Less than a minute"
    what = f"{length} after {than} on {_named(day)}"
    remedy = "Nothing: the day counts as late. A note in Corrections says why."
    return Entry(_midnight(day), site, who, what, remedy, user=user, day=day, kind=LATE)


def counts_elsewhere(when: datetime, site: str, who: str, user: str, *, day: date, period: str) -> Entry:
    """A punch of the first or last night of the period that is of another one's day, by ``Roster``."""
    what = f"The punch of {when:%d-%m-%Y %H:%M} counts for {_named(day)}, in {period}"
    remedy = (
        "Nothing: it belongs to the night that began, or begins, there. Its row in the raw data says so, too."
    )
    return Entry(when, site, who, what, remedy, user=user, day=when.date(), kind=TO_KNOW)


def counted_later(first: date, last: date) -> Entry:
    """A week that ends in the next period, which counts its overtime and penalties."""
    week = f"The week from {_named(first)} to {_named(last)}"
    what = f"{week} ends in the next period: overtime and penalties count there"
    remedy = "Nothing: the next workbook brings in what this one shows of these days, with corrections."
    return Entry(_midnight(first), "", "", what, remedy, day=last, kind=TO_KNOW)


def nothing_brought_in(first: date, last: date) -> Entry:
    """No workbook has the days before the period of a week that ends in it."""
    days = _named(first) if first == last else f"{_named(first)} to {_named(last)}"
    what = (
        f"No workbook has the first days of the first week ({days}): its overtime is that of its other days"
    )
    remedy = (
        "Where somebody worked more, type it into Brought In of Working Time. Then type resolved into State."
    )
    return Entry(_midnight(first), "", "", what, remedy, day=first, kind=TO_DO)


def amended(when: datetime, site: str, count: int) -> Entry:
    """Punches that came after HR closed the period."""
    punches = "1 punch" if count == 1 else f"{count} punches"
    what = f"{punches} came after this period was finalised"
    remedy = "Look at Amendments. Nothing else has changed; settle it with the next period, or with payroll."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def differs_since_finalised(day: date) -> Entry:
    """The first time that something would change a month that HR finalised."""
    what = "Something would change this period since it was finalised, and does not"
    remedy = "Look at Since Finalised. To let it count, empty Finalised in Guide; else settle it with the next period."
    return Entry(_midnight(day), "", "", what, remedy, kind=TO_DO)


def machine_clock(when: datetime, site: str, offset_s: int, machine: str = "") -> Entry:
    """A machine's clock is wrong, and so the times of its punches; `machine`: what people call it, if anything."""
    direction = "ahead" if offset_s > 0 else "behind"
    what = f"{_whose(machine, 'clock')} is {_length(abs(offset_s))} {direction}: its punches bear wrong times"
    remedy = "Set the clock on the machine, and type the right times into Corrections where it matters."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def mistimed(site: str, who: str, punches: MistimedPunches) -> Entry:
    """Punches that count nowhere, as the machine's clock was wrong when they were made."""
    count = "1 punch bears" if punches.count == 1 else f"{punches.count} punches bear"
    first, last = (f"{moment:%d-%m-%Y %H:%M}" for moment in (punches.first, punches.last))
    times = first if first == last else f"{first} to {last}"
    machine = f" {punches.machine}" if punches.machine else ""
    what = (
        f"{count} a time that cannot be ({times}): the clock of the machine{machine} was wrong. Read on "
        f"{_named(punches.read_on)}"
    )
    remedy = (
        "They count nowhere. Ask the person, and type the times into Corrections: the punches were made on the day on "
        "which they were read, or, if the machine could not be read before, earlier. Then type resolved into State."
    )
    return Entry(_midnight(punches.read_on), site, who, what, remedy, day=punches.read_on, kind=TO_DO)


def moved_machine(when: datetime, site: str, others: str, serial_number: str) -> Entry:
    """A machine came from another site, with the punches that it recorded there."""
    what = f"Punches on the machine {serial_number} stand in the raw data of {others} as well: it was there before"
    remedy = (
        "Each counts once for the same person. If a number on the machine was given to somebody else since, look at "
        "that person's days, and keep the numbers in Machine IDs. Then type resolved into State."
    )
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def machine_memory(when: datetime, site: str, used: float, machine: str = "") -> Entry:
    """A machine's memory fills up; `used` is a share, 0 to 1."""
    what = f"{_whose(machine, 'memory')} is {used:.0%} full; a full machine stops recording, or overwrites"
    remedy = "Have the records cleared on the machine once they are here (Sites: backlog 0)."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def _whose(machine: str, what: str) -> str:
    return f"The {what} of the machine {machine}" if machine else f"The machine's {what}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time())


def _named(day: date) -> str:
    return f"{day:%a} {day:%d-%m-%Y}"


def _length(seconds: int) -> str:
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"
    if seconds < 2 * 86_400:
        return f"{round(seconds / 3600)} hours"
    return f"{round(seconds / 86_400)} days"
