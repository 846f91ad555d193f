"""The three header rows of worksheets with a column a day: date, weekday, and what kind of day it is.

The third row holds the name of a holiday (if it is one of some sites only, and of each the site: ``Carnival``, below it
``[cologne]``), or *other period* for a day of the same week that belongs to another workbook, and nothing for any other
day. Formulas and colours go by it.
"""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Protocol, TypeVar

from attendance_backend.domain.plans import SATURDAY_AND_SUNDAY
from attendance_backend.sheet import placing, serial, styles
from attendance_backend.sheet.a1 import cell_name, column_letters
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import (
    AddColumns,
    Change,
    Formula,
    HighlightWhen,
    NewCell,
    Row,
    WriteCells,
)
from attendance_backend.sheet.grid import Area, Place, Worksheet
from attendance_backend.sheet.layout import Column, Layout
from attendance_backend.sheet.layout import runs as column_runs
from attendance_contracts import ReviewPeriod

DATE, WEEKDAY, KIND = range(3)
HEADER_ROWS = 3
Pair = tuple[int, int]
"""The column of a day, and that of its helper."""
OTHER_PERIOD = "other period"
_WEEKEND = "67"
_EARLIER = re.compile(r"=AND\(ISNUMBER\((?P<day>[A-Z]+\$\d+)\),WEEKDAY\((?P=day),2\)>5\)")
"""The rule by which release 0.1.0 shaded the weekend."""
_Day = TypeVar("_Day")


def cells(days: Sequence[date], period: ReviewPeriod, holidays: Mapping[date, str]) -> tuple[Row, Row, Row]:
    return (
        tuple(NewCell(serial.from_date(day), styles.DAY_HEADER) for day in days),
        tuple(NewCell(day.strftime("%a"), styles.WEEK_HEADER) for day in days),
        tuple(NewCell(kind_of(day, period, holidays) or None, styles.HOLIDAY_HEADER) for day in days),
    )


def kind_of(day: date, period: ReviewPeriod, holidays: Mapping[date, str]) -> str:
    """The text of the third row for a day: that it is of another period, or its holiday; else empty."""
    if not period.first_day <= day <= period.last_day:
        return OTHER_PERIOD
    return holidays.get(day, "")


class Holiday(Protocol):
    """A day that is free, as HR keeps it; without a site for everybody."""

    @property
    def day(self) -> date: ...
    @property
    def name(self) -> str: ...
    @property
    def site(self) -> str: ...


def texts_of(holidays: Iterable[Holiday]) -> dict[date, str]:
    """What the third row says of holidays, by day."""
    found: dict[date, list[Holiday]] = {}
    for holiday in holidays:
        found.setdefault(holiday.day, []).append(holiday)
    return {day: _text(of_day) for day, of_day in found.items()}


def _text(holidays: Sequence[Holiday]) -> str:
    for holiday in holidays:
        if not holiday.site:
            return _plain(holiday.name)
    return "\n".join(f"{_plain(holiday.name)}\n[{holiday.site}]" for holiday in holidays)


def _plain(name: str) -> str:
    """A name without what marks a site."""
    return name.replace("[", "(").replace("]", ")").strip() or "holiday"


def is_holiday(kind: str, site: str) -> str:
    """For formulas: whether a cell of the third row is a holiday for somebody of the site in another cell."""
    return f'IF({kind}="",FALSE,IF(ISERROR(SEARCH("[",{kind})),TRUE,ISNUMBER(SEARCH("["&{site}&"]",{kind}))))'


def is_judged(kind: str, day: str, site: str) -> str:
    """For formulas: whether lateness counts on a day, which it does on working days alone; `day` is its date."""
    return f"IF(WEEKDAY({day},2)>5,FALSE,NOT({is_holiday(kind, site)}))"


def is_free(kind: str, site: str) -> bool:
    """Whether the third row's text frees somebody of a site (empty for none) from work in this workbook."""
    if not kind or "[" not in kind:
        return bool(kind)
    return bool(site) and f"[{site.casefold()}]" in kind.casefold()


def columns_by_day(worksheet: Worksheet, line: int = DATE) -> dict[date, int]:
    """Column numbers by day, from the dates in a header row; of two alike the first."""
    columns: dict[date, int] = {}
    others = set(worksheet.columns.values())
    for column, _ in worksheet.row(worksheet.lines[line]):
        day = worksheet.date(worksheet.lines[line], column)
        if day is not None and column not in others:
            columns.setdefault(day, column)
    return columns


def as_made(layout: Layout, days: Sequence[date]) -> Worksheet:
    """A worksheet as it is made with columns of these days, and nothing below its header."""
    first = len(layout.columns)
    return placing.as_made(layout, {first + at: serial.from_date(day) for at, day in enumerate(days)})


def put_back(worksheet: Worksheet, days: Sequence[date]) -> list[Change]:
    """Dates that somebody typed others over, which are none of these days: by the neighbours, and the weekday below."""
    known, step = columns_by_day(worksheet), timedelta(days=1)
    others = {column: day for day, column in known.items() if day not in days}
    cells: dict[Place, NewCell] = {}
    for day in days:
        for neighbour, beside in ((day - step, 1), (day + step, -1)):
            column = known.get(neighbour, -1) + beside
            if day in known or neighbour not in known or column not in others:
                continue
            weekday = worksheet.text(worksheet.lines[WEEKDAY], column)
            if f"{day:%a}" == weekday != f"{others[column]:%a}":
                cells[worksheet.lines[DATE], column] = NewCell(serial.from_date(day))
    return [*write_cells(worksheet.sheet_id, cells)]


def missing_days(worksheet: Worksheet, days: Sequence[date]) -> list[Change]:
    """Columns at the end of the grid for days that have none, with their dates above."""
    known = columns_by_day(worksheet)
    missing = [day for day in days if day not in known]
    if not missing:
        return []
    dates = tuple(NewCell(serial.from_date(day)) for day in missing)
    return [
        AddColumns(worksheet.sheet_id, len(missing)),
        WriteCells(worksheet.sheet_id, worksheet.lines[DATE], worksheet.column_count, (dates,)),
    ]


def areas(worksheet: Worksheet, kept: Iterable[Column], days: Iterable[date]) -> list[Area]:
    """The columns that are kept of each row, and those of some days, by where they stand."""
    title, columns = worksheet.title, columns_by_day(worksheet)
    places = [columns[day] for day in days if day in columns]
    spans = [*column_runs(map(worksheet.at, kept)), *([(min(places), max(places) + 1)] if places else [])]
    return [Area.of_columns(title, *span) for span in spans]


def written(worksheet: Worksheet, column: int, header: Sequence[Row]) -> list[Change]:
    """Header cells of new columns from `column` on, line by line."""
    return [
        WriteCells(worksheet.sheet_id, row, column, (cells,))
        for row, cells in zip(worksheet.lines, header, strict=True)
    ]


def texts_in(worksheet: Worksheet) -> dict[date, str]:
    """The holidays that the third row names, by day."""
    row = worksheet.lines[KIND]
    texts = {day: worksheet.text(row, column) for day, column in columns_by_day(worksheet).items()}
    return {day: text for day, text in texts.items() if text not in ("", OTHER_PERIOD)}


def update(worksheet: Worksheet, period: ReviewPeriod, holidays: Mapping[date, str]) -> list[Change]:
    """The third row where it differs from what it should say."""
    row = worksheet.lines[KIND]
    return [
        WriteCells(worksheet.sheet_id, row, column, ((NewCell(expected or None),),))
        for day, column in columns_by_day(worksheet).items()
        if worksheet.text(row, column) != (expected := kind_of(day, period, holidays))
    ]


def weekends_text(weekends: Mapping[str, Collection[int]]) -> str:
    """What says which days are shaded as weekend: weekdays, 1 is Monday, of all, and of sites with other ones.

    ``67     [cairo 56     ]``, each padded to a week's length. Empty where all have Saturday and Sunday.

    Args:
        weekends: weekdays, 0 is Monday, by `site_key`, "" for all sites that have none of their own.
    """
    if all({*each} == SATURDAY_AND_SUNDAY for each in weekends.values()):
        return ""
    digits = {site: "".join(str(day + 1) for day in sorted(days)) or "-" for site, days in weekends.items()}
    of_all = digits.pop("", _WEEKEND)
    return "".join([f"{of_all:<7}", *(f"[{_plain(site)} {own:<7}]" for site, own in sorted(digits.items()))])


def update_weekends(worksheet: Worksheet, column: Column, text: str) -> list[Change]:
    """`weekends_text` where it stands, in the third row of a hidden column, if it is another one."""
    row, place = worksheet.lines[KIND], worksheet.at(column)
    if worksheet.text(row, place) == text.strip():
        return []
    return [WriteCells(worksheet.sheet_id, row, place, ((NewCell(text or None),),))]


def highlights(sheet_id: int, first_day: int, site: str, weekends: int) -> list[Change]:
    """Colours of weekends, holidays and days of other periods, header and all.

    Args:
        first_day: column of its first day.
        weekends: column in whose third row `weekends_text` stands.
        site: the cell in the first row of people that tells by whose site's holidays it goes.
    """
    letters = column_letters(first_day)
    kind, day = f"{letters}${KIND + 1}", f"{letters}${DATE + 1}"
    text = f"${column_letters(weekends)}${KIND + 1}"
    holiday = Formula(f'=AND(ISNUMBER({day}),{kind}<>"")')
    own_holiday = Formula(f"=AND(ISNUMBER({day}),{is_holiday(kind, site)})")
    other = Formula(f'={kind}="{OTHER_PERIOD}"')
    below = (
        (_is_weekend(day, text, site), styles.WEEKEND, styles.GREY),
        (own_holiday, styles.HOLIDAY, styles.HOLIDAY_TEXT),
        (other, styles.OUTSIDE, styles.GREY),
    )
    within = (
        (_is_weekend(day, text), styles.WEEKEND_HEADER, styles.WHITE),
        (holiday, styles.HOLIDAY_HEADING, styles.WHITE),
        (other, styles.GREY, styles.WHITE),
    )
    return [
        *(HighlightWhen(sheet_id, HEADER_ROWS, first_day, *rule) for rule in below),
        *(HighlightWhen(sheet_id, 0, first_day, *rule, end_row=HEADER_ROWS) for rule in within),
    ]


def _is_weekend(day: str, text: str, site: str = "") -> Formula:
    """Whether the day in a cell is weekend by `weekends_text`: for all, or for the site that a cell names."""
    days = f'IF({text}="","{_WEEKEND}",LEFT({text},7))'
    if site:
        days = f'IFERROR(MID({text},SEARCH("["&{site}&" ",{text})+LEN({site})+2,7),{days})'
    return Formula(f'=AND(ISNUMBER({day}),ISNUMBER(SEARCH(WEEKDAY({day},2)&"",{days})))')


def has_earlier_colours(present: Worksheet) -> bool:
    """Whether Saturday and Sunday are shaded whatever HR sets, as release 0.1.0 did it; without its cells."""
    return any(_EARLIER.fullmatch(each.formula) for each in present.highlights)


def coloured_anew(present: Worksheet, header: Worksheet, site: Column, weekends: Column) -> list[Change]:
    """Rules of this release in the place of those of 0.1.0; the worksheet without its cells, and with its header.

    Args:
        present: with its highlights.
        header: the same worksheet.
        site: that of the person's site.
        weekends: that in whose third row `weekends_text` stands.
    """
    text = f"${column_letters(header.at(weekends))}${header.lines[KIND] + 1}"
    found: list[Change] = []
    for number, (row, column, formula) in enumerate(present.highlights):
        if (earlier := _EARLIER.fullmatch(formula)) is None:
            continue
        is_header = row <= header.lines[KIND]
        of_site = "" if is_header else f"${cell_name(row, header.at(site))}"
        rule = HighlightWhen(
            present.sheet_id,
            row,
            column,
            _is_weekend(earlier["day"], text, of_site),
            styles.WEEKEND_HEADER if is_header else styles.WEEKEND,
            styles.WHITE if is_header else styles.GREY,
            end_row=header.first_row if is_header else None,
            instead_of=number,
        )
        found.append(rule)
    return found


@dataclass(frozen=True, slots=True)
class Run:
    """Days whose columns stand side by side here, and those of their sources side by side elsewhere.

    Attributes:
        column: of the first day here.
        sources: of the first day in each of the other places.
    """

    column: int
    sources: tuple[int, ...]
    length: int


def runs(columns: Mapping[_Day, int], *sources: Mapping[_Day, int]) -> list[Run]:
    """The days that all places have, in as few runs as they allow: a formula can be filled along each of them."""
    found: list[Run] = []
    for day, column in sorted(columns.items(), key=lambda item: item[1]):
        if any(day not in source for source in sources):
            continue
        places = tuple(source[day] for source in sources)
        if found:
            last = found[-1]
            expected = tuple(place + last.length for place in (last.column, *last.sources))
            if expected == (column, *places):
                found[-1] = Run(last.column, last.sources, last.length + 1)
                continue
        found.append(Run(column, places, 1))
    return found


def whole_weeks_of(
    columns: Mapping[date, int], helpers: Mapping[date, int], begins_on: int = 0
) -> dict[date, tuple[Pair, ...]]:
    """The first days of weeks whose seven days are there, with the columns of these and of their helpers, -1 for none.

    Weeks begin on a weekday, 0 is Monday.
    """
    weeks = {
        day: [day + timedelta(days=offset) for offset in range(7)]
        for day in columns
        if day.weekday() == begins_on
    }
    return {
        first: tuple((columns[day], helpers.get(day, -1)) for day in days)
        for first, days in sorted(weeks.items())
        if columns.keys() >= set(days)
    }
