"""Formulas computed by LibreOffice, the reference that tests hold the embedded engine against.

A saved workbook is converted headlessly and read back, which takes seconds. Values are numbers also where they are
shown as dates: days since 1899-12-30.

RecalculationError
    LibreOffice is missing, failed or took too long.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import openpyxl

from attendance_sandbox.sheets.values import ErrorText, Scalar, tidy

TIMEOUT_S = 120.0
Values = dict[str, dict[tuple[int, int], Scalar]]
"""Worksheet's title -> (row, column), both counted from 1 -> value. Cells that show nothing are left out."""


class RecalculationError(Exception):
    """The formulas could not be computed; the message says why and what to do."""


def find_soffice() -> str:
    """LibreOffice's program.

    Raises:
        RecalculationError: it is not installed.
    """
    found = shutil.which("soffice")
    if found is None:
        raise RecalculationError(
            "soffice is not installed, which computes the formulas: install LibreOffice Calc "
            "(Debian: libreoffice-calc)"
        )
    return found


def recalculated_values(
    workbook: Path, *, time_zone: str | None = None, profile: Path | None = None, timeout_s: float = TIMEOUT_S
) -> Values:
    """The values of an ``.xlsx`` file with every formula computed anew; the file itself stays as it is.

    Args:
        workbook: the file.
        time_zone: where ``NOW()`` and ``TODAY()`` are, such as ``Europe/Berlin``; that of this process by default.
        profile: LibreOffice's own folder; kept, it saves a second of each later call. A new one by default.
        timeout_s: how long LibreOffice may take.

    Returns:
        Numbers, texts, truth values, and an `ErrorText` for an error such as ``#DIV/0!``.

    Raises:
        RecalculationError: LibreOffice is missing, failed or took too long.
    """
    with tempfile.TemporaryDirectory(prefix="recalculation-") as folder:
        target = Path(folder) / "out"
        home = profile or Path(folder) / "profile"
        _convert(workbook, target, home, time_zone, timeout_s)
        return values_of(target / workbook.with_suffix(".xlsx").name)


def _convert(workbook: Path, target: Path, home: Path, time_zone: str | None, timeout_s: float) -> None:
    command = [
        find_soffice(),
        f"-env:UserInstallation={home.absolute().as_uri()}",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
        "--outdir",
        str(target),
        str(workbook),
    ]
    environment = os.environ | ({"TZ": time_zone} if time_zone else {})
    # A session of its own: soffice is a script that starts the program, and both must end.
    with subprocess.Popen(  # noqa: S603 - the program that PATH names soffice, and a file of ours
        command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, env=environment, start_new_session=True
    ) as process:
        try:
            _, said = process.communicate(timeout=timeout_s)
        except subprocess.TimeoutExpired as error:
            os.killpg(process.pid, signal.SIGKILL)
            raise RecalculationError(
                f"soffice did not compute {workbook.name} within {timeout_s:g} s"
            ) from error
    if process.returncode or not (target / workbook.with_suffix(".xlsx").name).is_file():
        reason = said.decode(errors="replace").strip() or "it wrote no file and gave no reason"
        raise RecalculationError(f"soffice could not compute {workbook.name}: {reason}")


def values_of(path: Path) -> Values:
    """The values that are kept in a file beside its formulas, see `recalculated_values`."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    # A date or a duration is a number like any other: openpyxl would make datetimes of them, which cannot hold
    # every duration and are rounded.
    book._date_formats = set()  # noqa: SLF001 - openpyxl has no public way to read plain numbers
    found: Values = {}
    try:
        for sheet in book.worksheets:
            cells = found.setdefault(sheet.title, {})
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value is not None:
                        value = ErrorText(cell.value) if cell.data_type == "e" else tidy(cell.value)
                        cells[cell.row, cell.column] = value
    finally:
        book.close()
    return found
