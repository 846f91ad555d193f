"""Punches follow the days that HR moves from one period to another, and count once all the while."""

from datetime import timedelta

import pytest

from attendance_backend.handlers import books, moving, refresh, routing
from attendance_backend.review import days_sheet
from attendance_backend.review.names import PERIOD_PROPERTY
from attendance_backend.review.raw_data import ELSEWHERE, ENTRY, RECORD_ID
from attendance_backend.sheet import serial
from tests.fakes_backend import Crash
from tests.review_book import punch
from tests.unit.test_backend_routing import NOVEMBER, OCTOBER, ROWS, Office

EARLY, LATE = punch("ann", "2026-10-14 09:00"), punch("ann", "2026-10-28 09:00")
SHORTER = (("October", "10/5/2026", "10/23/2026"), ("November", "10/26/2026", "11/27/2026"))
"""HR ends October a week before: the day of `LATE` is November's now."""
WHERE_IT_WAS = {"October 2026": [EARLY.identity, LATE.identity], "November 2026": []}
WHERE_IT_GOES = {"October 2026": [EARLY.identity], "November 2026": [LATE.identity]}


class MovingOffice(Office):
    def __init__(self):
        super().__init__()
        self.counts_since((OCTOBER.first_day, 4))
        self.sheet_ids = {period.name: self.create(period) for period in (OCTOBER, NOVEMBER)}
        self.send(EARLY, LATE)

    def visit(self):
        """What stays, of each workbook that HR has not finalised."""
        self.world.clock.moment += timedelta(minutes=2)
        finalised = routing.read(self.world.backend).finalised
        return [
            line
            for name, sheet_id in self.sheet_ids.items()
            if name.casefold() not in finalised
            for line in moving.guarded(
                name, books.present(self.world.spreadsheets, sheet_id), self.world.backend
            ).stays
        ]

    def counting(self):
        """Record IDs of the rows that count, by period."""
        found = {}
        for book in self.world.review_books():
            name = book.properties[PERIOD_PROPERTY]
            sheets = [sheet for sheet in book.sheets if sheet.title.startswith("Raw Data - ")]
            found[name] = [
                row[sheet.at(RECORD_ID)]
                for sheet in sheets
                for row in sheet.rows()[1:]
                if not str(row[sheet.at(ENTRY)]).startswith(ELSEWHERE)
            ]
        return found

    def wrong_facts(self):
        """What a rebuild of the days' facts from the rows that count finds wrong."""
        periods = {period.name: period for period in routing.read(self.world.backend).periods}
        return [
            each
            for name, sheet_id in self.sheet_ids.items()
            for each in refresh.rebuild_facts(sheet_id, periods[name], self.world.backend).differences
        ]

    def seen(self, name, user):
        """Where and when a period's workbook has somebody seen last."""
        sheet = self.world.spreadsheets.books[self.sheet_ids[name]].sheet("Days")
        ((row, _),) = (place for place, value in sheet.cells.items() if value == f"{user}/in")
        columns = days_sheet.LAST_SITE, days_sheet.LAST_SEEN
        return tuple(sheet.cells.get((row, sheet.at(column))) for column in columns)

    def finalise(self, name, word="yes"):
        recorded = self.world.control.sheet("Review Sheets")
        row = next(number for number, values in enumerate(recorded.rows()) if values[:1] == [name])
        recorded.put(0, 4, "Finalised")
        recorded.put(row, 4, word)
        routing.forget(self.world.backend)


@pytest.fixture
def office():
    return MovingOffice()


def test_a_visit_moves_nothing_as_long_as_hrs_days_stand(office):
    assert office.visit() == []
    assert office.counting() == WHERE_IT_WAS


def test_a_punch_follows_its_day_and_comes_back_with_it(office):
    office.types(*SHORTER)
    assert office.visit() == []
    assert office.counting() == WHERE_IT_GOES
    assert office.wrong_facts() == []

    office.types(*ROWS)
    assert office.visit() == []
    assert office.counting() == WHERE_IT_WAS
    assert office.wrong_facts() == []


def test_whoever_has_no_punch_left_in_a_workbook_was_not_seen_there(office):
    """The site of the last punch, that of people of no site, is whose clock, holidays and plan they follow."""
    people = [("Name", "Email", "Cut Off Time"), ("Bob Jones", "bob@example.com", "none")]
    office.world.type_worksheet("Cut Off Times", people)
    late, early = punch("bob", "2026-10-28 09:00"), punch("bob", "2026-10-14 09:00")
    office.send(late)
    assert office.seen("October 2026", "bob") == ("berlin", serial.from_datetime(late.timestamp))

    office.types(*SHORTER)
    assert office.visit() == []
    assert office.seen("October 2026", "bob") == (None, None)
    assert office.seen("November 2026", "bob") == ("berlin", serial.from_datetime(late.timestamp))

    office.send(early)
    assert office.seen("October 2026", "bob") == ("berlin", serial.from_datetime(early.timestamp))
    assert office.wrong_facts() == []


def test_a_punch_moves_into_a_workbook_that_is_made_for_it(office):
    """Its own is none: a row there that is marked as counting elsewhere would count nowhere."""
    office.world.spreadsheets.books.pop(office.sheet_ids.pop("November 2026"))
    recorded = office.world.control.sheet("Review Sheets")
    row = next(number for number, values in enumerate(recorded.rows()) if values[:1] == ["November 2026"])
    for column in range(5):
        recorded.put(row, column, None)
    office.types(*SHORTER)
    office.visit()

    assert office.counting() == WHERE_IT_GOES


def test_a_name_that_is_typed_over_in_review_sheets_takes_no_punch_out_of_its_month(office):
    """The workbook is found by what Drive keeps with it, and recorded once more: then it has two names."""
    recorded = office.world.control.sheet("Review Sheets")
    row = next(number for number, values in enumerate(recorded.rows()) if values[:1] == ["October 2026"])
    recorded.put(row, 0, "Okt 2026")
    october = office.sheet_ids["October 2026"]
    for names in ({"Okt 2026": october}, {"October 2026": october, "Okt 2026": october}):
        office.sheet_ids |= names
        assert office.visit() == []
        assert office.counting() == WHERE_IT_WAS
    table = routing.read(office.world.backend, anew=True)
    assert {name for name, sheet_id in table.books.items() if sheet_id == october} == {"october 2026"}


def test_a_punch_whose_other_workbook_was_deleted_counts_here_again(office):
    office.types(*SHORTER)
    office.visit()
    office.world.spreadsheets.books.pop(office.sheet_ids.pop("November 2026"))
    office.types(*ROWS)
    office.visit()

    assert office.counting() == {"October 2026": WHERE_IT_WAS["October 2026"]}
    assert office.wrong_facts() == []


@pytest.mark.parametrize("final", ["October 2026", "November 2026"])
def test_nothing_moves_out_of_a_finalised_month_nor_into_one_and_it_is_told(office, final):
    office.finalise(final)
    office.types(*SHORTER)
    told = office.visit()
    office.types(*ROWS)
    routing.forget(office.world.backend)

    assert office.counting() == WHERE_IT_WAS
    assert told == (
        ["1 punches of berlin are of November 2026, which is finalised: they stay"]
        if final == "November 2026"
        else []
    )


def test_what_a_finalised_month_keeps_counts_in_no_other_though_it_comes_again(office):
    """As with a new card of the Pi: all of the machine's log is sent, and goes where HR's table has it by now."""
    office.finalise("October 2026")
    office.types(*SHORTER)
    office.send(EARLY, LATE)
    assert office.counting()["November 2026"] == [LATE.identity]
    for _ in range(2):
        assert office.visit() == []
        assert office.counting() == WHERE_IT_WAS
        assert office.wrong_facts() == []

    office.finalise("October 2026", "no")
    office.visit()
    assert office.counting() == WHERE_IT_GOES
    assert office.wrong_facts() == []


def test_a_finalised_month_that_cannot_be_read_keeps_no_other_from_being_looked_after(office, caplog):
    office.finalise("October 2026")
    book = office.world.spreadsheets.books[office.sheet_ids["October 2026"]]
    book.sheets = [sheet for sheet in book.sheets if sheet.title != "Punch Index"]
    assert office.visit() == []
    told = [record.message for record in caplog.records if "it is not known" in record.message]
    assert [line.split(":")[0] for line in told] == ["workbook of october 2026"]


@pytest.mark.parametrize("when", ["crash_before", "crash_after"])
def test_a_function_that_dies_as_it_moves_leaves_no_punch_that_counts_nowhere(office, when):
    office.types(*SHORTER)
    effects = office.world.effects
    died = 0
    for number in range(1, 12):
        effects.count = 0
        setattr(effects, when, number)
        try:
            office.visit()
        except Crash:
            died += 1
        effects.crash_before = effects.crash_after = None
        counting = [identity for found in office.counting().values() for identity in found]
        assert set(counting) == {EARLY.identity, LATE.identity}
    assert died >= 2
    office.visit()
    assert office.counting() == WHERE_IT_GOES


def test_what_had_moved_before_the_month_was_finalised_is_not_told_to_stay(office):
    office.types(*SHORTER)
    office.visit()
    office.finalise("November 2026")

    assert office.visit() == []
    assert office.counting() == WHERE_IT_GOES
