"""A worksheet as data: one list of columns, from which it is made, found again, fixed and upgraded.

A column is known by its key, never by where it stands. The key lies on the column itself, as developer metadata
(`COLUMN_TAG`), which the service keeps on it whatever people insert, delete, move, sort or filter around it; people
neither see it nor type over it, and a sort or a filter cannot carry it into the data, as it can a hidden row of keys.
A named range would do it no better: people see it, and the name of a deleted column stays taken for good. What lost
its key, and what an earlier version made, is found by the words of its header, and gets its key again.

A worksheet bears its role, its ID and the version of the layout in the same way (`SHEET_TAG`): one that was renamed is
still itself, and a copy that somebody made of it, which bears the ID of another one, is not.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TYPE_CHECKING

from attendance_backend.sheet import styles
from attendance_backend.sheet.changes import (
    AddNote,
    AddWorksheet,
    Block,
    Change,
    NewCell,
    Row,
    SetColumns,
    Style,
    Tag,
    WarnBeforeEdit,
    WriteCells,
)

if TYPE_CHECKING:
    from attendance_backend.sheet.grid import Worksheet

VERSION = 2
"""Of the layouts; to be raised when what is in a column, and not only which there are, becomes another thing."""

COLUMN_TAG, SHEET_TAG = "attendance.column", "attendance.sheet"
BEING_MADE = "being made"
"""With this begins the tag of a worksheet that does not hold all yet that it is to hold (`sheet.steps`)."""


@dataclass(frozen=True, slots=True, eq=False)
class Column:
    """A column; each is one of a kind, and stands for its place wherever a place is asked for.

    Attributes:
        key: by which it is found; the same for ever.
        header: what people read above it.
        width: pixels; None for the service's own.
        style: of the cells below the header.
        note: shown when the pointer rests on the header.
        below: what stands in the further header rows; only hidden columns have it.
        counts: whether the header is a formula that counts something behind its words.
    """

    key: str
    header: str
    width: int | None = None
    style: Style | None = None
    hidden: bool = False
    note: str = ""
    header_style: Style = styles.HEADER
    below: tuple[str, ...] = ()
    counts: bool = False

    def cell(self, value: object = None) -> NewCell:
        """A cell of this column, in its look."""
        return NewCell(value, self.style)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True, eq=False)
class Layout:
    """A kind of worksheet.

    Attributes:
        title: as it is made.
        sheet_id: as it is made.
        columns: in the order in which they are made.
        tab_color: ``#rrggbb``.
        warning: what people read before they edit it.
        free: columns that they edit without having read it, all below the header.
        plain: nothing is frozen, and headers have only looks of their own.
        located: finds columns that bear no key and no header, by what stands in them.
    """

    title: str
    sheet_id: int
    columns: tuple[Column, ...]
    header_rows: int = 1
    frozen_columns: int = 0
    tab_color: str | None = None
    hidden: bool = False
    warning: str = ""
    free: tuple[Column, ...] = ()
    plain: bool = False
    located: "Callable[[Worksheet], Mapping[Column, int]] | None" = None

    def places(self) -> dict[Column, int]:
        """Where the columns stand in a worksheet that is made."""
        return {column: index for index, column in enumerate(self.columns)}

    def header(self) -> tuple[Row, ...]:
        return tuple(
            tuple(self._header_cell(column, row) for column in self.columns)
            for row in range(self.header_rows)
        )

    def _header_cell(self, column: Column, row: int) -> NewCell:
        words = (column.header, *column.below)
        style = column.header_style if row == 0 else styles.HEADER
        is_plain = self.plain and style is styles.HEADER
        return NewCell(words[row] if row < len(words) else None, None if is_plain else style)

    def create(
        self,
        row_count: int,
        right: Sequence[Row] = (),
        *,
        free_end: int | None = None,
        index: int | None = None,
    ) -> list[Change]:
        """The worksheet, empty but for its header.

        Args:
            row_count: of its grid.
            right: header cells of columns behind those of the layout, row by row.
            free_end: the row after the last one that people edit freely.
            index: its place among the worksheets; None for behind the others.
        """
        header = self.header()
        if right:
            header = tuple((*left, *more) for left, more in zip(header, right, strict=True))
        return [
            AddWorksheet(
                self.sheet_id,
                self.title,
                row_count=row_count,
                column_count=len(header[0]),
                index=index,
                frozen_rows=0 if self.plain else self.header_rows,
                frozen_columns=self.frozen_columns,
                tab_color=self.tab_color,
                hidden=self.hidden,
            ),
            *self.tagged(self.title),
            WriteCells(self.sheet_id, 0, 0, header),
            *self.looks(self.places()),
            WarnBeforeEdit(
                self.sheet_id,
                self.warning,
                tuple(
                    Block(self.header_rows, free_end, first, end)
                    for first, end in runs(self.places()[column] for column in self.free)
                ),
            ),
        ]

    def tagged(self, role: str) -> list[Change]:
        """The tags of a worksheet that is made."""
        return [
            Tag(self.sheet_id, None, sheet_tag(self.sheet_id, role)),
            *(Tag(self.sheet_id, index, column.key) for column, index in self.places().items()),
        ]

    def looks(self, at: Mapping[Column, int], top: int = 0) -> list[Change]:
        """Widths and notes of columns, and which are hidden, where they stand."""
        changes: list[Change] = []
        by_place = {index: column for column, index in at.items()}
        expected = {index: (column.width, column.hidden) for index, column in by_place.items()}
        for look, places in groupby(sorted(expected), key=lambda index: expected[index]):
            if look != (None, False):
                changes += [SetColumns(self.sheet_id, first, end, *look) for first, end in runs(places)]
        notes = ((index, by_place[index].note) for index in sorted(by_place))
        return [*changes, *(AddNote(self.sheet_id, top, index, note) for index, note in notes if note)]


def sheet_tag(sheet_id: int, role: str, version: int = VERSION) -> str:
    """What a worksheet bears."""
    return f"{version} {sheet_id} {role}"


def runs(places: Iterable[int], gap: int = 0) -> list[tuple[int, int]]:
    """Neighbours as first and end; those with no more than a gap between them belong together."""
    runs: list[tuple[int, int]] = []
    for place in sorted(places):
        if runs and place - runs[-1][1] <= gap:
            runs[-1] = runs[-1][0], place + 1
        else:
            runs.append((place, place + 1))
    return runs
