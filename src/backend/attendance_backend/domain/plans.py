"""What a person's day is planned to be: which shift, or a day off, and when the day opens. Pure logic.

The plan moves one thing only: the moment at which a person's day opens. It is computed from planned shifts alone, never
from punches. A punch belongs to the day whose opening was the last one at or before it, so each belongs to exactly one
day, in whatever order they arrive. Who has no plan follows the site's day boundary.

All times are seconds of the wall clock after the day's midnight; more than 86,400 are on the next day.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from functools import lru_cache, partial

from attendance_backend.domain.people import Person
from attendance_backend.domain.periods import week_of

DAY_S = 86_400
LEAD_S = 4 * 3600
"""So long before a shift its day opens, unless the one before ended later than as long again before it."""
APART_S = 3600
"""With less between two shifts of a person their punches may be taken for each other."""
_DAY = timedelta(days=1)
SATURDAY_AND_SUNDAY = frozenset({5, 6})
NIGHT_HOURS = 22 * 3600, 30 * 3600
"""From ten in the evening to six in the morning, where HR sets nothing else."""
DAY_OFF, WEEKEND, NOT_EMPLOYED = "day off", "weekend", "not employed"
NEVER_S = 3 * DAY_S
"""After which nobody is late."""
HALVES = MORNING, AFTERNOON = "morning", "afternoon"
WHOLE_DAY = "day"
"""Of a holiday."""
FREE_HALF = ", free "
"""Behind a shift's name, before the half of the day that is a holiday."""


@dataclass(frozen=True, slots=True)
class Break:
    """An unpaid one, of `length_s` with those before it: as far as more than `after_s` is worked."""

    length_s: int
    after_s: int


@dataclass(frozen=True, slots=True)
class Shift:
    """A kind of shift.

    Attributes:
        start_s: None, as is the end, where any time counts.
        end_s: after the start.
        breaks: at most two, in order of `after_s`.
        late_after_s: None for the start.
        from_start: whether nothing counts before the start.
        to_end: whether nothing counts after the end.
        hours_s: that are expected; None for those from start to end less breaks.
        overtime_after_s: what is worked beyond it is overtime; None for what holds for all.
    """

    name: str
    start_s: int | None = None
    end_s: int | None = None
    breaks: tuple[Break, ...] = ()
    late_after_s: int | None = None
    from_start: bool = False
    to_end: bool = False
    hours_s: int | None = None
    overtime_after_s: int | None = None

    def without(self, half: str) -> "Shift":
        """The shift on a day of which half is a holiday; the hours are those of a whole day."""
        if self.start_s is None or self.end_s is None:
            return self
        start_s, end_s, name = self.start_s, self.end_s, f"{self.name}{FREE_HALF}{half}"
        if half == MORNING:
            start_s = end_s - self.worked_s // 2
            return replace(self, name=name, start_s=start_s, late_after_s=None, hours_s=self.worked_s)
        return replace(self, name=name, end_s=start_s + self.worked_s // 2, hours_s=self.worked_s)

    @property
    def worked_s(self) -> int:
        """How long is worked as a rule: what HR types, or from start to end less breaks; 0 where any time counts."""
        if self.hours_s is not None:
            return self.hours_s
        worked = 0 if self.start_s is None or self.end_s is None else self.end_s - self.start_s
        breaks, before = 0, worked
        for each in self.breaks:
            worked -= max(0, min(each.length_s - breaks, before - breaks - each.after_s))
            breaks = each.length_s
        return worked


@dataclass(frozen=True, slots=True)
class Days:
    """Some days of a cycle.

    Attributes:
        numbers: within the cycle, from 0 on.
        cycle: its length; a multiple of 7 for weekdays.
        is_weekly: whether the cycle begins with a week, else on a row's first day.
        begins_on: the weekday of weeks' first days, 0 is Monday; the number 0 of a weekly cycle.
    """

    numbers: frozenset[int]
    cycle: int = 7
    is_weekly: bool = True
    begins_on: int = 0

    def hold(self, day: date, first: date | None) -> bool:
        """Whether they contain a day; `first` is the day from which on they are counted."""
        begin = first or date(2024, 1, 1)
        if self.is_weekly:
            begin = week_of(begin, self.begins_on)
        return (day - begin).days % self.cycle in self.numbers


@dataclass(frozen=True, slots=True)
class RosterRow:
    """Who works which shift when.

    Attributes:
        user, group, site: for whom, in small letters; empty for everybody.
        shift: None for a day off.
        days: None for all that are no weekend.
    """

    user: str
    group: str
    site: str
    shift: Shift | None
    first: date | None = None
    until: date | None = None
    days: Days | None = None

    def is_for(self, person: Person) -> bool:
        return (
            self.user in ("", person.key)
            and self.group in ("", person.group.casefold())
            and self.site in ("", person.site.casefold())
        )

    def includes(self, day: date) -> bool:
        """Whether a day lies within its dates."""
        return (self.first is None or self.first <= day) and (self.until is None or day <= self.until)

    @property
    def rank(self) -> tuple[bool, bool, bool, date, int]:
        """The greatest holds: who is named most particularly, then the latest first day, then the earliest last."""
        particular = bool(self.user), bool(self.group), bool(self.site)
        return (*particular, self.first or date.min, -(self.until or date.max).toordinal())


@dataclass(frozen=True, slots=True)
class PlannedDay:
    """What is planned for a person and date.

    Attributes:
        name: of the shift, or in words what kind of free day it is; empty for a working day without a shift.
        is_working: whether the person is expected.
        opens_s: the moment since which punches of the date are the day's, 0 to 86,400.
        follows_boundary: whether it opens at the site's boundary, if that is later.
        ends_later: whether punches of the day may be made after the next date's boundary.
        shift: None for a day without one.
        weekend: whether the date, and the next one, are weekend.
        holidays: which part of the date, and of the next one, is a holiday: a half, `WHOLE_DAY` or nothing.
        night_s: when night hours begin and end; after the next midnight more than 86,400.
        end_grace_s: so long before the end of the shift nobody leaves early.
        cut_off_s: of a day without a shift's times, the cut-off time where it is not that of the whole workbook.
    """

    name: str
    is_working: bool
    opens_s: int
    follows_boundary: bool
    ends_later: bool = False
    shift: Shift | None = None
    weekend: tuple[bool, bool] = (False, False)
    holidays: tuple[str, str] = ("", "")
    night_s: tuple[int, int] = NIGHT_HOURS
    end_grace_s: int = 0
    cut_off_s: int | None = None

    @property
    def times(self) -> tuple[int, int] | None:
        """Start and end of the shift, if one with times is planned."""
        shift = self.shift
        if shift is None or shift.start_s is None or shift.end_s is None:
            return None
        return shift.start_s, shift.end_s

    @property
    def due_s(self) -> int | None:
        """After which a check-in is late; None for the cut-off time of the workbook."""
        if self.shift is None or self.times is None:
            return self.cut_off_s
        return self.shift.start_s if self.shift.late_after_s is None else self.shift.late_after_s

    def opening_s(self, boundary_s: int) -> int:
        """When it opens for punches of a site with this boundary."""
        return max(self.opens_s, boundary_s) if self.follows_boundary else self.opens_s

    def is_check_out(self, second: int) -> bool:
        """Whether the only punch of the day is the check-out: after the middle of the shift."""
        return self.times is not None and 2 * second >= sum(self.times)


@dataclass(frozen=True)
class Plans:
    """Whom HR plans how.

    Attributes:
        rows: of the roster, in their order.
        weekends: weekdays (0 is Monday) that are free, by `site_key`, "" for all sites that have none of their own;
            None for what HR typed and nobody understands: the weekend is then as it always was.
        is_whole: whether everything that HR typed of it is understood: else what workbooks hold of it stays.
        holidays: which part of a day is free, a half or `WHOLE_DAY`, by date and `site_key`, "" for all sites.
        nights: when night hours begin and end, by `site_key`, "" for all sites; None for what nobody understands.
            Where HR sets them, everybody's hours are looked at.
        end_grace_s: so long before the end of a shift nobody leaves early.
        looks_at_weeks: whether HR sets the hours of a week: then everybody's are looked at.
    """

    rows: Sequence[RosterRow] = ()
    weekends: Mapping[str, frozenset[int] | None] = field(default_factory=dict)
    is_whole: bool = True
    holidays: Mapping[tuple[date, str], str] = field(default_factory=dict)
    nights: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    end_grace_s: int = 0
    looks_at_weeks: bool = False

    @property
    def are_none(self) -> bool:
        """Whether HR plans nothing for anybody."""
        are_usual = all(each in (None, SATURDAY_AND_SUNDAY) for each in self.weekends.values())
        return not self.rows and are_usual and not self.nights and not self.looks_at_weeks

    def weekend(self, site: str) -> frozenset[int]:
        """The weekdays that are free at a site."""
        found = self.weekends.get(site.casefold(), self.weekends.get(""))
        return SATURDAY_AND_SUNDAY if found is None else found

    def night(self, site: str) -> tuple[int, int] | None:
        """The night hours that HR sets for a site."""
        return self.nights.get(site.casefold(), self.nights.get(""))

    def holiday(self, day: date, site: str) -> str:
        """Which part of a day is free at a site."""
        of_site, of_all = (self.holidays.get((day, each), "") for each in (site.casefold(), ""))
        return WHOLE_DAY if WHOLE_DAY in (of_site, of_all) else of_site or of_all

    def of(
        self, person: Person, days: Collection[date], boundary_s: int, last_day: date, seen_at: str = ""
    ) -> dict[date, PlannedDay]:
        """What is planned for somebody; nothing for whom HR plans nothing on any of the days.

        Args:
            boundary_s: when a day begins at the person's site.
            last_day: of the period: what comes after it never comes into the workbook.
            seen_at: the site of the latest punch: its holidays are those of who has no site in HR's list.
        """
        person = person.on(last_day)
        own = lru_cache(maxsize=None)(partial(self._own, person))
        if not self._looks_at(person, [day for day in days if day <= last_day] or days, own):
            return {}
        found = lru_cache(maxsize=None)(lambda day: _chosen(*own(day), day))
        opened = lru_cache(maxsize=None)(lambda day: _opening(found, day))
        planned: dict[date, PlannedDay] = {}
        for day in days:
            block, shift, is_working = found(day)
            terms, weekend = person.terms_on(day), self.weekend(person.on(day).site)
            free, free_next = (
                self.holiday(each, person.on(each).site or seen_at) for each in (day, day + _DAY)
            )
            if shift is not None and free in HALVES:
                shift = shift.without(free)
            name = shift.name if shift is not None else DAY_OFF if block else WEEKEND
            if not terms.includes(day):
                name, is_working, shift = NOT_EMPLOYED, False, None
            following, follows = opened(day + _DAY)
            is_later = day < last_day and not follows and following > boundary_s
            planned[day] = PlannedDay(
                "" if is_working and shift is None else name,
                is_working,
                *opened(day),
                is_later,
                shift,
                weekend=(day.weekday() in weekend, (day + _DAY).weekday() in weekend),
                holidays=(free, free_next),
                night_s=self.night(terms.site) or NIGHT_HOURS,
                end_grace_s=self.end_grace_s,
                cut_off_s=None if terms.cut_off == person.cut_off else terms.cut_off or NEVER_S,
            )
        return planned

    def meeting(self, person: Person, days: Sequence[date]) -> tuple[date, Shift, Shift] | None:
        """The first of some days whose shift of somebody ends less than `APART_S` before that of the next day begins.

        A check-out after such a shift, or a check-in before the next one, may count for the other day.
        """
        if (
            len({row.shift for row in self.rows if row.shift is not None and row.is_for(person.on(days[-1]))})
            < 2
        ):
            return None
        shifts = [_chosen(*self._own(person, day), day)[1] for day in days]
        for day, one, other in zip(days, shifts, shifts[1:], strict=False):
            if one is None or one.end_s is None or other is None or other.start_s is None:
                continue
            if other.start_s + DAY_S - one.end_s < APART_S:
                return day, one, other
        return None

    def _own(self, person: Person, day: date) -> tuple[Sequence[RosterRow], frozenset[int]]:
        """The rows about somebody as on a day, and the weekend there."""
        then = person.on(day)
        return [row for row in self.rows if row.is_for(then)], self.weekend(then.site)

    def _looks_at(
        self,
        person: Person,
        days: Collection[date],
        own: Callable[[date], tuple[Sequence[RosterRow], frozenset[int]]],
    ) -> bool:
        """Whether anything about somebody's days is to be planned; `person` as on the last of them."""
        if self.looks_at_weeks or any(person.terms_on(day) != person.terms_on(max(days)) for day in days):
            return True
        rows, weekend = own(max(days))
        is_usual = weekend == SATURDAY_AND_SUNDAY and self.night(person.site) is None
        return not is_usual or any(row.includes(day) for row in rows for day in days)


_Chosen = tuple[Sequence[RosterRow], Shift | None, bool]
"""The rows that hold for a day, the shift of the one whose days contain it, and whether it is a working day."""


def _chosen(rows: Sequence[RosterRow], weekend: frozenset[int], day: date) -> _Chosen:
    fitting = [row for row in rows if row.includes(day)]
    if not fitting:
        return (), None, day.weekday() not in weekend
    rank = max(row.rank for row in fitting)
    block = [row for row in fitting if row.rank == rank]
    for row in block:
        if row.days.hold(day, row.first) if row.days is not None else day.weekday() not in weekend:
            return block, row.shift, row.shift is not None
    return block, None, False


def _opening(chosen: Callable[[date], _Chosen], day: date) -> tuple[int, bool]:
    """When a day opens, and whether the site's boundary is asked as well."""
    ends = [
        shift.end_s - back * DAY_S
        for back in (1, 2)
        if (shift := chosen(day - back * _DAY)[1]) is not None and shift.end_s is not None
    ]
    block, shift, _ = chosen(day)
    if shift is not None and shift.start_s is not None:
        free = max(0, shift.start_s - max(ends, default=-10 * DAY_S))
        return _within_a_day(shift.start_s - min(LEAD_S, free // 2)), False
    after = max(ends, default=-10 * DAY_S) + LEAD_S
    usual = shift or next(
        (known for back in range(1, 8) if (known := chosen(day - back * _DAY)[1]) is not None), None
    )
    if usual is None and block:
        usual = block[0].shift
    if not block or usual is None or usual.start_s is None:
        return _within_a_day(after), True
    return _within_a_day(max(usual.start_s - LEAD_S, after)), False


def _within_a_day(second: int) -> int:
    return min(max(second, 0), DAY_S)
