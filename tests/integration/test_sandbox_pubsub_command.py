"""`attendance-sandbox pubsub` as a process of its own."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import urllib.parse
import urllib.request

import pytest
from google.cloud import pubsub_v1

MAIN = """
import argparse, sys
from attendance_sandbox.pubsub.command import add_parser
parser = argparse.ArgumentParser(prog="attendance-sandbox")
add_parser(parser.add_subparsers())
arguments = parser.parse_args()
sys.exit(arguments.run(arguments))
"""


# How long a test waits for what never happens if the code is broken; a busy machine takes seconds for it.
PATIENCE_S = 60


@contextlib.contextmanager
def running(*arguments):
    command = [sys.executable, "-c", MAIN, "pubsub", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def address_of(process) -> str:
    first = process.stdout.readline()
    assert first.startswith("pubsub on 127.0.0.1:")
    address = first.split()[-1]
    assert process.stdout.readline() == f"export PUBSUB_EMULATOR_HOST={address}\n"
    return address


def test_it_tells_what_waits_as_cloud_monitoring_does(monkeypatch):
    with running(
        "--port", "0", "--project", "office", "--push", "requests=http://127.0.0.1:9", "--monitoring", "0"
    ) as process:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address_of(process))
        url = process.stdout.readline().removeprefix("export MONITORING_API_URL=").strip()
        publisher = pubsub_v1.PublisherClient()
        publisher.publish("projects/office/topics/requests", b"waits").result(timeout=PATIENCE_S)
        metric = "pubsub.googleapis.com/subscription/num_undelivered_messages"
        query = urllib.parse.urlencode({"filter": f'metric.type = "{metric}"', "interval.endTime": "now"})
        with urllib.request.urlopen(
            f"{url}/v3/projects/office/timeSeries?{query}", timeout=PATIENCE_S
        ) as answer:
            (series,) = json.load(answer)["timeSeries"]
    assert series["resource"]["labels"] == {"subscription_id": "requests-push"}
    assert series["points"][0]["value"] == {"int64Value": "1"}


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_says_what_it_is_asked_and_stops_quietly(monkeypatch, signal_number):
    arguments = [
        "--port",
        "0",
        "--project",
        "office",
        "--topic",
        "requests",
        "--push",
        "replies=http://127.0.0.1:9",
    ]
    with running(*arguments) as process:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address_of(process))
        publisher = pubsub_v1.PublisherClient()
        subscriber = pubsub_v1.SubscriberClient()
        topics = [
            publisher.get_topic(topic=f"projects/office/topics/{name}").name
            for name in ("replies", "requests")
        ]
        push = subscriber.get_subscription(subscription="projects/office/subscriptions/replies-push")
        subscriber.create_subscription(
            name="projects/office/subscriptions/site-a", topic="projects/office/topics/requests"
        )
        publisher.publish("projects/office/topics/requests", b"punch").result(timeout=PATIENCE_S)
        process.send_signal(signal_number)
        output, errors = process.communicate(timeout=PATIENCE_S)
        publisher.transport.close()
        subscriber.close()

    assert topics == ["projects/office/topics/replies", "projects/office/topics/requests"]
    assert push.push_config.push_endpoint == "http://127.0.0.1:9/projects/office/topics/replies"
    assert "Publish requests 1 message(s)\n" in output
    assert (process.returncode, errors) == (0, "")


def test_quietly_it_says_only_where_it_is(monkeypatch):
    with running("--port", "0", "--quiet", "--topic", "projects/office/topics/requests") as process:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", address_of(process))
        publisher = pubsub_v1.PublisherClient()
        publisher.publish("projects/office/topics/requests", b"punch").result(timeout=PATIENCE_S)
        publisher.transport.close()
        process.terminate()
        assert process.communicate(timeout=PATIENCE_S) == ("", "")


def test_a_port_in_use_is_one_line_and_exit_code_2():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with running("--port", str(port)) as process:
            output, errors = process.communicate(timeout=PATIENCE_S)
    assert (process.returncode, output) == (2, "")
    assert errors == (
        f"attendance-sandbox pubsub: cannot start: port {port}: Address already in use; --port 0 takes a free one\n"
    )


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--port", "70000"], "'70000' is no port"),
        (["--push", "requests"], "TOPIC=http"),
        (["--port", "0", "--topic", "no"], "Invalid [topics] name"),
    ],
    ids=" ".join,
)
def test_bad_arguments_are_explained(arguments, complaint):
    with running(*arguments) as process:
        _, errors = process.communicate(timeout=PATIENCE_S)
    assert process.returncode == 2
    assert complaint in errors
    assert "Traceback" not in errors


def test_help_has_an_example():
    command = [sys.executable, "-c", MAIN, "pubsub", "--help"]
    shown = subprocess.run(
        command, capture_output=True, text=True, check=True, env={**os.environ, "COLUMNS": "100"}
    )
    assert "export PUBSUB_EMULATOR_HOST=127.0.0.1:8085" in shown.stdout
