"""What a client does while it waits for a reply."""

import pytest

from attendance_client.fsm.generated import POLLING_INTERVAL_S, TIME_OUT_S, StateId
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
from tests.world.network import Fate
from tests.world.world import World


@pytest.fixture
def world():
    world = World(MemoryBackend())
    yield world
    world.close()


def test_a_subscription_deleted_while_waiting_ends_in_the_time_out(world):
    """no_endless_wait: an error of Pub/Sub must not begin the wait anew each time."""
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    world.network.delete_subscriptions()

    began_s = world.timeline.now_s
    world.step()

    assert world.state is StateId.FETCH_REVIEW_PERIOD
    assert world.timeline.now_s - began_s == pytest.approx(TIME_OUT_S[StateId.AWAIT_REVIEW_PERIOD], abs=0.01)


def waits(world, steps):
    """How long each wait for an answer lasts, of so many steps."""
    found = []
    for _ in range(steps):
        waiting, began_s = world.state in TIME_OUT_S, world.timeline.now_s
        world.step()
        if waiting:
            found.append(world.timeline.now_s - began_s)
    return found


def test_while_nobody_answers_each_wait_is_longer_up_to_the_polling_interval(world):
    world.network.fates.extend([Fate(())] * 40)
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)

    first, *others = waits(world, 40)

    assert first == pytest.approx(60, abs=0.01)
    for number, wait_s in enumerate(others, 1):
        longest = min(60 * 2**number, POLLING_INTERVAL_S)
        assert max(60, longest / 2) <= wait_s <= longest + 0.01
    assert len({round(wait_s) for wait_s in others[-10:]}) > 5


def test_an_answer_ends_the_back_off_and_so_does_a_power_loss(world):
    world.network.fates.extend([Fate(())] * 3)
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    waits(world, 6)
    assert world.client.session.time_outs == 3
    world.publish(row(0, world.weeks))
    world.run_until(StateId.REQUEST_REVIEW_SHEET)
    assert world.client.session.time_outs == 0

    world.network.fates.extend([Fate(())] * 3)
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    waits(world, 6)
    world.power_off()
    world.step()
    world.run_until(StateId.AWAIT_REVIEW_SHEET)
    assert world.client.session.time_outs == 0


def test_a_late_reply_counts_while_the_client_backs_off(world):
    world.network.fates.extend([Fate(()), Fate((500.0,)), Fate(())])
    world.publish(row(0, world.weeks))
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    world.run_until(StateId.REQUEST_REVIEW_SHEET)


def test_a_deleted_subscription_is_made_again_by_the_next_request(world):
    world.publish(row(0, world.weeks))
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    world.network.delete_subscriptions()

    world.run_until(StateId.REQUEST_REVIEW_SHEET)


def test_a_short_failure_of_pubsub_does_not_cost_the_reply(world):
    world.publish(row(0, world.weeks))
    world.run_until(StateId.AWAIT_REVIEW_PERIOD)
    world.network.reachable = False
    world.timeline.after(10.0, lambda: setattr(world.network, "reachable", True))

    world.step()

    assert world.state is StateId.REQUEST_REVIEW_SHEET
