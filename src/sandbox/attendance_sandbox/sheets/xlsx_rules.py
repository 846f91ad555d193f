"""Conditions, from Sheets' messages to formulas."""

from __future__ import annotations

from attendance_sandbox.sheets import values
from attendance_sandbox.sheets.a1 import Area, column_letters
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json

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


def area_reference(area: Area) -> str:
    """An area as Excel writes it, ``A2:D9``; one cell is ``B2``."""
    first = f"{column_letters(area.start_column)}{area.start_row + 1}"
    last = f"{column_letters(area.end_column - 1)}{area.end_row}"
    return first if first == last else f"{first}:{last}"


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
