"""Named ranges, and the compare-and-set that one makes: whoever deletes the ID it read first has won."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.integration.test_sandbox_sheets_support import Office, error_message

CELL = {"sheetId": 5, "startRowIndex": 0, "endRowIndex": 1, "startColumnIndex": 0, "endColumnIndex": 1}


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    with Office() as running:
        yield running


@pytest.fixture
def book(office: Office) -> str:
    made = office.new()
    office.replies(
        made,
        {"addSheet": {"properties": {"title": "Workings", "sheetId": 5, "hidden": True}}},
        add("v1"),
    )
    return made


def add(range_id: str, name: str = "Version") -> dict[str, Any]:
    return {"addNamedRange": {"namedRange": {"namedRangeId": range_id, "name": name, "range": CELL}}}


def swap(old: str, new: str, *others: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"deleteNamedRange": {"namedRangeId": old}}, add(new), *others]


def write(text: str) -> dict[str, Any]:
    values = [{"userEnteredValue": {"stringValue": text}}]
    return {"updateCells": {"start": {}, "rows": [{"values": values}], "fields": "userEnteredValue"}}


def names(office: Office, book: str) -> Any:
    return office.get(book, fields="namedRanges(namedRangeId,name)")


def test_a_mask_shows_id_and_name_and_nothing_else(office: Office, book: str) -> None:
    assert names(office, book) == {"namedRanges": [{"namedRangeId": "v1", "name": "Version"}]}
    assert names(office, office.new()) == {}


def test_the_first_writer_wins_and_the_second_changes_nothing(office: Office, book: str) -> None:
    office.replies(book, *swap("v1", "v2", write("first")))
    refused = office.batch(book, *swap("v1", "v3", write("second")))
    assert error_message(refused) == "Invalid requests[0].deleteNamedRange: No NamedRange with id: v1"
    assert refused.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert names(office, book) == {"namedRanges": [{"namedRangeId": "v2", "name": "Version"}]}
    assert office.values(book, "A1") == [["first"]]


def test_a_batch_that_fails_later_gives_the_old_id_back(office: Office, book: str) -> None:
    refused = office.batch(book, *swap("v1", "v2", write("x"), {"deleteSheet": {"sheetId": 4711}}))
    assert error_message(refused).startswith("Invalid requests[3].deleteSheet:")
    assert names(office, book) == {"namedRanges": [{"namedRangeId": "v1", "name": "Version"}]}
    assert office.values(book, "A1") == []


def test_of_many_writers_at_once_exactly_one_wins(office: Office, book: str) -> None:
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda n: office.batch(book, *swap("v1", f"n{n}", write(str(n)))), range(8)))
    won = [number for number, answer in enumerate(answers) if answer.status_code == 200]
    assert len(won) == 1
    assert names(office, book)["namedRanges"][0]["namedRangeId"] == f"n{won[0]}"
    assert office.values(book, "A1") == [[str(won[0])]]


def test_a_name_is_given_once_whatever_its_case(office: Office, book: str) -> None:
    assert error_message(office.batch(book, add("v2", "VERSION"))) == (
        "Invalid requests[0].addNamedRange: Cannot add named range with name: VERSION, "
        "a named range with that name already exists."
    )
    assert "v1 already exists" in error_message(office.batch(book, add("v1", "Other")))


@pytest.mark.parametrize(
    "loss",
    [
        {"deleteSheet": {"sheetId": 5}},
        {"deleteDimension": {"range": {"sheetId": 5, "dimension": "ROWS", "startIndex": 0, "endIndex": 1}}},
    ],
    ids=["worksheet", "row"],
)
def test_a_name_whose_cells_are_gone_is_shown_no_more_and_stays_taken(
    office: Office, book: str, loss: dict[str, Any]
) -> None:
    office.replies(book, loss)
    assert names(office, book) == {}
    again = {"name": "Version", "range": {"sheetId": 0}}
    refused = office.batch(book, {"addNamedRange": {"namedRange": again}})
    assert "a named range with that name already exists" in error_message(refused)
    office.replies(
        book, {"deleteNamedRange": {"namedRangeId": "v1"}}, {"addNamedRange": {"namedRange": again}}
    )
    assert [one["name"] for one in names(office, book)["namedRanges"]] == ["Version"]


def test_the_last_visible_worksheet_stays(office: Office, book: str) -> None:
    refused = office.batch(book, {"deleteSheet": {"sheetId": 0}})
    assert error_message(refused).endswith("You can't remove all the visible sheets in a document.")
