"""Google Sheets, through gspread's HTTP client: one call a read, one a write."""

import re
from collections.abc import Sequence
from urllib.parse import quote

from gspread.urls import SPREADSHEET_BATCH_UPDATE_URL, SPREADSHEET_URL

from attendance_backend.errors import OutdatedError, RefusedError, SpreadsheetGoneError
from attendance_backend.google.google_http import GoogleHttpClient, Json
from attendance_backend.google.sheet_answers import (
    WITH_CELLS,
    WITHOUT_CELLS,
    WRITTEN,
    Answer,
    Written,
    spreadsheet,
)
from attendance_backend.google.sheet_requests import is_repeatable, requests_of, version_of
from attendance_backend.sheet.a1 import area_name
from attendance_backend.sheet.changes import Change, SucceedVersion
from attendance_backend.sheet.grid import Area, Spreadsheet, worksheet_gone

_ID = re.compile(r"[A-Za-z0-9_-]+")


class GoogleSheets:
    """The `Spreadsheets` port."""

    def __init__(self, client: GoogleHttpClient) -> None:
        self._client = client

    def read(self, spreadsheet_id: str, areas: Sequence[Area] = ()) -> Spreadsheet:
        params: Json = {"fields": WITHOUT_CELLS}
        if areas:
            params["fields"] = WITH_CELLS
            params["ranges"] = [area_name(area) for area in areas]
        try:
            answer = self._client.ask(
                Answer,
                "get",
                SPREADSHEET_URL % _checked(spreadsheet_id),
                what=f"spreadsheet {spreadsheet_id}",
                repeatable=True,
                params=params,
            )
        except RefusedError:
            # The API's answer to a title that does not exist reads like its answer to a mistyped range.
            self._check_titles(spreadsheet_id, areas)
            raise
        return spreadsheet(spreadsheet_id, answer)

    def apply(
        self, spreadsheet_id: str, changes: Sequence[Change], areas: Sequence[Area] = ()
    ) -> Spreadsheet | None:
        """See the port.

        Changes with a version are sent again after a failure, whether or not they were carried out: if they were, the
        repetition is refused, and the version that is then read is ours.
        """
        if not changes:
            return None
        version = version_of(changes)
        body: Json = {"requests": requests_of(changes)}
        fields = "spreadsheetId"
        if areas:
            body |= {
                "includeSpreadsheetInResponse": True,
                "responseRanges": [area_name(each) for each in areas],
            }
            fields = WRITTEN
        try:
            answer = self._client.ask(
                Written,
                "post",
                SPREADSHEET_BATCH_UPDATE_URL % _checked(spreadsheet_id),
                what=f"spreadsheet {spreadsheet_id}",
                repeatable=is_repeatable(changes),
                params={"fields": fields},
                json=body,
            )
        except RefusedError:
            if version is None or not self._is_carried_out(spreadsheet_id, version, areas):
                raise
            return self.read(spreadsheet_id, areas) if areas else None
        return spreadsheet(spreadsheet_id, answer.updated_spreadsheet) if areas else None

    def _is_carried_out(self, spreadsheet_id: str, version: SucceedVersion, areas: Sequence[Area]) -> bool:
        """Whether refused changes were carried out by an earlier attempt, or else may be again.

        Raises:
            OutdatedError: they may not: somebody else was faster, or renamed a worksheet.
        """
        there = self.read(spreadsheet_id)
        present = there.version
        is_renamed = present != version.new and any(there.find(area.worksheet) is None for area in areas)
        if is_renamed or present not in (version.new, version.previous):
            raise OutdatedError(
                f"spreadsheet {spreadsheet_id} was changed by somebody else meanwhile; it is to be read again"
            )
        return present == version.new

    def _check_titles(self, spreadsheet_id: str, areas: Sequence[Area]) -> None:
        if not areas:
            return
        present = self.read(spreadsheet_id)
        for area in areas:
            if present.find(area.worksheet) is None:
                raise worksheet_gone(spreadsheet_id, area.worksheet)


def _checked(spreadsheet_id: str) -> str:
    """An ID that is part of an address: what comes in a message is data."""
    if not _ID.fullmatch(spreadsheet_id):
        raise SpreadsheetGoneError(f"{spreadsheet_id!r} is no spreadsheet ID")
    return quote(spreadsheet_id, safe="")
