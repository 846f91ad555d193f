"""What releases wrote, as files, and how they are read into the stand-ins again. See README.md."""

import lzma
import json
from pathlib import Path

from attendance_contracts import Topic
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.view import spreadsheet_json

HERE = Path(__file__).parent
FIELDS = (
    "spreadsheetId,properties,namedRanges,developerMetadata,sheets(properties,merges,conditionalFormats,"
    "protectedRanges,basicFilter,bandedRanges,developerMetadata,rowGroups,columnGroups,"
    "data(rowData(values(userEnteredValue,userEnteredFormat,note,dataValidation)),rowMetadata,columnMetadata))"
)
"""All that a spreadsheet is made of, and nothing that follows from it."""
_CELL_FIELDS = "userEnteredValue,userEnteredFormat,note,dataValidation"
_RULES = {
    "merges": lambda rule, _: {"mergeCells": {"range": rule, "mergeType": "MERGE_ALL"}},
    "conditionalFormats": lambda rule, index: {"addConditionalFormatRule": {"rule": rule, "index": index}},
    "protectedRanges": lambda rule, _: {"addProtectedRange": {"protectedRange": rule}},
    "bandedRanges": lambda rule, _: {"addBanding": {"bandedRange": rule}},
    "developerMetadata": lambda rule, _: {"createDeveloperMetadata": {"developerMetadata": rule}},
}


def messages(release):
    """Topic, data and attributes of each message, as they were published."""
    for line in (HERE / release / "messages.jsonl").read_text().splitlines():
        message = json.loads(line)
        yield Topic(message["topic"]), message["data"].encode(), message["attributes"]


def spreadsheet(release, name):
    """A frozen spreadsheet: what Drive knows of it, and the answer of `spreadsheets.get`."""
    with lzma.open(HERE / release / f"{name}.json.xz", "rt", encoding="utf-8") as file:
        return json.load(file)


def put_back(server, frozen, folder_id):
    """Fill the Sheets stand-in with a frozen spreadsheet, under its own ID, which is returned."""
    known = frozen["file"]
    made = server.new_spreadsheet(known["name"], folder_id=folder_id)
    file = server.store.files[known["id"]] = server.store.files.pop(made)
    file.file_id = file.spreadsheet.spreadsheet_id = known["id"]
    file.app_properties = known["appProperties"]
    server.batch_update(known["id"], list(_requests(frozen["spreadsheet"])))
    return known["id"]


def taken(server, spreadsheet_id):
    """A spreadsheet of the stand-in as one is frozen."""
    return spreadsheet_json(server.spreadsheet(spreadsheet_id), Call(), fields=FIELDS)


def _requests(frozen):
    properties = {name: frozen["properties"][name] for name in ("locale", "timeZone", "autoRecalc")}
    yield {"updateSpreadsheetProperties": {"properties": properties, "fields": ",".join(properties)}}
    # The worksheet that a new spreadsheet has may bear an ID that is wanted.
    placeholder = 1 + max(sheet["properties"]["sheetId"] for sheet in frozen["sheets"])
    yield {"addSheet": {"properties": {"sheetId": placeholder, "title": "-"}}}
    yield {"deleteSheet": {"sheetId": 0}}
    for sheet in frozen["sheets"]:
        properties = {name: value for name, value in sheet["properties"].items() if name != "index"}
        yield {"addSheet": {"properties": properties}}
    yield {"deleteSheet": {"sheetId": placeholder}}
    for sheet in frozen["sheets"]:
        yield from _content(sheet)
    for named in frozen.get("namedRanges", []):
        yield {"addNamedRange": {"namedRange": named}}
    for metadata in frozen.get("developerMetadata", []):
        yield {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _content(sheet):
    sheet_id = sheet["properties"]["sheetId"]
    assert not sheet.keys() & {"rowGroups", "columnGroups"}, "no release has made groups"
    for kind, request in _RULES.items():
        for index, rule in enumerate(sheet.get(kind, [])):
            yield request(rule, index)
    if "basicFilter" in sheet:
        yield {"setBasicFilter": {"filter": sheet["basicFilter"]}}
    (data,) = sheet["data"]
    if "rowData" in data:
        start = {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0}
        yield {"updateCells": {"start": start, "rows": data["rowData"], "fields": _CELL_FIELDS}}
    for dimension, name in (("ROWS", "rowMetadata"), ("COLUMNS", "columnMetadata")):
        for index, properties in enumerate(data[name]):
            place = {"sheetId": sheet_id, "dimension": dimension, "startIndex": index, "endIndex": index + 1}
            change = {"range": place, "properties": properties, "fields": ",".join(properties)}
            yield {"updateDimensionProperties": change}
