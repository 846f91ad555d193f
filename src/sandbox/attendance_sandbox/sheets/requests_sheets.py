"""Requests of ``batchUpdate`` on worksheets, the spreadsheet's own properties, named ranges and metadata."""

from __future__ import annotations

import re

from attendance_sandbox.sheets import dimensions, masks
from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import with_color_styles
from attendance_sandbox.sheets.errors import invalid_argument, required
from attendance_sandbox.sheets.requests_cells import target
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet, new_id
from attendance_sandbox.sheets.view import properties_json
from attendance_sandbox.sheets.worksheet import DEFAULT_COLUMNS, DEFAULT_ROWS, Worksheet


def new_sheet(spreadsheet: Spreadsheet, properties: Json) -> Worksheet:
    """A worksheet with the properties of an ``AddSheetRequest``, defaults filled in."""
    kind = properties.get("sheetType", "GRID")
    if kind != "GRID":
        raise invalid_argument(f"sheetType {kind} is not supported by this stand-in")
    if properties.get("sheetId", 0) < 0:
        raise invalid_argument("Sheet id must be non-negative.")
    title = properties.get("title") or spreadsheet.free_title(f"Sheet{len(spreadsheet.sheets) + 1}")
    grid = properties.get("gridProperties", {})
    sheet = Worksheet.blank(properties.get("sheetId", new_id()), title)
    sheet.resize(grid.get("rowCount", DEFAULT_ROWS), grid.get("columnCount", DEFAULT_COLUMNS))
    sheet.properties["gridProperties"].update(grid)
    others = {name: value for name, value in properties.items() if name not in {"gridProperties", "index"}}
    sheet.properties.update(with_color_styles(others), title=title)
    check_frozen(sheet)
    return sheet


def check_frozen(sheet: Worksheet) -> None:
    """At least one row and one column must stay free to scroll."""
    grid = sheet.properties["gridProperties"]
    if grid.get("frozenRowCount", 0) >= sheet.row_count:
        raise invalid_argument("You can't freeze all visible rows on the sheet.")
    if grid.get("frozenColumnCount", 0) >= sheet.column_count:
        raise invalid_argument("You can't freeze all visible columns on the sheet.")


def add_sheet(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    properties = request.get("properties", {})
    sheet = new_sheet(spreadsheet, properties)
    spreadsheet.insert_sheet(sheet, properties.get("index"))
    spreadsheet.check_size()
    return {"addSheet": {"properties": properties_json(sheet)}}


def delete_sheet(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    sheet = spreadsheet.sheet(request.get("sheetId", 0))
    if len(spreadsheet.sheets) == 1:
        raise invalid_argument("You can't remove all the sheets in a document.")
    if all(other is sheet or other.properties.get("hidden") for other in spreadsheet.sheets):
        raise invalid_argument("You can't remove all the visible sheets in a document.")
    sheet.check_unlocked(sheet.area)
    spreadsheet.sheets.remove(sheet)
    spreadsheet.move_names(
        lambda named: None if named["range"].get("sheetId", 0) == sheet.sheet_id else named
    )
    spreadsheet.renumber()
    return {}


def duplicate_sheet(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    original = spreadsheet.sheet(request.get("sourceSheetId", 0))
    title = request.get("newSheetName") or spreadsheet.free_title(f"Copy of {original.title}")
    copy = copy_of(original, request.get("newSheetId", new_id()), title)
    spreadsheet.insert_sheet(copy, request.get("insertSheetIndex", 0))
    spreadsheet.check_size()
    return {"duplicateSheet": {"properties": properties_json(copy)}}


def copy_of(original: Worksheet, sheet_id: int, title: str) -> Worksheet:
    """A copy under a new ID and title. Its rules and its formulas are about itself."""
    copy = original.draft()
    old_title = original.title
    copy.properties.update(sheetId=sheet_id, title=title)
    for kind, rules in copy.rules.items():
        copy.rules[kind] = [_about(rule, sheet_id) for rule in rules]
    if copy.basic_filter is not None:
        copy.basic_filter = _about(copy.basic_filter, sheet_id)
    for place, protected in enumerate(copy.rules["protectedRanges"]):
        copy.rules["protectedRanges"][place] = {**protected, "protectedRangeId": new_id()}
    dimensions.rewrite_formulas(copy, lambda text: formulas.renamed(text, old_title, title))
    return copy


def _about(rule: Json, sheet_id: int) -> Json:
    """The rule with every range moved to another worksheet."""
    result = dict(rule)
    if "range" in rule:
        result["range"] = {**rule["range"], "sheetId": sheet_id}
    for name in ("ranges", "unprotectedRanges"):
        if name in rule:
            result[name] = [{**one, "sheetId": sheet_id} for one in rule[name]]
    return result


def update_sheet_properties(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    wanted = request.get("properties", {})
    mask = masks.update_mask(request.get("fields"), "SheetProperties")
    sheet = spreadsheet.sheet(wanted.get("sheetId", 0))
    if "*" in mask:
        mask = {name: {} for name in wanted if name != "sheetId"}
    if "title" in mask:
        _rename(spreadsheet, sheet, wanted.get("title", ""))
    if wanted.get("hidden") and all(
        other is sheet or other.properties.get("hidden") for other in spreadsheet.sheets
    ):
        raise invalid_argument("You can't hide all the sheets in a document.")
    old_grid = sheet.properties["gridProperties"]
    others = {name: below for name, below in mask.items() if name not in {"title", "index", "sheetId"}}
    if others:
        merged = masks.merge(sheet.properties, wanted, others)
        sheet.properties = with_color_styles(merged)
    grid = {**old_grid, **sheet.properties.get("gridProperties", {})}
    sheet.properties["gridProperties"] = dict(old_grid)
    sheet.resize(grid["rowCount"], grid["columnCount"])
    sheet.properties["gridProperties"] = grid
    spreadsheet.check_size()
    check_frozen(sheet)
    if "index" in mask:
        _move(spreadsheet, sheet, wanted.get("index", 0))
    return {}


def _rename(spreadsheet: Spreadsheet, sheet: Worksheet, title: str) -> None:
    spreadsheet.check_title(title, sheet)
    old = sheet.title
    sheet.properties["title"] = title
    for home in spreadsheet.sheets:
        dimensions.rewrite_formulas(home, lambda text: formulas.renamed(text, old, title))


def _move(spreadsheet: Spreadsheet, sheet: Worksheet, index: int) -> None:
    """Moves a worksheet to where the one of that index stands, counted before the move, as the service does."""
    if not 0 <= index <= len(spreadsheet.sheets):
        raise invalid_argument(
            f"Sheet index {index} is out of bounds; there are {len(spreadsheet.sheets)} sheets."
        )
    place = index - (1 if index > spreadsheet.sheets.index(sheet) else 0)
    spreadsheet.sheets.remove(sheet)
    spreadsheet.sheets.insert(place, sheet)
    spreadsheet.renumber()


def update_spreadsheet_properties(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    wanted = request.get("properties", {})
    mask = masks.update_mask(request.get("fields"), "SpreadsheetProperties")
    check_spreadsheet_properties(wanted)
    if "*" in mask:
        mask = {name: {} for name in wanted}
    merged = masks.merge(spreadsheet.properties, wanted, mask)
    for name in ("title", "locale", "timeZone"):
        if not merged.get(name):
            raise invalid_argument(f"Invalid value for SpreadsheetProperties.{name}: it cannot be empty")
    spreadsheet.properties = merged
    return {}


def check_spreadsheet_properties(properties: Json) -> None:
    """Refuses a locale or a time zone that cannot be one."""
    locale = properties.get("locale")
    if locale is not None and not re.fullmatch(r"[a-z]{2,3}(_[A-Z]{2})?", locale):
        raise invalid_argument(f"Unsupported locale: {locale}")
    zone = properties.get("timeZone")
    if zone is not None and not re.fullmatch(r"[A-Za-z]+([/_+-][A-Za-z0-9_+-]+)*", zone):
        raise invalid_argument(f"Invalid time zone: {zone}")


_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,249}")


def _check_name(spreadsheet: Spreadsheet, name: str, own_id: str) -> None:
    cell_like = re.fullmatch(r"[A-Za-z]{1,3}\d+|[Rr]\d*[Cc]\d*", name)
    if not _NAME.fullmatch(name) or cell_like or name.lower() in {"true", "false"}:
        raise invalid_argument(f"The name '{name}' is not a valid name for a named range.")
    for named in [*spreadsheet.named_ranges, *spreadsheet.broken_names]:
        if named["name"].casefold() == name.casefold() and named["namedRangeId"] != own_id:
            raise invalid_argument(
                f"Cannot add named range with name: {name}, a named range with that name already exists."
            )


def add_named_range(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Names a range; the caller may choose its ID. Of two that add the same name the second is refused."""
    wanted = request.get("namedRange", {})
    named = {"namedRangeId": wanted.get("namedRangeId") or str(new_id()), **wanted}
    _check_name(spreadsheet, named.get("name", ""), named["namedRangeId"])
    target(spreadsheet, required(named, "range"))
    if any(other["namedRangeId"] == named["namedRangeId"] for other in spreadsheet.named_ranges):
        raise invalid_argument(f"A named range with id {named['namedRangeId']} already exists.")
    spreadsheet.named_ranges.append(named)
    return {"addNamedRange": {"namedRange": named}}


def _named_place(spreadsheet: Spreadsheet, wanted: str) -> int:
    for place, named in enumerate(spreadsheet.named_ranges):
        if named["namedRangeId"] == wanted:
            return place
    raise invalid_argument(f"No NamedRange with id: {wanted}")


def delete_named_range(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Forgets a name, also one whose cells are gone. An ID that is not known (any more) is refused."""
    wanted = request.get("namedRangeId", "")
    kept = [named for named in spreadsheet.broken_names if named["namedRangeId"] != wanted]
    if len(kept) < len(spreadsheet.broken_names):
        spreadsheet.broken_names = kept
    else:
        del spreadsheet.named_ranges[_named_place(spreadsheet, wanted)]
    return {}


def create_developer_metadata(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Metadata of a worksheet, or of a row or column, with which it moves and is deleted."""
    metadata = {"metadataId": new_id(), **request.get("developerMetadata", {})}
    location = metadata.get("location", {})
    for name in ("metadataKey", "visibility"):
        if not metadata.get(name):
            raise invalid_argument(f"DeveloperMetadata.{name} must be set.")
    if location.get("dimensionRange"):
        _put_on_dimension(spreadsheet, location["dimensionRange"], metadata)
        return {"createDeveloperMetadata": {"developerMetadata": metadata}}
    if "sheetId" not in location:
        raise invalid_argument("DeveloperMetadata.location must be set.")
    metadata["location"] = {"locationType": "SHEET", "sheetId": location["sheetId"]}
    spreadsheet.sheet(location["sheetId"]).rules["developerMetadata"].append(metadata)
    return {"createDeveloperMetadata": {"developerMetadata": metadata}}


def _put_on_dimension(spreadsheet: Spreadsheet, where: Json, metadata: Json) -> None:
    """Keeps metadata among the properties of its row or column; where that stands is told when it is shown."""
    sheet, dimension = spreadsheet.sheet(where.get("sheetId", 0)), where.get("dimension")
    start, end = where.get("startIndex"), where.get("endIndex")
    size = sheet.row_count if dimension == "ROWS" else sheet.column_count
    if dimension not in {"ROWS", "COLUMNS"} or start is None or end != start + 1:
        raise invalid_argument("DeveloperMetadata can only be on one row or one column.")
    if start >= size:
        raise invalid_argument(f"There is no index {start} among the {size} {dimension.lower()}.")
    known = sheet.meta(dimension)
    properties = known.get(start, {})
    kept = {name: value for name, value in metadata.items() if name != "location"}
    known[start] = {**properties, "developerMetadata": [*properties.get("developerMetadata", []), kept]}
