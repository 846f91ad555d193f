"""How a number is shown: Sheets' number format patterns.

Covered: sections (``positive;negative;zero;text``), digits ``0 # ? , . %``, text in quotes or after a
backslash, ``@``, dates and times (``y m d h s``, ``am/pm``) and elapsed time (``[h]:mm``). Colours and conditions in
brackets are dropped. Month and weekday names are English.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from attendance_sandbox.sheets import serial
from attendance_sandbox.sheets.locales import Locale

DATE_TYPES = frozenset({"DATE", "TIME", "DATE_TIME"})

_TOKEN = re.compile(
    r'"(?P<text>[^"]*)"|\\(?P<escaped>.)|\[(?P<elapsed>h+|m+|s+)\]|\[[^\]]*\]'
    r"|(?P<half>am/pm|a/p)|(?P<date>y+|m+|d+|h+|s+)|(?P<digits>[0#?,.]+)|_.|\*.|(?P<other>.)",
    re.IGNORECASE | re.DOTALL,
)
Token = tuple[str, str]


def default_pattern(kind: str, locale: Locale) -> str:
    """The pattern of a number format that has only a type."""
    return {
        "TEXT": "@",
        "NUMBER": "#,##0.00",
        "PERCENT": "0.00%",
        "CURRENCY": f'"{locale.currency}"#,##0.00',
        "DATE": locale.date_pattern,
        "TIME": locale.time_pattern,
        "DATE_TIME": locale.date_time_pattern,
    }.get(kind, "")


def pattern_of(number_format: Mapping[str, Any] | None, locale: Locale) -> str:
    """The pattern of a cell's number format; empty for an automatic one."""
    if not number_format:
        return ""
    pattern: str = number_format.get("pattern", "")
    return pattern or default_pattern(number_format.get("type", ""), locale)


def display(value: bool | float | str | None, number_format: Mapping[str, Any] | None, locale: Locale) -> str:
    """The text that a person sees in a cell with this value and number format."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    pattern = pattern_of(number_format, locale)
    if isinstance(value, str):
        return _display_text(value, pattern)
    if not pattern or pattern in {"@", "General"}:
        return general(value, locale)
    return _display_number(value, pattern, locale)


def general(value: float, locale: Locale) -> str:
    """A number without any format: up to ten significant places."""
    if value == int(value) and abs(value) < 1e15:
        return str(int(value))
    text = f"{value:.10g}"
    if "e" in text:
        mantissa, _, exponent = text.partition("e")
        text = f"{mantissa}E{int(exponent):+03d}"
    return text.replace(".", ",") if locale.decimal_comma else text


def _display_text(value: str, pattern: str) -> str:
    sections = _sections(pattern)
    if len(sections) < 4:
        return value
    return "".join(value if token == ("other", "@") else token[1] for token in sections[3])


def _display_number(value: float, pattern: str, locale: Locale) -> str:
    sections = _sections(pattern)
    if value == 0 and len(sections) > 2:
        tokens = sections[2]
    elif value < 0 and len(sections) > 1:
        tokens, value = sections[1], -value
    else:
        tokens = sections[0]
    if any(kind in {"date", "elapsed"} for kind, _ in tokens):
        try:
            return _display_date(value, tokens)
        except OverflowError:
            return general(value, locale)
    return _display_digits(value, tokens, locale)


@functools.lru_cache(maxsize=256)
def _sections(pattern: str) -> tuple[tuple[Token, ...], ...]:
    sections: list[list[Token]] = [[]]
    for match in _TOKEN.finditer(pattern):
        kind = match.lastgroup
        if kind is None:
            continue
        if kind == "other" and match[kind] == ";":
            sections.append([])
        else:
            sections[-1].append((kind, match[kind]))
    return tuple(_with_minutes(section) for section in sections)


def _with_minutes(tokens: list[Token]) -> tuple[Token, ...]:
    """An ``m`` after hours or before seconds means minutes, any other one months."""
    times = [
        (index, text[0].lower()) for index, (kind, text) in enumerate(tokens) if kind in {"date", "elapsed"}
    ]
    result = list(tokens)
    for place, (index, letter) in enumerate(times):
        before = times[place - 1][1] if place else ""
        after = times[place + 1][1] if place + 1 < len(times) else ""
        if letter == "m" and tokens[index][0] == "date" and (before == "h" or after == "s"):
            result[index] = ("date", "i" * len(tokens[index][1]))
    return tuple(result)


def _display_date(value: float, tokens: tuple[Token, ...]) -> str:
    seconds = round(value * serial.SECONDS_PER_DAY)  # so that 17:29:59.9995 is not shown as 17:29:59
    # The sign stands before all of an elapsed time: -0.3229 is -7:45, and not seven hours before a quarter past.
    is_negative = seconds < 0 and any(kind == "elapsed" for kind, _ in tokens)
    moment = serial.to_datetime((-seconds if is_negative else seconds) / serial.SECONDS_PER_DAY)
    twelve_hours = any(kind == "half" for kind, _ in tokens)
    hour = (moment.hour % 12 or 12) if twelve_hours else moment.hour
    parts: list[str] = []
    for kind, text in tokens:
        if kind == "elapsed":
            unit = {"h": 3600, "m": 60, "s": 1}[text[0].lower()]
            parts.append("-" * is_negative + str(abs(seconds) // unit).zfill(len(text)))
        elif kind == "half":
            mark = "AM" if moment.hour < 12 else "PM"
            parts.append(mark[: 1 if len(text) == 3 else 2])
        elif kind == "date":
            parts.append(_date_part(text.lower(), moment, hour))
        else:
            parts.append(text)
    return "".join(parts)


def _date_part(text: str, moment: Any, hour: int) -> str:
    letter, width = text[0], len(text)
    if letter == "y":
        return f"{moment.year % 100:02}" if width <= 2 else f"{moment.year:04}"
    if letter in "md" and width > 2:
        name: str = moment.strftime({"m": "%B", "d": "%A"}[letter])
        if letter == "m" and width == 5:
            return name[0]
        return name if width > 3 else name[:3]
    number = {"m": moment.month, "d": moment.day, "h": hour, "i": moment.minute, "s": moment.second}[letter]
    return str(number).zfill(min(width, 2))


def _display_digits(value: float, tokens: tuple[Token, ...], locale: Locale) -> str:
    pattern = "".join(text for kind, text in tokens if kind == "digits")
    percent = sum(text == "%" for kind, text in tokens if kind == "other")
    digits = _digits(Decimal(repr(value)) * (100**percent), pattern, locale)
    parts, written = [], False
    for kind, text in tokens:
        if kind == "digits":
            parts.append("" if written else digits)
            written = True
        elif text == "@":
            parts.append(general(value, locale))
        else:
            parts.append(text)
    shown = "".join(parts)
    return shown if not shown.startswith("$-") else "-$" + shown[2:]


def _digits(number: Decimal, pattern: str, locale: Locale) -> str:
    whole, _, fraction = pattern.partition(".")
    fraction = fraction.replace(",", "")
    grouped = "," in whole.rstrip(",")
    rounded = number.quantize(Decimal(1).scaleb(-len(fraction)), ROUND_HALF_UP)
    sign = "-" if rounded < 0 else ""
    integer, _, places = f"{abs(rounded):f}".partition(".")
    integer = integer.lstrip("0").zfill(sum(mark in "0?" for mark in whole))
    if grouped and integer:
        integer = f"{int(integer):,}".zfill(len(integer))
    optional = len(fraction) - len(fraction.rstrip("#?"))
    while optional and places.endswith("0"):
        places, optional = places[:-1], optional - 1
    text = f"{integer}.{places}" if places else integer
    if locale.decimal_comma:
        text = text.translate(str.maketrans(",.", ".,"))
    return sign + text
