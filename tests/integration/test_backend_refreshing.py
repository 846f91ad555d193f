"""`attendance-backend refresh` on a workbook in which people have emptied, typed, deleted and sorted."""

from contextlib import ExitStack, redirect_stdout
from datetime import date, datetime
from io import StringIO

import pytest

from attendance_backend.app.cli import main
from attendance_backend.sheet import serial
from tests.earlier_version import without_punches
from tests.integration.backend_office import CloudOffice, punch

TUESDAY = date(2026, 11, 3)


class Office(CloudOffice):
    """An office with a workbook in which something stands, and whoever runs the command."""

    def open(self):
        self.sheet_id = self.create()
        self.store(
            self.sheet_id,
            punch("ann", "2026-11-03T09:20:00"),
            punch("ann", "2026-11-03T17:00:00"),
            punch("bob", "2026-11-04T08:00:00"),
        )
        self.report(datetime(2026, 11, 5, 8), date(2026, 11, 4))
        self.refresh()

    def refresh(self):
        with redirect_stdout(StringIO()) as printed:
            assert main(["refresh", "--period", "November 2026"]) == 0
        return printed.getvalue().splitlines()

    def entered(self):
        """Every cell that holds anything, as it was entered."""
        return {
            (sheet.title, row, column): cell.formula if cell.formula is not None else cell.value
            for sheet in self.sheets.spreadsheet(self.sheet_id).sheets
            for row, column, cell in sheet.occupied(sheet.area)
            if cell.formula is not None or cell.value is not None
        }

    def edit(self, *requests):
        self.sheets.batch_update(self.sheet_id, list(requests))

    def id_of(self, title):
        return next(s.sheet_id for s in self.sheets.spreadsheet(self.sheet_id).sheets if s.title == title)

    def area(self, title, first_row, end_row, first_column, end_column):
        return {
            "sheetId": self.id_of(title),
            "startRowIndex": first_row,
            "endRowIndex": end_row,
            "startColumnIndex": first_column,
            "endColumnIndex": end_column,
        }

    def clear(self, title, *area):
        """Mark an area and press Delete."""
        self.edit({"updateCells": {"range": self.area(title, *area), "fields": "userEnteredValue"}})

    def writes(self):
        return sum(entry.kind == "write" for entry in self.sheets.log)


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = Office(stack, tmp_path_factory.mktemp("office"), patch)
        office.open()
        yield office, office.remember()


@pytest.fixture
def office(opened):
    office, healthy = opened
    office.go_back(healthy)
    return office


def whole(office):
    """Nothing is left to be done, and nothing is written."""
    writes = office.writes()
    assert office.refresh() == ["November 2026:", "  no difference", "0 differences"]
    assert office.writes() == writes


def test_a_healthy_workbook_in_the_services_own_spelling(office):
    assert office.entered()["Daily Attendance", 3, 4].startswith("=IFERROR(MATCH(")
    assert "'Days'" not in office.entered()["Daily Attendance", 3, 4]
    whole(office)


def test_everything_at_once(office):
    """Formulas emptied in all worksheets, one typed over, a column of Days deleted, Daily Attendance sorted."""
    before = office.entered()
    column = next(
        c
        for (title, r, c), v in before.items()
        if title == "Days" and r == 0 and v == serial.from_date(TUESDAY)
    )
    office.clear("Daily Attendance", 3, 6, 20, 23)
    office.clear("Weekly Summary", 2, 3, 0 + 9, 11)
    office.clear("Monthly Summary", 4, 5, 9, 10)
    office.clear("Corrections", 10, 12, 8, 20)
    late = next(r for (title, r, c), v in before.items() if title == "Exceptions" and v == "late" and c == 8)
    office.clear("Exceptions", late, late + 1, 5, 6)
    office.sheets.write(office.sheet_id, "'Daily Attendance'!S7", [["09:00"]])
    office.edit(
        {
            "deleteDimension": {
                "range": {
                    "sheetId": office.id_of("Days"),
                    "dimension": "COLUMNS",
                    "startIndex": column,
                    "endIndex": column + 1,
                }
            }
        }
    )
    broken = [place for place, value in office.entered().items() if "#REF!" in str(value)]
    assert len(broken) == 3 * 3

    assert office.refresh() == [
        "November 2026:",
        "  days of the period were missing",
        "  'Days', cell AJ2: not what the punches say",
        "  'Days', cell AJ3: not what the punches say",
        "  Daily Attendance!U4:W6: 9 formulas were gone",
        "  Daily Attendance!Q4:Q12: 9 formulas were broken, as cells were deleted",
        "  Weekly Summary!J3:K3: 2 formulas were gone",
        "  Monthly Summary!J5: a formula was gone",
        "  Corrections!I11:T12: 24 formulas were gone",
        f"  Exceptions!F{late + 1}: a formula was gone",
        "  Daily Attendance!S7: typed over, kept: 09:00",
        "9 differences",
    ]
    whole_but_for(office, "  Daily Attendance!S7: typed over, kept: 09:00")
    assert office.times(office.sheet_id, "ann", TUESDAY) == pytest.approx(((9 + 1 / 3) / 24, 17 / 24))
    after = office.entered()
    assert after["Daily Attendance", 6, 18] == 9 / 24
    moved = {place for place in before if before[place] != after.get(place)}
    assert {title for title, _, _ in moved} == {"Daily Attendance", "Days"}
    assert "Days!AJ:AJ" in after["Daily Attendance", 3, 16]


def whole_but_for(office, *kept):
    writes = office.writes()
    assert office.refresh() == ["November 2026:", "  no difference", *kept, "0 differences"]
    assert office.writes() == writes


def test_a_punch_whose_time_stamp_somebody_typed_over_counts_and_is_complained_of_until_it_is_mended(office):
    before = office.entered()
    place = office.area("Raw Data - berlin", 1, 2, 0, 1)

    def type_over(value):
        cell = {"userEnteredValue": value}
        office.edit(
            {"updateCells": {"range": place, "rows": [{"values": [cell]}], "fields": "userEnteredValue"}}
        )

    complaint = (
        "  Raw Data - berlin, row 2: no time stamp can be read; File > Version history shows what stood there; "
        "the punch counts all the same"
    )
    type_over({"stringValue": "x"})
    writes = office.writes()
    for _ in range(2):
        assert office.refresh() == ["November 2026:", "  no difference", complaint, "0 differences"]
    assert office.writes() == writes
    type_over({"numberValue": before["Raw Data - berlin", 1, 0]})
    whole(office)
    assert office.entered() == before


def test_after_sorting_each_row_gets_its_own_formula_back(office):
    area = office.area(
        "Daily Attendance", 3, 12, 0, office.sheets.spreadsheet(office.sheet_id).sheets[1].column_count
    )
    office.edit(
        {"sortRange": {"range": area, "sortSpecs": [{"dimensionIndex": 2, "sortOrder": "DESCENDING"}]}}
    )
    whole(office)
    before = office.entered()
    office.clear("Daily Attendance", 3, 12, 16, 18)
    assert office.refresh()[1:] == ["  Daily Attendance!Q4:R12: 18 formulas were gone", "1 difference"]
    assert office.entered() == before


def test_rows_that_hr_inserts_into_corrections_get_formulas(office):
    where = {"sheetId": office.id_of("Corrections"), "dimension": "ROWS", "startIndex": 5, "endIndex": 7}
    office.edit({"insertDimension": {"range": where}})
    assert office.refresh()[1:] == [
        "  Corrections!A6:A7: 2 formulas were gone",
        "  Corrections!I6:AC7: 42 formulas were gone",
        "2 differences",
    ]
    whole(office)


@pytest.mark.parametrize("title", ["Monthly Summary", "Exceptions"])
def test_the_next_health_message_brings_a_deleted_worksheet_back(office, title):
    office.edit({"deleteSheet": {"sheetId": office.id_of(title)}})
    office.report(datetime(2026, 11, 6, 8), date(2026, 11, 5))
    assert office.refresh()[1] == "  no difference"
    whole(office)
    said = office.sheets.read(office.sheet_id, "'Exceptions'!C2:D")
    assert [who for who, what in said if what == "No punch on Thu 05-11-2026"] == [
        "Ann Archer",
        "Bob Baker",
        "Zoe Young",
    ]


def test_a_workbook_of_an_earlier_version_learns_of_first_and_last_days(office):
    """Ann began on the fourth, and Zoe left on it: the list has columns for that since today."""
    first_day, days = 15, 28
    for row in (5, 8, 11):
        cells = [
            {"userEnteredValue": {"formulaValue": without_punches(row, column)}}
            for column in range(first_day, first_day + days)
        ]
        start = {
            "sheetId": office.id_of("Daily Attendance"),
            "rowIndex": row,
            "columnIndex": first_day + days,
        }
        office.edit(
            {"updateCells": {"start": start, "rows": [{"values": cells}], "fields": "userEnteredValue"}}
        )
    daily = [str(value) for (title, _, _), value in office.entered().items() if title == "Daily Attendance"]
    assert not any("not employed" in text for text in daily)
    office.sheets.write(
        office.control_id,
        "'Cut Off Times'!D1",
        [["First Day", "Last Day"], ["2026-11-04", ""], ["", ""], ["", "2026-11-04"]],
    )
    assert office.refresh() == [
        "November 2026:",
        "  first or last days were changed",
        *(
            f"  Daily Attendance!AR{row}:BS{row}: 28 formulas were of an earlier version"
            for row in (6, 9, 12)
        ),
        "4 differences",
    ]
    whole(office)
    fourth = serial.from_date(date(2026, 11, 4))
    after = office.entered()
    assert [after.get(("Days", *place)) for place in ((3, 6), (3, 7), (6, 6), (9, 6), (9, 7))] == [
        *(fourth, None),
        None,
        *(None, fourth),
    ]


def test_the_day_after_hr_typed_a_last_day_nobody_is_called_absent_any_more(office):
    office.sheets.write(
        office.control_id, "'Cut Off Times'!D1", [["Last Day"], ["2026-11-04"], ["2026-11-05"]]
    )
    office.report(datetime(2026, 11, 7, 8), date(2026, 11, 6))
    said = office.sheets.read(office.sheet_id, "'Exceptions'!C2:D")
    assert [(who, what) for who, what in said if what[-10:] in ("05-11-2026", "06-11-2026")] == [
        ("Bob Baker", "No punch on Thu 05-11-2026"),
        ("Zoe Young", "No punch on Thu 05-11-2026"),
        ("Zoe Young", "No punch on Fri 06-11-2026"),
    ]
    assert office.refresh()[1] == "  no difference"
    whole(office)


PEOPLE_SHEETS = ("Days", "Daily Attendance", "Weekly Summary", "Monthly Summary")


def shown(office):
    """Who has rows, in all worksheets of people alike."""
    entered = office.entered()
    (names,) = {
        frozenset(value for (sheet, _, _), value in entered.items() if sheet == title and value in NAMES)
        for title in PEOPLE_SHEETS
    }
    return sorted(names)


NAMES = ("Ann Archer", "Bob Baker", "Zoe Young", "Lea Lost", "Nils New", "Pia Prompt")


def test_who_left_before_the_period_or_comes_after_it_is_not_added_and_who_is_there_stays(office):
    people = [
        *(["First Day", "Last Day"], ["", ""], ["", ""], ["", "2026-10-30"]),
        *(["", "2026-11-01"], ["2026-11-30", ""], ["2026-11-29", ""]),
    ]
    office.sheets.write(office.control_id, "'Cut Off Times'!D1", people)
    newcomers = [
        [name, f"{name.split()[0].lower()}@example.com", 0.375]
        for name in ("Lea Lost", "Nils New", "Pia Prompt")
    ]
    office.sheets.write(office.control_id, "'Cut Off Times'!A5", newcomers)
    assert office.refresh() == [
        "November 2026:",
        "  people were added",
        "  first or last days were changed",
        "2 differences",
    ]
    assert shown(office) == ["Ann Archer", "Bob Baker", "Pia Prompt", "Zoe Young"]
    whole(office)

    office.edit(
        *(
            {"deleteSheet": {"sheetId": office.id_of(title)}}
            for title in PEOPLE_SHEETS
            if title != "Weekly Summary"
        )
    )
    office.refresh()
    assert shown(office) == ["Ann Archer", "Bob Baker", "Pia Prompt", "Zoe Young"]
    whole(office)

    office.store(office.sheet_id, punch("lea", "2026-11-05T09:20:00"))
    assert shown(office) == ["Ann Archer", "Bob Baker", "Lea Lost", "Pia Prompt", "Zoe Young"]
    whole(office)
    office.edit(*({"deleteSheet": {"sheetId": office.id_of(title)}} for title in PEOPLE_SHEETS))
    office.refresh()
    assert shown(office) == ["Ann Archer", "Bob Baker", "Lea Lost", "Pia Prompt"]
    whole(office)


@pytest.mark.parametrize("titles", [("Days",), ("Days", "Punch Index"), ("Daily Attendance",)])
def test_worksheets_that_were_deleted_come_back_with_first_and_last_days(office, titles):
    office.sheets.write(office.control_id, "'Cut Off Times'!D1", [["First Day"], ["2026-11-04"]])
    office.refresh()
    before = {place: value for place, value in office.entered().items() if "Day" in place[0]}
    office.edit(*({"deleteSheet": {"sheetId": office.id_of(title)}} for title in titles))
    lines = office.refresh()
    assert [line for line in lines if "was missing" in line] == [
        f"  the worksheet {title!r} was missing" for title in titles
    ]
    whole(office)
    assert {place: value for place, value in office.entered().items() if "Day" in place[0]} == before
