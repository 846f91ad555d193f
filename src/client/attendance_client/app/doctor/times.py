"""The site's time zone, and this computer's clock."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

from attendance_client.app.config import ENCODING, FILE_NAME, Config, system_time_zone
from attendance_client.app.system import SystemClock
from attendance_trouble.finding import Finding, fail, ok, warn

UTC_NAMES = ("UTC", "UCT", "Universal", "Zulu")
"""What a computer is set to whose zone nobody has chosen; most often as Etc/UTC."""


def examine_times(directory: Path, config: Config | None) -> Iterator[Finding]:
    """Zone and clock; a clock that no time server keeps is a failure only where the client is to set the machine's."""
    if config is not None:
        yield _zone(directory, config)
    yield _clock(config)


def _zone(directory: Path, config: Config) -> Finding:
    zone = config.site.time_zone
    if "time_zone" in json.loads((directory / FILE_NAME).read_text(encoding=ENCODING)):
        return ok("time zone", f"{zone}, by {FILE_NAME}")
    if zone.rpartition("/")[2] in UTC_NAMES:
        return warn(
            "time zone",
            f"{zone}, by this computer's own setting: put 'time_zone' into {FILE_NAME}, such as Europe/Berlin, unless "
            "the machine on the wall shows UTC",
        )
    return ok("time zone", f"{zone}, by this computer's own setting")


def _clock(config: Config | None) -> Finding:
    zone = system_time_zone() if config is None else config.site.time_zone
    clock = SystemClock(zone, threading.Event())
    now = clock.now().replace(microsecond=0)
    synchronised = clock.synchronised()
    if synchronised:
        return ok("clock", f"{now}, follows a time server")
    must = config is not None and config.site.set_machine_clock
    if synchronised is None:
        told = (
            f"{now}; whether it follows a time server cannot be told: install systemd-timesyncd, or chrony with "
            "timedatectl"
        )
    else:
        told = (
            f"{now}, has not heard from a time server; let it (sudo timedatectl set-ntp true) and see that the network "
            "lets NTP through"
        )
    if must:
        return fail("clock", f"{told}. Until then the machine's clock is not set by it (set_machine_clock)")
    return warn("clock", told)
