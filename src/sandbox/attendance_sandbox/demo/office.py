"""One office of the demo: a machine at each of its doors, and the client's process beside them."""

import json
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Self
from zoneinfo import ZoneInfo

from attendance_sandbox.demo.interruption import until_it_can_be_stopped
from attendance_sandbox.demo.nursery import Child, Nursery
from attendance_sandbox.demo.people import Person, Punch
from attendance_sandbox.demo.reconciliation import machine_called
from attendance_sandbox.demo.timeline import Timeline
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.records import PunchRecord
from attendance_sandbox.device.server import DeviceServer

TIME_ZONE = "Europe/Berlin"
STOP_TIMEOUT_S = 10.0
CLIENT = "attendance_sandbox.demo.site_client"
POWER_CUT_LASTS = timedelta(minutes=20)


@dataclass(slots=True)
class _Door:
    """Where a machine hangs: `name` as in the site's file, the machines that hung there, the present one last."""

    name: str
    server: DeviceServer
    machines: list[AttendanceMachine]


class Office:
    """A site. Its folder holds the client's files, as a Pi's would.

    `doors` are the names of its machines. Whoever comes in at one of two goes out at the other.
    `cuts_power` is asked at each command that the client sends to a machine.
    """

    def __init__(
        self,
        name: str,
        folder: Path,
        timeline: Timeline,
        nursery: Nursery,
        *,
        environment: Mapping[str, str],
        settings: Mapping[str, object],
        doors: Sequence[str],
        cuts_power: Callable[[int], bool],
        say: Callable[[str], None],
    ) -> None:
        self.name = name
        self.folder = folder
        self.crashed: str | None = None
        self._timeline = timeline
        self._nursery = nursery
        self._environment = environment
        self._say = say
        self._process: Child | None = None
        self.machines: list[AttendanceMachine] = []
        """All that ever hung here."""
        self._doors = [self._door(door) for door in doors]
        self._settings = settings
        self._cuts_power = cuts_power

    def __enter__(self) -> Self:
        for door in self._doors:
            door.server.start()
        first, *others = self._doors
        self.folder.mkdir(parents=True, exist_ok=True)
        config = {"identifier": self.name, **_address(first), **self._settings}
        if others:
            config |= {
                "machine_name": first.name,
                "machines": [{"name": door.name, **_address(door)} for door in others],
            }
        (self.folder / "biometric_device_config.json").write_text(json.dumps(config, indent=2) + "\n")
        # As an installer leaves it: the snapshot of a client that has never run.
        seed = {"pi4_state": 1, "sys_flags": 0, "sheet_id": None, "last_stored_timestamp": None}
        (self.folder / "snapshot.json").write_text(json.dumps(seed) + "\n")
        return self

    def __exit__(self, *_: object) -> None:
        process = self._process
        if process is not None and process.poll() is None:
            process.kill()
            process.wait(STOP_TIMEOUT_S)
        for door in self._doors:
            door.server.stop()

    def wall_time(self) -> datetime:
        """What a clock on this office's wall shows: naive."""
        return self._timeline.now.astimezone(ZoneInfo(TIME_ZONE)).replace(tzinfo=None)

    def enrol(self, person: Person) -> None:
        """Put somebody's finger into each machine."""
        for door in self._doors:
            door.machines[-1].add_user(person.user_id, person.user_name)

    def punch(self, punch: Punch) -> None:
        """Somebody puts a finger on a machine."""
        door = self._doors[(int(punch.user_id) + punch.when.hour // 12) % len(self._doors)]
        if not door.machines[-1].punch(punch.user_id, punch.when, punch=punch.key):
            raise RuntimeError(f"the machine of {self.name} took no punch: {punch}")

    def replace_machine(self, name: str) -> None:
        """Another machine hangs at a door from now on, with the same fingers and an empty log."""
        door = next(door for door in self._doors if door.name == name)
        old, new = door.machines[-1], self._machine()
        for user in old.users:
            new.add_user(user.user_id, user.name)
        door.machines.append(new)
        door.server.machine = new
        door.server.drop_connections()
        self._say(
            f"{self.name} gets another machine at its {name}: {new.serial_number} for {old.serial_number}"
        )

    def recorded(self) -> list[Punch]:
        """What stands in the machines' own logs, the truth that the sheets are held against."""
        return [
            Punch(
                self.name,
                record.user_id,
                record.timestamp,
                record.punch,
                machine_called(door.name, machine.serial_number),
            )
            for door in self._doors
            for machine in door.machines
            for record in machine.records
            if isinstance(record, PunchRecord)
        ]

    def switch_on(self) -> None:
        """Power for the Pi: start the client, by the same command each time."""
        self._timeline.expect(self.name)
        arguments = [f"--directory={self.folder}", f"--timeline={self._timeline.address}"]
        log = self.folder / "client.log"
        with until_it_can_be_stopped():
            self._process = process = self._nursery.start(CLIENT, arguments, self._environment, log)
        threading.Thread(target=self._watch, args=(process,), daemon=True).start()

    def cut_power(self) -> None:
        """SIGKILL, at whatever the client is doing; power comes back a while later."""
        process = self._process
        if process is None or process.poll() is not None:
            return
        # All that needs the time first: it goes on as soon as the process is gone.
        self._say(f"power cut at {self.name}, back in {POWER_CUT_LASTS.seconds // 60} minutes")
        self._timeline.at(self._timeline.now + POWER_CUT_LASTS, self.switch_on)
        process.send_signal(signal.SIGKILL)
        process.wait(STOP_TIMEOUT_S)

    def _door(self, name: str) -> _Door:
        machine = self._machine()
        return _Door(name, DeviceServer(machine, on_request=self._on_machine_request), [machine])

    def _machine(self) -> AttendanceMachine:
        serial_number = f"SIM-{self.name[:4].upper()}-{len(self.machines) + 1:02}"
        machine = AttendanceMachine(serial_number=serial_number, clock=self.wall_time)
        self.machines.append(machine)
        return machine

    def _on_machine_request(self, command: int, _data: bytes) -> None:
        if self._cuts_power(command):
            self.cut_power()

    def _watch(self, process: Child) -> None:
        code = process.wait()
        if code not in (0, -signal.SIGKILL):
            self.crashed = (
                f"the client of {self.name} ended with exit code {code}; its log: {self.folder}/client.log"
            )
        self._timeline.gone(self.name)


def _address(door: _Door) -> dict[str, object]:
    return {"ip": "127.0.0.1", "port": door.server.port}
