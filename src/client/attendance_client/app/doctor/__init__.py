"""attendance-client doctor: is all in place for this site?

It looks, and changes nothing but one thing: a subscription that is missing is made, as the client itself would. Nothing
is published, no punch is read, and the machine is neither disabled nor set.
"""

from collections.abc import Iterator
from pathlib import Path

from attendance_client.app.config import Config, load_config
from attendance_client.app.doctor.cloud import examine_cloud
from attendance_client.app.doctor.files import examine_files
from attendance_client.app.doctor.machine import examine_machines
from attendance_client.app.doctor.times import examine_times
from attendance_client.errors import ConfigError
from attendance_trouble.finding import Finding, Level, fail, ok

__all__ = ["Finding", "Level", "examine"]


def examine(directory: Path) -> Iterator[Finding]:
    """Look at one thing after the other; a failure of one keeps only those that need it from being looked at."""
    config: Config | None = None
    try:
        config = load_config(directory)
        machines = ", ".join(
            f"machine {machine.name + ' ' if machine.name else ''}at {machine.host}:{machine.port}"
            for machine in config.machines
        )
        yield ok("config", f"site {config.site.location}, {machines}")
    except ConfigError as error:
        yield fail("config", error)
    yield from examine_files(directory, config)
    yield from examine_times(directory, config)
    if config is not None:
        yield from examine_machines(directory, config)
    yield from examine_cloud(config)
