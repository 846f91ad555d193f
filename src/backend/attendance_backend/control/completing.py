"""Adds what the control spreadsheet lacks: worksheets, headers, settings. It changes no filled cell. Pure logic.

Done twice it does nothing the second time: only what is missing is made, and then it is no longer missing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from attendance_backend.control import (
    alarms,
    holidays,
    machine_ids,
    periods,
    problems_sheet,
    registered_sites,
    review_sheets,
    roster,
    rules,
    shifts,
)
from attendance_backend.control.rules import Setting
from attendance_backend.domain.days import DEFAULT_DOUBLE_TAP_S, KeyPolicy
from attendance_backend.domain.periods import propose
from attendance_backend.domain.plans import HALVES
from attendance_backend.domain.rules import (
    DEFAULT_BALANCE_LEAVE,
    DEFAULT_KEEP_COPIES,
    DEFAULT_KEEP_NOTICES,
    DEFAULT_OVERTIME_AFTER_H,
)
from attendance_backend.sheet import serial, styles
from attendance_backend.sheet.blocks import append_rows
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Align,
    Block,
    Change,
    Formula,
    NewCell,
    NumberFormat,
    OfferChoices,
    RemoveWorksheet,
    Row,
    SetColumns,
    Style,
    WriteCells,
)
from attendance_backend.sheet.grid import FIRST_WORKSHEET_ID, Spreadsheet, Worksheet
from attendance_backend.sheet.table import Table, missing_headers, with_headers

TITLE = "Review Periods"
WEEKS = "Duration (Weeks)"
YEAR_HEADERS = (*periods.HEADERS, WEEKS)

_DATE = Style(NumberFormat("DATE", "ddd d mmm yyyy"), align=Align.LEFT)
"""In words: a day and a month that changed places are seen at once."""
_YEAR_SHEET_ID = 1_800_000_000
"""To which the year is added."""
_ROSTER_ID, _HOLIDAYS_ID, _SETTINGS_ID = 1_900_000_004, 1_900_000_005, 1_900_000_006
_SHIFTS_ID, _PLANS_ID, _MACHINE_IDS_ID = 1_900_000_009, 1_900_000_010, 1_900_000_011
_BLANK_ROWS = 100
"""So many rows HR finds ready to be typed into."""

_MEANINGS = {
    Setting.VIEWERS: "E-mail addresses, separated by commas: who may look at each review workbook",
    Setting.COMMENTERS: "E-mail addresses: who may also comment",
    Setting.EDITORS: "E-mail addresses: who may also type corrections. Whoever is a member of the folder may already",
    Setting.ALARM_TO: "E-mail addresses: whom to tell when the next review period is missing. "
    "Empty: as the functions are deployed (ALARM_TO)",
    Setting.KEY_POLICY: f'"{KeyPolicy.FIRST_AND_LAST}": the first punch of a day is the check-in, the last the '
    f'check-out. "{KeyPolicy.PAIRS}": in and out alternate, and the time between is a break. For one site only: '
    "add a row with the site",
    Setting.DOUBLE_TAP: "A second punch within so many seconds is the same one. For one site only: add a row with the "
    "site",
    Setting.GRACE: "A check-in so long after the cut-off time is not late yet",
    Setting.OVERTIME: "What is worked beyond it on a day is overtime",
    Setting.WEEKEND: "Days of the week on which nobody is expected, such as Fri, Sat. For one site only: add a row "
    "with the site",
    Setting.WEEK: "The first day of weeks, such as Sunday, in workbooks that are made from then on, and in Roster. A "
    "period that ends on a Friday then ends there. Empty: Monday, and it runs through the Sunday after it",
    Setting.NIGHT: "Hours that count as night, such as 22:00-06:00, of everybody. For one site only: add a row with "
    "the site. Empty: those hours, of people in Roster",
    Setting.OVERTIME_WEEK: "What is worked beyond it in a week, and is no overtime of a day; or expected: beyond what "
    "Shifts expect of the week. Empty: weeks are not looked at",
    Setting.END_GRACE: "A check-out so long before the end of a shift is not early yet",
    Setting.BALANCE_LEAVE: "A kind of leave whose hours are expected all the same, such as time off; none for none",
    Setting.KINDS: "Kinds of leave, such as vacation, sick, time off, between commas: each has a column in Working "
    "Time",
    Setting.HOLD: "yes: what you change from now on of people, shifts, roster, holidays and these settings reaches no "
    "workbook; Problems says what it would change. Empty: it does, within a quarter of an hour",
    Setting.MORNING: "E-mail addresses: who gets each morning what was open in Exceptions of the day before, site by "
    "site. Empty: nobody",
    Setting.COPIES: "Of so many days a copy of each workbook is kept; Drive's bin keeps what goes for 30 more",
    Setting.NOTICES: "So long the rows of Alarms and Dead Letters are kept",
    Setting.WORKBOOKS: "A workbook that is older is named in Problems, to be deleted. Empty: none is",
}
_DEFAULTS: dict[Setting, float | str] = {
    Setting.KEY_POLICY: KeyPolicy.FIRST_AND_LAST.value,
    Setting.DOUBLE_TAP: DEFAULT_DOUBLE_TAP_S,
    Setting.GRACE: 0,
    Setting.OVERTIME: DEFAULT_OVERTIME_AFTER_H,
    Setting.WEEKEND: "Sat, Sun",
    Setting.COPIES: DEFAULT_KEEP_COPIES,
    Setting.NOTICES: DEFAULT_KEEP_NOTICES,
    Setting.END_GRACE: 0,
    Setting.BALANCE_LEAVE: DEFAULT_BALANCE_LEAVE,
}


@dataclass
class Completion:
    """What is to be changed, for one atomic call, and what it is in words."""

    changes: list[Change] = field(default_factory=list)
    done: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Kind:
    """One worksheet of HR's."""

    title: str
    sheet_id: int
    headers: Sequence[str]
    widths: Sequence[int]
    column_styles: Sequence[Style]
    choices: Mapping[int, tuple[str, ...]] = field(default_factory=dict)
    """Drop-down lists, by column."""


_ROSTER = _Kind(
    roster.TITLE,
    _ROSTER_ID,
    (*roster.HEADERS, *roster.OPTIONAL_HEADERS),
    (220, 260, 110, 130, 130, 140, 130, 130, 130),
    (styles.PLAIN, styles.PLAIN, styles.TIME_CELL, *[styles.PLAIN] * 3, *[_DATE] * 3),
)
_HOLIDAYS = _Kind(
    holidays.TITLE,
    _HOLIDAYS_ID,
    (*holidays.HEADERS, *holidays.OPTIONAL_HEADERS),
    (140, 260, 130, 110),
    (_DATE, styles.PLAIN, styles.PLAIN, styles.PLAIN),
    {(*holidays.HEADERS, *holidays.OPTIONAL_HEADERS).index(holidays.PART): HALVES},
)
_SETTINGS = _Kind(
    rules.TITLE,
    _SETTINGS_ID,
    rules.ALL_HEADERS,
    (230, 130, 320, 620),
    (styles.PLAIN, styles.PLAIN, styles.VALUE, styles.WRAPPED),
    {rules.ALL_HEADERS.index(rules.SETTING): tuple(Setting)},
)
_SHIFTS = _Kind(
    shifts.SHIFTS,
    _SHIFTS_ID,
    (*shifts.SHIFT_HEADERS, *shifts.OPTIONAL_SHIFT_HEADERS),
    (160, 90, 90, 190, 90, 110, 130, 190),
    (
        *(styles.PLAIN, styles.TIME_CELL, styles.TIME_CELL, styles.PLAIN, styles.PLAIN, styles.TIME_CELL),
        *(styles.PLAIN, styles.PLAIN),
    ),
    {(*shifts.SHIFT_HEADERS, *shifts.OPTIONAL_SHIFT_HEADERS).index(shifts.COUNT): shifts.COUNTS},
)
_PLANS = _Kind(
    shifts.ROSTER,
    _PLANS_ID,
    shifts.ALL_ROSTER_HEADERS,
    (260, 140, 130, 160, 130, 130, 220),
    (*[styles.PLAIN] * 4, _DATE, _DATE, styles.PLAIN),
)
_MACHINE_IDS = _Kind(
    machine_ids.TITLE,
    _MACHINE_IDS_ID,
    machine_ids.ALL_HEADERS,
    (260, 130, 130, 190, 130, 130),
    (*[styles.PLAIN] * 4, _DATE, _DATE),
)


def complete(book: Spreadsheet, year: int, last_day_before: date | None) -> Completion:
    """What makes the spreadsheet complete for a year.

    Args:
        book: with all cells of the worksheets named here and of the year's.
        year: for which periods are proposed, if it has no worksheet, or an empty one.
        last_day_before: of the periods of earlier years.
    """
    result = Completion()
    _complete_year(book, year, last_day_before, result)
    for kind in (_ROSTER, _HOLIDAYS, _SETTINGS, _SHIFTS, _PLANS, _MACHINE_IDS):
        _complete_table(book, kind, result)
    _complete_settings(book, result)
    for kept in (review_sheets.SHEET, alarms.SHEET, registered_sites.SHEET, problems_sheet.SHEET):
        if book.find(kept.title) is None:
            result.changes += kept.create()
            result.done.append(f"made the worksheet {kept.title!r}, which the program keeps")
    sites = book.find(registered_sites.TITLE)
    if sites is not None and sites.cells:
        added, _ = with_headers(sites, tuple(registered_sites.Column))
        result.changes += added
        told = f"added the columns for keys and silence to {registered_sites.TITLE!r}"
        result.done += [told] if added else []
    if [sheet.sheet_id for sheet in book.worksheets] == [FIRST_WORKSHEET_ID] and not book.worksheets[0].cells:
        result.changes.append(RemoveWorksheet(FIRST_WORKSHEET_ID))
    return result


def _complete_year(book: Spreadsheet, year: int, last_day_before: date | None, result: Completion) -> None:
    title = str(year)
    sheet = book.find(title)
    kind = _Kind(
        title,
        _YEAR_SHEET_ID + year,
        YEAR_HEADERS,
        (140, 150, 150, 130),
        (styles.PLAIN, _DATE, _DATE, styles.PLAIN),
    )
    if sheet is not None and sheet.cells:
        return
    _complete_table(book, kind, result)
    rows = [
        (
            NewCell(period.month, styles.PLAIN),
            NewCell(serial.from_date(period.first_day), _DATE),
            NewCell(serial.from_date(period.last_day), _DATE),
            NewCell(Formula(f"=ROUNDUP((C{row}-B{row}+1)/7,0)"), styles.CODE),
        )
        for row, period in enumerate(propose(year, last_day_before), start=2)
    ]
    result.changes += append_rows(sheet or _made(kind), 1, rows)
    result.done.append(f"proposed twelve review periods for {year}: check them, and change what you like")


def _made(kind: _Kind) -> Worksheet:
    """What `_complete_table` makes, as if it had been read."""
    return Worksheet(kind.sheet_id, kind.title, _BLANK_ROWS, len(kind.headers))


def _complete_table(book: Spreadsheet, kind: _Kind, result: Completion) -> None:
    sheet = book.find(kind.title)
    header: Row = tuple(NewCell(text, styles.HEADER) for text in kind.headers)
    if sheet is None:
        blank = tuple(NewCell(None, style) for style in kind.column_styles)
        result.changes += [
            AddWorksheet(kind.sheet_id, kind.title, _BLANK_ROWS, len(kind.headers), frozen_rows=1),
            WriteCells(kind.sheet_id, 0, 0, (header, *[blank] * (_BLANK_ROWS - 1))),
            *(
                SetColumns(kind.sheet_id, column, column + 1, width)
                for column, width in enumerate(kind.widths)
            ),
        ]
        result.changes += [
            OfferChoices(kind.sheet_id, Block(1, None, column, column + 1), choices, strict=True)
            for column, choices in kind.choices.items()
        ]
        result.done.append(f"made the worksheet {kind.title!r}")
        return
    changes, added = with_headers(sheet, kind.headers)
    if added:
        result.changes += changes
        columns = "the column" if len(added) == 1 else "the columns"
        result.done.append(f"added {columns} {', '.join(added)} to {kind.title!r}")


def _complete_settings(book: Spreadsheet, result: Completion) -> None:
    sheet = book.find(rules.TITLE)
    if sheet is None or missing_headers(sheet, rules.ALL_HEADERS):
        if sheet is not None and sheet.cells:
            return
        places = {header: column for column, header in enumerate(rules.ALL_HEADERS)}
        present: set[Setting | None] = set()
    else:
        table = Table.of(sheet, rules.ALL_HEADERS)
        places = dict(table.columns)
        present = {rules.named(table.label(row, rules.SETTING)) for row in table.rows()}
    absent = [setting for setting in Setting if setting not in present]
    target = sheet or _made(_SETTINGS)
    rows = [_setting_row(setting, places) for setting in absent]
    first_row = max(target.end_row(), 1)
    result.changes += append_rows(target, first_row, rows)
    if Setting.KEY_POLICY in absent:
        row = first_row + absent.index(Setting.KEY_POLICY)
        cell = Block(row, row + 1, places[rules.VALUE], places[rules.VALUE] + 1)
        policies = tuple(str(policy) for policy in KeyPolicy)
        result.changes.append(OfferChoices(target.sheet_id, cell, policies, strict=True))
    if absent:
        result.done.append(f"added to {rules.TITLE!r}, with their defaults: {', '.join(absent)}")


def _setting_row(setting: Setting, places: dict[str, int]) -> Row:
    values: dict[int, NewCell] = {
        places[rules.SETTING]: NewCell(setting.value, styles.NAME),
        places[rules.SITE]: NewCell(None, styles.PLAIN),
        places[rules.VALUE]: NewCell(_DEFAULTS.get(setting), styles.VALUE),
        places[rules.MEANING]: NewCell(_MEANINGS[setting], styles.WRAPPED),
    }
    return tuple(values.get(column, NewCell(None, styles.PLAIN)) for column in range(max(values) + 1))
