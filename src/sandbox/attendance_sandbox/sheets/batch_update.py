"""``spreadsheets.batchUpdate``: many requests, all of which are carried out or none."""

from __future__ import annotations

from collections.abc import Callable

from attendance_sandbox.sheets import (
    masks,
    requests_cells,
    requests_copy,
    requests_dimensions,
    requests_rules,
    requests_sheets,
)
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.errors import ApiError, invalid_argument
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.view import prune, spreadsheet_json
from attendance_sandbox.sheets.worksheet import Lock, Worksheet

Handler = Callable[[Spreadsheet, Json, Call], Json]

_HANDLERS: dict[str, Handler] = {
    "addSheet": requests_sheets.add_sheet,
    "deleteSheet": requests_sheets.delete_sheet,
    "duplicateSheet": requests_sheets.duplicate_sheet,
    "updateSheetProperties": requests_sheets.update_sheet_properties,
    "updateSpreadsheetProperties": requests_sheets.update_spreadsheet_properties,
    "addNamedRange": requests_sheets.add_named_range,
    "deleteNamedRange": requests_sheets.delete_named_range,
    "createDeveloperMetadata": requests_sheets.create_developer_metadata,
    "updateCells": requests_cells.update_cells,
    "appendCells": requests_cells.append_cells,
    "repeatCell": requests_cells.repeat_cell,
    "setDataValidation": requests_cells.set_data_validation,
    "sortRange": requests_copy.sort_range,
    "cutPaste": requests_copy.cut_paste,
    "appendDimension": requests_dimensions.append_dimension,
    "insertDimension": requests_dimensions.insert_dimension,
    "moveDimension": requests_dimensions.move_dimension,
    "deleteDimension": requests_dimensions.delete_dimension,
    "updateDimensionProperties": requests_dimensions.update_dimension_properties,
    "addConditionalFormatRule": requests_rules.add_conditional_format_rule,
    "updateConditionalFormatRule": requests_rules.update_conditional_format_rule,
    "addProtectedRange": requests_rules.add_protected_range,
    "deleteProtectedRange": requests_rules.delete_protected_range,
    "setBasicFilter": requests_rules.set_basic_filter,
}


def apply(draft: Spreadsheet, body: Json, call: Call, fields: str | None = None) -> Json:
    """Carries out the requests of a checked ``BatchUpdateSpreadsheetRequest`` on a draft.

    Args:
        fields: mask of the answer; with one, ``responseIncludeGridData`` says nothing, as in ``spreadsheets.get``.

    Returns:
        The answer, with one reply for each request.

    Raises:
        ApiError: a request cannot be carried out. The draft is then to be dropped, so that nothing happened.
    """
    requests = body.get("requests", [])
    if not requests:
        raise invalid_argument("Must specify at least one request.")
    replies = []
    for index, request in enumerate(requests):
        if len(request) != 1:
            raise invalid_argument(f"Invalid requests[{index}]: exactly one kind of request must be set.")
        kind, content = next(iter(request.items()))
        lock(draft, call)
        try:
            replies.append(prune(_HANDLERS[kind](draft, content, call)))
        except ApiError as error:
            raise error.within(f"requests[{index}].{kind}") from error
    answer: Json = {"spreadsheetId": draft.spreadsheet_id, "replies": replies}
    mask = masks.parse_mask(fields) if fields else {}
    if body.get("includeSpreadsheetInResponse") and masks.includes(mask, "updatedSpreadsheet"):
        answer["updatedSpreadsheet"] = spreadsheet_json(
            draft,
            call,
            ranges=body.get("responseRanges"),
            fields=masks.below(mask, "updatedSpreadsheet"),
            grid_data=bool(body.get("responseIncludeGridData")),
        )
    shown: Json = masks.select(answer, {name: {} for name in mask})
    return shown


def lock(draft: Spreadsheet, call: Call) -> None:
    """Locks what is protected against the caller, before a request is carried out on the draft."""
    for sheet in draft.sheets:
        sheet.locks = [
            _lock(sheet, protected)
            for protected in sheet.rules["protectedRanges"]
            if not requests_rules.may_edit(protected, call)
        ]


def _lock(sheet: Worksheet, protected: Json) -> Lock:
    free = tuple(sheet.area_of(one) for one in protected.get("unprotectedRanges", []))
    return Lock(sheet.area_of(protected["range"]), free)
