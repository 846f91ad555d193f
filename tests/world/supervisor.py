"""The service manager."""

from attendance_client.errors import StopRequested
from tests.world.timeline import Timeline


class WorldSupervisor:
    """The port Supervisor, with a watchdog that remembers the longest silence.

    Attributes:
        stop: whether the service was told to stop.
        longest_silence_s: the longest time between two signs of life.
    """

    alive_interval_s = 600.0

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._heard_s = timeline.now_s
        self.stop = False
        self.longest_silence_s = 0.0

    def ready(self) -> None:
        self._hear()

    def alive(self, status: str) -> None:
        self._hear()
        if self.stop:
            raise StopRequested

    def restarted(self) -> None:
        """Begin anew with a program that was just started."""
        self._heard_s = self._timeline.now_s
        self.stop = False

    def _hear(self) -> None:
        now_s = self._timeline.now_s
        self.longest_silence_s = max(self.longest_silence_s, now_s - self._heard_s)
        self._heard_s = now_s
