"""Sums over the days of a week that ends in the next workbook: hours, overtime of days, expected hours."""

from collections.abc import Mapping, Sequence
from datetime import date

from attendance_backend.review import daily_attendance as daily
from attendance_backend.review import (
    daily_columns,
    day_header,
    days_sheet,
    guide_sheet,
    plan_columns,
    plan_sheet,
)
from attendance_backend.review.book import GUIDE_VALUES, Want, whole
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.names import DAILY, DAYS, GUIDE, PLAN
from attendance_backend.sheet.grid import Spreadsheet

Brought = tuple[float | None, float | None, float | None]
_HOURS_A_DAY = 86_400


def wants(present: Spreadsheet) -> list[Want]:
    """What `of_days` needs of a workbook whose worksheets are known."""
    there = [whole(title) for title in (PLAN,) if present.find(title) is not None]
    return [whole(DAILY), whole(DAYS), GUIDE_VALUES, *there]


def of_days(view: Spreadsheet, days: Sequence[date], balance_leave: str) -> Mapping[str, Brought]:
    """The sums over some days by `Person.key`, in days (0.5 is 12 h), as the workbook shows them: corrections count.

    Args:
        view: with the cells of `wants`.
        days: of one week.
        balance_leave: a kind of leave whose hours are expected.
    """
    sheet, facts = view.worksheet(DAILY), Days(view.worksheet(DAYS))
    rows, columns = daily.rows_by_key(sheet), day_header.columns_by_day(sheet)
    helpers = day_header.columns_by_day(sheet, day_header.WEEKDAY)
    plan = view.find(PLAN)
    planned = {} if plan is None else plan_sheet.rows_by_key(plan)
    plan_days = {} if plan is None else day_header.columns_by_day(plan)
    beyond_s = guide_sheet.read(view.worksheet(GUIDE)).overtime_after_s
    found: dict[str, Brought] = {}
    for user in facts.rows:
        row = rows.get(daily_columns.key_of(user, daily_columns.HOURS_WORKED))
        if row is None:
            continue
        places = [(row, columns[day]) for day in days if day in columns]
        if any((cell := sheet.cells.get(place)) is None or cell.value is None for place in places):
            continue  # nobody knows it now: what was found before stays
        hours = {day: sheet.number(row, columns[day]) or 0.0 for day in days if day in columns}
        of_plan = planned.get(plan_sheet.key_of(user, plan_columns.OVERTIME))
        overtime = sum(
            max(0.0, worked - beyond_s / _HOURS_A_DAY)
            if plan is None or of_plan is None
            else plan.number(of_plan, plan_days[day]) or 0.0
            for day, worked in hours.items()
            if plan is None or of_plan is None or day in plan_days
        )
        expected = 0.0
        due = facts.rows[user].get(days_sheet.EXPECTED)
        for day in days if due is not None else ():
            assert due is not None
            if day in facts.columns and day in helpers:
                length = facts.worksheet.number(due, facts.columns[day]) or 0.0
                expected += length * _expected(sheet.text(row, helpers[day]), balance_leave)
        found[user] = sum(hours.values()), overtime, expected
    return found


def _expected(word: str, balance_leave: str) -> float:
    """How much of a day is expected, by the word for it if nobody came."""
    if word == daily_columns.ABSENT or (balance_leave and word == f"{daily_columns.LEAVE} ({balance_leave})"):
        return 1
    if not word.startswith(f"{daily_columns.ABSENT}, "):
        return 0
    return 1 if balance_leave and word.endswith(f" {balance_leave}") else 0.5
