"""Several writers at one workbook: whoever built on an outdated version reads again."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date

import pytest

from attendance_backend.errors import OutdatedError, RefusedError
from attendance_backend.handlers import refresh
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.optimistic import MAX_TRIES, Draft, succession, write_optimistically
from attendance_backend.review.names import DAYS_ID, PUNCH_INDEX_ID
from attendance_backend.sheet.changes import AddWorksheet, NewCell, RemoveWorksheet, WriteCells
from attendance_backend.sheet.grid import Area
from attendance_contracts import CreateReviewSheet
from tests.review_book import CARL, NOVEMBER, ROSTER, ReviewBook, punch

TUESDAY = date(2026, 11, 3)


class Timetable:
    """Lets instances call the service one at a time, in a given order as long as it lasts.

    Args:
        order: names of instances, one a call.
    """

    def __init__(self, order):
        self._order = list(order)
        self._condition = threading.Condition()
        self._finished = set()
        self.calls = []

    def perform(self, name, call):
        with self._condition:
            self._condition.wait_for(lambda: self._next() in (name, None), timeout=30)
            if self._next() == name:
                self._order.pop(0)
            self.calls.append(name)
            try:
                return call()
            finally:
                self._condition.notify_all()

    def finish(self, name):
        with self._condition:
            self._finished.add(name)
            self._condition.notify_all()

    def _next(self):
        while self._order and self._order[0] in self._finished:
            self._order.pop(0)
        return self._order[0] if self._order else None


class Instance:
    """The spreadsheets as one instance of a function sees them."""

    def __init__(self, name, spreadsheets, timetable):
        self._name = name
        self._spreadsheets = spreadsheets
        self._timetable = timetable

    def read(self, spreadsheet_id, areas=()):
        return self._timetable.perform(self._name, lambda: self._spreadsheets.read(spreadsheet_id, areas))

    def apply(self, spreadsheet_id, changes, areas=()):
        self._timetable.perform(self._name, lambda: self._spreadsheets.apply(spreadsheet_id, changes))


def run_at_once(office, messages, order=()):
    """Each message in an instance of its own, named A, B ...; returns the replies."""
    timetable = Timetable(order)

    def run(name, message):
        instance = Instance(name, office.world.spreadsheets, timetable)
        try:
            return handle(message, replace(office.world.backend, spreadsheets=instance))
        finally:
            timetable.finish(name)

    with ThreadPoolExecutor(len(messages)) as pool:
        names = [chr(ord("A") + number) for number in range(len(messages))]
        return list(pool.map(run, names, messages))


def everything_is_there_once(office, records):
    identities = sorted({record.identity for record in records})
    assert sorted(office.stored_ids()) == identities
    assert sorted(office.indexed_ids()) == identities


MORNING = punch("ann", "2026-11-03 09:00")
NOON = punch("ann", "2026-11-03 12:00")
EVENING = punch("ann", "2026-11-03 17:00")
ORDERS = ["".join(order) for order in itertools.product("AB", repeat=5)]


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_the_same_message_in_two_instances(order):
    office, once = ReviewBook(), ReviewBook()
    once.store(MORNING, EVENING)
    replies = run_at_once(office, [office.message(MORNING, EVENING)] * 2, order)

    assert {reply.confirmed for reply in replies} == {(MORNING.identity, EVENING.identity)}
    assert office.content() == once.content()


@pytest.mark.parametrize("order", ORDERS)
def test_two_messages_that_overlap_in_two_instances(order):
    office, once = ReviewBook(), ReviewBook()
    once.store(MORNING, NOON, EVENING)
    messages = [office.message(MORNING, NOON), office.message(EVENING, NOON)]
    run_at_once(office, messages, order)

    everything_is_there_once(office, [MORNING, NOON, EVENING])
    assert office.unordered() == once.unordered()


@pytest.mark.slow
@pytest.mark.parametrize("order", ORDERS)
def test_two_sites_in_two_instances(order):
    """Their raw rows stand apart; the person's day is one."""
    office, once = ReviewBook(sites=("berlin", "hamburg")), ReviewBook(sites=("berlin", "hamburg"))
    elsewhere = punch("ann", "2026-11-03 18:00", serial_number="SN2")
    once.store(MORNING)
    once.store(elsewhere, site="hamburg")
    run_at_once(office, [office.message(MORNING), office.message(elsewhere, site="hamburg")], order)

    assert office.unordered() == once.unordered()
    assert office.day("ann", TUESDAY) == (9.0, 18.0, None)


@pytest.mark.parametrize("order", ORDERS[::3])
def test_somebody_is_hired_once(order):
    office = ReviewBook()
    office.keeps(*ROSTER, CARL)
    records = punch("carl", "2026-11-03 09:00"), punch("carl", "2026-11-03 17:00")
    run_at_once(office, [office.message(record) for record in records], order)

    everything_is_there_once(office, records)
    assert office.day("carl", TUESDAY) == (9.0, 17.0, None)
    assert [who for who, _ in office.troubles()] == ["Carl Cook"]
    assert office.sheet("Days").row_count == 1 + 3 * 3


@pytest.mark.parametrize("order", ORDERS[::3])
def test_a_site_is_added_while_another_stores(order):
    office = ReviewBook()
    creation = CreateReviewSheet(location="hamburg", request_id="r9", period=NOVEMBER)
    run_at_once(office, [office.message(MORNING), creation], order)

    everything_is_there_once(office, [MORNING])
    assert office.sheet("Raw Data - hamburg").row_count == 2


@pytest.mark.parametrize("order", ORDERS[::3])
def test_hidden_worksheets_are_rebuilt_once(order):
    office = ReviewBook()
    office.store(MORNING)
    office.book.sheets = [sheet for sheet in office.book.sheets if not sheet.hidden]
    run_at_once(office, [office.message(MORNING, NOON), office.message(EVENING, NOON)], order)

    everything_is_there_once(office, [MORNING, NOON, EVENING])
    assert office.day("ann", TUESDAY) == (9.0, 17.0, None)


def test_ten_at_once():
    office, once = ReviewBook(), ReviewBook()
    once.store(MORNING, NOON, EVENING)
    run_at_once(office, [office.message(MORNING, NOON, EVENING)] * 10)

    assert office.content() == once.content()


def test_ten_different_ones_at_once():
    """Of those who read the same version one succeeds: nobody of ten loses more often than nine times."""
    office = ReviewBook()
    records = [punch("ann", f"2026-11-03 {hour:02}:00") for hour in range(8, 18)]
    messages = [office.message(record) for record in records]
    left = messages
    while left:
        failed = []
        for message, outcome in zip(left, _outcomes(office, left), strict=True):
            if isinstance(outcome, OutdatedError):
                failed.append(message)
        assert len(failed) < len(left)
        left = failed

    everything_is_there_once(office, records)
    assert office.day("ann", TUESDAY) == (8.0, 17.0, None)


def _outcomes(office, messages):
    timetable = Timetable("")

    def run(message):
        instance = Instance("", office.world.spreadsheets, timetable)
        try:
            return handle(message, replace(office.world.backend, spreadsheets=instance))
        except OutdatedError as error:
            return error

    with ThreadPoolExecutor(len(messages)) as pool:
        return list(pool.map(run, messages))


class Rival:
    """Spreadsheets in which somebody else writes just before each write of ours."""

    def __init__(self, office, times):
        self._spreadsheets = office.world.spreadsheets
        self._book = office.book
        self.times = times

    def read(self, spreadsheet_id, areas=()):
        return self._spreadsheets.read(spreadsheet_id, areas)

    def apply(self, spreadsheet_id, changes, areas=()):
        if self.times:
            self.times -= 1
            self._book.version = f"of the rival, {self.times}"
        self._spreadsheets.apply(spreadsheet_id, changes)


@pytest.mark.parametrize(("times", "tried"), [(MAX_TRIES - 1, True), (MAX_TRIES, False)])
def test_patience_with_others_ends(times, tried):
    office = ReviewBook()
    before = office.content()
    backend = replace(office.world.backend, spreadsheets=Rival(office, times))
    if tried:
        handle(office.message(MORNING), backend)
        everything_is_there_once(office, [MORNING])
    else:
        with pytest.raises(OutdatedError, match="changed by somebody else"):
            handle(office.message(MORNING), backend)
        assert office.content() == before


def test_a_version_that_a_person_deleted_is_added_anew():
    office = ReviewBook()
    assert office.book.version is not None
    office.book.version = None
    office.store(MORNING)

    everything_is_there_once(office, [MORNING])
    assert office.book.version is not None


def test_a_writer_that_has_nothing_to_do_with_the_punch_index_needs_none():
    """Somebody deleted it, and the next message is no punch."""
    office = ReviewBook()
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != "Punch Index"]
    view = office.world.spreadsheets.read(office.sheet_id, [Area("Guide")])
    change = WriteCells(view.worksheet("Guide").sheet_id, 0, 1, ((NewCell("yes"),),))
    write_optimistically(office.world.spreadsheets, lambda: Draft(view, [change], None))

    assert office.sheet("Guide").cells[0, 1] == "yes"
    assert office.book.version != view.version


def test_each_write_has_a_version_of_its_own():
    office = ReviewBook()
    versions = [office.book.version]
    for record in (MORNING, NOON):
        office.store(record)
        versions.append(office.book.version)
    office.store(NOON)

    assert len(set(versions)) == 3
    assert office.book.version == versions[-1]


def test_a_rebuild_takes_its_turn_as_well():
    office = ReviewBook()
    office.store(MORNING)
    office.sheet("Days").cells.pop(office.place("ann", "in", TUESDAY))
    backend = replace(office.world.backend, spreadsheets=Rival(office, 1))

    assert len(refresh.rebuild_facts(office.sheet_id, NOVEMBER, backend).differences) == 1
    assert office.day("ann", TUESDAY) == (9.0, None, None)


def test_a_version_whose_worksheet_is_deleted_again_and_again_is_no_obstacle():
    """Its name stays taken; the next write goes on under another one, and two writers still exclude each other."""
    office = ReviewBook()
    office.store(MORNING)
    for hour in (10, 11, 12, 13, 14, 15, 16):
        office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title != "Punch Index"]
        office.store(punch("ann", f"2026-11-03 {hour}:00"))

    view = office.world.spreadsheets.read(office.sheet_id)
    assert view.version_number > 4
    office.store(EVENING)
    with pytest.raises(OutdatedError):
        office.world.spreadsheets.apply(office.sheet_id, [succession(view, [], 0)])


def test_the_version_lies_on_a_worksheet_that_is_there_after_the_write():
    """With one that is removed it would go, and the next write would find none."""
    office = ReviewBook()
    view = office.world.spreadsheets.read(office.sheet_id)
    hidden = (PUNCH_INDEX_ID, DAYS_ID)
    assert succession(view, [], 0).sheet_id == PUNCH_INDEX_ID
    assert succession(view, [RemoveWorksheet(PUNCH_INDEX_ID)], 0).sheet_id == DAYS_ID
    assert succession(view, [*map(RemoveWorksheet, hidden)], 0).sheet_id not in hidden
    assert (
        succession(view, [*map(RemoveWorksheet, hidden), AddWorksheet(DAYS_ID, "Days", 1, 1)], 0).sheet_id
        == DAYS_ID
    )


@pytest.mark.parametrize(("has_version", "tries"), [(True, 1), (False, MAX_TRIES)])
def test_what_the_service_refuses_whatever_the_version(has_version, tries):
    """Without a version the name of the next one may be what is refused, and others are tried first."""
    office = ReviewBook()
    if not has_version:
        office.book.version = None
    before = office.content()
    drafts = []

    def draft():
        drafts.append(office.world.spreadsheets.read(office.sheet_id))
        return Draft(drafts[-1], [WriteCells(404, 0, 0, ((NewCell("x"),),))], None)

    with pytest.raises(RefusedError, match="no worksheet 404"):
        write_optimistically(office.world.spreadsheets, draft)
    assert len(drafts) == tries
    assert office.content() == before
