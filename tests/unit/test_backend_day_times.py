"""What the punches of a day say, and what is worth a look."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from attendance_backend.domain.clocks import ClockChange, clock_change, is_ambiguous, zone_of
from attendance_backend.domain.days import (
    DayTimes,
    Flag,
    KeyPolicy,
    Punch,
    SiteRules,
    business_day_of,
    day_times,
    flags_of,
    rules_of_day,
    times_of,
)
from attendance_backend.domain.people import site_key

FIRST_AND_LAST, PAIRS = KeyPolicy.FIRST_AND_LAST, KeyPolicy.PAIRS
TUESDAY = date(2026, 11, 3)
BERLIN = ZoneInfo("Europe/Berlin")


def clock(*texts):
    """Seconds after midnight of "9:00" and the like; "26:30" is half past two in the next night."""
    seconds = []
    for text in texts:
        hours, minutes, *rest = map(int, text.split(":"))
        seconds.append(hours * 3600 + minutes * 60 + sum(rest))
    return seconds


def times(check_in, check_out, breaks=0):
    first, last = (None if text is None else clock(text)[0] for text in (check_in, check_out))
    return DayTimes(first, last, breaks * 60)


@pytest.mark.parametrize(
    ("punches", "first_and_last", "pairs"),
    [
        ((), times(None, None), times(None, None)),
        (("9:00",), times("9:00", None), times("9:00", None)),
        (("17:00", "9:00"), times("9:00", "17:00"), times("9:00", "17:00")),
        (("9:00", "12:00", "17:00"), times("9:00", "17:00"), times("9:00", None, 300)),
        (("9:00", "12:00", "12:30", "17:00"), times("9:00", "17:00"), times("9:00", "17:00", 30)),
        (
            ("9:00", "12:00", "12:30", "15:00", "15:10", "17:00"),
            times("9:00", "17:00"),
            times("9:00", "17:00", 40),
        ),
        # A second tap within a minute is none, and as a check-out the last of them counts.
        (("9:00:00", "9:00:40"), times("9:00", None), times("9:00", None)),
        (("9:00:00", "9:01:00"), times("9:00", None), times("9:00", None)),
        (("9:00:00", "9:01:01"), times("9:00", "9:01:01"), times("9:00", "9:01:01")),
        (
            ("9:00", "17:00:00", "17:00:10", "17:00:59"),
            times("9:00", "17:00:59"),
            times("9:00", "17:00:59"),
        ),
        # A break ends with the first tap of the way back in.
        (
            ("9:00", "12:00", "12:30:00", "12:30:40", "17:00"),
            times("9:00", "17:00"),
            times("9:00", "17:00", 30),
        ),
        # Somebody who taps every 40 seconds is not there for one minute only.
        (("9:00:00", "9:00:40", "9:01:20"), times("9:00", "9:01:20"), times("9:00", "9:01:20")),
        # Over midnight.
        (("21:00", "26:30"), times("21:00", "26:30"), times("21:00", "26:30")),
    ],
)
def test_a_day_by_each_policy(punches, first_and_last, pairs):
    seconds = clock(*punches)

    assert day_times(seconds, FIRST_AND_LAST, 60) == first_and_last
    assert day_times(reversed(seconds), PAIRS, 60) == pairs


def test_a_site_may_count_every_tap():
    assert day_times(clock("9:00:00", "9:00:01"), FIRST_AND_LAST, 0) == times("9:00", "9:00:01")
    assert day_times(clock("9:00", "9:00"), FIRST_AND_LAST, 0) == times("9:00", None)


def punches(*places):
    """Punches of "2026-11-03 09:00" at a site."""
    return [Punch(datetime.fromisoformat(moment), site) for moment, site in places]


RULES = {
    "berlin": SiteRules(BERLIN, time(4), FIRST_AND_LAST, 60),
    "hamburg": SiteRules(BERLIN, time(4), PAIRS, 60),
    "lisbon": SiteRules(ZoneInfo("Europe/Lisbon"), time(5), FIRST_AND_LAST, 0),
}


def test_a_day_follows_the_rules_of_the_persons_own_site():
    day = punches(
        ("2026-11-03 09:00", "berlin"),
        ("2026-11-03 12:00", "hamburg"),
        ("2026-11-03 13:00", "hamburg"),
        ("2026-11-03 17:00", "berlin"),
    )

    assert times_of(TUESDAY, day, "hamburg", RULES) == times("9:00", "17:00", 60)
    assert times_of(TUESDAY, day, "berlin", RULES) == times("9:00", "17:00")


def test_without_an_own_site_it_follows_those_of_the_first_punch():
    day = punches(
        ("2026-11-03 17:00", "berlin"), ("2026-11-03 09:00", "hamburg"), ("2026-11-03 12:00", "berlin")
    )

    assert rules_of_day(day, "", RULES) == ("hamburg", RULES["hamburg"])
    assert rules_of_day(day, "paris", RULES) == ("hamburg", RULES["hamburg"])
    assert times_of(TUESDAY, day, "", RULES) == times("9:00", None, 300)


def test_a_site_that_nobody_knows_counts_from_midnight():
    (punch,) = punches(("2026-11-04 02:00", "paris"))

    assert business_day_of(punch, RULES) == date(2026, 11, 4)
    assert times_of(TUESDAY, [], "", RULES) == DayTimes()


def test_each_punch_counts_for_a_day_by_its_own_sites_boundary():
    berlin, lisbon = punches(("2026-11-04 04:30", "berlin"), ("2026-11-04 04:30", "lisbon"))

    assert business_day_of(berlin, RULES) == date(2026, 11, 4)
    assert business_day_of(lisbon, RULES) == TUESDAY
    assert times_of(TUESDAY, [lisbon], "", RULES) == times("28:30", None)


@pytest.mark.parametrize(
    ("places", "flags"),
    [
        ([], set()),
        ([("2026-11-03 09:00:00", "berlin"), ("2026-11-03 17:00:00", "berlin")], set()),
        ([("2026-11-03 09:00:00", "berlin"), ("2026-11-03 09:01:00", "berlin")], {Flag.DOUBLE_TAP}),
        ([("2026-11-03 09:00:00", "berlin"), ("2026-11-03 09:01:01", "berlin")], set()),
        ([("2026-11-03 09:00:00", "berlin"), ("2026-11-03 09:00:00", "hamburg")], {Flag.DOUBLE_TAP}),
        ([("2026-11-03 09:00:00", "berlin"), ("2026-11-03 17:00:00", "lisbon")], {Flag.TWO_TIME_ZONES}),
        # In Berlin the clocks went back at three on 25 October 2026.
        ([("2026-10-25 01:59:59", "berlin")], set()),
        ([("2026-10-25 02:00:00", "berlin")], {Flag.AMBIGUOUS_HOUR}),
        ([("2026-10-25 02:59:59", "berlin")], {Flag.AMBIGUOUS_HOUR}),
        ([("2026-10-25 03:00:00", "berlin")], set()),
        ([("2026-10-25 02:30:00", "lisbon")], set()),
        ([("2026-10-25 02:30:00", "paris")], set()),
    ],
)
def test_what_is_worth_a_look(places, flags):
    day = datetime.fromisoformat(places[0][0]).date() if places else TUESDAY

    assert flags_of(day, punches(*places), "", RULES) == flags


def test_what_a_double_tap_is_the_persons_own_site_says():
    """In Lisbon every tap counts; Ann works there, and punches twice within the minute in Berlin."""
    day = punches(("2026-11-03 09:00:00", "berlin"), ("2026-11-03 09:00:30", "berlin"))

    assert flags_of(TUESDAY, day, "lisbon", RULES) == set()
    assert flags_of(TUESDAY, day, "berlin", RULES) == {Flag.DOUBLE_TAP}


def test_two_names_of_one_time_are_not_two_time_zones():
    rules = {**RULES, "paris": SiteRules(ZoneInfo("Europe/Paris"))}
    day = punches(("2026-11-03 09:00", "berlin"), ("2026-11-03 17:00", "paris"))

    assert flags_of(TUESDAY, day, "", rules) == set()


def test_sites_are_compared_without_case_and_blanks():
    assert site_key(" Berlin ") == site_key("berlin") == "berlin"


# Clocks


@pytest.mark.parametrize(
    ("first", "last", "change"),
    [
        (date(2026, 3, 2), date(2026, 3, 29), ClockChange(datetime(2026, 3, 29, 2), timedelta(hours=1))),
        (date(2026, 3, 2), date(2026, 3, 27), None),
        (date(2026, 3, 29), date(2026, 3, 29), ClockChange(datetime(2026, 3, 29, 2), timedelta(hours=1))),
        (date(2026, 3, 30), date(2026, 4, 26), None),
        (date(2026, 10, 5), date(2026, 11, 1), ClockChange(datetime(2026, 10, 25, 3), timedelta(hours=-1))),
        # A night shift of the last day may end after the change.
        (date(2026, 10, 5), date(2026, 10, 24), ClockChange(datetime(2026, 10, 25, 3), timedelta(hours=-1))),
        (date(2026, 10, 5), date(2026, 10, 23), None),
    ],
)
def test_when_berlins_clocks_are_changed(first, last, change):
    assert clock_change(first, last, BERLIN) == change


def test_a_change_of_half_an_hour():
    lord_howe = clock_change(date(2026, 4, 1), date(2026, 4, 30), ZoneInfo("Australia/Lord_Howe"))

    assert lord_howe == ClockChange(datetime(2026, 4, 5, 2), timedelta(minutes=-30))


def test_the_hour_that_is_left_out_in_spring_is_not_ambiguous():
    assert not is_ambiguous(datetime(2026, 3, 29, 2, 30), BERLIN)


@pytest.mark.parametrize("name", ["", "Mars/Base", "../../etc/passwd", "Europe"])
def test_an_unknown_time_zone_is_none(name):
    assert zone_of(name) is None
