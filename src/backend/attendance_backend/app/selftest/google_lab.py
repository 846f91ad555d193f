"""A folder of our own in Drive, with one spreadsheet in which each trial has a worksheet of its own."""

import itertools
import time
from collections.abc import Callable, Mapping
from contextlib import contextmanager
from typing import Any

import requests
from gspread.exceptions import APIError
from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from attendance_backend.errors import GoogleError
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import GoogleHttpClient, Json
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.review.names import LOCALE
from attendance_backend.review.structure import TIME_ZONE
from attendance_backend.sheet.changes import SetLocale
from attendance_trouble import network_trouble
from attendance_trouble.belief import OtherwiseError

TITLE = "Attendance selftest, to be deleted"
PROPERTIES = {"attendance": "selftest"}
PATIENCE_S = 30
PAUSES_S = (5, 20, 40)
"""Google allows an account 60 reads and 60 writes a minute."""


class Refused(Exception):  # noqa: N818 - an answer, which trials ask for
    """What an API refuses with."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status} {message}")
        self.status = status
        self.message = message


class GoogleLab:
    """Sheets and Drive, as the trials use them.

    Attributes:
        spreadsheet_id: of the spreadsheet; worksheets are added by `worksheet`.
        settled: waits for what Google takes its time for.
    """

    def __init__(
        self, client: GoogleHttpClient, parent_id: str, wait: Callable[[float], None] = time.sleep
    ) -> None:
        """Makes folder and spreadsheet. Raises as `ports.Drive.create`."""
        self._client = client
        self._wait = wait
        above = GoogleDrive(client, parent_id)
        self.folder_id = above.subfolder(TITLE, PROPERTIES)
        self.drive = GoogleDrive(client, self.folder_id)
        self.sheets = GoogleSheets(client)
        self.spreadsheet_id = self.drive.create("Selftest", {})
        self.sheets.apply(self.spreadsheet_id, [SetLocale(LOCALE, TIME_ZONE)])
        self._numbers = itertools.count(101)

    def remove(self) -> None:
        """Folder and all, into the bin of the shared drive."""
        self.drive.move_to_bin(self.folder_id)

    def settled(self, found: Callable[[], bool]) -> bool:
        """Whether it comes to be so, within half a minute."""
        for _ in range(PATIENCE_S):
            if found():
                return True
            self._wait(1)
        return False

    # -- Sheets, word for word

    def worksheet(
        self, *rows: tuple[Any, ...], row_count: int = 20, columns: int = 8, formulas: bool = False
    ) -> int:
        """A new worksheet with these texts and numbers, or formulas, from A1 on; returns its ID."""
        sheet_id = next(self._numbers)
        grid = {"rowCount": row_count, "columnCount": columns}
        properties = {"sheetId": sheet_id, "title": f"T{sheet_id}", "gridProperties": grid}
        self.batch(
            {"addSheet": {"properties": properties}},
            *([write(sheet_id, *rows, formulas=formulas)] if rows else []),
        )
        return sheet_id

    def batch(self, *changes: Json, fields: str = "spreadsheetId", **more: Any) -> Json:
        """One call of batchUpdate; raises Refused."""
        url = SPREADSHEET_BATCH_UPDATE_URL % self.spreadsheet_id
        return self.call("post", url, {"fields": fields}, {"requests": list(changes), **more})

    def read(self, fields: str, *ranges: str, of: str | None = None) -> Json:
        """One call of spreadsheets.get; raises Refused."""
        params: dict[str, Any] = {"fields": fields, "ranges": list(ranges)}
        return self.call("get", SPREADSHEET_URL % (of or self.spreadsheet_id), params)

    def cells(self, area: str, field: str = "effectiveValue") -> list[list[Any]]:
        """One field of each cell of an area, by rows, as Google leaves them out."""
        answer = self.read(f"sheets(data(rowData(values({field}))))", area)
        rows = answer["sheets"][0]["data"][0].get("rowData", [])
        return [[cell.get(field.partition("(")[0]) for cell in row.get("values", ())] for row in rows]

    def names(self) -> Mapping[str, Json]:
        return {each["name"]: each for each in self.read("namedRanges").get("namedRanges", ())}

    def call(self, method: str, url: str, params: Mapping[str, Any], body: Json | None = None) -> Json:
        """One call of an API, again where Google asks for patience; raises Refused, or GoogleError for no answer."""
        for pause_s in (*PAUSES_S, None):
            try:
                found: Json = self._client.request(method, url, params=params, json=body).json()
            except APIError as error:
                status = error.response.status_code
                told = Refused(status, str(error.error.get("message", "")))
                if pause_s is None or not (status == requests.codes.too_many or status >= 500):
                    raise told from error
                self._wait(pause_s)
            except requests.RequestException as error:
                raise GoogleError(f"no answer: {network_trouble(error)}") from error
            else:
                return found
        raise AssertionError("the loop returns or raises")


@contextmanager
def refused(status: int, *words: str) -> Any:
    """Around what shall be refused with a status and in words that begin the real ones; raises OtherwiseError."""
    seen: list[str] = []
    try:
        yield seen
    except Refused as error:
        seen.append(str(error))
        if error.status != status or not all(word in error.message for word in words):
            raise OtherwiseError(f"{error}") from error
    else:
        raise OtherwiseError("it was not refused")


def write(
    sheet_id: int, *rows: tuple[Any, ...], row: int = 0, column: int = 0, formulas: bool = False
) -> Json:
    """The request that writes texts, numbers and formulas from a cell on."""
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column}
    told = [{"values": [{"userEnteredValue": _entered(value, formulas)} for value in each]} for each in rows]
    return {"updateCells": {"start": start, "rows": told, "fields": "userEnteredValue"}}


def _entered(value: Any, formulas: bool) -> Json:
    if isinstance(value, str):
        return {"formulaValue" if formulas and value.startswith("=") else "stringValue": value}
    return {"numberValue": value}


def area(sheet_id: int, first_row: int, end_row: int, first_column: int, end_column: int) -> Json:
    """A part of a worksheet, as the API names it."""
    return {
        "sheetId": sheet_id,
        "startRowIndex": first_row,
        "endRowIndex": end_row,
        "startColumnIndex": first_column,
        "endColumnIndex": end_column,
    }


def columns(sheet_id: int, first: int, end: int) -> Json:
    """Columns of a worksheet, as the API names them."""
    return {"sheetId": sheet_id, "dimension": "COLUMNS", "startIndex": first, "endIndex": end}
