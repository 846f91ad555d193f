"""What stays in force where HR typed something that nobody understands: what the workbooks hold of it.

A function has no memory. The last good value of a setting is what was carried into the open workbook, and for a new
workbook what the one before it holds.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import date
from functools import cached_property

from attendance_backend.domain.days import DEFAULT_DOUBLE_TAP_S, KeyPolicy
from attendance_backend.domain.people import Detail, Person
from attendance_backend.domain.rules import Rules
from attendance_backend.review import (
    book,
    daily_columns,
    day_header,
    days_sheet,
    guide_sheet,
    sites_sheet,
    weekly_columns,
)
from attendance_backend.review.completion import cut_offs_in
from attendance_backend.review.days_sheet import Days
from attendance_backend.review.finding import Finding
from attendance_backend.review.guide_sheet import GRACE, OVERTIME, Parameters
from attendance_backend.review.names import DAYS, GUIDE, SITES, WEEKLY
from attendance_backend.review.weekly_summary import begins_on
from attendance_backend.sheet import serial, typed
from attendance_backend.sheet.grid import Spreadsheet, Worksheet

WANTS = (
    replace(book.GUIDE_VALUES, optional=True),
    book.whole(SITES, optional=True),
    *(replace(book.columns(title), optional=True) for title in (DAYS, WEEKLY)),
)
"""What must be read of a workbook; a worksheet that is missing holds nothing."""


def is_needed(rules: Rules, people: Iterable[Person]) -> bool:
    """Whether there is anything that only a workbook knows."""
    values = (
        *(rules.grace_s, rules.overtime_after_s, rules.key_policy(""), rules.double_tap_s("")),
        rules.week_begins_on,
        *(*rules.key_policies.values(), *rules.double_taps_s.values()),
    )
    return None in values or any(person.unread for person in people)


def not_understood(workbook: Spreadsheet) -> Iterator[Finding]:
    """What HR typed into a workbook for a setting that nobody understands: what is set for all counts.

    Args:
        workbook: with the cells of ``Guide`` and ``Weekly Summary``.
    """
    guide, weekly = workbook.find(GUIDE), workbook.find(WEEKLY)
    for name, (stands, counts) in guide_sheet.not_understood(guide).items() if guide is not None else ():
        reads = stands if isinstance(stands, str) else typed.shown(stands)
        what = f"{name} in {GUIDE} reads {reads}, which is not understood: {counts} counts until you type a number"
        yield Finding("", None, what)
    for row in weekly.data_rows() if weekly is not None else ():
        assert weekly is not None
        user, _, label = weekly.text(row, weekly_columns.KEY).rpartition(daily_columns.KEY_SEPARATOR)
        if label != weekly_columns.AVERAGE:
            continue
        value, as_set = (
            weekly.value(row, column) for column in (weekly_columns.CUT_OFF, weekly_columns.CUT_OFF_AS_SET)
        )
        minutes = 0 if isinstance(as_set, str | None) else serial.to_seconds(as_set) // 60
        counts = f"{minutes // 60:02}:{minutes % 60:02}" if minutes else weekly_columns.NO_CUT_OFF
        if weekly_columns.is_not_understood(weekly, row):
            reads = value if isinstance(value, str) else "an error" if value is None else typed.shown(value)
            what = (
                f"reads {reads}, which is not understood: {counts} counts until you type a time such as 9:00"
            )
        elif value in (None, "") and counts != weekly_columns.NO_CUT_OFF:
            what = f"is empty, and so nothing is late: type {counts}, or {weekly_columns.NO_CUT_OFF} if that is meant"
        else:
            continue
        name = weekly.text(row, weekly_columns.EMPLOYEE)
        yield Finding(name, None, f"Cut Off Time in {WEEKLY} {what}", user)


class InForce:
    """HR's settings and people with what workbooks know of what is not understood.

    Args:
        workbooks: with the cells of `WANTS`; what the first one does not know, the next one may.
    """

    def __init__(self, rules: Rules, *workbooks: Spreadsheet | None) -> None:
        self._rules = rules
        self._workbooks = [workbook for workbook in workbooks if workbook is not None]

    def parameters(self) -> Parameters:
        """Grace and overtime, for ``Guide``."""
        defaults = Parameters()
        return Parameters(
            grace_s=self._as_set(GRACE, self._rules.grace_s, defaults.grace_s),
            overtime_after_s=self._as_set(OVERTIME, self._rules.overtime_after_s, defaults.overtime_after_s),
        )

    def week_begins_on(self) -> int:
        """The weekday of weeks' first days, 0 is Monday, in a workbook that is made now."""
        if self._rules.week_begins_on is not None:
            return self._rules.week_begins_on
        sheets = ((workbook.find(WEEKLY), workbook.find(DAYS)) for workbook in self._workbooks)
        known = (
            begins_on(weekly, day_header.columns_by_day(days)) for weekly, days in sheets if weekly and days
        )
        return next(known, 0)

    def key_policy(self, site: str) -> KeyPolicy:
        """By which a site's punches count."""
        texts = (sheet.text(row, sites_sheet.KEY_POLICY) for sheet, row in self._rows_of_site(site))
        known = (KeyPolicy(text) for text in texts if text in set(KeyPolicy))
        return self._rules.key_policy(site) or next(known, KeyPolicy.FIRST_AND_LAST)

    def double_tap_s(self, site: str) -> int:
        """Within how many seconds a second punch at a site is the same one."""
        wanted = self._rules.double_tap_s(site)
        numbers = (sheet.number(row, sites_sheet.DOUBLE_TAP) for sheet, row in self._rows_of_site(site))
        known = (round(number) for number in numbers if number is not None and number >= 0)
        return next(known, DEFAULT_DOUBLE_TAP_S) if wanted is None else wanted

    def people(self, persons: Iterable[Person], on: date | None = None) -> list[Person]:
        """HR's list, as on a day. Of whom no workbook knows, there is nothing in place of what is not understood."""
        then = (person if on is None else person.on(on) for person in persons)
        return [self._person(person) if person.unread else person for person in then]

    def _as_set(self, name: str, wanted: int | None, default: int) -> int:
        guides = (workbook.find(GUIDE) for workbook in self._workbooks)
        known = (guide_sheet.as_set(guide, name) for guide in guides if guide is not None)
        return next((value for value in (wanted, *known) if value is not None), default)

    def _rows_of_site(self, site: str) -> Iterable[tuple[Worksheet, int]]:
        for workbook in self._workbooks:
            sheet = workbook.find(SITES)
            row = None if sheet is None else sites_sheet.row_of(sheet, site)
            if sheet is not None and row is not None:
                yield sheet, row

    @cached_property
    def _known(self) -> list[tuple[Days, Mapping[str, int]]]:
        """What each workbook holds of people, and their cut-off times."""
        sheets = [(workbook.find(DAYS), workbook.find(WEEKLY)) for workbook in self._workbooks]
        return [
            (Days(days), cut_offs_in(weekly) if weekly else {}) for days, weekly in sheets if days is not None
        ]

    def _person(self, person: Person) -> Person:
        for days, cut_offs in self._known:
            member, unread = days.members.get(person.key), person.unread
            if member is None:
                continue
            row = days.rows[person.key].get(days_sheet.IN)
            site = "" if row is None else days.worksheet.text(row, days_sheet.SITE)
            return replace(
                person,
                cut_off=cut_offs.get(person.key) if Detail.CUT_OFF in unread else person.cut_off,
                site=site if Detail.SITE in unread else person.site,
                first_day=member.first_day if Detail.FIRST_DAY in unread else person.first_day,
                last_day=member.last_day if Detail.LAST_DAY in unread else person.last_day,
                machine_ids=member.machine_ids if Detail.MACHINE_IDS in unread else person.machine_ids,
            )
        return person
