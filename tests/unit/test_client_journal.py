"""What is logged: by journald's own protocol where it listens, else line by line."""

import logging
import os
import socket
import struct

import pytest

from attendance_client.app import journal
from attendance_client.app.cli import log_to

SAID = (("debug", "a poll"), ("info", "stored"), ("warning", "slow"), ("error", "first\nsecond"))


@pytest.fixture
def root():
    logger = logging.getLogger()
    before, level = logger.handlers[:], logger.level
    yield logger
    logger.handlers[:] = before
    logger.setLevel(level)


@pytest.fixture
def stream(tmp_path):
    with (tmp_path / "stderr").open("w+") as file:
        yield file


def is_the_journal(stream):
    status = os.fstat(stream.fileno())
    return {"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}


def say_all():
    for severity, text in SAID:
        getattr(logging.getLogger("attendance_client"), severity)(text)


def written(stream):
    stream.flush()
    stream.seek(0)
    return stream.read().splitlines()


def fields_of(datagram):
    """As journald takes them apart."""
    fields = {}
    while datagram:
        line, _, datagram = datagram.partition(b"\n")
        name, is_short, value = line.partition(b"=")
        if not is_short:
            (length,) = struct.unpack_from("<Q", datagram)
            value, datagram = datagram[8 : 8 + length], datagram[9 + length :]
        fields[name.decode()] = value.decode()
    return fields


def test_the_journal_gets_priorities_and_fields(root, stream, tmp_path, monkeypatch):
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    listener.bind(str(tmp_path / "socket"))
    listener.settimeout(10)
    monkeypatch.setattr(journal, "SOCKET", str(tmp_path / "socket"))
    state = ["AWAIT"]
    root.handlers.clear()  # pytest has its own there
    log_to(stream, logging.DEBUG, is_the_journal(stream), lambda: {"SITE": "berlin", "STATE": state[0]})
    say_all()
    state[0] = "RELAY"
    logging.getLogger("attendance_client").info("\udcff and so on")
    told = [fields_of(listener.recv(1 << 16)) for _ in range(5)]
    listener.close()
    assert [(each["PRIORITY"], each["MESSAGE"], each["STATE"]) for each in told] == [
        ("7", "a poll", "AWAIT"),
        ("6", "stored", "AWAIT"),
        ("4", "slow", "AWAIT"),
        ("3", "first\nsecond", "AWAIT"),
        ("6", "\\udcff and so on", "RELAY"),
    ]
    assert {(each["SITE"], each["SYSLOG_IDENTIFIER"], each["LOGGER"]) for each in told} == {
        ("berlin", "attendance-client", "attendance_client")
    }
    assert written(stream) == []


def test_where_journald_does_not_answer_the_lines_bear_their_priority(root, stream, monkeypatch):
    monkeypatch.setattr(journal, "SOCKET", "/no/such/socket")
    root.handlers.clear()  # pytest has its own there
    log_to(stream, logging.DEBUG, is_the_journal(stream))
    say_all()
    assert written(stream) == ["<7>a poll", "<6>stored", "<4>slow", "<3>first", "<3>second"]


@pytest.mark.parametrize("environment", [{}, {"JOURNAL_STREAM": "9:1"}])
def test_a_terminal_gets_the_time(root, stream, environment):
    """Also one that was opened by a service, whose environment it has."""
    root.handlers.clear()  # pytest has its own there
    log_to(stream, logging.DEBUG, environment)
    say_all()
    lines = written(stream)
    endings = ["DEBUG   a poll", "INFO    stored", "WARNING slow", "ERROR   first", "second"]
    assert [line[-len(ending) :] for line, ending in zip(lines, endings, strict=True)] == endings
    assert lines[0][:2] == "20"
