"""attendance-client device: what the attendance machine says, for people."""

import argparse
import ipaddress
import logging
import re
import select
import sys
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from textwrap import indent

from attendance_client.app.config import FILE_NAME, Config, load_config
from attendance_client.app.diary import Diary, read_diary
from attendance_client.app.search import find_like, own_networks
from attendance_client.app.system import SystemClock
from attendance_client.errors import ClockError, ConfigError, MachineError
from attendance_client.machine.port import MachineAddress, MachineStatus
from attendance_client.machine.zk.recording import Recording, write_recording
from attendance_client.machine.zk.selftest import Bench, selftest
from attendance_client.machine.zk.zk_machine import ZkMachine, ZkSession
from attendance_client.ports import Clock
from attendance_client.relay.ledger import Ledger
from attendance_trouble.belief import Outcome

Device = ZkSession | Recording

NO_DATE = "shows a date that does not exist"
PATIENCE_S = 60
"""For somebody at the machine; nobody else can punch meanwhile."""
LONGEST_WAIT = timedelta(days=1)
"""For the computer's clock to pass the machine's last punch; who would have to wait longer is told otherwise."""


def run(options: argparse.Namespace) -> Iterator[str]:
    """Carry out a command; yields what it has to say, a text for each machine.

    Raises:
        ClientError: at the end, where one machine of several could not be asked.
    """
    logging.basicConfig(level=logging.WARNING, format="%(message)s")
    if options.replay is not None:
        yield _SAID[options.device_command](Recording(options.replay), options)
        return
    config = load_config(options.directory)
    if options.device_command == "find":
        yield from find(config, read_diary(options.directory), own_networks())
        return
    machines = chosen(config, options.machine)
    command = options.device_command
    is_for_one = command in ("selftest", "try-disabling") or (command == "clock" and options.set)
    if (is_for_one or options.dump is not None) and len(machines) > 1:
        raise ConfigError(f"this site has several machines: name one of them, --machine {_names(config)}")
    clock = SystemClock(config.site.time_zone, threading.Event())
    if options.device_command == "selftest":
        yield from _selftest(ZkMachine(machines[0]), clock, options.to)
        return
    if options.device_command == "try-disabling":
        # Slow to load, and nothing else here needs it.
        from attendance_client.app.bootstrap import opened_ledger  # noqa: PLC0415

        with opened_ledger(options.directory) as ledger:
            yield from try_disabling(ZkMachine(machines[0]), ledger, at_the_terminal)
        return
    failures = []
    for address in machines:
        try:
            said = _ask(ZkMachine(address), clock, options)
        except MachineError as error:
            failures.append(str(error))
        else:
            yield said if len(machines) == 1 else f"{shown(address)}\n{indent(said, '  ')}"
    if failures:
        raise MachineError("; ".join(failures))


def find(config: Config, diary: Diary | None, networks: Sequence[ipaddress.IPv4Network]) -> Iterator[str]:
    """Say what answers on these networks, and which of the site's machines each is, by its serial number."""
    configured = {(machine.host, machine.port): machine for machine in config.machines}
    serials = {
        seen.serial_number: (seen.host, seen.port)
        for seen in (diary.machines if diary else ())
        if seen.serial_number and (seen.host, seen.port) in configured
    }
    found = find_like(config.machines, networks)
    there = {(each.address.host, each.address.port): each for each in found}
    for where, each in there.items():
        told = f"{where[0]}:{where[1]}"
        if each.status is None:
            yield f"{told}  {each.problem}"
            continue
        told += f"  serial number {each.status.serial_number}, {each.status.records} punches, {each.status.users} users"
        before = serials.get(each.status.serial_number)
        if before is not None and before != where and before not in there:
            old, named = configured[before], "'ip'" if configured[before] is config.machine else "its 'ip'"
            told += f": this is {shown(old)}, whose address has changed: put {where[0]} into {named} in {FILE_NAME}"
        elif where in configured:
            told += f": this is {configured[where].name or 'the machine'} of {FILE_NAME}"
        yield told
    if not found:
        tried = ", ".join(map(str, networks)) or "this computer is in no network"
        yield f"nothing answers as an attendance machine does ({tried})"
    for where, machine in configured.items():
        if where not in there and found:
            yield f"{shown(machine)} of {FILE_NAME} does not answer"


def _selftest(machine: ZkMachine, clock: Clock, save_as: Path | None) -> Iterator[str]:
    """Raises MachineError at the end where anything is otherwise than believed."""
    otherwise = []
    with machine.session() as session:
        name = re.sub(r"[^0-9A-Za-z-]", "_", session.status().serial_number)
        file = save_as or Path(f"selftest-{name}.json")
        for tried in selftest(Bench(session, clock.now), file):
            if tried.outcome is Outcome.OTHERWISE:
                otherwise.append(tried.name)
            yield str(tried)
    yield f"wrote {file}: what the machine said, without names, passwords and card numbers"
    if otherwise:
        raise MachineError(
            f"this machine is not as it is believed to be in {', '.join(otherwise)}: send {file} with a bug report"
        )


def at_the_terminal(question: str) -> bool:
    """Wait until somebody presses Enter; False when nobody does for `PATIENCE_S`."""
    sys.stdout.write(f"{question}\n")
    sys.stdout.flush()
    ready, _, _ = select.select([sys.stdin], [], [], PATIENCE_S)
    return bool(ready and sys.stdin.readline())


def try_disabling(machine: ZkMachine, ledger: Ledger, done: Callable[[str], bool]) -> Iterator[str]:
    """Have somebody punch while the machine is disabled, and once more when it is not; the ledger remembers.

    Raises:
        MachineError: nothing was shown, or that it takes punches while it is disabled; says so.
    """
    with _nobody_punching(machine) as device:
        before = device.status()
        tried = done(
            f"The machine is disabled now. Put a finger that it knows on it, then press Enter (within {PATIENCE_S} s)."
        )
        during = device.status()
        if during.records > before.records:
            ledger.note_disabling(before.serial_number, heeds=False)
            raise MachineError(
                f"machine {before.serial_number} took a punch while it was disabled: its log is never erased by this "
                "program. Delete it in the machine's own menu when it is nearly full"
            )
        device.enable()
        tried = tried and done("It is enabled again. Put the same finger on it once more, then press Enter.")
        after = device.status()
    if not tried or after.records <= during.records:
        why = "it took no punch after it was enabled either" if tried else "nobody pressed Enter"
        raise MachineError(f"nothing was shown, as {why}: try again")
    ledger.note_disabling(before.serial_number, heeds=True)
    yield (
        f"machine {before.serial_number} took no punch while it was disabled, and took one afterwards: its log may be "
        "erased (clear_machine)"
    )


def chosen(config: Config, name: str | None) -> Sequence[MachineAddress]:
    """The machines that are meant: all, or the one of this name or address; raises ConfigError where there is none."""
    if name is None:
        return config.machines
    for machine in config.machines:
        if name.casefold() in (
            machine.name.casefold(),
            machine.host.casefold(),
            f"{machine.host}:{machine.port}",
        ):
            return [machine]
    raise ConfigError(f"this site has no machine {name!r}; it has {_names(config)}")


def _names(config: Config) -> str:
    return " or ".join(repr(machine.name or machine.host) for machine in config.machines)


def shown(address: MachineAddress) -> str:
    """A machine's name and address."""
    where = f"{address.host}:{address.port}"
    return f"{address.name} ({where})" if address.name else where


def _ask(machine: ZkMachine, clock: Clock, options: argparse.Namespace) -> str:
    if options.device_command == "clock" and options.set:
        return set_clock(machine, clock)
    with machine.session() as device:
        if options.dump is not None:
            write_recording(device, options.dump)
        if options.device_command == "clock":
            return _clocks(device.status(), clock)
        return _SAID[options.device_command](device, options)


def _info(device: Device, options: argparse.Namespace) -> str:
    del options
    status = device.status()
    share = f" ({status.records / status.record_capacity:.0%})" if status.record_capacity else ""
    return "\n".join(
        (
            f"serial number  {status.serial_number}",
            f"firmware       {status.firmware or '-'}",
            f"platform       {status.platform or '-'}",
            f"clock          {status.time or NO_DATE}",
            f"users          {status.users}",
            f"records        {status.records} of {status.record_capacity or 'an unknown number'}{share}",
        )
    )


def _users(device: Device, options: argparse.Namespace) -> str:
    del options
    users = sorted(device.read_users(), key=lambda user: (len(user.user_id), user.user_id))
    return "\n".join(f"{user.user_id:<12} {user.name}".rstrip() for user in users) or "no users"


def _punches(device: Device, options: argparse.Namespace) -> str:
    log = device.read_log()
    lines = [
        f"{punch.timestamp}  {punch.user_id:<12}  status {punch.status:>3}  punch {punch.punch:>3}"
        for punch in log.punches[-options.last :]
    ]
    lines += [f"makes no sense: {record.raw.hex()} ({record.reason})" for record in log.undecodable]
    return "\n".join(lines) or "no punches"


_SAID: Mapping[str, Callable[[Device, argparse.Namespace], str]] = {
    "info": _info,
    "users": _users,
    "punches": _punches,
}


def _clocks(status: MachineStatus, clock: Clock) -> str:
    now = clock.now().replace(microsecond=0)
    synchronised = {
        True: "follows a time server",
        False: "has not heard from a time server",
        None: "whether it follows a time server cannot be told",
    }
    offset = "" if status.time is None else f"{(status.time - now).total_seconds():+.0f} s"
    return "\n".join(
        (
            f"the machine    {status.time or NO_DATE}",
            f"this computer  {now} ({synchronised[clock.synchronised()]})",
            f"offset         {offset or 'none can be told: set the clock, with --set or in its menu'}",
        )
    )


def set_clock(machine: ZkMachine, clock: Clock) -> str:
    """Set the machine's clock by this computer's; into the past only where no punch lies in between.

    Raises:
        ClockError: it was not set; says why.
        MachineError: the machine did not answer.
    """
    if clock.synchronised() is False:
        raise ClockError(
            "this computer's clock has not heard from a time server yet; the machine's is left alone"
        )
    with _nobody_punching(machine) as device:
        shown = device.status().time
        target = clock.now().replace(microsecond=0)
        if shown is not None and target < shown:
            _check_no_punch(device, target, shown)
        device.set_time(target)
    return f"set the machine's clock from {shown or 'a date that does not exist'} to {target}"


@contextmanager
def _nobody_punching(machine: ZkMachine) -> Iterator[ZkSession]:
    """A session in which nobody can punch; afterwards people can, by a second one if this breaks off."""
    enabled = True
    try:
        with machine.session() as device:
            enabled = False
            try:
                device.disable()
                yield device
            finally:
                device.enable()
                enabled = True
    finally:
        if not enabled:
            _enable(machine)


def _enable(machine: ZkMachine) -> None:
    try:
        with machine.session() as device:
            device.enable()
    except MachineError as error:
        raise MachineError(
            f"{error}; people may be unable to punch: start the service, run this command again, or switch the machine "
            "off and on"
        ) from error


def _check_no_punch(device: ZkSession, target: datetime, shown: datetime) -> None:
    later = [punch.timestamp for punch in device.read_log().punches if target <= punch.timestamp <= shown]
    if not later:
        return
    free_at = max(later) + timedelta(seconds=1)
    advice = (
        f"Try again after {free_at}"
        if free_at - target <= LONGEST_WAIT
        else "Tell HR which punches bear a wrong time, and set the clock in the machine's own menu"
    )
    raise ClockError(
        f"the machine has a punch of {max(later)}; set to {target}, a later punch would bear an earlier time. {advice}"
    )
