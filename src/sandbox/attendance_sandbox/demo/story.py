"""What happens in the demo, and when.

Thursday 1 October to Wednesday 4 November 2026: the end of one review period, all of the next, and the first days of a
third, which HR forgets to enter in time. The clocks go back on 25 October.
"""

import random
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date, datetime, time, timedelta
from functools import partial
from pathlib import Path
from zoneinfo import ZoneInfo

from attendance_contracts import REQUEST_TOPICS, AlarmKind, CreateReviewSheet, RaiseFinalAlarm, Topic, decode
from attendance_sandbox.demo.cloud import Cloud
from attendance_sandbox.demo.hr import HrDesk
from attendance_sandbox.demo.nursery import Nursery
from attendance_sandbox.demo.office import TIME_ZONE, Office
from attendance_sandbox.demo.people import (
    FORGETFUL,
    HALF_LEAVE,
    HOLIDAY,
    HOLIDAY_NAME,
    LATE_PUNCH_AT,
    LATE_PUNCH_SITE,
    LATE_PUNCH_USER,
    LEAVE,
    MAIL_DOMAIN,
    NEW_HIRE,
    ON_HALF_LEAVE,
    ON_LEAVE,
    PENALTY_DAY,
    PENALTY_EXCUSED,
    UNKNOWN,
    Person,
    Punch,
    punches,
    staff,
)
from attendance_sandbox.demo.timeline import Timeline, TimelineError
from attendance_sandbox.device.protocol import Command
from attendance_sandbox.terminal import from_here

FIRST_DAY = date(2026, 10, 1)
LAST_DAY = date(2026, 11, 4)
EARLIER_DAYS = 3
"""Days before the first on which people punched already: the machines have a history when the Pis arrive."""
HOLIDAY_ENTERED = datetime(2026, 10, 6, 10)  # noqa: DTZ001 - wall time of the offices
SEPTEMBER_FINALISED = datetime(2026, 10, 12, 15)  # noqa: DTZ001 - as above
LATE_PUNCH_READ = datetime(2026, 10, 13, 12)  # noqa: DTZ001 - as above
CORRECTED = datetime(2026, 10, 15, 10)  # noqa: DTZ001 - as above
WAIVED = datetime(2026, 10, 19, 11)  # noqa: DTZ001 - as above
LEAVE_ENTERED = datetime(2026, 10, 19, 16)  # noqa: DTZ001 - as above
LATE_PERIOD_ENTERED = datetime(2026, 11, 2, 11, 20)  # noqa: DTZ001 - wall time of the offices
VISITED_AT, VISITED_EVERY_DAYS = time(11, 40), 3
"""When the workbooks are looked after. In an office each quarter of an hour: the demo would take an hour for that."""
CUT_IN_MID_READ = datetime(2026, 10, 22, 15, tzinfo=ZoneInfo(TIME_ZONE))
CUTS_AT_PUBLISH: dict[tuple[str, str], int] = {
    ("headquarters", Topic.STORE_ATTEND_RECORDS): 80,
    ("laboratory", Topic.CREATE_REVIEW_SHEET): 2,
}
"""The how-many-eth message of a site on a topic cuts its power."""
PERIODS = {
    "September": (date(2026, 8, 31), date(2026, 10, 2)),
    "October": (date(2026, 10, 5), date(2026, 10, 30)),
    "November": (date(2026, 11, 2), date(2026, 11, 27)),
}
"""As HR enters them, ending on Fridays: each runs through the Sunday after."""

# Less often than by default: the same happens, in a third of the time.
_SELDOM = {"polling_interval_minutes": 30, "health_interval_minutes": 240}
SITE_SETTINGS: dict[str, dict[str, object]] = {
    "headquarters": {"time_zone": TIME_ZONE, **_SELDOM},
    "warehouse": {"time_zone": TIME_ZONE, "day_boundary": "04:00", **_SELDOM},
    "laboratory": {"time_zone": TIME_ZONE, **_SELDOM},
}


DOORS = {"headquarters": ("front door", "back door")}
"""Sites with more machines than one, which then have names."""
REPLACED_AT, REPLACED_SITE, REPLACED_DOOR = datetime(2026, 10, 21, 13), "headquarters", "back door"  # noqa: DTZ001
"""A machine is replaced at lunch, when what it holds was read."""


class Story:
    """One run of the demo, up to `last_day`. After `play`, `offices` and `cloud` hold what happened."""

    def __init__(
        self, folder: Path, seed: int, say: Callable[[datetime, str], None], last_day: date = LAST_DAY
    ) -> None:
        self._folder = folder
        self._random = random.Random(seed)  # noqa: S311 - made-up people, no secrets
        self._tell = say
        self._last_day = last_day
        self._stack = ExitStack()
        self.timeline = Timeline(_moment(FIRST_DAY, time(0)))
        self.cloud = Cloud(folder, self._on_publish)
        self.offices: dict[str, Office] = {}
        self._published: Counter[tuple[str, str]] = Counter()
        self._cut_in_mid_read = False
        self._hr: HrDesk
        self.workbooks: list[Path] = []
        self.payroll: list[str] = []
        """What attendance-backend printed about the export."""

    def play(self, show: Callable[[datetime], None]) -> None:
        """Play it all; raises TimelineError or FunctionError when a part of it dies.

        `show` is called with each new virtual time.
        """
        end = _moment(self._last_day, time(23, 30))
        with ExitStack() as stack:
            nursery = stack.enter_context(Nursery())
            stack.enter_context(self.timeline)
            stack.enter_context(self.cloud)
            people = staff()
            self._hr = self.cloud.set_up_hr(people)
            self._hr.type_plans(people)
            self._hr.set("Grace (minutes)", 5)
            self._hr.set("Share with, to edit", f"hr@{MAIL_DOMAIN}")
            self._hr.set("Share with, to view", f"payroll@{MAIL_DOMAIN}, board@{MAIL_DOMAIN}")
            for month in ("September", "October"):
                self._hr.type_period(month, *PERIODS[month])
            self.cloud.start_functions(nursery)
            for name, settings in SITE_SETTINGS.items():
                office = Office(
                    name,
                    self._folder / "sites" / name,
                    self.timeline,
                    nursery,
                    environment=self.cloud.client_environment,
                    settings=settings,
                    doors=DOORS.get(name, ("",)),
                    cuts_power=partial(self.cuts_power_at_command, name),
                    say=self._say,
                )
                self.offices[name] = stack.enter_context(office)
                for person in (*people, UNKNOWN):
                    office.enrol(person)
            self._plan()
            self.timeline.run(end, partial(self._settle, show))
            crashed = [office.crashed for office in self.offices.values() if office.crashed]
            if crashed:
                raise TimelineError("; ".join(crashed))
            self.workbooks = self.cloud.sheets.save(self._folder, subfolders=False)
            if self._last_day == LAST_DAY:
                self.payroll = self._hand_over()

    def _hand_over(self) -> list[str]:
        """Export October for payroll, and a slip for each person."""
        self.cloud.sheets.start_recalculating()
        # At once, so that nobody who asks for values loses patience.
        self.cloud.sheets.compute(self._hr.workbook_id("October"))
        output = from_here(self._folder / "Payroll October 2026.csv")
        arguments = ("export", "--period", "October 2026", "--output", str(output))
        said = self.cloud.operate(*arguments).splitlines()
        folder = from_here(self._folder / "Slips October 2026")
        slips = self.cloud.operate("slips", "--period", "October 2026", "--output", str(folder))
        return [*said, slips.splitlines()[0]]

    def _settle(self, show: Callable[[datetime], None], now: datetime) -> None:
        """Time goes on once the functions are done."""
        self.cloud.settle()
        show(now)

    def recorded(self) -> list[Punch]:
        """What stands in the logs of all machines."""
        return [punch for office in self.offices.values() for punch in office.recorded()]

    def punches(self) -> list[Punch]:
        """What everybody's fingers do; asked again, something else."""
        everybody = [*staff(), NEW_HIRE, UNKNOWN]
        days = [
            FIRST_DAY + timedelta(days=n) for n in range(-EARLIER_DAYS, (self._last_day - FIRST_DAY).days + 1)
        ]
        return punches(everybody, days, self._random)

    def _plan(self) -> None:
        for punch in sorted(self.punches(), key=lambda each: each.when):
            if punch.when.date() < FIRST_DAY:
                self.offices[punch.site].punch(punch)
            elif punch.when < datetime.combine(self._last_day, time(23)):
                self._at(punch.when, self._puncher(punch))
        for office in self.offices.values():
            self._at(datetime.combine(FIRST_DAY, time(0, 5)), office.switch_on)
        for days in range(0, (self._last_day - FIRST_DAY).days + 1, VISITED_EVERY_DAYS):
            self._at(datetime.combine(FIRST_DAY + timedelta(days=days), VISITED_AT), self._tick)
        assert NEW_HIRE.hired is not None
        self._at(datetime.combine(NEW_HIRE.hired, time(8, 30)), self._hire)
        for person in staff():
            if person.hired is not None:
                self._at(datetime.combine(person.hired, time(8)), partial(self._begin, person))
            if person.left is not None:
                self._at(datetime.combine(person.left, time(8)), partial(self._leave, person))
        self._at(HOLIDAY_ENTERED, self._enter_holiday)
        self._at(SEPTEMBER_FINALISED, self._finalise_september)
        late = Punch(LATE_PUNCH_SITE, LATE_PUNCH_USER, LATE_PUNCH_AT, 1)
        self._at(LATE_PUNCH_READ, self._puncher(late))
        self._at(CORRECTED, self._correct)
        self._at(WAIVED, self._waive)
        self._at(LEAVE_ENTERED, self._enter_leave)
        replace = partial(self.offices[REPLACED_SITE].replace_machine, REPLACED_DOOR)
        self._at(REPLACED_AT, replace)
        self._at(LATE_PERIOD_ENTERED, self._enter_late_period)

    def _at(self, when: datetime, action: Callable[[], None]) -> None:
        self.timeline.at(when.replace(tzinfo=ZoneInfo(TIME_ZONE)), action)

    def _puncher(self, punch: Punch) -> Callable[[], None]:
        return lambda: self.offices[punch.site].punch(punch)

    def _tick(self) -> None:
        self.cloud.tick(self.timeline.now)

    def _hire(self) -> None:
        for office in self.offices.values():
            office.enrol(NEW_HIRE)
        self._hr.type_people([NEW_HIRE])
        self._say(f"{NEW_HIRE.name} is hired at {NEW_HIRE.site}")

    def _begin(self, person: Person) -> None:
        self._say(f"First Day of {person.name} at {person.site}, as HR typed it beforehand")

    def _leave(self, person: Person) -> None:
        self._say(f"Last Day of {person.name} at {person.site}; nobody calls the days after it absences")

    def _enter_holiday(self) -> None:
        self._hr.type_holiday(HOLIDAY, HOLIDAY_NAME)
        self._say(f"HR enters a holiday: {HOLIDAY_NAME}, {HOLIDAY:%d %B}")

    def _finalise_september(self) -> None:
        self._hr.finalise("September")
        # The visit that keeps the month needs its values; elsewhere in the story nobody looks at any.
        self.cloud.sheets.start_recalculating()
        self.cloud.sheets.compute(self._hr.workbook_id("September"))
        self._tick()
        self.cloud.settle()
        self.cloud.sheets.stop_recalculating()
        self._say("HR finalises September 2026: it is kept as it is; what comes now is an amendment")

    def _correct(self) -> None:
        forgetful, stranger = self._name_of(FORGETFUL), "Nobody Known"
        self._hr.correct(
            "October",
            ("14/10/2026", "", forgetful, "check out", "17:30", "forgot it", "HR"),
            ("13/10/2026", "", stranger, "check in", "09:00", "a slip of the pen", "HR"),
        )
        self._hr.colour("October", "T5")
        self._say(f"HR corrects: {forgetful} forgot to check out; a name is mistyped")

    def _waive(self) -> None:
        name = self._name_of(PENALTY_EXCUSED)
        self._hr.correct(
            "October", (f"{PENALTY_DAY:%d/%m/%Y}", "", name, "waive penalty", "", "train strike", "HR")
        )
        monday = PENALTY_DAY - timedelta(days=PENALTY_DAY.weekday())
        self._say(f"HR waives the penalty of {name} for the week of {monday.day} {monday:%B}: a train strike")

    def _enter_leave(self) -> None:
        first, last = (f"{day:%d/%m/%Y}" for day in LEAVE)
        name, other = self._name_of(ON_LEAVE), self._name_of(ON_HALF_LEAVE)
        half = f"{HALF_LEAVE:%d/%m/%Y}"
        self._hr.correct(
            "October",
            (first, last, name, "leave", "", "holidays", "HR"),
            (half, "", other, "leave", "afternoon vacation", "moving house", "HR"),
        )
        self._say(f"HR enters leave for {name}, and half a day for {other}")

    def _name_of(self, user_id: str) -> str:
        return next(person.name for person in staff() if person.user_id == user_id)

    def _enter_late_period(self) -> None:
        self._hr.type_period("November", *PERIODS["November"])
        self._say("HR enters the review period November 2026, half a day late")

    def cuts_power_at_command(self, site: str, command: int) -> bool:
        """Whether the power goes when this site's client sends a command to its machine: once, in mid-read."""
        due = site == "warehouse" and command == Command.READ_CHUNK and self.timeline.now >= CUT_IN_MID_READ
        if not due or self._cut_in_mid_read:
            return False
        self._cut_in_mid_read = True
        return True

    def cuts_power_at_publish(self, site: str, topic: str) -> bool:
        """Whether the power goes when this site's client publishes, before anything answers."""
        self._published[site, topic] += 1
        return self._published[site, topic] == CUTS_AT_PUBLISH.get((site, topic))

    def _on_publish(self, topic: str, attributes: dict[str, str], data: bytes) -> None:
        name = topic.rpartition("/")[2]
        if name in REQUEST_TOPICS:
            self.cloud.settle()  # A site does not wait until its health is taken note of.
        site = attributes.get("location", "")
        if name == Topic.RAISE_FINAL_ALARM:
            alarm = decode(RaiseFinalAlarm, data, attributes)
            if alarm.kind is AlarmKind.FINAL_ALARM:
                self._say(f"{site} raises the final alarm: no review period after {alarm.after}")
        elif name == Topic.CREATE_REVIEW_SHEET:
            period = decode(CreateReviewSheet, data, attributes).period
            self._say(f"{site} asks for the review sheet of {period.name}")
        if site in self.offices and self.cuts_power_at_publish(site, name):
            self.offices[site].cut_power()

    def _say(self, text: str) -> None:
        self._tell(self.timeline.now.astimezone(ZoneInfo(TIME_ZONE)), text)


def _moment(day: date, at: time) -> datetime:
    return datetime.combine(day, at, ZoneInfo(TIME_ZONE))
