"""Review periods part time without gaps and overlaps; identities part punches."""

from dataclasses import replace
from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from attendance_contracts import ReviewPeriod, business_day
from tests.property import strategies

lengths = st.lists(st.integers(1, 60), min_size=1, max_size=6)


def consecutive(first_day, lengths):
    found = []
    for number, days in enumerate(lengths):
        last_day = first_day + timedelta(days=days - 1)
        found.append(ReviewPeriod(f"Period {number}", first_day, last_day))
        first_day = last_day + timedelta(days=1)
    return found


@given(
    first=strategies.dates,
    lengths=lengths,
    boundary=strategies.boundaries,
    seconds=st.integers(0, 86_400 * 60),
)
def test_every_moment_belongs_to_exactly_one_of_consecutive_periods(first, lengths, boundary, seconds):
    periods = consecutive(first, lengths)
    moment = datetime.combine(first, boundary) + timedelta(seconds=seconds)
    within = moment < periods[-1].closes_at(boundary)

    assert sum(period.holds(moment, boundary) for period in periods) == int(within)


@given(period=strategies.periods, boundary=strategies.boundaries, seconds=st.integers(-90_000, 90_000))
def test_the_window_and_the_business_day_say_the_same(period, boundary, seconds):
    for edge in (period.opens_at(boundary), period.closes_at(boundary)):
        moment = edge + timedelta(seconds=seconds)

        in_window = period.opens_at(boundary) <= moment < period.closes_at(boundary)
        assert period.holds(moment, boundary) is in_window


@given(first=strategies.dates, boundary=strategies.boundaries)
def test_a_period_ends_where_the_next_one_begins(first, boundary):
    one, two = consecutive(first, [7, 7])

    assert one.closes_at(boundary) == two.opens_at(boundary)
    assert not one.holds(one.closes_at(boundary), boundary)
    assert one.holds(one.closes_at(boundary) - timedelta(seconds=1), boundary)


@given(day=strategies.dates, boundary=strategies.boundaries, seconds=st.integers(0, 86_399))
def test_a_business_day_lasts_a_day_from_its_boundary(day, boundary, seconds):
    assert business_day(datetime.combine(day, boundary) + timedelta(seconds=seconds), boundary) == day


@given(record=strategies.records, other=strategies.records)
def test_equal_identities_mean_equal_punches(record, other):
    assert (record.identity == other.identity) is (
        replace(record, user_name=None) == replace(other, user_name=None)
    )


@given(record=strategies.records, name=st.none() | strategies.texts)
def test_a_new_name_leaves_the_identity(record, name):
    assert replace(record, user_name=name).identity == record.identity
