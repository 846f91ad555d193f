"""The export as files: two of CSV, or one workbook."""

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path

from attendance_backend.errors import UserError
from attendance_backend.export.payroll import DAY_HEADERS, PERSON_HEADERS, Payroll, Value

_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")
"""What spreadsheet programs take for a formula when they open a CSV file."""


def write_csv(payroll: Payroll, path: Path) -> list[Path]:
    """Write two files, of people and of days; the second has ``-days`` in its name.

    In UTF-8 with a mark at the beginning, by which Excel knows it. A text that a spreadsheet program would take for a
    formula gets an apostrophe in front.

    Raises:
        UserError: a file cannot be written.
    """
    paths = [path, path.with_stem(f"{path.stem}-days")]
    _write(paths[0], (*PERSON_HEADERS, *payroll.more), payroll.people)
    _write(paths[1], DAY_HEADERS, payroll.days)
    return paths


def write_xlsx(payroll: Payroll, path: Path) -> list[Path]:
    """Write a workbook with the worksheets ``Payroll`` and ``Days``; texts are texts, whatever they begin with.

    Raises:
        UserError: the file cannot be written, or openpyxl is not installed.
    """
    try:
        from openpyxl import Workbook  # noqa: PLC0415 - the functions have no openpyxl, and need none
        from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415
        from openpyxl.styles import Font  # noqa: PLC0415
    except ImportError as error:
        raise UserError(
            "writing .xlsx needs openpyxl: pip install '.[operator]', or use --format csv"
        ) from error
    try:
        with path.open("wb") as file:
            book = Workbook(write_only=True)  # or all of its cells are in memory at once
            for title, headers, rows in (
                ("Payroll", (*PERSON_HEADERS, *payroll.more), payroll.people),
                ("Days", DAY_HEADERS, payroll.days),
            ):
                sheet = book.create_sheet(title)
                sheet.freeze_panes = "B2"
                for line in (headers, *rows):
                    cells = [WriteOnlyCell(sheet, value) for value in line]
                    for cell, value in zip(cells, line, strict=True):
                        if isinstance(value, str):
                            cell.data_type = "s"
                        if line is headers:
                            cell.font = Font(bold=True)
                    sheet.append(cells)
            book.save(file)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
    return [path]


def _cell(value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        return f"'{value}" if value.startswith(_FORMULA_BEGINNINGS) else value
    return f"{value:g}" if value == int(value) else f"{value:.2f}"


def _write(path: Path, headers: Sequence[str], rows: Iterable[Sequence[Value]]) -> None:
    try:
        with path.open("w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(headers)
            writer.writerows([_cell(value) for value in row] for row in rows)
    except OSError as error:
        raise UserError(f"{path} cannot be written: {error.strerror}") from error
