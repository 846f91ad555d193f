"""Each punch goes where HR's table says at the moment of storing, and is answered by itself."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from attendance_backend.control import registered_sites
from attendance_backend.control.registered_sites import Keeping, Registered
from attendance_backend.errors import GoogleError, RefusedError
from attendance_backend.handlers import routing
from attendance_backend.handlers.create_sheet import create_review_sheet, create_together
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review.names import PERIOD_PROPERTY
from attendance_backend.sheet import serial
from attendance_contracts import (
    CreateReviewSheet,
    GetReviewPeriod,
    Outcome,
    RaiseFinalAlarm,
    ReviewPeriod,
    StoreAttendRecords,
)
from attendance_contracts.messages import AlarmKind
from tests.fakes_backend import World
from tests.review_book import ReviewBook, punch

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
ROWS = (("October", "10/5/2026", "10/30/2026"), ("November", "11/2/2026", "11/27/2026"))
IN_OCTOBER, IN_NOVEMBER = punch("ann", "2026-10-30 09:00"), punch("ann", "2026-11-03 09:00")


class Office:
    """A control spreadsheet with two periods, and the site of Berlin."""

    def __init__(self, *rows):
        self.world = World()
        self.types(*(rows or ROWS))
        self.world.type_worksheet("Cut Off Times", [("Name", "Email", "Cut Off Time")])
        self.sheet_id = "no sheet yet"

    def types(self, *rows):
        self.world.type_worksheet("2026", [("Month", "Start Date", "End Date"), *rows])
        routing.forget(self.world.backend)

    def counts_since(self, *rows):
        """HR types the site's rows; each a day and a time."""
        typed = [("berlin", serial.from_date(day), "Europe/Berlin", hour / 24) for day, hour in rows]
        self.world.type_worksheet(registered_sites.TITLE, [registered_sites.HEADERS, *typed])
        routing.forget(self.world.backend)

    def ask(self, after=None, on=date(2026, 11, 3)):
        message = GetReviewPeriod(
            location="berlin",
            request_id="r",
            after=after,
            on=on,
            time_zone="Europe/Berlin",
            day_boundary=time(4),
        )
        return handle(message, self.world.backend).period

    def create(self, period, site="berlin"):
        message = CreateReviewSheet(location=site, request_id="r", period=period)
        return handle(message, self.world.backend).sheet_id

    def send(self, *records, period=NOVEMBER, routed=True, backend=None, **options):
        message = StoreAttendRecords(
            location="berlin",
            request_id="r",
            sheet_id=self.sheet_id,
            period=period,
            time_zone="Europe/Berlin",
            day_boundary=time(4),
            records=records,
            routed=routed,
            **options,
        )
        return handle(message, backend or self.world.backend)

    def sheets(self):
        """The record IDs in each period's workbook."""
        found = {}
        for book in self.world.review_books():
            rows = [row for sheet in book.sheets if sheet.title.startswith("Raw") for row in sheet.rows()[1:]]
            found[book.properties[PERIOD_PROPERTY]] = [row[8] for row in rows if len(row) > 8]
        return found


def outcomes(reply):
    return {identity: answer.outcome for answer in reply.answers for identity in answer.identities}


@pytest.fixture
def office():
    office = Office()
    office.counts_since((OCTOBER.first_day, 4))
    return office


def test_a_message_of_two_months_goes_into_two_workbooks_made_for_it(office):
    reply = office.send(IN_OCTOBER, IN_NOVEMBER)

    assert set(outcomes(reply).values()) == {Outcome.STORED}
    assert office.sheets() == {"October 2026": [IN_OCTOBER.identity], "November 2026": [IN_NOVEMBER.identity]}
    assert len({answer.sheet_id for answer in reply.answers}) == 2


def test_hrs_table_decides_whatever_the_site_believes(office):
    office.sheet_id = office.create(OCTOBER)
    longer = replace(OCTOBER, last_day=date(2026, 11, 29))
    office.send(IN_NOVEMBER, period=longer, routed=False)

    assert office.sheets() == {"October 2026": [], "November 2026": [IN_NOVEMBER.identity]}


def test_what_is_of_no_period_is_answered_so_until_hr_enters_it(office):
    december = punch("ann", "2026-12-03 09:00")
    reply = office.send(december, IN_NOVEMBER)
    assert outcomes(reply)[december.identity] is Outcome.NO_PERIOD

    office.types(*ROWS, ("December", "11/30/2026", "12/31/2026"))
    again = office.send(december)
    assert outcomes(again) == {december.identity: Outcome.STORED}
    assert again.table != reply.table


def test_a_period_that_hr_enters_while_a_workbook_is_made_is_asked_for_again(office, monkeypatch):
    """The reply names the table by which it says that there is none."""
    december, make = punch("ann", "2026-12-03 09:00"), office.world.drive.create

    def slowly(*what):
        office.types(*ROWS, ("December", "11/30/2026", "12/31/2026"))
        return make(*what)

    monkeypatch.setattr(office.world.drive, "create", slowly)
    reply = office.send(december, IN_NOVEMBER)
    assert outcomes(reply) == {december.identity: Outcome.NO_PERIOD, IN_NOVEMBER.identity: Outcome.STORED}
    assert office.send(IN_NOVEMBER).table != reply.table


@pytest.mark.parametrize("together", [False, True], ids=["alone", "with other sites"])
def test_who_asks_for_a_sheet_is_told_of_the_table_as_who_stores_is(office, together):
    """So that the site asks again for punches of a period that HR entered as well, before it calls a day complete."""
    backend = office.world.backend

    def told():
        message = CreateReviewSheet(location="berlin", request_id="r", period=NOVEMBER)
        if not together:
            return create_review_sheet(message, backend).table
        (replies,) = create_together([message, replace(message, location="hamburg")], backend)
        reply = replies[0]
        assert reply is not None
        return reply().table

    office.types(ROWS[1])
    before = office.send(IN_OCTOBER)
    assert (outcomes(before)[IN_OCTOBER.identity], told()) == (Outcome.NO_PERIOD, before.table)

    office.types(*ROWS)
    assert told() == office.send(IN_NOVEMBER).table != before.table


def test_a_period_that_hr_entered_a_moment_ago_is_known(office):
    """The table of a minute ago may say where a punch goes, never that it goes nowhere."""
    office.send(IN_NOVEMBER)
    december = punch("ann", "2026-12-03 09:00")
    later = ("December", "11/30/2026", "12/31/2026")
    office.world.type_worksheet("2026", [("Month", "Start Date", "End Date"), *ROWS, later])

    reply = office.send(december)
    assert outcomes(reply) == {december.identity: Outcome.STORED}
    assert office.sheets()["December 2026"] == [december.identity]


def test_what_is_older_than_the_first_day_is_answered_so(office):
    office.counts_since((NOVEMBER.first_day, 4))
    assert outcomes(office.send(IN_OCTOBER, IN_NOVEMBER)) == {
        IN_OCTOBER.identity: Outcome.BEFORE_FIRST_DAY,
        IN_NOVEMBER.identity: Outcome.STORED,
    }


def test_a_client_of_the_first_release_has_all_it_sends_stored(office):
    """It takes no other answer; where HR's table has no place, its own idea counts."""
    office.types(*ROWS, ("December", "2026-11-30", "2026-12-31"))
    december = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 31))
    office.sheet_id = office.create(december)
    office.types(*ROWS)
    record = punch("ann", "2026-12-03 09:00")

    reply = office.send(record, period=december, routed=False)
    assert (reply.sheet_id, reply.confirmed) == (office.sheet_id, (record.identity,))


class Refusing:
    """Google refuses whatever holds one of these record IDs; or, with none, everything of a spreadsheet."""

    def __init__(self, spreadsheets, *identities):
        self._spreadsheets = spreadsheets
        self._identities = identities
        self.refusals = 0

    def read(self, spreadsheet_id, areas=()):
        return self._spreadsheets.read(spreadsheet_id, areas)

    def apply(self, spreadsheet_id, changes, areas=()):
        said = repr(changes)
        if not self._identities or any(each in said for each in self._identities):
            self.refusals += 1
            raise RefusedError("this cannot be written")
        return self._spreadsheets.apply(spreadsheet_id, changes, areas)


def test_one_record_that_is_always_refused_keeps_no_other_from_its_sheet(office):
    office.sheet_id = office.create(NOVEMBER)
    records = [
        punch("ann", f"2026-11-{day:02}T{hour:02}:00") for day in range(3, 28) for hour in range(6, 18)
    ]
    poison = records[137].identity
    google = Refusing(office.world.spreadsheets, poison)
    reply = office.send(*records, backend=replace(office.world.backend, spreadsheets=google))

    assert {identity for identity, outcome in outcomes(reply).items() if outcome is Outcome.REFUSED} == {
        poison
    }
    assert len(reply.confirmed) == len(records) - 1 == len(office.sheets()["November 2026"])
    assert "this cannot be written" in {answer.reason for answer in reply.answers}


def test_a_workbook_that_refuses_everything_is_not_asked_for_each_record(office):
    office.sheet_id = office.create(NOVEMBER)
    records = [
        punch("ann", f"2026-11-{day:02}T{hour:02}:00") for day in range(3, 28) for hour in range(6, 18)
    ]
    google = Refusing(office.world.spreadsheets)
    reply = office.send(*records, backend=replace(office.world.backend, spreadsheets=google))

    assert set(outcomes(reply).values()) == {Outcome.REFUSED}
    assert len(outcomes(reply)) == len(records)
    assert google.refusals <= 45


def test_what_may_be_right_later_is_not_answered(office):
    class Busy(Refusing):
        def apply(self, spreadsheet_id, changes, areas=()):
            raise GoogleError("busy")

    busy = replace(office.world.backend, spreadsheets=Busy(office.world.spreadsheets))
    office.sheet_id = office.create(NOVEMBER)
    with pytest.raises(GoogleError):
        office.send(IN_NOVEMBER, backend=busy)


@pytest.mark.parametrize("with_its_row", [False, True])
def test_a_workbook_that_is_gone_is_told_and_a_new_one_made_once_its_row_is_deleted(office, with_its_row):
    office.sheet_id = office.create(NOVEMBER)
    office.create(OCTOBER)
    del office.world.spreadsheets.books[office.sheet_id]
    if with_its_row:
        recorded = office.world.control.sheet("Review Sheets")
        for column in range(5):
            recorded.put(1, column, None)
        routing.forget(office.world.backend)
    reply = office.send(IN_NOVEMBER, IN_OCTOBER)

    assert reply.gone
    assert outcomes(reply) == {
        IN_NOVEMBER.identity: Outcome.STORED if with_its_row else Outcome.REFUSED,
        IN_OCTOBER.identity: Outcome.STORED,
    }


def test_a_workbook_that_is_in_no_row_any_more_confirms_nothing(office):
    """As where somebody made a copy, and typed that one's ID: what was stored since the copying is not in it."""
    office.sheet_id = old = office.create(NOVEMBER)
    books = office.world.spreadsheets.books
    books["the copy"] = books[old].copied()
    assert not office.send(IN_NOVEMBER).gone
    office.world.control.sheet("Review Sheets").put(1, 1, "the copy")
    later = punch("ann", "2026-11-04 09:00")
    office.world.clock.moment += timedelta(minutes=2)
    reply = office.send(later)
    assert (reply.gone, [answer.sheet_id for answer in reply.answers]) == (True, ["the copy"])

    # A moment later another instance recorded one: it is not taken for gone by the table of before.
    office.world.clock.moment += timedelta(seconds=20)
    office.sheet_id = "recorded meanwhile"
    books[office.sheet_id] = books[old].copied()
    office.world.control.sheet("Review Sheets").put(1, 1, office.sheet_id)
    assert not office.send(later).gone


def test_each_site_is_told_of_a_workbook_that_is_gone_though_another_one_had_a_new_one_made():
    office = ReviewBook(sites=("berlin", "hamburg"))
    november = ("November", "11/2/2026", "11/27/2026")
    office.world.type_worksheet("2026", [("Month", "Start Date", "End Date"), november])
    old = office.sheet_id
    for morning in (True, False):
        records = [punch("ann", f"2026-11-03T{'08' if morning else '17'}:00")]
        replies = [
            handle(office.message(*records, site=site), office.world.backend)
            for site in ("berlin", "hamburg")
        ]
        assert [reply.gone for reply in replies] == [not morning] * 2
        if morning:
            del office.world.spreadsheets.books[old]
            recorded = office.world.control.sheet("Review Sheets")
            for column in range(5):
                recorded.put(1, column, None)
            routing.forget(office.world.backend)
    assert {answer.sheet_id for reply in replies for answer in reply.answers} != {old}
    effects = office.world.effects
    effects.reads = 0
    handle(office.message(*records, site="hamburg"), office.world.backend)
    assert effects.reads == 1  # it is not looked for each time


# Since when a site counts


def test_a_site_registers_itself_with_the_period_that_it_is_told_first():
    office = Office()
    assert office.ask() == NOVEMBER
    assert office.world.control.sheet(registered_sites.TITLE).rows() == [
        list(registered_sites.ALL_HEADERS),
        ["berlin", serial.from_date(NOVEMBER.first_day), "Europe/Berlin", 4 / 24],
    ]


def test_a_site_at_work_is_registered_since_its_oldest_workbook():
    office = Office()
    office.create(OCTOBER)
    office.sheet_id = office.create(NOVEMBER)
    office.send(IN_NOVEMBER, routed=False)

    assert routing.read(office.world.backend).sites["berlin"].first_day == OCTOBER.first_day


def test_a_new_card_begins_with_the_oldest_period_that_is_not_complete(office):
    assert office.ask() == OCTOBER
    sheet_id = office.create(OCTOBER)
    assert office.ask() == OCTOBER

    sites = office.world.spreadsheets.books[sheet_id].sheet("Sites")
    for through, begins in ((date(2026, 10, 31), OCTOBER), (OCTOBER.last_day, NOVEMBER)):
        sites.put(1, 3, serial.from_date(through))
        assert office.ask() == begins

    sites = office.world.spreadsheets.books[office.create(NOVEMBER)].sheet("Sites")
    sites.put(1, 3, serial.from_date(NOVEMBER.last_day))
    assert office.ask() is None, "December is not entered yet; October is done"


def test_a_new_card_passes_over_what_hr_has_finalised(office):
    office.create(OCTOBER)
    recorded = office.world.control.sheet("Review Sheets")
    recorded.put(0, 4, "Finalised")
    recorded.put(1, 4, "yes")

    assert office.ask() == NOVEMBER


def test_a_month_that_hr_deleted_is_not_made_again_once_first_day_is_later(office):
    """As `watch` tells to do with those that are too old; else a new card would begin with it."""
    assert office.ask() == OCTOBER
    office.counts_since((NOVEMBER.first_day, 4))
    assert office.ask() == NOVEMBER
    reply = office.send(IN_OCTOBER, IN_NOVEMBER, period=OCTOBER)
    assert outcomes(reply)[IN_OCTOBER.identity] is Outcome.BEFORE_FIRST_DAY
    assert [*office.sheets()] == ["November 2026"]


def test_a_computer_that_believes_in_1970_is_told_the_period_of_today_and_raises_no_alarm():
    office = Office()
    on = date(1970, 1, 1)
    assert office.ask(on=on) == NOVEMBER
    alarm = RaiseFinalAlarm(location="berlin", request_id="r", kind=AlarmKind.FINAL_ALARM, after=None, on=on)
    handle(alarm, office.world.backend)

    assert office.world.mailer.sent == []


BORDER = datetime(2026, 11, 2)


@pytest.mark.parametrize("hours", [2, 4, 6])
def test_a_day_boundary_that_is_changed_counts_from_the_next_period_on(hours):
    """Every moment is of one period, whatever the site's computer says."""
    office = Office()
    office.counts_since((OCTOBER.first_day, 4), (date(2026, 10, 20), hours))
    table = routing.read(office.world.backend)
    border = BORDER + timedelta(hours=hours)

    assert table.home("berlin", border - timedelta(seconds=1)) == OCTOBER
    assert table.home("berlin", border) == NOVEMBER
    assert table.sites["berlin"].in_period(OCTOBER).day_boundary == time(4)
    # After four its last day would be over by October's rule.
    last = table.boundary_of("berlin", OCTOBER, border - timedelta(seconds=1))
    assert last == time(max(hours, 4))
    assert table.boundary_of("berlin", OCTOBER, BORDER - timedelta(hours=9)) == time(4)
    night = punch("ann", (border - timedelta(seconds=1)).isoformat())
    assert outcomes(office.send(night)) == {night.identity: Outcome.STORED}
    assert office.sheets() == {"October 2026": [night.identity]}


def test_a_row_of_a_site_that_makes_no_sense_is_told_and_leaves_the_others(office, caplog):
    rows = [
        ("berlin", "soon", "Europe/Berlin", 0.1),
        ("hamburg", serial.from_date(OCTOBER.first_day), "", None),
    ]
    office.world.type_worksheet(registered_sites.TITLE, [registered_sites.HEADERS, *rows])
    routing.forget(office.world.backend)

    assert routing.read(office.world.backend).sites == {
        "hamburg": Registered((Keeping(OCTOBER.first_day, "", time()),), name="hamburg")
    }
    assert "'Registered Sites', cell B2: First Day holds 'soon'" in caplog.text
