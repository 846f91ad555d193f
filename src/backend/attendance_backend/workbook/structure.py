"""Bringing a review sheet's structure up to date: only what is missing is made.

The first time that is everything; later a further site's raw data, days that HR added to the period, or a
worksheet that somebody deleted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from attendance_backend.control.periods import whole_weeks
from attendance_backend.control.roster import Person
from attendance_backend.sheet.changes import AddColumns, Change, RemoveWorksheet, SetLocale, WriteCells
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook import (
    days_sheet,
    exceptions_sheet,
    guide_sheet,
    hires,
    punch_index,
    raw_data,
    sites_sheet,
)
from attendance_backend.workbook import weekly_summary as weekly
from attendance_backend.workbook.days_sheet import Facts
from attendance_backend.workbook.names import (
    DAILY,
    DAYS,
    EXCEPTIONS,
    FIRST_WORKSHEET_ID,
    GUIDE,
    LOCALE,
    PUNCH_INDEX,
    SITES,
    WEEKLY,
    raw_title,
)
from attendance_contracts import ReviewPeriod

TIME_ZONE = "Etc/GMT"
"""All times in the workbook are wall times of their site; no formula asks for the present time."""


@dataclass(frozen=True)
class Content:
    """What the derived worksheets begin with.

    Attributes:
        people: in the order of their rows.
        columns: where the days stand in ``Daily Attendance``, when it exists.
    """

    people: Sequence[Person] = ()
    columns: Mapping[date, int] = field(default_factory=dict)


def lacks_derived(workbook: Spreadsheet) -> bool:
    """Whether `Content` is needed to complete the workbook."""
    return any(workbook.find(title) is None for title in (DAILY, WEEKLY, DAYS))


def missing_worksheets(
    workbook: Spreadsheet, period: ReviewPeriod, location: str, content: Content
) -> list[Change]:
    """What makes the workbook complete for a site."""
    changes: list[Change] = []
    days = whole_weeks(period.first_day, period.last_day)
    columns = content.columns or {day: daily.FIRST_DAY + index for index, day in enumerate(days)}
    if workbook.find(DAILY) is None:
        changes += [SetLocale(LOCALE, TIME_ZONE)]
        changes += daily.create(content.people, days, period, {})
    if workbook.find(WEEKLY) is None:
        changes += weekly.create(content.people, daily.whole_weeks_of(columns))
    if workbook.find(EXCEPTIONS) is None:
        changes += exceptions_sheet.create()
    if workbook.find(raw_title(location)) is None:
        changes += raw_data.create(location)
    if workbook.find(SITES) is None:
        changes += sites_sheet.create()
    if workbook.find(GUIDE) is None:
        changes += guide_sheet.create()
    if workbook.find(DAYS) is None:
        changes += days_sheet.create(content.people, days)
    if workbook.find(PUNCH_INDEX) is None:
        changes += punch_index.create(punch_index.dates_of(period.first_day, period.last_day))
    if changes and _is_untouched(workbook):
        changes.append(RemoveWorksheet(FIRST_WORKSHEET_ID))
    return changes


HEADER_AREAS = (
    Area.of_columns(DAILY, 0, daily.LABEL + 1),
    Area.of_rows(DAILY, 0, 1),
    Area.of_columns(WEEKLY, 0, weekly.FIRST_WEEK),
    Area.of_rows(WEEKLY, 0, 1),
    Area.of_rows(DAYS, 0, 1),
    Area.of_rows(PUNCH_INDEX, 0, 1),
)
"""What must be read to find missing days."""

PEOPLE_AREAS = (*hires.AREAS, Area.of_rows(DAYS, 0, 1))
"""What must be read to add people."""


def add_people(
    view: Spreadsheet, people: Sequence[Person], period: ReviewPeriod, facts: Facts | None = None
) -> list[Change]:
    """Rows for people who have none; `facts` are what their punches say already."""
    return [
        *days_sheet.add_people(view.worksheet(DAYS), people, facts),
        *hires.add_people(view, people, period, {}),
    ]


def missing_days(workbook: Spreadsheet, period: ReviewPeriod) -> list[Change]:
    """Columns for the days of the period behind the last one that is there.

    They are added at the end of the grid, so that nothing that stands in it is touched or moved.
    """
    sheet = workbook.worksheet(DAILY)
    columns = daily.columns_by_day(sheet)
    hidden = [
        *days_sheet.missing_days(workbook.worksheet(DAYS), whole_weeks(period.first_day, period.last_day)),
        *punch_index.missing_dates(
            workbook.worksheet(PUNCH_INDEX), punch_index.dates_of(period.first_day, period.last_day)
        ),
    ]
    last_known = max(columns, default=None)
    if last_known is None or period.last_day <= last_known:
        return hidden
    wanted = whole_weeks(period.first_day, period.last_day)
    days = [day for day in wanted if day > last_known]
    first_column = sheet.column_count
    added = {day: first_column + index for index, day in enumerate(days)}
    changes: list[Change] = [*hidden, AddColumns(sheet.sheet_id, len(days))]
    dates, weekdays = daily.header_rows(days, period)
    header = (dates[len(daily.HEADERS) :], weekdays[len(daily.HEADERS) :])
    changes.append(WriteCells(sheet.sheet_id, 0, first_column, header))
    rows = daily.find_rows(sheet).rows
    for (user, label), first_row in rows.items():
        places = [rows.get((user, other)) for other in daily.LABELS]
        if label != daily.CHECK_IN or places != [first_row, first_row + 1, first_row + 2]:
            continue
        cells = [daily.day_cells(first_row, column, day, period) for day, column in added.items()]
        block = tuple(
            tuple(cell for day in cells for cell in day[index]) for index in range(len(daily.LABELS))
        )
        changes.append(WriteCells(sheet.sheet_id, first_row, first_column, block))
    known_weeks = daily.whole_weeks_of(columns)
    return [*changes, *_missing_weeks(workbook.worksheet(WEEKLY), known_weeks, daily.whole_weeks_of(added))]


def _missing_weeks(sheet: Worksheet, known: Mapping[date, int], weeks: Mapping[date, int]) -> list[Change]:
    labels = weekly.columns_by_label(sheet)
    total = labels.get(weekly.TOTAL)
    first_column = sheet.column_count
    added = {first_column + index: weeks[monday] for index, monday in enumerate(sorted(weeks))}
    changes: list[Change] = [AddColumns(sheet.sheet_id, len(added))]
    header = weekly.week_headers(sorted(weeks))
    changes.append(WriteCells(sheet.sheet_id, 0, first_column, (header,)))
    summed = [labels[label] for label in map(weekly.week_label, sorted(known)) if label in labels]
    for first_row in weekly.first_rows(sheet):
        cells = [weekly.week_cells(first_row, column, monday) for column, monday in added.items()]
        block = tuple(tuple(week[index] for week in cells) for index in range(len(weekly.LABELS)))
        changes.append(WriteCells(sheet.sheet_id, first_row, first_column, block))
        if total is not None:
            totals = weekly.total_cells(first_row, [*summed, *added])
            changes.append(WriteCells(sheet.sheet_id, first_row, total, tuple((cell,) for cell in totals)))
    return changes


def _is_untouched(workbook: Spreadsheet) -> bool:
    """Whether the workbook is as Drive creates it: one worksheet, and none of ours."""
    return [sheet.sheet_id for sheet in workbook.worksheets] == [FIRST_WORKSHEET_ID]
