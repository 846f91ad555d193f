"""A month that HR finalises: paid numbers stay, what would change them is listed, and HR can open the month again.

Over real sockets, with the values that the stand-in's engine computes. What is right is what stood there before.
"""

from contextlib import ExitStack
from datetime import date, datetime

import pytest

from attendance_backend.google import google_http
from attendance_backend.review import corrections_sheet
from attendance_backend.sheet import serial
from tests.integration.backend_office import NOVEMBER, punch
from tests.integration.test_backend_watch import Office as WatchedOffice

RECORDS = [
    punch("ann", "2026-11-02T08:55:00"),
    punch("ann", "2026-11-02T17:30:00"),
    punch("ann", "2026-11-03T09:10:00"),
    punch("bob", "2026-11-03T09:20:00"),
    punch("bob", "2026-11-03T19:00:00"),
    *(punch("zoe", f"2026-11-{day:02}T{hour}:00") for day in (2, 3, 4) for hour in ("07:50", "16:00")),
]
SHOWN = ("Daily Attendance", "Weekly Summary", "Monthly Summary")
DECEMBER = datetime(2026, 12, 2, 9)


class Office(WatchedOffice):
    """A month that is over, its data complete, and HR at it."""

    def open(self, capsys):
        self._capsys = capsys
        self.sheet_id = self.create()
        self.store(self.sheet_id, *RECORDS)
        self.report(datetime(2026, 11, 30, 8), NOVEMBER.last_day)
        self.sheets.start_recalculating()
        self.correct(2, "02/11/2026", "Bob Baker", "leave", "")
        self.now = DECEMBER.replace(tzinfo=self.now.tzinfo)
        self.tick()

    def correct(self, row, day, who, what, value):
        self.sheets.write(self.sheet_id, f"Corrections!B{row}", [[day, "", who, what, value, "asked", "HR"]])

    def guide(self, name):
        """Row of a setting, what stands beside it, and the words behind."""
        rows = self.sheets.read(self.sheet_id, "Guide!A1:C40")
        row = next(number for number, line in enumerate(rows, 1) if line[:1] == [name])
        return row, rows[row - 1][1], rows[row - 1][2]

    def set(self, name, value):
        self.sheets.write(self.sheet_id, f"Guide!B{self.guide(name)[0]}", [[value]])

    def finalise(self):
        self.set("Finalised", "yes")
        self.tick()
        assert self.guide("Finalised")[2].startswith("finalised on 02-12-2026")

    def shown(self):
        """All that HR sees of the month."""
        sheets = {sheet.title: sheet for sheet in self.sheets.compute(self.sheet_id).sheets}
        return {
            (title, row, column): cell.value
            for title in SHOWN
            for row, column, cell in sheets[title].occupied(sheets[title].area)
            if not sheets[title].column_properties.get(column, {}).get("hiddenByUser")
            and cell.value not in (None, "")
        }

    def row(self, title, name):
        """Number of somebody's first row."""
        rows = self.sheets.read(self.sheet_id, f"'{title}'!A1:A40")
        return next(number for number, line in enumerate(rows, 1) if line[:1] == [name])

    def column(self, title, header):
        """Letter of a column."""
        headers = self.sheets.read(self.sheet_id, f"'{title}'!A1:Z1", "UNFORMATTED_VALUE")[0]
        return "ABCDEFGHIJKLMNOPQRSTUVWXYZ"[headers.index(header)]

    def since(self):
        """Who, day and what of `Since Finalised`."""
        if "Since Finalised" not in {s.title for s in self.sheets.spreadsheet(self.sheet_id).sheets}:
            return []
        rows = self.sheets.read(self.sheet_id, "'Since Finalised'!A2:C40")
        return [(who, day and f"{serial.to_date(day):%d-%m-%Y}", what) for who, day, what in rows if what]

    def exported(self, folder, *more):
        code, out, err = self.run(
            "export", "--period", "November 2026", "--output", str(folder / "pay.csv"), *more
        )
        return code, [*out, *err]


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    class Silent:
        def readouterr(self):
            raise AssertionError("nothing is run here")

    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        patch.setattr(google_http, "FIRST_DELAY_S", 0.01)
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        office = Office(stack, tmp_path_factory.mktemp("office"), patch)
        office.open(Silent())
        office.set("Finalised", "yes")
        said = office.guide("Finalised")[2]
        before = office.shown()
        office.finalise()
        yield office, office.remember(), before, said, office.now


@pytest.fixture
def office(opened, capsys):
    office, files, *_, now = opened
    office.go_back(files)
    office.now = now
    office._capsys = capsys
    return office


@pytest.fixture
def paid(opened):
    return opened[2]


def punch_late(office):
    office.store(office.sheet_id, punch("ann", "2026-11-03T17:00:00"))


def hire(office):
    office.sheets.write(office.control_id, "'Cut Off Times'!D1", [["First Day"]])
    office.sheets.write(
        office.control_id, "'Cut Off Times'!A5", [["Carl Cook", "carl@example.com", "08:30", "2026-11-09"]]
    )


def set_for_all(office, name, value):
    if "Settings" not in {s.title for s in office.sheets.spreadsheet(office.control_id).sheets}:
        office.sheets.batch_update(office.control_id, [{"addSheet": {"properties": {"title": "Settings"}}}])
    office.sheets.write(office.control_id, "Settings!A1", [["Setting", "Site", "Value"], [name, "", value]])


def declare_holiday(office):
    office.sheets.batch_update(office.control_id, [{"addSheet": {"properties": {"title": "Holidays"}}}])
    office.sheets.write(office.control_id, "Holidays!A1", [["Date", "Name"], ["2026-11-12", "Carnival"]])


CHANGES = {
    "a late punch": (punch_late, "Ann Archer", "03-11-2026", "a punch at 17:00 came after"),
    "a correction": (
        lambda office: office.correct(3, "03/11/2026", "Ann Archer", "check out", "17:10"),
        "Ann Archer",
        "03-11-2026",
        "check-out 17:10: typed into Corrections",
    ),
    "a correction removed": (
        lambda office: office.sheets.write(office.sheet_id, "Corrections!B2", [[""] * 7]),
        "Bob Baker",
        "02-11-2026",
        "leave: removed from Corrections",
    ),
    "grace here": (
        lambda office: office.set("Grace (minutes)", 15),
        "",
        "",
        "Grace (minutes) is 15 in Guide, and was 0",
    ),
    "overtime here": (
        lambda office: office.set("Overtime beyond (hours a day)", 7),
        "",
        "",
        "Overtime beyond (hours a day) is 7 in Guide, and was 8",
    ),
    "grace for all": (
        lambda office: set_for_all(office, "Grace (minutes)", 15),
        "",
        "",
        "Grace (minutes) is 15 in Settings, and was 0",
    ),
    "overtime for all": (
        lambda office: set_for_all(office, "Overtime beyond (hours a day)", 7),
        "",
        "",
        "Overtime beyond (hours a day) is 7 in Settings, and was 8",
    ),
    "a holiday": (declare_holiday, "", "12-11-2026", "Holidays has Carnival now"),
    "a hire": (hire, "Carl Cook", "", "in Cut Off Times, and not in this month"),
    "a cut-off time here": (
        lambda office: office.sheets.write(office.sheet_id, "'Weekly Summary'!C2", [["08:00"]]),
        "Ann Archer",
        "",
        "Cut Off Time in Weekly Summary reads 08:00, and was 09:00",
    ),
    "a cut-off time for all": (
        lambda office: office.sheets.write(office.control_id, "'Cut Off Times'!C2", [["8:00 AM"]]),
        "Ann Archer",
        "",
        "the cut-off time is 08:00 in Cut Off Times, and was 09:00",
    ),
}


def test_until_the_visit_the_cell_beside_says_being_finalised(opened):
    assert opened[3].startswith("being finalised")


def test_what_was_kept_is_what_hr_saw(office, paid):
    assert office.shown() == paid
    formulas = office.sheets.read(office.sheet_id, "'Monthly Summary'!E4:L6", "FORMULA")
    assert not [value for row in formulas for value in row if str(value).startswith("=")]
    assert office.since() == []


@pytest.mark.parametrize("change", CHANGES)
def test_after_finalised_nothing_changes_the_paid_month_and_the_change_is_listed(
    office, paid, tmp_path, change
):
    act, who, day, what = CHANGES[change]
    before = office.exported(tmp_path)
    files = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    act(office)
    office.tick()
    seen = office.shown()
    if change == "a cut-off time here":
        seen["Weekly Summary", 1, 2] = paid["Weekly Summary", 1, 2]
    assert seen == paid
    (line,) = office.since()
    assert (line[0], line[1]) == (who, day)
    assert line[2].startswith(what), line
    told = [row[3] for row in office.sheets.read(office.sheet_id, "Exceptions!A2:F60") if len(row) > 3]
    assert any("since it was finalised" in text for text in told)
    assert office.tick().count("write") == 0
    # Also by a later export.
    assert before[0] == 0
    code, lines = office.exported(tmp_path)
    assert code == 0
    assert any(what in text for text in lines), lines
    assert before[1] != lines
    assert files.keys() == {path.name for path in tmp_path.iterdir()}


def test_refresh_and_health_leave_a_finalised_month_alone(office, paid):
    hire(office)
    set_for_all(office, "Grace (minutes)", 15)
    declare_holiday(office)
    office.report(datetime(2026, 12, 3, 8), NOVEMBER.last_day)
    code, out, _ = office.run("refresh", "--period", "November 2026")
    assert (code, out[-1]) == (0, "0 differences")
    assert any("Carl Cook: in Cut Off Times" in line for line in out)
    assert office.shown() == paid


def test_a_correction_typed_after_finalised_says_so_at_once(office):
    office.correct(3, "03/11/2026", "Ann Archer", "check out", "17:10")
    statuses = office.sheets.read(office.sheet_id, "Corrections!A2:A3")
    assert statuses == [["applied"], ["no effect: this month is finalised"]]


def test_a_correction_below_the_prepared_rows_is_listed_although_no_formula_answers_it(office):
    grid = office.sheets.spreadsheet(office.sheet_id).sheet_titled("Corrections")
    row = grid.row_count + 1
    office.edit({"appendDimension": {"sheetId": grid.sheet_id, "dimension": "ROWS", "length": 1}})
    office.correct(row, "03/11/2026", "Ann Archer", "check out", "17:10")
    office.tick()
    told = f"row {row} of Corrections was typed after the month was finalised"
    assert office.since() == [("Ann Archer", "", told)]


def test_a_kept_number_that_somebody_types_over_is_listed_with_what_it_was(office):
    row = office.row("Monthly Summary", "Zoe Young")
    column = office.column("Monthly Summary", "Days Present")
    office.sheets.write(office.sheet_id, f"'Monthly Summary'!{column}{row}", [[4]])
    office.tick()
    (line,) = office.since()
    assert line == (
        "Zoe Young",
        "",
        "Days Present in Monthly Summary reads 4, and was 3 when the month was finalised",
    )


def test_hr_opens_the_month_again_and_the_numbers_live(office, paid):
    office.correct(3, "03/11/2026", "Ann Archer", "check out", "17:10")
    hire(office)
    office.tick()
    assert office.since()
    office.set("Finalised", "")
    assert office.guide("Finalised")[2].startswith("being opened again")
    office.tick()
    assert office.guide("Finalised")[1:] == ("no", office.guide("Finalised")[2])
    assert office.guide("Finalised")[2].startswith("Type yes")
    titles = {sheet.title: sheet for sheet in office.sheets.spreadsheet(office.sheet_id).sheets}
    assert not {"Kept", "Since Finalised"} & titles.keys()
    seen = office.shown()
    assert seen != paid
    hours = f"{office.column('Monthly Summary', 'Hours')}{office.row('Monthly Summary', 'Ann Archer')}"
    worked = office.sheets.read(office.sheet_id, f"'Monthly Summary'!{hours}")[0][0]
    assert worked == pytest.approx((8 * 60 + 35 + 8 * 60) / 1440)
    assert office.row("Monthly Summary", "Carl Cook")
    code, out, _ = office.run("refresh", "--period", "November 2026")
    assert (code, out) == (0, ["November 2026:", "  no difference", "0 differences"])
    # And it can be finalised again.
    office.finalise()
    assert office.shown() == seen
    assert office.since() == []


def test_what_hr_typed_over_formulas_before_survives_both(office):
    office.set("Finalised", "")
    office.tick()
    column = office.column("Daily Attendance", serial.from_date(date(2026, 11, 5)))
    office.sheets.write(office.sheet_id, f"'Daily Attendance'!{column}4", [["=TIME(8,0,0)"]])
    office.sheets.write(office.sheet_id, f"'Daily Attendance'!{column}5", [["16:00"]])
    before = office.sheets.read(office.sheet_id, f"'Daily Attendance'!{column}4:{column}6", "FORMULA")
    office.finalise()
    frozen = office.sheets.read(office.sheet_id, f"'Daily Attendance'!{column}4:{column}6", "FORMULA")
    assert frozen[0] == [pytest.approx(8 / 24)]
    office.set("Finalised", "no")
    office.tick()
    after = office.sheets.read(office.sheet_id, f"'Daily Attendance'!{column}4:{column}6", "FORMULA")
    assert after == before


def test_a_month_with_an_error_in_it_is_not_finalised_and_that_is_told(office):
    office.set("Finalised", "")
    office.tick()
    column = office.column("Monthly Summary", "Days Present")
    office.sheets.write(office.sheet_id, f"'Monthly Summary'!{column}4", [["=1/0"]])
    office.set("Finalised", "yes")
    office.tick()
    (remedy,) = [remedy for name, remedy in office.problems() if name == "Workbook November 2026"]
    assert f"Monthly Summary!{column}4 shows an error" in remedy
    assert office.guide("Finalised")[2].startswith("being finalised")


@pytest.mark.parametrize(
    ("title", "below"), [("Weekly Summary", 0), ("Daily Attendance", 2), ("Monthly Summary", 0)]
)
def test_rows_deleted_between_the_yes_and_the_visit_are_told_and_come_back(office, paid, title, below):
    """Kept without them, the month would lack somebody's numbers for good, and nobody would hear of it."""
    office.set("Finalised", "")
    office.tick()
    office.set("Finalised", "yes")
    row = office.row(title, "Bob Baker") - 1 + below
    place = {"sheetId": office.id_of(title), "dimension": "ROWS", "startIndex": row, "endIndex": row + 1}
    office.edit({"deleteDimension": {"range": place}})
    office.tick()
    (remedy,) = [remedy for name, remedy in office.problems() if name == "Workbook November 2026"]
    assert f"{title} lacks the row" in remedy
    assert "of bob, which somebody deleted" in remedy
    assert office.guide("Finalised")[2].startswith("being finalised")
    office.set("Finalised", "")
    office.tick()
    office.finalise()
    assert sorted(map(repr, office.shown().values())) == sorted(map(repr, paid.values()))
    assert [name for name, _ in office.problems() if name == "Workbook November 2026"] == []


def test_a_month_is_not_kept_without_somebody_who_punched_or_stands_in_the_list(office, paid):
    """Nothing is left of the person there, and so nothing in the worksheets tells."""
    office.set("Finalised", "")
    office.tick()
    office.set("Finalised", "yes")
    for title in SHOWN:
        for _ in range(1 if title == "Monthly Summary" else 3):
            row = office.row(title, "Bob Baker") - 1
            place = {
                "sheetId": office.id_of(title),
                "dimension": "ROWS",
                "startIndex": row,
                "endIndex": row + 1,
            }
            office.edit({"deleteDimension": {"range": place}})
    office.tick()
    (remedy,) = [remedy for name, remedy in office.problems() if name == "Workbook November 2026"]
    assert "lacks the row" in remedy
    assert "of bob, which somebody deleted" in remedy
    assert "to stay away" not in remedy
    office.set("Finalised", "")
    office.tick()
    office.finalise()
    assert sorted(map(repr, office.shown().values())) == sorted(map(repr, paid.values()))


@pytest.mark.parametrize(
    ("title", "header", "told"),
    [
        ("Monthly Summary", "Employee", ("Ann Archer", "Zoe Young")),
        ("Monthly Summary", "User Name", ("ann", "zoe")),
        ("Weekly Summary", "Employee", ("Ann Archer", "Zoe Young")),
        ("Daily Attendance", "Measure", ("Check In", "Hours Worked")),
    ],
)
def test_names_that_change_places_after_the_month_was_kept_are_told(office, paid, title, header, told):
    column = office.column(title, header)
    first = office.row(title, "Ann Archer")
    area = f"'{title}'!{column}{first}:{column}{office.row(title, 'Zoe Young') + 2}"
    before = office.sheets.read(office.sheet_id, area)
    office.sheets.write(office.sheet_id, area, before[::-1])
    office.tick()
    one, other = told
    said = f"{header} in {title} reads {other}, and was {one} when the month was finalised"
    assert ("Ann Archer", "", said) in office.since()
    office.sheets.write(office.sheet_id, area, before)
    office.tick()
    assert office.since() == []


def test_a_month_whose_row_hr_has_removed_is_kept_all_the_same(office, paid):
    office.set("Finalised", "")
    office.tick()
    office.sheets.write(office.control_id, "'2026'!A2:C2", [["", "", ""]])
    office.finalise()
    assert office.shown() == paid
    assert [name for name, _ in office.problems() if name == "Workbook November 2026"] == []


def test_a_visit_of_a_finalised_month_costs_two_reads_and_looks_twice_in_drive(office):
    office.tick()
    calls = office.tick()
    # Two more of the control spreadsheet, and its copy.
    assert (calls.count("read"), calls.count("write")) == (4, 0)


def test_the_guide_that_somebody_deletes_does_not_open_the_month(office, paid):
    office.edit({"deleteSheet": {"sheetId": office.id_of("Guide")}})
    office.tick()
    office.report(datetime(2026, 12, 3, 8), NOVEMBER.last_day)
    office.tick()
    assert office.guide("Finalised")[1] == "yes"
    assert office.shown() == paid


def test_the_period_that_hr_edits_afterwards_leaves_the_month_as_it_is(office, paid):
    office.sheets.write(office.control_id, "'2026'!C2", [["12/4/2026"]])
    office.tick()
    office.create()
    assert office.shown() == paid
