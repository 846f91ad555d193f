"""Why Google cannot be used, in a few words: what the real libraries raise, shortened."""

import errno
import io
import os
import socket
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests
from google.auth.exceptions import TransportError
from google.auth.transport.requests import Request

from attendance_trouble import address_of, first_words, key_file_trouble, network_trouble
from attendance_trouble.command_line import unprinted


@pytest.fixture
def silent():
    """The address of a server that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def raised_by(call):
    with pytest.raises((requests.RequestException, TransportError)) as caught:
        call()
    return caught.value


def nobody_there():
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


@pytest.mark.parametrize("ask", [requests.get, Request()])
def test_nobody_listens(ask):
    address = nobody_there()
    error = raised_by(lambda: ask(f"{address}/drive/v3/files?q=secret"))
    assert network_trouble(error) == "nothing answers there: connection refused"
    assert address_of(error) == address


def test_no_such_name():
    error = raised_by(lambda: requests.get("https://no-such-host.invalid/x", timeout=5))
    assert network_trouble(error) == "its name is not found"
    assert address_of(error) == "https://no-such-host.invalid"


def test_no_answer(silent):
    error = raised_by(lambda: requests.get(silent, timeout=0.2))
    assert network_trouble(error) == "no answer in time"


def test_no_encryption():
    with socket.create_server(("127.0.0.1", 0)) as server:

        def answer_in_the_open():
            connection, _ = server.accept()
            with connection:
                connection.recv(100)
                connection.sendall(b"220 mail.example.com\r\n")

        thread = threading.Thread(target=answer_in_the_open)
        thread.start()
        port = server.getsockname()[1]
        error = raised_by(lambda: requests.get(f"https://127.0.0.1:{port}/", timeout=5))
        thread.join()
    assert network_trouble(error) == "no encrypted connection comes about"


def test_a_long_text_without_a_cause_is_cut():
    assert len(network_trouble(ValueError("x" * 1000))) < 200
    assert first_words(ValueError("one\ntwo")) == "one"
    assert first_words(TimeoutError()) == "TimeoutError"


def test_an_error_that_is_its_own_cause_ends():
    error = ValueError("round")
    error.__context__ = OSError("and round")
    error.__context__.__context__ = error
    assert network_trouble(error) == "and round"


def test_a_key_file_that_this_user_may_not_read(tmp_path, monkeypatch):
    def refuse(path, *_arguments, **_options):
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(io, "open", refuse)  # root, who may run the tests, is refused nothing
    assert "key.json, which this user may not read: let it" in key_file_trouble(tmp_path / "key.json")


CLOSED = """
import sys
from attendance_trouble.command_line import ended, say

def run():
    input()  # until nobody reads any more
    {0}("what nobody reads")
    print("went on", file=sys.stderr)
    return 1

sys.exit(ended("attendance-backend", "operator", run, {{}}))
"""


@pytest.mark.parametrize(("prints", "expected"), [("say", (1, "went on\n")), ("print", (0, "went on\n"))])
def test_who_reads_no_further_is_no_trouble(prints, expected):
    """As in `attendance-backend check | head -1`; what is being done is done to its end."""
    command = [sys.executable, "-c", CLOSED.format(prints)]
    path = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "PYTHONUNBUFFERED": ""}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=path, text=True, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        process.stdout.close()
        process.stdin.write("\n")
        process.stdin.close()
        assert (process.wait(), process.stderr.read()) == expected


@pytest.mark.parametrize("at_once", ["True", "False"])
@pytest.mark.parametrize("module", ["attendance_client.app.cli", "attendance_backend.app.cli"])
def test_a_disk_that_is_full_and_a_reader_that_has_seen_enough(module, at_once):
    code = f"""
import argparse, sys, {module} as cli

def talk(options):
    print("words", flush={at_once})
    return 0

parser = argparse.ArgumentParser()
parser.add_argument("word")
parser.set_defaults(command=talk, settings="here", verbose=False)
cli._parser = lambda: parser
sys.exit(cli.main(["talk"]))
"""
    with Path("/dev/full").open("wb") as full:
        ended = subprocess.run([sys.executable, "-c", code], stdout=full, stderr=subprocess.PIPE, check=False)
    assert ended.returncode in (1, 2)
    (line,) = ended.stderr.decode().splitlines()
    assert line.endswith(
        "not all could be written (No space left on device): make room, or let it go to another disk"
    )

    reading, writing = os.pipe()
    os.close(reading)
    ended = subprocess.run([sys.executable, "-c", code], stdout=writing, stderr=subprocess.PIPE, check=False)
    os.close(writing)
    assert (ended.returncode, ended.stderr) == (0, b"")


def test_an_error_of_another_file_is_left_to_whoever_caught_it():
    assert unprinted(FileNotFoundError(2, "No such file or directory", "ledger")) is None


def test_a_computer_without_a_network_is_not_the_other_ones_fault():
    error = requests.ConnectionError(OSError(errno.ENETUNREACH, "Network is unreachable"))
    assert network_trouble(error) == "network is unreachable: this computer itself seems to be on none"
