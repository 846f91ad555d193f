"""The demo's Google: Pub/Sub, Sheets, Drive, mail, and the functions between them."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import gspread
from google.oauth2.service_account import Credentials
from gspread.utils import ValueInputOption

from attendance_contracts import REQUEST_TOPICS, Topic, topic_path
from attendance_sandbox.demo.functions import FunctionProcess
from attendance_sandbox.demo.people import MAIL_DOMAIN, Person
from attendance_sandbox.mail import MailServer
from attendance_sandbox.pubsub import PubSubServer
from attendance_sandbox.sheets import SheetsServer

PROJECT = "demo"
ALARM_TO = f"hr@{MAIL_DOMAIN}"
DEAD_LETTERS = f"projects/{PROJECT}/topics/dead_letters"
SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")


class Cloud:
    """Everything behind Pub/Sub, on this machine."""

    def __init__(self, folder: Path, on_publish: Callable[[str, dict[str, str], bytes], None]) -> None:
        self._logs = folder / "logs"
        self._key_file = folder / "service-account.json"
        self.pubsub = PubSubServer(on_publish=on_publish)
        self.sheets = SheetsServer(owns_storage=False)
        self.mail = MailServer(folder=folder / "mail")
        self._stack = ExitStack()
        self._review_periods: Any = None

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            for server in (self.pubsub, self.sheets, self.mail):
                stack.enter_context(server)
            stack.callback(self._key_file.unlink, missing_ok=True)
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()

    @property
    def client_environment(self) -> dict[str, str]:
        """What a site's client needs to find Pub/Sub."""
        return {"PUBSUB_EMULATOR_HOST": self.pubsub.address, "GOOGLE_CLOUD_PROJECT": PROJECT}

    def set_up_hr(self, people: list[Person]) -> None:
        """Do what HR does by hand: the folder, the review periods' spreadsheet, the list of people."""
        self._folder_id = self.sheets.new_shared_folder("Attendance")
        key = self.sheets.new_service_account("hr@demo.iam.gserviceaccount.com")
        hr = gspread.Client(
            auth=Credentials.from_service_account_info(key, scopes=SCOPES),  # type: ignore[no-untyped-call]
            http_client=_local_http_client(self.sheets.url),
        )
        spreadsheet = hr.create("Review Periods", folder_id=self._folder_id)
        self._review_periods = spreadsheet.add_worksheet("2026", rows=20, cols=4)
        self._review_periods.append_row(["Month", "Start Date", "End Date", "Duration (Weeks)"])
        cut_offs = spreadsheet.add_worksheet("Cut Off Times", rows=100, cols=3)
        cut_offs.append_row(["Name", "Email", "Cut Off Time"])
        spreadsheet.del_worksheet(spreadsheet.sheet1)
        self._cut_offs = cut_offs
        self._spreadsheet_id = spreadsheet.id
        self.add_people(people)

    def add_people(self, people: list[Person]) -> None:
        """HR enters people into Cut Off Times."""
        self._cut_offs.append_rows(
            [
                [person.name, f"{person.user_name}@{MAIL_DOMAIN}", person.cut_off.strftime("%H:%M")]
                for person in people
            ],
            value_input_option=ValueInputOption.user_entered,
        )

    def add_review_period(self, month: str, start: date, end: date) -> None:
        """HR enters a review period."""
        weeks = round(((end - start).days + 1) / 7)
        self._review_periods.append_row(
            [month, f"{start:%m/%d/%Y}", f"{end:%m/%d/%Y}", weeks],
            value_input_option=ValueInputOption.user_entered,
        )

    def create_topics_and_settings(self) -> dict[str, str]:
        """Make the topics and a service account; returns the functions' environment variables."""
        key = self.sheets.new_service_account("functions@demo.iam.gserviceaccount.com")
        self._key_file.touch(mode=0o600)
        self._key_file.write_text(json.dumps(key), encoding="utf-8")
        for topic in Topic:
            self.pubsub.create_topic(topic_path(PROJECT, topic))
        self.pubsub.create_topic(DEAD_LETTERS)
        return {
            **self.client_environment,
            "GOOGLE_APPLICATION_CREDENTIALS": str(self._key_file),
            "SHEETS_API_URL": self.sheets.url,
            "DRIVE_API_URL": self.sheets.url,
            "REVIEW_PERIODS_SPREADSHEET_ID": self._spreadsheet_id,
            "REVIEW_SHEETS_FOLDER_ID": self._folder_id,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "MAIL_FROM": f"attendance@{MAIL_DOMAIN}",
            "ALARM_TO": ALARM_TO,
        }

    def start_functions(self) -> None:
        """Deploy: topics, functions, push subscriptions with a dead-letter topic."""
        self._logs.mkdir(parents=True, exist_ok=True)
        environment = self.create_topics_and_settings()
        functions = []
        for topic in REQUEST_TOPICS:
            function = FunctionProcess(str(topic), environment, self._logs)
            self._stack.callback(function.stop)
            functions.append((topic, function))
        for topic, function in functions:
            function.wait_until_ready()
            path = topic_path(PROJECT, topic)
            self.pubsub.create_push_subscription(
                f"projects/{PROJECT}/subscriptions/{topic}",
                path,
                function.push_endpoint(path),
                dead_letter_topic=DEAD_LETTERS,
            )


def _local_http_client(url: str) -> type[gspread.HTTPClient]:
    """Gspread's HTTP client, with Google's hosts replaced by the stand-in's."""

    class LocalHTTPClient(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> Any:
            for host in ("https://sheets.googleapis.com", "https://www.googleapis.com"):
                endpoint = endpoint.replace(host, url, 1)
            return super().request(method, endpoint, *args, **options)

    return LocalHTTPClient
