"""Requests of ``batchUpdate`` on rules about ranges: conditional formats, protection, filters."""

from __future__ import annotations

from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.cell import with_color_styles
from attendance_sandbox.sheets.conditions import check_conditional_format
from attendance_sandbox.sheets.errors import invalid_argument, required
from attendance_sandbox.sheets.requests_cells import target
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet, new_id
from attendance_sandbox.sheets.worksheet import Worksheet

# -- conditional formats


def _rule_sheet(spreadsheet: Spreadsheet, rule: Json) -> Worksheet:
    """The worksheet of a conditional format, its ranges checked."""
    ranges = rule.get("ranges", [])
    if not ranges:
        raise invalid_argument("ConditionalFormatRule.ranges must not be empty.")
    if "booleanRule" not in rule:
        raise invalid_argument("Exactly one of 'booleanRule' and 'gradientRule' must be set.")
    check_conditional_format(spreadsheet, rule["booleanRule"])
    sheets = {target(spreadsheet, one)[0].sheet_id for one in ranges}
    if len(sheets) > 1:
        raise invalid_argument("All ranges of a conditional format rule must be on the same sheet.")
    return spreadsheet.sheet(sheets.pop())


def add_conditional_format_rule(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    rule = with_color_styles(request.get("rule", {}))
    rules = _rule_sheet(spreadsheet, rule).rules["conditionalFormats"]
    index = request.get("index", 0)
    if not 0 <= index <= len(rules):
        raise invalid_argument(f"index {index} is out of bounds; there are {len(rules)} rules.")
    rules.insert(index, rule)
    return {}


def update_conditional_format_rule(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Puts a rule in the place of another one of its worksheet."""
    if "newIndex" in request:
        raise invalid_argument("Moving a conditional format is not supported by this stand-in.")
    rule = with_color_styles(request.get("rule", {}))
    rules = _rule_sheet(spreadsheet, rule).rules["conditionalFormats"]
    index = request.get("index", 0)
    if not 0 <= index < len(rules):
        raise invalid_argument(f"index {index} is out of bounds; there are {len(rules)} rules.")
    old, rules[index] = rules[index], rule
    return {"updateConditionalFormatRule": {"oldRule": old, "oldIndex": index, "newRule": rule}}


# -- protection


def add_protected_range(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    """Protects a range. The caller is added to the editors, which the reply does not show yet."""
    wanted = request.get("protectedRange", {})
    sheet = _protected_sheet(spreadsheet, wanted)
    protected = {"protectedRangeId": new_id(), **wanted, "requestingUserCanEdit": True}
    if spreadsheet.find_rule("protectedRanges", "protectedRangeId", protected["protectedRangeId"]):
        raise invalid_argument(f"A protected range with id {protected['protectedRangeId']} already exists.")
    protected["editors"] = _editors(wanted.get("editors", {}), call)
    sheet.rules["protectedRanges"].append(protected)
    editors = {name: value for name, value in wanted.get("editors", {}).items() if value}
    return {"addProtectedRange": {"protectedRange": {**protected, "editors": editors}}}


def _protected_sheet(spreadsheet: Spreadsheet, protected: Json) -> Worksheet:
    if "namedRangeId" in protected:
        raise invalid_argument(
            "Protecting a named range is not supported by this stand-in; protect its range."
        )
    if "range" not in protected:
        raise invalid_argument("ProtectedRange.range must be set.")
    sheet, area = target(spreadsheet, required(protected, "range"))
    for free in protected.get("unprotectedRanges", []):
        if area != sheet.area:
            raise invalid_argument("unprotectedRanges are only allowed when a whole sheet is protected.")
        target(spreadsheet, free)
    return sheet


def _editors(wanted: Json, call: Call) -> Json:
    editors = {name: value for name, value in wanted.items() if value}
    users = editors.get("users", [])
    if call.caller and call.caller not in users:
        editors["users"] = [*users, call.caller]
    return editors


def delete_protected_range(spreadsheet: Spreadsheet, request: Json, call: Call) -> Json:
    sheet, place = _find_protected(spreadsheet, request.get("protectedRangeId"))
    if not may_edit(sheet.rules["protectedRanges"][place], call):
        raise invalid_argument("You do not have permission to remove this protected range.")
    del sheet.rules["protectedRanges"][place]
    return {}


def _find_protected(spreadsheet: Spreadsheet, wanted: int | None) -> tuple[Worksheet, int]:
    found = spreadsheet.find_rule("protectedRanges", "protectedRangeId", wanted)
    if found is None:
        raise invalid_argument(f"No protected range with id: {wanted}")
    return found


def may_edit(protected: Json, call: Call) -> bool:
    """Whether a protected range lets the caller edit."""
    users = protected.get("editors", {}).get("users", [])
    return call.is_owner or bool(protected.get("warningOnly")) or call.caller in users


# -- filters


def set_basic_filter(spreadsheet: Spreadsheet, request: Json, _call: Call) -> Json:
    """Sets the worksheet's filter. It is kept and shown, and hides no rows here."""
    wanted = request.get("filter", {})
    sheet, area = target(spreadsheet, required(wanted, "range"))
    sheet.basic_filter = {**wanted, "range": sheet.grid_range(area)}
    return {}
