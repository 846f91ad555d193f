"""What can be done to a spreadsheet, as plain values. A list of changes is applied as a whole or not at all.

Every write is addressed: to apply a list twice leaves the same cells as to apply it once. Only worksheets
cannot be added twice. A list with `SucceedVersion` is applied once only, however often it is sent.
"""

from dataclasses import dataclass
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class Formula:
    """A formula, beginning with ``=``."""

    text: str


@dataclass(frozen=True, slots=True)
class NumberFormat:
    """How a number is shown; `kind` and `pattern` are those of the Sheets API."""

    kind: str
    pattern: str


class Align(StrEnum):
    """Horizontal alignment."""

    LEFT = "LEFT"
    CENTER = "CENTER"
    RIGHT = "RIGHT"


@dataclass(frozen=True, slots=True)
class Style:
    """How a cell looks; colours are ``#rrggbb``."""

    number_format: NumberFormat | None = None
    bold: bool = False
    background: str | None = None
    color: str | None = None
    align: Align | None = None
    wrap: bool = False


@dataclass(frozen=True, slots=True)
class NewCell:
    """What a cell is to hold; None empties it. A text is never read as a formula, number or date.

    Attributes:
        style: None leaves the cell's look as it is, unless another cell of the same write has one.
    """

    value: float | str | Formula | None = None
    style: Style | None = None


Row = tuple[NewCell, ...]


@dataclass(frozen=True, slots=True)
class WriteCells:
    """Replace the cells of a block whose upper left corner is (row, column)."""

    sheet_id: int
    row: int
    column: int
    rows: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class AddWorksheet:
    """Add a worksheet behind the others."""

    sheet_id: int
    title: str
    row_count: int
    column_count: int
    frozen_rows: int = 0
    frozen_columns: int = 0
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RemoveWorksheet:
    """Remove a worksheet with all it holds."""

    sheet_id: int


@dataclass(frozen=True, slots=True)
class AddRows:
    """Make the grid longer; a negative number is not allowed."""

    sheet_id: int
    count: int


@dataclass(frozen=True, slots=True)
class AddColumns:
    """Make the grid wider."""

    sheet_id: int
    count: int


@dataclass(frozen=True, slots=True)
class SetLocale:
    """Fix the spreadsheet's locale and time zone (IANA name)."""

    locale: str
    time_zone: str


@dataclass(frozen=True, slots=True)
class SetColumns:
    """Width and visibility of columns `first` to before `end`."""

    sheet_id: int
    first: int
    end: int
    pixels: int | None = None
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class WarnBeforeEdit:
    """Let Google Sheets ask "are you sure?" before a person changes this worksheet."""

    sheet_id: int
    description: str


@dataclass(frozen=True, slots=True)
class HighlightWhen:
    """Colour the cells from (first_row, first_column) on for which a formula, written for the first, is true."""

    sheet_id: int
    first_row: int
    first_column: int
    formula: Formula
    background: str
    color: str


@dataclass(frozen=True, slots=True)
class SucceedVersion:
    """Let the whole list of changes happen only if the spreadsheet is still at the version that was read.

    A version is the ID of a named range (`VERSION_NAME`), which each write exchanges for a new one: the service refuses
    to remove a range that is gone, and to add a second one of the same name. So of two writers who read the same
    version one is refused, and so is a repetition of what was carried out already.

    Attributes:
        previous: as it was read; None when there was none.
        new: an ID that nobody has used.
        sheet_id: of the worksheet that the named range lies on; it has no other meaning.
    """

    previous: str | None
    new: str
    sheet_id: int


VERSION_NAME = "attendance_version"

Change = (
    WriteCells
    | AddWorksheet
    | RemoveWorksheet
    | AddRows
    | AddColumns
    | SetLocale
    | SetColumns
    | WarnBeforeEdit
    | HighlightWhen
    | SucceedVersion
)
