"""What HR sees in a workbook, and what is right: worked out by `workbook_truth` from punches and from what was typed.

A worksheet is known by its title, a column by the word above it, a row by the name in it: as people know them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from attendance_sandbox.sheets.a1 import column_letters
from tests.integration.workbook_truth import Correction, Truth

EPOCH = datetime(1899, 12, 30)
DAILY, WEEKLY, MONTHLY, CORRECTIONS = (
    "Daily Attendance",
    "Weekly Summary",
    "Monthly Summary",
    "Corrections",
)
LABELS = ("Check In", "Check Out", "Hours Worked")
MEASURES = ("Weekly Average", "Hours Worked", "Penalties")
COUNTS = ("Days Present", "Late", "Absent", "On Leave", "Incomplete", "Penalties")
TOTALS = (*COUNTS[:5], "Hours", "Overtime", "Penalties")
TYPED = ("Date", "Until (leave)", "Employee", "What", "Value", "Reason", "Entered By")


def day_of(value):
    """The date that a number shows; None for none."""
    is_date = isinstance(value, int | float) and not isinstance(value, bool) and value == int(value)
    return (EPOCH + timedelta(days=int(value))).date() if is_date and 40_000 < value < 60_000 else None


class Look:
    """One worksheet as people read it: where the words of its header are, and the rows below."""

    def __init__(self, sheet, words):
        self.title = sheet.title
        self.cells = {(row, column): cell for row, column, cell in sheet.occupied(sheet.area)}
        self.end = max((row for row, _ in self.cells), default=-1) + 1
        self.header = min(
            (row for (row, _), cell in self.cells.items() if words and cell.value in words), default=0
        )
        header = sorted(
            (column, cell.value) for (row, column), cell in self.cells.items() if row == self.header
        )
        self.columns = {}
        for column, word in header:
            if word not in (None, ""):
                self.columns.setdefault(word, column)
        self.days = {
            day: column
            for word, column in self.columns.items()
            if (day := day_of(word)) and not sheet.column_properties.get(column, {}).get("hiddenByUser")
        }

    def value(self, row, column):
        cell = self.cells.get((row, column))
        return None if cell is None or cell.value == "" else cell.value

    def at(self, row, word):
        """What stands below a word; None for nothing."""
        return self.value(row, self.columns[word]) if word in self.columns else None

    def is_formula(self, row, column):
        cell = self.cells.get((row, column))
        return cell is not None and cell.formula is not None

    def name(self, row, column):
        return f"{column_letters(column)}{row + 1}"

    def rows(self):
        return range(self.header + 1, self.end)


@dataclass(frozen=True)
class Shown:
    """A number or word that HR sees: of whom, about what, its cell, and whether it is a formula's."""

    who: str
    what: object
    value: object
    cell: str
    place: tuple
    computed: bool


def shown(looks):
    """All of the three worksheets of times; and what is wrong with them at first sight."""
    found, wrong = {}, []
    for title, keys in ((DAILY, LABELS), (WEEKLY, MEASURES), (MONTHLY, ("",))):
        look = looks[title]
        for row in look.rows():
            who, label = look.at(row, "Employee"), look.at(row, "Measure") if keys != ("",) else ""
            if not isinstance(who, str) or label not in keys:
                continue
            for what, column in _columns(look, title).items():
                key = (title, who, label, what)
                cell = f"{look.title}!{look.name(row, column)}"
                if key in found:
                    wrong.append(f"{key} stands there twice")
                found[key] = Shown(
                    who, what, look.value(row, column), cell, (row, column), look.is_formula(row, column)
                )
    return found, wrong


def _columns(look, title):
    if title == WEEKLY:
        weeks = {word: column for word, column in look.columns.items() if str(word).count(" - ") == 1}
        return weeks | {
            word: look.columns[word] for word in ("Total", "Cut Off Time") if word in look.columns
        }
    totals = {word: look.columns[word] for word in TOTALS if word in look.columns}
    return look.days | (totals if title == MONTHLY else {})


def typed_rows(look):
    """What HR typed into Corrections, by row: the cells below HR's words, and nothing else of it."""
    rows = {}
    for row in look.rows():
        cells = tuple(look.at(row, word) for word in TYPED)
        if any(value is not None for value in cells):
            rows[row] = cells
    return rows


def corrections(look):
    """The same for `workbook_truth`, whose first row is the second of the worksheet."""
    rows = typed_rows(look)
    made: list[Correction | None] = [None] * max((row for row in rows), default=0)
    for row, (day, until, who, what, value, reason, _) in rows.items():
        moment = isinstance(value, int | float) and value > 40_000
        made[row - 1] = Correction(
            day_of(day) or day,
            str(who or ""),
            str(what or ""),
            EPOCH + timedelta(seconds=round(value * 86_400)) if moment else value,
            day_of(until) or until,
            str(reason or ""),
        )
    return made


class Right(Truth):
    """`Truth`, with hours that HR typed over their formula."""

    def hours(self, employee, day):
        typed = self.month.typed.get((employee.user, "Hours Worked", day))
        return super().hours(employee, day) if typed is None else typed


def right(month, week):
    """What must stand where, by the keys of `shown`: seconds, counts and words."""
    truth, wanted = Right(month), {}
    for person in month.employees:
        who = person.name
        for day in month.days():
            for label in LABELS[:2]:
                wanted[DAILY, who, label, day] = truth.time(person, label, day)
            wanted[DAILY, who, LABELS[2], day] = truth.hours(person, day)
            wanted[MONTHLY, who, "", day] = truth.word(person, day)
        (monday,) = month.mondays()
        values = truth.week(person, monday)
        for label, value in zip(MEASURES, values, strict=True):
            wanted[WEEKLY, who, label, week] = value
            if label != MEASURES[0]:
                wanted[WEEKLY, who, label, "Total"] = value if isinstance(value, int | float) else 0
        for word, value in truth.totals(person).items():
            wanted[MONTHLY, who, "", word] = value
    return wanted, truth.statuses


def differs(key, value, wanted):
    """Whether a cell shows something else than it should: durations and times of day are parts of a day."""
    counts = key[3] in COUNTS or (key[0] == WEEKLY and key[2] == "Penalties")
    if isinstance(value, int | float) and not isinstance(value, bool) and not counts:
        value *= 86_400
    if isinstance(value, int | float) and isinstance(wanted, int | float):
        return abs(value - wanted) > 0.01
    return (value or None) != (wanted or None)
