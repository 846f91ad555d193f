"""Conditions of data validations and of conditional formats, as far as the service itself refuses them.

Each kind of condition serves some uses only and takes a certain number of values, as Google's reference of
``ConditionType`` says. A range is a formula that names cells (``=Names!A2:A9``), and comes back with absolute
references. A conditional format cannot name cells of another worksheet, nor a named range, except within
``INDIRECT``.
"""

from __future__ import annotations

import re

from attendance_sandbox.sheets import formula as formulas
from attendance_sandbox.sheets.errors import ApiError, invalid_argument
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet

_NUMBERS = "GREATER GREATER_THAN_EQ LESS LESS_THAN_EQ EQ NOT_EQ BETWEEN NOT_BETWEEN"
_BOTH = {f"NUMBER_{name}" for name in _NUMBERS.split()} | {
    "TEXT_CONTAINS",
    "TEXT_NOT_CONTAINS",
    "TEXT_EQ",
    "DATE_EQ",
    "DATE_BEFORE",
    "DATE_AFTER",
    "CUSTOM_FORMULA",
}
_VALIDATION = _BOTH | {
    "TEXT_IS_EMAIL",
    "TEXT_IS_URL",
    "DATE_ON_OR_BEFORE",
    "DATE_ON_OR_AFTER",
    "DATE_BETWEEN",
    "DATE_NOT_BETWEEN",
    "DATE_IS_VALID",
    "ONE_OF_RANGE",
    "ONE_OF_LIST",
    "BOOLEAN",
}
_CONDITIONAL_FORMAT = _BOTH | {"TEXT_STARTS_WITH", "TEXT_ENDS_WITH", "BLANK", "NOT_BLANK"}
_VALUES = {
    "BLANK": (0, 0),
    "NOT_BLANK": (0, 0),
    "TEXT_IS_EMAIL": (0, 0),
    "TEXT_IS_URL": (0, 0),
    "DATE_IS_VALID": (0, 0),
    "BOOLEAN": (0, 2),
    "ONE_OF_LIST": (1, 500),
    "NUMBER_BETWEEN": (2, 2),
    "NUMBER_NOT_BETWEEN": (2, 2),
    "DATE_BETWEEN": (2, 2),
    "DATE_NOT_BETWEEN": (2, 2),
}
"""How many values a kind takes, at least and at most; one where none is given. 500 items are what a list holds."""


def checked_validation(spreadsheet: Spreadsheet, rule: Json) -> Json:
    """A ``DataValidationRule`` as the service keeps it.

    Raises:
        ApiError: its condition is none for a validation, or names cells that do not exist.
    """
    condition = rule.get("condition", {})
    _check_kind(condition, _VALIDATION, "data validation")
    if condition["type"] != "ONE_OF_RANGE":
        return rule
    text = _entered(condition)[0]
    value = {"userEnteredValue": _absolute_range(spreadsheet, text)}
    return {**rule, "condition": {**condition, "values": [value]}}


def check_conditional_format(spreadsheet: Spreadsheet, rule: Json) -> None:
    """Refuses a ``BooleanRule`` that the service would not take.

    Raises:
        ApiError: its condition is none for a format, or its formula leaves the worksheet.
    """
    condition = rule.get("condition", {})
    _check_kind(condition, _CONDITIONAL_FORMAT, "conditional formatting")
    for text in _entered(condition):
        if text.startswith("=") and _leaves_the_sheet(spreadsheet, text):
            raise invalid_argument(f"Invalid ConditionValue.userEnteredValue: {text}")
    if condition["type"] == "CUSTOM_FORMULA" and not _entered(condition)[0].startswith("="):
        raise invalid_argument(f"Invalid ConditionValue.userEnteredValue: {_entered(condition)[0]}")


def formula_of(rule: Json) -> str | None:
    """The formula by which a conditional format colours; None for other conditions, which nothing here applies."""
    condition = rule["booleanRule"].get("condition", {})
    return condition["values"][0]["userEnteredValue"] if condition.get("type") == "CUSTOM_FORMULA" else None


def _check_kind(condition: Json, allowed: set[str], use: str) -> None:
    kind = condition.get("type", "CONDITION_TYPE_UNSPECIFIED")
    if kind not in allowed:
        raise invalid_argument(f"ConditionType '{kind}' is not supported in {use}.")
    least, most = _VALUES.get(kind, (1, 1))
    count = len(condition.get("values", []))
    if not least <= count <= most:
        raise invalid_argument(f"ConditionType '{kind}' takes {least} to {most} values, not {count}.")


def _entered(condition: Json) -> list[str]:
    """The condition's values as texts; a relative date has none."""
    return [value.get("userEnteredValue", "") for value in condition.get("values", [])]


def _absolute_range(spreadsheet: Spreadsheet, text: str) -> str:
    refusal = invalid_argument(
        f"Invalid ConditionValue.userEnteredValue: {text} for ConditionType: ONE_OF_RANGE"
    )
    if not text.startswith("="):
        raise refusal
    try:
        spreadsheet.resolve(text[1:].replace("$", ""))
    except ApiError as error:
        raise refusal from error
    return formulas.absolute(formulas.canonical(text))


def _leaves_the_sheet(spreadsheet: Spreadsheet, text: str) -> bool:
    bare = re.sub(r'"(?:[^"]|"")*"', '""', text)
    if "!" in bare:
        return True
    words = {word.casefold() for word in re.findall(r"[A-Za-z_][\w.]*(?![\w.(])", bare)}
    return any(named["name"].casefold() in words for named in spreadsheet.named_ranges)
