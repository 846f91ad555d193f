"""Finds attendance machines on the networks that this computer is in."""

import ipaddress
import json
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from attendance_client.errors import MachineError
from attendance_client.machine.port import MachineAddress, MachineStatus
from attendance_client.machine.zk.zk_machine import ZkMachine

USUAL_PORT = 4370
KNOCK_S = 0.5
AT_ONCE = 128
LARGEST_PREFIX = 22
"""Of a larger network, only the computer's own 256 addresses are tried."""
MOST_HOSTS = 2048
MOST_FOUND = 50
ASKED_AT_ONCE = 8
ASK_S = 5.0
LONGEST_SEARCH_S = 40.0
_ADDRESSES = ("ip", "-json", "-4", "address", "show", "scope", "global")


def find_machines() -> list[tuple[str, str]]:
    """Addresses that answer at the usual port, and what each says of itself."""
    return machines_among(own_networks(), USUAL_PORT)


def machines_among(networks: Iterable[ipaddress.IPv4Network], port: int) -> list[tuple[str, str]]:
    found = []
    for host in listening(networks, port):
        try:
            found.append((host, what_is_at(MachineAddress(host, port))))
        except MachineError as error:
            found.append((host, str(error)))
    return found


def listening(networks: Iterable[ipaddress.IPv4Network], port: int) -> list[str]:
    """Addresses at which something takes connections, `MOST_FOUND` at most."""
    hosts = [str(host) for network in networks for host in network.hosts()][:MOST_HOSTS]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda host: _knock(host, port), hosts))
    return [host for host, is_there in zip(hosts, answers, strict=True) if is_there][:MOST_FOUND]


@dataclass(frozen=True, slots=True)
class Found:
    """What answers at an address.

    Attributes:
        status: what it says of itself; None where it does not.
        problem: why it does not.
    """

    address: MachineAddress
    status: MachineStatus | None
    problem: str = ""


def find_like(machines: Sequence[MachineAddress], networks: Iterable[ipaddress.IPv4Network]) -> list[Found]:
    """What answers at the ports of these machines or the usual one, asked with their keys.

    At most 2,048 addresses are tried at each port, and `MOST_FOUND` asked; none after `LONGEST_SEARCH_S`.
    """
    networks, deadline_s = list(networks), time.monotonic() + LONGEST_SEARCH_S
    ports = dict.fromkeys([*(machine.port for machine in machines), USUAL_PORT])
    places = [(host, port) for port in ports for host in listening(networks, port)][:MOST_FOUND]
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        return list(pool.map(lambda place: _ask(place[0], place[1], machines, deadline_s), places))


def _ask(host: str, port: int, machines: Sequence[MachineAddress], deadline_s: float) -> Found:
    """Who is there, by the keys that the site has: that of the machine which is configured so goes first."""
    alike = sorted(machines, key=lambda machine: (machine.host, machine.port) != (host, port))
    problem = ""
    for key in dict.fromkeys(machine.comm_key for machine in alike):
        if time.monotonic() > deadline_s:
            problem = problem or "was not asked: too much answers on this network"
            break
        address = MachineAddress(host, port, key, timeout_s=ASK_S)
        try:
            with ZkMachine(address).session() as session:
                return Found(address, session.status())
        except MachineError as error:
            problem = problem or str(error)
    return Found(MachineAddress(host, port), None, problem)


def own_networks() -> list[ipaddress.IPv4Network]:
    """The networks of this computer's interfaces, each at most once."""
    try:
        told = subprocess.run(  # noqa: S603 - a constant command
            _ADDRESSES, capture_output=True, text=True, timeout=ASK_S, check=True
        ).stdout
        interfaces = [
            ipaddress.IPv4Interface(f"{each['local']}/{each['prefixlen']}")
            for link in json.loads(told)
            for each in link.get("addr_info", ())
        ]
    except (OSError, subprocess.SubprocessError, ValueError, KeyError, TypeError):
        return []
    networks = [
        each.network
        if each.network.prefixlen >= LARGEST_PREFIX
        else ipaddress.IPv4Network((each.ip, 24), strict=False)
        for each in interfaces
    ]
    return list(dict.fromkeys(networks))


def _knock(host: str, port: int) -> bool:
    try:
        socket.create_connection((host, port), KNOCK_S).close()
    except OSError:
        return False
    return True


def what_is_at(address: MachineAddress) -> str:
    """What a machine says of itself, in a line; raises MachineError."""
    with ZkMachine(replace(address, timeout_s=min(address.timeout_s, ASK_S))).session() as session:
        status = session.status()
    return f"serial number {status.serial_number}, {status.records} punches, {status.users} users"
