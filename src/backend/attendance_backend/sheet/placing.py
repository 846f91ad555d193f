"""Where the columns of a layout stand in a worksheet as it was read, and what fixes a worksheet that lacks some.

Its header rows are those in which the words of the headers stand, among the first `LOOK` rows. A column stands where
its tag is, whatever its header says now. But where the header of a tagged column is gone and the word stands above a
column without a tag, somebody cut the cells and pasted them there, and formulas followed them: then the word counts.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from typing import NamedTuple

from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddColumns,
    AddRows,
    Change,
    Formula,
    InsertRows,
    NewCell,
    Tag,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Cell, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout, runs, sheet_tag

LOOK = 20
"""So many rows are looked through for headers."""
MOST_KEPT = 500
"""Of so many cells a head is kept, to be known again; those of whole worksheets would fill a function's memory."""

_COUNT = re.compile(r" \(.*")
_FIRST_TEXT = re.compile(r'="([^"]*)')


def as_made(layout: Layout, dates: Mapping[int, float] | None = None) -> Worksheet:
    """A worksheet as it is made; `dates` are those above the columns behind those of the layout."""
    return Worksheet(
        layout.sheet_id,
        layout.title,
        LOOK,
        len(layout.columns) + len(dates or ()),
        {(0, column): Cell(number) for column, number in (dates or {}).items()},
        role=layout.title,
        columns=layout.places(),
        lines=tuple(range(layout.header_rows)),
    )


def placed(sheet: Worksheet, layout: Layout) -> Worksheet:
    """The worksheet with the places of its columns and header rows."""
    head = _head(sheet)
    find = _found if len(head.cells) <= MOST_KEPT else _found.__wrapped__
    columns, lines = find(head, layout)
    if len(columns) < len(layout.columns) and layout.located is not None:
        columns = {**layout.located(sheet), **columns}
        lines = _lines(sheet, layout, columns, lines[0]) if lines else ()
    # Somebody may have inserted rows in between: those below are further down than was read.
    return replace(sheet, columns=columns, lines=() if -1 in lines else lines)


def lacks(sheet: Worksheet, layout: Layout, role: str) -> bool:
    """Whether a worksheet that was `placed` has `lost_rows` or needs `fixing`."""
    head = _head(sheet)
    look = _lacks if len(head.cells) <= MOST_KEPT else _lacks.__wrapped__
    return look(head, tuple(sheet.columns.items()), sheet.lines, layout, role)


class _Head(NamedTuple):
    """What is looked at to place a worksheet, which is the same from one read of it to the next."""

    sheet_id: int
    title: str
    column_count: int
    tag: str
    tags: tuple[tuple[int, str], ...]
    cells: tuple[tuple[Place, Cell], ...]

    def sheet(self) -> Worksheet:
        """As much of the worksheet."""
        return Worksheet(
            self.sheet_id,
            self.title,
            LOOK,
            self.column_count,
            dict(self.cells),
            dict(self.tags),
            self.tag,
        )


def _head(sheet: Worksheet) -> _Head:
    cells = tuple([item for item in sheet.cells.items() if item[0][0] < LOOK])
    return _Head(sheet.sheet_id, sheet.title, sheet.column_count, sheet.tag, tuple(sheet.tags.items()), cells)


@lru_cache(maxsize=256)
def _lacks(
    head: _Head, columns: tuple[tuple[Column, int], ...], lines: tuple[int, ...], layout: Layout, role: str
) -> bool:
    sheet = replace(head.sheet(), columns=dict(columns), lines=lines)
    return bool(lost_rows(sheet, layout) or fixes(sheet, layout, role)[0])


@lru_cache(maxsize=256)
def _found(head: _Head, layout: Layout) -> tuple[Mapping[Column, int], tuple[int, ...]]:
    """Places of columns, by tags and words, and of header rows, -1 for one that is not there."""
    sheet = head.sheet()
    words = {_word(column.header): column for column in layout.columns}
    # Each word once: a row of somebody who is absent all month holds more of them than the header.
    above = {
        (row, _word(text)) for row, text in {(row, _text(cell)) for (row, _), cell in _first(sheet).items()}
    }
    found = Counter(row for row, word in above if word in words)
    # One word alone may have been written there while somebody inserted rows above the header.
    found = Counter({row: count for row, count in found.items() if count > 1 or len(words) == 1})
    top = min(found, key=lambda row: (-found[row], row), default=None)
    header = {column: _word(_text(cell)) for column, cell in sheet.row(-1 if top is None else top)}
    tagged = _places(sheet.tags)
    free = _places({place: word for place, word in header.items() if place not in sheet.tags})
    columns = {
        column: place
        for column in layout.columns
        if (place := _place(column, tagged, free, header)) is not None
    }
    return columns, () if top is None else _lines(sheet, layout, columns, top)


def assumed(sheet: Worksheet, layout: Layout) -> Worksheet:
    """A worksheet whose header rows cannot be told has them one below the other, from the first that is known on."""
    words = {_word(column.header) for column in layout.columns}
    rows = (
        row for (row, _), cell in sorted(sheet.cells.items()) if row < LOOK and _word(_text(cell)) in words
    )
    top = next(rows, 0)
    return replace(sheet, lines=tuple(range(top, top + layout.header_rows)))


def _first(sheet: Worksheet) -> dict[Place, Cell]:
    """What stands in the rows that are looked through."""
    return {place: cell for place, cell in sheet.cells.items() if place[0] < LOOK}


def _places(words: Mapping[int, str]) -> dict[str, list[int]]:
    """Where each word stands, from left to right."""
    places: dict[str, list[int]] = {}
    for place in sorted(words):
        places.setdefault(words[place], []).append(place)
    return places


def _place(
    column: Column, tagged: Mapping[str, list[int]], free: Mapping[str, list[int]], header: Mapping[int, str]
) -> int | None:
    """Where a column stands, by its tags' places by key and, of columns without a tag, by their headers' words."""
    word = _word(column.header)
    places = tagged.get(column.key, [])
    named = [place for place in places if header.get(place) == word]
    moved = free.get(word, []) if not places or not header.get(places[0]) else []
    return next(iter([*named, *moved, *places]), None)


def _lines(sheet: Worksheet, layout: Layout, columns: Mapping[Column, int], top: int) -> tuple[int, ...]:
    """The header rows: where the words of a hidden column stand, for people may insert rows in between; -1 for none."""
    lines = [top]
    for number in range(1, layout.header_rows):
        marks = [
            row
            for column, place in columns.items()
            if number <= len(column.below)
            for row in range(lines[-1] + 1, LOOK)
            if sheet.text(row, place) == column.below[number - 1]
        ]
        lines.append(min(marks, default=-1))
    return tuple(lines)


def _text(cell: Cell) -> str:
    """A header's text; of a formula, which counts something behind its words, these words."""
    if isinstance(cell.value, str):
        return cell.value
    match = _FIRST_TEXT.match(cell.formula) if cell.formula else None
    return match[1] if match else ""


@lru_cache(maxsize=4096)
def _word(text: str) -> str:
    return _COUNT.sub("", " ".join(text.split())).casefold()


def missing(sheet: Worksheet, layout: Layout) -> list[Column]:
    """The columns that were not found."""
    return [column for column in layout.columns if column not in sheet.columns]


def lost_rows(sheet: Worksheet, layout: Layout) -> list[InsertRows]:
    """Rows for headers that somebody deleted, where others stand in their place now; their words come afterwards."""
    texts = _first_texts(sheet)
    words = {_word(column.header) for column in layout.columns}
    said = {(row, _word(_text(cell))) for (row, _), cell in _first(sheet).items()}
    known = Counter(row for row, word in said if word in words)
    found: dict[int, int] = {}
    for row, count in known.most_common(1):
        # The header is also where each word stands above another column.
        if count > 1 and count * 2 > len([None for other, *_ in texts if other == row]):
            found[0] = row
    for row, column, text in texts:
        for number, mark in enumerate((column.header, *column.below)):
            if mark and _word(text) == _word(mark):
                found.setdefault(number, row)
    taken = {row for row, _, _ in texts}
    lost, last = list[int](), -1
    for number in range(layout.header_rows):
        if number in found:
            last = found[number]
        elif last + 1 in taken:
            lost.append(number)
        else:
            last += 1  # its row is there, and empty
    inserted = []
    for number in reversed(lost):
        below = [row for other, row in found.items() if other > number]
        above = [row + 1 for other, row in found.items() if other < number]
        inserted.append(InsertRows(sheet.sheet_id, min(below, default=max(above, default=0)), 1))
    return inserted


def _first_texts(sheet: Worksheet) -> list[tuple[int, Column, str]]:
    """What stands in the columns of the layout, among the first rows."""
    columns = {place: column for column, place in sheet.columns.items()}
    first = _first(sheet)
    places = sorted(place for place in first if place[1] in columns)
    return [(row, columns[column], text) for row, column in places if (text := _text(first[row, column]))]


def unknown(sheet: Worksheet, layout: Layout) -> bool:
    """Whether a later version added columns that this one does not know."""
    return not {column.key for column in layout.columns}.issuperset(sheet.tags.values())


def fixes(sheet: Worksheet, layout: Layout, role: str) -> tuple[list[Change], list[str]]:
    """What gives a worksheet the tags, the marks of header rows and the columns that it lacks, and what that was.

    Columns are added at the end of the grid, so that nothing that stands is touched or moved; they are blank. Tags
    alone are no difference that people see, and are not told.
    """
    sheet_id, changes, told = sheet.sheet_id, list[Change](), list[str]()
    if sheet.tag != sheet_tag(sheet_id, role):
        changes.append(Tag(sheet_id, None, sheet_tag(sheet_id, role)))
    for column, place in sheet.columns.items():
        if sheet.tags.get(place) != column.key:
            changes.append(Tag(sheet_id, place, column.key))
    lines = _header_rows(sheet, layout)
    changes += write_cells(sheet_id, _words(sheet, layout))
    lacking = missing(sheet, layout)
    if lacking:
        added = {column: sheet.column_count + number for number, column in enumerate(lacking)}
        here = replace(layout, sheet_id=sheet_id, columns=tuple(lacking))
        changes.append(AddColumns(sheet_id, len(lacking)))
        for line, row in zip(lines, here.header(), strict=True):
            changes.append(WriteCells(sheet_id, line, sheet.column_count, (row,)))
        changes += here.looks(added, lines[0])
        changes += [Tag(sheet_id, place, column.key) for column, place in added.items()]
        names = ", ".join(column.header for column in lacking)
        told.append(f"{sheet.title!r} lacked the columns {names}")
    return changes, told


def _header_rows(sheet: Worksheet, layout: Layout) -> tuple[int, ...]:
    return sheet.lines or tuple(range(layout.header_rows))


def _words(sheet: Worksheet, layout: Layout) -> dict[Place, NewCell]:
    """Headers that are gone, or say what another column holds: above its numbers they would be believed."""
    lines = dict(zip(_header_rows(sheet, layout), layout.header(), strict=True))
    taken = {_word(column.header) for column in layout.columns}
    words: dict[Place, NewCell] = {}
    for index, column in enumerate(layout.columns):
        if column not in sheet.columns or column.counts:
            continue
        for number, (line, cells) in enumerate(lines.items()):
            own, place = cells[index], (line, sheet.columns[column])
            stands = sheet.cells.get(place)
            if own.value is None or (stands is not None and number > 0):
                continue
            word = "" if stands is None else _word(_text(stands))
            if stands is None or (word != _word(column.header) and word in taken):
                words[place] = own
    return words


def lay(
    sheet_id: int,
    at: Mapping[Column, int],
    first_row: int,
    rows: Sequence[Mapping[Column, NewCell]],
) -> list[WriteCells]:
    """Writes of whole rows, blank where nothing is given: a block for columns that stand side by side."""
    by_place = {place: column for column, place in at.items()}
    blank = NewCell()
    return [
        WriteCells(
            sheet_id,
            first_row,
            first,
            tuple(tuple([row.get(column, blank) for column in columns]) for row in rows),
        )
        for first, end in runs(by_place)
        if (columns := [by_place[place] for place in range(first, end)]) and rows
    ]


def append_areas(sheet: Worksheet) -> list[Area]:
    """What must be read to append: the row below the header, which a new worksheet has for nothing."""
    row = sheet.first_row
    return [Area.of_rows(sheet.title, row, row + 1)] if row < sheet.row_count else []


def is_empty(sheet: Worksheet) -> bool:
    """Whether the worksheet, of which `append_areas` were read, holds nothing below its header."""
    first = sheet.first_row
    return sheet.row_count == first + 1 and not any(row == first for row, _ in sheet.cells)


def append(sheet: Worksheet, rows: Sequence[Mapping[Column, NewCell]]) -> list[Change]:
    """Whole rows behind all that the grid holds, notes that somebody typed there included.

    What people insert or delete meanwhile moves the new rows along, and nothing is written over.

    Args:
        sheet: of which `append_areas` were read.
    """
    if not rows:
        return []
    first_row = sheet.first_row if is_empty(sheet) else sheet.row_count
    by_place = {place: column for column, place in sheet.columns.items()}
    columns = [by_place.get(place) for place in range(max(by_place) + 1)]
    blank = NewCell()
    lines = tuple(
        tuple([blank if column is None else row.get(column, blank) for column in columns]) for row in rows
    )
    lacking = first_row + len(rows) - sheet.row_count
    growth: list[Change] = [AddRows(sheet.sheet_id, lacking)] if lacking > 0 else []
    return [*growth, WriteCells(sheet.sheet_id, first_row, 0, lines, below=True)]


def put(sheet: Worksheet, row: int, cells: Mapping[Column, float | str | Formula | None]) -> list[WriteCells]:
    """Writes of single cells in the looks of their columns."""
    return write_cells(
        sheet.sheet_id, {(row, sheet.at(column)): column.cell(value) for column, value in cells.items()}
    )
