"""Bringing a review workbook's structure up to date: only what is missing is made.

The first time that is everything; later a further site's raw data, days that HR added to the period, people who came,
or a worksheet that somebody deleted.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import partial

from attendance_backend.domain.people import Person, of_period, user_key
from attendance_backend.domain.periods import whole_weeks
from attendance_backend.review import (
    book,
    corrections_sheet,
    day_header,
    days_sheet,
    exceptions_sheet,
    formulas,
    guide_sheet,
    punch_index,
    raw_data,
    sites_sheet,
)
from attendance_backend.review import daily_attendance as daily
from attendance_backend.review import daily_columns as dc
from attendance_backend.review import monthly_columns as mc
from attendance_backend.review import monthly_summary as monthly
from attendance_backend.review import weekly_columns as wc
from attendance_backend.review import weekly_summary as weekly
from attendance_backend.review.book import Want
from attendance_backend.review.daily_attendance import DayColumns
from attendance_backend.review.days_sheet import Days, Facts
from attendance_backend.review.formulas import Places
from attendance_backend.review.guide_sheet import Parameters
from attendance_backend.review.names import (
    AMENDMENTS,
    CORRECTIONS,
    DAILY,
    DAYS,
    EXCEPTIONS,
    GUIDE,
    KEPT,
    LOCALE,
    MONTHLY,
    PUNCH_INDEX,
    SITES,
    WEEKLY,
    is_raw_title,
    raw_title,
    workbook_title,
)
from attendance_backend.review.punch_index import PunchIndex
from attendance_backend.review.weekly_summary import WeekColumns
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddRows,
    AddWorksheet,
    Change,
    NewCell,
    RemoveWorksheet,
    SetLocale,
    SetTitle,
    WriteCells,
)
from attendance_backend.sheet.grid import FIRST_WORKSHEET_ID, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.preview import after
from attendance_contracts import ReviewPeriod

TIME_ZONE = "Etc/GMT"
"""All times in the workbook are wall times of their site; no formula asks for the present time."""

PEOPLE = (
    *(book.columns(title) for title in (DAYS, DAILY, WEEKLY, MONTHLY)),
    book.header(CORRECTIONS, optional=True),
    book.header(SITES),
    book.GUIDE_VALUES,
)
"""What must be read to add people or days; `Days` and `Punch Index` must be there."""

SYNC = (*PEOPLE, book.columns(PUNCH_INDEX))
"""What must be read for `people_of`."""

HEADERS = (*PEOPLE, book.header(PUNCH_INDEX))
"""What must be read for `missing_days`."""

MOST_ADDED = 40
"""People in one request: each takes about 30 KB."""

_ORDER = (EXCEPTIONS, DAILY, WEEKLY, MONTHLY, CORRECTIONS, SITES, GUIDE, DAYS, PUNCH_INDEX)
_DERIVED = (DAILY, WEEKLY, MONTHLY)
_WHOLE = (*_DERIVED, DAYS)


@dataclass(frozen=True)
class Content:
    """What the worksheets begin with.

    Attributes:
        people: HR's list, in the order of their rows; who is not employed in the period gets none.
        holidays: as `day_header.texts_of` makes them.
        parameters: for ``Guide``.
        shared_with: in words, for ``Guide``.
        headers: as `header_wants` names them.
        group: of the workbook; empty for none.
        week_begins_on: the weekday, 0 is Monday, where weeks are only now made.
    """

    people: Sequence[Person] = ()
    holidays: Mapping[date, str] = field(default_factory=dict)
    parameters: Parameters = field(default_factory=Parameters)
    shared_with: str = ""
    headers: Spreadsheet | None = None
    group: str = ""
    week_begins_on: int = 0


def locale_changes(present: Spreadsheet) -> list[Change]:
    """What puts the locale and time zone back that somebody changed: formulas are spelled in the program's."""
    if not present.locale or (present.locale, present.time_zone) == (LOCALE, TIME_ZONE):
        return []
    return [SetLocale(LOCALE, TIME_ZONE)]


_SHADED = {DAILY: (dc.SITE_NAME, dc.WEEKENDS), MONTHLY: (mc.SITE, mc.WEEKENDS)}
"""Worksheets whose days are shaded: the columns by which."""


def with_earlier_colours(present: Spreadsheet) -> list[str]:
    """The worksheets that shade weekends as release 0.1.0 did; `present` without cells."""
    sheets = ((title, present.find(title)) for title in _SHADED)
    return [title for title, sheet in sheets if sheet is not None and day_header.has_earlier_colours(sheet)]


def coloured_anew(present: Spreadsheet, headers: Spreadsheet, titles: Collection[str]) -> list[Change]:
    """What lets these worksheets shade weekends by what HR sets; `headers` with theirs."""
    return [
        change
        for title in titles
        for change in day_header.coloured_anew(
            present.worksheet(title), headers.worksheet(title), *_SHADED[title]
        )
    ]


def lacks_derived(workbook: Spreadsheet) -> bool:
    """Whether `Content` is needed to complete the workbook."""
    return any(workbook.find(title) is None for title in (*_WHOLE, CORRECTIONS, GUIDE))


def can_grow(workbook: Spreadsheet) -> bool:
    """Whether `HEADERS` and ``Sites`` can be read: a worksheet that is only now made has nothing to add."""
    return all(workbook.find(title) is not None for title in (*_WHOLE, PUNCH_INDEX, GUIDE, SITES))


def header_wants(workbook: Spreadsheet) -> list[Want]:
    """What to read for `Content.headers`: the headers of all worksheets that are there."""
    return [
        book.GUIDE_VALUES if title == GUIDE else book.header(title)
        for title in _ORDER
        if workbook.find(title) is not None
    ]


def missing_worksheets(
    workbook: Spreadsheet, period: ReviewPeriod, locations: Sequence[str], content: Content
) -> list[Change]:
    """What makes the workbook complete for sites.

    Args:
        workbook: its worksheets, without cells.
        locations: the sites whose raw data has a place afterwards, each once.
        content: empty when `lacks_derived` says so.
    """
    lacking = [title for title in _ORDER if workbook.find(title) is None]
    headers = content.headers or replace(workbook, worksheets=())
    at, layout = _planned(period, headers, lacking, content.week_begins_on)
    people = of_period(content.people, period)
    example = f"{period.last_day:%d-%m-%Y}"
    parameters = content.parameters
    if workbook.find(KEPT) is not None:  # a month that is values stays so, whoever deletes what says it
        parameters = replace(parameters, finalised=True, kept_on="a day that was deleted with this worksheet")
    makers: Mapping[str, Callable[[], list[Change]]] = {
        EXCEPTIONS: lambda: exceptions_sheet.create(at),
        DAILY: lambda: daily.create(people, sorted(layout.days), period, content.holidays, at),
        WEEKLY: lambda: weekly.create(people, layout.weeks, at),
        MONTHLY: lambda: monthly.create(
            people, layout.daily, period, content.holidays, layout.weekly_total, at=at
        ),
        CORRECTIONS: lambda: corrections_sheet.create(
            at, example, weekly.weeks_in(at.sheets[WEEKLY], layout.weeks)
        ),
        **{raw_title(location): partial(raw_data.create, location) for location in locations},
        SITES: lambda: sites_sheet.create(_sites(workbook, locations)),
        GUIDE: lambda: guide_sheet.create(period, parameters, content.shared_with, at),
        DAYS: lambda: days_sheet.create(people, sorted(layout.days)),
        PUNCH_INDEX: lambda: punch_index.create(punch_index.dates_of(period.first_day, period.last_day)),
    }
    made = [make() for title, make in makers.items() if workbook.find(title) is None]
    if not made:
        return [RemoveWorksheet(sheet.sheet_id) for sheet in workbook.worksheets if sheet.is_being_made]
    changes = _placed(workbook, made)
    if workbook.find(DAILY) is None:
        changes.insert(0, SetLocale(LOCALE, TIME_ZONE))
    if _is_untouched(workbook):
        changes += [SetTitle(workbook_title(period, content.group)), RemoveWorksheet(FIRST_WORKSHEET_ID)]
    return changes


def people_of(view: Spreadsheet, people: Sequence[Person], period: ReviewPeriod) -> list[Person]:
    """Those of HR's list who need rows: employed on a day of the period, in the workbook already, or known by a punch.

    Args:
        view: with the cells of `SYNC`.
    """
    days = view.worksheet(DAYS)
    rows = {
        *_keys(days),
        *view.worksheet(DAILY).rows_by(dc.KEY),
        *view.worksheet(WEEKLY).rows_by(wc.KEY),
        *view.worksheet(MONTHLY).rows_by(mc.TOKEN),
    }
    there = {person.key for person in people if not rows.isdisjoint(_names_of_rows(person))}
    return of_period(people, period, PunchIndex(view.worksheet(PUNCH_INDEX)).rows, there)


def _names_of_rows(person: Person) -> tuple[str, ...]:
    """By one of which a worksheet's rows of a person are found."""
    return (
        days_sheet.key_of(person.key, days_sheet.IN),
        dc.key_of(person.key, dc.CHECK_IN),
        dc.key_of(person.key, wc.AVERAGE),
        formulas.token_of(person.key),
    )


def check_settings(view: Spreadsheet) -> None:
    """Raises LayoutError when ``Guide`` lacks a setting that formulas name; `view` as for `add_people`."""
    at = book.places_of(view)
    for name in (guide_sheet.COMPLETE, guide_sheet.GRACE, guide_sheet.OVERTIME):
        at.cell(name)


def add_people(view: Spreadsheet, people: Sequence[Person], facts: Facts | None = None) -> list[Change]:
    """Rows at the ends of the grids of Days, Daily, Weekly and Monthly for people who have none there.

    Args:
        view: with the cells of `PEOPLE`.
        people: those who have rows already get none.
        facts: what the stored punches say of them, for ``Days``.
    """
    at = book.places_of(view)
    days, sheet = view.worksheet(DAYS), view.worksheet(DAILY)
    week_sheet, month_sheet = view.worksheet(WEEKLY), view.worksheet(MONTHLY)
    keys = _keys(days)
    new = [person for person in people if days_sheet.key_of(person.key, days_sheet.IN) not in keys]
    changes = days_sheet.add_people(days, new, facts) if new else []
    places = DayColumns.of(sheet, days)
    begins_on = weekly.begins_on(week_sheet, places.columns)
    weeks = WeekColumns.of(week_sheet, day_header.whole_weeks_of(places.columns, places.helpers, begins_on))
    lacking = _lacking(people, dc.LABELS, sheet.rows_by(dc.KEY))
    changes += _grown(
        sheet,
        len(lacking),
        [
            change
            for row, (person, label) in enumerate(lacking, sheet.row_count)
            for change in daily.person_row(person, label, row, places, at)
        ],
    )
    lacking = _lacking(people, wc.LABELS, week_sheet.rows_by(wc.KEY))
    cells = {
        place: cell
        for row, (person, label) in enumerate(lacking, week_sheet.row_count)
        for place, cell in weekly.person_row(person, label, row, weeks, at).items()
    }
    changes += _grown(week_sheet, len(lacking), write_cells(week_sheet.sheet_id, cells))
    tokens = month_sheet.rows_by(mc.TOKEN)
    new = [person for person in people if formulas.token_of(person.key) not in tokens]
    runs = day_header.runs(day_header.columns_by_day(month_sheet), places.columns, places.helpers)
    rows = monthly.person_rows(new, month_sheet.row_count, runs, weeks.total, at)
    return changes + _grown(month_sheet, len(new), rows)


def next_lacking(view: Spreadsheet, people: Sequence[Person]) -> list[Person]:
    """The first of those who lack rows: as many as are added in one request; `view` as for `add_people`."""
    keys, tokens = _keys(view.worksheet(DAYS)), view.worksheet(MONTHLY).rows_by(mc.TOKEN)
    lacking = {
        person.key
        for person in people
        if days_sheet.key_of(person.key, days_sheet.IN) not in keys
        or formulas.token_of(person.key) not in tokens
    }
    for labels, rows in (
        (dc.LABELS, view.worksheet(DAILY).rows_by(dc.KEY)),
        (wc.LABELS, view.worksheet(WEEKLY).rows_by(wc.KEY)),
    ):
        lacking |= {person.key for person, _ in _lacking(people, labels, rows)}
    return [person for person in people if person.key in lacking][:MOST_ADDED]


def _keys(days: Worksheet) -> set[str]:
    return {days.text(row, days_sheet.KEY) for row in range(days.end_row())}


def _lacking(
    people: Sequence[Person], labels: Sequence[str], rows: Mapping[str, int]
) -> list[tuple[Person, str]]:
    """The rows that people lack: all, or those that somebody deleted."""
    return [
        (person, label) for person in people for label in labels if dc.key_of(person.key, label) not in rows
    ]


def missing_days(
    view: Spreadsheet, period: ReviewPeriod, holidays: Mapping[date, str] | None = None
) -> list[Change]:
    """Columns for the days of the period behind the last one that is there.

    They are added at the ends of the grids, so that nothing that stands in them is touched or moved.

    Args:
        view: with the cells of `HEADERS`.
        period: as it is now.
        holidays: as `day_header.texts_of` makes them; None when they are not known, and stay.
    """
    at = book.places_of(view)
    sheet, days = view.worksheet(DAILY), view.worksheet(DAYS)
    month_sheet, index = view.worksheet(MONTHLY), view.worksheet(PUNCH_INDEX)
    begins_on = weekly.begins_on(view.worksheet(WEEKLY), day_header.columns_by_day(sheet))
    expected = whole_weeks(period.first_day, period.last_day, begins_on)
    if back := [*day_header.put_back(sheet, expected), *day_header.put_back(month_sheet, expected)]:
        return back
    changes = day_header.missing_days(days, expected)
    changes += day_header.missing_days(index, punch_index.dates_of(period.first_day, period.last_day))
    known = day_header.columns_by_day(sheet)
    new = [day for day in expected if day not in known]
    sources = day_header.columns_by_day(after(days, changes))
    helpers = day_header.columns_by_day(sheet, day_header.WEEKDAY)
    helped = [day for day in expected if day not in helpers]
    added = DayColumns.added(sheet, new, helped, sources)
    names = holidays or {}
    if new or helped:
        changes += daily.add_days(sheet, added, period, names, at)
        if (corrections := view.find(CORRECTIONS)) is not None:
            at.sheets[DAILY] = after(sheet, changes)
            changes += corrections_sheet.looked_up_anew(corrections, f"{period.last_day:%d-%m-%Y}", at)
    every = {**known, **added.columns}
    before = day_header.whole_weeks_of(known, added.helpers, begins_on)
    weeks = day_header.whole_weeks_of(every, added.helpers, begins_on)
    labels = weekly.columns_by_label(view.worksheet(WEEKLY))
    lacking_weeks = {
        first: places for first, places in weeks.items() if weekly.week_label(first) not in labels
    }
    changes += weekly.missing_weeks(view.worksheet(WEEKLY), before, lacking_weeks, at)
    in_month = day_header.columns_by_day(month_sheet)
    lacking = [day for day in expected if day not in in_month]
    changes += monthly.missing_days(month_sheet, lacking, (every, added.helpers), period, names, at=at)
    return [
        *changes,
        *_days_that_joined(sheet, period, names),
        *_days_that_joined(month_sheet, period, names),
        *guide_sheet.update_period(view.worksheet(GUIDE), period),
    ]


def _days_that_joined(sheet: Worksheet, period: ReviewPeriod, holidays: Mapping[date, str]) -> list[Change]:
    """Days of the last week that did not belong to the period before, or do not any more."""
    other = day_header.OTHER_PERIOD
    return [
        change
        for change in day_header.update(sheet, period, holidays)
        if isinstance(change, WriteCells)
        and other in (sheet.text(change.row, change.column), change.rows[0][0].value)
    ]


def update_holidays(view: Spreadsheet, period: ReviewPeriod, holidays: Mapping[date, str]) -> list[Change]:
    """The names of holidays in the headers, where they differ; `view` as for `add_people`."""
    return [
        change
        for title in (DAILY, MONTHLY)
        for change in day_header.update(view.worksheet(title), period, holidays)
    ]


def update_weekends(view: Spreadsheet, weekends: Mapping[str, Collection[int] | None]) -> list[Change]:
    """Which days are shaded, where it differs; of what nobody understands nothing. `view` as for `add_people`."""
    known = {site: days for site, days in weekends.items() if days is not None}
    text = day_header.weekends_text(known)
    return [
        change
        for title, column in ((DAILY, dc.WEEKENDS), (MONTHLY, mc.WEEKENDS))
        for change in day_header.update_weekends(view.worksheet(title), column, text)
        if len(known) == len(weekends)
    ]


def update_people(view: Spreadsheet, people: Sequence[Person]) -> list[Change]:
    """Names, device user IDs, sites and groups of people who are in the workbook, where HR's list says otherwise.

    A name is changed where it still reads as the program wrote it; what somebody typed over it stays. Cut-off times
    are not changed: they are HR's to change in each workbook.

    Args:
        view: with the cells of `PEOPLE`.
    """
    days = view.worksheet(DAYS)
    rows = {days.text(row, days_sheet.KEY): row for row in days.data_rows()}
    changes: list[Change] = []
    for person in people:
        row = rows.get(days_sheet.key_of(person.key, days_sheet.IN))
        if row is None:
            continue
        before = days.text(row, days_sheet.EMPLOYEE)
        expected = {
            days_sheet.EMPLOYEE: person.name,
            days_sheet.DEVICE_USER_ID: person.device_user_id,
            days_sheet.SITE: person.site,
        }
        changes += [
            _cell(days, row, column, text)
            for column, text in expected.items()
            if days.label(row, column) != text
        ]
        below = rows.get(days_sheet.key_of(person.key, days_sheet.OUT))
        known = days_sheet.machine_ids_text(person.machine_ids)
        if below is not None and days.text(below, days_sheet.MACHINE_IDS) != known:
            changes.append(_cell(days, below, days_sheet.MACHINE_IDS, known))
        if before != person.name:
            changes += _renamed(view, person, before)
        changes += _of_payroll(view.worksheet(MONTHLY), person)
    return changes + _lost_cut_offs(view.worksheet(WEEKLY), people)


def _lost_cut_offs(sheet: Worksheet, people: Sequence[Person]) -> list[Change]:
    """Cut-off times that are gone with their column: it was made again, behind the weeks.

    A single one that HR emptied stays empty, as long as the column stands where it was.
    """
    rows, place = sheet.rows_by(wc.KEY), sheet.at(wc.CUT_OFF)
    if place < weekly.columns_by_label(sheet).get(wc.TOTAL, place + 1):
        return []
    first = {person: rows.get(dc.key_of(person.key, wc.AVERAGE)) for person in people}
    cells = {
        (row, place): weekly.cut_off_cell(person)
        for person, row in first.items()
        if row is not None and (row, place) not in sheet.cells
    }
    return [*write_cells(sheet.sheet_id, cells)]


def update_employment(view: Spreadsheet, people: Sequence[Person]) -> list[Change]:
    """First and last days of people in the workbook, where HR's list says otherwise; `view` as for `add_people`.

    Those of people who are not in the list any more stay: whoever left does not become absent with it.
    """
    days = Days(view.worksheet(DAYS))
    return [*write_cells(days.worksheet.sheet_id, days.employment(people))]


def _renamed(view: Spreadsheet, person: Person, before: str) -> list[Change]:
    sheet, week_sheet, month_sheet = (view.worksheet(title) for title in _DERIVED)
    daily_rows, weekly_rows = sheet.rows_by(dc.KEY), week_sheet.rows_by(wc.KEY)
    month_row = month_sheet.rows_by(mc.TOKEN).get(formulas.token_of(person.key))
    places = [
        *((sheet, daily_rows.get(dc.key_of(person.key, label)), dc.EMPLOYEE) for label in dc.LABELS),
        *((week_sheet, weekly_rows.get(dc.key_of(person.key, label)), wc.EMPLOYEE) for label in wc.LABELS),
        (month_sheet, month_row, mc.EMPLOYEE),
    ]
    return [
        _cell(worksheet, row, column, person.name)
        for worksheet, row, column in places
        if row is not None and worksheet.text(row, column) == before
    ]


def _of_payroll(month_sheet: Worksheet, person: Person) -> list[Change]:
    """Group and user name in ``Monthly Summary``, by which payroll knows people."""
    row = month_sheet.rows_by(mc.TOKEN).get(formulas.token_of(person.key))
    if row is None:
        return []
    changes = []
    if month_sheet.text(row, mc.GROUP) != person.group:
        changes.append(_cell(month_sheet, row, mc.GROUP, person.group))
    if user_key(month_sheet.label(row, mc.USER_NAME)) != person.key:
        changes.append(_cell(month_sheet, row, mc.USER_NAME, person.user_name))
    return changes


@dataclass(frozen=True)
class _Layout:
    """Where days stand, or will stand once the worksheets are made.

    Attributes:
        days: of ``Days``.
        daily: of ``Daily Attendance``.
        weeks: of ``Daily Attendance``, by their first days.
        weekly_total: of ``Weekly Summary``.
    """

    days: Mapping[date, int]
    daily: Mapping[date, int]
    weeks: Mapping[date, weekly.Days]
    weekly_total: int | None


def _planned(
    period: ReviewPeriod, headers: Spreadsheet, lacking: Sequence[str], begins_on: int
) -> tuple[Places, _Layout]:
    """Where everything will stand once the worksheets that are lacking are made."""
    days = whole_weeks(period.first_day, period.last_day, begins_on)
    known = {sheet.role: sheet for sheet in book.ours(headers)}
    at = book.places_of(replace(headers, absent=frozenset()), lacking)
    if DAYS in known:
        days = sorted(day_header.columns_by_day(known[DAYS]))
    else:
        at.sheets[DAYS] = day_header.as_made(days_sheet.LAYOUT, days)
    if DAILY not in known:
        at.sheets[DAILY] = daily.as_made(days)
    columns, helpers = (
        day_header.columns_by_day(at.sheets[DAILY], line) for line in (day_header.DATE, day_header.WEEKDAY)
    )
    weeks = day_header.whole_weeks_of(columns, helpers, weekly.begins_on(known.get(WEEKLY), columns))
    if WEEKLY not in known:
        at.sheets[WEEKLY] = weekly.made(weeks)
    total = weekly.columns_by_label(at.sheets[WEEKLY]).get(wc.TOTAL)
    return at, _Layout(day_header.columns_by_day(at.sheets[DAYS]), columns, weeks, total)


def _placed(workbook: Spreadsheet, made: Sequence[Sequence[Change]]) -> list[Change]:
    """The worksheets that are made, each added at its place; what they hold comes after all of them are there.

    A formula must not be written before the worksheets that it names exist.
    """
    titles = [sheet.role or sheet.title for sheet in workbook.worksheets if not sheet.is_being_made]
    added: list[Change] = []
    filled: list[Change] = []
    for changes in made:
        for change in changes:
            if not isinstance(change, AddWorksheet):
                filled.append(change)
                continue
            index = sum(_place(title) <= _place(change.title) for title in titles)
            titles.insert(index, change.title)
            added.append(replace(change, index=index))
    return [*added, *filled]


def _place(title: str) -> float:
    """Where a worksheet belongs; HR's own ones stand behind the visible ones of the program."""
    if is_raw_title(title):
        return _ORDER.index(CORRECTIONS) + 0.25
    if title == AMENDMENTS:
        return _ORDER.index(CORRECTIONS) + 0.5
    if title in _ORDER:
        return float(_ORDER.index(title))
    return _ORDER.index(GUIDE) + 0.5


def _sites(workbook: Spreadsheet, locations: Sequence[str]) -> list[str]:
    """The sites that have raw data, those that get it included."""
    known = [(sheet.role or "")[len(raw_title("")) :] for sheet in book.raw_sheets(workbook)]
    there = {site.casefold() for site in known}
    return [*known, *(location for location in locations if location.casefold() not in there)]


def _grown(sheet: Worksheet, count: int, changes: Sequence[Change]) -> list[Change]:
    """The changes, after the grid was made longer for them; none for no rows."""
    return [AddRows(sheet.sheet_id, count), *changes] if count else []


def _cell(sheet: Worksheet, row: int, column: Column, text: str) -> Change:
    return WriteCells(sheet.sheet_id, row, sheet.at(column), ((NewCell(text or None),),))


def _is_untouched(workbook: Spreadsheet) -> bool:
    """Whether the workbook is as Drive creates it, but for what an attempt to fill it left: no worksheet is ours."""
    whole = (sheet.sheet_id for sheet in workbook.worksheets if not sheet.is_being_made)
    return [*whole] == [FIRST_WORKSHEET_ID]
