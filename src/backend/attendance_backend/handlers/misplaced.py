"""Puts right what was written beside its place because a person moved columns or rows between our read and our write.

The header rows of each worksheet that is written to come back in the write's own answer: what they show is how it was
when the write was carried out. New rows go below all others, wherever these are (`placing.append`), so that nothing
is written over by them. Facts can be computed again; what else was written over is what was read before.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from attendance_backend.review import book, sites_sheet
from attendance_backend.review.book import Want
from attendance_backend.review.names import DAYS, PUNCH_INDEX, SITES
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddRows, Change, Formula, InsertRows, NewCell, WriteCells
from attendance_backend.sheet.grid import Area, Cell, Place, Spreadsheet, Worksheet

FACTS = (PUNCH_INDEX, DAYS)


@dataclass(frozen=True)
class Misplaced:
    """A worksheet that was not as it was read when it was written to.

    Attributes:
        was: as it was read.
        now: as the write left it.
        changes: of all worksheets.
    """

    was: Worksheet
    now: Worksheet
    changes: Sequence[Change]

    @property
    def writes(self) -> list[WriteCells]:
        """What was written to it."""
        return [
            change
            for change in self.changes
            if isinstance(change, WriteCells) and change.sheet_id == self.was.sheet_id
        ]

    def __str__(self) -> str:
        return f"somebody moved columns or rows of {self.was.title!r} while it was written to"


def areas(read: Spreadsheet, changes: Sequence[Change]) -> list[Area]:
    """What the answer to a write is to show: the header rows of the worksheets that were read and are written to."""
    return [Area.of_rows(sheet.title, sheet.lines[0], sheet.first_row) for sheet in _written(read, changes)]


def _written(read: Spreadsheet, changes: Sequence[Change]) -> list[Worksheet]:
    ids = {change.sheet_id for change in changes if isinstance(change, WriteCells)}
    return [
        sheet
        for sheet in read.worksheets
        if sheet.sheet_id in ids and sheet.role and sheet.lines and sheet.cells
    ]


def found(read: Spreadsheet, after: Spreadsheet, changes: Sequence[Change]) -> list[Misplaced]:
    """The worksheets that were no longer as they had been read."""
    there = {sheet.sheet_id: sheet for sheet in book.recognised(after).worksheets}
    return [
        Misplaced(was, now, changes)
        for was in _written(read, changes)
        if (now := there.get(was.sheet_id)) is not None and _has_moved(was, now, changes)
    ]


def _has_moved(was: Worksheet, now: Worksheet, changes: Sequence[Change]) -> bool:
    days = {
        column: cell.value for column, cell in was.row(was.lines[0]) if isinstance(cell.value, float | int)
    }
    return (
        now.row_count != _planned_rows(was, changes)
        or now.lines != was.lines
        or any(now.columns.get(column) != place for column, place in was.columns.items())
        or any(now.value(now.lines[0], column) != day for column, day in days.items())
    )


def _planned_rows(was: Worksheet, changes: Sequence[Change]) -> int:
    grown = (change for change in changes if isinstance(change, AddRows | InsertRows))
    return was.row_count + sum(change.count for change in grown if change.sheet_id == was.sheet_id)


def wants(misplaced: Sequence[Misplaced]) -> list[Want]:
    """What must be read to put it right."""
    return [Want(each.now, lambda sheet: [Area(sheet.title)]) for each in misplaced]


def fixes(view: Spreadsheet, misplaced: Sequence[Misplaced]) -> list[Change]:
    """What puts right what was written."""
    changes: list[Change] = []
    for each in misplaced:
        sheet = view.worksheet(each.was.role or "")
        for write in each.writes:
            changes += _rows(each, sheet, write) if write.below else []
        if sheet.role in (*FACTS, SITES):
            changes += _cells_in(each, sheet)
    return changes


def _rows(each: Misplaced, sheet: Worksheet, write: WriteCells) -> list[WriteCells]:
    """New rows, found by what they hold, written again under the right headers."""
    lines = {
        row: {column: cell.formula or cell.value for column, cell in sheet.row(row)}
        for row in range(max(sheet.end_row() - 2 * len(write.rows), 0), sheet.end_row())
    }
    cells: dict[Place, NewCell] = {}
    columns = {place: sheet.at(column) for column, place in each.was.columns.items()}
    for line in write.rows:
        expected = {place: _plain(cell) for place, cell in enumerate(line) if cell.value is not None}
        row = next((row for row, held in lines.items() if held == expected), None)
        if row is None:
            continue
        del lines[row]
        cells |= {(row, place): NewCell() for place in expected}
        cells |= {(row, columns[place]): cell for place, cell in enumerate(line) if place in columns}
    return write_cells(sheet.sheet_id, cells)


def _plain(cell: NewCell) -> float | str | None:
    return cell.value.text if isinstance(cell.value, Formula) else cell.value


def _cells_in(each: Misplaced, sheet: Worksheet) -> list[WriteCells]:
    """What was written, in its place, and what was written over, as it had been read, back in its own.

    What had not been read is blank then: of facts, which are computed anew.
    """
    was = each.was
    written = {place: cell for write in each.writes if not write.below for place, cell in write.cells()}
    columns = _columns(was, sheet)
    first, count = _inserted(each, sheet, columns, written.keys())

    def row_now(row: int) -> int | None:
        """None for a row that was deleted."""
        if row < first:
            return row
        return None if row < first - count else row + count

    columns_back = {place: column for column, place in columns.items()}
    rows_back = {row_now(row): row for row in range(was.row_count + len(written))}
    cells: dict[Place, NewCell] = {}
    for row, column in written:
        old = was.cells.get((rows_back.get(row, -1), columns_back.get(column, -1)))
        if old is not None and old.is_formula and sheet.role == SITES:
            cells[row, column] = NewCell(sites_sheet.state(row, sheet))
        else:
            cells[row, column] = NewCell(None if old is None else old.value)
    for (row, column), cell in written.items():
        place = row_now(row)
        if place is not None and column in columns:
            cells[place, columns[column]] = cell
    return write_cells(sheet.sheet_id, cells)


def _columns(was: Worksheet, sheet: Worksheet) -> dict[int, int]:
    """Where the columns that stood somewhere stand now: those of the layout, and those of days."""
    days = {cell.value: column for column, cell in sheet.row(sheet.lines[0]) if _is_day(cell)}
    found = {place: sheet.columns[column] for column, place in was.columns.items() if column in sheet.columns}
    for column, cell in was.row(was.lines[0]):
        if _is_day(cell) and column not in found:
            # Our write may have hit the date itself: the column is then where its neighbour is.
            beside = found.get(column - 1, -2) + 1
            place = days.get(cell.value, beside)
            if place >= 0 and place not in found.values():
                found[column] = place
    return found


def _inserted(
    each: Misplaced, sheet: Worksheet, columns: Mapping[int, int], written: Collection[Place]
) -> tuple[int, int]:
    """Before which row, as they were read, others were inserted, and how many: the first that is not where it was.

    Fewer than none were inserted where rows were deleted: this one and the next.
    """
    was = each.was
    count = sheet.row_count - _planned_rows(was, each.changes)
    moved = [
        row
        for (row, column), cell in was.cells.items()
        if column in columns
        and not cell.is_formula
        and (row, columns[column]) not in written
        and sheet.value(row, columns[column]) != cell.value
    ]
    return min(moved, default=was.row_count), count


def _is_day(cell: Cell) -> bool:
    return isinstance(cell.value, float | int)
