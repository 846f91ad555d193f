"""The demo's made-up people and when they punch. No real person is meant."""

import random
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

MAIL_DOMAIN = "example.com"
FORGET_CHECK_OUT = 0.015
DOUBLE_TAP = 0.02
ABSENT = 0.03
VISIT = 0.02
"""Chance, per person and working day, to check out at another site than the one they checked in at."""


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a finger on a machine.

    Attributes:
        name: as HR writes it.
        user_name: on the machine; the local part of the e-mail address.
        user_id: on the machine.
        cut_off: the latest weekly mean of their check-ins without a penalty.
        hired: first working day; None for everybody who was there before.
        left: last working day; None for everybody who stays.
    """

    name: str
    user_name: str
    user_id: str
    site: str
    cut_off: time
    hired: date | None = None
    left: date | None = None

    def works_on(self, day: date) -> bool:
        return (self.hired is None or day >= self.hired) and (self.left is None or day <= self.left)


@dataclass(frozen=True, slots=True)
class Punch:
    """A finger on a machine, at the site's wall time. `machine`: which one took it, once one has."""

    site: str
    user_id: str
    when: datetime
    key: int
    machine: str = ""


@dataclass(frozen=True, slots=True)
class Shift:
    """A site's usual hours."""

    begins: time
    ends: timedelta
    """After midnight of the same day; may exceed 24 hours."""
    cut_off: time


SHIFTS = {
    "headquarters": Shift(time(9), timedelta(hours=17, minutes=30), time(9, 15)),
    "warehouse": Shift(time(15), timedelta(hours=24, minutes=10), time(15, 10)),
    "laboratory": Shift(time(8), timedelta(hours=16, minutes=30), time(8, 10)),
}

NIGHT_WORKER, PART_TIMER = "105", "107"
"""Whoever has this user ID works at night in the warehouse, or from Monday to Wednesday at headquarters."""
NIGHT_SHIFT = Shift(time(22), timedelta(hours=30), time(15, 10))
PART_TIME_DAYS = range(3)
ON_HALF_LEAVE = "106"
HALF_LEAVE, HALF_LEAVE_ENDS = date(2026, 10, 16), timedelta(hours=12, minutes=30)
"""On half a day's leave: goes home at noon."""
PLANS = {NIGHT_WORKER: ("Night", ""), PART_TIMER: ("Day", "Mon-Wed"), ON_HALF_LEAVE: ("Early", "Mon-Fri")}
"""As HR types them into Roster: shift and days."""
PLANNED_SHIFTS: tuple[tuple[str | int, ...], ...] = (
    ("Night", "22:00", "06:00"),
    ("Day", "09:00", "17:30", 30),
    ("Early", "08:00", "16:30", 30),
)

_NAMES = (
    "Amara Okafor",
    "Bruno Keller",
    "Chiara Rossi",
    "Dmitri Volkov",
    "Elif Demir",
    "Farah Haddad",
    "Goran Novak",
    "Hana Sato",
    "Ines Carvalho",
    "Jonas Lind",
    "Kavya Nair",
    "Liam Byrne",
    "Mira Patel",
    "Nadia Petrova",
    "Omar Farouk",
    "Paula Jensen",
    "Quentin Moreau",
    "Rosa Alvarez",
    "Samir Bakshi",
    "Tova Berg",
    "Umar Siddiqui",
    "Vera Kowalska",
    "Wanda Meyer",
    "Xenia Popova",
    "Yusuf Kaya",
    "Zora Horvat",
    "Anton Gruber",
    "Beatriz Silva",
    "Callum Reid",
    "Daniela Costa",
)

NEW_HIRE = Person(
    "Esther Mwangi",
    "esther.mwangi",
    "131",
    "headquarters",
    SHIFTS["headquarters"].cut_off,
    date(2026, 10, 19),
)
HIRED = {"103": date(2026, 10, 12)}
"""Who begins in October, by user ID, and is in HR's list before."""
LEAVES = {"112": date(2026, 10, 21)}
"""Who leaves in October."""
UNKNOWN = Person("", "badge-0417", "900", "laboratory", time(8))
"""On the machine, but not in HR's list."""
EVENING_OF_FORGOTTEN_CHECK_OUT = date(2026, 10, 14)
FORGETFUL = "101"
"""Whoever has this user ID forgets it."""
HOLIDAY, HOLIDAY_NAME = date(2026, 10, 9), "Foundation Day"
HOLIDAY_WORKER = "102"
"""Works on the holiday all the same."""
PENALTY_EXCUSED, PENALTY_DAY = "102", date(2026, 10, 14)
"""Was late that week, and HR waives the penalty of it (with the seed that the demo has by default)."""
ON_LEAVE = "104"
LEAVE = (date(2026, 10, 20), date(2026, 10, 22))
LATE_PUNCH_AT = datetime(2026, 10, 2, 18, 5)  # noqa: DTZ001 - wall time of the site
LATE_PUNCH_SITE, LATE_PUNCH_USER = "headquarters", "104"
"""A punch of September that the machine gives away only after HR has finalised September."""


def staff() -> list[Person]:
    """Everybody who is in HR's list from the beginning: ten people a site."""
    people = []
    for number, name in enumerate(_NAMES):
        site = list(SHIFTS)[number % len(SHIFTS)]
        user_name = name.lower().replace(" ", ".")
        user_id = str(101 + number)
        employment = HIRED.get(user_id), LEAVES.get(user_id)
        people.append(Person(name, user_name, user_id, site, SHIFTS[site].cut_off, *employment))
    return people


def is_at_work(person: Person, day: date) -> bool:
    return person.user_id != PART_TIMER or day.weekday() in PART_TIME_DAYS


def punches(people: list[Person], days: list[date], randomness: random.Random) -> list[Punch]:
    """What these people's fingers do on these days; weekends are free."""
    made: list[Punch] = []
    sites = list(SHIFTS)
    for day in days:
        if day.weekday() >= 5:
            continue
        for person in people:
            if not person.works_on(day) or randomness.random() < ABSENT:
                continue
            if day == HOLIDAY and person.user_id != HOLIDAY_WORKER:
                continue
            if person.user_id == ON_LEAVE and LEAVE[0] <= day <= LEAVE[1]:
                continue
            shift = NIGHT_SHIFT if person.user_id == NIGHT_WORKER else SHIFTS[person.site]
            midnight = datetime.combine(day, time(0))
            arrives = datetime.combine(day, shift.begins) + timedelta(seconds=int(randomness.gauss(300, 600)))
            leaves = midnight + shift.ends + timedelta(seconds=int(randomness.gauss(300, 900)))
            # What is drawn of others is the same, whoever has these days off.
            own = made if is_at_work(person, day) else []
            own.append(Punch(person.site, person.user_id, arrives, 0))
            if randomness.random() < DOUBLE_TAP:
                own.append(Punch(person.site, person.user_id, arrives + timedelta(seconds=4), 0))
            forgets = day == EVENING_OF_FORGOTTEN_CHECK_OUT and person.user_id == FORGETFUL
            if forgets or randomness.random() < FORGET_CHECK_OUT:
                continue
            visits = person.site != "warehouse" and randomness.random() < VISIT
            if person.user_id == ON_HALF_LEAVE and day == HALF_LEAVE:
                leaves = midnight + HALF_LEAVE_ENDS
            last_site = sites[(sites.index(person.site) + 2) % len(sites)] if visits else person.site
            # People press whichever key they like; the last punch is the check-out all the same.
            own.append(Punch(last_site, person.user_id, leaves, randomness.choice((0, 1, 1, 1, 255))))
    return made
