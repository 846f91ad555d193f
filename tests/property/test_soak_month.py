"""A month of the soak (`python -m tests.soak`): kept promises, and the same again from the same seed."""

import pytest

from tests.soak.month import play
from tests.world.backend import MemoryBackend


def test_a_faulty_month_keeps_its_promises_and_can_be_replayed():
    report = play(MemoryBackend(), "replay me", 25)

    assert report.violation == ""
    assert report.rows >= report.owed > 100
    assert report.faults.total() > 10
    assert play(MemoryBackend(), "replay me", 25) == report


@pytest.mark.slow
def test_a_month_goes_the_same_way_when_every_event_is_sent():
    """The soak does not ask the state machine again what it has answered with staying as it is.

    Few misfortunes: a client that is started anew has a machine that is asked anew.
    """
    sent, recollected = (
        play(MemoryBackend(), "seldom off", 3, recollect=recollect) for recollect in (False, True)
    )

    assert sent == recollected
    assert sent.violation == ""
