"""``spreadsheets.values``: reading and writing ranges of plain values."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import zip_longest
from typing import Any

from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import Cell
from attendance_sandbox.sheets.errors import invalid_argument, unimplemented
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.worksheet import Worksheet

Values = list[list[Any]]


def read(spreadsheet: Spreadsheet, text: str, options: Json, call: Call) -> Json:
    """A ``ValueRange``: the values of a range, blank rows and cells at the end left out.

    Of the query's `options`, ``majorDimension`` and ``valueRenderOption`` count.
    """
    sheet, area = spreadsheet.resolve(text)
    major = options.get("majorDimension") or "ROWS"
    option = options.get("valueRenderOption") or "FORMATTED_VALUE"
    values = _values(sheet, area, _renderer(option, spreadsheet.locale))
    if major == "COLUMNS":
        values = _trimmed([list(column) for column in zip_longest(*values, fillvalue="")])
    call.cells_read += sum(map(len, values))
    result: Json = {"range": sheet.name_of(area), "majorDimension": major}
    if values:
        result["values"] = values
    return result


def _values(sheet: Worksheet, area: Area, render: Callable[[Cell], Any]) -> Values:
    rows: Values = []
    for number, column, cell in sheet.occupied(area):
        value = render(cell)
        if value == "" and cell.is_blank:
            continue
        while len(rows) <= number - area.start_row:
            rows.append([])
        row = rows[-1]
        row.extend("" for _ in range(column - area.start_column - len(row)))
        row.append(value)
    return _trimmed(rows)


def _trimmed(rows: Values) -> Values:
    for row in rows:
        while row and row[-1] == "":
            row.pop()
    while rows and not rows[-1]:
        rows.pop()
    return rows


def _renderer(option: str, locale: Locale) -> Callable[[Cell], Any]:
    if option == "FORMATTED_VALUE":
        return lambda cell: cell.text(locale)

    def render(cell: Cell) -> Any:
        if option == "FORMULA" and cell.formula is not None:
            return cell.formula
        return "" if cell.value is None else cell.value

    return render


def write(spreadsheet: Spreadsheet, text: str, body: Json, option: str | None, call: Call) -> Json:
    """Writes a ``ValueRange`` and returns the ``UpdateValuesResponse``. Nulls leave cells as they are.

    Raises:
        ApiError: no input option, more values than the range holds, or past the edge of the grid.
    """
    values = _rows_of(body, option)
    sheet, area, single = spreadsheet.resolve_start(text)
    height, width = len(values), max(map(len, values), default=0)
    target = Area(
        area.start_row, area.start_row + max(height, 1), area.start_column, area.start_column + max(width, 1)
    )
    if not single and not area.contains(target):
        raise _too_many(sheet, area, target)
    if not sheet.area.contains(target):
        raise sheet.outside(target)
    enter = _typed(spreadsheet.locale) if option == "USER_ENTERED" else Cell.with_value
    _put(sheet, target, values, enter, call)
    written = [
        (row, column)
        for row, line in enumerate(values)
        for column, value in enumerate(line)
        if value is not None
    ]
    return {
        "spreadsheetId": spreadsheet.spreadsheet_id,
        "updatedRange": sheet.name_of(target),
        "updatedRows": len({row for row, _ in written}),
        "updatedColumns": len({column for _, column in written}),
        "updatedCells": len(written),
    }


def _rows_of(body: Json, option: str | None) -> Values:
    if option in (None, "", "INPUT_VALUE_OPTION_UNSPECIFIED"):
        raise invalid_argument("'valueInputOption' is required but not specified")
    if option not in {"RAW", "USER_ENTERED"}:
        raise invalid_argument(
            "Invalid value at 'value_input_option' "
            f'(type.googleapis.com/google.apps.sheets.v4.ValueInputOption), "{option}"'
        )
    values: Values = body.get("values", [])
    for row in values:
        for value in row:
            if isinstance(value, dict | list):
                kind = "struct_value" if isinstance(value, dict) else "list_value"
                raise invalid_argument(f"Invalid values[0][0]: {kind} {value}")
    if body.get("majorDimension") == "COLUMNS":
        raise unimplemented("majorDimension=COLUMNS")
    return values


def _too_many(sheet: Worksheet, area: Area, target: Area) -> Exception:
    where = f"row [{target.end_row}]"
    if target.end_row <= area.end_row:
        where = f"column [{column_letters(target.end_column - 1)}]"
    return invalid_argument(
        f"Requested writing within range [{sheet.name_of(area)}], but tried writing to {where}"
    )


def _typed(locale: Locale) -> Callable[[Cell, Any], Cell]:
    """How a value gets into a cell when it is read as if a person had typed it."""

    def enter(cell: Cell, value: Any) -> Cell:
        return cell.with_typed(value, locale) if isinstance(value, str) else cell.with_value(value)

    return enter


def _put(
    sheet: Worksheet, target: Area, values: Values, enter: Callable[[Cell, Any], Cell], call: Call
) -> None:
    for row, line in enumerate(values, target.start_row):
        for column, value in enumerate(line, target.start_column):
            if value is not None:
                sheet.put(row, column, enter(sheet.cell(row, column), value))
                call.cells_written += 1


def clear(spreadsheet: Spreadsheet, text: str, call: Call) -> str:
    """Clears values and formulas, not formats or notes; returns the range that was cleared."""
    sheet, area = spreadsheet.resolve(text)
    for row, column, cell in list(sheet.occupied(area)):
        sheet.put(row, column, replace(cell, value=None, formula=None))
        call.cells_written += 1
    return sheet.name_of(area)
