"""StoreAttendRecords: put punches into the raw data, once, and bring the daily attendance up to date.

One read and one atomic write a message; a further read when somebody is not in the workbook yet, or when a
value was typed by hand or comes from another site.
"""

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from attendance_backend.control.periods import whole_weeks
from attendance_backend.control.reading import read_people
from attendance_backend.control.roster import Person, user_key
from attendance_backend.errors import RefusedError, UserError
from attendance_backend.handlers.store_plan import DailyUpdate, UserDay, by_user_day, plan_daily, times_of
from attendance_backend.ports import Backend
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook import exceptions_sheet, hires, raw_data
from attendance_backend.workbook.daily_attendance import DayTimes
from attendance_backend.workbook.exceptions_sheet import Entry
from attendance_backend.workbook.names import DAILY, EXCEPTIONS, is_raw_title, raw_title
from attendance_backend.workbook.raw_data import RawPunch
from attendance_backend.workbook.sheet_rows import append_rows
from attendance_contracts import AttendanceRecord, LastStoredTimestamp, StoreAttendRecords, business_day

log = logging.getLogger(__name__)


def store_attend_records(message: StoreAttendRecords, backend: Backend) -> LastStoredTimestamp:
    """Confirm every record of the message that the sheet now holds: all of them."""
    view = _read(message, backend)
    raw = raw_data.read(view.worksheet(raw_title(message.location)))
    unique = {record.identity: record for record in message.records}
    new = [record for identity, record in unique.items() if identity not in raw.record_ids]
    if new:
        changes = _Storing(message, backend, view, new).changes(raw.end_row)
        backend.spreadsheets.apply(message.sheet_id, changes)
    log.info("%s: stored %d punches, %d were there", message.location, len(new), len(unique) - len(new))
    return LastStoredTimestamp(
        location=message.location,
        request_id=message.request_id,
        sheet_id=message.sheet_id,
        last_stored_timestamp=max(record.timestamp for record in message.records),
        confirmed=tuple(unique),
    )


def _read(message: StoreAttendRecords, backend: Backend) -> Spreadsheet:
    """Everything that storing needs as a rule, in one call."""
    areas = [
        *raw_data.areas(message.location),
        Area.of_columns(DAILY, 0, daily.LABEL + 1),
        Area.of_rows(DAILY, 0, 1),
        *exceptions_sheet.AREAS,
    ]
    days = {business_day(record.timestamp, message.day_boundary) for record in message.records}
    monday = whole_weeks(message.period.first_day, message.period.last_day)[0]
    likely = {daily.FIRST_DAY + (day - monday).days for day in days}
    try:
        return backend.spreadsheets.read(message.sheet_id, [*areas, *_columns(likely)])
    except RefusedError:
        # Somebody removed columns, so that the likely ones may lie outside the grid.
        return backend.spreadsheets.read(message.sheet_id, areas)


def _columns(columns: set[int]) -> list[Area]:
    if not columns:
        return []
    return [Area.of_columns(DAILY, min(columns), max(columns) + 1)]


class _Storing:
    """One message's records on their way into the workbook."""

    def __init__(
        self,
        message: StoreAttendRecords,
        backend: Backend,
        view: Spreadsheet,
        new: Sequence[AttendanceRecord],
    ) -> None:
        self.message = message
        self.backend = backend
        self.view = view
        self.new = new
        self.daily = view.worksheet(DAILY)
        self.rows = daily.find_rows(self.daily)
        self.columns = daily.columns_by_day(self.daily)
        self.punches = [
            punch for record in new if (punch := raw_data.punch_of(record, message.day_boundary)) is not None
        ]
        self.entries: list[Entry] = []

    def changes(self, raw_end_row: int) -> list[Change]:
        """All that the message changes, for one atomic call."""
        hired = self._hired()
        names = {**self.rows.names, **{user: person.name for user, person in hired.items()}}
        self._report_unknown(names)
        for user, person in hired.items():
            when = min(r.timestamp for r in self.new if r.user_name and user_key(r.user_name) == user)
            self.entries.append(exceptions_sheet.hired(when, self.message.location, person.name))
        changes = [
            *self._raw_rows(raw_end_row, names),
            *self._daily_changes(),
            *self._hire_changes(hired),
        ]
        return [*changes, *exceptions_sheet.append_entries(self.view.worksheet(EXCEPTIONS), self.entries)]

    def _hired(self) -> Mapping[str, Person]:
        """People of the message who are in ``Cut Off Times`` and not in the workbook yet."""
        absent = raw_data.known_users(self.punches) - self.rows.names.keys()
        if not absent:
            return {}
        try:
            people = read_people(self.backend.spreadsheets, self.backend.control_id)
        except UserError as error:
            # A punch must not wait for somebody to mend the roster: it goes into the raw data, and is reported.
            log.error("nobody can be added to %s: %s", self.message.period.name, error)  # noqa: TRY400 - the line says it all
            return {}
        return {user: person for user, person in people.items() if user in absent}

    def _report_unknown(self, names: Mapping[str, str]) -> None:
        for record in self.new:
            site, when = self.message.location, record.timestamp
            if record.user_name is None or not record.user_name.strip():
                self.entries.append(exceptions_sheet.unnamed_user(when, site, raw_data.user_id_label(record)))
            elif user_key(record.user_name) not in names:
                self.entries.append(exceptions_sheet.unknown_user(when, site, record.user_name))

    def _raw_rows(self, end_row: int, names: Mapping[str, str]) -> list[Change]:
        rows = []
        for record in self.new:
            employee = names.get(user_key(record.user_name or "")) or raw_data.user_id_label(record)
            rows.append(raw_data.row_of(record, employee, self.message.location, self.message.day_boundary))
        return append_rows(self.view.worksheet(raw_title(self.message.location)), end_row, rows)

    def _daily_changes(self) -> list[Change]:
        touched = [key for key in by_user_day(self.punches) if self._has_place(key)]
        worksheet = self._with_cells_of({self.columns[day] for _, day in touched})
        users = frozenset(user for user, _ in touched)
        own = self.view.worksheet(raw_title(self.message.location))
        stored = raw_data.read_punches(own, self.message.day_boundary, users)
        known = by_user_day([*stored, *self.punches])
        plan = plan_daily(worksheet, self.rows, self.columns, touched, known, complete=False)
        updates = [plan]
        if plan.undecided:
            everywhere = by_user_day([*self._all_punches(users), *stored, *self.punches])
            updates.append(
                plan_daily(worksheet, self.rows, self.columns, plan.undecided, everywhere, complete=True)
            )
        for update in updates:
            self._report(update)
        return [change for update in updates for change in update.changes]

    def _has_place(self, key: UserDay) -> bool:
        """Whether a user's day has its cells in the daily attendance; reports what is missing."""
        user, day = key
        if user not in self.rows.names:
            return False
        missing = [
            label for label in (daily.CHECK_IN, daily.CHECK_OUT) if (user, label) not in self.rows.rows
        ]
        if missing:
            self._report_place(self.rows.names[user], f"the row {missing[0]}", day)
        elif day not in self.columns:
            self._report_place("everybody", f"the column of {day:%d-%m-%Y}", day)
        return not missing and day in self.columns

    def _report_place(self, who: str, what: str, day: date) -> None:
        when = datetime.combine(day, self.message.day_boundary)
        self.entries.append(exceptions_sheet.no_place(when, self.message.location, who, what))

    def _with_cells_of(self, columns: set[int]) -> Worksheet:
        """The daily attendance with the cells of these columns, read again if they stand elsewhere."""
        read = {column for row, column in self.daily.cells if row > 0}
        if columns <= read:
            return self.daily
        again = self.backend.spreadsheets.read(self.message.sheet_id, _columns(columns))
        return again.worksheet(DAILY)

    def _all_punches(self, users: frozenset[str]) -> list[RawPunch]:
        """What the raw data of all sites holds of these users."""
        workbook = self.backend.spreadsheets.read(self.message.sheet_id)
        titles = [sheet.title for sheet in workbook.worksheets if is_raw_title(sheet.title)]
        areas = [area for title in titles for area in raw_data.punch_areas(title)]
        sheets = self.backend.spreadsheets.read(self.message.sheet_id, areas).worksheets
        boundary = self.message.day_boundary
        return [punch for sheet in sheets for punch in raw_data.read_punches(sheet, boundary, users)]

    def _hire_changes(self, people: Mapping[str, Person]) -> list[Change]:
        """Rows for people who are new in the workbook, with all their punches of the period."""
        if not people:
            return []
        users = frozenset(people)
        mine = [punch for punch in self.punches if punch.user in users]
        for punch in mine:
            if punch.day not in self.columns:
                self._report_place("everybody", f"the column of {punch.day:%d-%m-%Y}", punch.day)
        times = times_of([*self._all_punches(users), *mine])
        workbook = self.backend.spreadsheets.read(self.message.sheet_id, hires.AREAS)
        return hires.add_people(workbook, tuple(people.values()), self.message.period, times)

    def _report(self, update: DailyUpdate) -> None:
        site = self.message.location
        for user, day, label in update.typed:
            when = datetime.combine(day, time())
            what = f"{label} of {day:%d-%m-%Y}"
            self.entries.append(exceptions_sheet.kept_as_typed(when, site, self.rows.names[user], what))
        for (user, day), times in update.times.items():
            change = clock_change(day, times, self.message.time_zone)
            if change:
                when = datetime.combine(day, time())
                who = self.rows.names[user]
                self.entries.append(
                    exceptions_sheet.clocks_changed(when, site, who, too_many=change > timedelta())
                )


def clock_change(day: date, times: DayTimes, time_zone: str) -> timedelta:
    """By how much the clocks were put forward between a check-in and its check-out; negative for back.

    Nothing for an unknown zone: a punch is stored all the same.
    """
    if times.check_in is None or times.check_out is None:
        return timedelta()
    try:
        zone = ZoneInfo(time_zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        log.warning("unknown time zone %r: clock changes are not reported", time_zone)
        return timedelta()
    midnight = datetime.combine(day, time(), zone)
    start = (midnight + timedelta(seconds=times.check_in)).utcoffset() or timedelta()
    end = (midnight + timedelta(seconds=times.check_out)).utcoffset() or timedelta()
    return end - start
