"""Conditions of validations and of conditional formats: what is refused, and in which form the rest is kept."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.test_sandbox_sheets_support import Office, error_message

CELLS = {"sheetId": 0, "startRowIndex": 1, "endRowIndex": 3, "startColumnIndex": 1, "endColumnIndex": 2}


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    made = office.new()
    office.replies(
        made,
        {"addSheet": {"properties": {"title": "Staff list", "sheetId": 5}}},
        {"addNamedRange": {"namedRange": {"name": "CutOff", "range": CELLS}}},
    )
    return made


def condition(kind: str, *values: str) -> dict[str, Any]:
    return {"type": kind, "values": [{"userEnteredValue": value} for value in values]}


def validate(kind: str, *values: str) -> dict[str, Any]:
    return {"setDataValidation": {"range": CELLS, "rule": {"condition": condition(kind, *values)}}}


def highlight(kind: str, *values: str) -> dict[str, Any]:
    rule = {"condition": condition(kind, *values), "format": {"textFormat": {"bold": True}}}
    return {"addConditionalFormatRule": {"rule": {"ranges": [CELLS], "booleanRule": rule}}}


@pytest.mark.parametrize(
    "request_",
    [
        validate("ONE_OF_LIST", "late", "leave"),
        validate("ONE_OF_RANGE", "='Staff list'!A2:A9"),
        validate("CUSTOM_FORMULA", "=COUNTIF('Staff list'!A:A,B2)>0"),
        validate("DATE_IS_VALID"),
        validate("BOOLEAN"),
        highlight("NOT_BLANK"),
        highlight("NUMBER_BETWEEN", "1", "2"),
        highlight("CUSTOM_FORMULA", '=B2>INDIRECT("Staff list!A1")'),
        highlight("CUSTOM_FORMULA", '=B2="CutOff!"'),
    ],
    ids=str,
)
def test_what_the_service_takes_is_taken(office: Office, book: str, request_: dict[str, Any]) -> None:
    office.replies(book, request_)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        (
            validate("ONE_OF_RANGE", "Staff list!A2:A9"),
            "Invalid ConditionValue.userEnteredValue: Staff list!A2:A9 for ConditionType: ONE_OF_RANGE",
        ),
        (validate("ONE_OF_RANGE", "AA2:A9"), "Invalid ConditionValue.userEnteredValue: AA2:A9"),
        (validate("ONE_OF_RANGE", "=Nobody!A2:A9"), "Invalid ConditionValue.userEnteredValue: =Nobody!A2:A9"),
        (validate("BLANK"), "'BLANK' is not supported in data validation"),
        (validate("TEXT_STARTS_WITH", "a"), "not supported in data validation"),
        (validate("ONE_OF_LIST"), "takes 1 to 500 values, not 0"),
        (validate("NUMBER_BETWEEN", "1"), "takes 2 to 2 values, not 1"),
        (highlight("ONE_OF_LIST", "a"), "'ONE_OF_LIST' is not supported in conditional formatting"),
        (
            highlight("CUSTOM_FORMULA", "=B2>'Staff list'!A1"),
            "Invalid ConditionValue.userEnteredValue: =B2>'Staff list'!A1",
        ),
        (highlight("CUSTOM_FORMULA", "=B2>cutoff"), "Invalid ConditionValue.userEnteredValue: =B2>cutoff"),
        (highlight("CUSTOM_FORMULA", "B2>1"), "Invalid ConditionValue.userEnteredValue: B2>1"),
        (
            {
                "repeatCell": {
                    "range": CELLS,
                    "cell": {"dataValidation": {"condition": condition("BLANK")}},
                    "fields": "dataValidation",
                }
            },
            "Invalid requests[0].repeatCell: ConditionType 'BLANK'",
        ),
    ],
    ids=str,
)
def test_what_the_service_refuses_is_refused(
    office: Office, book: str, request_: dict[str, Any], message: str
) -> None:
    assert message in error_message(office.batch(book, request_))


def kept_rule(office: Office, book: str) -> str:
    rule = office.cell(book, "B2", "dataValidation")["dataValidation"]
    return str(rule["condition"]["values"][0]["userEnteredValue"])


def test_a_range_of_choices_comes_back_absolute_and_follows_its_cells(office: Office, book: str) -> None:
    office.replies(book, validate("ONE_OF_RANGE", "='Staff list'!A2:A9"))
    assert kept_rule(office, book) == "='Staff list'!$A$2:$A$9"
    office.replies(
        book,
        {"insertDimension": {"range": {"sheetId": 5, "dimension": "ROWS", "startIndex": 0, "endIndex": 2}}},
        {"updateSheetProperties": {"properties": {"sheetId": 5, "title": "Staff"}, "fields": "title"}},
    )
    assert kept_rule(office, book) == "=Staff!$A$4:$A$11"


def test_the_formula_of_a_format_follows_its_cells(office: Office, book: str) -> None:
    office.replies(
        book,
        highlight("CUSTOM_FORMULA", "=$B2>$D$1"),
        {"insertDimension": {"range": {"dimension": "COLUMNS", "startIndex": 2, "endIndex": 3}}},
    )
    (rule,) = office.get(book, fields="sheets.conditionalFormats")["sheets"][0]["conditionalFormats"]
    assert rule["booleanRule"]["condition"]["values"] == [{"userEnteredValue": "=$B2>$E$1"}]


@pytest.mark.parametrize(
    ("entered", "kept"),
    [
        ("='Sheet1'!a1", "=Sheet1!A1"),
        ("='Staff list'!A1", "='Staff list'!A1"),
        ("=sum( c3:b2 )", "=sum( B2:C3 )"),
        ("=SUM($C$3:C3)", "=SUM($C$3:C3)"),
        ("=SUM($C3:$C3)", "=SUM($C3)"),
        ('=IF(TRUE,"a1:a1",a1:a1)', '=IF(TRUE,"a1:a1",A1)'),
        ("=SUM(b:b,3:3)", "=SUM(B:B,3:3)"),
        ("=log10(c1)", "=log10(C1)"),
    ],
)
def test_a_formula_comes_back_in_the_services_own_spelling(
    office: Office, book: str, entered: str, kept: str
) -> None:
    office.put(book, "B1", [[entered]])
    assert office.values(book, "B1", valueRenderOption="FORMULA") == [[kept]]
