"""The demo's Google: Pub/Sub, Sheets, Drive, mail, and the functions between them."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

from attendance_contracts import FUNCTION_TOPICS, Topic, Watch, encode, topic_path
from attendance_sandbox.demo.functions import FunctionProcess
from attendance_sandbox.demo.hr import HrDesk
from attendance_sandbox.demo.interruption import until_it_can_be_stopped
from attendance_sandbox.demo.nursery import Nursery
from attendance_sandbox.demo.people import MAIL_DOMAIN, Person
from attendance_sandbox.mail.server import MailServer
from attendance_sandbox.pubsub.server import PubSubServer
from attendance_sandbox.sheets.server import SheetsServer

PROJECT = "demo"
ALARM_TO = f"hr@{MAIL_DOMAIN}"
SETTLING_S = 30.0
"""What takes longer is tried again and again, beside what happens next."""
DEAD_LETTERS = f"projects/{PROJECT}/topics/dead_letters"


class OperatorError(Exception):
    """The operator's command failed; says why."""


class Cloud:
    """Everything behind Pub/Sub, on this machine."""

    def __init__(self, folder: Path, on_publish: Callable[[str, dict[str, str], bytes], None]) -> None:
        self._logs = folder / "logs"
        self._key_file = folder / "service-account.json"
        self.pubsub = PubSubServer(on_publish=on_publish)
        self.sheets = SheetsServer(owns_storage=False)
        self.mail = MailServer(folder=folder / "mail")
        self._stack = ExitStack()
        self._functions: list[FunctionProcess] = []
        self._folder_id, self._control_id = "", ""

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in (self.pubsub, self.sheets, self.mail):
                stack.enter_context(server)
            stack.callback(self._key_file.unlink, missing_ok=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def client_environment(self) -> dict[str, str]:
        """What a site's client needs to find Pub/Sub."""
        return {"PUBSUB_EMULATOR_HOST": self.pubsub.address, "GOOGLE_CLOUD_PROJECT": PROJECT}

    @property
    def functions_environment(self) -> dict[str, str]:
        """What the functions need, and the operator's command; after `set_up_hr`."""
        return {
            **self.client_environment,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._key_file),
            "SHEETS_API_URL": self.sheets.url,
            "DRIVE_API_URL": self.sheets.url,
            "REVIEW_PERIODS_SPREADSHEET_ID": self._control_id,
            "REVIEW_SHEETS_FOLDER_ID": self._folder_id,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "MAIL_FROM": f"attendance@{MAIL_DOMAIN}",
            "ALARM_TO": ALARM_TO,
        }

    def set_up_hr(self, people: list[Person]) -> HrDesk:
        """What is done once by hand: the folder, `attendance-backend init`, and what HR then types."""
        key = self.sheets.new_service_account("functions@demo.iam.gserviceaccount.com")
        self._key_file.parent.mkdir(parents=True, exist_ok=True)
        self._key_file.touch(mode=0o600)
        self._key_file.write_text(json.dumps(key), encoding="utf-8")
        self._folder_id = self.sheets.new_shared_folder("Attendance")
        made = self.operate("init", "--year", "2026")
        self._control_id = _id_in_a_link(made)
        desk = HrDesk(self.sheets, self._control_id)
        desk.type_people(people)
        return desk

    def operate(self, *arguments: str) -> str:
        """Run attendance-backend; what it prints, its notes included. Raises OperatorError."""
        command = [sys.executable, "-m", "attendance_backend.app.cli", *arguments]
        result = subprocess.run(  # noqa: S603 - our own interpreter, our own module
            command,
            env={**os.environ, **self.functions_environment},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        if result.returncode != 0:
            raise OperatorError(f"attendance-backend {' '.join(arguments)}: {result.stdout.strip()}")
        return result.stdout

    def create_topics_and_settings(self) -> dict[str, str]:
        """Make the topics; returns the functions' environment variables."""
        for topic in Topic:
            self.pubsub.create_topic(topic_path(PROJECT, topic))
        self.pubsub.create_topic(DEAD_LETTERS)
        return self.functions_environment

    def settle(self) -> None:
        """Wait until the functions have done what was asked of them, so that a run's course depends on no speed.

        Raises FunctionError where one of them has ended.
        """
        subscriptions = [_subscription(topic) for topic in FUNCTION_TOPICS]
        if not self.pubsub.wait_until_acknowledged(subscriptions, SETTLING_S):
            for function in self._functions:
                function.insist_that_it_runs()

    def tick(self, now: datetime) -> None:
        """What a schedule does: have the function `watch` look after the workbooks, at this moment (aware)."""
        tick = Watch(at=now.astimezone(UTC).replace(tzinfo=None))
        self.pubsub.publish(topic_path(PROJECT, Topic.WATCH), *encode(tick))

    def start_functions(self, nursery: Nursery) -> None:
        """Deploy: topics, functions, push subscriptions with a dead-letter topic."""
        self._logs.mkdir(parents=True, exist_ok=True)
        environment = self.create_topics_and_settings()
        for topic in FUNCTION_TOPICS:
            with until_it_can_be_stopped():
                function = FunctionProcess(str(topic), environment, self._logs, nursery=nursery)
                self._stack.callback(function.stop)
            self._functions.append(function)
        for topic, function in zip(FUNCTION_TOPICS, self._functions, strict=True):
            function.wait_until_ready()
            path = topic_path(PROJECT, topic)
            self.pubsub.create_push_subscription(
                _subscription(topic),
                path,
                function.push_endpoint(path),
                dead_letter_topic=DEAD_LETTERS,
            )


def _id_in_a_link(text: str) -> str:
    found = re.search(r"/spreadsheets/d/([^/\s]+)/edit", text)
    if found is None:
        raise OperatorError(f"attendance-backend init names no spreadsheet: {text.strip()}")
    return found[1]


def _subscription(topic: Topic) -> str:
    return f"projects/{PROJECT}/subscriptions/{topic}"
