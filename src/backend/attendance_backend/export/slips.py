"""A review workbook's results as one page for each person, to hand out or to sign. Pure logic.

Each number is one of the export's (`export.payroll`): nothing is computed here but how it is written. Pages are made
with ElementTree, which escapes whatever people are called, name no other file and allow no script.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from xml.etree import ElementTree as ET

from attendance_backend.domain.people import user_key
from attendance_backend.export.payroll import (
    COUNTS_OF_PLANS,
    DAY_HEADERS,
    DOUBTS,
    DOUBTS_APART,
    MINUTES,
    OVERTIME_MINUTES,
    PERSON_HEADERS,
    Payroll,
    Value,
)
from attendance_backend.review import corrections_sheet as corrections
from attendance_backend.review import monthly_columns as monthly
from attendance_backend.review.daily_columns import DAY_OFF, HOLIDAY, WEEKEND
from attendance_backend.review.formulas import token_of
from attendance_backend.review.working_time import OF_KIND
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Worksheet

MOST_CHARACTERS = 300
"""Of one text; the rest of a longer one is left out, which three points say."""
MOST_DOUBTS, MOST_CORRECTIONS = 40, 200
"""Lines of a slip; how many more there are is said."""
_MOST_IN_A_NAME = 60
"""Characters of a file's name, of at most four bytes each."""
_FREE = (DAY_OFF, HOLIDAY, WEEKEND)
_IN_MINUTES = {monthly.HOURS.header: MINUTES, monthly.OVERTIME.header: OVERTIME_MINUTES}
_COUNTS = {column.header for column in (*COUNTS_OF_PLANS, *monthly.SHOWN)}
_HEAD = (monthly.EMPLOYEE.header, monthly.USER_NAME.header, monthly.SITE.header, monthly.GROUP.header)
_COLUMNS = ("Date", "Day", "Check In", "Check Out", "Hours", "")
_CORRECTED = "corrected"
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"
_STYLE = """
@page { size: A4; margin: 10mm 14mm }
body { font: 9.5pt/1.3 Arial, "Liberation Sans", sans-serif; color: #222; margin: 0 }
article { max-width: 182mm; margin: 0 auto; padding: 4mm 0 }
article + article { break-before: page }
h1 { font-size: 15pt; margin: 0 }
h2 { font-size: 10.5pt; margin: 4mm 0 1mm }
p { margin: 1mm 0 }
bdi, td { overflow-wrap: anywhere }
table { border-collapse: collapse; width: 100% }
th { text-align: left; border-bottom: 1.5px solid #555; padding: 1px 6px }
td { border-bottom: 1px solid #ddd; padding: 1px 6px; vertical-align: top }
tr { break-inside: avoid }
td:first-child { white-space: nowrap }
.number { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums }
.free td { color: #777; background: #f4f4f4 }
.doubt { border: 1.5px solid #b3261e; padding: 1mm 3mm; margin: 2mm 0; break-inside: avoid }
.doubt ul { margin: 1mm 0; padding-left: 5mm }
.mark { color: #b3261e }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(27mm, 1fr)); gap: 2mm; margin: 1mm 0 }
dt { font-size: 8pt; color: #555 }
dd { margin: 0; font-weight: bold; font-variant-numeric: tabular-nums }
.sign { display: grid; grid-template-columns: 1fr 1fr; gap: 12mm; margin-top: 14mm; break-inside: avoid }
.sign div { border-top: 1px solid #222; padding-top: 1mm; font-size: 8pt }
@media print { body { font-size: 8.5pt; line-height: 1.25 } article { padding: 0 } .sign { margin-top: 10mm } }
"""


@dataclass(frozen=True, slots=True)
class Correction:
    """A row of HR's that counts, as people read it."""

    first: date
    last: date
    what: str
    value: str
    reason: str


@dataclass(frozen=True, slots=True)
class About:
    """What all slips of a workbook have in common.

    Attributes:
        first_day, last_day: of the period.
    """

    period: str
    first_day: date
    last_day: date
    made_on: date


def corrections_of(worksheet: Worksheet) -> dict[str, list[Correction]]:
    """The rows of ``Corrections`` that count, by token of the person, in order of days; notes change nothing."""
    found: dict[str, list[Correction]] = {}
    for row in worksheet.data_rows():
        user, first = worksheet.text(row, corrections.USER), worksheet.date(row, corrections.FROM)
        if not user or first is None:
            continue
        if not worksheet.text(row, corrections.STATUS).startswith(corrections.APPLIED):
            continue
        found.setdefault(user, []).append(
            Correction(
                first,
                worksheet.date(row, corrections.TO) or first,
                worksheet.text(row, corrections.KIND),
                _typed(worksheet, row),
                worksheet.label(row, corrections.REASON),
            )
        )
    return {user: sorted(each, key=lambda one: (one.first, one.what)) for user, each in found.items()}


def _typed(worksheet: Worksheet, row: int) -> str:
    """What a correction says: a time as it was understood, of leave which half of a day and what kind."""
    if worksheet.text(row, corrections.KIND) == corrections.LEAVE:
        return " ".join(
            worksheet.text(row, column) for column in (corrections.HOUR, corrections.MINUTE)
        ).strip()
    if worksheet.text(row, corrections.KIND) not in (corrections.CHECK_IN, corrections.CHECK_OUT):
        return ""
    time = worksheet.number(row, corrections.TIME)
    return "" if time is None else _clock(timedelta(seconds=serial.to_seconds(time)))


def pages(payroll: Payroll, corrected: Mapping[str, Sequence[Correction]], about: About) -> dict[str, str]:
    """Each person's page by the name of its file, and one with all pages, to print, by the first name."""
    names = _Names(plain(about.period))
    everybody = names("All")
    headers = (*PERSON_HEADERS, *payroll.more)
    slips: dict[str, ET.Element] = {}
    days: dict[Value, list[dict[str, Value]]] = {}
    for line in payroll.days:
        day = dict(zip(DAY_HEADERS, line, strict=False))
        days.setdefault(day[monthly.USER_NAME.header], []).append(day)
    for line in payroll.people:
        person = dict(zip(headers, line, strict=False))
        user = person[monthly.USER_NAME.header]
        rows = corrected.get(token_of(user_key(_text(user))), ())
        slips[names(_text(user))] = _slip(person, days.get(user, []), rows, payroll, about)
    title = f"Attendance {about.period}"
    documents = {everybody: _document(title, slips.values())}
    for name, slip in slips.items():
        documents[name] = _document(title, [slip])
    return documents


def plain(name: str) -> str:
    """A part of a file's name, whatever somebody is called."""
    return re.sub(r"[^\w .-]", "_", name)[:_MOST_IN_A_NAME].strip(". ") or "_"


class _Names:
    """Names of files, no two of which are one on any disk."""

    def __init__(self, period: str) -> None:
        self._period = period
        self._given: set[str] = set()

    def __call__(self, name: str) -> str:
        wanted = f"{plain(name)} - {self._period}"
        number = 1
        while (given := wanted if number == 1 else f"{wanted} ({number})").casefold() in self._given:
            number += 1
        self._given.add(given.casefold())
        return f"{given}.html"


def _document(title: str, slips: Iterable[ET.Element]) -> str:
    html = ET.Element("html", lang="en")
    head = _in(html, "head")
    _in(head, "meta", charset="utf-8")
    _in(head, "meta", **{"http-equiv": "Content-Security-Policy", "content": _POLICY})
    _in(head, "meta", name="viewport", content="width=device-width")
    _in(head, "title", _short(title))
    _in(head, "style", _STYLE)
    _in(html, "body").extend(slips)
    return f"<!DOCTYPE html>\n{ET.tostring(html, encoding='unicode', method='html')}\n"


def _slip(
    person: Mapping[str, Value],
    days: Sequence[Mapping[str, Value]],
    corrected: Sequence[Correction],
    payroll: Payroll,
    about: About,
) -> ET.Element:
    article = ET.Element("article")
    who = _in(_in(article, "h1"), "bdi", _short(_text(person[monthly.EMPLOYEE.header])))
    who.tail = f" · {_short(about.period)}"
    line = _in(article, "p", f"{_date(about.first_day)} to {_date(about.last_day)}")
    for header in _HEAD[1:]:
        if text := _text(person[header]):
            _tail(line, f" · {header} ")
            _in(line, "bdi", _short(text))
    state = "" if payroll.finalised else "; this period is not finalised, numbers may still change"
    _in(article, "p", f"Printed on {_date(about.made_on)}{state}", **{"class": "" if not state else "mark"})
    _doubts(article, _text(person[DOUBTS]))
    _days(article, days)
    _in(article, "h2", "In all")
    totals = _in(article, "dl")
    for header, value in _totals(person, payroll):
        if not value:
            continue
        cell = _in(totals, "div")
        _in(cell, "dt", header)
        _in(cell, "dd", value)
    _corrections(article, corrected)
    sign = _in(article, "div", **{"class": "sign"})
    _in(sign, "div", "Date, signature of the employee")
    _in(sign, "div", "Date, for the employer")
    return article


def _doubts(article: ET.Element, doubts: str) -> None:
    lines = [line for line in doubts.split(DOUBTS_APART) if line]
    if not lines:
        return
    box = _in(article, "div", **{"class": "doubt"})
    _in(box, "p", "Not to be trusted yet:")
    listed = _in(box, "ul")
    for line in _at_most(lines, MOST_DOUBTS):
        _in(listed, "li", _short(line))


def _days(article: ET.Element, days: Sequence[Mapping[str, Value]]) -> None:
    table = _table(article, _COLUMNS)
    for day in days:
        state = _text(day["State"])
        row = _in(table, "tr", **{"class": "free" if state.startswith(_FREE) else ""})
        on = date.fromisoformat(_text(day["Date"]))
        _in(row, "td", f"{on:%a} {_date(on)}")
        _in(row, "td", _short(state))
        for header in ("Check In", "Check Out"):
            _in(row, "td", _moment(on, _text(day[header])), **{"class": "number"})
        _in(row, "td", _length(day[MINUTES]), **{"class": "number"})
        remarks = _in(row, "td", _CORRECTED if day["Corrected"] == "yes" else "")
        if doubt := _text(day[DOUBTS]):
            _in(remarks, "span", f" {_short(doubt)}", **{"class": "mark"})


def _totals(person: Mapping[str, Value], payroll: Payroll) -> Iterator[tuple[str, str]]:
    shown = [column.header for column in monthly.SHOWN if column.header not in _HEAD]
    for header in (*shown, *payroll.more):
        value = person[header]
        if header in _IN_MINUTES:
            yield header, _length(person[_IN_MINUTES[header]])
        elif header not in _COUNTS and not header.startswith(OF_KIND):
            yield header, _length(None if not isinstance(value, float) else round(value * 60))
        elif isinstance(value, str) or value is None:
            yield header, _short(_text(value))
        else:
            yield header, f"{value:g}"


def _corrections(article: ET.Element, corrected: Sequence[Correction]) -> None:
    if not corrected:
        return
    _in(article, "h2", "Corrections")
    table = _table(article, ("Date", "What", "", "Reason"))
    for each in corrected[:MOST_CORRECTIONS]:
        row = _in(table, "tr")
        until = "" if each.last == each.first else f" to {_date(each.last)}"
        for text in (f"{_date(each.first)}{until}", each.what, each.value, each.reason):
            _in(row, "td", _short(text))
    if len(corrected) > MOST_CORRECTIONS:
        _in(article, "p", f"and {len(corrected) - MOST_CORRECTIONS} more in the workbook")


def _table(article: ET.Element, headers: Sequence[str]) -> ET.Element:
    table = _in(article, "table")
    row = _in(_in(table, "thead"), "tr")
    for header in headers:
        right = header in ("Check In", "Check Out", "Hours")
        _in(row, "th", header, **{"class": "number" if right else ""})
    return _in(table, "tbody")


def _in(parent: ET.Element, tag: str, text: str = "", **attributes: str) -> ET.Element:
    given = {name: value for name, value in attributes.items() if value}
    element = ET.SubElement(parent, tag, given)
    element.text = text or None
    return element


def _tail(element: ET.Element, text: str) -> None:
    """Text behind what is in an element already."""
    if len(element):
        element[-1].tail = text
    else:
        element.text = f"{element.text or ''}{text}"


def _at_most(lines: Sequence[str], most: int) -> Iterator[str]:
    yield from lines[:most]
    if len(lines) > most:
        yield f"and {len(lines) - most} more"


def _text(value: Value) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"


def _short(text: str) -> str:
    """Without what no page may hold, and of bounded length."""
    shown = "".join(each if each.isprintable() else " " for each in text[: MOST_CHARACTERS + 1])
    return shown if len(shown) <= MOST_CHARACTERS else f"{shown[:MOST_CHARACTERS]}…"


def _date(day: date) -> str:
    return f"{day:%d %b %Y}"


def _moment(day: date, text: str) -> str:
    """A time; of the day after with a word."""
    if not text:
        return ""
    return _clock(datetime.fromisoformat(text) - datetime(day.year, day.month, day.day))  # noqa: DTZ001 - wall time


def _clock(since_midnight: timedelta) -> str:
    seconds = int(since_midnight.total_seconds())
    days, minutes = divmod(seconds // 60, 1440)
    behind = " next day" if days == 1 else f" {days:+d} days" if days else ""
    return f"{minutes // 60:02}:{minutes % 60:02}{behind}"


def _length(minutes: Value) -> str:
    if not isinstance(minutes, int | float):
        return _short(_text(minutes))
    whole = round(abs(minutes))
    return f"{'-' if minutes < 0 else ''}{whole // 60}:{whole % 60:02}"
