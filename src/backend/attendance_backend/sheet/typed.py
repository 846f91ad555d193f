"""What people type into cells, and what it means: times of day, lengths of time, dates, names. Pure functions.

A cell holds what the spreadsheet made of what was typed: ``8:00`` became a third of a day, ``17.30`` the number 17.3,
``17:30h`` stayed text. So one number can have been typed in several ways. What means one thing is understood; what
means nothing, or two things, is asked back (`AskBackError`), with spellings that no spreadsheet changes.

`TIME_SPELLINGS` and `DURATION_SPELLINGS` are all that is understood: the code, docs and tests go by them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import NamedTuple

from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Value, Worksheet

_MINUTE_S, _HOUR_S = 60, 3600
_TIMES_END_S = 36 * _HOUR_S
"""A time of day is before it: ``24:30`` is half past midnight of the night after."""
_DATES = range(20_000, 2_958_466)
"""Numbers that are rather dates (1954 to 9999) than anything else."""
_YEARS = range(1950, 2100)
"""Another year is a slip of the pen, or a time of day; believed, it would hide every absence."""

NOTHING = frozenset({"-", "–", "—", "n/a", "no", "none"})  # noqa: RUF001 - people type these dashes
"""What people type for "there is none" (see `key`)."""


class AskBackError(ValueError):
    """What was typed means nothing here, or more than one thing; the text says what to type."""


class Spelling(NamedTuple):
    """One way to write something.

    Attributes:
        form: of the text, as `key` makes it.
        examples: what is typed, and what it means in seconds.
    """

    form: re.Pattern[str]
    examples: Mapping[str, int]


_HH, _MM = r"(?P<h>\d{1,2})", r"(?P<m>\d{2})"
_END = r"(?: ?(?:h|hrs?|hours?|uhr|o'clock)| ?(?P<half>[ap])\.? ?(?:m\.?)?)?"

TIME_SPELLINGS = (
    Spelling(
        re.compile(rf"{_HH} ?: ?{_MM}(?: ?: ?(?P<s>\d{{2}}))?{_END}"),
        {"9:00": 32400, "9:00 pm": 75600, "9:00 p.m.": 75600, "12:00 pm": 43200, "24:30": 88200},
    ),
    Spelling(
        re.compile(rf"{_HH}[.,](?P<part>\d{{1,2}}){_END}"),
        {"17.30": 63000, "8.30": 30600, "9.15 am": 33300},
    ),
    Spelling(
        re.compile(rf"{_HH} ?(?:h|hrs?|hours?|uhr) ?{_MM}(?: ?m(?:in)?s?)?"),
        {"9h15": 33300, "24 h 30": 88200},
    ),
    Spelling(re.compile(rf"{_HH} ?{_MM}{_END}"), {"1730": 63000, "0830": 30600, "915 pm": 76500}),
    Spelling(re.compile(rf"{_HH}{_END}"), {"17": 61200, "9 h": 32400, "5pm": 61200, "5 p.m.": 61200}),
    Spelling(re.compile(r"(?P<word>noon|midnight)"), {"noon": 43200}),
)
"""Times of day. Groups: ``h``, ``m``, ``s``, ``half`` (a or p), ``part`` (what stands after a point), ``word``."""

_NUMBER = r"\d{1,5}(?:[.,]\d+)?"
_H, _M, _S = r"(?:h|hrs?|hours?)\.?", r"(?:m|mins?|minutes?)\.?", r"(?:s|secs?|seconds?)\.?"

DURATION_SPELLINGS = (
    Spelling(re.compile(rf"(?P<plain>{_NUMBER})"), {}),
    Spelling(re.compile(rf"(?P<hours>{_NUMBER}) ?{_H}"), {"8 h": 28800, "0.5 h": 1800, "7.5 hours": 27000}),
    Spelling(re.compile(rf"(?P<minutes>{_NUMBER}) ?{_M}"), {"5 min": 300, "15 minutes": 900}),
    Spelling(re.compile(rf"(?P<seconds>{_NUMBER}) ?{_S}"), {"90 s": 90, "30 sec": 30}),
    Spelling(
        re.compile(rf"(?P<big>\d{{1,2}}) ?{_H},? ?(?P<small>\d{{1,2}})(?: ?{_M})?"),
        {"7h30": 27000, "7 h 42 min": 27720},
    ),
    Spelling(
        re.compile(
            rf"(?:(?P<hh>\d{{1,2}}) ?{_H},? ?)?(?:(?P<mm>\d{{1,2}}) ?{_M},? ?)?(?P<ss>\d{{1,2}}) ?{_S}"
        ),
        {"1 min 30 s": 90, "7 h 25 min 12 s": 26712},
    ),
    Spelling(
        re.compile(rf"(?P<big>\d{{1,2}}):(?P<small>\d{{2}})(?P<s>:\d{{2}})?(?P<unit> ?{_H})?"),
        {"8:00 h": 28800, "0:05:00": 300},
    ),
)
"""Lengths of time. A number without a unit has that of its cell; ``8:00`` is hours and minutes if it can be."""


class Unit(Enum):
    """What a number without a unit counts in a cell, in seconds."""

    HOURS = _HOUR_S
    MINUTES = _MINUTE_S
    SECONDS = 1


def squeezed(text: str) -> str:
    r"""A text with plain digits and signs, single blanks, none around it, and nothing invisible.

    >>> squeezed(" \uff19:00\u00a0 pm")
    '9:00 pm'
    """
    if text.isascii() and text.isprintable():
        return " ".join(text.split())  # nearly all that is ever read
    plain = unicodedata.normalize("NFKC", text)
    seen = (sign for sign in plain if sign.isspace() or unicodedata.category(sign) not in ("Cc", "Cf"))
    return " ".join("".join(seen).split())


def key(text: str) -> str:
    """By which words and names are compared: as `squeezed`, upper and lower case alike."""
    return squeezed(text).casefold()


# -- times of day


def time_of_day(value: Value) -> int:
    """A time of day as seconds after midnight, up to noon of the next day.

    >>> {time_of_day(typed) for typed in ("9h15", "9.15 am", "0915", 9.15, 915.0, 0.3854166666666667)}
    {33300}

    Raises:
        AskBackError: it is no time, or it can be two.
    """
    readings: list[int] = []
    if isinstance(value, str):
        readings = _times_of_text(key(value))
    elif not isinstance(value, bool):
        readings = _times_of_number(value)
    if not readings or min(readings) >= _TIMES_END_S:
        raise AskBackError(_A_TIME)
    if len(set(readings)) > 1:
        raise AskBackError(_either({_clock(each) for each in readings}))
    return readings[0]


def _times_of_number(number: float) -> list[int]:
    """What a number can say: a part of a day, which was typed as ``8:00``, or ``8.3`` and ``830`` as they stand."""
    can_be_typed, of_day = _is_short(number), number * serial.SECONDS_A_DAY
    is_clock = 0 <= of_day < _TIMES_END_S and (not can_be_typed or _is_whole(of_day / _MINUTE_S))
    # Below one, a quarter is 6:00, or 12:00, or 18:00: nobody writes a time past midnight as 0.5.
    is_number = can_be_typed and (number >= 1 or (number > 0 and not _is_whole(number * 4)))
    typed = _times_of_text(f"{number:.15g}") if is_number else []
    return [*([round(of_day)] if is_clock else ()), *typed]


def _times_of_text(text: str) -> list[int]:
    match = next(filter(None, (spelling.form.fullmatch(text) for spelling in TIME_SPELLINGS)), None)
    if match is None:
        return []
    part = match.groupdict()
    if "word" in part:
        return [12 * _HOUR_S if part["word"] == "noon" else 0]
    hour, half = int(part["h"]), part.get("half")
    minutes = _after_point(part["part"], half) if "part" in part else [int(part.get("m") or 0)]
    is_bare = "part" not in part and "m" not in part
    if (half == "p" and hour == 0) or (half == "a" and hour > 12) or (hour > 24 and is_bare):
        return []
    if half is not None and hour <= 12:
        hour = hour % 12 + (12 if half == "p" else 0)
    second = int(part.get("s") or 0)
    return [hour * _HOUR_S + minute * _MINUTE_S + second for minute in minutes if minute < 60 and second < 60]


def _after_point(digits: str, half: str | None) -> list[int]:
    """The minutes of ``8.30``. ``8.5`` and ``8.25`` can be decimal, too: half, or a quarter, past eight."""
    minutes = int(digits.ljust(2, "0"))
    is_decimal = minutes in (25, 50, 75) and not (half and len(digits) == 2)
    return [minutes, minutes * 60 // 100] if is_decimal else [minutes]


def _clock(seconds: int) -> str:
    """A time of day in a spelling that a spreadsheet leaves as it is, or makes a number of that is only this time."""
    hours, minutes = seconds // _HOUR_S, seconds // _MINUTE_S % 60
    return f"{hours} h {minutes:02}" if _is_short(seconds / serial.SECONDS_A_DAY) else f"{hours}:{minutes:02}"


# -- lengths of time


def duration(value: Value, unit: Unit, most_s: int) -> int:
    """A length of time in whole seconds.

    Args:
        unit: of its plain numbers.
        most_s: seconds; what is longer makes no sense in this cell.

    >>> {duration(typed, Unit.HOURS, 86400) for typed in ("8 h", "8:00", "480 min", 8.0, 1 / 3)}
    {28800}

    Raises:
        AskBackError: it is none, or too long, or it can be two.
    """
    readings: list[float] = []
    if isinstance(value, str):
        readings = _lengths_of_text(key(value), unit)
    elif not isinstance(value, bool):
        readings = _lengths_of_number(value, unit, most_s)
    sound = {round(each) for each in readings if each <= most_s and _is_whole(each)}
    if sound and len(set(readings)) > 1:
        # Asked even if only one makes sense: the other one would be a slip.
        raise AskBackError(_either({_length(each) for each in sound}))
    if not sound:
        example = {Unit.HOURS: "8 h", Unit.MINUTES: "5 min", Unit.SECONDS: "60 s"}[unit]
        most = f"{most_s / unit.value:g} {unit.name.casefold()}"
        raise AskBackError(f"type a length of time such as {example}, at most {most}")
    return sound.pop()


def _lengths_of_number(number: float, unit: Unit, most_s: int) -> list[float]:
    """What a number can say: so many units, or a part of a day, which was typed as ``8:00``."""
    of_day = number * serial.SECONDS_A_DAY
    if number < 0:
        return []
    clock: list[float] = []
    if 0 < number <= 1 and of_day <= most_s and _is_whole(of_day / _MINUTE_S):
        # Of 1:00 and 0:10 nobody knows whether minutes and seconds are meant where the unit is small.
        is_small = unit is Unit.SECONDS or (unit is Unit.MINUTES and of_day >= _HOUR_S)
        clock = [of_day, of_day / 60] if is_small else [of_day]
    return [*clock, *(_lengths_of_plain(f"{number:.15g}", unit) if _is_short(number) else ())]


def _lengths_of_text(text: str, unit: Unit) -> list[float]:
    match = next(filter(None, (spelling.form.fullmatch(text) for spelling in DURATION_SPELLINGS)), None)
    if match is None:
        return []
    part = match.groupdict()
    if "plain" in part:
        return _lengths_of_plain(part["plain"], unit)
    for each in Unit:
        if (number := part.get(each.name.casefold())) is not None:
            return _lengths_in(number, each)
    big, small, rest = (
        int((part.get(name) or part.get(other) or "0").lstrip(":"))
        for name, other in (("big", "hh"), ("small", "mm"), ("s", "ss"))
    )
    if small > 59 or rest > 59:
        return []
    found = big * _HOUR_S + small * _MINUTE_S + rest
    is_small = unit is Unit.SECONDS or (unit is Unit.MINUTES and big > 0)
    is_bare = "unit" in part and part["unit"] is None and part["s"] is None
    return [found, found / 60] if is_bare and is_small else [found]


def _lengths_of_plain(digits: str, unit: Unit) -> list[float]:
    """So many of the cell's unit."""
    if unit is Unit.HOURS and float(digits.replace(",", ".")) == 0:
        raise AskBackError("type 0 h if all hours are overtime, or 24 h if none are")
    return _lengths_in(digits, unit, is_plain=True)


def _lengths_in(digits: str, unit: Unit, *, is_plain: bool = False) -> list[float]:
    """So many of a unit. ``7.30`` can be the decimal number, or 7 and 30 sixtieths."""
    number = float(digits.replace(",", "."))
    after = digits.replace(",", ".").partition(".")[2]
    # Nobody writes 7.3 h for 7:30; but of 7.30 a spreadsheet makes 7.3.
    can_be_clock = len(after) == 2 or (is_plain and len(after) == 1)
    sixtieths = int(after.ljust(2, "0")) if can_be_clock else 0
    decimal = number * unit.value
    if unit is Unit.SECONDS or not 0 < sixtieths < 60 or sixtieths in (25, 50):
        return [decimal]
    return [decimal, (int(number) * 60 + sixtieths) * unit.value / 60]


def _length(seconds: int) -> str:
    """A length of time in a spelling that a spreadsheet leaves as it is."""
    hours, minutes, rest = seconds // _HOUR_S, seconds // _MINUTE_S % 60, seconds % 60
    parts = ((hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{count} {word}" for count, word in parts if count) or "0 min"


# -- what is said of cells

_A_TIME = "type a time such as 09:00"


def _either(spellings: set[str]) -> str:
    listed = sorted(spellings, key=lambda text: (len(text), text))
    return f"type {listed[0]}" if len(listed) == 1 else f"type {' or '.join(listed)}, whichever is meant"


def shown(value: Value | None) -> str:
    """A value much as the person sees it who typed it: as text, number, time or date."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return repr(value)
    if _DATES.start <= value < _DATES.stop:
        return f"the date {serial.to_date(value):%d-%m-%Y}"
    if (0 < value < 2 and not _is_short(value)) or value == 1:
        minutes = serial.to_seconds(value) // 60
        return f"{minutes // 60}:{minutes % 60:02}"
    return f"{value:.15g}"


def _is_short(number: float) -> bool:
    """Whether somebody can have typed it as a number: no more than two digits after the point."""
    return round(number, 2) == number


def _is_whole(number: float) -> bool:
    """Whether it is a whole number but for what a spreadsheet's fractions lose."""
    return abs(number - round(number)) < 1e-5


# -- dates
_NUMBERS = re.compile(r"(\d{1,2}) ?([/.-]) ?(\d{1,2}) ?\2 ?(\d{4}|\d{2})")
_ISO = re.compile(r"(\d{4})([/.-]?)(\d{1,2})\2(\d{1,2})")
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = r"(?:(?P<weekday>[a-z]{2,})\.?,? )?"
_DAY, _MONTH, _YEAR = (
    r"(?P<day>\d{1,2})(?:st|nd|rd|th|\.)?",
    r"(?P<month>[a-z]{3,})\.?",
    r"(?P<year>\d{4}|\d{2})",
)
_IN_WORDS = (
    re.compile(rf"{_WEEKDAY}{_DAY}[ -]?(?:of )?{_MONTH},?[ -]?{_YEAR}"),
    re.compile(rf"{_WEEKDAY}{_MONTH}[ -]?{_DAY},?[ -]{_YEAR}"),
)
DATE_EXAMPLES = ("2026-10-12", "12 Oct 2026", "October 12, 2026", "Mon 12th October 2026", "12.10.2026")
"""The twelfth of October 2026 in spellings that leave no doubt."""


class Order(Enum):
    """Which number of ``2/11/2026`` comes first."""

    MONTH_FIRST = "month/day/year"
    DAY_FIRST = "day/month/year"


@dataclass(frozen=True, slots=True)
class TypedDate:
    """What a cell can mean: at least one of the two is there. ``30/11/2026`` and ``11/30/2026`` are one day each.

    Attributes:
        is_number: whether the spreadsheet itself read it as a date.
    """

    month_first: date | None
    day_first: date | None
    is_number: bool = False

    def read(self, order: Order) -> date:
        """What it means in an order; what has only one meaning means that in either."""
        expected, other = self.month_first, self.day_first
        if order is Order.DAY_FIRST:
            expected, other = other, expected
        found = expected or other
        assert found is not None
        return found

    @property
    def proves(self) -> Order | None:
        """The order in which it must have been typed; None when it may be either."""
        if self.month_first is None:
            return Order.DAY_FIRST
        return Order.MONTH_FIRST if self.day_first is None else None

    @property
    def swapped(self) -> date | None:
        """For a number: the day that a person meant whom the spreadsheet took in the other order."""
        day = self.month_first
        if not self.is_number or day is None or day.day > 12 or day.day == day.month:
            return None
        return date(day.year, day.day, day.month)


def typed_date(worksheet: Worksheet, row: int, column: int) -> TypedDate | None:
    """What a cell can mean; None when it is no date, or one of another century.

    What stayed text is read in both orders; whoever knows more of the row decides between them (`Order`).
    """
    number = worksheet.number(row, column)
    found = _date_of_text(worksheet.text(row, column) if number is None else f"{number:.15g}")
    if number is not None and found is None:
        try:
            day = serial.to_date(number)
        except (OverflowError, ValueError):
            return None
        found = TypedDate(day, day, is_number=True)
    if found is None:
        return None
    return found if all(day.year in _YEARS for day in (found.month_first, found.day_first) if day) else None


def order_of(dates: Iterable[TypedDate | None]) -> Order | None:
    """The order in which dates are read: the one that they prove, or else month first; None when they prove both."""
    proved = {found.proves for found in dates if found is not None and found.proves is not None}
    if len(proved) > 1:
        return None
    return proved.pop() if proved else Order.MONTH_FIRST


def month_of(text: str) -> int | None:
    """The month that a word names, in short or in full; None for any other word."""
    word = key(text)
    return next(
        (number for number, name in enumerate(_MONTHS, 1) if len(word) > 2 and name.startswith(word)), None
    )


def weekdays(text: str) -> frozenset[int] | None:
    """The days of the week, 0 is Monday, that a text names; None when it says something else.

    >>> sorted(weekdays("Mon-Wed, Sat") or ()), sorted(weekdays("Fri and Sat") or ())
    ([0, 1, 2, 5], [4, 5])
    """
    found: set[int] = set()
    for part in re.split(r"[,;/&+]|\band\b", re.sub(r"\s*(?:[-\u2013]|\bto\b)\s*", "-", key(text))):
        ends = [_weekday(word.strip(" .")) for word in part.split("-")]
        first, last = ends[0], ends[-1]
        if first is None or last is None or len(ends) > 2:
            return None
        found |= {(first + more) % 7 for more in range((last - first) % 7 + 1)}
    return frozenset(found)


def _weekday(word: str) -> int | None:
    return next((at for at, name in enumerate(_DAYS) if len(word) > 1 and name.startswith(word)), None)


def _date_of_text(text: str) -> TypedDate | None:
    typed = re.sub(r"[t ]0{1,2}:00(:00)?$", "", key(text))
    if match := _NUMBERS.fullmatch(typed):
        first, separator, second, year = int(match[1]), match[2], int(match[3]), match[4]
        if separator == "-" and len(year) == 2:
            return None  # 12-10-26 may begin with the year.
        day_first = _date(year, second, first)
        # Nobody writes the month first with full stops.
        month_first = day_first if separator == "." else _date(year, first, second)
        return TypedDate(month_first, day_first) if month_first or day_first else None
    if match := _ISO.fullmatch(typed):
        is_run_together = not match[2] and len(typed) != 8
        day = None if is_run_together else _date(match[1], int(match[3]), int(match[4]))
    else:
        day = _in_words(typed)
    return None if day is None else TypedDate(day, day)


def _in_words(typed: str) -> date | None:
    match = next(filter(None, (form.fullmatch(typed) for form in _IN_WORDS)), None)
    month = month_of(match["month"]) if match else None
    day = _date(match["year"], month, int(match["day"])) if match and month else None
    if (
        match is None
        or day is None
        or (match["weekday"] and not _DAYS[day.weekday()].startswith(match["weekday"]))
    ):
        return None
    return day


def _date(year: str, month: int, day: int) -> date | None:
    try:
        return date(int(year) if len(year) > 2 else 2000 + int(year), month, day)
    except ValueError:
        return None
