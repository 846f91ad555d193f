"""One spreadsheet: its properties, worksheets, named ranges, and finding things in it."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import Any

from attendance_sandbox.sheets import a1
from attendance_sandbox.sheets.a1 import Area
from attendance_sandbox.sheets.defaults import DEFAULT_FORMAT, DEFAULT_THEME
from attendance_sandbox.sheets.errors import invalid_argument
from attendance_sandbox.sheets.locales import Locale, locale_for
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.worksheet import Worksheet

MAX_CELLS = 10_000_000
"""Cells of all grids together, blank ones included."""


def new_id() -> int:
    """An ID for a worksheet, a protected range and the like."""
    return 1 + secrets.randbelow(2**31 - 1)  # whoever seeds `random` must not get the same ones twice


class Spreadsheet:
    """A spreadsheet. Changes are made on a `draft`, which then takes its place or is dropped."""

    def __init__(self, spreadsheet_id: str, title: str) -> None:
        self.spreadsheet_id = spreadsheet_id
        self.properties: Json = {
            "title": title,
            "locale": "en_US",
            "autoRecalc": "ON_CHANGE",
            "timeZone": "Etc/GMT",
            "defaultFormat": DEFAULT_FORMAT,
            "spreadsheetTheme": DEFAULT_THEME,
        }
        self.sheets: list[Worksheet] = [Worksheet.blank(0, "Sheet1")]
        self.named_ranges: list[Json] = []
        self.broken_names: list[Json] = []
        """Named ranges whose cells were deleted: the service shows them no more, and their names stay taken."""
        self.computed: Spreadsheet | None = None
        """The same with the values of all formulas, once they were computed. A draft starts without."""
        self.answers: dict[tuple[Any, ...], Any] = {}
        """What was answered about it as it stands, for who asks the same again. A draft starts without."""

    def draft(self, spreadsheet_id: str | None = None) -> Spreadsheet:
        """A copy, whose changes do not show here."""
        copy = Spreadsheet(spreadsheet_id or self.spreadsheet_id, self.title)
        copy.properties = dict(self.properties)
        copy.sheets = [sheet.draft() for sheet in self.sheets]
        copy.named_ranges = list(self.named_ranges)
        copy.broken_names = list(self.broken_names)
        return copy

    @property
    def title(self) -> str:
        title: str = self.properties["title"]
        return title

    @property
    def locale(self) -> Locale:
        return locale_for(self.properties["locale"])

    @property
    def url(self) -> str:
        return f"https://docs.google.com/spreadsheets/d/{self.spreadsheet_id}/edit"

    # -- worksheets

    def sheet(self, sheet_id: int) -> Worksheet:
        for sheet in self.sheets:
            if sheet.sheet_id == sheet_id:
                return sheet
        raise invalid_argument(f"No grid with id: {sheet_id}")

    def sheet_titled(self, title: str) -> Worksheet | None:
        """The worksheet of that title, upper and lower case alike."""
        wanted = title.casefold()
        return next((sheet for sheet in self.sheets if sheet.title.casefold() == wanted), None)

    def insert_sheet(self, sheet: Worksheet, index: int | None = None) -> None:
        """Puts a worksheet at a place, at the end by default.

        Raises:
            ApiError: its title or ID is in use.
        """
        self.check_title(sheet.title, None)
        if any(other.sheet_id == sheet.sheet_id for other in self.sheets):
            raise invalid_argument(f"Sheet with id {sheet.sheet_id} already exists.")
        place = len(self.sheets) if index is None else index
        if not 0 <= place <= len(self.sheets):
            raise invalid_argument(
                f"Sheet index {place} is out of bounds; there are {len(self.sheets)} sheets."
            )
        self.sheets.insert(place, sheet)
        self.renumber()

    def check_title(self, title: str, own: Worksheet | None) -> None:
        """Refuses a title that is empty, too long or another worksheet's."""
        if not title:
            raise invalid_argument("Sheet name cannot be empty.")
        if len(title) > 100:
            raise invalid_argument("The sheet name cannot be greater than 100 characters.")
        if self.sheet_titled(title) not in (None, own):
            raise invalid_argument(
                f'A sheet with the name "{title}" already exists. Please enter another name.'
            )

    def free_title(self, wanted: str) -> str:
        """`wanted`, or `wanted` with the first number behind it that makes it unused."""
        title, number = wanted, 1
        while self.sheet_titled(title) is not None:
            number += 1
            title = f"{wanted} {number}"
        return title

    def renumber(self) -> None:
        for index, sheet in enumerate(self.sheets):
            sheet.properties["index"] = index

    def check_size(self) -> None:
        """Refuses a workbook of more cells than one may hold."""
        if sum(sheet.row_count * sheet.column_count for sheet in self.sheets) > MAX_CELLS:
            raise invalid_argument(
                "This action would increase the number of cells in the workbook above the limit of "
                f"{MAX_CELLS} cells."
            )

    # -- ranges

    def resolve(self, text: str) -> tuple[Worksheet, Area]:
        """The worksheet and the area that an A1 text or a named range names, cut to the grid.

        Raises:
            ApiError: it names nothing, or starts outside the grid.
        """
        sheet, area, _ = self.resolve_start(text)
        return sheet, area

    def resolve_start(self, text: str) -> tuple[Worksheet, Area, bool]:
        """As `resolve`; the last value tells that one cell was named, from which a write may go on."""
        title, cells = a1.split_title(text)
        if title is None:
            named = self._named(text) or self._whole(text)
            if named is not None:
                return *named, False
        sheet = self.sheets[0] if title is None else self.sheet_titled(title)
        if sheet is None:
            raise a1.unparsable(text)
        if not cells:
            return sheet, sheet.area, False
        reference = a1.parse_cells(title, cells)
        if reference is None:
            named = self._named(cells)
            if named is None:
                raise a1.unparsable(text)
            return *named, False
        return sheet, sheet.area_of_reference(reference), reference.single

    def move_names(self, move: Callable[[Json], Json | None]) -> None:
        """Puts what `move` makes of each named range in its place; None when its cells are gone."""
        moved = [(named, move(named)) for named in self.named_ranges]
        self.named_ranges = [after for _, after in moved if after is not None]
        self.broken_names.extend(named for named, after in moved if after is None)

    def _named(self, name: str) -> tuple[Worksheet, Area] | None:
        for named in self.named_ranges:
            if named["name"].casefold() == name.casefold():
                sheet = self.sheet(named["range"].get("sheetId", 0))
                return sheet, sheet.area_of(named["range"])
        return None

    def _whole(self, title: str) -> tuple[Worksheet, Area] | None:
        """A text without ``!`` is a worksheet's title, unless it reads as a cell (``A1``)."""
        if re.fullmatch(r"[A-Za-z]{1,3}\d+", title):
            return None
        sheet = self.sheet_titled(title)
        return None if sheet is None else (sheet, sheet.area)

    def find_rule(self, kind: str, key: str, wanted: Any) -> tuple[Worksheet, int] | None:
        """The worksheet and the place of a rule, such as the protected range of an ID."""
        for sheet in self.sheets:
            place = sheet.rule(kind, key, wanted)
            if place is not None:
                return sheet, place
        return None
