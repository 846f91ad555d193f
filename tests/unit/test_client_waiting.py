"""What a client does while it waits for a reply."""

import pytest

from attendance_client.fsm.generated import TIME_OUT_S, StateId
from tests.world.backend import MemoryBackend
from tests.world.calendar import row
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
