"""A month of one site: people, HR and misfortune, and the client in the middle."""

import random
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from functools import partial

from attendance_client.fsm.generated import DEEP_SLEEP_S, POLLING_INTERVAL_S
from tests.soak.misfortune import USERS, Misfortunes
from tests.world import promises
from tests.world.backend import Backend
from tests.world.calendar import row
from tests.world.timeline import EPOCH
from tests.world.world import World

WEEKS = 4
DAYS = 7 * WEEKS + 3
"""A few days more than a period, so that it ends, and the next one begins, under way."""

SETTLING_STEPS = 3000
STEPS_BETWEEN_CHECKS = 100
SATURDAY = 5


@dataclass(frozen=True)
class Report:
    """How a month went.

    Attributes:
        punches: all that the machine recorded with a date.
        owed: those that must be in a sheet; the others are of no period that HR entered for this site, or were
            erased by somebody before any client could read them.
        rows: in all sheets.
        violation: the promise that was broken, with its message; empty if none was.
        faults: what befell the site, by kind.
    """

    punches: int
    owed: int
    rows: int
    violation: str
    faults: Counter[str]


def play(backend: Backend, seed: str, misfortunes: int, *, recollect: bool = True) -> Report:
    """Play one month; the same seed plays the same month, with `recollect` (see World) or without."""
    choice = random.Random(seed)
    world = World(
        backend,
        seed=choice.getrandbits(32),
        polling_interval_s=POLLING_INTERVAL_S,
        deep_sleep_s=DEEP_SLEEP_S,
        weeks=WEEKS,
        recollect=recollect,
    )
    troubles = Misfortunes(world, choice)
    try:
        _plan(world, choice, troubles, misfortunes)
        violation = _broken_promise(world, troubles)
        owed, rows = len(world.owed()), len(backend.rows())
    finally:
        world.close()
    faults = world.happened + world.network.happened
    return Report(len(world.machine.recorded), owed, rows, violation, faults)


def _plan(world: World, choice: random.Random, troubles: Misfortunes, misfortunes: int) -> None:
    world.machine.users = {user: f"name{user}" for user in USERS[:-1]}
    for day in range(DAYS):
        if (EPOCH + timedelta(days=day)).weekday() < SATURDAY:
            for user in USERS:
                _plan_day(world, choice, user, day)
    # HR enters the first period on the first day, and the next one early, late or very late.
    world.timeline.after(choice.uniform(0, 30_000), lambda: world.publish(row(0, WEEKS)))
    entered_s = choice.uniform(20, DAYS + 1) * 86_400
    world.timeline.after(entered_s, lambda: world.publish(row(1, WEEKS)))
    for _ in range(misfortunes):
        world.timeline.after(choice.uniform(0, DAYS) * 86_400, troubles.strike)


def _plan_day(world: World, choice: random.Random, user: str, day: int) -> None:
    for hour in (8, 16):
        if choice.random() < 0.02:
            continue  # forgotten
        at = datetime.combine(
            (EPOCH + timedelta(days=day)).date(), time(hour, choice.randrange(60), choice.randrange(60))
        )
        delay_s = (at - EPOCH).total_seconds()
        if delay_s < 0:
            continue
        taps = 2 if choice.random() < 0.04 else 1
        world.timeline.after(delay_s, partial(_punch, world, user, taps))


def _punch(world: World, user: str, taps: int) -> None:
    for _ in range(taps):
        world.machine.record(user, world.machine.time)


def _broken_promise(world: World, troubles: Misfortunes) -> str:
    try:
        while world.timeline.now_s < DAYS * 86_400:
            _run(world, troubles)
            _check(world, promises.AT_EVERY_MOMENT)
        world.heal()
        settled = world.settle(SETTLING_STEPS)
        _check(world, promises.AT_EVERY_MOMENT)
        if not settled:
            return f"eventually_stored: {world.describe()}"
        _check(world, promises.WHEN_SETTLED)
    except Exception as error:  # noqa: BLE001 - a crash of the client is a violation, too
        return f"{type(error).__name__}: {error}"
    return ""


def _run(world: World, troubles: Misfortunes) -> None:
    for _ in range(STEPS_BETWEEN_CHECKS):
        world.step()
        if world.state is None:
            while troubles.while_off:
                troubles.while_off.pop()()


def _check(world: World, checks: Iterable[Callable[[World], None]]) -> None:
    for promise in checks:
        try:
            promise(world)
        except AssertionError as error:
            raise AssertionError(f"{promise.__name__}: {error}") from error
