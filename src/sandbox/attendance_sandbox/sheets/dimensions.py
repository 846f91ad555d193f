"""Inserting and deleting rows and columns, with everything that refers to them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets.errors import invalid_argument
from attendance_sandbox.sheets.formula import Ends
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet

_FAR = 2**31
"""Stands for the end of a range that is open."""

RangeShift = Callable[[int, int], tuple[int, int] | None]
"""Maps a half-open range of indexes to where it is afterwards; None when nothing of it is left."""


def insert(spreadsheet: Spreadsheet, sheet: Worksheet, dimension: str, start: int, count: int) -> None:
    """Inserts `count` blank rows or columns before index `start`."""
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    if not 0 <= start <= size or count < 1:
        raise invalid_argument(f"Cannot insert {count} {dimension.lower()} at index {start} of {size}.")

    def shift(first: int, end: int) -> tuple[int, int] | None:
        return first + (count if first >= start else 0), end + (count if end > start else 0)

    _resize(sheet, dimension, size + count)
    spreadsheet.check_size()
    _apply(spreadsheet, sheet, dimension, shift)


def delete(spreadsheet: Spreadsheet, sheet: Worksheet, dimension: str, start: int, end: int) -> None:
    """Deletes the rows or columns from index `start` to before `end`."""
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    if not 0 <= start < end:
        raise invalid_argument(f"Cannot delete {dimension.lower()} from {start} to {end}.")
    if end > size:
        raise invalid_argument(f"Cannot delete {dimension.lower()} that do not exist: {end} of {size}.")
    if end - start == size:
        raise invalid_argument(f"You can't delete all the {dimension.lower()} on the sheet.")

    def shift(first: int, last: int) -> tuple[int, int] | None:
        moved = _after_delete(first, start, end), _after_delete(last, start, end)
        return None if moved[0] >= moved[1] else moved

    _apply(spreadsheet, sheet, dimension, shift)
    _resize(sheet, dimension, size - (end - start))


def move(
    spreadsheet: Spreadsheet, sheet: Worksheet, dimension: str, moved: tuple[int, int], destination: int
) -> None:
    """Moves the rows or columns from index `moved[0]` to before `moved[1]` before `destination`, counted before.

    What refers to moved cells alone goes with them. A longer range loses those that leave it and gets those that come
    in between its ends.
    """
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    start, end = moved
    if not 0 <= start < end <= size:
        raise invalid_argument(f"Cannot move {dimension.lower()} from {start} to {end} of {size}.")
    if not 0 <= destination <= size:
        raise invalid_argument(f"Cannot move {dimension.lower()} to index {destination} of {size}.")
    if start <= destination <= end:
        return
    count = end - start
    goal = destination - (count if destination > start else 0)

    def shift(first: int, last: int) -> tuple[int, int] | None:
        if start <= first and last <= end:
            return first + goal - start, last + goal - start
        first, last = _after_delete(first, start, end), _after_delete(last, start, end)
        return first + (count if first >= goal else 0), last + (count if last > goal else 0)

    _apply(spreadsheet, sheet, dimension, shift)


def _after_delete(index: int, start: int, end: int) -> int:
    return index if index <= start else max(start, index - (end - start))


def _resize(sheet: Worksheet, dimension: str, size: int) -> None:
    if dimension == "ROWS":
        sheet.resize(size, sheet.column_count)
    else:
        sheet.resize(sheet.row_count, size)


def _apply(spreadsheet: Spreadsheet, sheet: Worksheet, dimension: str, shift: RangeShift) -> None:
    _move_cells(sheet, dimension, shift)
    _move_metadata(sheet, dimension, shift)
    _move_rules(sheet, dimension, shift)
    spreadsheet.move_names(lambda named: _moved_rule(named, sheet.sheet_id, dimension, shift))
    _move_references(spreadsheet, sheet, dimension, shift)


def _move_cells(sheet: Worksheet, dimension: str, shift: RangeShift) -> None:
    def place(index: int) -> int | None:
        moved = shift(index, index + 1)
        return None if moved is None else moved[0]

    if dimension == "ROWS":
        rows = {number: cells for row, cells in sheet.rows.items() if (number := place(row)) is not None}
        sheet.replace_rows({number: dict(cells) for number, cells in rows.items()})
        return
    sheet.replace_rows(
        {
            row: {index: cell for column, cell in cells.items() if (index := place(column)) is not None}
            for row, cells in sheet.rows.items()
        }
    )


def _move_metadata(sheet: Worksheet, dimension: str, shift: RangeShift) -> None:
    metadata = sheet.meta(dimension)
    moved = [(shift(index, index + 1), properties) for index, properties in metadata.items()]
    metadata.clear()
    metadata.update({place[0]: properties for place, properties in moved if place is not None})


def _move_rules(sheet: Worksheet, dimension: str, shift: RangeShift) -> None:
    for kind, rules in sheet.rules.items():
        moved = (_moved_rule(rule, sheet.sheet_id, dimension, shift) for rule in rules)
        sheet.rules[kind] = [rule for rule in moved if rule is not None]
    if sheet.basic_filter is not None:
        sheet.basic_filter = _moved_rule(sheet.basic_filter, sheet.sheet_id, dimension, shift)


def _moved_rule(rule: Json, sheet_id: int, dimension: str, shift: RangeShift) -> Json | None:
    """A rule with its ranges moved; None when no range is left."""
    result = dict(rule)
    if "range" in rule:
        moved = moved_range(rule["range"], sheet_id, dimension, shift)
        if moved is None:
            return None
        result["range"] = moved
    for name in ("ranges", "unprotectedRanges"):
        if name in rule:
            ranges = (moved_range(one, sheet_id, dimension, shift) for one in rule[name])
            result[name] = [one for one in ranges if one is not None]
    return None if "ranges" in rule and not result["ranges"] else result


def moved_range(grid_range: Json, sheet_id: int, dimension: str, shift: RangeShift) -> Json | None:
    """A ``GridRange`` after the shift; open ends stay open."""
    if grid_range.get("sheetId", 0) != sheet_id:
        return grid_range
    part = "Row" if dimension == "ROWS" else "Column"
    start_name, end_name = f"start{part}Index", f"end{part}Index"
    moved = shift(grid_range.get(start_name, 0), grid_range.get(end_name, _FAR))
    if moved is None:
        return None
    result = dict(grid_range)
    if start_name in grid_range:
        result[start_name] = moved[0]
    if end_name in grid_range:
        result[end_name] = moved[1]
    return result


def _move_references(spreadsheet: Spreadsheet, sheet: Worksheet, dimension: str, shift: RangeShift) -> None:
    def shift_ends(ends: Ends) -> Ends | None:
        first, last = ends
        if first is None:
            return ends
        moved = shift(first, _FAR if last is None else last + 1)
        if moved is None:
            return None
        return moved[0], None if last is None else moved[1] - 1

    for home in spreadsheet.sheets:
        rewrite_formulas(
            home,
            lambda text, title=home.title: formulas.shifted(text, title, sheet.title, dimension, shift_ends),  # type: ignore[misc]
        )


def rewrite_formulas(sheet: Worksheet, change: Callable[[str], str]) -> None:
    """Replaces the text of every formula of a worksheet, those of conditions and protected cells included."""
    locks, sheet.locks = sheet.locks, []
    for row, column, cell in list(sheet.occupied(sheet.area)):
        formula = None if cell.formula is None else change(cell.formula)
        rule = None if cell.validation is None else _rewritten_rule(cell.validation, change)
        if formula != cell.formula or rule != cell.validation:
            sheet.put(row, column, replace(cell, formula=formula, validation=rule))
    sheet.locks = locks
    sheet.rules["conditionalFormats"] = [
        {**rule, "booleanRule": _rewritten_rule(rule["booleanRule"], change)}
        for rule in sheet.rules["conditionalFormats"]
    ]


def _rewritten_rule(rule: Json, change: Callable[[str], str]) -> Json:
    """A rule with the formulas among its condition's values replaced."""
    condition = rule.get("condition", {})
    if not any(
        str(value.get("userEnteredValue", "")).startswith("=") for value in condition.get("values", [])
    ):
        return rule
    values = [
        {**value, "userEnteredValue": change(value["userEnteredValue"])}
        if str(value.get("userEnteredValue", "")).startswith("=")
        else value
        for value in condition["values"]
    ]
    return {**rule, "condition": {**condition, "values": values}}
