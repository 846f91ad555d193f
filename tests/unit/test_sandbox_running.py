"""The ports of programs that take no 0."""

import socket
from pathlib import Path

from attendance_sandbox.running import HOST, free_port


def test_the_system_gives_a_free_port_to_nobody_else():
    """Or another program would answer on it before the one that was told it begins."""
    first = int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    assert max(free_port() for _ in range(100)) < first


def test_a_port_that_is_taken_is_not_free(monkeypatch):
    with socket.create_server((HOST, 0)) as taken:
        offered = iter([taken.getsockname()[1] - 20_000, 5])
        monkeypatch.setattr("secrets.randbelow", lambda most: next(offered))
        assert free_port() == 20_005
