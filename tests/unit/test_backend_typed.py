"""Times and lengths of time as people type them: the spellings, the questions, and what the docs say of both."""

import re
from datetime import date
from pathlib import Path

import pytest

from attendance_backend.sheet import serial, typed
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.typed import DURATION_SPELLINGS, TIME_SPELLINGS, AskBackError, TypedDate, Unit

DAY_S = 86_400
FOR_HR = (Path(__file__).parents[2] / "docs" / "for-hr.md").read_text(encoding="utf-8")
TIMES = [example for spelling in TIME_SPELLINGS for example in spelling.examples.items()]
DURATIONS = [example for spelling in DURATION_SPELLINGS for example in spelling.examples.items()]


def asked(read, *args):
    with pytest.raises(AskBackError) as caught:
        read(*args)
    return str(caught.value)


def date_of(value):
    return typed.typed_date(Worksheet(1, "2026", 10, 10, {(0, 0): Cell(value)}), 0, 0)


@pytest.mark.parametrize(("spelled", "seconds"), TIMES)
def test_times_of_day(spelled, seconds):
    assert typed.time_of_day(spelled) == seconds
    assert typed.time_of_day(f"\u00a0{spelled.upper()}  ") == seconds


@pytest.mark.parametrize("unit", Unit)
@pytest.mark.parametrize(("spelled", "seconds"), DURATIONS)
def test_lengths_of_time_with_a_unit_mean_the_same_in_every_cell(spelled, seconds, unit):
    assert typed.duration(spelled, unit, DAY_S) == seconds


@pytest.mark.parametrize("spelled", typed.DATE_EXAMPLES)
def test_dates_that_leave_no_doubt(spelled):
    day = date(2026, 10, 12)
    found = date_of(spelled)
    assert found is not None
    assert {found.month_first, found.day_first} - {None} == {day} or found == TypedDate(day, day)


@pytest.mark.parametrize(
    ("value", "ask"),
    [
        (8.5, "type 8:30 or 8:50, whichever is meant"),
        ("8.25", "type 8:15 or 8:25, whichever is meant"),
        (1.25, "type 1:15 or 1:25 or 30 h 00, whichever is meant"),
        (1.0, "type 1:00 or 24 h 00, whichever is meant"),
        (0.3, "type 0:30 or 7 h 12, whichever is meant"),
        ("0:30 pm", "type a time such as 09:00"),
        ("13 am", "type a time such as 09:00"),
        ("9:60", "type a time such as 09:00"),
        ("36:00", "type a time such as 09:00"),
        (30.0, "type a time such as 09:00"),
        ("", "type a time such as 09:00"),
    ],
)
def test_a_time_that_can_be_two_or_none_is_asked_back(value, ask):
    assert asked(typed.time_of_day, value) == ask


@pytest.mark.parametrize(
    ("value", "unit", "ask"),
    [
        (0.5, Unit.HOURS, "type 12 h or 30 min, whichever is meant"),
        (0.3, Unit.HOURS, "type 18 min or 30 min or 7 h 12 min, whichever is meant"),
        (1.0, Unit.HOURS, "type 1 h or 24 h, whichever is meant"),
        (7.3, Unit.HOURS, "type 7 h 18 min or 7 h 30 min, whichever is meant"),
        ("7.30 h", Unit.HOURS, "type 7 h 18 min or 7 h 30 min, whichever is meant"),
        (0.0, Unit.HOURS, "type 0 h if all hours are overtime, or 24 h if none are"),
        ("1:00", Unit.MINUTES, "type 1 h or 1 min, whichever is meant"),
        (1 / 24, Unit.MINUTES, "type 1 h or 1 min, whichever is meant"),
        ("0:10", Unit.SECONDS, "type 10 s or 10 min, whichever is meant"),
        ("25 h", Unit.HOURS, "type a length of time such as 8 h, at most 24 hours"),
        ("soon", Unit.MINUTES, "type a length of time such as 5 min, at most 1440 minutes"),
        (2.5, Unit.SECONDS, "type a length of time such as 60 s, at most 86400 seconds"),
    ],
)
def test_a_length_that_can_be_two_or_none_is_asked_back(value, unit, ask):
    assert asked(typed.duration, value, unit, DAY_S) == ask


@pytest.mark.parametrize(
    ("value", "unit", "seconds"),
    [(1 / 3, Unit.HOURS, 28800), (9 / 24, Unit.HOURS, 32400), (7.5, Unit.HOURS, 27000), ("7.4 h", Unit.HOURS, 26640),
     ("0 h", Unit.HOURS, 0), (0.0, Unit.MINUTES, 0), (5 / 1440, Unit.MINUTES, 300), (60.0, Unit.SECONDS, 60)],
)  # fmt: skip
def test_what_a_spreadsheet_makes_of_a_length(value, unit, seconds):
    assert typed.duration(value, unit, DAY_S) == seconds


@pytest.mark.parametrize(
    "value",
    [
        "Tue 12 Oct 2026",
        "12 Oct",
        "12-10-26",
        "2026-13-01",
        "12 Okt 2026",
        2026.0,
        0.375,
        1e300,
        -1e300,
        True,
    ],
)
def test_what_is_no_date(value):
    assert date_of(value) is None


def test_dates_in_either_order_stay_in_doubt():
    assert date_of("2/11/26") == TypedDate(date(2026, 2, 11), date(2026, 11, 2))
    assert date_of(serial.from_date(date(2026, 11, 2))) == TypedDate(
        date(2026, 11, 2), date(2026, 11, 2), is_number=True
    )
    assert (
        date_of("2026-11-02 00:00:00")
        == date_of(20261102.0)
        == TypedDate(date(2026, 11, 2), date(2026, 11, 2))
    )


def test_names_are_found_in_another_case_with_other_blanks_and_signs():
    assert typed.key("  New\u00a0\u00a0YORK\u200b ") == typed.key("new york")
    assert typed.squeezed("\uff19\uff1a\uff10\uff10\n pm") == "9:00 pm"


def test_the_docs_quote_spellings_of_each_kind_and_no_others():
    section = FOR_HR.partition("## How to type times, lengths of time and dates")[2].partition("\n## ")[0]
    quoted = {
        kind: re.findall(r"`([^`]+)`", line)
        for kind, line in re.findall(r"^\| ([^|]+) \|(.*)$", section, re.MULTILINE)
    }
    for words, spellings in (("a time of day", TIME_SPELLINGS), ("a length of time", DURATION_SPELLINGS)):
        known = [set(spelling.examples) for spelling in spellings if spelling.examples]
        assert set(quoted[words]) <= set().union(*known)
        assert all(examples & set(quoted[words]) for examples in known)
    assert quoted["a date"] == list(typed.DATE_EXAMPLES)
