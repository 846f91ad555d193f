"""The runs of the real client are runs of the relation whose promises are proved (docs/formal.md)."""

import random
from collections import Counter
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance_client.fsm import steps
from attendance_client.fsm.generated import StateId
from attendance_client.relay.ledger import Ledger
from attendance_contracts import Outcome, StoreAttendRecords, Topic
from tests.property.profiles import PROFILE, draws
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.machine import Entry
from tests.world.network import Fate
from tests.world.traced import PERIODS, RELATORS, NotAllowed, Relator, TracedWorld


def loses_power(world, choice):
    world.power.fail_at(choice.randrange(12))


def loses_a_message(world, _choice):
    world.network.fates.append(Fate(()))


def doubles_a_message(world, _choice):
    world.network.fates.append(Fate((0.5, 700.0)))


def replays_a_reply(world, choice):
    world.network.replay(choice.choice([Topic.NEW_REVIEW_PERIOD, Topic.LAST_STORED_TIMESTAMP]), 1)


def loses_a_confirmation(world, _choice):
    world.network.confirmations_lost += 1


def stores_in_part(world, _choice):
    world.partial_stores += 1


def breaks_off(world, choice):
    world.machine.failures.append(choice.choice(["connect", "status", "read_log", "disable", "clear"]))


def is_punched_in_mid_read(world, _choice):
    world.machine.punches_in_mid_read.append(Entry("1002", world.machine.time, 1, 255))


def is_punched_by_others(world, choice):
    world.machine.record("1002", world.machine.time - timedelta(days=choice.choice((0, 0, 8))))


MISFORTUNES = (
    loses_power,
    loses_power,
    loses_a_message,
    doubles_a_message,
    replays_a_reply,
    loses_a_confirmation,
    stores_in_part,
    breaks_off,
    is_punched_in_mid_read,
    is_punched_by_others,
)


def turns_to_the_other_door(world, _choice):
    world.machine = next(machine for machine in world.machines if machine is not world.machine)


def goes_away_or_comes_back(world, _choice):
    world.machine.reachable = not world.machine.reachable


def are_exchanged(world, _choice):
    """The machines, with their addresses."""
    world.machines.reverse()
    if world.client is not None:
        for door, machine in zip(world.client.doors, world.machines, strict=True):
            door.machine = machine


AT_TWO_DOORS = (*MISFORTUNES, *(turns_to_the_other_door,) * 4, goes_away_or_comes_back, are_exchanged)


def play(relator: Relator, seed: int, most_steps: int, *, clearing: bool, doors: int = 1) -> TracedWorld:
    """Some weeks of one site, in which one punch after the other is followed."""
    choice = random.Random(seed)
    misfortunes = MISFORTUNES if doors == 1 else AT_TWO_DOORS
    world = TracedWorld(MemoryBackend(), relator=relator, seed=seed, clear_machine=clearing, doors=doors)
    published = 0
    try:
        for _ in range(most_steps):
            if published < PERIODS and choice.random() < (0.3 if published == 0 else 0.08):
                world.publish(row(published, 1))
                published += 1
            if world.client is not None and (world.punch is None or (world.stored and choice.random() < 0.1)):
                days = choice.choice((0, 0, 8))
                if world.machine.record("1001", world.machine.time - timedelta(days=days)):
                    world.follow()
            if choice.random() < 0.25:
                choice.choice(misfortunes)(world, choice)
            world.step()
    finally:
        world.close()
    return world


@pytest.fixture(scope="module", params=[False, True], ids=["keeps the log", "clears the log"])
def relator(request):
    relator = Relator(clearing=request.param)
    RELATORS.append(relator)
    return relator


@pytest.mark.skipif(PROFILE == "quick", reason="a taste is what Hypothesis draws; this month takes seconds")
def test_a_faulty_month_is_a_run_of_the_relation(relator):
    world = play(relator, 20, 120, clearing=relator.clearing)
    assert world.checked > 100
    assert world.happened["power lost"] > 2
    done = {step.effect for step in relator.steps if step.name in relator.taken}
    assert done >= set(relator.effects["RELAY_ATTENDANCE_RECORDS"] + relator.effects["REVIEW_PERIOD_EXPIRED"])


@pytest.mark.skipif(PROFILE == "quick", reason="as above")
def test_a_faulty_month_at_two_doors_is_a_run_of_the_relation(relator):
    next_machine = "RELAY_ATTENDANCE_RECORDS[1] read_machine: the next machine"
    # What a seed comes to differs from one Python to the next.
    for seed in range(1, 9):
        world = play(relator, seed, 40, clearing=relator.clearing, doors=2)
        assert world.checked > 20
        if next_machine in relator.taken:
            break
    assert next_machine in relator.taken


@pytest.mark.slow
@given(seed=st.integers(0, 2**32 - 1))
@settings(max_examples=draws(dev=1, ci=2), deadline=None, suppress_health_check=list(HealthCheck))
def test_any_run_is_a_run_of_the_relation(relator, seed):
    play(relator, seed, 40, clearing=relator.clearing)


@pytest.mark.slow
def test_a_client_that_believes_itself_is_refused(monkeypatch):
    """It takes for confirmed what it has published."""
    ask = steps._request

    def request(client, message):
        ask(client, message)
        if isinstance(message, StoreAttendRecords):
            client.ledger.confirm(tuple(record.identity for record in message.records), message.sheet_id)

    monkeypatch.setattr(steps, "_request", request)
    with pytest.raises(NotAllowed, match=r"in RELAY_ATTENDANCE_RECORDS .*'confirmed': \(False, True\)"):
        play(Relator(clearing=False), 20, 100, clearing=False)


@pytest.mark.slow
def test_a_client_that_takes_a_refusal_for_an_end_is_refused(monkeypatch):
    """What is refused may be stored later: it must not be erased."""
    told = Ledger.take_answers

    def take(ledger, answers, **more):
        told(ledger, [replace(answer, outcome=Outcome.BEFORE_FIRST_DAY) for answer in answers], **more)

    monkeypatch.setattr(Ledger, "take_answers", take)
    with pytest.raises(NotAllowed, match=r"'outside': \(False, True\)"):
        play(Relator(clearing=False), 20, 100, clearing=False)


def at_the_final_read():
    """A world whose period has expired, with a punch of its last minute that nobody has read yet."""
    world = TracedWorld(MemoryBackend(), relator=Relator(clearing=False))
    world.publish(row(0, 1))
    world.run_until(StateId.REVIEW_PERIOD_EXPIRED)
    period = world.client.session.review_period
    world.machine.record("1001", period.closes_at(world.site.day_boundary) - timedelta(minutes=1))
    world.follow()
    return world


def test_a_client_that_closes_with_punches_left_is_refused(monkeypatch):
    world = at_the_final_read()
    world.step()
    assert world.state is StateId.RELAY_ATTENDANCE_RECORDS
    world.close()
    monkeypatch.setattr(Ledger, "backlog_of", lambda _self, _period: 0)
    world = at_the_final_read()
    with pytest.raises(NotAllowed, match="in REVIEW_PERIOD_EXPIRED"):
        world.step()
    world.close()


def test_what_no_run_takes_is_told(relator):
    """The end of a run lists it; what is never taken is a gap of these runs, or of the relation."""
    fresh = Relator(clearing=relator.clearing)
    assert fresh.never_taken() == [step.name for step in fresh.steps]
    fresh.taken = Counter([fresh.steps[0].name])
    assert fresh.never_taken() == [step.name for step in fresh.steps[1:]]
