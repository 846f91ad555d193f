"""One worksheet: a grid of cells and what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from attendance_sandbox.sheets.a1 import MAX_COLUMNS, Area, Reference, area_name
from attendance_sandbox.sheets.cell import EMPTY, Cell
from attendance_sandbox.sheets.errors import ApiError, invalid_argument
from attendance_sandbox.sheets.schema import Json

DEFAULT_ROWS = 1000
DEFAULT_COLUMNS = 26
Rows = dict[int, dict[int, Cell]]
RULE_LISTS = ("conditionalFormats", "protectedRanges", "developerMetadata")
"""The lists of a ``Sheet`` message that hold rules about ranges, in the order in which they are shown."""


@dataclass(frozen=True, slots=True)
class Lock:
    """A protected area and the areas in it that may be changed all the same."""

    area: Area
    exceptions: tuple[Area, ...] = ()


class Worksheet:
    """A worksheet. `draft` makes a cheap copy to try changes on: rows are shared until one of them is changed."""

    def __init__(self, properties: Json) -> None:
        self.properties = properties
        self.row_properties: dict[int, Json] = {}
        self.column_properties: dict[int, Json] = {}
        self.rules: dict[str, list[Json]] = {name: [] for name in RULE_LISTS}
        self.basic_filter: Json | None = None
        self.locks: list[Lock] = []
        """What the caller of the request at hand must not change; a draft starts without any."""
        self._rows: Rows = {}
        self._own_rows: set[int] = set()

    @staticmethod
    def blank(sheet_id: int, title: str) -> Worksheet:
        """A new worksheet; its index is set by the spreadsheet."""
        return Worksheet(
            {
                "sheetId": sheet_id,
                "title": title,
                "index": 0,
                "sheetType": "GRID",
                "gridProperties": {"rowCount": DEFAULT_ROWS, "columnCount": DEFAULT_COLUMNS},
            }
        )

    def draft(self) -> Worksheet:
        """A copy; changing it does not change this one."""
        copy = Worksheet({**self.properties, "gridProperties": dict(self.properties["gridProperties"])})
        copy.row_properties = dict(self.row_properties)
        copy.column_properties = dict(self.column_properties)
        copy.rules = {name: list(rules) for name, rules in self.rules.items()}
        copy.basic_filter = self.basic_filter
        copy._rows = dict(self._rows)
        self._own_rows = set()  # from here on both share the rows
        return copy

    # -- what it is

    @property
    def sheet_id(self) -> int:
        number: int = self.properties["sheetId"]
        return number

    @property
    def title(self) -> str:
        text: str = self.properties["title"]
        return text

    @property
    def row_count(self) -> int:
        count: int = self.properties["gridProperties"]["rowCount"]
        return count

    @property
    def column_count(self) -> int:
        count: int = self.properties["gridProperties"]["columnCount"]
        return count

    @property
    def area(self) -> Area:
        """The whole grid."""
        return Area(0, self.row_count, 0, self.column_count)

    def resize(self, rows: int, columns: int) -> None:
        """Gives the grid a new size; what lies outside is lost."""
        if rows < 1 or columns < 1:
            raise invalid_argument("A sheet must have at least one row and one column.")
        if columns > MAX_COLUMNS:
            raise invalid_argument(f"A sheet cannot have more than {MAX_COLUMNS} columns.")
        shrunk = rows < self.row_count or columns < self.column_count
        self.properties["gridProperties"].update(rowCount=rows, columnCount=columns)
        if shrunk:
            self.replace_rows(
                {
                    number: {column: cell for column, cell in row.items() if column < columns}
                    for number, row in self._rows.items()
                    if number < rows
                }
            )

    def meta(self, dimension: str) -> dict[int, Json]:
        """The properties of the rows or columns that have any."""
        return self.row_properties if dimension == "ROWS" else self.column_properties

    # -- areas

    def area_of(self, grid_range: Json) -> Area:
        """The area of a ``GridRange`` on this worksheet; open ends reach to the edge.

        Raises:
            ApiError: it does not lie within the grid.
        """
        area = Area(
            grid_range.get("startRowIndex", 0),
            grid_range.get("endRowIndex", self.row_count),
            grid_range.get("startColumnIndex", 0),
            grid_range.get("endColumnIndex", self.column_count),
        )
        if area.height <= 0 or area.width <= 0 or area.start_row < 0 or area.start_column < 0:
            raise invalid_argument(f"Range {grid_range} is empty or starts before the first cell.")
        if not self.area.contains(area):
            raise self.outside(area)
        return area

    def area_of_reference(self, reference: Reference) -> Area:
        """The area of an A1 reference, cut to the grid; one that starts outside is an error."""
        end_row = self.row_count if reference.end_row is None else reference.end_row
        end_column = self.column_count if reference.end_column is None else reference.end_column
        area = Area(reference.start_row, end_row, reference.start_column, end_column)
        if area.start_row >= self.row_count or area.start_column >= self.column_count:
            raise self.outside(area)
        return Area(
            area.start_row,
            min(end_row, self.row_count),
            area.start_column,
            min(end_column, self.column_count),
        )

    def grid_range(self, area: Area) -> Json:
        return {
            "sheetId": self.sheet_id,
            "startRowIndex": area.start_row,
            "endRowIndex": area.end_row,
            "startColumnIndex": area.start_column,
            "endColumnIndex": area.end_column,
        }

    def name_of(self, area: Area) -> str:
        return area_name(self.title, area)

    def outside(self, area: Area) -> ApiError:
        """The error for an area that the grid does not hold."""
        return invalid_argument(
            f"Range ({self.name_of(area)}) exceeds grid limits. "
            f"Max rows: {self.row_count}, max columns: {self.column_count}"
        )

    # -- cells

    def cell(self, row: int, column: int) -> Cell:
        cells = self._rows.get(row)
        return cells.get(column, EMPTY) if cells else EMPTY

    def put(self, row: int, column: int, cell: Cell) -> None:
        """Replaces a cell. The caller has checked that it lies within the grid."""
        if self.locks:
            self.check_unlocked(Area(row, row + 1, column, column + 1))
        cells = self._rows.get(row)
        if cell.is_unused and (cells is None or column not in cells):
            return
        if row not in self._own_rows:
            cells = dict(cells) if cells else {}
            self._rows[row] = cells
            self._own_rows.add(row)
        assert cells is not None
        if cell.is_unused:
            del cells[column]
            if not cells:
                del self._rows[row]
                self._own_rows.discard(row)
        else:
            cells[column] = cell

    def check_unlocked(self, area: Area) -> None:
        """Refuses to change an area that is protected against the caller."""
        for lock in self.locks:
            if lock.area.overlaps(area) and not any(free.contains(area) for free in lock.exceptions):
                raise invalid_argument(
                    "You are trying to edit a protected cell or object. "
                    "Please contact the spreadsheet owner to remove protection if you need to edit."
                )

    def change(self, area: Area, change: Callable[[Cell], Cell]) -> None:
        """Replaces every cell of an area by what `change` makes of it."""
        for row, column in area.cells():
            self.put(row, column, change(self.cell(row, column)))

    def replace_rows(self, rows: Rows) -> None:
        """Puts new rows in place of all; the worksheet keeps and later changes the given dictionaries."""
        self._rows = {number: cells for number, cells in rows.items() if cells}
        self._own_rows = set(self._rows)

    @property
    def rows(self) -> Rows:
        """The rows that hold anything, not in order. For reading only."""
        return self._rows

    def row_numbers(self, area: Area) -> list[int]:
        """The rows within the area that hold anything, in order."""
        if area.height < len(self._rows):
            return [row for row in area.rows() if row in self._rows]
        return sorted(row for row in self._rows if area.start_row <= row < area.end_row)

    def occupied(self, area: Area) -> Iterator[tuple[int, int, Cell]]:
        """Row, column and cell of those in the area that hold anything, row by row."""
        for row in self.row_numbers(area):
            cells = self._rows[row]
            inside = area.columns() if area.width < len(cells) else sorted(cells)
            for column in inside:
                if column in cells and area.start_column <= column < area.end_column:
                    yield row, column, cells[column]

    # -- rules

    def rule(self, kind: str, key: str, wanted: Any) -> int | None:
        """Where in the list `kind` the rule stands whose field `key` is `wanted`."""
        return next((place for place, rule in enumerate(self.rules[kind]) if rule.get(key) == wanted), None)
