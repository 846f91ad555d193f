"""A month that HR finalised: its numbers as values, and what would be different now. Pure logic.

``Kept`` (hidden) holds what the shown cells of ``Daily Attendance``, ``Weekly Summary`` and ``Monthly Summary`` said
when the program kept them, one row a row there, and what else the numbers were made from: settings, cut-off times,
corrections. The shown cells are values from then on, so that nothing moves them; hidden helpers go on computing, and
nothing that is shown follows them. ``Since Finalised`` lists what differs.

The alternative, live copies of all three worksheets to compare with, would say the same of each number that a change of
one setting touches; HR needs to know of the setting.
"""

import json
import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from attendance_backend.domain.people import Detail, Person, user_key
from attendance_backend.domain.rules import Rules
from attendance_backend.errors import LayoutError
from attendance_backend.review import (
    book,
    corrections_sheet,
    daily_columns,
    day_header,
    exceptions_sheet,
    formulas,
    guide_sheet,
    monthly_columns,
    raw_data,
    repairing,
    weekly_columns,
    working_time_columns,
)
from attendance_backend.review import weekly_summary as weekly
from attendance_backend.review.book import Want
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.expected_formulas import Expected, expected
from attendance_backend.review.expected_formulas import wants as formula_wants
from attendance_backend.review.finding import Finding
from attendance_backend.review.kept_sheets import CELLS, DAY, KEPT_LAYOUT, ROW, SHEET, SINCE_LAYOUT, WHAT, WHO
from attendance_backend.review.names import (
    AMENDMENTS,
    CORRECTIONS,
    DAILY,
    DAYS,
    GUIDE,
    KEPT,
    KEPT_ID,
    MONTHLY,
    PLAN,
    SINCE,
    WEEKLY,
    WORKING_TIME,
)
from attendance_backend.sheet import serial
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import AddRows, Change, Formula, NewCell, RemoveWorksheet, WriteCells
from attendance_backend.sheet.grid import Place, Spreadsheet, Value, Worksheet
from attendance_backend.sheet.layout import Column
from attendance_backend.sheet.placing import as_made, lay
from attendance_contracts import ReviewPeriod

KEYS = {
    DAILY: daily_columns.KEY,
    WEEKLY: weekly_columns.KEY,
    MONTHLY: monthly_columns.TOKEN,
    WORKING_TIME: working_time_columns.TOKEN,
}
NAMES = {
    DAILY: daily_columns.EMPLOYEE,
    WEEKLY: weekly_columns.EMPLOYEE,
    MONTHLY: monthly_columns.EMPLOYEE,
    WORKING_TIME: working_time_columns.EMPLOYEE,
}
_LABELS = {
    *(columns.EMPLOYEE for columns in (daily_columns, weekly_columns, monthly_columns)),
    *(columns.USER_NAME for columns in (daily_columns, weekly_columns, monthly_columns)),
    *(daily_columns.LABEL, weekly_columns.LABEL),
}
"""By which people know whose and what a number is."""
_TYPED = {weekly_columns.CUT_OFF, *_LABELS}
"""Kept although no formula is in them."""
_NO_FORMULA = {column.key for column in _TYPED}
_COLOURING = {daily_columns.LATE_AFTER}
"""Hidden, and yet people see what it says: by the colour of a late check-in."""
_TIMES = (corrections_sheet.CHECK_IN, corrections_sheet.CHECK_OUT)
_CHANGING = (*_TIMES, corrections_sheet.LEAVE, corrections_sheet.WAIVE)

_CORRECTIONS_KEPT = "corrections are kept"
CANNOT_BE_KEPT = "this month cannot be finalised: "
_NO_VALUE = "{cell} shows an error or has no value yet; correct it, or type no"


@dataclass(frozen=True)
class Now:
    """What HR keeps for all workbooks, as it is now.

    Attributes:
        holidays: as `day_header.texts_of` makes them; None when not all are known.
        today: the cloud's.
    """

    people: Sequence[Person]
    holidays: Mapping[date, str] | None
    rules: Rules
    today: date


def is_kept(present: Spreadsheet) -> bool:
    """Whether the numbers of a workbook, whose worksheets are known, are values."""
    return present.find(KEPT) is not None


def wants(present: Spreadsheet) -> list[Want]:
    """What all of the below need."""
    optional = (KEPT, SINCE, AMENDMENTS, WORKING_TIME, PLAN)
    there = [book.whole(title) for title in optional if present.find(title) is not None]
    return [*formula_wants(), *there]


def keep(view: Spreadsheet, period: ReviewPeriod, on: date, listed: Collection[str] = ()) -> list[Change]:
    """Makes the numbers values.

    Args:
        view: with the cells of `wants`, all formulas where they belong.
        listed: by `Person.key`, whom HR's list names.

    Raises:
        LayoutError: a cell shows no value, or somebody lacks rows.
    """
    _check_rows(view, listed)
    changes: list[Change] = []
    kept: list[_Line] = []
    for title, formulas_of in expected(view, period, KEYS):
        sheet = view.worksheet(title)
        frozen: dict[Place, NewCell] = {}
        for key, row in rows_of(sheet, title).items():
            kept.append((title, key, _kept_row(sheet, row, formulas_of, frozen)))
        changes += write_cells(sheet.sheet_id, frozen)
    guide = view.worksheet(GUIDE)
    kept.append((GUIDE, "", guide_sheet.typed(guide)))
    corrections = view.worksheet(CORRECTIONS)
    if _is_answered(corrections):
        lines, marks = _kept_corrections(corrections)
        kept += lines
        changes += marks
    sheet = as_made(KEPT_LAYOUT)
    return [
        *KEPT_LAYOUT.create(sheet.first_row + len(kept)),
        *lay(KEPT_ID, sheet.columns, sheet.first_row, _rows(kept)),
        *changes,
        *_noted(guide, on),
    ]


def _check_rows(view: Spreadsheet, listed: Collection[str]) -> None:
    """Rows that somebody deleted come back at a visit, but not in a month that is closed: it must not be kept so."""
    days = Days(view.worksheet(DAYS))
    rows = {title: rows_of(sheet, title).keys() for title, sheet in sheets_of(view)}
    counted = {key for key, member in days.members.items() if member.seen is not None or key in listed}
    partly = {user_of_key(key) for title, keys in rows.items() if title != WORKING_TIME for key in keys}
    for user in sorted(counted | partly):
        expected_keys = [
            *((DAILY, label, daily_columns.key_of(user, label)) for label in daily_columns.LABELS),
            *((WEEKLY, label, daily_columns.key_of(user, label)) for label in weekly_columns.LABELS),
            *((title, "", formulas.token_of(user)) for title in (MONTHLY, WORKING_TIME)),
        ]
        for title, label, key in expected_keys:
            if title == WORKING_TIME and (title not in rows or user not in days.planned):
                continue
            if key not in rows[title]:
                to_go = ". If it is to stay away, delete the person's other rows, too"
                raise LayoutError(
                    f"{CANNOT_BE_KEPT}{title} lacks the row {f'{label} ' if label else ''}of {user}, which somebody "
                    "deleted: empty the cell beside Finalised, and the next visit brings it back"
                    + ("" if user in counted else to_go)
                )


def _noted(guide: Worksheet, on: date) -> list[Change]:
    return guide_sheet.keep(guide, f"{on:%d-%m-%Y}")


def rest_of_keeping(view: Spreadsheet, period: ReviewPeriod, on: date) -> list[Change]:
    """What an attempt to `keep` the month left that died once ``Kept`` was whole: cells that still are formulas.

    Args:
        view: as for `keep`.
    """
    frozen: list[Change] = []
    for title, sheet in sheets_of(view):
        own, cells = dict[str, Expected](), dict[Place, NewCell]()
        for place, _, kept in _kept_cells(view, sheet):
            value, formula = kept if isinstance(kept, list) else (kept, None)
            stands = sheet.cells.get(place)
            if stands is None or not stands.is_formula:
                continue
            own = own or dict(expected(view, period, [title]))
            of_ours = own[title].get(place)
            is_ours = isinstance(of_ours, Formula) and repairing.is_ours(title, stands.formula, of_ours)
            if is_ours or stands.formula == formula:
                cells[place] = NewCell(None if value == "" else value)
        frozen += write_cells(sheet.sheet_id, cells)
    guide, corrections = view.worksheet(GUIDE), view.worksheet(CORRECTIONS)
    if not frozen and guide_sheet.read(guide).kept_on:
        return []
    known, column = {text for text, _ in _kept(view, CORRECTIONS)}, corrections.at(corrections_sheet.KEPT)
    marks = {(row, column): NewCell(text) for row, text in _as_typed(corrections) if text in known}
    return [*frozen, *write_cells(corrections.sheet_id, marks), *_noted(guide, on)]


def lacks_corrections(view: Spreadsheet) -> bool:
    """Whether what stood in ``Corrections`` is not kept: an earlier version's formulas had answered it."""
    return is_kept(view) and not any(True for _ in _kept(view, _CORRECTIONS_KEPT))


def keep_corrections(view: Spreadsheet) -> list[Change]:
    """Keeps what stands in ``Corrections``, once formulas of this version answer it; `view` as for `keep`."""
    sheet = view.worksheet(KEPT)
    lines, marks = _kept_corrections(view.worksheet(CORRECTIONS))
    growth = AddRows(sheet.sheet_id, len(lines))
    return [growth, *lay(sheet.sheet_id, sheet.columns, sheet.row_count, _rows(lines)), *marks]


_Line = tuple[str, str, object]
"""Of ``Kept``: worksheet, key of the row, and what is kept of it."""


def _is_answered(corrections: Worksheet) -> bool:
    column = corrections.at(corrections_sheet.AS_TYPED)
    return any(place[1] == column and cell.is_formula for place, cell in corrections.cells.items())


def _kept_corrections(corrections: Worksheet) -> tuple[list[_Line], list[WriteCells]]:
    lines: list[_Line] = [(_CORRECTIONS_KEPT, "", [])]
    as_typed: dict[Place, NewCell] = {}
    for row, text in _as_typed(corrections):
        as_typed[row, corrections.at(corrections_sheet.KEPT)] = NewCell(text)
        lines.append((CORRECTIONS, text, [str(part or "") for part in _of_correction(corrections, row)]))
    return lines, write_cells(corrections.sheet_id, as_typed)


def _rows(kept: Sequence[_Line]) -> list[dict[Column, NewCell]]:
    return [
        {SHEET: NewCell(title), ROW: NewCell(key), CELLS: NewCell(json.dumps(cells, ensure_ascii=False))}
        for title, key, cells in kept
    ]


def user_of_key(key: str) -> str:
    """The `user_key` by which a row of one of the three worksheets is found."""
    return formulas.user_of(key) or key.rpartition(daily_columns.KEY_SEPARATOR)[0]


def kept_beside_formulas(view: Spreadsheet) -> Iterator[Finding]:
    """Of a month that is kept: what somebody had typed over formulas before."""
    for _, sheet in sheets_of(view):
        for place, (key, name), kept in _kept_cells(view, sheet):
            if isinstance(kept, list) and name not in _NO_FORMULA:
                yield typed_over(sheet, place, key, name, kept[0])


def typed_over(sheet: Worksheet, place: Place, key: str, name: str, value: Value | None) -> Finding:
    """A number that follows punches and corrections no more: of a row's key, and a column's name (`columns_of`)."""
    title = sheet.role or ""
    what = f"{_label(title, sheet, *place)} in {sheet.title} was typed over its formula: {shown(title, name, value)}"
    return Finding(sheet.text(place[0], NAMES[title]), day_of(name), what, user_of_key(key))


def _kept_row(
    sheet: Worksheet, row: int, formulas_of: Expected, frozen: dict[Place, NewCell]
) -> dict[str, object]:
    """What stands in a row, by `_columns`: a value that the program's formula made, or what a person typed over it."""
    typed = {sheet.columns.get(column) for column in _TYPED}
    cells: dict[str, object] = {}
    for name, column in columns_of(sheet).items():
        cell, formula = sheet.cells.get((row, column)), formulas_of.get((row, column))
        if cell is None or not cell.is_formula:
            if isinstance(formula, Formula) or column in typed:
                cells[name] = [None if cell is None else cell.value, None]
            continue
        if cell.value is None:
            raise LayoutError(
                CANNOT_BE_KEPT + _NO_VALUE.format(cell=f"{sheet.title}!{cell_name(row, column)}")
            )
        is_ours = isinstance(formula, Formula) and repairing.is_ours(sheet.role or "", cell.formula, formula)
        cells[name] = cell.value if is_ours else [cell.value, cell.formula]
        frozen[row, column] = NewCell(None if cell.value == "" else cell.value)
    return cells


def open_again(view: Spreadsheet, period: ReviewPeriod) -> list[Change]:
    """Lets the numbers live again; what somebody typed over them meanwhile stays. `view` and `period` as for `keep`."""
    changes: list[Change] = []
    for title, sheet in sheets_of(view):
        formulas_of = dict(expected(view, period, [title]))[title]
        back: dict[Place, NewCell] = {}
        for place, _, kept in _kept_cells(view, sheet):
            value, formula = kept if isinstance(kept, list) else (kept, formulas_of.get(place))
            text = Formula(formula) if isinstance(formula, str) and formula else formula
            if isinstance(text, Formula) and _is_as_kept(sheet, place, value):
                back[place] = NewCell(text)
        changes += write_cells(sheet.sheet_id, back)
    corrections = view.find(CORRECTIONS)
    if corrections is not None:
        column = corrections.at(corrections_sheet.KEPT)
        marked = (row for row in corrections.data_rows() if (row, column) in corrections.cells)
        changes += write_cells(corrections.sheet_id, {(row, column): NewCell() for row in marked})
    gone = [own.sheet_id for title in (KEPT, SINCE) if (own := view.find(title)) is not None]
    return [
        *changes,
        *guide_sheet.keep(view.worksheet(GUIDE), ""),
        *(RemoveWorksheet(sheet_id) for sheet_id in gone),
    ]


def differences(view: Spreadsheet, now: Now) -> list[Finding]:
    """What would change the numbers, or has changed what is shown of them.

    Args:
        view: with the cells of `wants`.
    """
    period = guide_sheet.period_of(view.worksheet(GUIDE))
    found = [*late_punches(view), *_corrections(view), *_typed_over(view), *_settings(view, now)]
    if period is not None:
        found += [*_holidays(view, period, now), *_people(view, period, now)]
    return sorted(dict.fromkeys(found), key=Finding.order)


def told(view: Spreadsheet, found: Sequence[Finding], today: date) -> list[Change]:
    """What makes ``Since Finalised`` say this; it is made, and told of, once there is anything to say."""
    sheet, made = view.find(SINCE), list[Change]()
    if sheet is None:
        if not found:
            return []
        made = SINCE_LAYOUT.create(2, index=1)
        sheet = book.made(made)
        made += book.tell(view, [exceptions_sheet.differs_since_finalised(today)])
    lines = [(each.who, each.day, each.what) for each in found]
    present = [
        (sheet.text(row, WHO), sheet.date(row, DAY), sheet.text(row, WHAT)) for row in sheet.data_rows()
    ]
    if present == lines:
        return made
    growth = sheet.first_row + len(lines) - sheet.row_count
    rows = [
        {
            WHO: WHO.cell(who or None),
            DAY: DAY.cell(None if day is None else serial.from_date(day)),
            WHAT: WHAT.cell(what or None),
        }
        for who, day, what in [*lines, *[("", None, "")] * (len(present) - len(lines))]
    ]
    return [
        *made,
        *([AddRows(sheet.sheet_id, growth)] if growth > 0 else []),
        *lay(sheet.sheet_id, sheet.columns, sheet.first_row, rows),
    ]


def rows_of(sheet: Worksheet, title: str) -> dict[str, int]:
    return sheet.rows_by(KEYS[title])


def columns_of(sheet: Worksheet) -> dict[str, int]:
    """The columns whose cells are kept, by names that stay the same wherever they stand."""
    shown = {
        column.key: place
        for column, place in sheet.columns.items()
        if not column.hidden or column in _COLOURING
    }
    if sheet.role == WEEKLY:
        others = set(sheet.columns.values())
        labels = weekly.columns_by_label(sheet)
        return shown | {label: place for label, place in labels.items() if label and place not in others}
    return shown | {day.isoformat(): place for day, place in day_header.columns_by_day(sheet).items()}


def _as_typed(corrections: Worksheet) -> Iterator[tuple[int, str]]:
    """The rows of ``Corrections`` that mean something, and what."""
    for row in corrections.data_rows():
        if text := corrections.text(row, corrections_sheet.AS_TYPED):
            yield row, text


def _of_correction(corrections: Worksheet, row: int) -> tuple[str, str, str, str]:
    """Who, on which day (ISO), and what, as people read it; and the `user_key`."""
    day = corrections.date(row, corrections_sheet.FROM)
    what = corrections.text(row, corrections_sheet.KIND)
    value = corrections.number(row, corrections_sheet.TIME)
    if what in _TIMES and value is not None:
        what = f"{what} {_time(value)}"
    who = corrections.label(row, corrections_sheet.EMPLOYEE)
    user = formulas.user_of(corrections.text(row, corrections_sheet.USER))
    return who, "" if day is None else day.isoformat(), what, user


def _kept(view: Spreadsheet, title: str) -> Iterator[tuple[str, Any]]:
    """What ``Kept`` holds of a worksheet: keys of rows, and their cells."""
    sheet = view.worksheet(KEPT)
    for row in sheet.data_rows():
        if sheet.text(row, SHEET) == title:
            try:
                yield sheet.text(row, ROW), json.loads(sheet.text(row, CELLS))
            except ValueError:
                continue  # somebody typed into a hidden worksheet: what it held is not known any more


def sheets_of(view: Spreadsheet) -> list[tuple[str, Worksheet]]:
    """Those of the worksheets whose numbers are kept that are there, by their titles."""
    return [(title, sheet) for title in KEYS if (sheet := view.find(title)) is not None]


def _kept_cells(view: Spreadsheet, sheet: Worksheet) -> Iterator[tuple[Place, tuple[str, str], Any]]:
    """What ``Kept`` holds of the cells of a worksheet that are there: where, keys of row and column, and what."""
    title = sheet.role or ""
    rows, columns = rows_of(sheet, title), columns_of(sheet)
    for key, cells in _kept(view, title):
        for name, kept in cells.items():
            if key in rows and name in columns:
                yield (rows[key], columns[name]), (key, name), kept


def _is_as_kept(sheet: Worksheet, place: Place, value: Value | None) -> bool:
    cell = sheet.cells.get(place)
    now = None if cell is None else cell.value
    if cell is not None and cell.is_formula:
        return False
    if isinstance(now, int | float) and isinstance(value, int | float):
        return math.isclose(now, value, rel_tol=1e-12, abs_tol=1e-9)
    return (now or "") == (value or "")


def _typed_over(view: Spreadsheet) -> Iterator[Finding]:
    """Numbers that somebody changed although they were kept."""
    for title in KEYS:
        sheet = view.find(title)
        if sheet is None:
            if any(True for _ in _kept(view, title)):
                yield Finding("", None, f"{title} is gone: restore it through File > Version history")
            continue
        rows, columns = rows_of(sheet, title), columns_of(sheet)
        for key, cells in _kept(view, title):
            row, user = rows.get(key), user_of_key(key)
            if row is None:
                what = f"a row is gone from {sheet.title}: restore it through File > Version history"
                yield Finding(user, None, what, user)
                continue
            as_kept = {name: kept[0] if isinstance(kept, list) else kept for name, kept in cells.items()}
            who = as_kept.get(NAMES[title].key) or sheet.text(row, NAMES[title])
            for name, value in as_kept.items():
                place = columns.get(name)
                if place is None:
                    what = f"{name} is gone from {sheet.title}: restore it through File > Version history"
                    yield Finding("", None, what)
                elif not _is_as_kept(sheet, (row, place), value):
                    label = _label(title, sheet, row, place)
                    now = shown(title, name, sheet.value(row, place))
                    was = shown(title, name, value)
                    what = f"{label} in {sheet.title} reads {now}, and was {was} when the month was finalised"
                    yield Finding(str(who), day_of(name), what, user)


def _label(title: str, sheet: Worksheet, row: int, place: int) -> str:
    """What a cell is called."""
    header = sheet.text(sheet.lines[0], place)
    if any(sheet.columns.get(column) == place for column in _TYPED):
        return header
    if title == DAILY:
        return sheet.text(row, daily_columns.LABEL)
    if title == WEEKLY:
        return f"{sheet.text(row, weekly_columns.LABEL)} ({header})"
    return header or "the day"


def day_of(name: str) -> date | None:
    """The day of a column (`columns_of`); None for one that is of no day."""
    try:
        return date.fromisoformat(name)
    except ValueError:
        return None


_COUNTED_THERE = tuple(
    column.key
    for column in (working_time_columns.LATE, working_time_columns.EARLY, working_time_columns.HALF_DAYS)
)


def shown(title: str, name: str, value: Value | None) -> str:
    """A value about as people see it."""
    if value in (None, ""):
        return "nothing"
    if isinstance(value, bool | str):
        return str(value)
    is_time = title in (DAILY, WORKING_TIME) and name not in _COUNTED_THERE
    is_time = is_time or name in (monthly_columns.HOURS.key, monthly_columns.OVERTIME.key)
    is_time = is_time or (title == WEEKLY and not float(value).is_integer())
    return _time(float(value)) if is_time else f"{value:.15g}"


def _time(days: float) -> str:
    minutes = round(abs(days) * 1440)
    return f"{'-' if days < 0 else ''}{minutes // 60:02}:{minutes % 60:02}"


def late_punches(view: Spreadsheet) -> Iterator[Finding]:
    """Punches that came while the month was finalised; they do not count, also when it is opened again."""
    sheet = view.find(AMENDMENTS)
    for row in sheet.data_rows() if sheet is not None else ():
        assert sheet is not None
        at = sheet.moment(row, raw_data.TIMESTAMP)
        if not sheet.text(row, raw_data.RECORD_ID) or at is None:
            continue
        day = sheet.date(row, raw_data.BUSINESS_DAY) or at.date()
        what = f"a punch at {at:%H:%M} came after the month was finalised, and stands in {AMENDMENTS}"
        user = user_key(sheet.label(row, raw_data.USER_NAME))
        yield Finding(sheet.label(row, raw_data.EMPLOYEE), day, what, user)


def _corrections(view: Spreadsheet) -> Iterator[Finding]:
    if lacks_corrections(view):
        return
    sheet = view.worksheet(CORRECTIONS)
    for row in sheet.data_rows():
        # Below the prepared rows nothing answers any more what is typed.
        if (
            sheet.label(row, corrections_sheet.WHAT)
            and (row, sheet.at(corrections_sheet.AS_TYPED)) not in sheet.cells
        ):
            what = f"row {row + 1} of {CORRECTIONS} was typed after the month was finalised"
            yield Finding(sheet.label(row, corrections_sheet.EMPLOYEE), None, what)
    kept = {text: tuple(parts) for text, parts in _kept(view, CORRECTIONS)}
    there = {text: _of_correction(sheet, row) for row, text in _as_typed(sheet)}
    for texts, found, what in (
        (there.keys() - kept.keys(), there, "typed into"),
        (kept.keys() - there.keys(), kept, "removed from"),
    ):
        for key in texts:
            who, day, correction, user = found[key]
            if correction.startswith(_CHANGING):
                text = f"{corrections_sheet.spelt(correction)}: {what} {CORRECTIONS} after the month was finalised"
                yield Finding(who, day_of(day), text, user)


def corrected_days(view: Spreadsheet) -> Iterator[tuple[str, date | None]]:
    """Whose times of which days HR corrected."""
    sheet = view.worksheet(CORRECTIONS)
    for row, _ in _as_typed(sheet):
        if sheet.text(row, corrections_sheet.KIND) in _TIMES:
            user = formulas.user_of(sheet.text(row, corrections_sheet.USER))
            yield user, sheet.date(row, corrections_sheet.FROM)


def _settings(view: Spreadsheet, now: Now) -> Iterator[Finding]:
    guide = view.worksheet(GUIDE)
    kept = dict(next((cells for _, cells in _kept(view, GUIDE)), {}))
    for name, value in guide_sheet.typed(guide).items():
        if name in kept and value != kept[name]:
            yield Finding(
                "", None, f"{name} is {value} in {GUIDE}, and was {kept[name]} when it was finalised"
            )
    for name, unit_s, set_now in (
        (guide_sheet.GRACE, 60, now.rules.grace_s),
        (guide_sheet.OVERTIME, 3600, now.rules.overtime_after_s),
    ):
        as_set = guide_sheet.as_set(guide, name)
        if set_now is not None and as_set is not None and set_now != as_set:
            what = f"{name} is {set_now / unit_s:g} in Settings, and was {as_set / unit_s:g} when it was finalised"
            yield Finding("", None, what)


def _holidays(view: Spreadsheet, period: ReviewPeriod, now: Now) -> Iterator[Finding]:
    daily = view.find(DAILY)
    if daily is None or now.holidays is None:
        return
    counted = day_header.texts_in(daily)
    for day in sorted({*counted, *now.holidays}):
        was, set_now = (" ".join(texts.get(day, "").split()) for texts in (counted, now.holidays))
        if period.first_day <= day <= period.last_day and was != set_now:
            what = (
                f"Holidays has {set_now or 'nothing'} now, and had {was or 'nothing'} when it was finalised"
            )
            yield Finding("", day, what)


def _people(view: Spreadsheet, period: ReviewPeriod, now: Now) -> Iterator[Finding]:
    days, week = view.find(DAYS), view.find(WEEKLY)
    if days is None or week is None:
        return
    members = Days(days).members
    rows = rows_of(week, WEEKLY)
    for person in (each.on(period.last_day) for each in now.people):
        member = members.get(person.key)
        if member is None:
            begins = person.first_day or (now.today if now.today <= period.last_day else None)
            if begins and replace(person, first_day=begins).is_employed_within(
                period.first_day, period.last_day
            ):
                what = "in Cut Off Times, and not in this month, as it is finalised"
                yield Finding(person.name, None, what, person.key)
            continue
        for words, detail, was, is_now in (
            ("First Day", Detail.FIRST_DAY, member.first_day, person.first_day),
            ("Last Day", Detail.LAST_DAY, member.last_day, person.last_day),
        ):
            if was != is_now and detail not in person.unread:
                what = f"{words} is {is_now or 'empty'} in Cut Off Times, and was {was or 'empty'} when finalised"
                yield Finding(person.name, None, what, person.key)
        row = rows.get(daily_columns.key_of(person.key, weekly_columns.AVERAGE))
        if row is not None and Detail.CUT_OFF not in person.unread:
            was_set = week.number(row, weekly_columns.CUT_OFF_AS_SET)
            before = None if was_set is None else serial.to_seconds(was_set)
            is_known = was_set is not None or week.text(row, weekly_columns.CUT_OFF_AS_SET)
            if is_known and before != person.cut_off:
                texts = (
                    weekly_columns.NO_CUT_OFF if one is None else _time(one / 86_400)
                    for one in (person.cut_off, before)
                )
                what = "the cut-off time is {} in Cut Off Times, and was {} when it was finalised".format(
                    *texts
                )
                yield Finding(person.name, None, what, person.key)
