"""Messages that are taken in together leave what they leave one by one, at the cost of one."""

import contextlib
from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import chain

import pytest

from attendance_backend.errors import GoogleError, RefusedError
from attendance_backend.handlers import site_health
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.together import handle_together
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Formula, WriteCells
from attendance_contracts import (
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    Outcome,
    ReviewPeriod,
)
from tests.fakes_backend import Crash
from tests.health_message import health_message
from tests.review_book import CARL, NOVEMBER, ROSTER, ReviewBook, punch

SITES = ("berlin", "hamburg", "bonn")


@pytest.fixture
def office():
    office = ReviewBook(sites=SITES)
    office.keeps(*ROSTER, CARL)  # Carl was hired since
    office.world.backend.clock.now = lambda: datetime(2026, 11, 4, 12, tzinfo=UTC)
    return office


def punches(office):
    """A message a site: known people, one who is hired, a stranger, and one who was at two sites."""
    return [
        office.message(punch("ann", "2026-11-03 08:00"), punch("bob", "2026-11-03 08:10"), site="berlin"),
        office.message(punch("carl", "2026-11-03 08:20"), punch("ann", "2026-11-03 17:00"), site="hamburg"),
        office.message(punch("eve", "2026-11-03 08:30"), punch("bob", "2026-11-02 23:30"), site="bonn"),
    ]


def health(office, site, at="2026-11-04 11:00", through=date(2026, 11, 3), problem=""):
    machine = MachineHealth(
        serial_number="SN1",
        firmware="6.60",
        platform="ZEM560",
        clock_offset_s=400,
        records=1000,
        record_capacity=100_000,
        users=40,
    )
    return health_message(
        location=site,
        sheet_id=office.sheet_id,
        period=office.period,
        at=datetime.fromisoformat(at),
        complete_through=through,
        machine=machine,
        problem=problem,
    )


def together(office, messages):
    """The replies in the messages' order; `cost` tells the reads and effects."""
    effects = office.world.effects
    effects.reads = effects.count = 0
    served = chain.from_iterable(handle_together(messages, office.world.backend))
    replies = {each.number: each.reply() for each in served}
    return [replies[number] for number in range(len(messages))]


def content(office):
    """What the workbook holds, whatever the order of rows that were added."""

    def shown(value):
        return value.text.partition("(")[0] if isinstance(value, Formula) else value

    return {
        sheet.title: sorted([list(map(shown, row)) for row in sheet.rows()], key=repr)
        for sheet in office.book.sheets
    }


def test_messages_together_leave_what_they_leave_one_by_one(office):
    alone = ReviewBook(sites=SITES)
    alone.keeps(*ROSTER, CARL)
    alone.world.backend.clock.now = office.world.backend.clock.now
    replies = [handle(message, alone.world.backend) for message in punches(alone)]
    for site in SITES:
        handle(health(alone, site), alone.world.backend)

    assert together(office, punches(office)) == replies
    assert together(office, [health(office, site) for site in SITES]) == [None] * 3
    assert content(office) == content(alone)


def test_one_read_and_one_write_for_all(office):
    rows = [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    office.world.type_worksheet("2026", rows)
    together(office, punches(office))
    again = [
        office.message(punch(user, "2026-11-04 08:00"), site=site)
        for user, site in zip(("ann", "bob", "carl"), SITES, strict=True)
    ]

    replies = together(office, again)

    assert office.cost == (1, 1)
    assert [reply.location for reply in replies] == list(SITES)
    assert all(reply.answers[0].outcome is Outcome.STORED for reply in replies)


def test_health_of_all_sites_is_one_read_and_one_write(office):
    together(office, [health(office, site) for site in SITES])

    together(office, [health(office, site, "2026-11-04 11:30") for site in SITES])

    assert office.cost == (1, 1)


def test_a_days_first_health_of_all_sites_is_one_piece_of_work(office):
    handle(health(office, "berlin"), office.world.backend)
    first = office.cost
    other = ReviewBook(sites=SITES)
    other.world.backend.clock.now = office.world.backend.clock.now
    together(other, [health(other, site) for site in SITES])

    assert sum(other.cost) <= sum(first) + 2


@pytest.mark.parametrize("crash", range(8))
def test_many_days_become_complete_in_calls_of_a_bounded_size_wherever_one_dies(office, crash, monkeypatch):
    at_once = ReviewBook(sites=SITES)
    at_once.keeps(*ROSTER, CARL)
    at_once.world.backend.clock.now = office.world.backend.clock.now = lambda: datetime(
        2026, 11, 25, 12, tzinfo=UTC
    )
    told = {"at": "2026-11-24 11:00", "through": date(2026, 11, 20)}
    together(at_once, [health(at_once, site, **told) for site in SITES])
    before = office.world.effects.count
    office.world.effects.crash_after = before + crash
    monkeypatch.setattr(site_health, "MOST_ENTRIES", 13)

    for _ in range(2):
        with contextlib.suppress(Crash):
            together(office, [health(office, site, **told) for site in SITES])
        office.world.effects.crash_after = None

    assert content(office) == content(at_once)
    assert len(office.sheet("Exceptions").rows()) > 3 * 13


def test_a_message_that_came_twice_is_stored_once(office):
    message = office.message(punch("ann", "2026-11-03 08:00"))

    replies = together(office, [message, replace(message, request_id="again"), message])

    assert [reply.confirmed for reply in replies] == [replies[0].confirmed] * 3
    assert len(office.stored_ids()) == 1


def test_of_two_messages_of_one_site_the_latest_tells_its_health(office):
    messages = [
        health(office, "berlin", "2026-11-04 11:30", problem="no"),
        health(office, "berlin", "2026-11-04 11:00"),
        health(office, "bonn"),
    ]
    together(office, messages)

    (row,) = [row for row in office.sheet("Sites").rows() if row[0] == "berlin"]
    assert serial.to_datetime(row[2]) == datetime(2026, 11, 4, 11, 30)
    assert "no" in row


def turn(site):
    return GetReviewPeriod(
        location=site,
        request_id="p",
        after=date(2026, 11, 1),
        on=date(2026, 11, 3),
        time_zone="Europe/Berlin",
        day_boundary=time(4),
    )


def test_a_months_turn_of_all_sites_is_one_piece_of_work(office):
    office.world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    )
    for site in SITES:  # they are registered
        handle(turn(site), office.world.backend)
    alone = [handle(turn(site), office.world.backend) for site in SITES]
    assert together(office, [turn(site) for site in SITES]) == alone
    assert office.cost == (2, 0)
    office.world.type_worksheet("2026", [("Month", "Start Date", "End Date")])
    assert [reply.period for reply in together(office, [turn(site) for site in SITES])] == [None] * 3


def test_places_for_sites_are_made_together(office):
    others = ReviewBook(sites=SITES[:1])
    wanted = [CreateReviewSheet(location=site, request_id=site, period=NOVEMBER) for site in (*SITES, "BONN")]

    replies = together(others, wanted)

    assert [reply.request_id for reply in replies] == [*SITES, "BONN"]
    assert {reply.sheet_id for reply in replies} == {others.sheet_id}
    assert others.cost == (6, 1)
    alone = ReviewBook(sites=SITES)
    assert content(others) == content(alone)


def test_sites_that_ask_together_for_a_workbook_that_is_not_there_get_one(office):
    december = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
    wanted = [CreateReviewSheet(location=site, request_id=site, period=december) for site in SITES]

    (sheet_id,) = {reply.sheet_id for reply in together(office, wanted)}

    titles = [sheet.title for sheet in office.world.spreadsheets.books[sheet_id].sheets]
    assert {f"Raw Data - {site}" for site in SITES} <= set(titles)
    assert len(office.world.review_books()) == 2


def refusing(office, what, error):
    """Let Google refuse every write with a text in it."""
    spreadsheets = office.world.spreadsheets
    apply = spreadsheets.apply

    def wary(spreadsheet_id, changes, areas=()):
        written = [change for change in changes if isinstance(change, WriteCells)]
        if any(cell.value == what for change in written for row in change.rows for cell in row):
            raise error
        return apply(spreadsheet_id, changes, areas)

    spreadsheets.apply = wary


@pytest.mark.parametrize("error", [RefusedError("Google does not like it"), ValueError("a defect of ours")])
def test_one_poisonous_message_keeps_no_other(office, error):
    sites = [*SITES, *(f"site{number}" for number in range(5))]
    for site in sites[3:]:
        office.create(site)
    messages = [
        office.message(punch("ann", f"2026-11-03 08:{n:02}"), site=site) for n, site in enumerate(sites)
    ]
    poison = messages[4].records[0].identity
    refusing(office, poison, error)
    served = list(chain.from_iterable(handle_together(messages, office.world.backend)))

    first = [each.number for each in served]
    assert first.index(4) > 5  # whoever is done already does not wait for it
    for number, reply in served:
        if number != 4:
            assert reply().answers[0].outcome is Outcome.STORED
        elif isinstance(error, ValueError):
            with pytest.raises(ValueError, match="defect"):
                reply()
        else:
            assert reply().answers[0].outcome is Outcome.REFUSED
    assert len(office.stored_ids()) == 7


def test_a_workbook_is_answered_before_the_next_is_begun_and_who_is_alone_in_one_has_a_turn(office):
    december = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
    office.world.type_worksheet(
        "2026",
        [
            ("Month", "Start Date", "End Date"),
            ("November", "11/2/2026", "11/27/2026"),
            ("December", "11/30/2026", "12/25/2026"),
        ],
    )
    handle(CreateReviewSheet(location="bonn", request_id="c", period=december), office.world.backend)
    office.world.backend.remembered.clear()
    early = [office.message(punch("ann", f"2026-11-03 08:{n:02}"), site=s) for n, s in enumerate(SITES)]
    late = replace(
        office.message(punch("bob", "2026-11-04 08:00"), site="bonn"),
        period=december,
        records=(punch("bob", "2026-12-01 08:00"),),
    )
    rounds = handle_together([early[0], late, *early[1:]], office.world.backend)

    first = [(each.number, each.reply().answers[0].outcome) for each in next(rounds)]
    assert [number for number, _ in first] == [0, 2, 3]
    assert len(office.stored_ids()) == 3
    after = office.world.effects.count
    (alone,) = next(rounds)
    assert (alone.number, office.world.effects.count) == (1, after)
    assert alone.reply().answers[0].outcome is Outcome.STORED
    assert list(rounds) == []


def test_a_workbook_is_brought_up_to_date_once_for_the_first_messages_of_many_sites(office):
    handle(health(office, "berlin"), office.world.backend)
    office.keeps(*ROSTER, CARL, ("Dora Dean", "dora@example.com", 0.375))
    effects = office.world.effects
    effects.reads = effects.count = 0
    handle(health(office, "hamburg"), office.world.backend)
    assert (effects.reads <= 4, effects.count) == (True, 1)
    assert "Dora Dean" not in str(office.book.sheet("Monthly Summary").rows())

    later = datetime(2026, 11, 4, 12, 16, tzinfo=UTC)
    office.world.backend.clock.now = lambda: later
    handle(health(office, "bonn"), office.world.backend)
    assert "Dora Dean" in str(office.book.sheet("Monthly Summary").rows())


@pytest.mark.parametrize("health_first", [True, False])
def test_the_kind_of_the_first_message_comes_first(office, health_first):
    told = [health(office, site) for site in SITES]
    kinds = [told, punches(office)] if health_first else [punches(office), told]
    rounds = handle_together([*chain(*kinds)], office.world.backend)
    assert [each.number for each in next(rounds)] == [0, 1, 2]


def test_whose_health_is_alone_in_a_workbook_is_taken_in_as_well(office):
    december = ReviewPeriod("December 2026", date(2026, 11, 30), date(2026, 12, 27))
    wanted = CreateReviewSheet(location="bonn", request_id="c", period=december)
    sheet_id = handle(wanted, office.world.backend).sheet_id
    other = replace(health(office, "bonn"), sheet_id=sheet_id, period=december)
    assert together(office, [health(office, "berlin"), other]) == [None, None]

    for book in (office.book, office.world.spreadsheets.books[sheet_id]):
        rows = book.sheet("Sites").rows()[1:]
        assert sum(len(row) > 2 and isinstance(row[2], float) for row in rows) == 1


def test_where_google_does_not_answer_all_are_to_come_again(office):
    messages = punches(office)
    refusing(office, messages[0].records[0].identity, GoogleError("try again"))

    served = list(chain.from_iterable(handle_together(messages, office.world.backend)))
    assert sorted(each.number for each in served) == [0, 1, 2]
    for _, reply in served:
        with pytest.raises(GoogleError):
            reply()
    assert office.stored_ids() == []


def test_a_site_without_a_place_gets_one_and_the_others_do_not_wait(office):
    messages = [*punches(office), office.message(punch("ann", "2026-11-03 12:00"), site="kiel")]

    replies = together(office, messages)

    assert all(reply.answers[0].outcome is Outcome.STORED for reply in replies)
    assert len(office.raw_ids("Raw Data - kiel")) == 1


def test_sites_whose_row_is_gone_each_get_one(office):
    sheet = office.sheet("Sites")
    for row, values in enumerate(sheet.rows()):
        if values and values[0] in ("hamburg", "bonn"):
            for column in range(len(values)):
                sheet.put(row, column, None)

    together(office, [health(office, site) for site in SITES])

    names = [row[0] for row in sheet.rows() if row]
    assert sorted(name for name in names if name in SITES) == sorted(SITES)


def test_a_finalised_period_takes_amendments_of_all(office):
    office.finalise()

    replies = together(office, punches(office))

    assert all(reply.answers[0].outcome is Outcome.STORED for reply in replies)
    assert len(office.raw_ids("Amendments")) == 6


@pytest.mark.slow
@pytest.mark.parametrize("side", ["crash_before", "crash_after"])
def test_a_batch_that_dies_at_any_effect_is_whole_after_its_next_delivery(side):
    for number in range(1, 8):
        office = ReviewBook(sites=SITES)
        office.keeps(*ROSTER, CARL)
        office.world.backend.clock.now = lambda: datetime(2026, 11, 4, 12, tzinfo=UTC)
        messages = [*punches(office), *(health(office, site) for site in SITES)]
        effects = office.world.effects
        effects.count = 0
        setattr(effects, side, number)
        try:
            together(office, messages)
        except Crash:
            pass
        else:
            assert number > 3
            break
        finally:
            effects.crash_before = effects.crash_after = None
        together(office, messages)

        assert sorted(office.stored_ids()) == sorted(
            record.identity for message in messages[:3] for record in message.records
        )
        told = [tuple(map(str, row)) for row in office.sheet("Exceptions").rows()[1:] if any(row)]
        assert len(told) == len(set(told))


@pytest.mark.parametrize("number", [1, 2, 3])
def test_two_instances_that_write_a_workbook_at_once_lose_and_double_nothing(office, number):
    other = replace(office.world.backend, remembered={})
    late = office.message(punch("ann", "2026-11-03 18:00"), punch("eve", "2026-11-03 18:10"), site="berlin")
    others = [late, *punches(office)[1:], *(health(office, site) for site in SITES)]
    said = []

    def meanwhile():
        said.extend(reply() for _, reply in chain.from_iterable(handle_together(others, other)))

    messages = [*punches(office), *(health(office, site) for site in SITES)]
    office.world.effects.count = 0
    office.world.effects.meanwhile = number, meanwhile
    served = chain.from_iterable(handle_together(messages, office.world.backend))
    said += [reply() for _, reply in served]

    records = [record.identity for message in (late, *messages[:3]) for record in message.records]
    confirmed = [each for reply in said if isinstance(reply, LastStoredTimestamp) for each in reply.confirmed]
    assert len(said) == len(others) + len(messages), "the other one served in between"
    assert set(confirmed) == set(records) == set(office.stored_ids())
    assert len(office.stored_ids()) == len(set(records))
    told = [tuple(map(str, row)) for row in office.sheet("Exceptions").rows()[1:] if any(row)]
    assert len(told) == len(set(told))
    alone = ReviewBook(sites=SITES)
    alone.keeps(*ROSTER, CARL)
    alone.world.backend.clock.now = office.world.backend.clock.now
    together(alone, [late, *messages])
    assert facts(office) == facts(alone)


def facts(office):
    """What the hidden worksheets hold, in any order of rows, and of the numbers that a cell joins."""

    def told(value):
        return "".join(sorted(value)) if isinstance(value, str) else value

    titles = ("Days", "Punch Index")
    return {
        title: sorted([[*map(told, row)] for row in office.sheet(title).rows()], key=repr) for title in titles
    }
