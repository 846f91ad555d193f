"""The virtual time of the test world goes on: a world that stands still hangs a run for hours, and tells nothing."""

from tests.world.timeline import Timeline


def test_each_wait_ends_however_short_it_is():
    """What remains a rounding error before a deadline is less than floating-point seconds tell, months later."""
    timeline = Timeline()
    timeline.advance(4_673_671.5)
    before = timeline.wall
    assert not timeline.advance_to_next(timeline.moment_in(3.6e-10))
    assert timeline.wall > before
