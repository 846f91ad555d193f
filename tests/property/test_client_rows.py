"""Cases that were seen to break a promise, one by one: the real client over the real handlers, judged from outside."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from attendance_client.fsm.generated import EventId, StateId
from attendance_contracts import LastStoredTimestamp, NewReviewSheet, StoreAttendRecords, encode
from tests.handlers_backend import ELSEWHERE_GROUP, HandlersBackend
from tests.world import promises
from tests.world.backend import MemoryBackend, StoredRow
from tests.world.calendar import Row
from tests.world.world import World

PEOPLE = (("Anna Weber", "anna@example.com", "09:00"), ("Bert Kunz", "bert@example.com", "09:00"))
ANNA, BERT = "1001", "1002"
JANUARY = Row(date(2026, 1, 5), date(2026, 1, 30), "January 2026")
FEBRUARY = Row(date(2026, 2, 2), date(2026, 2, 27), "February 2026")
MARCH = Row(date(2026, 3, 2), date(2026, 3, 27), "March 2026")
HOUR_S, DAY_S = 3600.0, 86_400.0


class Case(World):
    """A world that is judged by what its machine recorded and what HR's table says."""

    def __init__(self, backend, **options):
        super().__init__(backend, seed=1, **options)
        self.machine.users = {ANNA: "anna", BERT: "bert"}
        self.type_periods([JANUARY, FEBRUARY, MARCH])
        self.run_until(StateId.RELAY_ATTENDANCE_RECORDS)

    def until(self, when, most_steps=20_000):
        for _ in range(most_steps):
            if self.timeline.wall >= when:
                return
            self.step()
        raise AssertionError(f"steps used up: {self.describe()}")

    def workdays(self, first, last, user=ANNA):
        """A punch at nine on each day, the client running in between; returns their identities."""
        made = []
        for number in range((last - first).days + 1):
            self.until(datetime.combine(first + timedelta(days=number), time(9)))
            assert self.machine.record(user, self.machine.time)
            made.append(self.machine.newest)
        return made

    def judged(self, until=None):
        """Let time pass, the schedule tick, and see whether the promises hold."""
        for _ in range(4):
            self.backend.now = self.timeline.wall
            self.backend.look_after()
            self.run_for(2 * DAY_S, 400)
        if until is not None:
            self.until(until)
        for promise in (
            promises.stored_once,
            promises.counts_once,
            promises.counts_in_its_own_period,
            promises.nothing_erased_unstored,
            promises.whose_it_was,
            promises.eventually_stored,
        ):
            promise(self)

    def sheets(self, *identities):
        """The months in which punches count."""
        return {row.sheet for row in self.backend.rows() if row.counts and row.identity in identities}


@pytest.fixture(params=["memory", pytest.param("handlers", marks=pytest.mark.slow)])
def backend(request):
    return MemoryBackend() if request.param == "memory" else HandlersBackend(PEOPLE)


@pytest.fixture
def case(backend):
    world = Case(backend)
    yield world
    world.close()


@pytest.mark.parametrize("clearing", [False, True])
def test_the_card_dies_near_the_end_of_a_period_and_the_new_one_starts_after_it(backend, clearing):
    case = Case(backend, clear_machine=clearing)
    case.workdays(date(2026, 1, 6), date(2026, 1, 28))
    case.power_off()
    late = [datetime(2026, 1, day, hour) for day in (29, 30) for hour in (8, 17)]
    made = [case.machine.newest for at in late if case.machine.record(BERT, at)]
    case.lose_ledger()
    case.lose_snapshot()
    case.timeline.advance((datetime(2026, 2, 2, 10) - case.timeline.wall).total_seconds())
    case.run(10)
    case.workdays(date(2026, 2, 3), date(2026, 2, 27))
    case.judged(until=datetime(2026, 3, 10))

    assert case.sheets(*made) == {"January 2026"}
    assert bool(case.machine.erased_by_client) is clearing
    case.close()


@pytest.mark.parametrize("with_its_row", [True, False])
def test_the_open_periods_workbook_is_gone_for_good(case, with_its_row):
    made = case.workdays(date(2026, 1, 6), date(2026, 1, 12))
    case.delete_workbook("January 2026", with_its_row=with_its_row)
    made += case.workdays(date(2026, 1, 13), date(2026, 1, 16))
    later = case.workdays(date(2026, 2, 2), date(2026, 2, 6))
    assert any(edge.event == EventId.REVIEW_SHEET_GONE for edge in case.edges)
    # The next month is stored in any case, and the period is closed.
    assert case.sheets(*later) == {"February 2026"}
    assert case.client.session.open_period.name == "February 2026"
    if not with_its_row:
        assert case.sheets(*made) == set()
        case.delete_workbook("January 2026", with_its_row=True)
    case.judged()

    assert case.sheets(*made) == {"January 2026"}


@pytest.mark.parametrize("with_its_row", [True, False])
def test_another_groups_workbook_is_gone_for_good(with_its_row):
    backend = HandlersBackend(PEOPLE[:1], seed=1)  # who is not among them stays with the site
    backend.deletes_of = ELSEWHERE_GROUP
    case = Case(backend)
    made = case.workdays(date(2026, 1, 6), date(2026, 1, 8))
    own = case.workdays(date(2026, 1, 9), date(2026, 1, 9), user=BERT)
    case.until(datetime(2026, 1, 10, 9))
    case.delete_workbook("January 2026", with_its_row=with_its_row)
    assert (case.sheets(*made), case.sheets(*own)) == (set(), {"January 2026"})
    if not with_its_row:
        case.delete_workbook("January 2026", with_its_row=True)
    # Nothing goes into that workbook: the site is told all the same.
    case.workdays(date(2026, 1, 12), date(2026, 1, 13), user=BERT)
    case.judged()

    assert set(made) <= {row.identity for row in case.backend.rows()}
    assert not any(edge.event == EventId.REVIEW_SHEET_GONE for edge in case.edges)


@pytest.mark.parametrize("refuses", [True, False])
def test_one_record_that_is_never_stored_blocks_no_other(refuses):
    case = Case(MemoryBackend())
    case.until(datetime(2026, 1, 7, 9))
    case.machine.record(BERT, case.machine.time)
    case.spoil(case.machine.newest, refuses=refuses)
    made = case.workdays(date(2026, 1, 8), date(2026, 1, 30))
    case.judged(until=datetime(2026, 2, 3))

    assert case.sheets(*made) == {"January 2026"}
    assert case.client.session.open_period.name == "February 2026"
    assert case.client.ledger.summary().backlog == 1
    case.close()


def test_a_user_id_is_given_to_another_person_while_the_line_is_down(case):
    case.workdays(date(2026, 1, 6), date(2026, 1, 8))
    case.network.reachable = False
    annas = case.workdays(date(2026, 1, 9), date(2026, 1, 11))
    case.until(datetime(2026, 1, 12, 8))
    case.machine.users = {ANNA: "bert"}  # Anna has left, and Bert has her number now
    berts = case.workdays(date(2026, 1, 12), date(2026, 1, 12))
    case.until(datetime(2026, 1, 13, 8))
    case.network.reachable = True
    case.judged()

    names = {row.identity: row.user_name for row in case.backend.rows()}
    assert {names[identity] for identity in annas} == {"anna"}
    assert {names[identity] for identity in berts} == {"bert"}


def until_late_january(case):
    made = case.workdays(date(2026, 1, 6), date(2026, 1, 22))
    return {case.machine.recorded[identity].date(): identity for identity in made}


EDITS = {
    "extended": (JANUARY, Row(date(2026, 1, 5), date(2026, 2, 6), "January 2026")),
    "shortened": (JANUARY, Row(date(2026, 1, 5), date(2026, 1, 15), "January 2026")),
    "moved": (JANUARY, Row(date(2026, 1, 12), date(2026, 2, 6), "January 2026")),
    "renamed": (JANUARY, Row(date(2026, 1, 5), date(2026, 1, 30), "January again 2026")),
    "border moved": (FEBRUARY, Row(date(2026, 1, 19), date(2026, 2, 27), "February 2026")),
    "withdrawn": (JANUARY, None),
}


@pytest.mark.parametrize("edit", EDITS)
def test_hr_edits_the_period_in_use(case, edit):
    """Late punches of its first days come after the edit, and after its end."""
    until_late_january(case)
    row, to = EDITS[edit]
    case.type_periods([*([to] if to else []), *(each for each in case.table if each != row)])
    case.backend.now = case.timeline.wall
    case.backend.look_after()
    case.machine.record(BERT, datetime(2026, 1, 13, 8))
    case.workdays(date(2026, 1, 23), date(2026, 2, 10))
    case.machine.record(BERT, datetime(2026, 1, 14, 8))
    case.judged(until=datetime(2026, 3, 10))


def test_a_name_is_put_right_and_given_to_the_next_month(backend):
    """February's row was typed as January's, was worked with and closed: two months, two sheets."""
    case = Case(backend)
    wrong = Row(JANUARY.start, JANUARY.end, "February 2026")
    case.type_periods([wrong])
    case.power_off()
    case.lose_snapshot()
    january = case.workdays(date(2026, 1, 6), date(2026, 1, 30))
    case.type_periods([JANUARY, FEBRUARY, MARCH])
    february = case.workdays(date(2026, 2, 3), date(2026, 2, 25))
    case.judged(until=datetime(2026, 3, 6, 9))

    assert (case.sheets(*january), case.sheets(*february)) == ({"January 2026"}, {"February 2026"})
    case.close()


BEFORE_THERE_IS_A_WORKBOOK = {
    "renamed": [Row(JANUARY.start, JANUARY.end, "January again 2026"), FEBRUARY, MARCH],
    "withdrawn": [FEBRUARY, MARCH],
}
"""HR's table, put right between a site's being told of a period and its asking for the workbook."""


@pytest.mark.parametrize("edit", BEFORE_THERE_IS_A_WORKBOOK)
def test_hr_edits_a_period_that_a_site_was_told_of_and_that_has_no_workbook_yet(edit, backend):
    case = World(backend, seed=1)
    case.machine.users = {ANNA: "anna", BERT: "bert"}
    case.type_periods([JANUARY])
    case.run_until(StateId.REQUEST_REVIEW_SHEET)
    case.count_since(date(2026, 1, 1), timedelta(hours=4))
    case.type_periods(BEFORE_THERE_IS_A_WORKBOOK[edit])
    case.machine.record(ANNA, datetime(2026, 1, 8, 9))
    january = case.machine.newest
    case.machine.record(ANNA, datetime(2026, 2, 3, 9))
    february = case.machine.newest
    case.run_for(DAY_S, 400)

    stored = {row.identity: row.sheet for row in backend.rows() if row.counts}
    homes = {january: case.home(datetime(2026, 1, 8, 9)), february: case.home(datetime(2026, 2, 3, 9))}
    assert stored == {identity: home.name for identity, home in homes.items() if home is not None}
    assert february in stored
    case.close()


def test_what_hr_has_finalised_does_not_move(case):
    made = until_late_january(case)
    assert case.finalise("January 2026")
    shorter = Row(date(2026, 1, 5), date(2026, 1, 15), "January 2026")
    case.type_periods([shorter, *(each for each in case.table if each != JANUARY)])
    case.judged()

    assert case.sheets(*(identity for day, identity in made.items())) == {"January 2026"}


@pytest.mark.parametrize("days", [1, 80, 4000, -20_458])
def test_the_pis_clock_is_days_or_years_off_and_the_machines_right(case, days):
    case.workdays(date(2026, 1, 6), date(2026, 1, 12))
    case.clock.offset = timedelta(days=days)
    case.run_for(8 * HOUR_S, 400)
    assert case.client.session.open_period.name == "January 2026"
    case.clock.offset = timedelta(0)
    case.workdays(date(2026, 1, 13), date(2026, 1, 30))
    case.judged(until=datetime(2026, 2, 20, 9))

    assert case.client.session.open_period.name == "February 2026"
    assert not case.hasty


@pytest.mark.parametrize("days", [-20_458, -40])
def test_the_pi_believes_in_1970_at_its_first_boot(backend, days):
    world = World(backend, seed=1)
    world.type_periods([JANUARY, FEBRUARY])
    world.clock.offset = timedelta(days=days)
    world.run_until(StateId.RELAY_ATTENDANCE_RECORDS)

    assert world.client.session.open_period.name == "January 2026"
    assert not backend.mails()
    world.close()


def test_the_day_boundary_is_changed_in_the_pi_with_a_new_card(case):
    """The registry's word counts."""
    case.workdays(date(2026, 1, 6), date(2026, 1, 30))
    edge = datetime(2026, 2, 2, 3, 30)
    case.machine.record(BERT, edge)
    made = case.machine.newest
    case.until(datetime(2026, 2, 3, 9))
    case.power_off()
    case.lose_ledger()
    case.lose_snapshot()
    case.site = type(case.site)(
        case.site.location, case.site.time_zone, time(2), case.site.polling_interval_s
    )
    case.judged()

    assert case.sheets(made) == {"January 2026"}


def test_a_border_moves_while_the_newest_snapshot_is_torn(case):
    """Between the ledger's transaction and the snapshot of the sheet; then a late punch and a slow answer."""
    case.workdays(date(2026, 1, 6), date(2026, 1, 9))
    case.power.fail_when("before snapshot")
    case.run_for(DAY_S, 100)
    case.type_periods([Row(JANUARY.start, date(2026, 1, 23), JANUARY.name), *case.table[1:]])
    case.damage_snapshot("snapshot.json")
    case.machine.record(BERT, datetime(2026, 1, 8, 8))
    case.network.fates.extend([])
    case.judged(until=datetime(2026, 2, 10))


class FirstRelease(MemoryBackend):
    """The functions of 0.1.0: they put all that they are sent into the sheet that they are told, and know no more."""

    def handle(self, message):
        if isinstance(message, StoreAttendRecords):
            written = json.loads(encode(message)[0])
            assert "routed" not in written, "a message that 0.1.0 might refuse"
            sheet = self._sheets[message.sheet_id]
            for record in message.records:
                row = StoredRow(sheet.name, record.identity, record.timestamp, record.user_name or "")
                sheet.rows.setdefault(record.identity, row)
            return LastStoredTimestamp(
                location=message.location,
                request_id=message.request_id,
                sheet_id=message.sheet_id,
                last_stored_timestamp=max(record.timestamp for record in message.records),
                confirmed=tuple(record.identity for record in message.records),
            )
        reply = super().handle(message)
        return replace(reply, routes=False) if isinstance(reply, NewReviewSheet) else reply


def test_a_new_pi_works_with_the_functions_of_the_first_release():
    case = Case(FirstRelease())
    made = case.workdays(date(2026, 1, 6), date(2026, 1, 30))
    later = case.workdays(date(2026, 2, 2), date(2026, 2, 6))
    case.machine.record(BERT, datetime(2026, 1, 20, 8))
    late = case.machine.newest
    case.machine.record(BERT, datetime(2025, 6, 1, 8))  # of no period that the site knows
    case.until(datetime(2026, 2, 10))

    assert case.sheets(*made, late) == {"January 2026"}
    assert case.sheets(*later) == {"February 2026"}
    assert case.client.ledger.summary().without_period == 1
    case.close()
