"""Rows for people who come into a workbook in mid-period: pure logic, no calls."""

from collections.abc import Mapping, Sequence
from datetime import date

from attendance_backend.control.roster import Person
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook import weekly_summary as weekly
from attendance_backend.workbook.daily_attendance import DayTimes
from attendance_backend.workbook.names import DAILY, WEEKLY
from attendance_backend.workbook.sheet_rows import append_rows
from attendance_contracts import ReviewPeriod

AREAS = (Area(DAILY), Area(WEEKLY))
"""What must be read: all of both, so that notes which somebody typed below the tables stay free of new rows."""


def add_people(
    workbook: Spreadsheet,
    people: Sequence[Person],
    period: ReviewPeriod,
    times: Mapping[tuple[str, date], DayTimes],
) -> list[Change]:
    """Append people to the daily attendance and the weekly summary.

    Args:
        workbook: with the cells of `AREAS`.
        people: none of them in the daily attendance.
        period: days outside it are greyed.
        times: check-ins and check-outs, by `Person.key` and day.
    """
    sheet = workbook.worksheet(DAILY)
    columns = daily.columns_by_day(sheet)
    days = {column: day for day, column in columns.items()}
    end_row = max(sheet.end_row(), daily.HEADER_ROWS)
    rows = [
        row
        for index, person in enumerate(people)
        for row in daily.person_rows(person, end_row + index * len(daily.LABELS), days, period, times)
    ]
    weeks = daily.whole_weeks_of(columns)
    return [*append_rows(sheet, end_row, rows), *_add_weekly(workbook.worksheet(WEEKLY), people, weeks)]


def _add_weekly(sheet: Worksheet, people: Sequence[Person], weeks: Mapping[date, int]) -> list[Change]:
    labels = weekly.columns_by_label(sheet)
    columns = {
        labels[weekly.week_label(monday)]: column
        for monday, column in weeks.items()
        if weekly.week_label(monday) in labels
    }
    end_row = max(sheet.end_row(), weekly.HEADER_ROWS)
    known = weekly.known_users(sheet)
    absent = [person for person in people if person.key not in known]
    rows = [
        row
        for index, person in enumerate(absent)
        for row in weekly.person_rows(
            person, end_row + index * len(weekly.LABELS), columns, labels.get(weekly.TOTAL)
        )
    ]
    return append_rows(sheet, end_row, rows)
