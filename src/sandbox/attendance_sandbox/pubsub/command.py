"""`attendance-sandbox pubsub`: the server by itself."""

import argparse
from contextlib import ExitStack
from dataclasses import dataclass

from attendance_sandbox.pubsub.errors import AlreadyExistsError, PubSubError
from attendance_sandbox.pubsub.monitoring import MonitoringServer
from attendance_sandbox.pubsub.server import PubSubServer
from attendance_sandbox.terminal import EXIT_OK, add_command, announce, refuse, stop_signal, taken, teller

# The port of Google's own emulator.
DEFAULT_PORT = 8085
DEFAULT_PROJECT = "attendance-sandbox"

_EPILOG = """\
example:
  attendance-sandbox pubsub --port 8085 --topic new_review_period \\
      --push get_review_period=http://127.0.0.1:8081
  export PUBSUB_EMULATOR_HOST=127.0.0.1:8085

Google's client libraries use the server that PUBSUB_EMULATOR_HOST names. A push URL without a path gets
/projects/PROJECT/topics/TOPIC, from which functions-framework takes the source of the CloudEvent.
"""


@dataclass(frozen=True, slots=True)
class _Push:
    topic: str
    endpoint: str


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = add_command(
        subparsers,
        "pubsub",
        run,
        port=DEFAULT_PORT,
        summary="a Pub/Sub server for Google's client libraries",
        description="A Pub/Sub server on 127.0.0.1 for Google's client libraries. It keeps everything in memory.",
        epilog=_EPILOG,
    )
    parser.add_argument(
        "--project",
        default=DEFAULT_PROJECT,
        metavar="NAME",
        help="the project of topics given without one (default: %(default)s)",
    )
    parser.add_argument(
        "--topic",
        action="append",
        default=[],
        metavar="TOPIC",
        help="create this topic at the start, a name or a projects/P/topics/T path; may be repeated",
    )
    parser.add_argument(
        "--push",
        action="append",
        default=[],
        type=_push,
        metavar="TOPIC=URL",
        help="create this topic and push its messages to URL, one at a time; may be repeated",
    )
    parser.add_argument(
        "--monitoring",
        type=int,
        metavar="PORT",
        help="tell on this port, as Cloud Monitoring does, what waits (for attendance-backend doctor)",
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until SIGINT or SIGTERM. 0 after a stop, 2 if the server could not be started as asked."""
    stopped = stop_signal()
    server = PubSubServer(arguments.port, log=teller(arguments))
    try:
        server.start()
    except OSError as error:
        return refuse("pubsub", taken(arguments.port, error))
    try:
        _set_up(server, arguments.project, arguments.topic, arguments.push)
        announce(f"pubsub on {server.address}")
        announce(f"export PUBSUB_EMULATOR_HOST={server.address}")
        with ExitStack() as stack:
            if arguments.monitoring is not None:
                monitoring = stack.enter_context(MonitoringServer(server.broker, arguments.monitoring))
                announce(f"export MONITORING_API_URL={monitoring.url}")
            stopped.wait()
    except OSError as error:
        return refuse("pubsub", taken(arguments.monitoring, error))
    except PubSubError as error:
        return refuse("pubsub", str(error))
    finally:
        server.stop()
    return EXIT_OK


def _set_up(server: PubSubServer, project: str, topics: list[str], pushes: list[_Push]) -> None:
    paths = {_topic_path(project, topic) for topic in topics}
    paths |= {_topic_path(project, push.topic) for push in pushes}
    for path in sorted(paths):
        server.create_topic(path)
    for push in pushes:
        _create_push(server, _topic_path(project, push.topic), push.endpoint)


def _create_push(server: PubSubServer, topic: str, endpoint: str) -> None:
    """Subscribe under the name TOPIC-push, or TOPIC-push-2 and so on for further endpoints of one topic."""
    base = f"{topic.replace('/topics/', '/subscriptions/')}-push"
    scheme, _, rest = endpoint.partition("://")
    if scheme and not rest.rstrip("/").partition("/")[2]:
        endpoint = f"{endpoint.rstrip('/')}/{topic}"
    number = 1
    while True:
        try:
            server.create_push_subscription(base if number == 1 else f"{base}-{number}", topic, endpoint)
        except AlreadyExistsError:
            number += 1
        else:
            return


def _topic_path(project: str, topic: str) -> str:
    return topic if topic.startswith("projects/") else f"projects/{project}/topics/{topic}"


def _push(text: str) -> _Push:
    topic, _, endpoint = text.partition("=")
    if not topic or not endpoint.startswith(("http://", "https://")):
        raise argparse.ArgumentTypeError(f"{text} is not of the form TOPIC=http://host:port[/path]")
    return _Push(topic, endpoint)
