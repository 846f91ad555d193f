"""The A1 notation of cells and areas."""

import re
from functools import cache

from attendance_backend.sheet.grid import Area


@cache
def column_letters(column: int) -> str:
    """0 is A, 25 is Z, 26 is AA."""
    letters = ""
    rest = column + 1
    while rest:
        rest, digit = divmod(rest - 1, 26)
        letters = chr(ord("A") + digit) + letters
    return letters


def cell_name(row: int, column: int) -> str:
    """(0, 0) is A1."""
    return f"{column_letters(column)}{row + 1}"


def row_part(row: int, first: int, end: int, *, fixed: bool = False) -> str:
    """A row's cells from column `first` to before `end`; one cell is named once. With ``$`` before letters if fixed."""
    mark = "$" if fixed else ""
    names = [mark + cell_name(row, column) for column in (first, end - 1)]
    return names[0] if names[0] == names[1] else ":".join(names)


def quoted(title: str) -> str:
    """A worksheet's title as ranges need it."""
    return "'" + title.replace("'", "''") + "'"


@cache
def in_formula(title: str) -> str:
    """A worksheet's title as the service writes it in formulas: in quotes only where it must.

    What it rewrites when people insert or rename something then reads as the program wrote it, and need not be compared
    by meaning.
    """
    return title if re.fullmatch("[A-Za-z_]{4,}", title) and title.casefold() != "true" else quoted(title)


def area_name(area: Area) -> str:
    """An area as the Sheets API takes it; open ends stay open: ``'2026'!A2:C``, ``'2026'!1:1``."""
    whole_rows = area.first_column == 0 and area.end_column is None
    first_column = "" if whole_rows else column_letters(area.first_column)
    end_column = "" if area.end_column is None else column_letters(area.end_column - 1)
    whole_columns = area.first_row == 0 and area.end_row is None
    if whole_rows and whole_columns:
        return quoted(area.worksheet)
    first_row = "" if whole_columns else str(area.first_row + 1)
    end_row = "" if area.end_row is None else str(area.end_row)
    return f"{quoted(area.worksheet)}!{first_column}{first_row}:{end_column}{end_row}"
