"""What can stand in ``Exceptions``, in words: a function a kind.

Each takes `when` (wall time at the site) and `site` first; `who` is an employee's name, or what is known of somebody.
"""

from datetime import date, datetime

from attendance_backend.workbook.corrections_sheet import PREPARED_ROWS
from attendance_backend.workbook.exceptions_sheet import (
    ABSENT,
    LATE,
    MISSING_IN,
    MISSING_OUT,
    TO_DO,
    TO_KNOW,
    UNKNOWN,
    Entry,
)


def unknown_user(when: datetime, site: str, who: str, user: str = "") -> Entry:
    """Punches of somebody whom HR does not keep in Cut Off Times."""
    what = "Not in Cut Off Times: the punches stand in the raw data only"
    remedy = (
        "Add the person to Cut Off Times, with an e-mail address that begins with the user name on the machine. "
        "The next punch, or the next day, then adds the person here, earlier punches included."
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
    """Somebody was added in mid-period."""
    what = "New in this workbook since the first punch"
    remedy = "Nothing, if name and cut-off time are right."
    return Entry(when, site, who, what, remedy, user=user, day=when.date(), kind=TO_KNOW)


def missing_out(when: datetime, site: str, who: str, user: str, day: date) -> Entry:
    """A check-in without a check-out on a day of which all data is here."""
    what = f"No check-out on {_named(day)}"
    remedy = "Ask the person, and type the check out into Corrections."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=MISSING_OUT)


def missing_in(when: datetime, site: str, who: str, user: str, day: date) -> Entry:
    """A check-out without a check-in."""
    what = f"No check-in on {_named(day)}"
    remedy = "Ask the person, and type the check in into Corrections."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=MISSING_IN)


def late(when: datetime, site: str, who: str, user: str, day: date, *, by_minutes: int) -> Entry:
    """A check-in later than the cut-off time and the grace minutes."""
    what = f"{by_minutes} minutes after the cut-off time on {_named(day)}"
    remedy = "Nothing, or type a note (or waive penalty) into Corrections. A penalty follows only from the week's mean."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=LATE)


def absent(when: datetime, site: str, who: str, user: str, day: date) -> Entry:
    """No punch on a working day of which all data is here."""
    what = f"No punch on {_named(day)}"
    remedy = "Type leave into Corrections, or the times if the person was there."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=ABSENT)


def double_tap(when: datetime, site: str, who: str, user: str, day: date) -> Entry:
    """Punches of a person within seconds, which count once."""
    what = f"Two punches within seconds at {when:%H:%M} on {_named(day)}, counted as one"
    remedy = "Nothing, unless the second one was meant as check out: then type it into Corrections."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=TO_KNOW)


def ambiguous_hour(when: datetime, site: str, who: str, user: str, day: date) -> Entry:
    """A punch in the hour that the clock shows twice when summer time ends."""
    what = f"{when:%H:%M} came twice on {when:%d-%m-%Y}, when the clocks went back: the hours may be one off"
    remedy = "Ask the person, and type the check in or check out into Corrections if an hour is missing or too many."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=TO_DO)


def two_time_zones(when: datetime, site: str, who: str, user: str, day: date, other_site: str) -> Entry:
    """A day with punches at sites whose clocks differ."""
    what = f"Punches at {site} and at {other_site} on {_named(day)}, whose clocks differ: the hours are not exact"
    remedy = "Type check in and check out as one of the two clocks shows them into Corrections."
    return Entry(when, site, who, what, remedy, user=user, day=day, kind=TO_DO)


def late_for_finalised(when: datetime, site: str, count: int) -> Entry:
    """Punches that came after HR closed the period."""
    punches = "1 punch" if count == 1 else f"{count} punches"
    what = f"{punches} came after this period was finalised"
    remedy = "Look at Amendments. Nothing else has changed; settle it with the next period, or with payroll."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def machine_clock(when: datetime, site: str, offset_s: int) -> Entry:
    """The machine's clock is wrong: its punches bear wrong times."""
    direction = "ahead" if offset_s > 0 else "behind"
    what = f"The machine's clock is {_length(abs(offset_s))} {direction}: its punches bear wrong times"
    remedy = "Set the clock on the machine. Correct the times of the days since then in Corrections, if it matters."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def machine_memory(when: datetime, site: str, used: float) -> Entry:
    """The machine's memory fills up; `used` is a share, 0 to 1."""
    what = f"The machine's memory is {used:.0%} full; a full machine stops recording, or overwrites"
    remedy = "Have the records cleared on the machine once they are here (Sites: backlog 0)."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def corrections_nearly_full(when: datetime, site: str, used: int) -> Entry:
    """Few prepared rows are left in Corrections."""
    what = f"{used} of the {PREPARED_ROWS} rows of Corrections are in use"
    remedy = "Delete rows there that say nothing any more. Rows behind the last one do not count."
    return Entry(when, site, "", what, remedy, kind=TO_DO)


def no_place(when: datetime, site: str, who: str, day: date) -> Entry:
    """The workbook lacks the column of a punch's day."""
    what = f"{_named(day)} has no column in this workbook: the punches stand in the raw data only"
    remedy = "Have `attendance-backend refresh` run, which restores what is missing."
    return Entry(when, site, who, what, remedy, day=day, kind=TO_DO)


def _named(day: date) -> str:
    return f"{day:%a} {day:%d-%m-%Y}"


def _length(seconds: int) -> str:
    if seconds < 2 * 3600:
        return f"{round(seconds / 60)} min" if seconds >= 120 else f"{seconds} s"
    if seconds < 2 * 86_400:
        return f"{round(seconds / 3600)} hours"
    return f"{round(seconds / 86_400)} days"
