"""A month of the soak (`python -m tests.soak`): kept promises, and the same again from the same seed."""

from tests.soak.month import play
from tests.world.backend import MemoryBackend


def test_a_faulty_month_keeps_its_promises_and_can_be_replayed():
    report = play(MemoryBackend(), "replay me", 25)

    assert report.violation == ""
    assert report.rows >= report.owed > 100
    assert report.faults.total() > 10
    assert play(MemoryBackend(), "replay me", 25) == report
