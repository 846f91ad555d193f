"""Whatever is punched: sums that can be true, in any order, and flags that stay."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from attendance_backend.domain.days import KeyPolicy, Punch, SiteRules, day_times, flags_of

POLICIES = st.sampled_from(list(KeyPolicy))
SECONDS = st.lists(st.integers(0, 30 * 3600), max_size=12)
GAPS = st.integers(0, 600)

DAY = date(2026, 10, 25)
RULES = {
    "berlin": SiteRules(ZoneInfo("Europe/Berlin"), time(4)),
    "lisbon": SiteRules(ZoneInfo("Europe/Lisbon"), time(4), KeyPolicy.PAIRS, 30),
    "nowhere": SiteRules(),
}
PUNCHES = st.lists(
    st.builds(
        Punch,
        st.integers(0, 26 * 60).map(
            lambda minutes: datetime.combine(DAY, time()) + timedelta(minutes=minutes)
        ),
        st.sampled_from([*RULES, "unknown"]),
    ),
    max_size=8,
)


@given(st.data(), SECONDS, POLICIES, GAPS)
def test_the_order_of_arrival_does_not_matter(data, seconds, policy, gap):
    shuffled = data.draw(st.permutations(seconds))

    assert day_times(shuffled, policy, gap) == day_times(seconds, policy, gap)


@given(SECONDS, POLICIES, GAPS)
def test_sums_that_can_be_true(seconds, policy, gap):
    found = day_times(seconds, policy, gap)

    assert found.check_in == min(seconds, default=None)
    assert found.breaks >= 0
    if found.check_in is None or found.check_out is None:
        return
    assert found.check_out == max(seconds)
    assert found.check_out - found.check_in > gap
    assert found.breaks < found.check_out - found.check_in


@given(SECONDS, POLICIES, GAPS)
def test_a_punch_that_comes_twice_changes_nothing(seconds, policy, gap):
    assert day_times(seconds * 2, policy, gap) == day_times(seconds, policy, gap)


@given(PUNCHES, PUNCHES)
def test_a_further_punch_takes_no_flag_away(some, more):
    assert flags_of(DAY, some, "berlin", RULES) <= flags_of(DAY, [*some, *more], "berlin", RULES)
