"""What a review workbook must show, worked out in plain Python from punches, corrections and calendars.

Nothing of the product is used here: hours are differences of aware datetimes, days are compared as dates. It is
written to be read, case by case, beside the Guide that HR reads.
"""

from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
WORKED_OUT_OF = ("Check In", "Check Out")


@dataclass(frozen=True)
class Site:
    """An office. `complete_through` is the last day of which all punches are there, None before the first report."""

    name: str
    zone: str
    boundary: time
    pairs: bool = False
    double_tap_s: int = 60
    complete_through: date | None = None
    heard: datetime | None = None
    backlog: int = 0
    clock_s: int = 0
    memory: float = 0.1
    problem: str = ""


@dataclass(frozen=True)
class Employee:
    """Somebody; `site` is the one in HR's list, or empty. Punches are (site's name, wall time).

    `began` and `left` are the first and the last day of the employment, as far as HR's list has them.
    """

    name: str
    user: str
    cut_off: time
    site: str = ""
    group: str = ""
    punches: tuple = ()
    began: date | None = None
    left: date | None = None


@dataclass(frozen=True)
class Correction:
    """A row as HR types it: what is no date or number is a text."""

    day: object
    employee: str
    what: str
    value: object = None
    until: object = None
    reason: str = "asked"


@dataclass
class Month:
    """Everything that a workbook is made from."""

    first: date
    last: date
    sites: list
    employees: list
    corrections: list = field(default_factory=list)
    holidays: list = field(default_factory=list)
    """(day, name, site or empty)."""
    grace_min: int = 0
    overtime_h: float = 8
    typed: dict = field(default_factory=dict)
    """What HR typed into Daily Attendance itself: (user, label, day) to a number, a text, or None for emptied."""

    def days(self):
        """Whole weeks."""
        day = self.first - self.first.weekday() * DAY
        end = self.last + (6 - self.last.weekday()) * DAY
        return [day + number * DAY for number in range((end - day).days + 1)]

    def mondays(self):
        return [day for day in self.days() if day.weekday() == 0]

    def site(self, name):
        return next((site for site in self.sites if site.name == name), None)


@dataclass(frozen=True)
class Facts:
    """What the punches of a person and day say: seconds after the day's midnight, by the wall."""

    check_in: int | None = None
    check_out: int | None = None
    breaks: int = 0


def business_day(month, punch):
    where, moment = punch
    boundary = month.site(where).boundary
    return moment.date() if moment.time() >= boundary else moment.date() - DAY


def facts_of(month, employee, day):
    """First and last punch, or pairs; taps within the site's seconds are one."""
    mine = sorted((p for p in employee.punches if business_day(month, p) == day), key=lambda p: p[1])
    if not mine:
        return Facts()
    rules = month.site(employee.site) or month.site(mine[0][0])
    midnight = datetime.combine(day, time())
    groups = []
    for _, moment in mine:
        second = round((moment - midnight).total_seconds())
        if groups and second - groups[-1][0] <= rules.double_tap_s:
            groups[-1].append(second)
        else:
            groups.append([second])
    check_in = groups[0][0]
    if not rules.pairs:
        return Facts(check_in, groups[-1][-1] if len(groups) > 1 else None)
    breaks, number = 0, 1
    while number + 1 < len(groups):
        breaks += groups[number + 1][0] - groups[number][-1]
        number += 2
    return Facts(check_in, groups[-1][-1] if len(groups) % 2 == 0 else None, breaks)


def last_site(employee):
    return max(employee.punches, key=lambda p: p[1])[0] if employee.punches else ""


class Truth:
    """The answers."""

    def __init__(self, month):
        self.month = month
        self.by_user = {employee.user: employee for employee in month.employees}
        self.statuses, self.applied = self._read_corrections()
        self._answer_waivers()

    # -- corrections

    def _whose(self, name):
        """The employee of a correction, or what is wrong with the name."""
        named = [e for e in self.month.employees if e.name.casefold() == name.strip().casefold()]
        if len(named) == 1:
            return named[0], ""
        by_user = [e for e in self.month.employees if e.user.casefold() == name.strip().casefold()]
        if by_user:
            return by_user[0], ""
        if len(named) > 1:
            return None, "several people have this name: type the user name instead"
        return None, "nobody here has this name: choose one from the list"

    def boundary_of(self, employee):
        """Seconds after midnight when the person's day begins."""
        site = self.month.site(employee.site or last_site(employee))
        moments = [site.boundary] if site else [each.boundary for each in self.month.sites]
        return min(moment.hour * 3600 + moment.minute * 60 for moment in moments)

    def _problem(self, row):  # noqa: C901 - one line for each thing that can be wrong, as HR reads it
        """What is wrong with a row, and whose it is."""
        month = self.month
        example = f"{month.last:%d-%m-%Y}"
        if not row.employee:
            return "choose the employee", None
        employee, problem = self._whose(row.employee)
        what = row.what.strip().casefold()
        if problem:
            return problem, None
        if not isinstance(row.day, date):
            return f"type a date such as {example} into Date", None
        if what not in ("check in", "check out", "leave", "waive penalty", "note"):
            return "choose from the list in What", None
        until = row.until if what == "leave" and row.until else row.day
        if not isinstance(until, date):
            return f"type a date such as {example} into Until, or nothing", None
        if until < row.day:
            return "Until lies before Date: correct one of them", None
        if until < month.first or row.day > month.last:
            period = f"{month.first:%d-%m-%Y} to {month.last:%d-%m-%Y}"
            return f"not a day of this period ({period})", None
        if what in ("check in", "check out"):
            if self._seconds(row, employee) is None:
                return "type a time such as 17:30 into Value", None
            since = self._seconds(row, employee) - self.boundary_of(employee)
            if not 0 <= since < 86400:
                return "this time is on another day: type only the time, such as 17:30", None
        return "", employee

    def _seconds(self, row, employee):
        """The value of a correction as seconds after the midnight of its day."""
        value = row.value
        if isinstance(value, datetime):
            return round((value - datetime.combine(row.day, time())).total_seconds())
        if isinstance(value, time):
            seconds = value.hour * 3600 + value.minute * 60 + value.second
            return seconds + 86400 if seconds < self.boundary_of(employee) else seconds
        if isinstance(value, timedelta):
            return round(value.total_seconds())
        return None

    def _read_corrections(self):
        statuses: list[str] = []
        applied: dict[tuple[Any, ...], Any] = {}
        for number, row in enumerate(self.month.corrections, 2):
            if row is None:
                statuses.append("")
                continue
            problem, employee = self._problem(row)
            what = row.what.strip().casefold()
            if problem:
                statuses.append(problem)
                continue
            if what == "leave":
                applied.setdefault((employee.user, "leave"), []).append((row.day, row.until or row.day))
                statuses.append("applied")
                continue
            key = (employee.user, what, row.day)
            if key in applied:
                statuses.append(f"not used: row {applied[key][0]} is about the same")
                continue
            applied[key] = (number, self._seconds(row, employee))
            statuses.append("noted" if what == "note" else "applied")
        return statuses, applied

    def _answer_waivers(self):
        """A waiver of a week without a penalty has nothing to waive."""
        for index, row in enumerate(self.month.corrections):
            if (
                row is None
                or row.what.strip().casefold() != "waive penalty"
                or self.statuses[index] != "applied"
            ):
                continue
            employee, _ = self._whose(row.employee)
            monday = row.day - timedelta(days=row.day.weekday())
            if self.week(employee, monday)[2] != "waived":
                self.statuses[index] = "noted: that week has no penalty to waive"

    # -- days

    def time(self, employee, label, day):
        """What Check In or Check Out shows: seconds, a text, or None."""
        if (employee.user, label, day) in self.month.typed:
            return self.month.typed[employee.user, label, day]
        correction = self.applied.get((employee.user, label.casefold(), day))
        if correction is not None:
            return correction[1]
        facts = facts_of(self.month, employee, day)
        return facts.check_in if label == "Check In" else facts.check_out

    def is_complete(self, employee, day):
        sites = [self.month.site(employee.site)] if employee.site else self.month.sites
        return all(
            site is not None and site.complete_through is not None and site.complete_through >= day
            for site in sites
        )

    def elapsed(self, employee, day, start, end):
        """Seconds between two wall times, as a stopwatch shows them."""
        site = self.month.site(employee.site or last_site(employee))
        zone = ZoneInfo(site.zone) if site else UTC
        midnight = datetime.combine(day, time())
        moments = [
            (midnight + timedelta(seconds=second)).replace(tzinfo=zone).astimezone(UTC)
            for second in (start, end)
        ]
        return (moments[1] - moments[0]).total_seconds()

    def hours(self, employee, day):
        """Seconds worked, or the word that stands instead."""
        start, end = (self.time(employee, label, day) for label in WORKED_OUT_OF)
        has_start, has_end = isinstance(start, int | float), isinstance(end, int | float)
        if has_start and has_end:
            worked = self.elapsed(employee, day, start, end) - facts_of(self.month, employee, day).breaks
            return worked if worked >= 0 else "check the times"
        if has_start:
            return "missing out" if self.is_complete(employee, day) else "open"
        if has_end:
            return "missing in"
        return "check the times" if start or end else self.without_punches(employee, day)

    def without_punches(self, employee, day):
        if not self.month.first <= day <= self.month.last:
            return None
        home = employee.site or last_site(employee)
        of_day = [site for when, _, site in self.month.holidays if when == day]
        if "" in of_day or (home and home in of_day):
            return "holiday"
        if day.weekday() >= 5:
            return "weekend"
        leaves = self.applied.get((employee.user, "leave"), [])
        if any(begin <= day <= end for begin, end in leaves):
            return "leave"
        if employee.began and day < employee.began:
            return "not employed"
        if employee.left and employee.left < day:
            return "not employed"
        return "absent" if self.is_complete(employee, day) else "no data yet"

    def is_late(self, employee, day):
        check_in = self.time(employee, "Check In", day)
        cut_off = employee.cut_off.hour * 3600 + employee.cut_off.minute * 60 + employee.cut_off.second
        return isinstance(check_in, int | float) and check_in > cut_off + self.month.grace_min * 60

    def word(self, employee, day):
        """The day in Monthly Summary."""
        hours = self.hours(employee, day)
        is_word = not isinstance(hours, int | float)
        if self.is_late(employee, day):
            return f"late, {hours}" if is_word else "late"
        return hours if is_word else "present"

    # -- sums

    def week(self, employee, monday):
        """Mean check-in, hours and penalty of a week."""
        days = [monday + number * DAY for number in range(7)]
        check_ins = [self.time(employee, "Check In", day) for day in days]
        check_ins = [value for value in check_ins if isinstance(value, int | float)]
        hours = [value for day in days if isinstance(value := self.hours(employee, day), int | float)]
        if not check_ins:
            return None, (sum(hours) if hours else None), None
        mean = sum(check_ins) / len(check_ins)
        cut_off = employee.cut_off.hour * 3600 + employee.cut_off.minute * 60 + employee.cut_off.second
        waived = any((employee.user, "waive penalty", day) in self.applied for day in days)
        penalty = ("waived" if waived else 1) if round(mean * 1000) > cut_off * 1000 else 0
        return mean, (sum(hours) if hours else None), penalty

    def totals(self, employee):
        """The counts and sums of Monthly Summary, by header."""
        words = [self.word(employee, day) or "" for day in self.month.days()]
        hours = [
            value for day in self.month.days() if isinstance(value := self.hours(employee, day), int | float)
        ]
        limit = self.month.overtime_h * 3600
        there = ("present", "late", "open", "missing", "check the times")
        penalties = [self.week(employee, monday)[2] for monday in self.month.mondays()]
        return {
            "Days Present": sum(word.startswith(there) for word in words),
            "Late": sum(word.startswith("late") for word in words),
            "Absent": words.count("absent"),
            "On Leave": words.count("leave"),
            "Incomplete": sum("missing" in word or "check the times" in word for word in words),
            "Hours": sum(hours),
            "Overtime": sum(max(0, value - limit) for value in hours),
            "Penalties": sum(value for value in penalties if isinstance(value, int)),
        }

    def complete_everywhere(self):
        """What Guide says of all sites."""
        through = [site.complete_through for site in self.month.sites]
        return "not all sites have reported yet" if None in through else min(through)

    def site_state(self, site):
        """How a site is, in a word."""
        if site.heard is None:
            return "not heard from yet"
        if site.problem or abs(site.clock_s) > 60 or site.memory >= 0.8:
            return "needs a look"
        return "catching up" if site.backlog else "fine"

    def state(self, kind, employee, day):
        """Whether an exception about a person's day is settled."""
        settled = kind not in (self.word(employee, day) or "")
        noted = (employee.user, "note", day) in self.applied
        waived = kind == "late" and (employee.user, "waive penalty", day) in self.applied
        if settled or noted or waived:
            return "resolved"
        return "for information" if kind == "late" else "open"
