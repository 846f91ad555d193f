"""`attendance-sandbox scheduler`: ticks on the Pub/Sub server, for whoever subscribes."""

import re
import signal
import subprocess
import sys

import pytest

from attendance_contracts import Watch, decode
from attendance_sandbox.cli import main
from attendance_sandbox.pubsub.server import PubSubServer
from tests.integration.sandbox_process import STARTER, rest, running

TOPIC = "projects/attendance-sandbox/topics/watch"


@pytest.fixture
def server(monkeypatch):
    with PubSubServer() as server:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", server.address)
        yield server


def test_ticks_come_at_the_interval_and_the_function_understands_them(server):
    server.create_topic(TOPIC)
    with running("scheduler", "--every", "0.05") as (process, first):
        assert re.fullmatch(r"\d\d:\d\d:\d\d a tick on watch", first)
        for _ in range(2):
            process.stdout.readline()
        process.send_signal(signal.SIGTERM)
        _, errors = rest(process)
    assert (process.returncode, errors) == (0, "")
    published = server.published(TOPIC)
    assert len(published) >= 3
    assert (published[0].data, dict(published[0].attributes)) == (b"tick", {})
    assert decode(Watch, published[0].data, published[0].attributes) == Watch()


def test_without_its_topic_it_says_so_and_goes_on(server):
    command = [sys.executable, "-c", STARTER, "scheduler", "--every", "0.2"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            complaint = process.stderr.readline()
            server.create_topic(TOPIC)
            tick = process.stdout.readline()
        finally:
            process.kill()
    assert complaint.startswith(f"attendance-sandbox scheduler: {TOPIC}: ")
    assert complaint.endswith("; the next tick tries again\n")
    assert tick.endswith(" a tick on watch\n")


def test_without_a_server_nothing_is_published_anywhere(monkeypatch, capsys):
    monkeypatch.delenv("PUBSUB_EMULATOR_HOST", raising=False)
    assert main(["scheduler"]) == 2
    assert "PUBSUB_EMULATOR_HOST is not set" in capsys.readouterr().err


@pytest.mark.parametrize("every", ["0", "-1", "soon", "nan", "1e12"])
def test_an_interval_that_is_none(every, capsys):
    with pytest.raises(SystemExit):
        main(["scheduler", f"--every={every}"])
    assert "is no number of seconds" in capsys.readouterr().err
