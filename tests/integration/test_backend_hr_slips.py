"""Slips of HR's at a workbook that once made numbers wrong without a word, or were told in words that help nobody."""

from datetime import date, datetime

import pytest

from attendance_backend.app.commands.export import export
from attendance_backend.handlers.forgetting import forget
from attendance_backend.review import corrections_sheet
from attendance_backend.review.forgetting import Whom
from tests.integration.workbook_office import typed
from tests.property.hands_office import JUNE, SITES, Hands, Office, punch
from tests.property.hands_seen import CORRECTIONS, MONTHLY, TYPED, WEEKLY, Look
from tests.property.hands_world import WORDS

PEOPLE = [
    ("Ann Archer", "ann@example.com", 0.375, "berlin", None, None),
    ("Zoe Young", "zoe@example.com", 0.375, "karachi", None, None),
]
WEDNESDAY, SATURDAY = date(2026, 6, 3), date(2026, 6, 6)


class Desk:
    """HR at the workbook of a week in which Ann comes in time, and Zoe ten minutes late."""

    def __init__(self):
        self.office = Office(PEOPLE)
        self.hands = Hands(self.office)
        self.control = Hands(self.office, self.office.control_id)
        for day in range(1, 6):
            for user, site, minute in (("ann", "berlin", 0), ("zoe", "karachi", 10)):
                moments = datetime(2026, 6, day, 9, minute), datetime(2026, 6, day, 18, minute)
                self.office.store(site, [punch(user, moment, site) for moment in moments])
        self.office.wait(days=5)
        for site in SITES:
            self.office.report(site, SATURDAY)
        self.office.tick()
        self.begun = self.office.remember()

    def look(self, title):
        return Look(self.hands.sheet(title, self.office.computed()), WORDS.get(title, set()))

    def of(self, who, word, title=MONTHLY):
        look = self.look(title)
        return next(look.at(row, word) for row in look.rows() if look.at(row, "Employee") == who)

    def setting(self, name):
        """Row of a setting of Guide, and what stands beside it: value and answer."""
        look = self.look("Guide")
        row = next(row for row, column in look.cells if look.value(row, column) == name)
        return row, look.value(row, 1), look.value(row, 2)

    def type_setting(self, name, value):
        self.hands.put("Guide", self.setting(name)[0], 1, value)

    def type_cut_off(self, who, value):
        look = self.look(WEEKLY)
        row = next(row for row in look.rows() if look.at(row, "Employee") == who)
        self.hands.put(WEEKLY, row, look.columns["Cut Off Time"], value)

    def correct(self, row, *values):
        look = self.look(CORRECTIONS)
        for word, value in zip(TYPED, values, strict=False):
            if value is not None:
                self.hands.put(CORRECTIONS, look.header + row, look.columns[word], typed(value))

    def is_live(self):
        look = self.look(MONTHLY)
        return look.is_formula(look.header + 3, look.columns["Hours"])

    def doubts(self, tmp_path):
        lines = export(self.office.backend, JUNE.name, "csv", tmp_path / "pay.csv").doubts
        return [line for line in lines if "the site's data is complete" not in line]


@pytest.fixture(scope="module")
def made():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", 8)
        patch.setattr(corrections_sheet, "SPARE_ROWS", 2)
        yield Desk()


@pytest.fixture
def desk(made):
    made.office.go_back(made.begun)
    return made


@pytest.mark.parametrize("value", [9.0, 9.15, 1730.0, 1.0, 46174.375, -0.2, 0.0, "9h15"])
def test_a_cut_off_time_that_is_no_time_of_day_lets_nobody_be_in_time(desk, value, tmp_path):
    """A spreadsheet takes 9 for nine days, and everybody is there before that."""
    desk.type_cut_off("Zoe Young", value)
    assert desk.of("Zoe Young", "Late") == 5
    assert desk.of("Zoe Young", "Penalties") == 1
    desk.office.tick()
    (line,) = desk.office.problems()
    assert "Zoe Young: Cut Off Time in Weekly Summary reads " in line
    assert "09:00 counts until" in line
    assert desk.doubts(tmp_path) == [line]


def test_a_cut_off_time_that_was_emptied_is_told_and_none_is_meant(desk, tmp_path):
    desk.type_cut_off("Zoe Young", None)
    desk.office.tick()
    (line,) = desk.office.problems()
    assert line == (
        "Zoe Young: Cut Off Time in Weekly Summary is empty, and so nothing is late: type 09:00, or none if that is "
        "meant"
    )
    assert desk.doubts(tmp_path) == [line]
    desk.type_cut_off("Zoe Young", "none")
    desk.office.tick()
    assert desk.office.problems() == desk.doubts(tmp_path) == []
    assert desk.of("Zoe Young", "Late") == 0


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("Overtime beyond (hours a day)", 8 / 24, "8:00"),
        ("Overtime beyond (hours a day)", 0.5, "0.5"),
        ("Grace (minutes)", 10 / 1440, "0:10"),
        ("Grace (minutes)", 1000.0, "1000"),
    ],
)
def test_a_setting_that_a_spreadsheet_made_a_part_of_a_day_of_is_told(desk, name, value, shown):
    """Such as 8:00 hours of overtime, which it takes for a third of an hour; and a grace of a whole day."""
    before = desk.of("Ann Archer", "Overtime"), desk.of("Zoe Young", "Late")
    desk.type_setting(name, value)
    assert (desk.of("Ann Archer", "Overtime"), desk.of("Zoe Young", "Late")) == before
    assert desk.setting(name)[2].startswith("this is not understood: ")
    desk.office.tick()
    assert any(
        f"{name} in Guide reads {shown}, which is not understood" in line for line in desk.office.problems()
    )


def test_half_an_hour_of_overtime_that_is_set_for_all_is_understood(desk):
    rows = [("Setting", "Site", "Value"), ("Overtime beyond (hours a day)", "", "0.5 h")]
    desk.control.keep("Settings", rows)
    desk.office.tick()
    assert desk.of("Ann Archer", "Overtime") * 24 == pytest.approx(5 * 8.5)
    assert "not understood" not in desk.setting("Overtime beyond (hours a day)")[2]
    assert desk.office.problems() == []


def test_how_far_data_is_complete_is_no_persons_to_type(desk):
    desk.type_setting("All sites complete through", typed(JUNE.last_day))
    desk.office.tick()
    assert desk.setting("All sites complete through")[1] == typed(SATURDAY)


@pytest.mark.parametrize("answer", ["ja", "Yes, paid", True, 1.0])
def test_what_is_neither_yes_nor_no_closes_no_month_and_opens_none(desk, answer):
    desk.type_setting("Finalised", str(answer))
    assert desk.setting("Finalised")[2].startswith("this is not understood: type yes, or no")
    desk.office.tick()
    assert desk.is_live()
    desk.type_setting("Finalised", "yes")
    desk.office.tick()
    desk.type_setting("Finalised", str(answer))
    desk.office.tick()
    assert not desk.is_live()
    desk.type_setting("Finalised", None)
    desk.office.tick()
    assert desk.is_live()


def test_a_correction_that_shows_an_error_or_a_status_of_somebodys_is_a_doubt(desk, tmp_path):
    desk.correct(1, WEDNESDAY, None, "Ann Archer", "check-in", 8 / 24, "overslept")
    assert desk.doubts(tmp_path) == []
    status = desk.look(CORRECTIONS).columns["Status"]
    desk.hands.put(CORRECTIONS, 1, status, "applied")
    (line,) = desk.doubts(tmp_path)
    assert line.endswith("a correction does not count (Corrections, row 2): its Status is typed over")


def test_an_older_version_that_is_restored_does_not_make_days_absences_without_a_word(desk, tmp_path):
    """All of a spreadsheet goes back then, and so nothing in it knows of the punches that came since."""
    files = desk.office.server.store.files
    older = files[desk.office.sheet_id].spreadsheet
    moments = datetime(2026, 6, 6, 9), datetime(2026, 6, 6, 12)
    records = [punch("ann", moment, "berlin") for moment in moments]
    desk.office.store("berlin", records)
    desk.office.tick()
    assert desk.office.problems() == []
    files[desk.office.sheet_id].spreadsheet = older
    desk.office.forget()
    lost = "berlin: punches are gone from the raw data that were there at an earlier visit"
    (line,) = desk.doubts(tmp_path)
    assert line.startswith(lost)
    desk.office.store("berlin", [punch("ann", datetime(2026, 6, 7, 9), "berlin")])
    for _ in range(2):
        desk.office.tick()
        (line,) = desk.office.problems()
        assert line.startswith(lost)
        assert "attendance-client replay" in line
    desk.office.store("berlin", records)
    desk.office.tick()
    assert desk.office.problems() == []
    assert not any(line.startswith(lost) for line in desk.doubts(tmp_path))


@pytest.mark.parametrize("title", ["Monthly Summary", "Guide", "Days"])
def test_a_copy_that_takes_the_title_of_the_worksheet_that_was_deleted_stands_in_nobodys_way(desk, title):
    """No two worksheets may have one title, and the copy is a person's."""
    sheet = desk.hands.sheet(title)
    desk.hands.edit({"duplicateSheet": {"sourceSheetId": sheet.sheet_id, "newSheetName": "Copy"}})
    desk.hands.edit({"deleteSheet": {"sheetId": sheet.sheet_id}})
    copy = desk.hands.sheet("Copy").sheet_id
    renamed = {"properties": {"sheetId": copy, "title": title}, "fields": "title"}
    desk.hands.edit({"updateSheetProperties": renamed})
    for _ in range(2):
        desk.office.tick()
    assert desk.office.problems() == []
    titles = {sheet.sheet_id: sheet.title for sheet in desk.office.sheets()}
    assert titles[copy] == f"{title} (2)"
    assert list(titles.values()).count(title) == 1
    assert desk.of("Zoe Young", "Late") == 5


def test_a_punch_of_somebody_new_is_stored_while_monthly_summary_is_gone(desk):
    """In it somebody unknown is looked for; it is made again at the next visit."""
    desk.hands.edit({"deleteSheet": {"sheetId": desk.hands.sheet(MONTHLY).sheet_id}})
    record = punch("guest", datetime(2026, 6, 5, 9), "berlin")
    assert desk.office.store("berlin", [record]).confirmed == (record.identity,)
    for _ in range(2):
        desk.office.tick()
    look = desk.look("Exceptions")
    assert "guest" in [look.at(row, "Who") for row in look.rows()]
    assert desk.office.problems() == []


@pytest.mark.parametrize(
    ("title", "count"), [("Days", 3), ("Days", 8), ("Punch Index", 5), ("Sites", 5), ("Guide", 3)]
)
def test_a_punch_is_stored_whose_places_are_found_by_a_column_that_was_deleted(desk, title, count):
    first = 3 if (title, count) == ("Days", 3) else 0
    desk.hands.dimension(title, "deleteDimension", "COLUMNS", first, count)
    record = punch("ann", datetime(2026, 6, 6, 9), "berlin")
    assert desk.office.store("berlin", [record]).confirmed == (record.identity,)


@pytest.mark.parametrize("title", ["Guide", "Sites", "Exceptions", CORRECTIONS, "Days", "Punch Index"])
def test_columns_that_were_deleted_are_there_again_after_a_visit(desk, title):
    """No message comes, which would have brought them back before."""
    look = desk.look(title)
    desk.hands.dimension(
        title, "deleteDimension", "COLUMNS", 0, min(8, desk.hands.sheet(title).column_count - 1)
    )
    for _ in range(2):
        desk.office.tick()
    assert desk.office.problems() == []
    words = ({str(word).partition(" (")[0] for word in each.columns} for each in (look, desk.look(title)))
    assert len(set(map(frozenset, words))) == 1
    assert desk.of("Ann Archer", "Hours") * 24 == pytest.approx(45)


@pytest.mark.parametrize("title", ["Daily Attendance", WEEKLY, MONTHLY])
def test_a_worksheet_whose_rows_nobody_knows_any_more_is_made_again_once_it_is_deleted(desk, title):
    """Its columns of names, labels and keys were deleted; so it is told, and so it is done."""
    before = desk.of("Ann Archer", "Hours")
    columns = desk.look(title).columns
    words = ("User Name", "User") if title == MONTHLY else ("User Name", "Measure", "Key")
    for place in sorted((columns[word] for word in words), reverse=True):
        desk.hands.dimension(title, "deleteDimension", "COLUMNS", place, 1)
    desk.office.tick()
    (line,) = desk.office.problems()
    assert f"the worksheet {title!r} has lost its column" in line
    assert line.endswith(
        "restore it through File > Version history, or delete the worksheet: the next visit makes it again"
    )
    desk.hands.edit({"deleteSheet": {"sheetId": desk.hands.sheet(title).sheet_id}})
    for _ in range(2):
        desk.office.tick()
    assert desk.office.problems() == []
    assert desk.of("Ann Archer", "Hours") == pytest.approx(before)


def test_a_user_name_typed_over_in_monthly_summary_pays_nobody_else(desk):
    """By it payroll knows people; a name may be spelled otherwise."""
    look = desk.look(MONTHLY)
    row = next(row for row in look.rows() if look.at(row, "Employee") == "Ann Archer")
    for word, text in (("User Name", "anne"), ("Employee", "Anne Archer")):
        desk.hands.put(MONTHLY, row, look.columns[word], text)
    desk.office.tick()
    assert [desk.look(MONTHLY).at(row, word) for word in ("User Name", "Employee")] == ["ann", "Anne Archer"]


@pytest.mark.parametrize("title", ["Daily Attendance", MONTHLY])
def test_a_date_typed_over_a_days_is_put_back(desk, title):
    """What stands below it is the day's, and of no day of another week."""
    look = desk.look(title)
    column = look.days[WEDNESDAY]
    desk.hands.put(title, look.header, column, typed(date(2026, 6, 13)))
    desk.office.tick()
    assert desk.look(title).days == look.days
    assert desk.office.problems() == []


@pytest.mark.parametrize(
    ("word", "value"), [("Day Boundary", 0.5), ("Day Boundary", 5.0), ("Time Zone", "Asia/Tokyo")]
)
def test_what_somebody_types_over_a_sites_rules_moves_no_punch(desk, word, value):
    """Registered Sites says them, and by that punches are stored."""
    look = desk.look("Sites")
    before = look.value(1, look.columns[word])
    desk.hands.put("Sites", 1, look.columns[word], value)
    desk.office.tick()
    assert desk.look("Sites").value(1, look.columns[word]) == pytest.approx(before)
    assert desk.of("Ann Archer", "Hours") * 24 == pytest.approx(45)
    assert desk.office.problems() == []


def test_corrections_that_were_deleted_with_their_worksheet_are_told(desk):
    desk.correct(1, WEDNESDAY, None, "Ann Archer", "check-out", 20 / 24, "asked")
    assert desk.of("Ann Archer", "Hours") * 24 == pytest.approx(47)
    desk.hands.edit({"deleteSheet": {"sheetId": desk.hands.sheet(CORRECTIONS).sheet_id}})
    for _ in range(2):
        desk.office.tick()
    assert desk.of("Ann Archer", "Hours") * 24 == pytest.approx(45)
    look = desk.look("Exceptions")
    told = [(look.at(row, "What"), look.at(row, "State")) for row in look.rows()]
    what = "The worksheet Corrections was deleted, and made again without what was typed into it, which counts no more"
    assert told.count((what, "open")) == 1


@pytest.fixture
def planned(desk):
    """Ann works by a shift, and vacation has a column."""
    size = {"rowCount": 5, "columnCount": 8}
    for title, rows in (
        ("Shifts", [("Shift", "Start", "End"), ("Office", 9 / 24, 18 / 24)]),
        ("Roster", [("Email", "Shift", "Days"), ("ann@example.com", "Office", "Mon-Sat")]),
    ):
        desk.control.edit({"addSheet": {"properties": {"title": title, "gridProperties": size}}})
        desk.control.keep(title, rows)
    rows = [("Setting", "Site", "Value"), ("Kinds of leave", "", "vacation, sick")]
    desk.control.keep("Settings", rows)
    desk.office.tick()
    assert desk.office.problems() == []
    return desk


@pytest.mark.parametrize(
    ("kind", "is_told"), [("vacaton", True), ("Vacation", False), ("time off", False), (None, False)]
)
def test_leave_of_a_kind_that_has_no_column_where_others_have_one_is_told(planned, kind, is_told, tmp_path):
    """On Leave counts it, and none of the kinds does."""
    planned.correct(1, SATURDAY, None, "Ann Archer", "leave", kind, "asked")
    planned.office.tick()
    line = "Ann Archer, 06-06-2026: leave of a kind that has no column in Working Time (Corrections, row 2): vacaton"
    assert planned.office.problems() == ([line] if is_told else [])
    assert planned.doubts(tmp_path) == ([line] if is_told else [])


def test_overtime_typed_over_in_plan_is_a_doubt(planned, tmp_path):
    look = planned.look("Plan")
    row = next(row for row in look.rows() if look.value(row, 2) == "Overtime")
    planned.hands.put("Plan", row, look.columns["Total"], 0.25)
    assert planned.of("Ann Archer", "Overtime") * 24 == pytest.approx(6)
    line = "typed over in Plan, by which overtime counts: Plan!D5: typed over, kept: 0.25"
    assert line in planned.doubts(tmp_path)


def test_punches_of_somebody_who_is_forgotten_are_not_missed(desk):
    """The newest punch of a site may be one of them."""
    forget(Whom("ann"), desk.office.backend, lambda _: None, is_meant=True)
    for _ in range(2):
        desk.office.tick()
    assert desk.office.problems() == []
