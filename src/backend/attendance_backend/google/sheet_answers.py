"""What the Sheets API answers, as far as it is asked for, and spreadsheets from it.

An answer can be tens of megabytes of formulas. Read into these forms it takes a third of the memory that dicts take.
"""

import re
from collections.abc import Sequence

from msgspec import Struct, field

from attendance_backend.sheet.changes import VERSION_NAME
from attendance_backend.sheet.grid import Cell, Highlight, Place, Spreadsheet, Value, Worksheet
from attendance_backend.sheet.layout import BEING_MADE, COLUMN_TAG, SHEET_TAG

_PROPERTIES = "properties(sheetId,title,gridProperties(rowCount,columnCount))"
_ALL = "properties(locale,timeZone)"
_PROTECTED = "protectedRanges(warningOnly,requestingUserCanEdit)"
_COLOURED = "conditionalFormats(ranges(startRowIndex,startColumnIndex),booleanRule(condition(values)))"
_NAMED = "namedRanges(namedRangeId,name)"
_TAGS = "developerMetadata(metadataKey,metadataValue)"
_CELLS = (
    f"data(startRow,startColumn,columnMetadata({_TAGS}),"
    "rowData(values(effectiveValue,userEnteredValue(formulaValue))))"
)
WITHOUT_CELLS = f"{_ALL},{_NAMED},sheets({_PROPERTIES},{_TAGS},{_PROTECTED},{_COLOURED})"
WITH_CELLS = f"{_NAMED},sheets({_PROPERTIES},{_TAGS},{_CELLS})"
WRITTEN = f"updatedSpreadsheet(sheets({_PROPERTIES},{_TAGS},{_CELLS}))"
"""Masks of the fields that are asked for."""
_VERSION = re.compile(rf"{VERSION_NAME}(?:_([1-9]\d{{0,5}}))?", re.ASCII)


class _Part(Struct, rename="camel", gc=False):
    """A part of an answer; the service leaves out what is zero, false or empty."""


class _Metadata(_Part):
    metadata_key: str = ""
    metadata_value: str = ""


class _Column(_Part):
    developer_metadata: list[_Metadata] = []


class _Error(_Part):
    """That there is one says enough."""


class _Shown(_Part):
    number_value: float | int | None = None
    string_value: str | None = None
    bool_value: bool | None = None
    error_value: _Error | None = None


class _Entered(_Part):
    formula_value: str | None = None


class _Cell(_Part):
    effective_value: _Shown | None = None
    user_entered_value: _Entered | None = None


class _Row(_Part):
    values: list[_Cell] = []


class _Block(_Part):
    start_row: int = 0
    start_column: int = 0
    row_data: list[_Row] = []
    column_metadata: list[_Column] = []


class _Grid(_Part):
    row_count: int = 0
    column_count: int = 0


class _Properties(_Part):
    title: str
    sheet_id: int = 0
    grid_properties: _Grid = field(default_factory=_Grid)


class _Protected(_Part):
    warning_only: bool = False
    requesting_user_can_edit: bool = False


class _First(_Part):
    start_row_index: int = 0
    start_column_index: int = 0


class _Operand(_Part):
    user_entered_value: str = ""


class _Condition(_Part):
    values: list[_Operand] = []


class _Rule(_Part):
    condition: _Condition = field(default_factory=_Condition)


class _Coloured(_Part):
    ranges: list[_First] = []
    boolean_rule: _Rule = field(default_factory=_Rule)


class _Sheet(_Part):
    properties: _Properties
    developer_metadata: list[_Metadata] = []
    protected_ranges: list[_Protected] = []
    conditional_formats: list[_Coloured] = []
    data: list[_Block] = []


class _Named(_Part):
    named_range_id: str = ""
    name: str = ""


class _OfAll(_Part):
    locale: str = ""
    time_zone: str = ""


class Answer(_Part):
    """Of spreadsheets.get, by the fields that are asked for."""

    sheets: list[_Sheet] = []
    named_ranges: list[_Named] = []
    properties: _OfAll = field(default_factory=_OfAll)


class Written(_Part):
    """Of spreadsheets.batchUpdate."""

    updated_spreadsheet: Answer = field(default_factory=Answer)


def spreadsheet(spreadsheet_id: str, answer: Answer) -> Spreadsheet:
    version, number = _version(answer.named_ranges)
    return Spreadsheet(
        spreadsheet_id,
        tuple(map(_worksheet, answer.sheets)),
        version,
        number,
        locale=answer.properties.locale,
        time_zone=answer.properties.time_zone,
    )


def _version(named_ranges: Sequence[_Named]) -> tuple[str | None, int]:
    found = {
        int(match[1] or 1): named.named_range_id
        for named in named_ranges
        if (match := _VERSION.fullmatch(named.name))
    }
    return (found[max(found)], max(found)) if found else (None, 1)


def _worksheet(sheet: _Sheet) -> Worksheet:
    properties = sheet.properties
    cells: dict[Place, Cell] = {}
    tags: dict[int, str] = {}
    for block in sheet.data:
        _read_block(block, cells)
        for column, bearer in enumerate(block.column_metadata, block.start_column):
            if text := _tag(bearer.developer_metadata, COLUMN_TAG):
                tags[column] = text
    return Worksheet(
        sheet_id=properties.sheet_id,
        title=properties.title,
        row_count=properties.grid_properties.row_count,
        column_count=properties.grid_properties.column_count,
        cells=cells,
        tags=tags,
        tag=_tag(sheet.developer_metadata, SHEET_TAG),
        locked=any(
            not protected.warning_only and not protected.requesting_user_can_edit
            for protected in sheet.protected_ranges
        ),
        highlights=tuple(map(_highlight, sheet.conditional_formats)),
    )


def _highlight(coloured: _Coloured) -> Highlight:
    first, *_ = coloured.ranges or [_First()]
    operand, *_ = coloured.boolean_rule.condition.values or [_Operand()]
    return Highlight(first.start_row_index, first.start_column_index, operand.user_entered_value)


def _tag(metadata: Sequence[_Metadata], key: str) -> str:
    """What a worksheet or a column bears under our key.

    Of several the last one, which was put there last; but not what was true while it was being made.
    """
    texts = [each.metadata_value for each in metadata if each.metadata_key == key]
    return max(reversed(texts), key=lambda text: not text.startswith(BEING_MADE), default="")


def _read_block(block: _Block, cells: dict[Place, Cell]) -> None:
    for row, data in enumerate(block.row_data, block.start_row):
        for column, cell in enumerate(data.values, block.start_column):
            shown, entered = cell.effective_value, cell.user_entered_value
            if shown is None and entered is None:
                continue
            value: Value | None = None  # of an error, and of nothing
            if shown is not None:
                value = shown.number_value if shown.string_value is None else shown.string_value
                value = shown.bool_value if value is None else value
            is_error = shown is not None and shown.error_value is not None
            cells[row, column] = Cell(value, None if entered is None else entered.formula_value, is_error)
        data.values.clear()  # the answer takes as much memory as the cells
