"""Spreadsheets as ``.xlsx`` files."""

from __future__ import annotations

from pathlib import Path

from attendance_sandbox.sheets.spreadsheet import Spreadsheet


def workbook_bytes(spreadsheet: Spreadsheet) -> bytes:
    raise NotImplementedError


def save_workbooks(spreadsheets: list[Spreadsheet], folder: Path) -> list[Path]:
    raise NotImplementedError
