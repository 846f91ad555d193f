"""The e-mail of an alarm."""

import hashlib
import textwrap
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from email.utils import format_datetime

from attendance_backend.control.alarms import Alarm, Notice
from attendance_backend.sheet.grid import spreadsheet_link
from attendance_backend.sheet.table import Problem
from attendance_contracts import AlarmKind

_EXAMPLE_WEEKS = 4
_WIDTH = 76


def compose(
    alarm: Alarm,
    *,
    at: datetime,
    site: str,
    sender: str,
    recipients: Sequence[str],
    control_id: str,
    problems: Sequence[Problem],
) -> EmailMessage:
    """The message; one that is composed anew, after the mail server had refused it, differs in its date only.

    Args:
        at: the present moment, aware.
        control_id: of the spreadsheet to fix.
        problems: rows that do not count, one of which may be the missing period.
    """
    words = _subject(alarm), _text(alarm, site, control_id, problems)
    return message_of(alarm, words, at=at, sender=sender, recipients=recipients, control_id=control_id)


def message_of(
    alarm: Alarm | Notice,
    words: tuple[str, str],
    *,
    at: datetime,
    sender: str,
    recipients: Sequence[str],
    control_id: str,
) -> EmailMessage:
    """The message of an alarm or a notice; `words` are subject and text, the rest is as for `compose`."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"], text = words
    message["Date"] = format_datetime(at)
    message["Message-ID"] = message_id(alarm, control_id, sender)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text, cte="7bit" if text.isascii() else "quoted-printable")
    return message


def message_id(alarm: Alarm | Notice, control_id: str, sender: str) -> str:
    """The same for the same alarm, so that mail programs show a message once even if it came twice."""
    digest = hashlib.sha256(f"{control_id}\n{alarm.identity}".encode()).hexdigest()[:32]
    domain = sender.rpartition("@")[2].strip("<> ") or "localhost"
    return f"<attendance-alarm-{digest}@{domain}>"


def _subject(alarm: Alarm) -> str:
    if alarm.missing_after is None:
        return "Attendance: no review period has been entered yet"
    if alarm.kind is AlarmKind.DAILY_WARNING:
        return f"Attendance: please enter the review period after {_day(alarm.missing_after)}"
    return f"Attendance: the review period after {_day(alarm.missing_after)} is missing, punches are waiting"


def _text(alarm: Alarm, site: str, control_id: str, problems: Sequence[Problem]) -> str:
    first = (alarm.missing_after or alarm.on - timedelta(days=1)) + timedelta(days=1)
    last = first + timedelta(weeks=_EXAMPLE_WEEKS, days=-1)
    middle = first + (last - first) / 2
    return f"""\
{textwrap.fill(_what(alarm, site), _WIDTH)}

What to do
----------
Open the Review Periods spreadsheet:

    {spreadsheet_link(control_id)}

and add a row to the worksheet "{middle.year}" (make the worksheet if it is not
there), for example:

    Month       Start Date    End Date      Duration (Weeks)
    {f"{middle:%B}":<12}{first.isoformat():<14}{last.isoformat():<14}{_EXAMPLE_WEEKS}

Dates typed as year-month-day leave no doubt. A period that ends on a Friday
runs through the Sunday after it, unless Settings says where weeks begin.
{_rows_that_do_not_count(problems)}
What happens then
-----------------
Within about an hour each site asks again, makes the period's workbook and
stores what has waited. Nothing is lost meanwhile: the punches stay on
the attendance machines and on the sites' computers.

This message was sent by a program, once. How it fared is written in the
worksheet "Alarms" of the same spreadsheet.
"""


def _rows_that_do_not_count(problems: Sequence[Problem]) -> str:
    if not problems:
        return ""
    lines = "".join(f"    {problem}\n" for problem in problems)
    return f"\nThese rows do not count as they stand; the missing period may be among them:\n\n{lines}"


def _what(alarm: Alarm, site: str) -> str:
    if alarm.missing_after is None:
        return (
            f"No review period has been entered for {_day(alarm.on)}. The punches of {site}, and of every other site "
            "that has none, wait until there is one."
        )
    after = _day(alarm.missing_after)
    if alarm.kind is AlarmKind.DAILY_WARNING:
        return (
            f"The current review period ends on {after}, and none has been entered for the days after it. Unless "
            f"one is, the punches made after {after} will have to wait. (Today is {_day(alarm.on)} at {site}.)"
        )
    return (
        f"The last review period ended on {after}, and none has been entered for the days after it. All punches "
        f"made after {after}, at {site} and at every other site, are waiting for it."
    )


def _day(day: date) -> str:
    return f"{day:%A}, {day.day} {day:%B %Y}"
