"""The methods of Sheets v4 on a store of files: each finds the spreadsheet, works on a draft and keeps it."""

from __future__ import annotations

from collections.abc import Callable

from attendance_sandbox.sheets import batch_update, value_ranges, view
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.engine import Engine
from attendance_sandbox.sheets.errors import ApiError, invalid_argument, unimplemented
from attendance_sandbox.sheets.files import SPREADSHEET_TYPE, FileStore
from attendance_sandbox.sheets.requests_sheets import check_spreadsheet_properties, new_sheet
from attendance_sandbox.sheets.schema import Json, check_message
from attendance_sandbox.sheets.spreadsheet import Spreadsheet, new_id

Query = dict[str, list[str]]
_VOCABULARY = {
    "majorDimension": ("", "DIMENSION_UNSPECIFIED", "ROWS", "COLUMNS"),
    "valueRenderOption": ("", "FORMATTED_VALUE", "UNFORMATTED_VALUE", "FORMULA"),
}
_MISSING = {"dateTimeRenderOption": "FORMATTED_STRING", "includeValuesInResponse": "true"}
"""What only the service does."""


def _options(query: Query) -> Json:
    """The query's first values, those with a fixed vocabulary checked."""
    options = {name: values[0] for name, values in query.items()}
    for name, value in _MISSING.items():
        if options.get(name) == value:
            raise unimplemented(f"{name}={value}")
    for name, allowed in _VOCABULARY.items():
        if options.get(name, "") not in allowed:
            raise invalid_argument(f"Invalid value at '{name}', \"{options[name]}\"")
    return options


class SheetsApi:
    """Sheets' methods. Each takes what its URL and body say, and the call that is counted."""

    def __init__(self, store: FileStore, engine: Engine, recalculate: bool) -> None:
        """Unless it is to `recalculate`, formulas have no values."""
        self._store = store
        self._engine = engine
        self.recalculate = recalculate

    def computed(self, spreadsheet: Spreadsheet, ranges: list[str] | None) -> Spreadsheet:
        """The spreadsheet with the values of formulas, if one stands in the ranges (None: anywhere)."""
        if not self.recalculate:
            return spreadsheet
        places = (
            [(sheet, sheet.area) for sheet in spreadsheet.sheets]
            if ranges is None
            else [spreadsheet.resolve(text) for text in ranges]
        )
        return self._engine.computed(spreadsheet, places)

    def find(self, spreadsheet_id: str, call: Call) -> Spreadsheet:
        """The spreadsheet that a call may read."""
        file, spreadsheet = self._store.find_spreadsheet(spreadsheet_id, call.caller, "reader")
        call.is_owner = self._store.role(file, call.caller) == "owner"
        return spreadsheet

    def _change(self, spreadsheet_id: str, call: Call, change: Callable[[Spreadsheet], Json]) -> Json:
        """Lets `change` work on a draft, which takes the spreadsheet's place if all goes well."""
        """The spreadsheet that a call may read."""
        file, spreadsheet = self._store.find_spreadsheet(spreadsheet_id, call.caller, "writer")
        call.is_owner = self._store.role(file, call.caller) == "owner"
        draft = spreadsheet.draft()
        batch_update.lock(draft, call)
        answer = change(draft)
        self._store.replace(file, draft)
        return answer

    # -- spreadsheets

    def create(self, query: Query, body: Json, call: Call) -> Json:
        """``spreadsheets.create``: properties, worksheets and named ranges; no cells."""
        message = check_message("Spreadsheet", body)
        properties = message.get("properties", {})
        check_spreadsheet_properties(properties)
        file = self._store.create(
            properties.get("title", "Untitled spreadsheet"), SPREADSHEET_TYPE, call.caller
        )
        assert file.spreadsheet is not None
        draft = file.spreadsheet.draft()
        try:
            _fill_new(draft, message)
        except ApiError:
            del self._store.files[file.file_id]
            raise
        self._store.replace(file, draft)
        return view.spreadsheet_json(draft, call, fields=query.get("fields", [None])[0])

    def get(self, spreadsheet_id: str, query: Query, call: Call) -> Json:
        spreadsheet = self.find(spreadsheet_id, call)
        ranges, fields = query.get("ranges"), query.get("fields", [None])[0]
        grid_data = query.get("includeGridData", ["false"])[0].lower() == "true"
        if view.shows_values(fields, grid_data):
            spreadsheet = self.computed(spreadsheet, ranges)
        return view.spreadsheet_json(spreadsheet, call, ranges=ranges, fields=fields, grid_data=grid_data)

    def batch_update(self, spreadsheet_id: str, query: Query, body: Json, call: Call) -> Json:
        message, fields = check_message("BatchUpdateSpreadsheetRequest", body), query.get("fields", [None])[0]
        return self._change(
            spreadsheet_id, call, lambda draft: batch_update.apply(draft, message, call, fields)
        )

    # -- values

    def get_values(self, spreadsheet_id: str, text: str, query: Query, call: Call) -> Json:
        """``values.get``, with the values of formulas where it does not show the formulas themselves."""
        spreadsheet, options = self.find(spreadsheet_id, call), _options(query)
        if options.get("valueRenderOption") != "FORMULA":
            spreadsheet = self.computed(spreadsheet, [text])
        return value_ranges.read(spreadsheet, text, options, call)

    def update_values(self, spreadsheet_id: str, text: str, query: Query, body: Json, call: Call) -> Json:
        message = check_message("ValueRange", body, "data")
        option = _options(query).get("valueInputOption")
        return self._change(
            spreadsheet_id, call, lambda draft: value_ranges.write(draft, text, message, option, call)
        )

    def batch_clear_values(self, spreadsheet_id: str, body: Json, call: Call) -> Json:
        message = check_message("BatchClearValuesRequest", body)

        def change(draft: Spreadsheet) -> Json:
            cleared = [value_ranges.clear(draft, text, call) for text in message.get("ranges", [])]
            return {"spreadsheetId": spreadsheet_id, "clearedRanges": cleared}

        return self._change(spreadsheet_id, call, change)


def _fill_new(draft: Spreadsheet, message: Json) -> None:
    """Gives a new spreadsheet the properties and worksheets of a ``Spreadsheet`` message."""
    draft.properties.update(message.get("properties", {}))
    if message.get("sheets"):
        draft.sheets = []
    for sheet in message.get("sheets", []):
        if "data" in sheet:
            raise unimplemented("Creating a spreadsheet with data")
        properties = {"sheetId": new_id() if draft.sheets else 0, **sheet.get("properties", {})}
        draft.insert_sheet(new_sheet(draft, properties))
    draft.check_size()
