"""`attendance-sandbox scheduler`: what Cloud Scheduler does for a Pub/Sub topic, on the server by itself.

It publishes a text without attributes at an interval, the first one at once. Not faithful: no cron expressions, and a
tick that could not be published is not tried again before the next one.
"""

import argparse
import os
import sys
import threading

from google.api_core.exceptions import GoogleAPICallError
from google.cloud import pubsub_v1

from attendance_sandbox.pubsub.command import DEFAULT_PROJECT
from attendance_sandbox.terminal import EXIT_OK, EXIT_UNUSABLE, say, stop_signal

DEFAULT_EVERY_S = 900.0
TIMEOUT_S = 10.0
_EMULATOR = "PUBSUB_EMULATOR_HOST"


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "scheduler",
        help="publish a tick to a topic of the Pub/Sub server, again and again",
        description="Publish a message to a topic at an interval, as Cloud Scheduler does, on the Pub/Sub server that "
        f"{_EMULATOR} names. Runs until it is interrupted.",
    )
    parser.add_argument("--topic", default="watch", help="a name (default: %(default)s)")
    parser.add_argument(
        "--every",
        type=_seconds,
        default=DEFAULT_EVERY_S,
        metavar="S",
        help="seconds from one to the next (default: 900)",
    )
    parser.add_argument("--project", default=DEFAULT_PROJECT, metavar="NAME", help="default: %(default)s")
    parser.add_argument("--body", default="tick", help="what the message holds (default: %(default)s)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Publish until SIGINT or SIGTERM; 0 after a stop, 2 when no server is named."""
    if not os.environ.get(_EMULATOR):
        _complain(f"{_EMULATOR} is not set: set it to the address that attendance-sandbox pubsub prints")
        return EXIT_UNUSABLE
    stopped = stop_signal()
    publisher = pubsub_v1.PublisherClient()
    topic = publisher.topic_path(arguments.project, arguments.topic)
    while not stopped.is_set():
        try:
            # The call by itself: the library's batches go on trying behind one's back.
            message = {"data": arguments.body.encode()}
            publisher.api.publish(topic=topic, messages=[message], retry=None, timeout=TIMEOUT_S)
        except GoogleAPICallError as error:
            _complain(f"{topic}: {error.message}; the next tick tries again")
        else:
            say(f"a tick on {arguments.topic}")
        stopped.wait(arguments.every)
    publisher.stop()
    return EXIT_OK


def _seconds(text: str) -> float:
    try:
        seconds = float(text)
    except ValueError:
        seconds = 0.0
    if not 0 < seconds < threading.TIMEOUT_MAX:
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds")
    return seconds


def _complain(line: str) -> None:
    sys.stderr.write(f"attendance-sandbox scheduler: {line}\n")
    sys.stderr.flush()
