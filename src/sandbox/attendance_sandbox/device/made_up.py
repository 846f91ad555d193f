"""Made-up people and their punches, to fill a machine with."""

import itertools
from datetime import date, datetime, time, timedelta
from random import Random

from attendance_sandbox.device.machine import FIRST_YEAR, AttendanceMachine

KEY_CHECK_IN = 0
KEY_CHECK_OUT = 1

FIRST_USER_ID = "1001"
_ADMINISTRATOR = 14
_SATURDAY = 5
_STARTS_AT = time(9, 0)
_STARTS_SPREAD_MIN = 25
_WORKS_H = 8.5
_WORKS_SPREAD_H = 0.6

_FIRST_NAMES = ["amara", "bao", "chiara", "dario", "elif", "farid", "greta", "hana", "ivo", "jonas"]
_LAST_NAMES = ["okafor", "lindqvist", "moreau", "tanaka", "petrov", "adeyemi", "castillo", "haddad"]


def user_names(count: int, random: Random) -> list[str]:
    """`count` different names such as `amara.okafor`; numbered once every combination is used."""
    names = [f"{first}.{last}" for first, last in itertools.product(_FIRST_NAMES, _LAST_NAMES)]
    random.shuffle(names)
    rounds = itertools.chain([""], itertools.count(2))
    numbered = (f"{name}{suffix}" for suffix in rounds for name in names)
    return list(itertools.islice(numbered, count))


def enrol(machine: AttendanceMachine, count: int, random: Random) -> None:
    """Add `count` users, numbered from 1001; the first is the administrator.

    Raises:
        ValueError: they do not fit.
    """
    for number, name in enumerate(user_names(count, random)):
        machine.add_user(str(int(FIRST_USER_ID) + number), name, 0 if number else _ADMINISTRATOR)


def fill(machine: AttendanceMachine, count: int, random: Random) -> None:
    """Write the last `count` punches of the users' working days up to the machine's present time.

    Everybody comes around nine and leaves some eight and a half hours later, Monday to Friday.

    Raises:
        ValueError: there are punches to make and nobody to make them, or not enough people to make them since the
            machine's first year.
    """
    user_ids = [user.user_id for user in machine.users]
    if count and not user_ids:
        raise ValueError("punches need somebody who makes them: --users 1 or more, or --punches 0")
    now = machine.now()
    day = now.date()
    punches: list[tuple[datetime, str, int]] = []
    while len(punches) < count:
        if day.year < FIRST_YEAR:
            raise ValueError(
                f"{len(user_ids)} users make {len(punches)} punches from {FIRST_YEAR} to today, not {count}: fewer "
                "--punches, or more --users"
            )
        if day.weekday() < _SATURDAY:
            made = (punch for user_id in user_ids for punch in _working_day(day, user_id, random))
            punches.extend(punch for punch in made if punch[0] <= now)
        day -= timedelta(days=1)
    for when, user_id, key in sorted(punches)[len(punches) - count :]:
        machine.add_record(user_id, when, punch=key)


def _working_day(day: date, user_id: str, random: Random) -> list[tuple[datetime, str, int]]:
    late_min = random.triangular(-_STARTS_SPREAD_MIN, _STARTS_SPREAD_MIN)
    arrives = datetime.combine(day, _STARTS_AT) + timedelta(minutes=late_min)
    leaves = arrives + timedelta(hours=random.gauss(_WORKS_H, _WORKS_SPREAD_H))
    return [(arrives, user_id, KEY_CHECK_IN), (leaves, user_id, KEY_CHECK_OUT)]
