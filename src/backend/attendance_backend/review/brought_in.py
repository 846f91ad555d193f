"""What the days have of a week that ends in the next workbook: hours, overtime of days, expected hours."""

from collections.abc import Mapping, Sequence
from datetime import date

from attendance_backend.review import (
    book,
    completion,
    daily_columns,
    day_header,
    days_sheet,
    guide_sheet,
    plan_columns,
    weekly_summary,
)
from attendance_backend.review.book import GUIDE_VALUES, Want, whole
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.names import DAILY, DAYS, GUIDE, PLAN, WEEKLY
from attendance_backend.sheet.grid import Spreadsheet

Brought = tuple[float, float, float, float, float]
"""Hours, overtime of days and expected hours, in days (0.5 is 12 h); check-ins by which a penalty is judged, and how
many minutes they are late on average."""
Found = Mapping[str, Sequence[Brought] | None]
"""Of each day, by `Person.key`; None for whom a workbook cannot tell now, as its formulas are being computed."""
_SECONDS_A_DAY, _MINUTES_A_DAY = 86_400, 1440


def wants(present: Spreadsheet) -> list[Want]:
    """What `of_days` needs of a workbook whose worksheets are known."""
    there = [whole(title) for title in (PLAN,) if present.find(title) is not None]
    return [whole(DAILY), whole(DAYS), book.columns(WEEKLY), GUIDE_VALUES, *there]


def of_days(view: Spreadsheet, days: Sequence[date], balance_leave: str) -> Found:
    """What a workbook shows of some days: corrections count.

    Args:
        view: with the cells of `wants`.
        days: of one week.
        balance_leave: a kind of leave whose hours are expected.
    """
    sheet, facts = view.worksheet(DAILY), Days(view.worksheet(DAYS))
    rows, columns = sheet.rows_by(daily_columns.KEY), day_header.columns_by_day(sheet)
    helpers = day_header.columns_by_day(sheet, day_header.WEEKDAY)
    plan = view.find(PLAN)
    planned = {} if plan is None else plan.rows_by(plan_columns.KEY)
    plan_days = {} if plan is None else day_header.columns_by_day(plan)
    beyond = guide_sheet.read(view.worksheet(GUIDE)).overtime_after_s / _SECONDS_A_DAY
    cut_offs = completion.cut_offs_in(view.worksheet(WEEKLY))
    found: dict[str, Sequence[Brought] | None] = {}
    for user, measures in facts.rows.items():
        row = rows.get(daily_columns.key_of(user, daily_columns.HOURS_WORKED))
        if row is None:
            continue
        cells = [sheet.cells.get((row, columns[day])) for day in days if day in columns]
        if any(cell is None or cell.value is None for cell in cells):
            found[user] = None
            continue
        of_plan = planned.get(daily_columns.key_of(user, plan_columns.OVERTIME))
        due = measures.get(days_sheet.EXPECTED)
        due_after = measures.get(days_sheet.DUE)
        check_ins = rows.get(daily_columns.key_of(user, daily_columns.CHECK_IN))
        of_user = list[Brought]()
        for day in days:
            hours = (sheet.number(row, columns[day]) or 0.0) if day in columns else 0.0
            overtime = expected = 0.0
            if plan is None or of_plan is None:
                overtime = max(0.0, hours - beyond)
            elif day in plan_days:
                overtime = plan.number(of_plan, plan_days[day]) or 0.0
            if due is not None and day in facts.columns and day in helpers:
                length = facts.worksheet.number(due, facts.columns[day]) or 0.0
                expected = length * _expected(sheet.text(row, helpers[day]), balance_leave)
            late = None
            if check_ins is not None and day in columns and day in helpers:
                after = (
                    None
                    if due_after is None
                    else facts.worksheet.number(due_after, facts.columns.get(day, -1))
                )
                late = _late(
                    sheet.number(check_ins, columns[day]),
                    sheet.text(row, helpers[day]),
                    cut_offs[user] / _SECONDS_A_DAY if after is None and user in cut_offs else after,
                )
            of_user.append((hours, overtime, expected, float(late is not None), late or 0.0))
        found[user] = of_user
    return found


def joined(workbooks: Sequence[Found]) -> Mapping[str, Brought]:
    """The sums over all days, by `Person.key`; of each day what the first workbook has in which hours stand.

    Of whom one of them cannot tell there is nothing: what was brought in before stays.
    """
    sums: dict[str, Brought] = {}
    for user in {user for each in workbooks for user in each}:
        found = [each[user] for each in workbooks if user in each]
        known = [each for each in found if each is not None]
        if len(known) == len(found):
            chosen = [
                next((each for each in of_day if each[0]), of_day[0]) for of_day in zip(*known, strict=True)
            ]
            hours, overtime, expected, count, late = (
                sum(each[number] for each in chosen) for number in range(5)
            )
            sums[user] = hours, overtime, expected, count, late / count if count else 0.0
    return sums


def _late(check_in: float | None, otherwise: str, after: float | None) -> float | None:
    """How many minutes a check-in is late, as `Weekly Summary` judges it; None for one that it does not.

    Args:
        check_in: as a part of a day, as is `after`.
        otherwise: the word for the day if nobody comes.
        after: what is due; None for nothing.
    """
    is_free = otherwise in weekly_summary.FREE or any(
        f", {part} " in otherwise for part in weekly_summary.EXCUSED
    )
    return None if check_in is None or after is None or is_free else (check_in - after) * _MINUTES_A_DAY


def _expected(word: str, balance_leave: str) -> float:
    """How much of a day is expected, by the word for it if nobody came."""
    if word == daily_columns.ABSENT or (balance_leave and word == f"{daily_columns.LEAVE} ({balance_leave})"):
        return 1
    if not word.startswith(f"{daily_columns.ABSENT}, "):
        return 0
    return 1 if balance_leave and word.endswith(f" {balance_leave}") else 0.5
