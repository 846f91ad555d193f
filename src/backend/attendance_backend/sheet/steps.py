"""A write that is too large for one request, as several of which nobody takes a part for the whole.

Worksheets that it adds are hidden, and bear a tag that says that they are being made, until the last of their cells is
written; one request then shows all of them, and gives them the tags by which the program knows them. What is left of an
attempt that died before is therefore none of ours, and the next attempt removes it and begins anew. Changes to
worksheets that are there come last, in their order: whoever writes in steps sees to it that any beginning of them may
be left, and that the next attempt goes on.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    FillCells,
    Formula,
    NewCell,
    RemoveWorksheet,
    SetLocale,
    ShowWorksheet,
    Tag,
    WriteCells,
)
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.layout import BEING_MADE

MOST_BYTES = 1_500_000
"""Of a request, as estimated here; Google advises 2 MB."""
_PART = 8
"""A block of cells is cut where it alone is larger than this part of a request."""
_CELL, _LOOK, _OTHER = 60, 300, 300
"""Bytes of a cell without its text, of its look, and of anything else."""


def steps_of(read: Spreadsheet, changes: Sequence[Change]) -> list[list[Change]]:
    """The changes as requests: one, if they are small enough.

    Args:
        read: all worksheets that are there.
        changes: none of which writes below all others (`WriteCells.below`).
    """
    added = {change.sheet_id: change for change in changes if isinstance(change, AddWorksheet)}
    left = {sheet.sheet_id for sheet in read.worksheets if sheet.is_being_made}
    left -= {change.sheet_id for change in changes if isinstance(change, RemoveWorksheet)}
    changes = [*(RemoveWorksheet(sheet_id) for sheet_id in sorted(left)), *changes]
    if sum(map(_size, changes)) <= MOST_BYTES:
        return [changes]
    before: list[Change] = []
    inside: list[Change] = []
    shown: list[Change] = []
    others: list[Change] = []
    for change in changes:
        match change:
            case AddWorksheet(sheet_id):
                before.append(replace(change, hidden=True))
                if not change.hidden:
                    shown.append(ShowWorksheet(sheet_id))
            case Tag(sheet_id, None, text) if sheet_id in added:
                before.append(Tag(sheet_id, None, f"{BEING_MADE} {text}"))
                shown.append(change)
            case SetLocale():  # by it formulas are read
                before.append(change)
            case RemoveWorksheet(sheet_id) if sheet_id in left:
                before.append(change)
            case _:
                (inside if getattr(change, "sheet_id", None) in added else others).append(change)
    first, *more = [*_pieces(others)] or [[]]
    # A worksheet has its tag, or is shown, in the request that adds or tags it, however small a request is to be.
    steps = [before, *_pieces(inside), [*shown, *first], *more]
    return [step for step in steps if step]


def _pieces(changes: Sequence[Change]) -> Iterator[list[Change]]:
    piece: list[Change] = []
    size = 0
    for change in changes:
        for part in _parts(change):
            more = _size(part)
            if piece and size + more > MOST_BYTES:
                yield piece
                piece, size = [], 0
            piece.append(part)
            size += more
    if piece:
        yield piece


def _parts(change: Change) -> list[Change]:
    if not isinstance(change, WriteCells) or change.below:
        return [change]
    count = max(len(change.rows) * MOST_BYTES // _PART // max(_size(change), 1), 1)
    return [
        replace(change, row=change.row + first, rows=change.rows[first : first + count])
        for first in range(0, len(change.rows), count)
    ]


def _size(change: Change) -> int:
    match change:
        case WriteCells():
            return _OTHER + sum(_size_of(cell) for row in change.rows for cell in row)
        case FillCells():
            return _OTHER + _size_of(change.cell)
        case _:
            return _OTHER


def _size_of(cell: NewCell) -> int:
    text = cell.value.text if isinstance(cell.value, Formula) else cell.value
    letters = 0 if not isinstance(text, str) else len(text) if text.isascii() else 6 * len(text)
    return _CELL + letters + (_LOOK if cell.style is not None else 0)
