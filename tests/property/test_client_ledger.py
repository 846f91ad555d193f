"""The ledger beside a small model: whatever order things come in, each punch counts once."""

from collections import Counter
from datetime import date, datetime, time, timedelta
from itertools import accumulate, pairwise

from hypothesis import given
from hypothesis import strategies as st

from attendance_client.machine.port import AttendanceLog, LoggedPunch, UndecodableRecord
from attendance_client.relay.ledger import Ledger
from attendance_contracts import ReviewPeriod

BOUNDARY = time(4)
READ_AT = datetime(2026, 11, 30, 12)
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
DECEMBER = ReviewPeriod("December 2026", date(2026, 12, 1), date(2026, 12, 31))

# A small world of people and seconds around the end of a period, so that punches agree in all their parts.
edge = NOVEMBER.closes_at(BOUNDARY)
punches = st.builds(
    lambda user, seconds, key: LoggedPunch(user, edge + timedelta(seconds=seconds), 1, key, b"raw"),
    st.sampled_from(("1001", "1002")),
    st.integers(-2, 2) | st.sampled_from((-40 * 86_400, 40 * 86_400)),
    st.sampled_from((0, 255)),
)
logs = st.lists(punches, max_size=25)


def filled(*logs, sheets=True):
    ledger = Ledger(":memory:", BOUNDARY)
    for log in logs:
        ledger.add_log("A1", AttendanceLog(tuple(log), ()), READ_AT)
    if sheets:
        ledger.open_period(NOVEMBER, "november")
        ledger.open_period(DECEMBER, "december")
    return ledger


def all_of(ledger, period):
    chunk = ledger.next_chunk(period, 10_000)
    return () if chunk is None or chunk.period != period else chunk.records


@given(log=logs, choice=st.randoms(use_true_random=False))
def test_the_order_in_which_a_log_is_read_does_not_matter(log, choice):
    shuffled = list(log)
    choice.shuffle(shuffled)
    one, other = filled(log), filled(shuffled)

    for period in (NOVEMBER, DECEMBER):
        assert all_of(one, period) == all_of(other, period)
    one.close()
    other.close()


@given(log=logs, cuts=st.lists(st.integers(0, 25), max_size=4))
def test_reading_a_growing_log_again_and_again_is_reading_it_once(log, cuts):
    again, once = filled(*(log[:cut] for cut in sorted(cuts)), log, log), filled(log)

    assert again.summary() == once.summary()
    assert all_of(again, NOVEMBER) == all_of(once, NOVEMBER)
    again.close()
    once.close()


@given(log=logs)
def test_the_number_of_new_records_is_told(log):
    ledger = Ledger(":memory:", BOUNDARY)
    half = log[: len(log) // 2]

    assert ledger.add_log("A1", AttendanceLog(tuple(half), ()), READ_AT) == len(half)
    assert ledger.add_log("A1", AttendanceLog(tuple(log), ()), READ_AT) == len(log) - len(half)
    assert ledger.add_log("A1", AttendanceLog(tuple(log), ()), READ_AT) == 0
    ledger.close()


@given(log=logs)
def test_equal_punches_are_told_apart_by_their_occurrence(log):
    ledger = filled(log)
    counted = Counter((punch.user_id, punch.timestamp, punch.punch) for punch in log)

    for period in (NOVEMBER, DECEMBER):
        expected = {
            (user, at, key, occurrence)
            for (user, at, key), count in counted.items()
            for occurrence in range(1, count + 1)
            if period.holds(at, BOUNDARY)
        }
        records = all_of(ledger, period)
        assert {
            (record.user_id, record.timestamp, record.punch, record.occurrence) for record in records
        } == expected
        assert len(records) == len(expected) == ledger.backlog_of(period)
    ledger.close()


@given(log=logs, limits=st.lists(st.integers(1, 7), min_size=1, max_size=30), skip=st.booleans())
def test_chunks_partition_the_backlog(log, limits, skip):
    """However they are cut, and whether or not each is confirmed in full, all are handed out and each at last once."""
    ledger = filled(log)
    expected = [record.identity for record in all_of(ledger, NOVEMBER)]
    confirmed = []
    for limit in [*limits, *[7] * len(log)]:
        chunk = ledger.next_chunk(NOVEMBER, limit)
        if chunk is None or chunk.period != NOVEMBER:
            break
        assert len(chunk.records) <= limit
        assert (chunk.period, chunk.sheet_id) == (NOVEMBER, "november")
        identities = [record.identity for record in chunk.records]
        part = identities[: max(1, len(identities) // 2)] if skip else identities
        ledger.confirm(tuple(part), chunk.sheet_id)
        confirmed += part

    assert confirmed == expected
    assert ledger.backlog_of(NOVEMBER) == 0
    ledger.close()


@given(log=logs, times=st.integers(1, 3))
def test_confirming_twice_changes_nothing(log, times):
    ledger = filled(log)
    identities = tuple(record.identity for record in all_of(ledger, NOVEMBER))
    for sheet_id in ("november", *["another"] * times):
        ledger.confirm(identities, sheet_id)

    summary = ledger.summary()
    assert summary.confirmed == len(identities)
    assert summary.punches == summary.confirmed + summary.backlog + summary.without_period == len(log)
    ledger.close()


@given(log=logs, serials=st.lists(st.sampled_from(("A1", "B2")), min_size=1, max_size=3))
def test_a_replaced_machine_is_a_new_source(log, serials):
    ledger = Ledger(":memory:", BOUNDARY)
    for serial in serials:
        ledger.add_log(serial, AttendanceLog(tuple(log), ()), READ_AT)

    assert ledger.summary().punches == len(set(serials)) * len(log)
    ledger.close()


@given(raws=st.lists(st.binary(max_size=4), max_size=6))
def test_undecodable_records_are_kept_once_each(raws):
    ledger = Ledger(":memory:", BOUNDARY)
    odd = tuple(UndecodableRecord(raw, "no such date") for raw in raws)
    for _ in range(2):
        ledger.add_log("A1", AttendanceLog((), odd), READ_AT)

    assert ledger.summary().undecodable == len(set(raws))
    ledger.close()


@given(log=logs)
def test_without_a_sheet_nothing_is_handed_out(log):
    ledger = filled(log, sheets=False)

    assert ledger.next_chunk(NOVEMBER, 500) is None
    assert ledger.summary().without_period == len(log)
    ledger.close()


@given(log=logs, lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5))
def test_consecutive_periods_share_out_the_punches(log, lengths):
    ledger = filled(log, sheets=False)
    ends = list(accumulate(lengths, initial=0))
    start = date(2026, 11, 1)
    periods = [
        ReviewPeriod(f"P{first}", start + timedelta(days=first), start + timedelta(days=end - 1))
        for first, end in pairwise(ends)
    ]
    for period in periods:
        ledger.open_period(period, period.name)

    handed_out = [record.identity for period in periods for record in all_of(ledger, period)]
    assert len(handed_out) == len(set(handed_out))
    assert len(handed_out) + ledger.summary().without_period == len(log)
    ledger.close()
