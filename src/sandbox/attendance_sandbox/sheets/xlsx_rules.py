"""Conditions, from Sheets' messages to openpyxl's conditional formats and data validations."""

from __future__ import annotations

from openpyxl.formatting.rule import CellIsRule, ColorScaleRule, FormulaRule, Rule
from openpyxl.worksheet.datavalidation import DataValidation

from attendance_sandbox.sheets import values
from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.xlsx_styles import color_of, differential

_OPERATORS = {
    "GREATER": "greaterThan",
    "GREATER_THAN_EQ": "greaterThanOrEqual",
    "LESS": "lessThan",
    "LESS_THAN_EQ": "lessThanOrEqual",
    "EQ": "equal",
    "NOT_EQ": "notEqual",
    "BETWEEN": "between",
    "NOT_BETWEEN": "notBetween",
    "AFTER": "greaterThan",
    "BEFORE": "lessThan",
    "ON_OR_AFTER": "greaterThanOrEqual",
    "ON_OR_BEFORE": "lessThanOrEqual",
}
_SIGNS = {
    "greaterThan": ">",
    "greaterThanOrEqual": ">=",
    "lessThan": "<",
    "lessThanOrEqual": "<=",
    "equal": "=",
    "notEqual": "<>",
}
_TEXT_TESTS = {
    "TEXT_CONTAINS": "ISNUMBER(SEARCH({value},{cell}))",
    "TEXT_NOT_CONTAINS": "ISERROR(SEARCH({value},{cell}))",
    "TEXT_STARTS_WITH": "LEFT({cell},LEN({value}))={value}",
    "TEXT_ENDS_WITH": "RIGHT({cell},LEN({value}))={value}",
    "TEXT_EQ": "{cell}={value}",
    "TEXT_NOT_EQ": "{cell}<>{value}",
    "BLANK": "LEN(TRIM({cell}))=0",
    "NOT_BLANK": "LEN(TRIM({cell}))>0",
}
_SCALE_POINTS = {
    "MIN": "min",
    "MAX": "max",
    "NUMBER": "num",
    "PERCENT": "percent",
    "PERCENTILE": "percentile",
}


def area_reference(area: Area) -> str:
    """An area as Excel writes it, ``A2:D9``; one cell is ``B2``."""
    first = f"{column_letters(area.start_column)}{area.start_row + 1}"
    last = f"{column_letters(area.end_column - 1)}{area.end_row}"
    return first if first == last else f"{first}:{last}"


def conditional_rule(rule: Json, first: Area, locale: Locale) -> Rule | None:
    """A conditional format as openpyxl's rule, for ranges of which `first` is the first; None if Excel has none."""
    if "gradientRule" in rule:
        return _color_scale(rule["gradientRule"])
    condition = rule["booleanRule"].get("condition", {})
    style = differential(rule["booleanRule"].get("format", {}))
    kind = condition.get("type", "")
    operands = operands_of(condition, locale)
    cell = f"{column_letters(first.start_column)}{first.start_row + 1}"
    if kind == "CUSTOM_FORMULA" and operands:
        return FormulaRule(formula=[operands[0]], **style)
    if kind in _TEXT_TESTS:
        test = _TEXT_TESTS[kind].format(cell=cell, value=operands[0] if operands else '""')
        return FormulaRule(formula=[test], **style)
    operator = _operator(kind)
    if operator is None or not operands:
        return None
    return CellIsRule(operator=operator, formula=operands, **style)


def test_of(condition: Json, first: Area, locale: Locale) -> str | None:
    """A condition as the formula that is true where it is met, for the first cell of `first`; None if there is none."""
    kind, operands = condition.get("type", ""), operands_of(condition, locale)
    cell = f"{column_letters(first.start_column)}{first.start_row + 1}"
    if kind == "CUSTOM_FORMULA" and operands:
        return f"={operands[0]}"
    if kind in _TEXT_TESTS:
        return "=" + _TEXT_TESTS[kind].format(cell=cell, value=operands[0] if operands else '""')
    operator = _operator(kind)
    if operator in {"between", "notBetween"} and len(operands) == 2:
        inside = f"AND({cell}>={operands[0]},{cell}<={operands[1]})"
        return f"=AND(ISNUMBER({cell}),{inside if operator == 'between' else f'NOT({inside})'})"
    if operator not in _SIGNS or not operands:
        return None
    return f"=AND(ISNUMBER({cell}),{cell}{_SIGNS[operator]}{operands[0]})"


def _operator(kind: str) -> str | None:
    prefix, _, name = kind.partition("_")
    return _OPERATORS.get(name) if prefix in {"NUMBER", "DATE"} else None


def operands_of(condition: Json, locale: Locale) -> list[str]:
    """The values of a condition as Excel formulas: numbers and dates as numbers, texts in quotes."""
    kind = condition.get("type", "")
    entered = [str(value.get("userEnteredValue", "")) for value in condition.get("values", [])]
    return [_operand(text, kind, locale) for text in entered]


def _operand(text: str, kind: str, locale: Locale) -> str:
    if text.startswith("="):
        return text[1:]
    if kind == "CUSTOM_FORMULA":
        return text
    value = text if kind.startswith("TEXT_") else values.parse_typed(text, locale)[0]
    if isinstance(value, bool):
        return str(value).upper()
    return '"' + value.replace('"', '""') + '"' if isinstance(value, str) else repr(value)


def _color_scale(gradient: Json) -> Rule | None:
    arguments = {}
    for place, name in (("start", "minpoint"), ("mid", "midpoint"), ("end", "maxpoint")):
        point = gradient.get(name)
        if point is None:
            continue
        arguments[f"{place}_type"] = _SCALE_POINTS.get(point.get("type", ""), "num")
        arguments[f"{place}_color"] = color_of(point, "color") or "FFFFFFFF"
        if point.get("value"):
            arguments[f"{place}_value"] = point["value"]
    return ColorScaleRule(**arguments) if {"start_type", "end_type"} <= arguments.keys() else None


def validation(rule: Json, locale: Locale) -> DataValidation | None:
    """A validation rule as Excel's; None for one that Excel does not have."""
    condition = rule.get("condition", {})
    kind = condition.get("type", "")
    operands = operands_of(condition, locale)
    found = (
        _list_validation(condition) or _custom_validation(kind, operands) or _typed_validation(kind, operands)
    )
    if found is None:
        return None
    found.allow_blank = True
    found.showDropDown = not rule.get("showCustomUi", True)  # Excel's flag means: do not show the arrow
    found.showErrorMessage = True
    found.errorStyle = "stop" if rule.get("strict") else "warning"
    if rule.get("inputMessage"):
        found.showInputMessage = True
        found.prompt = rule["inputMessage"][:255]
    return found


def _list_validation(condition: Json) -> DataValidation | None:
    entered = [str(value.get("userEnteredValue", "")) for value in condition.get("values", [])]
    kind = condition.get("type")
    if kind == "ONE_OF_RANGE" and entered:
        return DataValidation(type="list", formula1=entered[0].removeprefix("="))
    if kind == "BOOLEAN":
        return DataValidation(type="list", formula1='"TRUE,FALSE"')
    if kind != "ONE_OF_LIST":
        return None
    items = ",".join(item.replace('"', '""') for item in entered)
    return DataValidation(type="list", formula1=f'"{items}"')


def _custom_validation(kind: str, operands: list[str]) -> DataValidation | None:
    if kind == "CUSTOM_FORMULA" and operands:
        return DataValidation(type="custom", formula1=operands[0])
    return None


def _typed_validation(kind: str, operands: list[str]) -> DataValidation | None:
    if kind == "DATE_IS_VALID":
        return DataValidation(type="date", operator="greaterThan", formula1="0")
    operator = _operator(kind)
    if operator is None or not operands:
        return None
    return DataValidation(
        type="date" if kind.startswith("DATE") else "decimal",
        operator=operator,
        formula1=operands[0],
        formula2=operands[1] if len(operands) > 1 else None,
    )
