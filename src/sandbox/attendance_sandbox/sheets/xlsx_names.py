"""Names in files: of the files themselves, of worksheets and of functions, where Excel's rules are stricter."""

from __future__ import annotations

import re
import unicodedata

from attendance_sandbox.sheets.spreadsheet import Spreadsheet

MAX_SHEET_TITLE = 31
_MAX_FILE_NAME_BYTES = 180
_LAST_ROW = 1_048_576
_PREFIXED = (
    "CONCAT|DAYS|IFNA|IFS|ISOWEEKNUM|LET|MAXIFS|MINIFS|NUMBERVALUE|SWITCH|TEXTJOIN|UNIQUE|XLOOKUP|XMATCH|XOR"
)
"""Functions younger than the file format, which Excel writes with a prefix."""
_CALLS = {f"{name}(": re.compile(rf"(?<![\w.]){name}(?=\()", re.IGNORECASE) for name in _PREFIXED.split("|")}
_TEXT = re.compile(r'("[^"]*")')
_OPEN_END = re.compile(r":(?<=\d:)\$?[A-Za-z]{1,3}(?![\w($])")
_CELL = re.compile(r"(?<![\w.$])\$?[A-Za-z]{1,3}\$?\d+\Z")
_LONGEST_CELL = len("$XFD$1048576") + 1


def file_name(title: str) -> str:
    """A spreadsheet's title as a file's name, without ending: a title is data and never a path."""
    text = unicodedata.normalize("NFC", title)
    text = "".join(character if character.isalnum() or character in " -_.()" else "_" for character in text)
    text = re.sub(r"\s+", " ", text).strip(" .")
    while len(text.encode()) > _MAX_FILE_NAME_BYTES:
        text = text[:-1].rstrip(" .")
    return text or "Untitled"


def unique(wanted: str, taken: set[str]) -> str:
    """`wanted`, or with the first number behind it that is free; upper and lower case count as the same."""
    name, number = wanted, 1
    while name.casefold() in taken:
        number += 1
        name = f"{wanted} ({number})"
    taken.add(name.casefold())
    return name


def sheet_titles(spreadsheet: Spreadsheet) -> dict[str, str]:
    """Each worksheet's title as Excel can have it: at most 31 characters, none of Excel's special characters."""
    taken: set[str] = set()
    titles = {}
    for sheet in spreadsheet.sheets:
        title = re.sub(r"[\[\]:*?/\\]", "_", sheet.title).strip("'") or "Sheet"
        short = title[:MAX_SHEET_TITLE]
        number = 1
        while short.casefold() in taken:
            number += 1
            ending = f" ({number})"
            short = title[: MAX_SHEET_TITLE - len(ending)] + ending
        taken.add(short.casefold())
        titles[sheet.title] = short
    return titles


def excel_formula(formula: str) -> str:
    """A formula as Excel reads it: younger functions with their prefix, open ranges (``A2:A``) with an end."""
    upper = formula.upper()
    names = [
        name for call, name in _CALLS.items() if call in upper
    ]  # of tens of thousands of long formulas, in few
    pieces = _TEXT.split(formula)
    for number in range(0, len(pieces), 2):
        for name in names:
            pieces[number] = name.sub(_prefixed, pieces[number])
        pieces[number] = _OPEN_END.sub(_with_end, pieces[number])
    return "".join(pieces)


def _prefixed(match: re.Match[str]) -> str:
    return f"_xlfn.{match[0].upper()}"


def _with_end(match: re.Match[str]) -> str:
    is_range = _CELL.search(match.string, max(match.start() - _LONGEST_CELL, 0), match.start())
    return f"{match[0]}${_LAST_ROW}" if is_range else match[0]
