"""The cloud around the functions for their integration tests: real libraries, real sockets, one machine."""

import base64
import json
from copy import deepcopy
from datetime import UTC, date, datetime, time
from pathlib import Path

import functions_framework

import attendance_backend
from attendance_backend.app import bootstrap
from attendance_backend.app.bootstrap import SystemClock
from attendance_backend.sheet import serial
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    ReviewPeriod,
    StoreAttendRecords,
    Topic,
    decode_topic,
    encode,
    topic_path,
)
from attendance_sandbox.mail.server import MailServer
from attendance_sandbox.pubsub.server import PubSubServer
from attendance_sandbox.sheets.server import SheetsServer
from tests.health_message import health_message

PROJECT = "office"
MAIN = Path(attendance_backend.__file__).parent.parent / "main.py"
NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
PEOPLE = [
    ["Ann Archer", "ann@example.com", "9:00 AM"],
    ["Bob Baker", "bob@example.com", "09:30"],
    ["Zoe Young", "zoe@example.com", "08:00"],
]


class CloudOffice:
    """Pub/Sub, Sheets, Drive and mail, with the functions' environment set to them.

    Attributes:
        sheet_id: of a workbook, where a test makes only one.
    """

    sheet_id: str

    def __init__(self, stack, folder, monkeypatch):
        self.pubsub = stack.enter_context(PubSubServer())
        self.sheets = stack.enter_context(SheetsServer(owns_storage=False))
        self.mail = stack.enter_context(MailServer())
        for topic in Topic:
            self.pubsub.create_topic(topic_path(PROJECT, topic))
        key_file = folder / "key.json"
        key_file.write_text(json.dumps(self.sheets.new_service_account()))
        self.folder_id = self.sheets.new_shared_folder("Attendance")
        self.control_id = self.sheets.new_spreadsheet("Review Periods", folder_id=self.folder_id)
        self._keep_control_spreadsheet()
        environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "PUBSUB_EMULATOR_HOST": self.pubsub.address,
            "SHEETS_API_URL": self.sheets.url,
            "DRIVE_API_URL": self.sheets.url,
            "REVIEW_PERIODS_SPREADSHEET_ID": self.control_id,
            "REVIEW_SHEETS_FOLDER_ID": self.folder_id,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "MAIL_FROM": "attendance@example.com",
            "ALARM_TO": "hr@example.com,boss@example.com",
        }
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        self.now = datetime(2026, 11, 5, 9, tzinfo=UTC)
        """The cloud's clock, which stands still."""
        monkeypatch.setattr(SystemClock, "now", lambda _: self.now)
        forget_adapters()
        stack.callback(forget_adapters)
        self._apps = {}

    def remember(self):
        """What Drive holds now, for `go_back`. A spreadsheet is replaced when it changes, and never changed itself."""
        return _copied(self.sheets.store.files)

    def go_back(self, files):
        """Everything stands as it was remembered; the functions run for the first time."""
        self.sheets.store.files = _copied(files)
        forget_adapters()

    def _keep_control_spreadsheet(self):
        """What HR does in the browser."""
        titles = ("2026", "Cut Off Times")
        self.sheets.batch_update(
            self.control_id, [{"addSheet": {"properties": {"title": title}}} for title in titles]
        )
        self.sheets.write(
            self.control_id,
            "'2026'!A1",
            [
                ["Month", "Start Date", "End Date", "Duration (Weeks)"],
                ["November", "11/2/2026", "11/27/2026", 4],
            ],
        )
        self.sheets.write(self.control_id, "'Cut Off Times'!A1", [["Name", "Email", "Cut Off Time"], *PEOPLE])

    def post(self, message):
        """Deliver a message to its function as Pub/Sub's push does; returns the HTTP response."""
        return self.post_raw(message.topic, *encode(message))

    def post_raw(self, topic, data, attributes):
        if topic not in self._apps:
            self._apps[topic] = functions_framework.create_app(
                str(topic), str(MAIN), "cloudevent"
            ).test_client()
        envelope = envelope_for(topic, data, attributes)
        return self._apps[topic].post(f"/{topic_path(PROJECT, topic)}", json=envelope)

    def replies(self, topic):
        """The replies that were published, decoded."""
        published = self.pubsub.published(topic_path(PROJECT, topic))
        return [decode_topic(topic, message.data, message.attributes) for message in published]

    def ask(self, message, reply_topic):
        """Deliver a message and return the reply that it led to."""
        before = len(self.replies(reply_topic))
        response = self.post(message)
        assert response.status_code == 200, response.text
        (reply,) = self.replies(reply_topic)[before:]
        return reply

    def create(self, location="berlin", period=NOVEMBER):
        message = CreateReviewSheet(location=location, request_id="r1", period=period)
        return self.ask(message, Topic.NEW_REVIEW_SHEET).sheet_id

    def store(self, sheet_id, *records, location="berlin"):
        message = store_message(sheet_id, *records, location=location)
        return self.ask(message, Topic.LAST_STORED_TIMESTAMP)

    def report(self, at, through, **said):
        """The site's health; its data is complete `through` a day, which is over then."""
        self.now = max(self.now, at.replace(tzinfo=UTC))
        message = health_message(
            sheet_id=self.sheet_id, period=NOVEMBER, at=at, complete_through=through, **said
        )
        response = self.post(message)
        assert response.status_code == 200, response.text

    def times(self, sheet_id, user, day):
        """Check-in and check-out of a business day as ``Days`` has them; blank ones are empty texts."""
        rows = self.sheets.read(sheet_id, "Days!A1:AZ", "UNFORMATTED_VALUE")
        column = rows[0].index(serial.from_date(day))
        found = {row[0]: row[column] for row in rows[1:] if len(row) > column}
        return tuple(found.get(f"{user}/{measure}", "") for measure in ("in", "out"))

    def api_calls(self):
        """Kinds of the Sheets and Drive calls so far."""
        return [entry.kind for entry in self.sheets.log if entry.kind in ("read", "write", "drive")]


def _copied(files):
    return deepcopy(files, {id(file.spreadsheet): file.spreadsheet for file in files.values()})


def envelope_for(topic, data, attributes):
    """The body of a push."""
    return {
        "message": {
            "data": base64.b64encode(data).decode(),
            "attributes": attributes,
            "messageId": "1",
            "publishTime": "2026-11-03T09:00:00Z",
        },
        "subscription": f"projects/{PROJECT}/subscriptions/{topic}",
    }


def envelope_of(message):
    """The body of a message's push."""
    return envelope_for(message.topic, *encode(message))


def forget_adapters():
    for cached in (bootstrap.settings, bootstrap.backend, bootstrap.replies):
        cached.cache_clear()


def store_message(sheet_id, *records, location="berlin", period=NOVEMBER):
    return StoreAttendRecords(
        location=location,
        request_id="r2",
        sheet_id=sheet_id,
        period=period,
        time_zone="Europe/Berlin",
        day_boundary=time(4),
        records=records,
    )


def punch(user_name, moment, *, serial_number="SN1", key=255):
    return AttendanceRecord(
        serial_number, f"id-{user_name}", user_name, datetime.fromisoformat(moment), 1, key
    )


def period_request(after=None, on=date(2026, 11, 3)):
    return GetReviewPeriod(location="berlin", request_id="r0", after=after, on=on)
