"""What a review workbook must show, worked out in plain Python from punches, corrections and calendars.

Nothing of the product is used here: hours are differences of aware datetimes, days are compared as dates. It is
written to be read, case by case, beside the Guide that HR reads.

All times are whole minutes: a punch at 8:59:59 counts as 8:59, as it is shown.
"""

import math
import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

DAY = timedelta(days=1)
A_DAY_S = 86400
NIGHT_ENDS_S = 4 * 3600
"""A check-out before it is of the night after, wherever a day begins."""
MOST_HOURS_S = 16 * 3600
"""More than anybody works in a day."""
PARTS = ("half", "morning", "afternoon")
SLIP = "In this workbook the day comes first"
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

    `began` and `left` are the first and the last day of the employment, as far as HR's list has them. Without a cut-off
    time nobody can be late.
    """

    name: str
    user: str
    cut_off: time | None

    site: str = ""
    group: str = ""
    punches: tuple = ()
    began: date | None = None
    left: date | None = None

    @property
    def cut_off_s(self):
        """Seconds after midnight, none of which is later than that of somebody who cannot be late."""
        if self.cut_off is None:
            return math.inf
        return self.cut_off.hour * 3600 + self.cut_off.minute * 60 + self.cut_off.second


@dataclass(frozen=True)
class Correction:
    """A row as HR types it: what is no date or number is a text."""

    day: object
    employee: str
    what: str
    value: object = None
    until: object = None
    reason: str = "asked"

    def value_as_number(self):
        """What is no number is 0."""
        return self.value if isinstance(self.value, int | float) else 0


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
    """What the punches of a person and day say: seconds after the day's midnight, local wall time."""

    check_in: int | None = None
    check_out: int | None = None
    breaks: int = 0


def business_day(month, punch):
    where, moment = punch
    boundary = month.site(where).boundary
    return moment.date() if moment.time() >= boundary else moment.date() - DAY


def facts_of(month, employee, day, mine):
    """First and last punch of `mine`, the day's, or pairs; taps within the site's seconds are one."""
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


def minutes(seconds):
    """Cut, as a clock without seconds shows it."""
    return seconds // 60 * 60


def swapped(day):
    """The date that was meant if somebody put the month first; None for none."""
    return date(day.year, day.day, day.month) if day.day < 13 else None


def read_time(value, day):
    """What a cell's value says: seconds after the day's midnight, a question, or None; and whether it is one moment.

    Spreadsheets hold 8:30 as a part of a day, and a date with a time as days; people also type 8.30, 17 and 1730.
    """
    if isinstance(value, str):
        return _read_text(value), False
    if isinstance(value, datetime):
        seconds = round((value - datetime.combine(day, time())).total_seconds())
        return (minutes(seconds) if seconds else None), True
    if isinstance(value, time):
        value = timedelta(hours=value.hour, minutes=value.minute, seconds=value.second)
    if isinstance(value, timedelta):
        number = Fraction(round(value.total_seconds()), A_DAY_S)
    elif value is None:
        return None, False
    else:
        number = Fraction(str(value))
    return _read_number(number), False


def _read_number(number):
    is_short = (number * 100).denominator == 1
    if number < 0:
        return None
    if number < 1 or (number < 2 and not is_short):
        return minutes(round(number * A_DAY_S))
    if number == 1:
        return "type 1:00, or 24 h for midnight"
    if number < 25 and is_short:
        hour, part = int(number), int(number % 1 * 100)
        if part in (25, 50):
            return f"did you mean {hour}:{part * 60 // 100} or {hour}:{part}? Type it with a colon"
        part = 45 if part == 75 else part
        return hour * 3600 + part * 60 if part < 60 else None
    if 100 <= number < 3600 and number.denominator == 1 and number % 100 < 60:
        return int(number // 100 * 3600 + number % 100 * 60)
    return None


_TEXTS = (
    re.compile(r"(?P<hour>\d{1,2})(?:[:.,h]|uhr)?(?P<half>[ap]\.?m\.?)?"),
    re.compile(r"(?P<hour>\d{1,2})(?:[:.,h]|uhr)(?P<minute>\d\d)(?:h|uhr)?(?P<half>[ap]\.?m\.?)?"),
    re.compile(r"(?P<hour>\d{1,2})(?P<minute>\d\d)(?:h|uhr)?(?P<half>[ap]\.?m\.?)?"),
)


def _read_text(text):
    found = next(filter(None, (form.fullmatch(text.lower().replace(" ", "")) for form in _TEXTS)), None)
    if found is None:
        return None
    parts = found.groupdict()
    hour, minute, half = int(parts["hour"]), int(parts.get("minute") or 0), (parts["half"] or " ")[0]
    if minute > 59 or (half == "a" and hour > 12):
        return None
    if half == "p" and hour < 12:
        hour += 12
    if half == "a" and hour == 12:
        hour = 0
    return hour * 3600 + minute * 60


def read_leave(value):
    """Which half of a day a value of leave says, and which kind, both empty for none."""
    if not isinstance(value, str):
        return ("half" if value == 0.5 else ""), ""
    text = " ".join(value.casefold().replace(",", " ").split())
    text = re.sub(r"(?<!\S)(1/2|½|0\.5|0 5)(?!\S)", "half", text)
    words = re.sub(r"(?<!\S)half(-day| a day| day)(?!\S)", "half", text).split()
    part = next((each for each in PARTS if each in words), "")
    if part:
        words.remove(part)
    return part, " ".join(words)[:40]


def last_site(employee):
    return max(employee.punches, key=lambda p: p[1])[0] if employee.punches else ""


def may_be_less_than_a_day(kind):
    """Whether whoever typed this kind of leave, or none that is understood, may have meant part of a day."""
    return not kind or kind[0].isdigit() or kind in ("am", "pm") or "half" in kind


class Truth:
    """The answers."""

    def __init__(self, month):
        self.month = month
        self.by_user = {employee.user: employee for employee in month.employees}
        self._punches = {}
        self.statuses, self.applied = self._read_corrections()
        self.statuses = [
            self._answer(row, status) if status == "applied" else status
            for row, status in zip(month.corrections, self.statuses, strict=True)
        ]

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
        what = row.what.strip().casefold().replace("-", " ")
        if problem:
            return problem, None
        if not isinstance(row.day, date):
            return f"type a date such as {example} into Date", None
        if what not in ("check in", "check out", "leave", "waive penalty", "note"):
            return "choose from the list in What; sickness and vacation are leave", None
        until = row.until if what == "leave" and row.until else row.day
        if not isinstance(until, date):
            return f"type a date such as {example} into Until, or nothing", None
        if until < row.day:
            return "Until lies before Date: correct one of them", None
        if until < month.first or row.day > month.last:
            if (meant := swapped(row.day)) is not None and month.first <= meant <= month.last:
                return f"did you mean {meant:%d-%m-%Y}? {SLIP}", None
            period = f"{month.first:%d-%m-%Y} to {month.last:%d-%m-%Y}"
            return f"not a day of this period ({period})", None
        if what in ("check in", "check out"):
            seconds = self._seconds(row, employee)
            if isinstance(seconds, str):
                return seconds, None
            if seconds is None:
                return "type a time such as 17:30 into Value", None
            if not self._is_of_day(row, employee, seconds):
                return "this time is on another day: type only the time, such as 17:30", None
        return "", employee

    def _is_of_day(self, row, employee, seconds):
        return self.boundary_of(employee) <= seconds < A_DAY_S + self._night(row, employee)

    def _night(self, row, employee):
        """Before it, a time of day is of the morning after."""
        boundary = self.boundary_of(employee)
        return (
            max(boundary, NIGHT_ENDS_S)
            if row.what.strip().casefold().replace("-", " ") == "check out"
            else boundary
        )

    def _seconds(self, row, employee):
        """The value of a correction as seconds after the midnight of its day, or a question."""
        seconds, is_moment = read_time(row.value, row.day)
        if isinstance(seconds, str) or seconds is None or is_moment:
            return seconds
        return seconds + A_DAY_S if seconds < self._night(row, employee) else seconds

    def _read_corrections(self):
        statuses: list[str] = []
        applied: dict[tuple[Any, ...], Any] = {}
        for number, row in enumerate(self.month.corrections, 2):
            if row is None:
                statuses.append("")
                continue
            problem, employee = self._problem(row)
            what = row.what.strip().casefold().replace("-", " ")
            if problem:
                statuses.append(problem)
                continue
            if what == "leave":
                leave = (row.day, row.until or row.day, *read_leave(row.value))
                if before := self._same_half(number, employee, *leave):
                    statuses.append(f"no effect: row {before} is about the same")
                    continue
                applied.setdefault((employee.user, "leave"), []).append(leave)
                statuses.append("applied")
                continue
            key = (employee.user, what, row.day)
            if key in applied:
                statuses.append(f"no effect: row {applied[key][0]} is about the same")
                continue
            applied[key] = (number, self._seconds(row, employee))
            statuses.append("applied")
        return statuses, applied

    def _answer(self, row, status):
        """How far a row counts that nothing is wrong with."""
        employee, _ = self._whose(row.employee)
        what = row.what.strip().casefold().replace("-", " ")
        if what == "leave":
            return self._answer_leave(row, employee)
        only = " for Date only: Until is for leave" if row.until else ""
        if what == "note":
            return "noted" + only
        if what == "waive penalty":
            monday = row.day - timedelta(days=row.day.weekday())
            is_waived = self.week(employee, monday)[2] == "waived"
            return ("applied" if is_waived else "noted: that week has no penalty to waive") + only
        return self._answer_time(row, employee, what) + only

    def _answer_time(self, row, employee, what):
        seconds, hours = self._seconds(row, employee), self.hours(employee, row.day)
        label = "Check In" if what == "check in" else "Check Out"
        shown = self.time(employee, label, row.day)
        if not isinstance(shown, int | float) or round(shown / 60) * 60 != seconds:
            return "no effect: something else is typed over it in Daily Attendance"
        if hours == "check the times":
            return "check the times: the check-out of that day is before the check-in"
        is_shown_so = isinstance(row.value, time | datetime | timedelta) or 0 < row.value_as_number() < 1
        echo = ""
        if seconds >= A_DAY_S or not is_shown_so or row.value == time(0):
            minute = seconds % A_DAY_S // 60
            night = " of the night after" if seconds >= A_DAY_S else ""
            echo = f" as {minute // 60}:{minute % 60:02}{night}"
        is_long = isinstance(hours, int | float) and hours > MOST_HOURS_S
        return "applied" + echo + ("; more than 16 hours on that day: check them" if is_long else "")

    def _same_half(self, number, employee, first, last, part, _):
        """The row above that says that the same half of these days is leave."""
        for before, row in enumerate(self.month.corrections[: number - 2], 2):
            if row is None or part not in ("morning", "afternoon"):
                continue
            problem, whose = self._problem(row)
            is_leave = row.what.strip().casefold() == "leave" and not problem and whose.user == employee.user
            if (
                is_leave
                and read_leave(row.value)[0] == part
                and row.day <= first <= last <= (row.until or row.day)
            ):
                return before
        return None

    def _answer_leave(self, row, employee):
        until = row.until or row.day
        days = [day for day in self.month.days() if row.day <= day <= until]
        part, kind = read_leave(row.value)
        beside = self.applied[employee.user, "leave"]
        all_halves = all(other for first, last, other, _ in beside if first <= until and last >= row.day)
        could = [day for day in days if (self.without_punches(employee, day) or "").startswith("leave")]
        counted = [day for day in could if str(self.hours(employee, day)).startswith("leave")]
        if part:
            halves = [day for day in days if f", {part} " in (self.without_punches(employee, day) or "")]
            # Two halves make a day.
            could, counted = (halves + (whole if all_halves else []) for whole in (could, counted))
        if not could:
            return "no effect: none of it is a working day" + (", or it is leave already" if part else "")
        if not counted:
            return "no effect: there are punches or times, and they count"
        others = [] if part else self._of_another_kind(employee, counted, kind)
        if others == counted:
            return "no effect: another line counts"
        answer = "applied as " + f"{part} {kind or 'leave'}".strip() if part or kind else "applied"
        if row.day < self.month.first:
            answer += f" from {self.month.first:%d-%m-%Y}"
        if until > self.month.last:
            answer += f" to {self.month.last:%d-%m-%Y}; carried over into the next workbook"
        if len(counted) < len(could):
            answer += f"; on {len(counted)} of {len(could)} working days: on the others are punches or times"
        if row.value is not None and not part and may_be_less_than_a_day(kind):
            answer += "; for whole days: for half of one type half into Value"
        if others:
            answer += f"; on {len(others)} of these days another line counts"
        answer += self._slip(row.day, until)
        return answer

    def _slip(self, day, until):
        meant = swapped(until)
        if until > self.month.last and meant is not None and day <= meant <= self.month.last:
            return f"; or did you mean until {meant:%d-%m-%Y}? {SLIP}"
        return ""

    def _of_another_kind(self, employee, days, kind):
        reads = f"leave ({kind})".casefold()
        return [day for day in days if kind and str(self.hours(employee, day)).casefold() != reads]

    # -- days

    def facts(self, employee, day):
        if id(employee) not in self._punches:
            days = self._punches[id(employee)] = {}
            for punch in sorted(employee.punches, key=lambda punch: punch[1]):
                days.setdefault(business_day(self.month, punch), []).append(punch)
        return facts_of(self.month, employee, day, self._punches[id(employee)].get(day))

    def time(self, employee, label, day):
        """What Check In or Check Out shows: seconds, a text, or None."""
        if (employee.user, label, day) in self.month.typed:
            return self.month.typed[employee.user, label, day]
        correction = self.applied.get((employee.user, label.casefold(), day))
        if correction is not None:
            return correction[1]
        facts = self.facts(employee, day)
        punched = facts.check_in if label == "Check In" else facts.check_out
        return None if punched is None else minutes(punched)

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
            breaks = minutes(self.facts(employee, day).breaks + 30)
            worked = self.elapsed(employee, day, minutes(start), minutes(end)) - breaks
            return worked if worked >= 0 else "check the times"
        if has_start:
            return "missing out" if self.is_complete(employee, day) else "open"
        if has_end:
            return "missing in"
        return "check the times" if start or end else self.without_punches(employee, day)

    def is_holiday(self, employee, day):
        home = employee.site or last_site(employee)
        of_day = [site for when, _, site in self.month.holidays if when == day]
        return "" in of_day or (bool(home) and home in of_day)

    def is_working_day(self, employee, day):
        """Only these are judged: who comes on a Saturday cannot be late."""
        is_within = self.month.first <= day <= self.month.last
        return is_within and day.weekday() < 5 and not self.is_holiday(employee, day)

    def without_punches(self, employee, day):
        if not self.month.first <= day <= self.month.last:
            return None
        if self.is_holiday(employee, day):
            return "holiday"
        if day.weekday() >= 5:
            return "weekend"
        return self._on_a_working_day(employee, day)

    def _on_a_working_day(self, employee, day):
        leaves = [
            (part, kind)
            for begin, end, part, kind in self.applied.get((employee.user, "leave"), [])
            if begin <= day <= end
        ]
        named = next(((part, kind) for part, kind in leaves if part or kind), ("", ""))
        if sum(0.5 if part else 1 for part, _ in leaves) >= 1:
            return f"leave ({named[1]})" if named[1] else "leave"
        half = f", {named[0]} {named[1] or 'leave'}" if leaves else ""
        if (employee.began and day < employee.began) or (employee.left and employee.left < day):
            return "not employed" + half
        return ("absent" if self.is_complete(employee, day) else "no data yet") + half

    def half(self, employee, day):
        """What is added to a day's word for half a day of leave."""
        _, comma, rest = (self.without_punches(employee, day) or "").partition(", ")
        return comma + rest

    def is_late(self, employee, day):
        check_in = self.time(employee, "Check In", day)
        last = employee.cut_off_s + self.month.grace_min * 60
        is_after = isinstance(check_in, int | float) and check_in > last
        is_expected = not self.half(employee, day).startswith((", half ", ", morning "))
        return is_after and is_expected and self.is_working_day(employee, day)

    def most_hours_s(self, employee, day):
        """More are to be checked."""
        return MOST_HOURS_S

    def word(self, employee, day):
        """The day in Monthly Summary."""
        hours = self.hours(employee, day)
        is_word = not isinstance(hours, int | float)
        is_odd = not is_word and not 0 <= hours <= self.most_hours_s(employee, day)
        if is_odd and (employee.user, "note", day) not in self.applied:
            hours, is_word = "check the hours", True
        half = "" if hours == self.without_punches(employee, day) else self.half(employee, day)
        if self.is_late(employee, day):
            return (f"late, {hours}" if is_word else "late") + half
        if hours is None:
            return None
        return (hours if is_word else "present") + half

    # -- sums

    def week(self, employee, monday):
        """Mean check-in, hours and penalty of a week."""
        days = [monday + number * DAY for number in range(7)]
        judged = [
            day
            for day in days
            if self.is_working_day(employee, day)
            and not self.half(employee, day).startswith((", half ", ", morning "))
        ]
        check_ins = [self.time(employee, "Check In", day) for day in judged]
        check_ins = [value for value in check_ins if isinstance(value, int | float)]
        hours = [value for day in days if isinstance(value := self.hours(employee, day), int | float)]
        if not check_ins:
            return None, (sum(hours) if hours else None), None
        mean = sum(check_ins) / len(check_ins)
        waived = any((employee.user, "waive penalty", day) in self.applied for day in days)
        penalty = ("waived" if waived else 1) if round(mean * 1000) > employee.cut_off_s * 1000 else 0
        return mean, (sum(hours) if hours else None), penalty

    def totals(self, employee):
        """The counts and sums of Monthly Summary, by header."""
        words = [self.word(employee, day) or "" for day in self.month.days()]
        hours = [
            value for day in self.month.days() if isinstance(value := self.hours(employee, day), int | float)
        ]
        limit = self.month.overtime_h * 3600
        there = ("present", "late", "open", "missing", "check the")
        penalties = [self.week(employee, monday)[2] for monday in self.month.mondays()]
        return {
            "Days Present": sum(word.startswith(there) for word in words),
            "Late": sum(word.startswith("late") for word in words),
            "Absent": words.count("absent") + sum(word.startswith("absent, ") for word in words) / 2,
            "On Leave": sum(word.startswith("leave") for word in words)
            + sum(f", {part} " in word for word in words for part in PARTS) / 2,
            "Incomplete": sum("missing" in word or "check the" in word for word in words),
            "Hours": sum(hours),
            "Overtime": minutes(sum(max(0, value - limit) for value in hours)),
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
