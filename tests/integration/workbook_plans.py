"""What a review workbook must show of people whose days HR plans: `workbook_truth`, with shifts and rosters.

Written from the rule as HR reads it, and with nothing of the product: a roster chooses a shift for each date, the shift
says when the day opens, and a punch belongs to the day whose opening was the last one at or before it. All lengths and
moments are seconds; moments count from the date's midnight.
"""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from tests.integration.workbook_truth import (
    A_DAY_S,
    DAY,
    Facts,
    Month,
    Truth,
    facts_of,
    last_site,
    minutes,
)

HOUR = 3600
LEAD = 4 * HOUR
LONG_AGO = -100 * A_DAY_S
NIGHT = (22 * HOUR, 30 * HOUR)


@dataclass(frozen=True)
class Shift:
    """A row of Shifts; `breaks` are (minutes in all, after so many seconds)."""

    name: str
    start: int
    end: int
    breaks: tuple = ()
    late_after: int | None = None
    overtime_after: int | None = None
    count: str = "all"

    @property
    def expected(self):
        """Seconds worked from Start to End: each further part of the break once more than `after` is worked."""
        worked = self.end - self.start
        taken = 0
        for length, after in self.breaks:
            worked -= max(0, min(length - taken, worked - after))
            taken = length
        return worked


@dataclass(frozen=True)
class Row:
    """A row of Roster; `shift` is None for off, `weekdays` and `cycle` say which days, None for all but the weekend.

    A cycle is (numbers from 1 on, length), counted from `first`.
    """

    user: str = ""
    group: str = ""
    site: str = ""
    shift: Shift | None = None
    first: date | None = None
    until: date | None = None
    weekdays: tuple | None = None
    cycle: tuple | None = None

    def is_for(self, employee):
        of = ((self.user, employee.user), (self.group, employee.group), (self.site, employee.site))
        return all(not named or named == own for named, own in of)

    def spans(self, day):
        return (self.first or date.min) <= day <= (self.until or date.max)

    def names(self, day, weekend):
        if self.cycle is not None:
            numbers, length = self.cycle
            return (day - self.first).days % length + 1 in numbers
        return day.weekday() in self.weekdays if self.weekdays is not None else day.weekday() not in weekend


@dataclass
class PlannedMonth(Month):
    """A month with shifts and rosters."""

    roster: list = field(default_factory=list)
    weekends: dict = field(default_factory=dict)
    """Weekdays by site, "" for all others."""
    week_h: float | None = None
    """Hours of a week; -1 for what shifts expect."""
    end_grace_min: int = 0
    kind_from_balance: str = "time off"


@dataclass(frozen=True)
class Day:
    """What is planned for a date."""

    shift: Shift | None
    is_working: bool
    word: str
    block: tuple


class PlannedTruth(Truth):
    """The answers."""

    def __init__(self, month):
        self._plans, self._openings, self._days_of = {}, {}, {}
        super().__init__(month)

    # -- the plan

    def weekend(self, employee):
        found = self.month.weekends
        return found.get(employee.site, found.get("", {5, 6}))

    def is_planned(self, employee):
        if self.month.week_h is not None or set(self.weekend(employee)) != {5, 6}:
            return True
        within = [day for day in self.month.days() if day <= self.month.last]
        return any(row.is_for(employee) and any(map(row.spans, within)) for row in self.month.roster)

    def plan(self, employee, day):
        at = employee.user, day
        if at not in self._plans:
            self._plans[at] = self._plan(employee, day)
        return self._plans[at]

    def _plan(self, employee, day):
        weekend = self.weekend(employee)
        rows = [row for row in self.month.roster if row.is_for(employee) and row.spans(day)]
        if not rows:
            is_free = day.weekday() in weekend
            return Day(None, not is_free, "weekend" if is_free else "", ())

        def particular(row):
            return bool(row.user), bool(row.group), bool(row.site)

        most = max(map(particular, rows))
        rows = [row for row in rows if particular(row) == most]
        latest = max(row.first or date.min for row in rows)
        rows = [row for row in rows if (row.first or date.min) == latest]
        earliest = min(row.until or date.max for row in rows)
        block = tuple(row for row in rows if (row.until or date.max) == earliest)
        row = next((row for row in block if row.names(day, weekend)), None)
        if row is None or row.shift is None:
            return Day(None, False, "day off", block)
        return Day(row.shift, True, "", block)

    def opening(self, employee, day, boundary):
        """When a day opens, for a punch at a site with this boundary."""
        today = self.plan(employee, day)
        ends = [LONG_AGO]
        for back in (1, 2):
            before = self.plan(employee, day - back * DAY).shift
            if before is not None:
                ends.append(before.end - back * A_DAY_S)
        last_end = max(ends)
        if today.shift is not None:
            free = max(0, today.shift.start - last_end)
            opens = today.shift.start - min(LEAD, free // 2)
        else:
            base = boundary
            if today.block:
                recent = [self.plan(employee, day - back * DAY).shift for back in range(1, 8)]
                usual = next((shift for shift in recent if shift is not None), today.block[0].shift)
                base = boundary if usual is None else usual.start - LEAD
            opens = max(base, last_end + LEAD)
        return min(max(opens, 0), A_DAY_S)

    def _boundary(self, name):
        moment = self.month.site(name).boundary
        return moment.hour * HOUR + moment.minute * 60

    def day_of(self, employee, punch):
        where, moment = punch
        day = moment.date()
        if day > self.month.last:
            return day - DAY
        second = (moment - datetime.combine(day, time())).total_seconds()
        return day if second >= self.opening(employee, day, self._boundary(where)) else day - DAY

    def facts(self, employee, day):
        if not self.is_planned(employee):
            return super().facts(employee, day)
        if employee.user not in self._days_of:
            days = self._days_of[employee.user] = {}
            for punch in sorted(employee.punches, key=lambda punch: punch[1]):
                days.setdefault(self.day_of(employee, punch), []).append(punch)
        mine = self._days_of[employee.user].get(day)
        found = facts_of(self.month, employee, day, mine)
        shift = self.plan(employee, day).shift
        if shift is None or found.check_in is None or found.check_out is not None:
            return found
        rules = self.month.site(employee.site) or self.month.site(mine[0][0])
        taps = [round((moment - datetime.combine(day, time())).total_seconds()) for _, moment in mine]
        is_alone = taps[-1] - taps[0] <= rules.double_tap_s
        return Facts(None, taps[-1]) if is_alone and 2 * taps[-1] >= shift.start + shift.end else found

    # -- what HR typed

    def _shift_of(self, row, employee):
        if not self.is_planned(employee) or not self.month.first <= row.day <= self.month.last:
            return None
        return self.plan(employee, row.day).shift

    def _seconds(self, row, employee):
        seconds = super()._seconds(row, employee)
        shift = self._shift_of(row, employee)
        if shift is None or not isinstance(row.value, time):
            return seconds
        of_day = row.value.hour * HOUR + row.value.minute * 60
        near = shift.start if "in" in row.what.casefold() else shift.end
        return min((of_day, of_day + A_DAY_S), key=lambda second: (abs(second - near), second))

    def _is_of_day(self, row, employee, seconds):
        if self._shift_of(row, employee) is None:
            return super()._is_of_day(row, employee, seconds)
        return 0 <= seconds < 2 * A_DAY_S

    # -- days

    def _ends_later(self, employee, day):
        """Whether its punches can be made after the next date's boundary."""
        if not self.is_planned(employee) or day >= self.month.last:
            return False
        following = self.plan(employee, day + DAY)
        has_times = following.shift is not None or (following.block and self._usual(employee, day + DAY))
        site = self.month.site(employee.site)
        known = [self._boundary(each.name) for each in self.month.sites]
        boundary = self._boundary(site.name) if site else min(known)
        return bool(has_times) and self.opening(employee, day + DAY, 0) > boundary

    def _usual(self, employee, day):
        recent = [self.plan(employee, day - back * DAY).shift for back in range(1, 8)]
        return next((shift for shift in recent if shift), self.plan(employee, day).block[0].shift)

    def is_complete(self, employee, day):
        later = DAY if self._ends_later(employee, day) else timedelta()
        return super().is_complete(employee, day + later)

    def counted(self, employee, day):
        """From when to when a day counts, as a stopwatch shows it; None without both times."""
        start, end = (self.time(employee, label, day) for label in ("Check In", "Check Out"))
        if not all(isinstance(each, int | float) for each in (start, end)):
            return None
        start, end = minutes(start), minutes(end)
        shift = self.plan(employee, day).shift
        if shift is not None and shift.count in ("from start", "planned"):
            start = max(start, shift.start)
        if shift is not None and shift.count == "planned":
            end = min(end, shift.end)
        return start, end

    def hours(self, employee, day):
        found = super().hours(employee, day)
        if not self.is_planned(employee) or not isinstance(found, int | float):
            return found
        start, end = self.counted(employee, day)
        punched = minutes(self.facts(employee, day).breaks + 30)
        shift = self.plan(employee, day).shift
        worked = self.elapsed(employee, day, start, end) - punched
        if shift is not None:
            left = punched
            before = 0
            for length, after in shift.breaks:
                due = max(0, length - before - left)
                left = max(0, left - (length - before))
                before = length
                worked -= max(0, min(due, worked - after))
            worked = max(0, worked)
        return worked

    def is_working_day(self, employee, day):
        if not self.is_planned(employee):
            return super().is_working_day(employee, day)
        is_within = self.month.first <= day <= self.month.last
        return is_within and self.plan(employee, day).is_working and not self.is_holiday(employee, day)

    def without_punches(self, employee, day):
        if not self.is_planned(employee) or not self.month.first <= day <= self.month.last:
            return super().without_punches(employee, day)
        plan = self.plan(employee, day)
        if self.is_holiday(employee, day):
            return "holiday"
        if not plan.is_working:
            return plan.word
        return self._on_a_working_day(employee, day)

    def most_hours_s(self, employee, day):
        plan = self.plan(employee, day)
        if not self.is_planned(employee) or not plan.block:
            return super().most_hours_s(employee, day)
        if plan.shift is not None:
            return max(12 * HOUR, plan.shift.expected + 4 * HOUR)
        return super().most_hours_s(employee, day) if plan.is_working else 12 * HOUR

    def base(self, employee, day):
        """After which a check-in is late."""
        shift = self.plan(employee, day).shift if self.is_planned(employee) else None
        if shift is None:
            return employee.cut_off_s
        if self.half(employee, day).startswith(", morning "):
            return shift.end - shift.expected / 2
        return shift.start if shift.late_after is None else shift.late_after

    def is_late(self, employee, day):
        shift = self.plan(employee, day).shift if self.is_planned(employee) else None
        if shift is None:
            return super().is_late(employee, day)
        check_in = self.time(employee, "Check In", day)
        if not isinstance(check_in, int | float) or not self.is_working_day(employee, day):
            return False
        if self.half(employee, day).startswith(", half "):
            return False
        return check_in > self.base(employee, day) + self.month.grace_min * 60

    def early(self, employee, day):
        """Seconds before the end of the shift, or of its first half; 0 for none."""
        shift = self.plan(employee, day).shift if self.is_planned(employee) else None
        check_out = self.time(employee, "Check Out", day)
        half = self.half(employee, day)
        if shift is None or not isinstance(check_out, int | float) or half.startswith(", half "):
            return 0
        if not (self.without_punches(employee, day) or "").startswith("absent"):
            return 0
        end = shift.start + shift.expected / 2 if half.startswith(", afternoon ") else shift.end
        return end - check_out if check_out + self.month.end_grace_min * 60 < end else 0

    def word(self, employee, day):
        early = self.early(employee, day)
        if not early:
            return super().word(employee, day)
        half = self.half(employee, day)
        whole = super().word(employee, day)
        kept = whole[: len(whole) - len(half)] if half and whole.endswith(half) else whole
        return f"{kept}, left early{half if kept != whole else ''}"

    def week(self, employee, monday):
        if not self.is_planned(employee):
            return super().week(employee, monday)
        mean, hours, _ = super().week(employee, monday)
        if monday + 6 * DAY > self.month.last:
            return mean, hours, None  # it counts in the next period
        judged = [
            (check_in, self.plan(employee, day).shift, day)
            for day in (monday + number * DAY for number in range(7))
            if self.is_working_day(employee, day)
            and not self.half(employee, day).startswith((", half ", ", morning "))
            and isinstance(check_in := self.time(employee, "Check In", day), int | float)
        ]
        if not judged:
            return mean, hours, None
        others = [check_in for check_in, shift, _ in judged if shift is None]
        if others and employee.cut_off is None:
            return mean, hours, None
        due = sum(self.base(employee, day) for *_, day in judged)
        is_late = round(sum(check_in for check_in, *_ in judged) * 1000) > round(due * 1000)
        days = [monday + number * DAY for number in range(7)]
        waived = any((employee.user, "waive penalty", day) in self.applied for day in days)
        return mean, hours, ("waived" if waived else 1) if is_late else 0

    # -- sums

    def overtime(self, employee, day):
        hours = self.hours(employee, day)
        shift = self.plan(employee, day).shift
        own = None if shift is None else shift.overtime_after
        limit = self.month.overtime_h * HOUR if own is None else own
        return max(0, hours - limit) if isinstance(hours, int | float) else 0

    def totals(self, employee):
        found = super().totals(employee)
        if self.is_planned(employee):
            found["Overtime"] = minutes(sum(self.overtime(employee, day) for day in self.month.days()))
        return found

    def expected(self, employee, day):
        plan = self.plan(employee, day)
        if plan.shift is None:
            return 0
        word, kind = self.without_punches(employee, day) or "", self.month.kind_from_balance
        if word == "absent" or word == f"leave ({kind})":
            return plan.shift.expected
        if not word.startswith("absent, "):
            return 0
        return plan.shift.expected if word.endswith(f" {kind}") else plan.shift.expected / 2

    def _overlap(self, employee, day, windows):
        """How much of a day's hours lies within windows, by a stopwatch; never more than its hours."""
        counted, hours = self.counted(employee, day), self.hours(employee, day)
        if counted is None or not isinstance(hours, int | float):
            return 0
        found = 0
        for begin, end in windows:
            first, last = max(counted[0], begin), min(counted[1], end)
            if first < last:
                found += self.elapsed(employee, day, first, last)
        return min(found, hours)

    def _dates(self, employee, day, is_free):
        windows = [(number * A_DAY_S, (number + 1) * A_DAY_S) for number in (0, 1)]
        return self._overlap(
            employee, day, [windows[number] for number in (0, 1) if is_free(day + number * DAY)]
        )

    def _is_holiday_by_date(self, employee, day):
        home = employee.site or last_site(employee)
        return any(when == day and site in ("", home) for when, _, site in self.month.holidays)

    def week_overtime(self, employee):
        """Of the weeks that end in the period."""
        found = 0
        for monday in self.month.mondays():
            if not self.month.first <= monday + 6 * DAY <= self.month.last:
                continue
            days = [monday + number * DAY for number in range(7)]
            hours = sum(value for day in days if isinstance(value := self.hours(employee, day), int | float))
            of_days = sum(self.overtime(employee, day) for day in days)
            limit = (
                sum(self.expected(employee, day) for day in days)
                if self.month.week_h == -1
                else self.month.week_h * HOUR
            )
            found += max(0, hours - of_days - limit)
        return found

    def working_time(self, employee):
        """The row in Working Time, by header."""
        days = self.month.days()
        hours = [value for day in days if isinstance(value := self.hours(employee, day), int | float)]
        with_shift = [day for day in days if self.plan(employee, day).shift is not None]
        # Half of a shift may have half a minute; whole ones are shown.
        expected = (
            math.floor(sum(self.expected(employee, day) for day in days) / 60 + 0.5) * 60
            if with_shift
            else None
        )
        late = [
            self.time(employee, "Check In", day) - self.base(employee, day)
            for day in days
            if self.is_late(employee, day)
        ]
        weekend = self.weekend(employee)
        nights = [(NIGHT[0] + by, NIGHT[1] + by) for by in (-A_DAY_S, 0, A_DAY_S)]
        return {
            "Expected": expected,
            "Worked": sum(hours),
            "Balance": None if expected is None else sum(hours) - expected,
            "Late (minutes)": round(sum(late) / 60),
            "Early (minutes)": round(sum(self.early(employee, day) for day in days) / 60),
            "Overtime (week)": None if self.month.week_h is None else self.week_overtime(employee),
            "Night": sum(self._overlap(employee, day, nights) for day in days),
            "Weekend": sum(
                self._dates(employee, day, lambda each: each.weekday() in weekend) for day in days
            ),
            "Holiday": sum(
                self._dates(employee, day, lambda each: self._is_holiday_by_date(employee, each))
                for day in days
            ),
        }
