"""Months that Hypothesis makes up, computed by the stand-in's engine and compared with plain Python.

Each computation costs seconds: a few examples hold several workbooks with many people each. Nothing is shrunk, for the
same reason; the differences that are printed name a person and a day.
"""

import os
import tempfile
from datetime import date, datetime, time, timedelta
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from tests.integration.workbook_check import differences, errors
from tests.integration.workbook_office import build, computed, in_libreoffice, new_server
from tests.integration.workbook_truth import DAY, Correction, Employee, Month, Site

PEOPLE = 25
ZONES = ("Europe/Berlin", "Asia/Karachi", "America/New_York", "Australia/Lord_Howe", "UTC")
BOUNDARIES = (time(0), time(4), time(12), time(5, 30))


def words(letters):
    # The engine does not find a text with a tilde right after a question mark; see sheets/engine.py of the sandbox.
    return st.text(st.sampled_from(letters), min_size=1, max_size=8).filter(lambda text: "?~" not in text)


NAMES = words("abAB1é*?~=<>.'\"/@-_ü&(Z")
USERS = words("abc1*?~=<>.'\"/[]-_ü")
"""What can stand before the @ of an e-mail address in HR's list."""


@st.composite
def sites(draw, last):
    """Up to three offices. The first has told how it is, without which HR's rules would not be in the workbook."""
    complete = st.one_of(st.none(), st.integers(0, 20).map(lambda back: last - back * DAY))
    noon = datetime.combine(last, time(12))
    return [
        Site(
            name,
            draw(st.sampled_from(ZONES)),
            draw(st.sampled_from(BOUNDARIES)),
            pairs=draw(st.booleans()),
            double_tap_s=draw(st.sampled_from((0, 60, 300))),
            complete_through=draw(complete) if is_heard else None,
            heard=noon if is_heard else None,
        )
        for name in ("north", "south", "old_town")[: draw(st.integers(1, 3))]
        for is_heard in [name == "north" or draw(st.booleans())]
    ]


@st.composite
def punches(draw, month, site):
    """Punches at one office, anywhere in the period; clock changes are dealt with in the other tests."""
    begin = datetime.combine(month.first, site.boundary)
    end = datetime.combine(month.last + DAY, site.boundary)
    seconds = st.integers(0, round((end - begin).total_seconds()) - 1)
    found = draw(st.lists(seconds, max_size=12, unique=True))
    found += [near for first in found[:3] if (near := first + draw(st.integers(1, 40_000))) not in found]
    return tuple(
        (site.name, begin + timedelta(seconds=second))
        for second in found
        if begin + timedelta(seconds=second) < end
    )


@st.composite
def employment(draw, month):
    """Most people are there the whole time; the others begin and leave on any day, in the period or not.

    Everybody is there on a day of it: others are in no workbook, which tests/unit/test_backend_healing.py sees to.
    """
    if draw(st.integers(0, 2)):
        return {}
    last = (month.last - month.first).days
    begins = draw(st.integers(-9, last))
    leaves = draw(st.integers(max(begins, 0), last + 9))
    began, left = month.first + begins * DAY, month.first + leaves * DAY
    return {
        "began": draw(st.sampled_from((began, None))),
        "left": draw(st.sampled_from((left, None))),
    }


@st.composite
def corrections(draw, month):
    days = st.integers(-2, (month.last - month.first).days + 2).map(lambda number: month.first + number * DAY)
    who = st.sampled_from([employee.name for employee in month.employees] + ["Nobody", ""])
    time_of_day = st.times().map(lambda moment: moment.replace(microsecond=0, second=0))
    values = st.one_of(
        time_of_day, st.sampled_from(("soon", None)), st.integers(24, 40).map(lambda h: timedelta(hours=h))
    )
    row = st.builds(
        Correction,
        st.one_of(days, st.just("someday")) if draw(st.booleans()) else days,
        who,
        st.sampled_from(("check in", "check out", "leave", "waive penalty", "note", "CHECK IN", "ill")),
        values,
        st.one_of(st.none(), days),
    )
    return draw(st.lists(st.one_of(row, st.none()), min_size=10, max_size=60))


@st.composite
def months(draw):
    # No clock is changed in these weeks, in none of the zones.
    first = date(2026, 5, 28) + draw(st.integers(0, 9)) * DAY
    month = Month(first, first + draw(st.integers(6, 34)) * DAY, [], [])
    month.sites = draw(sites(month.last))
    month.grace_min = draw(st.sampled_from((0, 7, 60)))
    month.overtime_h = draw(st.sampled_from((2, 7.5, 8, 24)))
    users = draw(
        st.lists(USERS, min_size=PEOPLE, max_size=PEOPLE, unique_by=lambda user: user.strip().casefold())
    )
    for user in users:
        site = draw(st.sampled_from(month.sites))
        month.employees.append(
            Employee(
                draw(NAMES),
                user,
                draw(st.sampled_from((time(0, 1), time(9), time(15, 10), time(22)))),
                site.name if draw(st.booleans()) else "",
                punches=draw(punches(month, site)),
                **draw(employment(month)),
            )
        )
    days = st.integers(0, (month.last - month.first).days).map(lambda number: month.first + number * DAY)
    free = st.tuples(
        days, st.sampled_from(("Feast", "Fair [of all]")), st.sampled_from(("", "north", "south"))
    )
    month.holidays = draw(st.lists(free, max_size=4, unique_by=lambda holiday: (holiday[0], holiday[2])))
    month.corrections = draw(corrections(month))
    return month


@settings(
    max_examples=2,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(st.lists(months(), min_size=3, max_size=3))
def test_every_derived_value_is_right(made):
    with tempfile.TemporaryDirectory() as folder, new_server() as server:
        for number, month in enumerate(made):
            build(server, month, f"Month {number}")
        books = computed(server)
        if os.environ.get("CI"):
            assert in_libreoffice(Path(folder), server).disagreements == []
    for number, month in enumerate(made):
        found, compared = differences(books[f"Month {number}"], month)
        assert found == []
        assert errors(books[f"Month {number}"]) == []
        assert compared > PEOPLE * 3 * 7
