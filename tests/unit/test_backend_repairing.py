"""Formulas that somebody emptied, broke or typed over, and worksheets that are gone: what a refresh makes of them."""

from datetime import UTC, date

import pytest

from attendance_backend.app.commands.refresh import refresh
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import corrections_sheet, daily_columns, exceptions_sheet, monthly_columns
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula
from attendance_backend.sheet.formula_text import moved
from attendance_backend.sheet.grid import Area
from tests.earlier_version import status_of_correction, without_punches
from tests.fakes_backend import Filled
from tests.health_message import health_message
from tests.review_book import CARL, ROSTER, ReviewBook, punch

DAILY, WEEKLY, MONTHLY = "Daily Attendance", "Weekly Summary", "Monthly Summary"


FIRST_DAY = len(daily_columns.LAYOUT.columns)


class Office(ReviewBook):
    """A workbook with something in it, and whoever runs the command."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.world.type_worksheet(
            "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
        )
        self.store(punch("ann", "2026-11-03 09:30"), punch("guest", "2026-11-03 10:00"))
        self.health("2026-11-05 08:00", through=date(2026, 11, 4))
        self.refresh()

    def health(self, at, through):
        message = health_message(
            sheet_id=self.sheet_id,
            period=self.period,
            at=serial.to_datetime(serial.from_date(date.fromisoformat(at[:10])) + int(at[11:13]) / 24),
            complete_through=through,
        )
        self.world.clock.moment = message.at.replace(tzinfo=UTC)
        handle(message, self.world.backend)

    def refresh(self):
        """The lines below the period's name."""
        said = []
        self.count = refresh(self.world.backend, None, said.append)
        return said[1:]

    def formulas(self):
        """As a reader sees them."""
        return {
            (title, place): cell.formula
            for title in (DAILY, WEEKLY, MONTHLY, "Corrections", "Exceptions")
            for place, cell in self.view(title).cells.items()
            if cell.formula is not None
        }

    def view(self, title):
        return self.world.spreadsheets.read(self.sheet_id, [Area(title)]).worksheet(title)

    def drop(self, title):
        self.book.sheets = [sheet for sheet in self.book.sheets if sheet.title != title]

    def empty(self, title, *places):
        sheet = self.sheet(title)
        for row, column in places:
            assert isinstance(sheet.cells.pop((row, sheet.at(column))), Formula)

    def row(self, title, column, text):
        return next(
            row
            for (row, other), value in sorted(self.sheet(title).cells.items())
            if (other, value) == (self.sheet(title).at(column), text)
        )


@pytest.fixture(scope="module")
def made():
    return Office()


@pytest.fixture
def office(made):
    """Making a workbook takes the time of ten tests."""
    kept = made.book.sheets
    made.book.sheets = [sheet.copy() for sheet in kept]
    yield made
    made.book.sheets = kept


def test_a_healthy_workbook_is_not_written_to(office):
    before, effects = office.content(), office.world.effects.count
    assert office.refresh() == ["  no difference"]
    assert office.count == 0
    assert (office.content(), office.world.effects.count) == (before, effects)


def test_every_formula_of_a_workbook_is_known(office):
    """Emptied to the last one, the worksheets get back exactly what stood in them."""
    before = office.formulas()
    assert len(before) > 4_000
    for title, place in before:
        del office.sheet(title).cells[place]
    office.refresh()
    assert office.formulas() == before
    assert office.refresh() == ["  no difference"]


def test_single_formulas_are_put_back_and_counted(office):
    before = office.formulas()
    office.empty(DAILY, (3, FIRST_DAY), (3, FIRST_DAY + 1), (5, daily_columns.COMPLETE))
    office.empty(WEEKLY, (3, 9))
    office.empty(MONTHLY, (4, monthly_columns.HOURS))
    office.empty("Corrections", (7, corrections_sheet.GROUP), (8, corrections_sheet.GROUP))
    state = office.row("Exceptions", exceptions_sheet.KIND, "late"), exceptions_sheet.STATE
    office.empty("Exceptions", state)

    assert office.refresh() == [
        "  Daily Attendance!P4:Q4: 2 formulas were gone",
        "  Daily Attendance!M6: a formula was gone",
        "  Weekly Summary!J4: a formula was gone",
        "  Monthly Summary!J5: a formula was gone",
        "  Corrections!S8:S9: 2 formulas were gone",
        f"  Exceptions!F{state[0] + 1}: a formula was gone",
    ]
    assert office.count == 6
    assert office.formulas() == before
    assert office.refresh() == ["  no difference"]


def test_what_was_typed_over_a_formula_stays_and_is_listed(office):
    ann = office.row(DAILY, daily_columns.KEY, "ann/Check In")
    sheet = office.sheet(DAILY)
    typed = {
        (ann, 17): 0.375,
        (ann, 18): "sick",
        (ann + 1, 17): 17.5 / 24 + 1 / 86400,
        (ann + 2, 17): Formula("=Q4+1"),
        (ann + 2, 18): Formula("=#REF!+1"),
    }
    for place, value in typed.items():
        sheet.put(*place, value)
    office.sheet(MONTHLY).put(3, monthly_columns.HOURS, 1.25)
    office.sheet("Corrections").put(4, corrections_sheet.STATUS, "see mail")
    before, effects = office.content(), office.world.effects.count

    assert office.refresh() == [
        "  no difference",
        "  Daily Attendance!R4: typed over, kept: 09:00",
        "  Daily Attendance!S4: typed over, kept: sick",
        "  Daily Attendance!R5: typed over, kept: 17:30:01",
        "  Daily Attendance!R6: typed over, kept: =Q4+1",
        "  Daily Attendance!S6: typed over, kept: =#REF!+1",
        "  Monthly Summary!J4: typed over, kept: 1.25",
        "  Corrections!A5: typed over, kept: see mail",
    ]
    assert office.count == 0
    assert (office.content(), office.world.effects.count) == (before, effects)


def test_resolved_is_what_people_are_told_to_type(office):
    row = office.row("Exceptions", exceptions_sheet.KIND, "missing out")
    office.sheet("Exceptions").put(row, exceptions_sheet.STATE, "Resolved")
    assert office.refresh() == ["  no difference"]


def test_a_header_in_words_as_earlier_versions_wrote_it_stays_without_a_word(office):
    office.sheet("Exceptions").put(0, exceptions_sheet.REMEDY, "What to do")
    assert office.refresh() == ["  no difference"]


def test_another_spelling_is_the_same_formula(office):
    sheet = office.sheet(DAILY)
    for place, value in list(sheet.cells.items()):
        if isinstance(value, Formula):
            text = office_spelling(value.text)
            sheet.cells[place] = (
                Filled(text, value.row, value.column) if isinstance(value, Filled) else Formula(text)
            )
    assert office.refresh() == ["  no difference"]


def office_spelling(formula):
    """As a service might write it."""
    for title in ("Days", "Sites", "Guide", "Corrections"):
        formula = formula.replace(f"'{title}'", title)
    parts = formula.replace("IFERROR", "IfError").split('"')  # texts stay as they are
    return '"'.join(part if number % 2 else part.replace(",", ", ") for number, part in enumerate(parts))


def test_a_formula_that_lost_a_column_is_written_anew(office):
    before = office.formulas()
    sheet = office.sheet(DAILY)
    place = 3, FIRST_DAY + 1
    whole = before[DAILY, place]
    assert whole.count("Days!J:J") == 4
    sheet.put(*place, Formula(whole.replace("Days!J:J", "#REF!")))

    assert office.refresh() == ["  Daily Attendance!Q4: a formula was broken, as cells were deleted"]
    assert office.formulas() == before


def age(office, *columns):
    """Let the first person's hours of some days look as an earlier version wrote them; returns where."""
    row = office.row(DAILY, daily_columns.KEY, "ann/Hours Worked")
    places = []
    for column in columns:
        place = row, column + 28
        assert "not employed" in office.formulas()[DAILY, place]
        office.sheet(DAILY).put(*place, Formula(without_punches(row, column)))
        places.append(place)
    return places


def test_formulas_of_an_earlier_version_are_replaced(office):
    before = office.formulas()
    age(office, *range(FIRST_DAY, FIRST_DAY + 28))
    assert office.refresh() == ["  Daily Attendance!AR6:BS6: 28 formulas were of an earlier version"]
    assert office.formulas() == before
    assert office.refresh() == ["  no difference"]


def test_answers_of_an_earlier_version_are_replaced(office):
    """They called every waiver applied."""
    before = office.formulas()
    sheet = office.sheet("Corrections")
    for row in range(1, 11):
        assert "no penalty to waive" in before["Corrections", (row, sheet.at(corrections_sheet.STATUS))]
        sheet.put(row, corrections_sheet.STATUS, Formula(status_of_correction(row)))
    assert office.refresh() == ["  Corrections!A2:A11: 10 formulas were of an earlier version"]
    assert office.formulas() == before
    assert office.refresh() == ["  no difference"]


def test_a_formula_of_an_earlier_version_that_lost_what_it_refers_to_is_replaced(office):
    before = office.formulas()
    (place,) = age(office, 17)
    formula = office.formulas()[DAILY, place]
    office.sheet(DAILY).put(*place, Formula(formula.replace("Corrections!$S:$S", "#REF!")))
    assert office.refresh() == ["  Daily Attendance!AT6: a formula was of an earlier version"]
    assert office.formulas() == before


def test_what_somebody_made_of_a_formula_of_an_earlier_version_stays(office):
    (place,) = age(office, 17)
    mine = office.formulas()[DAILY, place].replace("absent", "away")
    office.sheet(DAILY).put(*place, Formula(mine))
    assert office.refresh() == ["  no difference", f"  Daily Attendance!AT6: typed over, kept: {mine}"]


def test_rows_that_hr_inserted_into_corrections_are_prepared(office):
    """A blank row in the middle, whose neighbours moved down."""
    sheet = office.sheet("Corrections")
    sheet.row_count += 1
    office.refresh()
    last = sheet.row_count - 1
    assert (
        office.formulas()["Corrections", (last, sheet.at(corrections_sheet.KIND))]
        == f'=SUBSTITUTE(LOWER(TRIM($E{last + 1})),"-"," ")'
    )
    assert office.refresh() == ["  no difference"]


def test_corrections_that_run_out_of_rows_get_more_below_what_is_typed(office):
    """Between two rows: choices, colours and what may be edited then reach over them as well."""
    sheet = office.sheet("Corrections")
    end = sheet.row_count
    assert end == 1 + corrections_sheet.PREPARED_ROWS
    typed = end - corrections_sheet.SPARE_ROWS
    sheet.put(typed - 1, corrections_sheet.REASON, "enough is left")
    assert office.refresh() == ["  no difference"]
    sheet.put(typed, corrections_sheet.REASON, "few are left")
    sheet.put(end - 1, corrections_sheet.STATUS, "mine")
    assert (
        office.refresh()[0] == f"  Corrections: {corrections_sheet.PREPARED_ROWS} rows more, as few were left"
    )
    assert sheet.row_count == end + corrections_sheet.PREPARED_ROWS
    kind = sheet.at(corrections_sheet.KIND)
    formulas = office.formulas()
    found = [formulas["Corrections", (row, kind)] for row in range(1, sheet.row_count)]
    assert found == [f'=SUBSTITUTE(LOWER(TRIM($E{row + 1})),"-"," ")' for row in range(1, sheet.row_count)]
    assert sheet.get(typed, corrections_sheet.REASON) == "few are left"
    assert sheet.get(sheet.row_count - 1, corrections_sheet.STATUS) == "mine"
    assert office.refresh()[0] == "  no difference"


def test_the_last_row_of_corrections_stays_where_it_was_typed(office):
    sheet = office.sheet("Corrections")
    end = sheet.row_count
    sheet.put(end - 1, corrections_sheet.REASON, "the last one")
    office.refresh()
    assert sheet.row_count == end + corrections_sheet.PREPARED_ROWS
    assert sheet.get(end - 1, corrections_sheet.REASON) == "the last one"
    assert office.refresh() == ["  no difference"]


def test_sorted_rows_keep_their_formulas(office):
    """Rows change places, and each formula goes on with its own row."""
    sheet = office.sheet(DAILY)
    view = office.view(DAILY)
    swapped = {3: 7, 7: 3}
    kept = {place: value for place, value in sheet.cells.items() if place[0] not in swapped}
    for (row, column), cell in view.cells.items():
        if row in swapped:
            to = swapped[row]
            value = cell.value if cell.formula is None else Formula(moved(cell.formula, to - row, 0))
            kept[to, column] = value
    sheet.cells = kept
    assert office.refresh() == ["  no difference"]
    office.empty(DAILY, (7, 20), (3, 20))
    office.refresh()
    assert "$E8" in office.formulas()[DAILY, (7, 20)]
    assert office.refresh() == ["  no difference"]


def test_people_who_came_and_days_that_hr_added_are_no_difference_afterwards():
    office = Office()
    office.keeps(*ROSTER, CARL)
    office.world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "12/4/2026")]
    )
    assert office.refresh() == [
        "  days of the period were missing",
        "  people were added",
    ]
    assert office.refresh() == ["  no difference"]
    for title, place in office.formulas():
        del office.sheet(title).cells[place]
    office.refresh()
    assert office.refresh() == ["  no difference"]


@pytest.mark.parametrize("title", [DAILY, WEEKLY, MONTHLY, "Exceptions", "Guide", "Sites", "Days"])
def test_a_worksheet_that_was_deleted_is_brought_back_by_the_next_health_message(office, title, caplog):
    office.drop(title)
    office.health("2026-11-06 08:00", through=date(2026, 11, 5))
    assert title in [sheet.title for sheet in office.book.sheets]
    assert office.refresh() == ["  no difference"]
    if title in (MONTHLY, "Exceptions"):
        assert "attendance-backend refresh" in caplog.text
    new = [who for _, _, who, what in office.exceptions() if "05-11-2026" in what]
    assert sorted(new) == ["Ann Archer", "Bob Baker"]


def test_a_worksheet_that_was_renamed_goes_on_under_its_new_title(office):
    office.sheet("Exceptions").title = "Old"
    before = office.content()
    office.health("2026-11-06 08:00", through=date(2026, 11, 5))
    after = office.content()
    assert after.keys() == before.keys()
    assert [row[2] for row in after["Old"][len(before["Old"]) :]] == ["Ann Archer", "Bob Baker"]
    assert office.refresh() == ["  no difference"]
