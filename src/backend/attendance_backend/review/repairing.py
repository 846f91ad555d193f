"""Formulas that somebody emptied are put back, those of earlier versions are replaced, and so are those that are ours
but for the cells that they name; what somebody typed over one is left alone, and told. Pure logic.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from attendance_backend.review.exception_state import RESOLVED
from attendance_backend.review.names import DAILY, EXCEPTIONS, WEEKLY
from attendance_backend.review.wanted_formulas import earlier, wanted, wants
from attendance_backend.sheet import formula_text
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, Formula, NewCell, WriteCells
from attendance_backend.sheet.grid import Cell, Place, Spreadsheet, Worksheet
from attendance_contracts import ReviewPeriod

__all__ = ["Repairs", "repair", "wants"]

_SHOW_TIMES = (DAILY, WEEKLY)
"""Worksheets whose numbers are times and durations."""


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


def repair(workbook: Spreadsheet, period: ReviewPeriod) -> Repairs:
    """What puts formulas back that are gone, that lost what they refer to, or that an earlier version wrote.

    Args:
        workbook: with the cells of `wants`.
        period: of the workbook.
    """
    repairs = Repairs()
    outdated = earlier(workbook)
    for title, formulas in wanted(workbook, period).items():
        _repair(workbook.worksheet(title), title, formulas, outdated.get(title, {}), repairs)
    return repairs


def _repair(
    sheet: Worksheet,
    title: str,
    formulas: Mapping[Place, str],
    outdated: Mapping[Place, str],
    repairs: Repairs,
) -> None:
    gone: dict[Place, NewCell] = {}
    broken: dict[Place, NewCell] = {}
    astray: dict[Place, NewCell] = {}
    old: dict[Place, NewCell] = {}
    for place, formula in sorted(formulas.items()):
        cell = sheet.cells.get(place)
        if cell is None:
            gone[place] = NewCell(Formula(formula))
        elif cell.formula is None or not formula_text.same(cell.formula, formula):
            before = outdated.get(place, formula)
            if cell.formula is not None and formula_text.same(cell.formula, before):
                old[place] = NewCell(Formula(formula))
            elif cell.formula is not None and (
                formula_text.is_broken(cell.formula, formula) or formula_text.is_broken(cell.formula, before)
            ):
                broken[place] = NewCell(Formula(formula))
            elif cell.formula is not None and (
                formula_text.is_alike(cell.formula, formula) or formula_text.is_alike(cell.formula, before)
            ):
                astray[place] = NewCell(Formula(formula))
            elif not _is_invited(title, cell):
                repairs.kept.append(f"{title}!{cell_name(*place)}: typed over, kept: {_shown(title, cell)}")
    for cells, words in (
        (gone, "gone"),
        (broken, "broken, as cells were deleted"),
        (astray, "about other cells, as some were moved or deleted"),
        (old, "of an earlier version"),
    ):
        for block in write_cells(sheet.sheet_id, cells):
            repairs.changes.append(block)
            count = len(block.rows) * len(block.rows[0])
            what = "a formula was" if count == 1 else f"{count} formulas were"
            repairs.differences.append(f"{title}!{_name(block)}: {what} {words}")


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
