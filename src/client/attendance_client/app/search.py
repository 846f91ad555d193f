"""Finds attendance machines on the networks that this computer is in."""

import ipaddress
import json
import socket
import subprocess
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

from attendance_client.errors import MachineError
from attendance_client.machine.port import MachineAddress
from attendance_client.machine.zk.zk_machine import ZkMachine

USUAL_PORT = 4370
KNOCK_S = 0.5
AT_ONCE = 128
LARGEST_PREFIX = 22
"""Of a larger network, only the computer's own 256 addresses are tried."""
ASK_S = 5.0
_ADDRESSES = ("ip", "-json", "-4", "address", "show", "scope", "global")


def find_machines() -> list[tuple[str, str]]:
    """Addresses that answer at the usual port, and what each says of itself."""
    return machines_among(own_networks(), USUAL_PORT)


def machines_among(networks: Iterable[ipaddress.IPv4Network], port: int) -> list[tuple[str, str]]:
    hosts = [str(host) for network in networks for host in network.hosts()]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = list(pool.map(lambda host: _knock(host, port), hosts))
    found = []
    for host in (host for host, is_there in zip(hosts, answers, strict=True) if is_there):
        try:
            found.append((host, what_is_at(MachineAddress(host, port))))
        except MachineError as error:
            found.append((host, str(error)))
    return found


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
