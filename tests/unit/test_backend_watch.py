"""The visitor: every workbook that is not finalised, whoever sends messages to it; and the copies that it keeps."""

import logging
from collections import Counter
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import pytest

from attendance_backend.app.commands.check import check
from attendance_backend.app.commands.restore import restore_control, restore_workbook
from attendance_backend.control import review_sheets
from attendance_backend.control.reading import read_control, write_problems
from attendance_backend.errors import GoogleError, RefusedError, UserError
from attendance_backend.handlers import watch as watching
from attendance_backend.handlers.create_sheet import create_review_sheet
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.init_control import KIND, KIND_PROPERTY
from attendance_backend.handlers.refresh import rebuild_facts
from attendance_backend.review import corrections_sheet, sites_sheet
from attendance_backend.review.names import drive_properties
from attendance_backend.sheet.changes import Formula
from attendance_backend.sheet.grid import spreadsheet_link
from attendance_contracts import CreateReviewSheet, ReviewPeriod, StoreAttendRecords, Watch
from tests.fakes_backend import CONTROL_ID, Book, Crash, Effects, FixedClock, World
from tests.health_message import health_message
from tests.review_book import ROSTER, ReviewBook, punch

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 26), date(2026, 11, 1))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 8))
PERIODS = [
    ("Month", "Start Date", "End Date"),
    ("October", "10/26/2026", "10/30/2026"),
    ("November", "11/2/2026", "11/6/2026"),
    ("December", "11/9/2026", "12/25/2026"),
]
"""Of a week each: nothing here depends on their length."""
QUARTER = timedelta(minutes=15)
RECORDS = [
    punch("ann", "2026-10-27 09:00"),
    punch("ann", "2026-10-27 17:00"),
    punch("bob", "2026-10-28 09:30"),
]


class Office(ReviewBook):
    """October's workbook, with punches, and November's; it is the 3rd of November."""

    def __init__(self):
        super().__init__(period=OCTOBER)
        self.world.spreadsheets.computed = 0.0
        self.world.type_worksheet("2026", PERIODS)
        self.world.type_worksheet("Settings", [("Setting", "Site", "Value")])
        self.world.type_worksheet("Holidays", [("Date", "Name")])
        self.october, self.october_id = self.book, self.sheet_id
        self.store(*RECORDS)
        self.november_id = self.create(period=NOVEMBER)
        self.november = self.world.spreadsheets.books[self.november_id]
        self.tick()

    def tick(self, after=QUARTER):
        """The next one; what it cost, as reads and effects."""
        self.world.clock.moment += after
        return self.again()

    def again(self):
        self.world.effects.reads = self.world.effects.count = 0
        handle(Watch(), self.world.backend)
        return self.cost

    def put(self, book, title, words, right, value):
        """Type a value into the cell so far to the right of the one that holds these words."""
        sheet = book.sheet(title)
        row, column = min(place for place, held in sheet.cells.items() if held == words)
        sheet.put(row, column + right, value)

    def finalise(self, answer="yes", book=None):
        self.put(book or self.october, "Guide", "Finalised", 1, answer)

    def problems(self):
        if "Problems" not in {sheet.title for sheet in self.world.control.sheets}:
            return []
        return [(row[0], row[2]) for row in self.world.control.sheet("Problems").rows()[1:] if row and row[0]]

    def of(self, book):
        """The days of the copies of a book."""
        ids = {id(each): file_id for file_id, each in self.world.spreadsheets.books.items()}
        return [
            copy.properties["attendance_copied_on"]
            for copy in self.world.copies()
            if copy.properties["attendance_copy_of"] == ids[id(book)]
        ]

    def lose(self, sheet_id):
        """Deleted for good."""
        return self.world.spreadsheets.books.pop(sheet_id)

    def everything(self):
        return {
            file_id: (book.content(), book.trashed) for file_id, book in self.world.spreadsheets.books.items()
        }


@pytest.fixture(scope="module", autouse=True)
def few_rows_for_corrections():
    """Less than a third of the work, most of which is the formulas of blank rows."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 60)
        yield


@pytest.fixture(scope="module")
def as_found(few_rows_for_corrections):
    return Office()


@pytest.fixture
def office(as_found):
    return as_found.copied()


def empty_a_formula(book):
    """Somebody empties a formula; returns the cell."""
    sheet = book.sheet("Daily Attendance")
    place = min(place for place, value in sheet.cells.items() if isinstance(value, Formula) and place[0] > 2)
    del sheet.cells[place]
    return sheet, place


# What a visit costs


OF_LEAVE = 1
"""A read of the workbook before."""


def test_a_healthy_visit_writes_nothing_and_costs_twelve_reads_a_workbook_and_four(office):
    before = office.everything()
    assert office.tick() == (4 + 2 * 12 + OF_LEAVE, 0)
    assert office.tick() == (4 + 2 * 12 + OF_LEAVE, 0)
    assert office.everything() == before


def test_a_finalised_workbook_costs_nothing_but_a_look_in_turn(office):
    """Once a day, two more of the next months: whether they keep punches that are others' by now."""
    office.finalise()
    office.tick()
    looked = 4 + 12 + OF_LEAVE + 2
    assert [office.tick() for _ in range(2)] == [(looked + 2, 0), (looked, 0)]


def test_many_workbooks_do_not_use_up_the_minutes_quota_and_some_are_told_to_be_finalised(office):
    recorded = office.world.control.sheet("Review Sheets")
    for number in range(watching.MOST_VISITS):
        recorded.row_count += 1
        for column, text in enumerate((f"Old {number}", f"lost-{number}")):
            recorded.put(recorded.row_count - 1, column, text)
    began = office.world.clock.moment + QUARTER
    office.tick()
    pauses = (watching.MOST_VISITS - 1) // watching.AT_ONCE + 1
    assert office.world.clock.moment - began == timedelta(seconds=pauses * watching.PAUSE_S)
    assert office.world.clock.moment - began < timedelta(minutes=8)
    left_out = [name for name, remedy in office.problems() if remedy == watching.TOO_MANY]
    assert len(left_out) == 2


# Which workbooks are visited


def test_where_visits_take_long_the_newest_workbook_is_first_and_each_other_has_its_turn(office, monkeypatch):
    recorded = office.world.control.sheet("Review Sheets")
    recorded.row_count += 1
    recorded.put(recorded.row_count - 1, 0, "December 2026")
    recorded.put(recorded.row_count - 1, 1, "of-december")
    visited = []

    def slowly(_, name, __):
        visited[-1].append(name)
        office.world.clock.moment += timedelta(seconds=watching.LONGEST_S / 2 + 1)

    monkeypatch.setattr(watching._Round, "_visit", slowly)
    began = office.world.clock.moment.replace(minute=0)
    for number in range(2):
        office.world.clock.moment = began + QUARTER * number
        visited.append([])
        handle(Watch(), office.world.backend)
    assert [first for first, _ in visited] == ["December 2026"] * 2
    assert sorted(second for _, second in visited) == ["November 2026", "October 2026"]


def test_october_is_visited_in_november_until_it_is_finalised(office):
    for _ in range(3):
        sheet, place = empty_a_formula(office.october)
        office.tick()
        assert isinstance(sheet.cells[place], Formula)
    office.finalise()
    office.tick()
    sheet, place = empty_a_formula(office.october)
    before = office.october.content()
    for _ in range(4):
        office.tick()
    assert office.october.content() == before
    assert place not in sheet.cells


@pytest.mark.parametrize("typed", ["Okt 2026", "December 2026"])
def test_a_name_typed_over_in_review_sheets_is_put_right_by_the_next_ticks(office, typed):
    """Also that of another month, whose punches would go into this one's workbook."""
    recorded = office.world.control.sheet("Review Sheets")
    row = next(number for number, values in enumerate(recorded.rows()) if values[:1] == ["October 2026"])
    recorded.put(row, 0, typed)
    before = office.october.sheet("Raw Data - berlin").rows()
    for _ in range(2):
        office.tick()
        assert office.october.sheet("Raw Data - berlin").rows() == before
    counting, _ = review_sheets.recorded(review_sheets.read(office.world.spreadsheets, CONTROL_ID))
    assert counting == {"October 2026": office.october_id, "November 2026": office.november_id}
    assert (
        "Review Sheets",
        "its spreadsheet stands in a lower row, for October 2026, which counts; delete this row",
    ) in (office.problems())


def test_a_workbook_in_no_row_is_told_until_it_has_one_or_lies_in_the_bin(office):
    recorded = office.world.control.sheet("Review Sheets")
    row = next(number for number, values in enumerate(recorded.rows()) if values[:1] == ["October 2026"])
    for column in range(recorded.column_count):
        recorded.put(row, column, None)
    told = "Workbook October 2026", watching.UNLISTED.format(spreadsheet_link(office.october_id))
    for times, is_told in ((1, False), (2, True)):
        office.tick()
        assert (told in office.problems()) is is_told, f"it may be one that is being made: {times}"
    office.october.trashed = True
    office.tick()
    assert told not in office.problems()


def test_finalised_is_noted_in_review_sheets_and_a_workbook_that_hr_opens_again_is_visited_again(office):
    office.finalise()
    office.finalise(book=office.november)
    office.tick()
    noted = [row[4:5] for row in office.world.control.sheet("Review Sheets").rows()]
    assert noted == [["Finalised"], ["yes"], ["yes"]]
    sheet, place = empty_a_formula(office.october)
    office.finalise("no")
    for _ in range(3):
        office.tick()
    assert isinstance(sheet.cells[place], Formula)


def test_a_finalised_workbook_without_its_guide_stays_finalised(office):
    office.finalise()
    office.tick()
    office.october.sheets = [sheet for sheet in office.october.sheets if sheet.title != "Guide"]
    before = office.october.content()
    for _ in range(4):
        office.tick()
    assert office.october.content() == before


def test_review_sheets_of_an_earlier_version_get_their_column(office):
    sheet = office.world.control.sheet("Review Sheets")
    sheet.column_count = 4
    sheet.cells = {place: value for place, value in sheet.cells.items() if place[1] < 4}
    office.finalise()
    office.tick()
    assert [row[4:5] for row in sheet.rows()] == [["Finalised"], ["yes"], []]


def test_what_somebody_else_keeps_in_that_column_stays(office):
    sheet = office.world.control.sheet("Review Sheets")
    sheet.put(0, 4, "Remarks")
    sheet.put(1, 4, "looked at")
    office.finalise()
    office.tick()
    office.tick()
    assert [row[4:5] for row in sheet.rows()] == [["Remarks"], ["looked at"], []]


def test_whoever_is_hired_after_the_period_is_not_absent_in_it(office):
    office.keeps(*ROSTER, ("Nora New", "nora@example.com", "09:00"))
    office.tick()
    keys = {
        title: {row[0] for row in book.sheet("Days").rows() if row}
        for title, book in (("October", office.october), ("November", office.november))
    }
    assert "nora/in" in keys["November"]
    assert "nora/in" not in keys["October"]


def test_whoever_has_a_first_day_or_a_punch_in_it_is_added_to_a_period_that_is_over(office):
    office.store(punch("carl", "2026-10-29 09:00"))
    carl = ("Carl Cook", "carl@example.com", "08:30", "", "")
    office.keeps(*ROSTER, carl, ("Dora Day", "dora@example.com", "09:00", "10/29/2026", ""))
    office.tick()
    keys = {row[0] for row in office.october.sheet("Days").rows() if row}
    assert {"carl/in", "dora/in"} <= keys


def test_holidays_and_settings_reach_all_that_are_not_finalised(office):
    office.world.type_worksheet(
        "Holidays", [("Date", "Name"), ("2026-10-28", "Feast"), ("2026-11-04", "Fast")]
    )
    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("Grace (minutes)", "", 7)])
    office.tick()
    for book, name in ((office.october, "Feast"), (office.november, "Fast")):
        assert name in book.sheet("Daily Attendance").cells.values()
        cells = book.sheet("Guide").cells
        row, column = min(place for place, value in cells.items() if value == "Grace (minutes)")
        assert cells[row, column + 1] == 7
    assert office.tick()[1] == 0


# What is told


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda office: setattr(office.october, "trashed", True), "it lies in Drive's bin"),
        (lambda office: office.lose(office.october_id), "attendance-backend restore --period"),
    ],
    ids=["in the bin", "deleted for good"],
)
def test_a_workbook_that_is_not_there_is_told_in_the_log_in_problems_and_by_check(
    office, caplog, damage, words
):
    damage(office)
    sheet, place = empty_a_formula(office.november)
    office.tick()
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert len(told) == 1
    assert words in told[0].getMessage()
    assert "October 2026" in told[0].getMessage()
    ((workbook, remedy),) = office.problems()
    assert workbook == "Workbook October 2026"
    assert words in remedy
    assert isinstance(sheet.cells[place], Formula), "the other one was visited all the same"
    (line,) = [line for line in check(office.world.backend) if "October 2026" in line]
    assert line.startswith("Workbook October 2026: it ")
    assert words in line
    # Loud once.
    caplog.clear()
    assert office.tick()[1] == 0
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_what_is_mended_is_not_told_any_more(office):
    office.october.trashed = True
    office.tick()
    office.october.trashed = False
    assert not [line for line in check(office.world.backend) if "October 2026: it " in line]
    office.tick()
    assert office.problems() == []


def test_a_finalised_workbook_in_the_bin_is_told_until_it_is_back(office):
    office.finalise()
    office.finalise(book=office.november)
    office.tick()
    office.october.trashed = True
    told = []
    for _ in range(4):
        office.tick()
        told.append(len(office.problems()))
    assert told[1:] == [1, 1, 1]
    office.october.trashed = False
    office.tick()
    office.tick()
    assert office.problems() == []


def test_the_control_spreadsheet_in_the_bin_is_told(office, caplog):
    office.world.control.trashed = True
    office.tick()
    assert [name for name, _ in office.problems()] == ["Workbook Review Periods"]
    assert "workbook of Review Periods: it lies in Drive's bin" in caplog.text


def test_without_the_control_spreadsheet_the_log_says_how_it_comes_back_and_nothing_is_raised(office, caplog):
    office.lose(CONTROL_ID)
    handle(Watch(), office.world.backend)
    (told,) = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "attendance-backend restore --review-periods" in told.getMessage()


def test_what_was_typed_over_a_formula_is_told_and_stays(office):
    sheet, place = empty_a_formula(office.october)
    sheet.put(*place, "sick")
    office.tick()
    ((workbook, remedy),) = office.problems()
    assert workbook == "Workbook October 2026"
    assert "typed over, kept: sick; it follows punches and corrections no more: empty the cell" in remedy
    assert sheet.cells[place] == "sick"


def test_of_much_that_was_typed_over_only_some_is_listed(office):
    sheet = office.october.sheet("Daily Attendance")
    formulas = sorted(place for place, value in sheet.cells.items() if isinstance(value, Formula))
    for place in formulas[10 : 10 + watching.MOST_LINES + 3]:
        sheet.put(*place, "?")
    office.tick()
    assert len(office.problems()) == watching.MOST_LINES + 1
    assert office.problems()[-1][1] == "and 3 more, which attendance-backend refresh lists"


def test_a_worksheet_that_cannot_be_mended_costs_no_other_workbook_its_visit(office):
    office.october.sheets = [sheet for sheet in office.october.sheets if "Raw" not in sheet.title]
    sheet, place = empty_a_formula(office.november)
    office.tick()
    assert isinstance(sheet.cells[place], Formula)
    ((workbook, remedy),) = office.problems()
    assert workbook == "Workbook October 2026"
    assert "restore it through File > Version history" in remedy


def test_a_period_without_a_row_is_told(office):
    office.world.type_worksheet("2026", [PERIODS[0], *PERIODS[2:]])
    office.tick()
    assert [name for name, remedy in office.problems() if "no row for it any more" in remedy] == [
        "Workbook October 2026"
    ]


def test_a_fault_of_the_program_costs_no_other_workbook_its_visit(office, monkeypatch, caplog):
    restore = watching.restore  # type: ignore[attr-defined]

    def faulty(sheet_id, *others):
        if sheet_id == office.november_id:
            raise KeyError("Q7")
        return restore(sheet_id, *others)

    monkeypatch.setattr(watching, "restore", faulty)
    sheet, place = empty_a_formula(office.october)
    office.tick()
    assert isinstance(sheet.cells[place], Formula)
    ((workbook, remedy),) = office.problems()
    assert workbook == "Workbook November 2026"
    assert "by a fault of the program (KeyError('Q7')): report it" in remedy
    assert "Traceback" in caplog.text


def test_while_google_does_not_answer_what_was_told_stands(office, monkeypatch):
    office.october.trashed = True
    office.tick()
    told = office.problems()
    is_in_bin = office.world.drive.is_in_bin

    def failing(file_id):
        if file_id == office.october_id:
            raise GoogleError("Google answers 503")
        return is_in_bin(file_id)

    monkeypatch.setattr(office.world.drive, "is_in_bin", failing)
    assert office.tick()[1] == 0
    assert office.problems() == told


def test_the_days_first_health_message_leaves_what_was_told_of_workbooks(office):
    office.october.trashed = True
    office.tick()
    told = office.problems()
    control = read_control(office.world.spreadsheets, CONTROL_ID, date(2026, 11, 3))
    write_problems(office.world.spreadsheets, CONTROL_ID, control)
    assert office.problems() == told
    office.world.type_worksheet("Holidays", [("Date", "Name", "Site"), ("?", "Nothing", "")])
    control = read_control(office.world.spreadsheets, CONTROL_ID, date(2026, 11, 3))
    write_problems(office.world.spreadsheets, CONTROL_ID, control)
    assert [name for name, _ in office.problems()] == ["Holidays", "Workbook October 2026"]


# Cut-off times


def cut_off(book, key="ann/Weekly Average"):
    """What stands in a person's Cut Off Time, as hours."""
    sheet = book.sheet("Weekly Summary")
    (row,) = [row for (row, column), value in sheet.cells.items() if (column, value) == (4, key)]
    value = sheet.cells.get((row, 2))
    return round(value * 24, 4) if isinstance(value, float) else value


def type_cut_off(book, value, row=1):
    book.sheet("Weekly Summary").put(row, 2, value)


def keep_cut_off(office, text):
    office.keeps(("Ann Archer", "ann@example.com", text), ROSTER[1])


def entries(book):
    return [tuple(row[2:6]) for row in book.sheet("Exceptions").rows()[1:] if row]


def test_a_cut_off_time_changed_in_the_list_reaches_the_open_workbook_at_the_next_tick(office):
    keep_cut_off(office, "08:30")
    office.tick()
    assert cut_off(office.november) == 8.5
    assert cut_off(office.november, "bob/Weekly Average") == 9
    assert entries(office.november) == []
    assert office.tick()[1] == 0


def test_it_reaches_a_month_that_is_over_and_not_finalised_and_is_told_there(office):
    keep_cut_off(office, "08:30")
    office.tick()
    assert cut_off(office.october) == 8.5
    (told,) = entries(office.october)
    assert told[0] == "Ann Archer"
    assert "from 09:00 to 08:30 after this period was over" in told[1]
    assert "type 09:00 into Weekly Summary" in told[2]
    assert told[3] == "open"
    # HR does so, and it stays.
    type_cut_off(office.october, 9 / 24)
    assert office.tick()[1] == 0
    assert cut_off(office.october) == 9


def test_a_cut_off_time_that_hr_typed_into_the_workbook_stays_without_a_word(office):
    type_cut_off(office.november, 9.25 / 24)
    for _ in range(2):
        assert office.tick()[1] == 0
    assert cut_off(office.november) == 9.25
    assert entries(office.november) == []


@pytest.mark.parametrize(("typed", "shown"), [(9.25 / 24, "09:15"), (None, "none")])
def test_where_both_were_changed_the_workbooks_stays_and_exceptions_asks_once(office, typed, shown):
    type_cut_off(office.november, typed)
    keep_cut_off(office, "08:30")
    office.tick()
    office.tick()
    assert office.november.sheet("Weekly Summary").cells.get((1, 2)) == typed
    (told,) = entries(office.november)
    assert (
        told[1]
        == f"The cut-off time is 08:30 in Cut Off Times, and {shown} in Weekly Summary, which counts here"
    )
    type_cut_off(office.november, 8.5 / 24)
    office.tick()
    assert office.tick()[1] == 0
    keep_cut_off(office, "08:00")
    office.tick()
    assert cut_off(office.november) == 8, "it follows again"


def test_a_cut_off_time_in_weekly_summary_that_is_no_time_lets_the_list_count_and_is_told(office):
    type_cut_off(office.november, "9h15")
    keep_cut_off(office, "08:30")
    office.tick()
    assert office.november.sheet("Weekly Summary").cells.get((1, 2)) == "9h15"
    assert entries(office.november) == []
    said = [str(row[2]) for row in office.world.control.sheet("Problems").rows()[1:]]
    assert any("reads 9h15, which is not understood: 08:30 counts" in line for line in said), said


def test_somebody_who_could_not_be_late_follows_the_list_there_and_back(office):
    for text, shown in (("none", None), ("08:30", 8.5), ("none", None), ("09:00", 9)):
        keep_cut_off(office, text)
        office.tick()
        assert cut_off(office.november) == shown
        assert office.tick()[1] == 0
    assert entries(office.november) == []


def test_while_the_list_is_not_understood_what_hr_typed_into_the_workbook_stays_hrs(office):
    type_cut_off(office.november, 9.25 / 24)
    for text in ("8.5", "09:00"):
        keep_cut_off(office, text)
        office.tick()
        assert cut_off(office.november) == 9.25
    assert entries(office.november) == []


def forget_what_was_set(book):
    sheet = book.sheet("Weekly Summary")
    for row, _ in [place for place in sheet.cells if place[1] == 2 and place[0] > 0]:
        sheet.cells.pop((row, 6))


def test_a_workbook_of_an_earlier_version_learns_what_was_set_and_follows(office):
    forget_what_was_set(office.november)
    assert office.tick()[1] == 1
    assert office.tick()[1] == 0
    keep_cut_off(office, "08:30")
    office.tick()
    assert cut_off(office.november) == 8.5


def test_what_differs_in_a_workbook_of_an_earlier_version_is_asked(office):
    forget_what_was_set(office.november)
    keep_cut_off(office, "08:30")
    office.tick()
    assert cut_off(office.november) == 9
    assert len(entries(office.november)) == 1


def test_a_finalised_month_is_left_alone(office):
    office.finalise()
    office.tick()
    keep_cut_off(office, "08:30")
    for _ in range(3):
        office.tick()
    assert cut_off(office.october) == 9


def test_a_cut_off_time_follows_a_person_whose_rows_were_sorted(office):
    sheet = office.november.sheet("Weekly Summary")
    cells = {}
    for (row, column), value in sheet.cells.items():
        cells[row if row == 0 else (row - 1 + 3) % 6 + 1, column] = value
    sheet.cells = cells
    keep_cut_off(office, "08:30")
    office.tick()
    assert cut_off(office.november) == 8.5
    assert cut_off(office.november, "bob/Weekly Average") == 9


# Copies


@pytest.mark.slow
def test_fifteen_days_of_ticks_leave_fourteen_copies_of_each(office):
    for _ in range(15 * 4):
        office.tick(after=timedelta(hours=6))
    days = [str(date(2026, 11, 5) + timedelta(days=number)) for number in range(14)]
    for book in (office.world.control, office.october, office.november):
        assert office.of(book) == days
    assert len(office.world.copies()) == 3 * 14
    binned = [book for book in office.world.spreadsheets.books.values() if book.trashed]
    assert len(binned) == 3 * 2
    assert all(book.folder for book in binned)


def test_a_copy_holds_what_hr_typed_and_lies_in_a_folder_of_its_own(office):
    office.october.sheet("Corrections").put(1, 1, "typed by HR")
    office.tick(after=timedelta(days=1))
    assert office.of(office.october) == ["2026-11-03", "2026-11-04"]
    copies = [copy for copy in office.world.copies() if "October" in copy.title]
    assert [copy.sheet("Corrections").cells.get((1, 1)) for copy in copies] == [None, "typed by HR"]
    assert len(office.world.drive.folders) == 1


def test_a_copy_never_counts_as_what_it_is_a_copy_of(office):
    drive = office.world.drive
    assert drive.find(drive_properties("October 2026", CONTROL_ID)) == [office.october_id]
    # The workbook is neither recorded nor there: a new one is made, no copy is taken for it.
    office.lose(office.october_id)
    office.world.control.sheets = [s for s in office.world.control.sheets if s.title != "Review Sheets"]
    request = CreateReviewSheet(location="berlin", request_id="r", period=OCTOBER)
    made = create_review_sheet(request, office.world.backend).sheet_id
    assert made.startswith("spreadsheet-")
    office.world.control.properties = {KIND_PROPERTY: KIND}
    office.tick(after=timedelta(days=1))
    assert drive.find({KIND_PROPERTY: KIND}) == [CONTROL_ID]


@pytest.mark.slow
def test_a_copy_that_somebody_works_in_is_never_binned(office):
    """Be it beside its original."""
    (copy_id,) = [
        file_id
        for file_id, book in office.world.spreadsheets.books.items()
        if book.folder and "October" in book.title
    ]
    recorded = office.world.control.sheet("Review Sheets")
    recorded.row_count += 1
    for column, text in enumerate(("October again", copy_id)):
        recorded.put(recorded.row_count - 1, column, text)
    for _ in range(20):
        office.tick(after=timedelta(days=1))
    assert not office.world.spreadsheets.books[copy_id].trashed
    assert len(office.of(office.october)) == 14 + 1


def test_where_no_copy_can_be_made_that_is_told_and_the_visit_goes_on(office, monkeypatch):
    def refuse(*_):
        raise RefusedError("the folder may not be written in")

    monkeypatch.setattr(office.world.drive, "copy", refuse)
    sheet, place = empty_a_formula(office.october)
    office.tick(after=timedelta(days=1))
    assert isinstance(sheet.cells[place], Formula)
    words = "no copy of it can be kept, or no old one removed: the folder may not be written in"
    names = ("Review Periods", "November 2026", "October 2026")
    assert office.problems() == [(f"Workbook {name}", words) for name in names]


def test_check_says_when_nobody_looks_after_the_workbooks(office):
    assert not [line for line in check(office.world.backend) if "function watch" in line]
    office.world.clock.moment += timedelta(days=2)
    (line,) = [line for line in check(office.world.backend) if "function watch" in line]
    assert "has kept no copies since 2026-11-03" in line


# Once and again, at once, and killed


def damaged():
    """An office with all that a tick has to do: the next day, copies to bin, and damage of each kind."""
    office = Office()
    drive = office.world.drive
    for day in range(1, 15):
        properties = {"attendance_copy_of": CONTROL_ID, "attendance_copied_on": f"2026-10-{day:02}"}
        drive.copy(CONTROL_ID, "old", properties, "folder-0")
    keep_cut_off(office, "08:30")
    for book in (office.october, office.november):
        empty_a_formula(book)
    office.october.sheets = [sheet for sheet in office.october.sheets if not sheet.hidden]
    office.finalise(book=office.november)
    office.world.clock.moment += timedelta(days=1)
    return office


def settled(office):
    """Content, but for what is not the same each time: versions, and IDs of copies."""
    books = office.world.spreadsheets.books
    kept = Counter(
        (book.title, book.trashed, tuple(sorted(book.properties.items())))
        for book in books.values()
        if book.folder
    )
    return {name: books[name].content() for name in (CONTROL_ID, office.october_id, office.november_id)}, kept


def undisturbed():
    office = damaged()
    office.again()
    count = office.world.effects.count
    office.again()
    assert office.world.effects.count == 0, "a second tick finds nothing"
    return office, count


EFFECTS, REFUSED = 14, 9
"""Of the control spreadsheet a copy, and two old ones into the bin; of November a copy, a formula, that it is kept, and
what differs since; of October a copy, its hidden worksheets (refused at first, as the version that lay on one of them
is gone), people, facts and formulas; and that November is finalised.
"""


@pytest.fixture(scope="module")
def expected():
    return undisturbed()


def test_the_number_of_effects_is_what_the_crashes_below_assume(expected):
    assert expected[1] == EFFECTS


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("number", range(1, EFFECTS + 1))
def test_a_tick_that_is_killed_at_any_effect_is_made_good_by_the_next(expected, when, number):
    office = damaged()
    setattr(office.world.effects, f"crash_{when}", number)
    # What the service refuses has no afterwards.
    with suppress(Crash) if (number, when) == (REFUSED, "after") else pytest.raises(Crash):
        office.again()
    office.world.effects.crash_before = office.world.effects.crash_after = None
    office.again()
    assert settled(office) == settled(expected[0])
    office.again()
    assert office.world.effects.count == 0


@pytest.mark.slow
@pytest.mark.parametrize("number", range(1, EFFECTS + 1))
def test_two_ticks_at_once_leave_what_one_leaves(expected, number):
    """The second one runs as a whole just before an effect of the first."""
    office = damaged()
    effects = office.world.effects
    perform = effects.perform

    def interrupted(effect):
        if effects.count + 1 == number:
            effects.perform = perform
            handle(Watch(), office.world.backend)
        return perform(effect)

    effects.perform = interrupted
    effects.count = 0
    handle(Watch(), office.world.backend)
    effects.perform = perform
    office.again()
    content, kept = settled(office)
    assert content == settled(expected[0])[0]
    # Of two copies of the same day one lies in the bin.
    of_expected = settled(expected[0])[1]
    assert {key: count for key, count in kept.items() if not key[1]} == {
        key: count for key, count in of_expected.items() if not key[1]
    }
    office.again()
    assert effects.count == 0


# The way back


def correct(office):
    sheet = office.october.sheet("Corrections")
    for column, text in enumerate(("", "", "Ann Archer", "note", "", "asked her", "HR")):
        sheet.put(1, column + 1, text or None)
    return {place: value for place, value in sheet.cells.items() if place[0] == 1}


def everything_sent_again(office):
    message = StoreAttendRecords(
        location="berlin",
        request_id="again",
        sheet_id=office.october_id,
        period=OCTOBER,
        time_zone="Europe/Berlin",
        day_boundary=datetime(2026, 1, 1, 4).time(),
        records=(*RECORDS, punch("bob", "2026-10-28 18:00")),
    )
    return handle(message, office.world.backend)


def test_a_deleted_workbook_comes_back_with_what_hr_typed(office):
    typed = correct(office)
    office.tick(after=timedelta(days=1))
    office.lose(office.october_id)
    office.tick()
    assert "restore --period" in office.problems()[0][1]
    said = []
    restore_workbook(office.world.backend, "october 2026", None, said.append)
    recorded = office.world.control.sheet("Review Sheets").rows()[1]
    made = office.world.spreadsheets.books[recorded[1]]
    assert recorded[2].endswith(f"/{recorded[1]}/edit")
    assert {p: v for p, v in made.sheet("Corrections").cells.items() if p[0] == 1} == typed
    assert not made.folder
    assert said[0].startswith(
        "the workbook of October 2026 was made again from its copy of 2026-11-04: https://"
    )
    assert "move ledger.sqlite3 away" in said[-1]
    ((_, what, _, state),) = entries(made)
    assert (what, state) == ("This workbook was deleted, and made again from its copy of 04-11-2026", "open")
    office.tick()
    assert office.problems() == []
    assert not [line for line in check(office.world.backend) if "October 2026: it " in line]
    # Sites still name the old one, which is gone.
    reply = everything_sent_again(office)
    assert reply.sheet_id == office.october_id
    assert len(reply.confirmed) == 4
    stored = [row[8] for row in made.sheet("Raw Data - berlin").rows()[1:]]
    assert sorted(stored) == sorted(set(reply.confirmed))
    assert rebuild_facts(recorded[1], OCTOBER, office.world.backend).differences == []


def test_health_of_a_site_reaches_the_workbook_that_was_made_again(office):
    office.lose(office.october_id)
    restore_workbook(office.world.backend, "October 2026", None, lambda line: None)
    health = health_message(
        sheet_id=office.october_id,
        period=OCTOBER,
        at=datetime(2026, 11, 3, 10),
        day_boundary=datetime(2026, 1, 1, 4).time(),
        backlog=7,
    )
    handle(health, office.world.backend)
    made = office.world.spreadsheets.books[office.world.control.sheet("Review Sheets").rows()[1][1]]
    assert made.sheet("Sites").get(1, sites_sheet.BACKLOG) == 7


def test_a_copy_of_a_day_can_be_chosen_and_the_copies_that_there_are_are_named(office):
    office.tick(after=timedelta(days=1))
    office.lose(office.october_id)
    with pytest.raises(UserError, match="of 2026-10-30; there are copies of: 2026-11-04, 2026-11-03"):
        restore_workbook(office.world.backend, "October 2026", date(2026, 10, 30), lambda line: None)
    said = []
    restore_workbook(office.world.backend, "October 2026", date(2026, 11, 3), said.append)
    assert "its copy of 2026-11-03" in said[0]


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda office: None, "is there .*Version history"),
        (lambda office: setattr(office.october, "trashed", True), "lies in Drive's bin: restore it there"),
    ],
)
def test_what_is_not_lost_is_not_made_again(office, damage, words):
    damage(office)
    before = office.everything()
    with pytest.raises(UserError, match=words):
        restore_workbook(office.world.backend, "October 2026", None, lambda line: None)
    assert office.everything() == before


def test_without_a_copy_that_is_said(office):
    for copy in office.world.copies():
        copy.trashed = True
    office.lose(office.october_id)
    with pytest.raises(UserError, match="there is no copy of 'Attendance Review - October 2026'"):
        restore_workbook(office.world.backend, "October 2026", None, lambda line: None)


@pytest.mark.parametrize("number", [1, 2, 3])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_restoration_that_died_is_gone_on_with(office, when, number):
    office.lose(office.october_id)
    setattr(office.world.effects, f"crash_{when}", number)
    office.world.effects.count = 0
    try:
        restore_workbook(office.world.backend, "October 2026", None, lambda line: None)
    except Crash:
        office.world.effects.crash_before = office.world.effects.crash_after = None
        if (when, number) != ("after", 3):  # else it is recorded, and there
            restore_workbook(office.world.backend, "October 2026", None, lambda line: None)
    made = [book for book in office.world.review_books() if book.title == "Attendance Review - October 2026"]
    assert len(made) == 1
    office.world.effects.crash_before = office.world.effects.crash_after = None
    office.tick()
    assert office.problems() == []


def test_the_control_spreadsheet_comes_back_and_its_new_id_is_told(office):
    lost = office.lose(CONTROL_ID)
    said = []
    restore_control(office.world.backend, None, said.append)
    (made,) = office.world.drive.find({KIND_PROPERTY: KIND})
    assert office.world.spreadsheets.books[made].content()["Cut Off Times"] == lost.content()["Cut Off Times"]
    assert f"set REVIEW_PERIODS_SPREADSHEET_ID to {made}" in said[-1]


def test_a_fresh_office_without_workbooks_has_nothing_to_visit():
    world = World(Effects())
    world.type_worksheet("2026", PERIODS)
    handle(Watch(), world.backend)
    assert world.effects.reads == 2
    assert [copy.title for copy in world.copies()] == ["Review Periods, copy of 2026-11-03"]
    assert isinstance(world.clock, FixedClock)
    assert world.clock.moment == datetime(2026, 11, 3, 9, tzinfo=UTC)
    assert isinstance(world.copies()[0], Book)


# Changes that HR holds


def previews(office):
    return [
        file_id
        for file_id, book in office.world.spreadsheets.books.items()
        if "attendance_preview_of" in book.properties and not book.trashed
    ]


def test_held_changes_reach_no_workbook_until_they_are_held_no_more(office, caplog):
    def cut_off():
        return office.november.sheet("Weekly Summary").rows()[1][2]

    office.finalise()
    office.tick()
    office.world.spreadsheets.computed = 0.5
    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("Hold changes", "", "Yes")])
    before, was = office.november.content(), cut_off()
    office.keeps(("Ann Archer", "ann@example.com", "11:11"), *ROSTER[1:], ("Cy Coe", "cy@example.com", None))
    office.tick()
    assert office.november.content() == before
    ((copy_id),) = previews(office)
    told = [remedy for about, remedy in office.problems() if about == "Workbook November 2026"]
    assert told[0].startswith(watching.HELD)
    assert told[0].endswith(f"it would change for 1 person; all of it: {spreadsheet_link(copy_id)}")
    assert "Cy Coe: " in told[1]
    assert len(told) == 2
    assert "it could not be looked after" not in caplog.text

    _, effects = office.tick()
    assert (effects, previews(office)) == (0, [copy_id]), "it is worked out once for what HR's tables say"
    assert [remedy for about, remedy in office.problems() if about == "Workbook November 2026"] == told
    office.keeps(("Ann Archer", "ann@example.com", "11:11"), *ROSTER[1:])
    office.tick()
    (another,) = previews(office)
    assert another != copy_id
    assert (
        "Workbook November 2026",
        f"{watching.HELD} nothing would change",
    ) in office.problems()

    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("Hold changes", "", "")])
    office.tick()
    assert previews(office) == []
    assert not any(watching.HELD in remedy for _, remedy in office.problems())
    assert (was, cut_off()) == (9 / 24, pytest.approx((11 * 60 + 11) / 1440))


@pytest.mark.parametrize("answer", ["yes", "TRUE", True, "perhaps"])
def test_what_may_mean_that_changes_are_held_holds_them(office, answer):
    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("hold changes", "", answer)])
    control = read_control(office.world.spreadsheets, CONTROL_ID, date(2026, 11, 3))
    assert control.rules.holds_changes
    assert [problem.remedy for problem in control.problems if problem.worksheet == "Settings"] == (
        ["type yes or no; until then, changes are held"] if answer == "perhaps" else []
    )


@pytest.mark.parametrize("answer", ["no", None, "None", False])
def test_changes_are_not_held_by_itself(office, answer):
    office.world.type_worksheet("Settings", [("Setting", "Site", "Value"), ("Hold changes", "", answer)])
    assert not read_control(office.world.spreadsheets, CONTROL_ID, date(2026, 11, 3)).rules.holds_changes
