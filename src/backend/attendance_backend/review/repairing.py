"""Formulas that somebody emptied are put back, those of earlier versions are replaced, and so are those that are ours
but for the cells that they name; what somebody typed over one is left alone, and told. Pure logic.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache, partial

from attendance_backend.review import corrections_sheet, plan_sheet, working_time
from attendance_backend.review.book import made, places_of
from attendance_backend.review.exceptions_sheet import RESOLVED
from attendance_backend.review.expected_formulas import WHOLE, Expected, expected, planned_people, wants
from attendance_backend.review.in_force import not_understood
from attendance_backend.review.names import (
    CORRECTIONS,
    DAILY,
    EXCEPTIONS,
    MONTHLY,
    PLAN,
    WEEKLY,
    WORKING_TIME,
)
from attendance_backend.review.working_time import WeekFacts
from attendance_backend.sheet import formula_text
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, Formula, InsertRows, NewCell, WriteCells
from attendance_backend.sheet.grid import Cell, Place, Spreadsheet, Worksheet
from attendance_backend.sheet.preview import workbook_after
from attendance_contracts import ReviewPeriod

__all__ = ["Repairs", "planned_people", "repair", "wants"]

_SHOW_TIMES = (DAILY, WEEKLY)
"""Worksheets whose numbers are times and durations."""


_NEW = "formula of a new row"
_GONE, _LABEL_GONE = "formula gone", "label gone"
_ASTRAY_LABEL = "label another row's"
_BROKEN = "formula broken, as cells were deleted"
_ASTRAY = "formula about other cells, as some were moved or deleted"
_OLD = "formula of an earlier version"
_TYPED = "typed over"
_UNPLANNED = "formula of before Roster or Weekend was changed"


_EARLIER = {
    DAILY: "2aff0b0a5a74 328713b127d3 3de58bfaa00e 4ea1ea536bd1 52a449284c43 890dd275aaeb 8ffed2bfb8e2",
    WEEKLY: "54053d1f4c51 7007a14848c4 831db98570d6 848220aaf3a9 a1212ac73f29 a1d0cbc7cc81 dfb63900319f "
    "e9cc37275247 f525ab5d7bd6 f90a497bb752",
    MONTHLY: "170575f7b510 1a4f2099be64 25b4de684b4a 379e28e2e601 6434ec5177e6 75355960dded "
    "818b552d20b3 8de2fbc04aba 9d28c21c405b c381f2553149 cf3416a6cfa7 d2ed2820e5d8 f8cdc926de9f",
    CORRECTIONS: "17ec1525d546 2ada1857c11b 3888685f748c 3c33c32dbf82 46387b674902 64d55f3b62d0 6a50e4b865e7 "
    "6bcf602aed3b 6d1086509fca 6eeb76d374a4 754ee8200c21 7c1c9b473530 8b736b2c6434 93708e5e9f04 "
    "94bef3d9d2b4 9f0563a3a19d ad4d9d8fa06b b2f466d640ff fd10084dc156",
    WORKING_TIME: "5b28f0968afd",
    PLAN: "ed781d07336b",
}
"""What releases, and who tried them before, wrote and this one writes otherwise (`formula_text.digest`)."""


@dataclass
class Repairs:
    """What a look through the formulas comes to.

    Attributes:
        changes: none for a healthy workbook.
        differences: what was wrong, a line for each block of cells; as empty as the changes.
        kept: what people typed over formulas, a line each.
    """

    changes: list[Change] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)

    def changed(
        self, workbook: Spreadsheet, title: str, changes: Sequence[Change], difference: str
    ) -> Spreadsheet:
        """The workbook as changes to a worksheet, which may add it, will leave it: formulas name its cells."""
        if not changes:
            return workbook
        self.changes += changes
        self.differences.append(difference)
        if workbook.find(title) is not None:
            return workbook_after(workbook, changes)
        worksheets = (*workbook.worksheets, made(changes))
        return replace(workbook, worksheets=worksheets, absent=workbook.absent - {title})


def is_ours(title: str, stands: str | None, expected: Formula) -> bool:
    """Whether the program wrote a formula, this version of it or an earlier one, in a worksheet."""
    return formula_text.same(stands or "", expected.text) or _is_earlier(title, stands or "")


def is_earlier(workbook: Spreadsheet, period: ReviewPeriod) -> bool:
    """Whether an earlier version made numbers that people see, which may show what this one does not.

    Args:
        workbook: with the cells of `wants`.
    """
    return any(
        _fault(title, place, workbook.worksheet(title).cells.get(place), value) == _OLD
        for title, formulas in expected(workbook, period, (DAILY, WEEKLY, MONTHLY))
        for place, value in formulas.items()
    )


def _is_earlier(title: str, stands: str) -> bool:
    return bool(stands) and formula_text.digest(stands) in _EARLIER.get(title, "")


def repair(
    workbook: Spreadsheet,
    period: ReviewPeriod,
    titles: Collection[str] = WHOLE,
    new_rows: Collection[int] = (),
    weeks: WeekFacts | None = None,
) -> Repairs:
    """What puts formulas back that are gone, that lost what they refer to, or that an earlier version wrote.

    Args:
        workbook: with the cells of `wants`.
        titles: of the worksheets that are repaired.
        new_rows: of ``Corrections``, which lack formulas for they are new.
        weeks: by what weeks count; None for what the workbook has of it.
    """
    repairs = Repairs()
    new = {*new_rows}
    corrections = workbook.find(CORRECTIONS)
    if corrections is not None and (growth := corrections_sheet.more_rows(corrections)) is not None:
        first = growth.row if isinstance(growth, InsertRows) else corrections.row_count
        new |= {*range(first, first + growth.count)}
        told = f"{CORRECTIONS}: {growth.count} rows more, as few were left"
        workbook = repairs.changed(workbook, CORRECTIONS, [growth], told)

    @lru_cache(maxsize=1)
    def others(title: str) -> list[Expected]:
        return [
            dict(expected(workbook, period, [title], as_planned=each)).get(title, {})
            for each in (False, True)
        ]

    def is_other(title: str, place: Place, stands: str) -> bool:
        """Whether a formula is the one of people whose days HR plans, or the one of those whose days it does not."""
        formulas = (other.get(place) for other in others(title))
        return any(isinstance(each, Formula) and formula_text.same(stands, each.text) for each in formulas)

    for title, grown in ((PLAN, plan_sheet.grown), (WORKING_TIME, working_time.grown)):
        was_read = workbook.find(title) is not None or title in workbook.absent
        if not was_read or title not in titles or not all(workbook.find(each) for each in (DAILY, MONTHLY)):
            continue
        rows = grown(workbook, planned_people(workbook), places_of(workbook))
        workbook = repairs.changed(workbook, title, rows, f"{title}: people's rows were added")
    if weeks is not None and (times := workbook.find(WORKING_TIME)) is not None:
        columns = working_time.missing_kinds(times, weeks)
        workbook = repairs.changed(workbook, WORKING_TIME, columns, f"{WORKING_TIME} lacked kinds of leave")
        brought = working_time.facts(workbook.worksheet(WORKING_TIME), weeks)
        told = f"{WORKING_TIME}: by what weeks count was changed"
        workbook = repairs.changed(workbook, WORKING_TIME, brought, told)
    for title, formulas in expected(workbook, period, titles):
        new_here = new if title == CORRECTIONS else ()
        other = partial(is_other, title)
        _repair(workbook.worksheet(title), formulas, repairs, new_here, other)
    repairs.kept += map(str, (*not_understood(workbook), *working_time.unknown_kinds(workbook)))
    return repairs


def _repair(
    sheet: Worksheet,
    expected: Expected,
    repairs: Repairs,
    new: Collection[int],
    is_other: Callable[[Place, str], bool],
) -> None:
    title, found = sheet.role or "", dict[str, dict[Place, NewCell]]()
    labels = {(place[1], value) for place, value in expected.items() if isinstance(value, str)}
    faults = {
        place: fault
        for place, value in expected.items()
        if (fault := _fault(title, place, sheet.cells.get(place), value, labels))
    }
    for place in sorted(faults):
        cell, value = sheet.cells.get(place), expected[place]
        fault = _NEW if faults[place] == _GONE and place[0] in new else faults[place]
        if fault == _TYPED and cell is not None and cell.formula and is_other(place, cell.formula):
            fault = _UNPLANNED
        if fault == _TYPED and cell is not None and not _is_invited(title, cell):
            repairs.kept.append(f"{title}!{cell_name(*place)}: typed over, kept: {_shown(title, cell)}")
        elif fault != _TYPED:
            found.setdefault(fault, {})[place] = NewCell(value)
    repairs.changes += write_cells(sheet.sheet_id, found.get(_NEW, {}))
    for fault in filter(
        found.__contains__, (_GONE, _LABEL_GONE, _ASTRAY_LABEL, _BROKEN, _ASTRAY, _OLD, _UNPLANNED)
    ):
        cells, (kind, words) = found[fault], fault.split(" ", 1)
        for block in write_cells(sheet.sheet_id, cells):
            repairs.changes.append(block)
            count = len(block.rows) * len(block.rows[0])
            what = f"a {kind} was" if count == 1 else f"{count} {kind}s were"
            repairs.differences.append(f"{title}!{_name(block)}: {what} {words}")


def _fault(
    title: str,
    place: Place,
    cell: Cell | None,
    expected: Formula | str,
    labels: Collection[tuple[int, str]] = (),
) -> str:
    """What is wrong with a cell, in words that begin with what should be there; empty for nothing.

    Args:
        labels: what rows are called, by column: one that stands beside another row's numbers is no spelling of HR's.
    """
    if cell is None:
        return _GONE if isinstance(expected, Formula) else _LABEL_GONE
    if isinstance(expected, str):
        shown = str(cell.value or "").strip()
        return _ASTRAY_LABEL if shown != expected and (place[1], shown) in labels else ""
    stands = cell.formula or ""
    if formula_text.same(stands, expected.text):
        return ""
    for fault, test in ((_BROKEN, formula_text.is_broken), (_ASTRAY, formula_text.is_alike)):
        if test(stands, expected.text):
            return fault
    return _OLD if _is_earlier(title, stands) else _TYPED


def _is_invited(title: str, cell: Cell) -> bool:
    """Whether people are told to type this over the formula."""
    return title == EXCEPTIONS and isinstance(cell.value, str) and cell.value.strip().casefold() == RESOLVED


def _name(block: WriteCells) -> str:
    last = block.row + len(block.rows) - 1, block.column + len(block.rows[0]) - 1
    first = block.row, block.column
    return cell_name(*first) if first == last else f"{cell_name(*first)}:{cell_name(*last)}"


def _shown(title: str, cell: Cell) -> str:
    """What stands in a cell, about as a person sees it."""
    if cell.formula is not None:
        return cell.formula
    value = cell.value
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, int | float):
        return _time(value) if title in _SHOW_TIMES and value >= 0 else f"{value:.15g}"
    return str(value)


def _time(days: float) -> str:
    """Hours and minutes, and the seconds if there are any."""
    minutes, second = divmod(round(days * 86_400), 60)
    hour, minute = divmod(minutes, 60)
    return f"{hour:02}:{minute:02}" + (f":{second:02}" if second else "")
