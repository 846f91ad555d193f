"""How values are shown and typed texts are read: number formats and locales."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from attendance_sandbox.sheets import serial
from attendance_sandbox.sheets.formula import copied
from attendance_sandbox.sheets.locales import locale_for
from attendance_sandbox.sheets.number_format import display
from attendance_sandbox.sheets.values import parse_typed
from attendance_sandbox.sheets.xlsx_styles import excel_pattern

US, GB, DE = locale_for("en_US"), locale_for("en_GB"), locale_for("de_DE")
MOMENT = serial.from_datetime(dt.datetime(2026, 1, 5, 9, 7, 3))


@pytest.mark.parametrize(
    ("value", "pattern", "shown"),
    [
        (MOMENT, "dd-mm-yyyy hh:mm:ss", "05-01-2026 09:07:03"),
        (MOMENT, "yyyy-mm-dd", "2026-01-05"),
        (MOMENT, "ddd d mmm yy", "Mon 5 Jan 26"),
        (MOMENT, "dddd, mmmm d", "Monday, January 5"),
        (MOMENT, "m/d/yyyy h:mm am/pm", "1/5/2026 9:07 AM"),
        (MOMENT, "HH:MM", "09:07"),
        (MOMENT, "mm:ss", "07:03"),
        (MOMENT, 'h"h" mm"m"', "9h 07m"),
        (0.5, "h:mm am/pm", "12:00 PM"),
        (0.0, "h:mm am/pm", "12:00 AM"),
        (1.25, "[h]:mm", "30:00"),
        (1.25, "[hh]:mm:ss", "30:00:00"),
        (-0.25, "[h]:mm", "-6:00"),
        (-7.75 / 24, "[h]:mm", "-7:45"),
        (-7.75 / 24, "[h]:mm:ss", "-7:45:00"),
        (0.0625, "[mm]:ss", "90:00"),
        (0.7291666666, "hh:mm:ss", "17:30:00"),
        (1234.5, "#,##0.00", "1,234.50"),
        (-1234.5, "#,##0", "-1,235"),
        (0.256, "0%", "26%"),
        (0.256, "0.0%", "25.6%"),
        (5, "000", "005"),
        (0.5, "#.##", ".5"),
        (5, "0.00 ;(0.00)", "5.00 "),
        (-5, "0.00;(0.00)", "(5.00)"),
        (0, '0;-0;"none"', "none"),
        (5, "@", "5"),
        ("text", "0.00", "text"),
        ("text", '0;0;0;"<"@">"', "<text>"),
        (True, "0.00", "TRUE"),
        (None, "0.00", ""),
    ],
)
def test_patterns_show_values(value: Any, pattern: str, shown: str) -> None:
    assert display(value, {"type": "NUMBER", "pattern": pattern}, US) == shown


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1, "1"), (1.5, "1.5"), (-0.1, "-0.1"), (1e20, "1E+20"), (1 / 3, "0.3333333333"), (100000.0, "100000")],
)
def test_numbers_without_a_format(value: float, shown: str) -> None:
    assert display(value, None, US) == shown


@pytest.mark.parametrize(
    ("kind", "us", "gb", "german"),
    [
        ("DATE", "1/5/2026", "05/01/2026", "05.01.2026"),
        ("TIME", "9:07:03 AM", "09:07:03", "09:07:03"),
        ("DATE_TIME", "1/5/2026 9:07:03", "05/01/2026 09:07:03", "05.01.2026 09:07:03"),
    ],
)
def test_a_format_without_a_pattern_follows_the_locale(kind: str, us: str, gb: str, german: str) -> None:
    assert [display(MOMENT, {"type": kind}, locale) for locale in (US, GB, DE)] == [us, gb, german]


def test_a_decimal_comma_where_the_locale_has_one() -> None:
    assert display(1234.5, {"type": "NUMBER", "pattern": "#,##0.00"}, DE) == "1.234,50"
    assert display(0.5, None, DE) == "0,5"


@pytest.mark.parametrize(
    "text",
    ["Ann", "", "12-", "1/2/3/4", "13/13/2026", "25:61", "--1", "1,23", "12:5", "007a", "#1", "=", "1e", "٣"],
)
def test_what_is_no_number_date_or_time_stays_a_text(text: str) -> None:
    assert parse_typed(text, US) == (text, None)


def test_an_identifier_with_zeros_loses_them_when_typed() -> None:
    assert parse_typed("007", US) == (7, None)
    assert parse_typed("'007", US) == ("007", None)


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31)))
def test_a_serial_number_stands_for_one_second(moment: dt.datetime) -> None:
    moment = moment.replace(microsecond=0)
    assert serial.to_datetime(serial.from_datetime(moment)) == moment


@given(st.datetimes(dt.datetime(1900, 1, 1), dt.datetime(9999, 12, 31)))
def test_what_is_shown_is_read_back_the_same(moment: dt.datetime) -> None:
    value = serial.from_datetime(moment.replace(microsecond=0))
    for locale in (US, GB, DE):
        pattern = f"{locale.date_pattern} hh:mm:ss"
        typed, _ = parse_typed(display(value, {"type": "DATE_TIME", "pattern": pattern}, locale), locale)
        assert typed == value


@given(st.text(max_size=30))
def test_no_typed_text_breaks_the_reader(text: str) -> None:
    value, number_format = parse_typed(text, DE)
    assert display(value, number_format, DE) is not None


@given(st.text(alphabet='ymdhs0#.,%@"\\[];:/ apAPe+-E?x', max_size=12), st.floats(-1e6, 1e6))
def test_no_pattern_breaks_the_display(pattern: str, value: float) -> None:
    assert isinstance(display(value, {"type": "NUMBER", "pattern": pattern}, US), str)


@pytest.mark.parametrize(
    ("formula", "moved"),
    [
        ("=A1", "=B3"),
        ("=$A1", "=$A3"),
        ("=A$1", "=B$1"),
        ('="A1"', '="A1"'),
        ("=X!A1:B2", "=X!B3:C4"),
        ("=A2:A", "=B4:B"),
    ],
)
def test_relative_references_move_along_with_a_copy(formula: str, moved: str) -> None:
    assert copied(formula, rows=2, columns=1) == moved
    assert copied("=A1", rows=-1, columns=0) == "=#REF!"


@pytest.mark.parametrize(
    ("sheets", "excel"),
    [
        ("dd-mm-yyyy HH:MM:SS", "dd-mm-yyyy hh:mm:ss"),
        ("[H]:MM", "[h]:mm"),
        ("h:mm am/pm", "h:mm AM/PM"),
        ("@", "@"),
        ('0 "Days"', '0 "Days"'),
        ("#,##0.00", "#,##0.00"),
    ],
)
def test_patterns_are_translated_for_excel(sheets: str, excel: str) -> None:
    assert excel_pattern(sheets) == excel
