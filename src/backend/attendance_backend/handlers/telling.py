"""What `watch` tells people by mail, each once: silent sites and their return, outdated releases, dead letters, alarms
that are due; and, where HR wants it, each morning what was open the day before.

Everything that is told is noted after the mail went out, and looked up before: where the mail server does not take it,
the next tick tries again, for as long as it takes. One mail a tick for all sites together, and one a day for dead
letters, so that no trouble fills a mailbox.

That a site is silent, `Sites` says by what a visit writes, and not by a formula with NOW(): whether that moves while
nobody has the workbook open is known of no spreadsheet service, and in each workbook of a month that is over all sites
would look silent from the next day on.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from attendance_backend.control import alarms, dead_letters, program_sheets, registered_sites, rules
from attendance_backend.control.alarms import Alarm, AlarmLog, Notice, State
from attendance_backend.control.period_dates import year_of
from attendance_backend.control.periods import read_periods
from attendance_backend.control.registered_sites import Column, Registered
from attendance_backend.domain.clocks import zone_of
from attendance_backend.domain.people import site_key
from attendance_backend.errors import BackendError
from attendance_backend.handlers import books, routing
from attendance_backend.handlers.optimistic import Draft, write_optimistically
from attendance_backend.handlers.raise_alarm import raise_final_alarm, recipients_of, send_once
from attendance_backend.handlers.routing import Table
from attendance_backend.notify import alarm_mail
from attendance_backend.ports import Backend
from attendance_backend.review import book, exceptions_sheet, sites_sheet
from attendance_backend.review.daily_columns import OPEN
from attendance_backend.review.names import EXCEPTIONS, PUNCH_INDEX, SITES
from attendance_backend.sheet import layout
from attendance_backend.sheet.grid import Spreadsheet, spreadsheet_link
from attendance_contracts import RELEASE, AlarmKind, RaiseFinalAlarm, is_older

log = logging.getLogger(__name__)

MOST_LINES = 20
"""Of a mail: `Registered Sites` and `Dead Letters` hold them all."""


def tell(control: Spreadsheet, backend: Backend) -> None:
    """Tell what is to be told; what fails is in the log, and tried again at the next tick.

    Args:
        control: the control spreadsheet with the program's worksheets, as they were read just now.
    """
    for work in (_sites, _releases, _dead_letters, _due_alarms, _missing_period, _morning):
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
    shown = now.date(), {key: site.last_heard for key, site in silent.items()}
    if back or (silent and backend.remembered.get(_SILENT) != shown):
        # Once a day as well, as there may be another workbook.
        _guarded_show(silent, back, routing.read(backend, anew=bool(gone or back)), backend)
    backend.remembered[_SILENT] = shown
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
    since = {site.name: site.last_heard if key in gone else None for key, site in {**gone, **back}.items()}
    _note({name: {Column.SILENT_SINCE: moment} for name, moment in since.items()}, backend)


def _releases(control: Spreadsheet, backend: Backend) -> None:
    known, _ = registered_sites.read(control.find(registered_sites.TITLE))
    outdated = [
        site for site in known.values() if is_older(site.release) and site.release_reported != site.release
    ]
    if not outdated:
        return
    lines = [f"{site.name}: {site.release}" for site in outdated]
    names = _short(", ".join(site.name for site in outdated))
    today = backend.clock.now().date()
    words = f"Attendance: outdated software at {names}", _RELEASES.format(RELEASE, _listed(lines))
    _send(Notice(_short(f"outdated: {'; '.join(lines)}"), "release", today), words, backend)
    _note({site.name: {Column.RELEASE_REPORTED: site.release} for site in outdated}, backend)


def _note(told: Mapping[str, Mapping[Column, datetime | str | None]], backend: Backend) -> None:
    """Write down in the rows of sites, which may have moved since they were read, what was told of them."""
    table = routing.read(backend, anew=True)
    worksheet = table.book.find(registered_sites.TITLE)
    there = {site: values for site, values in told.items() if site_key(site) in table.sites}
    if worksheet is not None:
        backend.spreadsheets.apply(backend.control_id, registered_sites.note(worksheet, there))
    routing.forget(backend)


def _is_silent(site: Registered, now: datetime) -> bool:
    hours = timedelta(hours=site.silent_after_h)
    return site.last_heard is not None and bool(hours) and now - site.last_heard >= hours


def _guarded_show(
    silent: Mapping[str, Registered], back: Mapping[str, Registered], table: Table, backend: Backend
) -> None:
    """Let the sites' rows say it, in the workbooks of today and of the period before."""
    today = backend.clock.now().date()
    begun = [period for period in table.periods if period.first_day <= today][-2:]
    for period in begun:
        # Who was silent when a month ended and is back must not look silent in it; who is, does from now on only.
        shown = silent if today <= period.last_day else {}
        for sheet_id in table.books_of(period) if shown or back else ():
            try:
                _show(shown, back, sheet_id, backend)
            except BackendError as error:
                log.warning("workbook of %s: it does not say which sites are silent: %s", period.name, error)


def _show(
    silent: Mapping[str, Registered], back: Mapping[str, Registered], sheet_id: str, backend: Backend
) -> None:
    def draft() -> Draft[None]:
        view = books.read(backend.spreadsheets, sheet_id, [book.whole(SITES), book.header(PUNCH_INDEX)])
        sheet = view.worksheet(SITES)
        values: dict[str, dict[layout.Column, sites_sheet.Value]] = {}
        for key, row in sites_sheet.read(sheet).items():
            if key in silent:
                values[row.site] = {sites_sheet.PROBLEM: f"{_SILENT} {_told(silent[key].last_heard)}"}
            elif key in back and row.problem.startswith(_SILENT):
                values[row.site] = {sites_sheet.PROBLEM: None}
        return Draft(view, sites_sheet.cells_of(sheet, values), None)

    write_optimistically(backend.spreadsheets, draft)


def _morning(control: Spreadsheet, backend: Backend) -> None:
    """Once a day, from six in the morning on where the sites are, to whom HR named."""
    sheet = control.find(rules.TITLE)
    recipients = () if sheet is None else rules.read_rules(sheet)[0].morning_to
    if not recipients:
        return
    table = routing.read(backend)
    zones = (zone_of(keeping.time_zone) for site in table.sites.values() for keeping in site.keepings)
    here = backend.clock.now().astimezone(next(filter(None, zones), UTC))
    yesterday = here.date() - timedelta(days=1)
    if here.hour < _MORNING_H or backend.remembered.get(_MORNING) == yesterday:
        return
    notice = Notice(f"open exceptions of {yesterday}", "morning", yesterday)
    log_of_alarms = AlarmLog(backend.spreadsheets, backend.control_id)
    if log_of_alarms.state(notice) not in (State.SENT, State.UNCONFIRMED):
        found: dict[str, list[str]] = {}
        for period in table.periods:
            held = table.books_of(period) if period.first_day <= yesterday <= period.last_day else []
            for site, line in (each for sheet_id in held for each in _open_on(yesterday, sheet_id, backend)):
                found.setdefault(site, []).append(line)
        if found:
            text = "\n".join(
                f"{site or 'No site'}: {len(lines)} open\n\n{_listed(lines)}"
                for site, lines in sorted(found.items())
            )
            words = (
                f"Attendance: {sum(map(len, found.values()))} to look at, of {yesterday}",
                _OPEN.format(text),
            )
            _send(notice, words, backend, recipients)
    backend.remembered[_MORNING] = yesterday


def _open_on(day: date, sheet_id: str, backend: Backend) -> Iterator[tuple[str, str]]:
    """Site and words of what is open of a day in ``Exceptions``."""
    view = books.look(backend.spreadsheets, sheet_id, [book.whole(EXCEPTIONS)])
    sheet = view.worksheet(EXCEPTIONS)
    for row in sheet.data_rows():
        on = sheet.date(row, exceptions_sheet.DAY) or sheet.date(row, exceptions_sheet.WHEN)
        if on == day and sheet.text(row, exceptions_sheet.STATE) == OPEN:
            who, what = sheet.text(row, exceptions_sheet.WHO), sheet.text(row, exceptions_sheet.WHAT)
            yield sheet.text(row, exceptions_sheet.SITE), f"{who}: {what}" if who else what


def _dead_letters(control: Spreadsheet, backend: Backend) -> None:
    sheet = control.find(dead_letters.TITLE)
    unreported = dead_letters.unreported(sheet)
    now = backend.clock.now()
    if sheet is None or not unreported:
        return
    notice = Notice(f"dead letters on {now.date()}", "dead letters", now.date())
    if AlarmLog(backend.spreadsheets, backend.control_id).state(notice) in (State.SENT, State.UNCONFIRMED):
        return  # what came since is told tomorrow
    words = (
        "Attendance: messages were set aside",
        _LETTERS.format(_listed([each.line for each in unreported])),
    )
    _send(notice, words, backend)
    sheet = program_sheets.find(backend.spreadsheets, backend.control_id, dead_letters.TITLE)
    if sheet is not None:
        lines = {each.line for each in unreported}
        still = [each for each in dead_letters.unreported(sheet) if each.line in lines]
        backend.spreadsheets.apply(backend.control_id, dead_letters.note_reported(sheet, still, now))


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


def _missing_period(control: Spreadsheet, backend: Backend) -> None:
    """Where HR shortened or withdrew the last period, sites go on in it until the end that they were told: no punch has
    a period meanwhile, and none of them would say so.
    """
    sites, _ = registered_sites.read(control.find(registered_sites.TITLE))
    years = [sheet for sheet in control.worksheets if year_of(sheet.title) is not None]
    periods, _ = read_periods(years, through_sunday=rules.runs_through_sunday(control.find(rules.TITLE)))
    today = backend.clock.now().date()
    if not sites or not periods or today <= (last := periods[-1].last_day) + _SITES_TELL:
        return
    if backend.remembered.get(_MISSING) != last:
        site = next(iter(sites.values())).name
        kind = AlarmKind.FINAL_ALARM
        message = RaiseFinalAlarm(location=site, request_id="missing", kind=kind, after=last, on=today)
        raise_final_alarm(message, backend)
        backend.remembered[_MISSING] = last


def _send(
    notice: Notice, words: tuple[str, str], backend: Backend, recipients: Sequence[str] | None = None
) -> None:
    """Send it once, to whom alarms go unless others are named."""
    subject, text = words
    mail = alarm_mail.message_of(
        notice,
        (
            subject,
            text + f"\nThe Review Periods spreadsheet:\n\n    {spreadsheet_link(backend.control_id)}\n",
        ),
        at=backend.clock.now(),
        sender=backend.mail_from,
        recipients=recipients or recipients_of(backend),
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
_SILENT = "nothing was heard of this site since"
_MORNING, _MORNING_H = "morning", 6
_MISSING, _SITES_TELL = "missing period", timedelta(days=2)
"""So long after a period's end its sites have told by themselves that none follows."""
_RELEASES = """\
The functions are of release {}, and these sites run an older one:

{}
They go on as before, and lack what was fixed since: install the release on
their computers in the same way (docs/installing-the-pi.md).

This message comes once for each site and release.
"""
_OPEN = """\
{}
What was open of an earlier day stands in the worksheet "Exceptions".

This message comes each morning, so long as "Morning mail to" in the worksheet
"Settings" names you, and there is anything.
"""
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
