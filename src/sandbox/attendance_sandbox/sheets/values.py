"""Values of cells: typed ones from a request, and texts that are read as if a person had typed them."""

from __future__ import annotations

import datetime as dt
import functools
import re
import struct
from typing import Any

from attendance_sandbox.sheets import serial
from attendance_sandbox.sheets.locales import Locale
from attendance_sandbox.sheets.schema import Json

Scalar = bool | int | float | str
MAX_TEXT = 50_000
"""Characters that one cell holds at most."""


class ErrorText(str):
    """What a formula shows that failed, such as ``#DIV/0!``."""

    __slots__ = ()


_ERROR_TYPES = {
    "#NULL!": "NULL_VALUE",
    "#DIV/0!": "DIVIDE_BY_ZERO",
    "#VALUE!": "VALUE",
    "#REF!": "REF",
    "#NAME?": "NAME",
    "#NUM!": "NUM",
    "#N/A": "N_A",
}


def tidy(value: Scalar) -> Scalar:
    """The value as the service gives it back: a whole number has no decimal point."""
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return int(value)
    return value


@functools.lru_cache(maxsize=1024)
def single_precision(value: float) -> int | float:
    """The number as the service writes one that it keeps in 32 bits: with no more places than tell it apart."""
    packed = struct.pack("f", value)
    (kept,) = struct.unpack("f", packed)
    for places in range(1, 10):
        shown = float(f"{kept:.{places}g}")
        if struct.pack("f", shown) == packed:
            break
    return int(shown) if shown.is_integer() else shown


def extended_value(value: Scalar) -> Json:
    if isinstance(value, bool):
        return {"boolValue": value}
    if isinstance(value, ErrorText):
        return {
            "errorValue": {"type": _ERROR_TYPES.get(value, "ERROR"), "message": f"The formula gives {value}."}
        }
    if isinstance(value, str):
        return {"stringValue": value}
    return {"numberValue": value}


def parse_typed(text: str, locale: Locale) -> tuple[Scalar, Json | None]:
    """Reads a text as Sheets reads what a person types.

    Returns:
        The value, and the number format that typing it gives to a cell without one. Formulas are not for
        this function. ``'`` before a text keeps it a text.
    """
    stripped = text.strip()
    if stripped.startswith("'"):
        return stripped[1:], None
    if stripped.lower() in {"true", "false"}:
        return stripped.lower() == "true", None
    for reader in (_parse_number, _parse_time, _parse_date):
        found = reader(stripped, locale)
        if found is not None:
            return found
    return text, None


def _parse_number(text: str, locale: Locale) -> tuple[Scalar, Json | None] | None:
    group, point = (".", ",") if locale.decimal_comma else (",", ".")
    digits = rf"(?:\d{{1,3}}(?:{re.escape(group)}\d{{3}})+|\d+)?(?:{re.escape(point)}\d*)?(?:[eE][-+]?\d+)?"
    currency = re.escape(locale.currency)
    match = re.fullmatch(rf"([-+]?)({currency})?({digits})(\s?%)?", text, re.ASCII)
    if match is None or not re.search(r"\d", match[3]):
        return None
    plain = match[3].replace(group, "").replace(point, ".")
    number = float(match[1] + plain)
    if match[4]:
        pattern = "0.00%" if "." in plain else "0%"
        return tidy(number / 100), {"type": "PERCENT", "pattern": pattern}
    if match[2]:
        return tidy(number), {"type": "CURRENCY", "pattern": f'"{locale.currency}"#,##0.00'}
    if group in match[3]:
        return tidy(number), {"type": "NUMBER", "pattern": "#,##0.00" if "." in plain else "#,##0"}
    return tidy(number), None


_TIME = re.compile(r"(\d{1,4}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?(?:\s*([aApP])\.?[mM]\.?)?", re.ASCII)


def _time_of(groups: tuple[Any, ...]) -> float | None:
    """Seconds since midnight, or None when there is no such time."""
    hour, minute, second, fraction, half = groups
    hours, minutes, seconds = int(hour), int(minute), int(second or 0)
    if minutes > 59 or seconds > 59:
        return None
    if half:
        if not 1 <= hours <= 12:
            return None
        hours = hours % 12 + (12 if half in "pP" else 0)
    return hours * 3600 + minutes * 60 + seconds + (float(f"0.{fraction}") if fraction else 0)


def _parse_time(text: str, locale: Locale) -> tuple[Scalar, Json | None] | None:
    match = _TIME.fullmatch(text)
    seconds = _time_of(match.groups()) if match else None
    if match is None or seconds is None:
        return None
    if int(match[1]) >= 24:
        pattern = "[h]:mm:ss"
    elif match[5] and not match[3]:
        pattern = "h:mm am/pm"
    else:
        pattern = locale.time_pattern if match[5] else ("h:mm:ss" if match[3] else "h:mm")
    return tidy(seconds / serial.SECONDS_PER_DAY), {"type": "TIME", "pattern": pattern}


_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_SLASHED = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4}|\d{2})", re.ASCII)
_NAMED = re.compile(r"(\d{1,2})[ -]([A-Za-z]{3,9})[ -](\d{4})", re.ASCII)


def _date_of(text: str, locale: Locale) -> tuple[dt.date, str] | None:
    try:
        if match := _ISO.fullmatch(text):
            return dt.date(int(match[1]), int(match[2]), int(match[3])), "yyyy-mm-dd"
        if match := _SLASHED.fullmatch(text):
            first, second = int(match[1]), int(match[2])
            year = int(match[3]) + (2000 if len(match[3]) == 2 else 0)
            day, month = (first, second) if locale.day_first else (second, first)
            return dt.date(year, month, day), locale.date_pattern
        if (match := _NAMED.fullmatch(text)) and match[2][:3].lower() in _MONTHS:
            month = _MONTHS.index(match[2][:3].lower()) + 1
            return dt.date(int(match[3]), month, int(match[1])), "d mmm yyyy"
    except ValueError:  # 31 February: stays a text, as in the real service
        return None
    return None


def _parse_date(text: str, locale: Locale) -> tuple[Scalar, Json | None] | None:
    day, _, rest = text.replace("T", " ", 1).partition(" ") if _ISO.match(text) else text.partition(" ")
    if _NAMED.match(text):
        day, rest = text, ""
    found = _date_of(day, locale)
    if found is None:
        return None
    date, pattern = found
    midnight = dt.datetime.combine(date, dt.time())
    if not rest:
        return serial.from_datetime(midnight), {"type": "DATE", "pattern": pattern}
    match = _TIME.fullmatch(rest.strip())
    seconds = _time_of(match.groups()) if match else None
    if match is None or seconds is None:
        return None
    moment = midnight + dt.timedelta(seconds=seconds)
    clock = "h:mm:ss" if match[3] else "h:mm"
    return serial.from_datetime(moment), {"type": "DATE_TIME", "pattern": f"{pattern} {clock}"}
