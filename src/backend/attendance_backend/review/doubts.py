"""Doubts: which numbers of a month cannot be trusted (yet), of whom, of which day, and why. Pure logic.

Said by the commands `check` and `export`; what stands here is looked up in the worksheets, and computed nowhere else.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from attendance_backend.review import (
    book,
    corrections_sheet,
    daily_columns,
    day_header,
    finalised,
    formulas,
    guide_sheet,
    in_force,
    monthly_columns,
    repairing,
    sites_sheet,
    weekly_columns,
    working_time,
)
from attendance_backend.review.book import Want
from attendance_backend.review.daily_columns import (
    CHECK_TIMES,
    MISSING_IN,
    MISSING_OUT,
    MOST_HOURS,
    NO_DATA,
    OPEN,
)
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.expected_formulas import expected
from attendance_backend.review.finalised import KEYS, Now
from attendance_backend.review.finding import Finding
from attendance_backend.review.names import CORRECTIONS, DAILY, DAYS, GUIDE, MONTHLY, SITES, WEEKLY
from attendance_backend.sheet.changes import Formula
from attendance_backend.sheet.grid import Spreadsheet, Worksheet
from attendance_contracts import ReviewPeriod

_TOLERANCE = 1e-6
_INCOMPLETE = (MISSING_OUT, MISSING_IN, CHECK_TIMES)
_NOT_YET = (NO_DATA, OPEN)


@dataclass(frozen=True, slots=True)
class Doubts:
    """What was found.

    Attributes:
        findings: in order of people and days.
        sites: whose data is not complete, as they are called.
    """

    findings: tuple[Finding, ...]
    sites: frozenset[str]

    def of_person(self, user: str, name: str, site: str) -> list[Finding]:
        """Those that concern somebody."""
        return [
            each
            for each in self.findings
            if (each.user == user if each.user else each.who in ("", name, site))
        ]


def wants(present: Spreadsheet) -> list[Want]:
    """What `doubts` needs of a workbook whose worksheets are known."""
    return [*finalised.wants(present), book.whole(SITES)]


def doubts(view: Spreadsheet, now: Now, *, running: bool = True) -> Doubts:
    """All of them.

    Args:
        view: with the cells of `wants`.
        running: whether to name what a month lacks that is not over.
    """
    period = guide_sheet.period_of(view.worksheet(GUIDE))
    if period is None:
        return Doubts(
            (Finding("", None, f"{GUIDE} does not say any more of which days the month is"),), frozenset()
        )
    is_due = running or now.today > period.last_day
    behind = list(_sites_behind(view, period)) if is_due else []
    found = [
        *behind,
        *_days(view.worksheet(MONTHLY), period, is_due),
        *_hours(view.worksheet(DAILY), period),
        *_typed_over(view, period),
        *_corrections(view.worksheet(CORRECTIONS)),
        *working_time.unknown_kinds(view),
        *_rows_gone(view),
        *in_force.not_understood(view),
    ]
    if guide_sheet.read(view.worksheet(GUIDE)).is_closed and finalised.is_kept(view):
        found += finalised.differences(view, now)
    else:
        corrected = set(finalised.corrected_days(view))
        found += [each for each in finalised.late_punches(view) if (each.user, each.day) not in corrected]
    findings = tuple(sorted(dict.fromkeys(found), key=Finding.order))
    return Doubts(findings, frozenset(each.who for each in behind))


def lines(findings: Iterable[Finding]) -> list[str]:
    """The doubts as lines of text; consecutive days with the same doubt share a line."""
    spans: list[tuple[Finding, Finding]] = []
    for each in findings:
        if spans and _follows(spans[-1][1], each):
            spans[-1] = spans[-1][0], each
        else:
            spans.append((each, each))
    return [str(first) if first is last else _span(first, last) for first, last in spans]


def _follows(last: Finding, each: Finding) -> bool:
    if last.day is None or each.day is None or (each.day - last.day).days > _WEEKEND:
        return False
    return (each.who, each.what, each.user) == (last.who, last.what, last.user)


def _span(first: Finding, last: Finding) -> str:
    return f"{first.who}, {first.day:%d-%m-%Y} to {last.day:%d-%m-%Y}: {first.what}"


_WEEKEND = 3
"""From Friday to Monday."""


def _sites_behind(view: Spreadsheet, period: ReviewPeriod) -> Iterator[Finding]:
    for row in sites_sheet.read(view.worksheet(SITES)).values():
        if row.complete_through is None:
            yield Finding(row.site, None, "no data of this site is known to be complete")
        elif row.complete_through < period.last_day:
            what = f"the site's data is complete to {row.complete_through:%d-%m-%Y} only"
            yield Finding(row.site, None, what)


def _days(sheet: Worksheet, period: ReviewPeriod, is_due: bool) -> Iterator[Finding]:
    """Days without hours that have, or may come to have, some."""
    columns = day_header.columns_by_day(sheet)
    for row in sheet.data_rows():
        user = formulas.user_of(sheet.text(row, monthly_columns.TOKEN))
        if not user:
            continue
        name = sheet.text(row, monthly_columns.EMPLOYEE)
        for day, column in sorted(columns.items()):
            if not period.first_day <= day <= period.last_day:
                continue
            word = sheet.text(row, column)
            if word.endswith(_INCOMPLETE):
                yield Finding(name, day, f"{word}: no hours are counted", user)
            elif is_due and word.endswith(_NOT_YET):
                yield Finding(name, day, word, user)


def _hours(sheet: Worksheet, period: ReviewPeriod) -> Iterator[Finding]:
    """Days that nobody can have worked."""
    columns = day_header.columns_by_day(sheet)
    for key, row in finalised.rows_of(sheet, DAILY).items():
        user, _, label = key.rpartition(daily_columns.KEY_SEPARATOR)
        if label != daily_columns.HOURS_WORKED:
            continue
        for day, column in columns.items():
            number = sheet.number(row, column)
            if number is None or 0 <= number * 24 <= MOST_HOURS + _TOLERANCE:
                continue
            if period.first_day <= day <= period.last_day:
                what = f"{number * 24:.2f} hours on one day"
                yield Finding(sheet.text(row, daily_columns.EMPLOYEE), day, what, user)


def _typed_over(view: Spreadsheet, period: ReviewPeriod) -> Iterator[Finding]:
    """Numbers over formulas, and formulas that are not the program's."""
    if finalised.is_kept(view):
        yield from finalised.kept_beside_formulas(view)
        return
    for title, formulas_of in expected(view, period, KEYS):
        sheet = view.worksheet(title)
        shown = finalised.columns_of(sheet)
        for key, row in finalised.rows_of(sheet, title).items():
            for name, column in shown.items():
                cell, formula = sheet.cells.get((row, column)), formulas_of.get((row, column))
                if not isinstance(formula, Formula) or (
                    cell is not None and repairing.is_ours(title, cell.formula, formula)
                ):
                    continue
                value = None if cell is None else cell.value
                yield finalised.typed_over(sheet, (row, column), key, name, value)


def _rows_gone(view: Spreadsheet) -> Iterator[Finding]:
    """Rows that somebody deleted; in a month that is kept they are told of as changes."""
    days = view.find(DAYS)
    if days is None or finalised.is_kept(view):
        return
    there = {title: finalised.rows_of(sheet, title) for title, sheet in finalised.sheets_of(view)}
    for user, member in Days(days).members.items():
        for title, keys in (
            (DAILY, [daily_columns.key_of(user, label) for label in daily_columns.LABELS]),
            (WEEKLY, [daily_columns.key_of(user, label) for label in weekly_columns.LABELS]),
            (MONTHLY, [formulas.token_of(user)]),
        ):
            if title in there and any(key not in there[title] for key in keys):
                what = f"a row is gone from {title}: the next visit, or attendance-backend refresh, makes it again"
                yield Finding(member.employee, None, what, user)


def _corrections(sheet: Worksheet) -> Iterator[Finding]:
    """Rows of HR's that do not count."""
    for row in sheet.data_rows():
        status = sheet.text(row, corrections_sheet.STATUS)
        is_typed = any((row, sheet.at(column)) in sheet.cells for column in corrections_sheet.TYPED)
        answer = sheet.cells.get((row, sheet.at(corrections_sheet.STATUS)))
        is_unknown = answer is not None and answer.is_formula and answer.value is None and not answer.is_error
        if not is_typed or is_unknown or status == corrections_sheet.NOT_KEPT:
            continue
        if answer is not None and answer.is_error:
            status = "it shows an error"
        elif answer is not None and not answer.is_formula:
            status = "its Status is typed over"
        # What counts and makes a contradiction is told of the day.
        counts = status.startswith((corrections_sheet.APPLIED, corrections_sheet.NOTED, CHECK_TIMES))
        if not counts or corrections_sheet.ANOTHER in status:
            who = sheet.label(row, corrections_sheet.EMPLOYEE) or f"row {row + 1} of {sheet.title}"
            day = sheet.date(row, corrections_sheet.DATE)
            what = (
                f"a correction does not count{' on all its days' if counts else ''} ({sheet.title}, row {row + 1}): "
                f"{status or 'it has no Status'}"
            )
            yield Finding(who, day, what, formulas.user_of(sheet.text(row, corrections_sheet.USER)))
