"""Compares two states of a month: whose numbers differ, on which days, and how. Pure logic."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from attendance_backend.review import daily_columns, monthly_columns, working_time_columns
from attendance_backend.review.book import Want, ours, whole
from attendance_backend.review.finalised import NAMES, columns_of, day_of, rows_of, shown, user_of_key
from attendance_backend.review.names import DAILY, MONTHLY, WORKING_TIME
from attendance_backend.sheet.grid import Spreadsheet

_COMPARED = (MONTHLY, WORKING_TIME, DAILY)
"""Weeks say nothing that is not in these, but for their means."""
_OF_THE_PERSON = {
    column.key
    for columns in (monthly_columns, working_time_columns, daily_columns)
    for column in (columns.EMPLOYEE, columns.USER_NAME)
} | {daily_columns.LABEL.key, daily_columns.LATE_AFTER.key}
_TWICE = {working_time_columns.WORKED.key}
"""In ``Working Time`` as in ``Monthly Summary``."""
_WORD = "day"
_NONE = {"nothing", "0", "00:00"}
"""That somebody has a number now, and it says none, is no news."""
MOST_DAYS = 5
"""Days that the line of a person names."""


@dataclass(frozen=True, slots=True)
class Differing:
    """A value that differs.

    Attributes:
        user, who: `user_key`, and name of the person.
        day: None for a number of the whole month.
        what: what the value is called.
        before, after: as people read them.
    """

    user: str
    who: str
    day: date | None
    what: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.what} {self.before} -> {self.after}"


def wants(present: Spreadsheet) -> list[Want]:
    """What `differing` needs of a workbook whose worksheets are known."""
    there = {sheet.role for sheet in ours(present)}
    return [whole(title) for title in _COMPARED if title in there]


def differing(before: Spreadsheet, after: Spreadsheet) -> list[Differing]:
    """What differs, in order of people and days, a person's numbers of the month before those of days.

    Both views have the cells of `wants`.
    """
    one, other = dict(_values(before)), dict(_values(after))
    names = {user: who for values in (one, other) for (user, _, _), (who, _) in values.items()}
    found = [
        Differing(
            user, names[user], day, what, *(values.get(at, ("", "nothing"))[1] for values in (one, other))
        )
        for at in {**one, **other}
        for user, day, what in [at]
        if one.get(at) != other.get(at)
    ]
    order = {at: number for number, at in enumerate({**one, **other})}
    return sorted(
        (each for each in found if {each.before, each.after} - _NONE),
        key=lambda each: (
            *(each.who.casefold(), each.user, each.day or date.min),
            order[each.user, each.day, each.what],
        ),
    )


def lines(found: Sequence[Differing]) -> Iterator[str]:
    """A line a person: the month's numbers that differ, and on how many days numbers differ."""
    for (_, who), of_person in _by_person(found).items():
        days = sorted({each.day for each in of_person if each.day is not None})
        totals = "; ".join(str(each) for each in of_person if each.day is None)
        named = ", ".join(f"{day:%d-%m-%Y}" for day in days[:MOST_DAYS])
        more = f" and {len(days) - MOST_DAYS} more" if len(days) > MOST_DAYS else ""
        of_days = f"{len(days)} day{'' if len(days) == 1 else 's'}: {named}{more}" if days else ""
        yield f"{who}: {'; '.join(filter(None, (totals, of_days)))}"


def day_lines(found: Sequence[Differing]) -> Iterator[str]:
    """A line a person and day that differ."""
    days: dict[tuple[str, date], list[Differing]] = {}
    for each in found:
        if each.day is not None:
            days.setdefault((each.user, each.day), []).append(each)
    for (_, day), of_day in days.items():
        yield f"{of_day[0].who}, {day:%d-%m-%Y}: {'; '.join(map(str, of_day))}"


def _by_person(found: Sequence[Differing]) -> Mapping[tuple[str, str], list[Differing]]:
    people: dict[tuple[str, str], list[Differing]] = {}
    for each in found:
        people.setdefault((each.user, each.who), []).append(each)
    return people


def _values(view: Spreadsheet) -> Iterator[tuple[tuple[str, date | None, str], tuple[str, str]]]:
    """What people see: by person, day and name of the value, whose it is and how it reads."""
    for title in _COMPARED:
        sheet = view.find(title)
        if sheet is None:
            continue
        columns = {name: place for name, place in columns_of(sheet).items() if name not in _OF_THE_PERSON}
        for key, row in rows_of(sheet, title).items():
            user, who = user_of_key(key), sheet.text(row, NAMES[title])
            label = key.rpartition(daily_columns.KEY_SEPARATOR)[2] if title == DAILY else _WORD
            for name, place in columns.items():
                if title == WORKING_TIME and name in _TWICE:
                    continue
                day = day_of(name)
                what = label if day is not None else sheet.text(sheet.lines[0], place)
                yield (user, day, what), (who, shown(title, name, sheet.value(row, place)))
