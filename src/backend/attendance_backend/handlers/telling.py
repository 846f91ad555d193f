"""What `watch` tells people by mail, each once: silent sites and their return, dead letters, alarms that are due.

Everything that is told is noted after the mail went out, and looked up before: where the mail server does not take it,
the next tick tries again, for as long as it takes. One mail a tick for all sites together, and one a day for dead
letters, so that no trouble fills a mailbox.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from attendance_backend.control import alarms, dead_letters, program_sheets, registered_sites
from attendance_backend.control.alarms import Alarm, AlarmLog, Notice, State
from attendance_backend.control.registered_sites import Column, Registered
from attendance_backend.errors import BackendError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.raise_alarm import raise_final_alarm, recipients_of, send_once
from attendance_backend.handlers.routing import Table
from attendance_backend.handlers.turns import Draft, take_turn
from attendance_backend.notify import alarm_mail
from attendance_backend.ports import Backend
from attendance_backend.review import book, sites_sheet
from attendance_backend.review.names import PUNCH_INDEX, SITES
from attendance_backend.sheet.grid import Spreadsheet, spreadsheet_link
from attendance_contracts import AlarmKind, RaiseFinalAlarm

log = logging.getLogger(__name__)

MOST_LINES = 20
"""Of a mail: `Registered Sites` and `Dead Letters` hold them all."""


def tell(control: Spreadsheet, backend: Backend) -> None:
    """Tell what is to be told; what fails is in the log, and tried again at the next tick.

    Args:
        control: the control spreadsheet with the program's worksheets, as they were read just now.
        backend: the ports.
    """
    for work in (_sites, _dead_letters, _due_alarms):
        _guarded(work, control, backend)


def _guarded(work: Callable[[Spreadsheet, Backend], None], control: Spreadsheet, backend: Backend) -> None:
    try:
        work(control, backend)
    except BackendError as error:
        log.error("not told this time, and tried again at the next visit: %s", error)  # noqa: TRY400 - says it all


def _sites(control: Spreadsheet, backend: Backend) -> None:
    sheet = control.find(registered_sites.TITLE)
    known, _ = registered_sites.read(sheet)
    now = backend.clock.now()
    silent = {key: site for key, site in known.items() if _is_silent(site, now)}
    gone = {key: site for key, site in silent.items() if site.silent_since != site.last_heard}
    back = {key: site for key, site in known.items() if site.silent_since is not None and key not in silent}
    if not gone and not back:
        return
    lines = [f"silent: {site.name}, last heard of {_told(site.last_heard)}" for site in gone.values()]
    lines += [
        f"heard of again: {site.name}, silent since {_told(site.silent_since)}" for site in back.values()
    ]
    names = ", ".join(site.name for site in (gone or back).values())
    subject = f"Attendance: {'nothing is heard of' if gone else 'heard of again:'} {_short(names)}"
    _send(
        Notice(_short("; ".join(lines)), "site", now.date()),
        (subject, _SITES.format(_listed(lines))),
        backend,
    )
    table = routing.read(backend, anew=True)
    worksheet = table.book.find(registered_sites.TITLE)
    for key, site in {**gone, **back}.items():
        if worksheet is not None and key in table.sites:
            since = site.last_heard if key in gone else None
            changes = registered_sites.note(worksheet, {site.name: {Column.SILENT_SINCE: since}})
            backend.spreadsheets.apply(backend.control_id, changes)
    routing.forget(backend)
    for site in gone.values():
        _show(site, table, backend)


def _is_silent(site: Registered, now: datetime) -> bool:
    hours = timedelta(hours=site.silent_after_h)
    return site.last_heard is not None and bool(hours) and now - site.last_heard >= hours


def _show(site: Registered, table: Table, backend: Backend) -> None:
    """Let the site's row in the present workbook say it, until its next health message."""
    today = backend.clock.now().date()
    period = next((each for each in table.periods if each.first_day <= today <= each.last_day), None)
    sheet_id = None if period is None else table.book_of(period)
    if sheet_id is None:
        return

    def draft() -> Draft[None]:
        view = books.read(backend.spreadsheets, sheet_id, [book.whole(SITES), book.header(PUNCH_INDEX)])
        sheet = view.worksheet(SITES)
        if sites_sheet.row_of(sheet, site.name) is None:
            return Draft(view, (), None)
        problem = f"nothing was heard of this site since {_told(site.last_heard)}"
        return Draft(view, sites_sheet.cells_for(sheet, site.name, {sites_sheet.PROBLEM: problem}), None)

    take_turn(backend.spreadsheets, draft)


def _dead_letters(control: Spreadsheet, backend: Backend) -> None:
    sheet = control.find(dead_letters.TITLE)
    untold = dead_letters.untold(sheet)
    now = backend.clock.now()
    if sheet is None or not untold:
        return
    notice = Notice(f"dead letters on {now.date()}", "dead letters", now.date())
    if AlarmLog(backend.spreadsheets, backend.control_id).state(notice) in (State.SENT, State.UNCONFIRMED):
        return  # what came since is told tomorrow
    words = "Attendance: messages were set aside", _LETTERS.format(_listed([each.line for each in untold]))
    _send(notice, words, backend)
    sheet = program_sheets.find(backend.spreadsheets, backend.control_id, dead_letters.TITLE)
    if sheet is not None:
        lines = {each.line for each in untold}
        still = [each for each in dead_letters.untold(sheet) if each.line in lines]
        backend.spreadsheets.apply(backend.control_id, dead_letters.note_told(sheet, still, now))


def _due_alarms(control: Spreadsheet, backend: Backend) -> None:
    """Alarms that the mail server refused until Pub/Sub gave up; of several of a kind the newest is said."""
    sheet = control.find(alarms.TITLE)
    if sheet is None or not any(sheet.text(row, alarms.STATE) == State.FAILED for row in sheet.row_numbers()):
        return
    alarm_log = AlarmLog(backend.spreadsheets, backend.control_id)
    newest: dict[tuple[AlarmKind, object], Alarm] = {}
    for alarm in alarm_log.failed():
        key = alarm.kind, alarm.missing_after
        earlier = newest.get(key)
        if earlier is not None:
            alarm_log.write(earlier, State.SUPERSEDED, earlier.site, "")
        newest[key] = alarm
    today = backend.clock.now().date()
    for alarm in newest.values():
        message = RaiseFinalAlarm(
            location=alarm.site or "schedule",
            request_id="due",
            kind=alarm.kind,
            after=alarm.missing_after,
            on=today,
        )
        raise_final_alarm(message, backend)
        if alarm.identity != Alarm(alarm.kind, alarm.missing_after, today).identity:
            alarm_log.write(alarm, State.SUPERSEDED, alarm.site, "")


def _send(notice: Notice, words: tuple[str, str], backend: Backend) -> None:
    subject, text = words
    mail = alarm_mail.message_of(
        notice,
        (
            subject,
            text + f"\nThe Review Periods spreadsheet:\n\n    {spreadsheet_link(backend.control_id)}\n",
        ),
        at=backend.clock.now(),
        sender=backend.mail_from,
        recipients=recipients_of(backend),
        control_id=backend.control_id,
    )
    send_once(notice, mail, AlarmLog(backend.spreadsheets, backend.control_id), backend)


def _told(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"


def _short(text: str) -> str:
    return text if len(text) <= _MOST_TEXT else f"{text[: _MOST_TEXT - 2]} …"


def _listed(lines: list[str]) -> str:
    more = [f"and {len(lines) - MOST_LINES} more"] if len(lines) > MOST_LINES else []
    return "".join(f"  - {line}\n" for line in [*lines[:MOST_LINES], *more])


_MOST_TEXT = 200
_SITES = """\
{}
A site that is silent relays no punches: they wait on its computer and in its
attendance machine, and nothing is lost so long as that has room. Look whether
the computer has power and network; then: attendance-client doctor.

After how many hours a site is silent stands in the worksheet "Registered
Sites" (Silent After). This message comes once for each silence, and once for
its end.
"""
_LETTERS = """\
Messages were set aside, since they would never have worked:

{}
Somebody should look at them within a week:

    attendance-backend dead-letters list

A message that is not signed as it should be, or is of an unknown site, may be
an attempt to write as a site. The worksheet "Dead Letters" counts them all.
"""
