"""Formulas as texts: moved along with their cells, and compared whatever their spelling."""

import hashlib
import re
from functools import lru_cache

from attendance_backend.sheet.a1 import column_letters

BROKEN = "#REF!"
"""What the service puts in place of a reference whose cells were deleted."""

_TEXT = r'"(?:[^"]|"")*"'
_QUOTED = r"'(?:[^']|'')+'!"
_MOVING = re.compile(
    rf"""
    (?P<kept>{_TEXT}|{_QUOTED}|[A-Za-z_][\w.]*[!(])
    |(?<![\w.$])(?P<point>(?P<column>\$?[A-Z]{{1,3}})(?:(?P<row>\$?\d{{1,7}})|(?=:\$?[A-Z]{{1,3}}(?!\w))))(?!\w)
    |(?<=:)(?P<end>\$?[A-Z]{{1,3}})(?![\w(!$])
    """,
    re.VERBOSE | re.ASCII,
)
_SPELLED = re.compile(rf"(?P<text>{_TEXT})|(?P<title>{_QUOTED})")
_REFERENCE = re.compile(
    rf"""
    (?P<text>{_TEXT})
    |(?:{_QUOTED}|(?<![\w.])[A-Za-z_][\w.]*!)?
     (?:\#REF!
       |(?<![\w.$])\$?[A-Z]{{1,3}}(?:\$?\d{{1,7}}(?::\$?[A-Z]{{1,3}}\$?\d{{1,7}})?|:\$?[A-Z]{{1,3}})(?![\w(]))
    """,
    re.VERBOSE | re.ASCII,
)
_PARTICULAR = re.compile(r"[@/\d]")
"""In texts that can be a person's key or a date."""
_MARK = "§"
_REPEATED = re.compile(rf"((?:[a-z.]+\(|{_MARK})[^§]*?{_MARK}[^+]*?|{_MARK})(?:[,+]\1)+")
_RANGE_OF_ONE = re.compile(r"(?<![\w.$])(\$?[a-z]{1,3}\$?\d{1,7}):\1(?!\w)", re.ASCII)
"""Some services write such a range as the cell."""

_Point = tuple[str, int | None, int | None]
"""A piece of text that stays, and the column or the row behind it that moves along."""


@lru_cache(maxsize=16384)
def moved(formula: str, rows: int, columns: int) -> str:
    """A formula as it reads so many rows further down and columns further right; what ``$`` fixes stays.

    Kept, because each visit of a workbook asks for the formulas of the same rows.

    Args:
        formula: with references in capitals and without ranges of whole rows, as the program writes them.
        rows: may be negative, as long as no reference leaves the grid.
        columns: as `rows`.
    """
    if not rows and not columns:
        return formula
    parts: list[str] = []
    for text, column, row in _points(formula):
        parts.append(text)
        if column is not None:
            parts.append(column_letters(column + columns))
        if row is not None:
            parts.append(str(row + rows))
    return "".join(parts)


def same(one: str, other: str) -> bool:
    """Whether two formulas say the same; capitals, blanks, quotes round titles and ``A1:A1`` make no difference."""
    return one == other or _plain(one) == _plain(other)


def is_alike(formula: str, other: str) -> bool:
    """Whether two formulas compute the same of other cells, however many of them stand side by side."""
    return _skeleton(formula) == _skeleton(other)


def is_broken(formula: str, whole: str) -> bool:
    """Whether a formula is another one that has lost references, and nothing else."""
    pieces = _plain(formula).split(BROKEN.casefold())
    if len(pieces) < 2:
        return False
    return re.fullmatch('[^,()"]*'.join(map(re.escape, pieces)), _plain(whole)) is not None


def digest(formula: str) -> str:
    """By which a formula is known again whatever cells it names, and whose row or which period it is about."""
    skeleton = _skeleton(
        re.sub(_TEXT, lambda text: '""' if _PARTICULAR.search(text[0]) else text[0], formula)
    )
    return hashlib.sha256(skeleton.encode()).hexdigest()[:12]


@lru_cache(maxsize=4096)
def _points(formula: str) -> tuple[_Point, ...]:
    """Kept, because one formula is filled into many cells."""
    points: list[_Point] = []
    text, end = "", 0
    for match in _MOVING.finditer(formula):
        if match["kept"] is not None:
            continue
        text += formula[end : match.start()]
        column = match["column"] if match["end"] is None else match["end"]
        row = match["row"] or ""
        if column.startswith("$"):
            text += column
        else:
            points.append((text, _number(column), None))
            text = ""
        if row.startswith("$") or not row:
            text += row
        else:
            points.append((text, None, int(row)))
            text = ""
        end = match.end()
    return (*points, (text + formula[end:], None, None))


@lru_cache(maxsize=4096)
def _skeleton(formula: str) -> str:
    """A formula with a mark in place of each reference, and of what is repeated for several areas only one."""
    bare = _REFERENCE.sub(lambda match: match["text"] or _MARK, formula)
    return _once(_plain(bare))


@lru_cache(maxsize=256)
def _once(skeleton: str) -> str:
    before = ""
    while before != skeleton:
        before, skeleton = skeleton, _REPEATED.sub(r"\1", skeleton)
    return skeleton


def _number(column: str) -> int:
    """A is 0, Z is 25, AA is 26."""
    number = 0
    for letter in column:
        number = number * 26 + ord(letter) - ord("A") + 1
    return number - 1


@lru_cache(maxsize=4096)
def _plain(formula: str) -> str:
    """One spelling for all: small letters, no blanks, no quotes round titles. Texts within stay as they are."""
    parts: list[str] = []
    end = 0
    for match in _SPELLED.finditer(formula):
        parts.append(_without_spelling(formula[end : match.start()]))
        if match["text"] is not None:
            parts.append(match["text"])
        else:
            parts.append(match["title"][1:-2].replace("''", "'").casefold() + "!")
        end = match.end()
    return "".join((*parts, _without_spelling(formula[end:])))


def _without_spelling(piece: str) -> str:
    return _RANGE_OF_ONE.sub(r"\1", "".join(piece.split()).casefold())
