"""Whatever people type for a time, a length of time or a date: it is understood as meant, or asked back."""

import re
from datetime import date

from hypothesis import assume, example, given
from hypothesis import strategies as st

from attendance_backend.sheet import typed
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.sheet.typed import AskBackError, TypedDate, Unit

HOUR_S, DAY_S = 3600, 86_400
NEXT_NOON_S = 36 * HOUR_S
FULL_WIDTH = str.maketrans(
    "0123456789:.", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff1a\uff0e"
)

# -- how people write


def clock_forms(hour, minute):
    """A time of day as people write it on a clock of 24 hours."""
    forms = [f"{hour}:{minute:02}", f"{hour:02}:{minute:02}", f"{hour}.{minute:02}", f"{hour}:{minute:02}:00"]
    forms += [
        f"{hour}h{minute:02}",
        f"{hour} h {minute:02}",
        f"{hour}:{minute:02} h",
        f"{hour:02}{minute:02}",
    ]
    forms += [f"{hour} : {minute:02}", f"{hour}.{minute:02}h", f"{hour},{minute:02}"]
    return forms + ([f"{hour}", f"{hour} h", f"{hour:02}h"] if minute == 0 and hour <= 24 else [])


def half_day_forms(hour, minute):
    """The same with a.m. and p.m."""
    short, half = (hour + 11) % 12 + 1, "ap"[hour // 12]
    words = [f"{half}m", f" {half}m", f" {half}.m.", f"{half}", f" {half.upper()}M"]
    numbers = [f"{short}:{minute:02}", f"{short}.{minute:02}"] + ([f"{short}"] if minute == 0 else [])
    return [number + word for number in numbers for word in words]


@st.composite
def times(draw):
    hour, minute = draw(st.integers(0, 35)), draw(st.integers(0, 59))
    forms = clock_forms(hour, minute) + (half_day_forms(hour, minute) if hour < 24 else [])
    return draw(decorated(st.sampled_from(forms))), hour * HOUR_S + minute * 60


@st.composite
def lengths(draw):
    """A length with its unit, and how long it is."""
    hours, minutes, seconds = draw(st.integers(0, 23)), draw(st.integers(0, 59)), draw(st.integers(0, 59))
    forms = [
        (f"{hours}h{minutes:02}", hours * HOUR_S + minutes * 60),
        (f"{hours} h {minutes} min", hours * HOUR_S + minutes * 60),
        (f"{hours}:{minutes:02} h", hours * HOUR_S + minutes * 60),
        (f"{hours} hours", hours * HOUR_S),
        (f"{hours}.5 h", hours * HOUR_S + 1800),
        (f"{hours},5h", hours * HOUR_S + 1800),
        (f"{minutes} min", minutes * 60),
        (f"{minutes} minutes", minutes * 60),
        (f"{minutes} min {seconds} s", minutes * 60 + seconds),
        (f"{seconds} sec", seconds),
    ]
    form, length = draw(st.sampled_from(forms))
    return draw(decorated(st.just(form))), length


def decorated(forms):
    """With blanks of all kinds around, in another case, in full-width digits."""
    blanks = st.sampled_from(["", " ", "\u00a0", "\t", "\u200b"])
    change = st.sampled_from(
        [str, str.upper, lambda text: text.translate(FULL_WIDTH), lambda text: text.replace(" ", "\u00a0 ")]
    )
    return st.builds(
        lambda before, text, how, after: before + how(text) + after, blanks, forms, change, blanks
    )


def cell_of(text):
    """What a spreadsheet in en_US makes of what is typed: a part of a day, a number, or the text."""
    plain = text.strip(" \t\u00a0")
    clock = re.fullmatch(
        r"(\d{1,3}):(\d{2})(?::(\d{2}))?(?: ?([AaPp])[Mm])?|(\d{1,2}) ?([AaPp])[Mm]", plain, re.ASCII
    )
    if clock is not None:
        half, hour = clock[4] or clock[6], int(clock[1] or clock[5])
        if half and 1 <= hour <= 12:
            hour = hour % 12 + (12 if half in "pP" else 0)
        elif half:
            return text
        return (hour * HOUR_S + int(clock[2] or 0) * 60 + int(clock[3] or 0)) / DAY_S
    return float(plain) if re.fullmatch(r"\d+(\.\d+)?", plain, re.ASCII) else text


def understood(read, *args):
    """What is understood, or what is asked back."""
    try:
        return read(*args), None
    except AskBackError as ask:
        return None, str(ask)


def answers(ask):
    """The spellings that a question offers."""
    if " or " not in ask or "overtime" in ask:
        return re.findall(r"such as ([^,]+)", ask)
    return ask.removeprefix("type ").removesuffix(", whichever is meant").split(" or ")


# -- times of day


@given(times())
def test_a_time_reads_back_however_it_is_written(time):
    text, seconds = time
    found, ask = understood(typed.time_of_day, text)
    assert found == seconds or (
        found is None and seconds in [typed.time_of_day(each) for each in answers(ask)]
    )


@given(times())
@example(("24:00", DAY_S))
@example(("1", HOUR_S))
@example(("25.00", 25 * HOUR_S))
def test_what_the_spreadsheet_makes_of_a_time_is_never_another_one(time):
    text, seconds = time
    # Of 0015 the spreadsheet makes 15, and of 0.50 what it makes of 12:00, before anybody can ask.
    assume(not re.fullmatch(r"00\d\d|0\.(25|50)", text.strip(" \t\u00a0"), re.ASCII))
    found, ask = understood(typed.time_of_day, cell_of(text))
    offered = [typed.time_of_day(each) for each in answers(ask)] if ask and " or " in ask else []
    assert found == seconds or (found is None and (seconds in offered or (seconds > DAY_S and not offered)))


VALUES = st.one_of(
    st.text(),
    st.text("0123456789:.,hmins ap'-", max_size=12),
    st.floats(allow_nan=False),
    st.integers(-500, 500_000).map(lambda number: number / 100),
    st.integers(0, 5000).map(lambda minutes: minutes / 1440),
    st.booleans(),
)


@given(VALUES)
@example(36.5)
def test_anything_is_a_time_or_is_asked_back_with_answers_that_settle_it(value):
    found, ask = understood(typed.time_of_day, value)
    assert (found is None) != (ask is None)
    assert found is None or 0 <= found < NEXT_NOON_S
    for each in answers(ask) if ask and " or " in ask else ():
        assert typed.time_of_day(cell_of(each)) == typed.time_of_day(each)


# -- lengths of time


@given(lengths(), st.sampled_from(Unit))
def test_a_length_with_its_unit_means_the_same_in_every_cell(length, unit):
    text, seconds = length
    assert understood(typed.duration, text, unit, DAY_S) == (seconds, None)
    assert understood(typed.duration, cell_of(text), unit, DAY_S) == (seconds, None)


@given(st.integers(0, 24), st.sampled_from(["{}:00", "{}", "{}.0", "{}.5", "{}.50", "{}.25"]))
def test_plain_hours_are_hours_or_asked_back(hours, form):
    text = form.format(hours)
    wanted = hours * HOUR_S + {"5": 1800, "50": 1800, "25": 900}.get(text.partition(".")[2], 0)
    for value in (text, cell_of(text)):
        found, ask = understood(typed.duration, value, Unit.HOURS, DAY_S)
        assert found == wanted or ask, (value, found)
        assert found is not None or wanted in (0, 900, 1800, HOUR_S, DAY_S) or hours in (0, 6, 12, 18, 24)


@given(VALUES, st.sampled_from(Unit), st.sampled_from([900, 4 * HOUR_S, DAY_S]))
def test_anything_is_a_length_or_is_asked_back_with_answers_that_settle_it(value, unit, most):
    found, ask = understood(typed.duration, value, unit, most)
    assert (found is None) != (ask is None)
    assert found is None or 0 <= found <= most
    for each in answers(ask) if ask and " or " in ask else ():
        settled = {understood(typed.duration, each, other, 10**9)[0] for other in Unit}
        assert len(settled) == 1, each
        assert settled != {None}, each
        assert cell_of(each) == each, "no spreadsheet makes something else of it"


# -- dates

DAYS = st.dates(date(1950, 1, 1), date(2099, 12, 31))
MONTHS = [f"{date(2026, month, 1):%B}" for month in range(1, 13)]
WEEKDAYS = [f"{date(2026, 6, day):%A}" for day in range(1, 8)]


def read_date(value):
    return typed.typed_date(Worksheet(1, "2026", 9, 9, {(0, 0): Cell(value)}), 0, 0)


@given(DAYS, st.data())
def test_a_date_in_words_or_by_the_year_first_reads_back(day, data):
    month, weekday = MONTHS[day.month - 1], WEEKDAYS[day.weekday()]
    month = data.draw(st.sampled_from([month, month[:3], month[:4], month.upper()]))
    text = data.draw(
        decorated(
            st.sampled_from(
                [
                    f"{day.day} {month} {day.year}",
                    f"{day.day:02}-{month}-{day.year}",
                    f"{day.day}. {month} {day.year}",
                    f"{day.day}th of {month} {day.year}",
                    f"{month} {day.day}, {day.year}",
                    f"{month} {day.day} {day.year}",
                    f"{weekday}, {day.day} {month} {day.year}",
                    f"{weekday[:3]} {month} {day.day}, {day.year}",
                    day.isoformat(),
                    f"{day:%Y/%m/%d}",
                    f"{day:%Y%m%d}",
                    f"{day.day}.{day.month}.{day.year}",
                ]
            )
        )
    )
    found = read_date(text)
    assert found is not None
    assert {found.month_first, found.day_first} == {day}


@given(DAYS, st.sampled_from("/-"))
def test_numbers_in_either_order_hold_the_day(day, separator):
    for form in (
        f"{day.day}{separator}{day.month}{separator}{day.year}",
        f"{day.month}{separator}{day.day}{separator}{day.year}",
    ):
        found = read_date(form)
        assert found is not None
        assert day in (found.month_first, found.day_first)


@given(VALUES)
def test_anything_is_a_date_of_our_time_or_none(value):
    found = read_date(value)
    assert found is None or isinstance(found, TypedDate)
    if found is not None:
        assert all(1950 <= day.year < 2100 for day in (found.month_first, found.day_first) if day is not None)
