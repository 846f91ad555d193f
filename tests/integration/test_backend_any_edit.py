"""What people do to a workbook's rows, columns and worksheets, and what the functions do afterwards.

The oracle is the edit's own undoing: after it, the messages, the refresh and the undoing, every cell is as in a
workbook that nobody edited. Nothing of the program's columns is known here.
"""

from contextlib import ExitStack
from datetime import date, datetime

import pytest

from tests.integration.backend_office import PEOPLE, punch
from tests.integration.test_backend_refreshing import Office

RAW = "Raw Data - berlin"
SHEETS = (
    "Exceptions",
    "Daily Attendance",
    "Weekly Summary",
    "Monthly Summary",
    "Corrections",
    RAW,
    "Sites",
    "Guide",
    "Days",
    "Punch Index",
)


class Edited(Office):
    """An office in which people edit the workbook, and then work goes on."""

    def goes_on(self, finds="0 differences"):
        """Punches of people who are there and of a hire, a night's health, refreshes until one `finds` nothing."""
        self.store(self.sheet_id, punch("ann", "2026-11-05T09:10:00"), punch("ann", "2026-11-05T17:00:00"))
        self.sheets.write(
            self.control_id,
            "'Cut Off Times'!A1",
            [
                ["Name", "Email", "Cut Off Time", "Site"],
                *([*person, "berlin"] for person in PEOPLE),
                ["Carl Cook", "carl@example.com", "08:30", "berlin"],
            ],
        )
        self.store(self.sheet_id, punch("carl", "2026-11-05T08:00:00"), punch("guest", "2026-11-05T08:00:00"))
        self.report(datetime(2026, 11, 6, 8), date(2026, 11, 5))
        said = self.refresh()
        if finds is None:
            said = self.refresh()
        assert said[-1] == "0 differences", said

    def dimension(self, title, kind, **request):
        self.edit({kind: {name: {"sheetId": self.id_of(title), **part} if isinstance(part, dict) else part
                          for name, part in request.items()}})  # fmt: skip

    def insert(self, title, start, count=1, dimension="COLUMNS"):
        place = {"dimension": dimension, "startIndex": start, "endIndex": start + count}
        self.dimension(title, "insertDimension", range=place)

    def delete(self, title, start, count=1, dimension="COLUMNS"):
        place = {"dimension": dimension, "startIndex": start, "endIndex": start + count}
        self.dimension(title, "deleteDimension", range=place)

    def move(self, title, start, destination):
        place = {"dimension": "COLUMNS", "startIndex": start, "endIndex": start + 1}
        self.dimension(title, "moveDimension", source=place, destinationIndex=destination)

    def rename(self, title, new):
        properties = {"sheetId": self.id_of(title), "title": new}
        self.edit({"updateSheetProperties": {"properties": properties, "fields": "title"}})

    def duplicate(self, title):
        self.edit(
            {"duplicateSheet": {"sourceSheetId": self.id_of(title), "newSheetName": f"Copy of {title}"}}
        )

    def drop(self, title):
        self.edit({"deleteSheet": {"sheetId": self.id_of(title)}})


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = Edited(stack, tmp_path_factory.mktemp("office"), patch)
        office.open()
        healthy = office.remember()
        office.goes_on()
        yield office, healthy, office.entered()


@pytest.fixture
def office(opened):
    office, healthy, _ = opened
    office.go_back(healthy)
    return office


@pytest.fixture
def undisturbed(opened):
    """Every cell of a workbook that nobody edited, after the same messages."""
    return opened[2]


def is_as_undisturbed(office, undisturbed):
    found = office.entered()
    differing = {
        place: (found.get(place), undisturbed.get(place))
        for place in found.keys() | undisturbed.keys()
        if found.get(place) != undisturbed.get(place)
    }
    assert not differing, sorted(differing.items())[:5]


@pytest.mark.parametrize(
    "titles",
    [
        pytest.param(("Monthly Summary",), id="Monthly Summary"),
        pytest.param((RAW,), id="raw data"),
        pytest.param(
            ("Guide", "Sites", "Corrections", "Exceptions"), id="what HR and the program tell each other"
        ),
        pytest.param(SHEETS, id="all"),
    ],
)
@pytest.mark.parametrize("start", [0, 2], ids=["at the left", "in between"])
def test_a_column_inserted_changes_nothing_and_stays(office, undisturbed, titles, start):
    for title in titles:
        office.insert(title, start)
    # Between the columns that HR fills in, it would count as one of them.
    office.goes_on(finds=None if start and "Corrections" in titles else "0 differences")
    for title in titles:
        assert not [place for place in office.entered() if place[0] == title and place[2] == start]
        office.delete(title, start)
    office.refresh()
    is_as_undisturbed(office, undisturbed)


@pytest.mark.parametrize(("start", "goal"), [(0, 3), (1, 0)], ids=["to the right", "to the left"])
def test_a_column_moved_goes_on_where_it_is(office, undisturbed, start, goal):
    for title in SHEETS:
        office.move(title, start, goal)
    office.goes_on(finds=None)
    for title in SHEETS:
        after = goal - 1 if goal > start else goal
        office.move(title, after, start + (1 if start > after else 0))
    # A range from which a column was moved away does not get it back with the column.
    office.refresh()
    is_as_undisturbed(office, undisturbed)


def test_rows_inserted_above_the_headers_change_nothing(office, undisturbed):
    for title in SHEETS:
        office.insert(title, 0, 2, "ROWS")
    office.goes_on()
    for title in SHEETS:
        office.delete(title, 0, 2, "ROWS")
    is_as_undisturbed(office, undisturbed)


def test_rows_inserted_between_the_headers_change_nothing(office, undisturbed):
    for title in ("Daily Attendance", "Monthly Summary"):
        office.insert(title, 1, 1, "ROWS")
        office.insert(title, 3, 1, "ROWS")
    office.goes_on()
    for title in ("Daily Attendance", "Monthly Summary"):
        office.delete(title, 3, 1, "ROWS")
        office.delete(title, 1, 1, "ROWS")
    is_as_undisturbed(office, undisturbed)


def test_renamed_worksheets_go_on_under_their_new_titles(office, undisturbed):
    for title in SHEETS:
        office.rename(title, f"HR's {title}")
    office.goes_on()
    for title in SHEETS:
        office.rename(f"HR's {title}", title)
    is_as_undisturbed(office, undisturbed)


def test_duplicated_worksheets_are_left_alone(office, undisturbed):
    before = office.entered()
    for title in SHEETS:
        office.duplicate(title)
    copies = {place: value for place, value in office.entered().items() if place not in before}
    office.goes_on()
    found = office.entered()
    assert {place: found.get(place) for place in copies} == copies
    for title in SHEETS:
        office.drop(f"Copy of {title}")
    is_as_undisturbed(office, undisturbed)


class InBetween:
    """Somebody who edits right after a read of the workbook was answered: the n-th one of the messages that follow."""

    def __init__(self, office, number, edit):
        self._office, self._left, self._edit = office, number, edit
        office.sheets.on_request = self

    def __call__(self, entry):
        if entry.kind == "read" and self._office.sheet_id in entry.path:
            self._left -= 1
            if not self._left:
                self._edit()


def stores(office):
    """A person's day, and somebody whom nobody knows."""
    office.store(office.sheet_id, punch("ann", "2026-11-05T09:10:00"), punch("guest", "2026-11-05T17:00:00"))


def reports(office):
    office.report(datetime(2026, 11, 5, 9), date(2026, 11, 4))


@pytest.fixture(scope="module")
def begun(opened):
    """The office once the day's first messages came, and what each work makes of it, with the reads that it takes."""
    office, healthy, _ = opened
    office.go_back(healthy)
    office.store(office.sheet_id, punch("ann", "2026-11-05T08:00:00"))
    office.report(datetime(2026, 11, 5, 8), date(2026, 11, 4))
    begun, made = office.remember(), {}
    for work in (stores, reports):
        office.go_back(begun)
        before = len(office.sheets.log)
        work(office)
        asked = [entry for entry in office.sheets.log[before:] if office.sheet_id in entry.path]
        reads = [entry for entry in asked if entry.kind == "read"]
        made[work] = (office.entered(), len(reads), sum(entry.kind == "write" for entry in asked))
    return begun, made


TOUCHED = [
    (stores, RAW),
    (stores, "Days"),
    (stores, "Punch Index"),
    (stores, "Exceptions"),
    (reports, "Sites"),
]


@pytest.mark.parametrize(("work", "title"), TOUCHED, ids=[title for _, title in TOUCHED])
@pytest.mark.parametrize(
    ("start", "count", "dimension"),
    [(0, 1, "COLUMNS"), (2, 1, "COLUMNS"), (0, 2, "ROWS"), (1, 2, "ROWS")],
    ids=["a column at the left", "a column in between", "rows above the headers", "rows below the headers"],
)
def test_what_is_inserted_between_a_read_and_its_write_changes_nothing(
    opened, begun, work, title, start, count, dimension
):
    office, (memory, made) = opened[0], begun
    as_it_should, reads, _ = made[work]
    for number in range(1, reads + 1):
        office.go_back(memory)
        InBetween(office, number, lambda: office.insert(title, start, count, dimension))
        work(office)
        office.sheets.on_request = None
        place = 2 if dimension == "COLUMNS" else 1
        inserted = range(start, start + count)
        stray = {
            at: value for at, value in office.entered().items() if at[0] == title and at[place] in inserted
        }
        assert not stray, (number, stray)
        office.delete(title, start, count, dimension)
        is_as_undisturbed(office, as_it_should)


@pytest.mark.parametrize(
    "deleted",
    [
        pytest.param(
            (
                ("Daily Attendance", "Complete Through"),
                ("Daily Attendance", "Measure"),
                ("Weekly Summary", "Daily Row"),
                ("Weekly Summary", "Cut Off Time"),
                ("Monthly Summary", "Hours"),
                ("Monthly Summary", "Late After"),
                ("Corrections", "Problem"),
            ),
            id="formulas, labels and cut-off times",
        ),
        pytest.param(
            (
                ("Daily Attendance", "Key"),
                ("Weekly Summary", "Key"),
                ("Monthly Summary", "User"),
                ("Daily Attendance", "04 Nov"),
                ("Daily Attendance", "for the hours"),
                ("Monthly Summary", "06 Nov"),
                ("Weekly Summary", "09 Nov - 15 Nov"),
            ),
            id="keys, days and weeks",
        ),
    ],
)
def test_deleted_columns_and_rows_are_made_again_and_hold_what_they_held(office, undisturbed, deleted):
    for title, word in deleted:
        header = office.sheets.read(office.sheet_id, f"'{title}'!1:1", "FORMATTED_VALUE")[0]
        office.delete(title, header.index(word))
    for title in ("Daily Attendance", "Weekly Summary", "Monthly Summary"):
        office.delete(title, 4, 1, "ROWS")
    office.goes_on(finds=None)
    assert columns_by_word(office.entered()) == columns_by_word(undisturbed)


def test_settings_that_were_deleted_or_emptied_are_made_again(office, undisturbed):
    names = [row[0] if row else "" for row in office.sheets.read(office.sheet_id, "Guide!A1:A40")]
    office.sheets.write(office.sheet_id, f"Guide!B{1 + names.index('Overtime beyond (hours a day)')}", [[""]])
    office.delete("Guide", names.index("Grace (minutes)"), 1, "ROWS")
    office.goes_on(finds=None)

    def settings(cells):
        values = {
            row: value for (title, row, column), value in cells.items() if (title, column) == ("Guide", 1)
        }
        return {
            value: values.get(row)
            for (title, row, column), value in cells.items()
            if (title, column) == ("Guide", 0)
        }

    assert settings(office.entered()) == settings(undisturbed)


def columns_by_word(cells):
    """What stands below each header, formulas only as such: they name columns that stand elsewhere."""
    headers = {(title, column): value for (title, row, column), value in cells.items() if row == 0}
    found = {}
    for (title, row, column), value in cells.items():
        if title in ("Daily Attendance", "Weekly Summary", "Monthly Summary", "Corrections") and row > 2:
            shown = "formula" if str(value).startswith("=") else value
            found.setdefault((title, headers.get((title, column))), []).append(repr(shown))
    return {key: sorted(values) for key, values in found.items()}
