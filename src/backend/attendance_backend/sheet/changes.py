"""What can be done to a spreadsheet, as plain values. A list of changes is applied as a whole or not at all.

Every write is addressed: to apply a list twice leaves the same cells as to apply it once. Only worksheets
cannot be added twice. A list with `SucceedVersion` is applied once only, however often it is sent.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple


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
    top: bool = False
    """At the upper edge of its cell, where neighbours have several lines."""
    line_above: bool = False
    italic: bool = False
    size: int | None = None
    """Of the letters, in points."""


class NewCell(NamedTuple):
    """What a cell is to hold; None empties it. A text is never read as a formula, number or date.

    Attributes:
        style: None leaves the cell's look as it is, unless another cell of the same write has one.
    """

    value: float | str | Formula | None = None
    style: Style | None = None


Row = tuple[NewCell, ...]


@dataclass(frozen=True, slots=True)
class WriteCells:
    """Replace the cells of a block whose upper left corner is (row, column).

    Attributes:
        below: write below the last row that holds anything, wherever that is by then, and never over what somebody
            moved to `row` meanwhile, where that row was when it was read. The block then begins in the first column.
    """

    sheet_id: int
    row: int
    column: int
    rows: tuple[Row, ...]
    below: bool = False

    def cells(self) -> Iterator[tuple[tuple[int, int], NewCell]]:
        """Row and column of each cell, and the cell."""
        for row, line in enumerate(self.rows, self.row):
            for column, cell in enumerate(line, self.column):
                yield (row, column), cell


@dataclass(frozen=True, slots=True)
class FillCells:
    """Put the same into every cell of a block; relative references of a formula, written for the first, move along."""

    sheet_id: int
    row: int
    column: int
    row_count: int
    column_count: int
    cell: NewCell


@dataclass(frozen=True, slots=True)
class AddWorksheet:
    """Add a worksheet.

    Attributes:
        index: its place among the worksheets, hidden ones included; None for behind the others.
        tab_color: ``#rrggbb``.
    """

    sheet_id: int
    title: str
    row_count: int
    column_count: int
    frozen_rows: int = 0
    frozen_columns: int = 0
    index: int | None = None
    hidden: bool = False
    tab_color: str | None = None


@dataclass(frozen=True, slots=True)
class RemoveWorksheet:
    sheet_id: int


@dataclass(frozen=True, slots=True)
class AddRows:
    """Make the grid longer; a negative number is not allowed."""

    sheet_id: int
    count: int


@dataclass(frozen=True, slots=True)
class InsertRows:
    """Insert rows before one, like the row above: choices, colours and protection that reach over both reach on."""

    sheet_id: int
    row: int
    count: int


@dataclass(frozen=True, slots=True)
class AddColumns:
    """Make the grid wider."""

    sheet_id: int
    count: int


@dataclass(frozen=True, slots=True)
class ShowWorksheet:
    """Hide a worksheet no longer."""

    sheet_id: int


@dataclass(frozen=True, slots=True)
class RenameWorksheet:
    sheet_id: int
    title: str


@dataclass(frozen=True, slots=True)
class SetTitle:
    """Name the spreadsheet."""

    title: str


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
class Block:
    """A part of a worksheet; an end that is None reaches to the edge of the grid, however far that will be."""

    first_row: int = 0
    end_row: int | None = None
    first_column: int = 0
    end_column: int | None = None


@dataclass(frozen=True, slots=True)
class WarnBeforeEdit:
    """Let Google Sheets ask "are you sure?" before a person changes this worksheet, but for some blocks of it."""

    sheet_id: int
    description: str
    free: tuple[Block, ...] = ()


@dataclass(frozen=True, slots=True)
class OfferChoices:
    """A drop-down list in every cell of a block.

    Attributes:
        choices: the texts to choose from, or a range, such as ``='Sheet'!$A$2:$A``, whose cells hold them.
        strict: whether nothing else can be typed.
    """

    sheet_id: int
    block: Block
    choices: tuple[str, ...] | Formula
    strict: bool


@dataclass(frozen=True, slots=True)
class AddNote:
    """What appears when the pointer rests on a cell."""

    sheet_id: int
    row: int
    column: int
    text: str


@dataclass(frozen=True, slots=True)
class Tag:
    """Let a column, or with None the worksheet, bear a text that people do not see (`sheet.layout`)."""

    sheet_id: int
    column: int | None
    text: str


@dataclass(frozen=True, slots=True)
class HighlightWhen:
    """Colour the cells from (first_row, first_column) on for which a formula, written for the first, is true.

    Of several that fit, the one that was added last counts.

    Attributes:
        end_row: None for all rows, those too that come later.
        end_column: as `end_row`.
        instead_of: the number of the rule whose place it takes, which its worksheet has; None for a new one.
    """

    sheet_id: int
    first_row: int
    first_column: int
    formula: Formula
    background: str | None
    color: str
    bold: bool = False
    end_row: int | None = None
    end_column: int | None = None
    instead_of: int | None = None


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
        name: of the named range (`version_name`).
    """

    previous: str | None
    new: str
    sheet_id: int
    name: str


VERSION_NAME = "attendance_version"


def version_name(number: int) -> str:
    """The name of a version's named range.

    Once somebody deletes the worksheet that it lies on, the service neither shows the range nor gives its name free.
    Writers then go on under the next number; of several names that are shown the highest counts.
    """
    return VERSION_NAME if number == 1 else f"{VERSION_NAME}_{number}"


Change = (
    WriteCells
    | FillCells
    | AddWorksheet
    | RemoveWorksheet
    | AddRows
    | InsertRows
    | AddColumns
    | ShowWorksheet
    | RenameWorksheet
    | SetTitle
    | SetLocale
    | SetColumns
    | WarnBeforeEdit
    | OfferChoices
    | AddNote
    | Tag
    | HighlightWhen
    | SucceedVersion
)
