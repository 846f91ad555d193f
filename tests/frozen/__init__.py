"""What releases wrote, as files, and how they are read into the stand-ins again. See README.md."""

import json
import lzma
from dataclasses import replace
from functools import cache
from itertools import groupby
from pathlib import Path

from attendance_contracts import Topic
from attendance_sandbox.sheets import batch_update
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.files import SPREADSHEET_TYPE, FileStore
from attendance_sandbox.sheets.schema import check_message
from attendance_sandbox.sheets.view import spreadsheet_json

HERE = Path(__file__).parent
FIELDS = (
    "spreadsheetId,properties,namedRanges,sheets(properties,conditionalFormats,"
    "protectedRanges,basicFilter,developerMetadata,rowGroups,columnGroups,"
    "data(rowData(values(userEnteredValue,userEnteredFormat,note,dataValidation)),rowMetadata,columnMetadata))"
)
"""All that a spreadsheet is made of, and nothing that follows from it."""
_CELL_FIELDS = "userEnteredValue,userEnteredFormat,note,dataValidation"
_RULES = {
    "conditionalFormats": lambda rule, index: {"addConditionalFormatRule": {"rule": rule, "index": index}},
    "protectedRanges": lambda rule, _: {"addProtectedRange": {"protectedRange": rule}},
    "developerMetadata": lambda rule, _: {"createDeveloperMetadata": {"developerMetadata": rule}},
}


def messages(release):
    """Topic, data and attributes of each message, as they were published."""
    return list(named_messages(release).values())


def named_messages(release, file="messages"):
    """The same by name; those of 0.1.0 have numbers."""
    lines = (HERE / release / f"{file}.jsonl").read_text().splitlines()
    return {
        said.get("name", number): (Topic(said["topic"]), said["data"].encode(), said["attributes"])
        for number, said in enumerate(map(json.loads, lines))
    }


def spreadsheet(release, name):
    """A frozen spreadsheet: what Drive knows of it, and the answer of `spreadsheets.get`."""
    with lzma.open(HERE / release / f"{name}.json.xz", "rt", encoding="utf-8") as file:
        return json.load(file)


@cache
def _filled(release, name):
    """A frozen spreadsheet in the stand-in's form; filled once, for whoever changes it changes a copy."""
    saved = spreadsheet(release, name)
    store = FileStore()
    file = store.create(saved["file"]["name"], SPREADSHEET_TYPE, "nobody@example.com")
    file.file_id = file.spreadsheet.spreadsheet_id = saved["file"]["id"]
    file.app_properties = saved["file"]["appProperties"]
    draft = file.spreadsheet.draft()
    requests = {"requests": list(_requests(saved["spreadsheet"]))}
    batch_update.apply(draft, check_message("BatchUpdateSpreadsheetRequest", requests), Call())
    file.spreadsheet = draft
    return file


def put_back(server, release, name, folder_id):
    """Put a frozen spreadsheet into a shared folder of the Sheets stand-in, under its own ID, which is returned."""
    drive_id = server.file(folder_id).drive_id
    file = replace(_filled(release, name), parents=[folder_id], drive_id=drive_id, permissions=[])
    server.store.files[file.file_id] = file
    return file.file_id


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
        corner = {"sheetId": sheet_id, "rowIndex": 0, "columnIndex": 0}
        yield {"updateCells": {"start": corner, "rows": data["rowData"], "fields": _CELL_FIELDS}}
    for dimension, name in (("ROWS", "rowMetadata"), ("COLUMNS", "columnMetadata")):
        end = 0
        for properties, alike in groupby(data[name]):
            start, end = end, end + len(list(alike))
            place = {"sheetId": sheet_id, "dimension": dimension, "startIndex": start, "endIndex": end}
            change = {"range": place, "properties": properties, "fields": ",".join(properties)}
            yield {"updateDimensionProperties": change}
