"""What people do to a workbook's rows, columns and worksheets, and what the functions do afterwards.

The oracle is the edit's own undoing: after it, the messages, the refresh and the undoing, every cell is as in a
workbook that nobody edited. Nothing of the program's columns is known here.
"""

from collections import Counter
from contextlib import ExitStack
from datetime import date, datetime

import pytest

from attendance_backend.review import corrections_sheet
from attendance_contracts import Topic
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
        # Rows of Corrections are alike; two hundred of them would be most of what is read, written and compared.
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 12)
        patch.setattr(corrections_sheet, "SPARE_ROWS", 6)
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


GOES_ON, MADE_AGAIN, TOLD = "goes on", "is made again", "is told"
OUTCOMES = {
    "hidden": dict.fromkeys(SHEETS, GOES_ON),
    "filtered": dict.fromkeys(SHEETS, GOES_ON),
    "sorted": dict.fromkeys(SHEETS, GOES_ON),
    "moved": dict.fromkeys(SHEETS, GOES_ON),
    "protected with a warning": dict.fromkeys(SHEETS, GOES_ON),
    "protected against the program": dict.fromkeys(SHEETS, TOLD),
    "deleted": {**dict.fromkeys(SHEETS, MADE_AGAIN), RAW: TOLD},
}
"""What becomes of a worksheet to which somebody does something."""


def hide(office, title, sheet):
    if title != SHEETS[0]:  # one must stay
        office.dimension(title, "updateSheetProperties", properties={"hidden": True}, fields="hidden")


def filter_(office, title, sheet):
    criteria = {"0": {"hiddenValues": ["", "berlin", "Ann Archer", "ann/in"]}}
    area = {"sheetId": sheet.sheet_id, "startRowIndex": 0}
    office.edit({"setBasicFilter": {"filter": {"range": area, "criteria": criteria}}})


def sort(office, title, sheet):
    first = 3 if title in ("Daily Attendance", "Monthly Summary") else 1
    if title != "Guide" and sheet.row_count > first + 1:  # it is no list
        area = {"sheetId": sheet.sheet_id, "startRowIndex": first}
        office.edit(
            {"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 0, "sortOrder": "DESCENDING"}]}}
        )


def shift(office, title, sheet):
    office.dimension(title, "updateSheetProperties", properties={"index": 0}, fields="index")


def protect(office, sheet, **how):
    protected = {"range": {"sheetId": sheet.sheet_id}, **how}
    office.edit({"addProtectedRange": {"protectedRange": protected}})


def warn(office, title, sheet):
    if not sheet.rules["protectedRanges"]:
        protect(office, sheet, warningOnly=True)


def lock(office, title, sheet):
    protect(office, sheet, editors={"users": ["hr@example.com"]})


def drop(office, title, sheet):
    office.drop(title)


ACTS = {
    "hidden": hide,
    "filtered": filter_,
    "sorted": sort,
    "moved": shift,
    "protected with a warning": warn,
    "protected against the program": lock,
    "deleted": drop,
}


def test_each_worksheet_has_an_outcome_for_whatever_is_done_to_it(office):
    there = {sheet.title for sheet in office.sheets.spreadsheet(office.sheet_id).sheets}
    assert there == set(SHEETS)
    assert ACTS.keys() == OUTCOMES.keys()
    assert {
        kind: there - outcomes.keys() for kind, outcomes in OUTCOMES.items() if there - outcomes.keys()
    } == {}


def do(office, kind, outcome):
    titles = [title for title, becomes in OUTCOMES[kind].items() if becomes == outcome]
    for title in titles:
        ACTS[kind](office, title, office.sheets.spreadsheet(office.sheet_id).sheet_titled(title))
    return titles


@pytest.mark.parametrize(
    "kind", [kind for kind, outcomes in OUTCOMES.items() if GOES_ON in outcomes.values()]
)
def test_worksheets_go_on_however_they_look(office, undisturbed, kind):
    do(office, kind, GOES_ON)
    office.goes_on(finds=None)
    found = office.entered()
    assert unordered(found) == unordered(undisturbed)
    if kind != "sorted":
        is_as_undisturbed(office, undisturbed)


def unordered(cells):
    """Rows may stand in another order; formulas then name other cells."""
    rows = {}
    for (title, row, column), value in cells.items():
        shown = "formula" if str(value).startswith("=") else value
        rows.setdefault((title, row), []).append((column, repr(shown)))
    return Counter((title, tuple(sorted(cells))) for (title, _), cells in rows.items())


def test_deleted_worksheets_are_made_again(office, undisturbed):
    titles = do(office, "deleted", MADE_AGAIN)
    office.report(datetime(2026, 11, 5, 9), date(2026, 11, 4))
    office.goes_on(finds=None)
    assert set(titles) <= {sheet.title for sheet in office.sheets.spreadsheet(office.sheet_id).sheets}
    assert columns_by_word(office.entered()).keys() == columns_by_word(undisturbed).keys()
    assert office.times(office.sheet_id, "ann", date(2026, 11, 3)) == pytest.approx(
        ((9 + 1 / 3) / 24, 17 / 24)
    )


def problems(office):
    """What the visit tells of the workbook."""
    assert office.post_raw(Topic.WATCH, b"tick", {}).status_code == 200
    if "Problems" not in {sheet.title for sheet in office.sheets.spreadsheet(office.control_id).sheets}:
        return []
    return [str(row[2]) for row in office.sheets.read(office.control_id, "Problems!A2:C") if len(row) > 2]


def test_worksheets_protected_against_the_program_are_told_and_go_on_afterwards(office, undisturbed):
    titles = do(office, "protected against the program", TOLD)
    said = problems(office)
    assert [title for title in titles if not any(f"{title!r} is protected" in line for line in said)] == []
    for sheet in office.sheets.spreadsheet(office.sheet_id).sheets:
        for protected in sheet.rules["protectedRanges"]:
            if not protected.get("warningOnly"):
                office.edit({"deleteProtectedRange": {"protectedRangeId": protected["protectedRangeId"]}})
    office.goes_on()
    is_as_undisturbed(office, undisturbed)


def test_raw_data_deleted_is_told(office):
    do(office, "deleted", TOLD)
    assert any(
        "has no raw data of any site: restore it through File > Version history" in line
        for line in problems(office)
    )


def test_rows_of_raw_data_deleted_are_told_where_hr_looks(office):
    office.delete(RAW, 1, 1, "ROWS")
    problems(office)
    told = [row[3] for row in office.sheets.read(office.sheet_id, "Exceptions!A2:D") if len(row) > 3]
    assert "The punch at 09:20:00 on 03-11-2026 was deleted from the raw data, and counts no more" in told
    assert office.refresh()[-1] == "0 differences"


def test_another_time_typed_over_a_punch_does_not_count_and_is_told(office):
    times = office.times(office.sheet_id, "ann", date(2026, 11, 3))
    office.sheets.write(office.sheet_id, f"'{RAW}'!A2", [["03-11-2026 08:00:00"]])
    assert any(f"{RAW}, row 2: not what the machine recorded" in line for line in problems(office))
    assert office.times(office.sheet_id, "ann", date(2026, 11, 3)) == times


@pytest.mark.parametrize(
    "properties",
    [{"locale": "de_DE"}, {"timeZone": "Asia/Karachi"}, {"locale": "fr_FR", "timeZone": "Asia/Tokyo"}],
)
def test_locale_and_zone_are_put_back(office, undisturbed, properties):
    change = {"properties": properties, "fields": ",".join(properties)}
    office.edit({"updateSpreadsheetProperties": change})
    office.goes_on(finds=None)
    found = office.sheets.spreadsheet(office.sheet_id).properties
    assert (found["locale"], found["timeZone"]) == ("en_GB", "Etc/GMT")
    is_as_undisturbed(office, undisturbed)


def test_a_workbook_goes_through_the_bin_and_back(office, undisturbed):
    office.sheets.file(office.sheet_id).trashed = True
    assert any(line.startswith("it lies in Drive's bin") for line in problems(office))
    office.sheets.file(office.sheet_id).trashed = False
    assert not any("bin" in line for line in problems(office))
    office.goes_on()
    is_as_undisturbed(office, undisturbed)


def test_what_is_done_to_a_copy_of_the_workbook_changes_nothing(office, undisturbed):
    """Google's copy brings metadata and properties along: only its ID is another."""
    original = office.sheets.file(office.sheet_id)
    copied = office.sheets.store.create(
        "Copy", original.mime_type, "hr@example.com", original.parents, person=True
    )
    made = copied.spreadsheet = original.spreadsheet.draft()
    made.spreadsheet_id, copied.app_properties = copied.file_id, dict(original.app_properties)
    office.sheets.write(copied.file_id, "Corrections!D2", [["Ann Archer"]])
    made = office.sheets.spreadsheet(copied.file_id)
    office.goes_on()
    is_as_undisturbed(office, undisturbed)
    assert office.sheets.spreadsheet(copied.file_id) is made


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


@pytest.mark.parametrize(("work", "title"), [(stores, "Days"), (reports, "Sites")], ids=["Days", "Sites"])
def test_what_was_meant_for_a_row_that_is_deleted_meanwhile_stands_in_no_other(opened, begun, work, title):
    office, (memory, made) = opened[0], begun
    as_it_should, reads, _ = made[work]

    def rows(cells):
        found = {}
        for (sheet, row, column), value in cells.items():
            if sheet == title:
                shown = "formula" if str(value).startswith("=") else value
                found.setdefault(row, set()).add((column, shown))
        return set(map(frozenset, found.values()))

    for number in range(1, reads + 1):
        office.go_back(memory)
        # In the only row of Sites nothing could be written once it is gone.
        spare = {"sheetId": office.id_of(title), "dimension": "ROWS", "length": 1}
        office.edit({"appendDimension": spare})
        InBetween(office, number, lambda: office.delete(title, 1, 1, "ROWS"))
        work(office)
        office.sheets.on_request = None
        office.refresh()
        work(office)
        assert office.refresh()[-1] == "0 differences"
        assert rows(office.entered()) == rows(as_it_should), number


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


@pytest.mark.parametrize(
    ("title", "start", "count"),
    [
        *(("Monthly Summary", 0, 2), ("Monthly Summary", 1, 1), ("Monthly Summary", 2, 1)),
        *(("Daily Attendance", 1, 2), ("Daily Attendance", 0, 1), ("Weekly Summary", 0, 1), ("Days", 0, 1)),
    ],
)
def test_rows_of_a_header_that_were_deleted_are_made_again_and_nobody_stands_there_twice(
    office, undisturbed, title, start, count
):
    office.delete(title, start, count, "ROWS")
    office.goes_on(finds=None)

    def people(cells):
        names = Counter(value for (sheet, _, column), value in cells.items() if (sheet, column) == (title, 1))
        return {name: names[name] for name in ("ann", "bob", "zoe", "carl")}

    assert people(office.entered()) == people(undisturbed)


@pytest.mark.parametrize("title", ["Monthly Summary", "Weekly Summary", "Daily Attendance"])
def test_a_hidden_key_that_was_emptied_is_made_again(office, undisturbed, title):
    header = office.sheets.read(office.sheet_id, f"'{title}'!1:1", "FORMATTED_VALUE")[0]
    key = header.index("User" if title == "Monthly Summary" else "Key")
    office.clear(title, 3, 5, key, key + 1)
    office.goes_on(finds=None)
    is_as_undisturbed(office, undisturbed)


@pytest.mark.parametrize(
    ("title", "word"), [("Days", "Key (9 rows)"), ("Monthly Summary", "Employee"), (RAW, "Site")]
)
def test_a_word_of_the_header_above_it_is_no_header(office, undisturbed, title, word):
    """So does a write that somebody was faster than leave it, who inserted rows above."""
    office.insert(title, 0, 3, "ROWS")
    office.sheets.write(office.sheet_id, f"'{title}'!A1", [[word]])
    office.goes_on()
    office.delete(title, 0, 3, "ROWS")
    office.refresh()
    is_as_undisturbed(office, undisturbed)


def test_a_site_whose_row_in_sites_was_deleted_is_waited_for_again(office):
    """Without it whoever is of no site would be absent on days of which that site has told nothing."""
    names = [row[0] for row in office.sheets.read(office.sheet_id, "Sites!A1:A9") if row]
    office.delete("Sites", 1, len(names) - 1, "ROWS")
    said = office.refresh()
    assert f"  'Sites' lacked {', '.join(sorted(names[1:]))}" in said
    assert [row[0] for row in office.sheets.read(office.sheet_id, "Sites!A1:A9") if row] == names
    assert office.refresh()[-1] == "0 differences"


@pytest.mark.parametrize("word", ["Employee", "User Name", "Measure", "Who"])
def test_names_sorted_without_the_rest_of_their_rows_are_put_back(office, undisturbed, word):
    """Each would stand beside another's numbers, and a correction for one would count for the other."""
    for title in ("Daily Attendance", "Weekly Summary", "Monthly Summary", "Exceptions"):
        header = office.sheets.read(office.sheet_id, f"'{title}'!1:1", "FORMATTED_VALUE")[0]
        if word in header:
            column, first = header.index(word), 3 if title in ("Daily Attendance", "Monthly Summary") else 1
            place = {
                "sheetId": office.id_of(title),
                "startRowIndex": first,
                "startColumnIndex": column,
                "endColumnIndex": column + 1,
            }
            by = {"dimensionIndex": column, "sortOrder": "DESCENDING"}
            office.edit({"sortRange": {"range": place, "sortSpecs": [by]}})
    office.goes_on(finds=None)
    is_as_undisturbed(office, undisturbed)


def test_a_header_that_says_what_another_column_holds_is_put_back_and_another_word_stays(office, undisturbed):
    for title in SHEETS:
        area = f"'{title}'!A1:C1"
        (header,) = office.sheets.read(office.sheet_id, area, "FORMULA")
        office.sheets.write(office.sheet_id, area, [header[::-1]])
    office.sheets.write(office.sheet_id, "'Monthly Summary'!A1", [["Mitarbeiter"]])
    office.goes_on(finds=None)
    assert office.entered().pop(("Monthly Summary", 0, 0)) == "Mitarbeiter"
    office.sheets.write(office.sheet_id, "'Monthly Summary'!A1", [["Employee"]])
    is_as_undisturbed(office, undisturbed)


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
