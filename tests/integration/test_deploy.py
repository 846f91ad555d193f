"""What is installed where it will live: the systemd unit and the functions' bundle."""

import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.request
import venv
from contextlib import ExitStack
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

import pytest

from attendance_contracts import (
    RELEASE,
    AlarmKind,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    NewReviewPeriod,
    NewReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    StoreAttendRecords,
    Watch,
    decode,
    encode,
    topic_path,
)
from attendance_sandbox.demo.cloud import Cloud
from attendance_sandbox.demo.functions import FunctionProcess
from attendance_sandbox.demo.people import staff
from tests.health_message import health_message

ROOT = Path(__file__).parents[2]


def need(command):
    """The command's path; without it the test is skipped, but on CI it fails."""
    path = shutil.which(command)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail(f"{command} is not installed")
        pytest.skip(f"{command} is not installed")
    return path


def test_systemd_accepts_the_unit():
    command = [need("systemd-analyze"), "verify", str(ROOT / "deploy/pi/attendance-client.service")]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")


def test_systemd_rates_the_unit_as_well_confined():
    command = [
        need("systemd-analyze"),
        "security",
        "--offline=true",
        "--threshold=25",
        str(ROOT / "deploy/pi/attendance-client.service"),
    ]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout[-300:] + result.stderr


PERIOD = ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1))
SITE: dict[str, Any] = {"location": "headquarters"}


def cloud_event(endpoint, message):
    """Post as Eventarc does: a CloudEvent in binary mode."""
    body = {"message": pubsub_message(message), "subscription": "projects/demo/subscriptions/x"}
    headers = {
        "Content-Type": "application/json",
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-type": "google.cloud.pubsub.topic.v1.messagePublished",
        "ce-source": f"//pubsub.googleapis.com/{topic_path('demo', message.topic)}",
    }
    return post(endpoint, body, headers)


def raw_push(endpoint, message):
    """Post as a Pub/Sub push subscription does."""
    body = {"message": pubsub_message(message), "subscription": "projects/demo/subscriptions/x"}
    return post(endpoint, body, {"Content-Type": "application/json"})


def pubsub_message(message):
    data, attributes = encode(message)
    return {
        "data": base64.b64encode(data).decode(),
        "attributes": attributes,
        "messageId": "1",
        "publishTime": "2026-10-05T10:00:00Z",
    }


def post(endpoint, body, headers):
    request = urllib.request.Request(endpoint, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=60) as response:
        return response.status


@pytest.fixture(scope="module")
def alone():
    """What PYTHONPATH leads to is no part of a bundle."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PYTHONPATH", raising=False)
        yield


@pytest.fixture(scope="module")
def bundle(tmp_path_factory, alone):
    """The bundle of `make bundle`, and an otherwise empty environment with its own requirements."""
    folder = tmp_path_factory.mktemp("bundle")
    subprocess.run([need("make"), "-C", str(ROOT), "bundle"], check=True, capture_output=True)
    shutil.copytree(ROOT / "build/bundle", folder / "source")
    venv.create(folder / "venv")
    python = folder / "venv/bin/python"
    # This pip installs there; most of the modules are never imported, and need not be compiled.
    pip = [sys.executable, "-m", "pip", "--python", python]
    install = [*pip, "install", "--quiet", "--no-compile", "-r", folder / "source/requirements.txt"]
    subprocess.run(install, check=True)
    # The lock lacks nothing that something in it needs.
    subprocess.run([*pip, "check"], check=True, capture_output=True)
    return folder / "source/main.py", str(python)


def test_the_bundle_holds_the_functions_and_nothing_of_the_pi(bundle):
    source, python = bundle
    names = {path.name for path in source.parent.iterdir()}
    assert names == {
        "main.py",
        "requirements.txt",
        "attendance_backend",
        "attendance_contracts",
        "attendance_trouble",
    }
    for module in ("zk", "statemachine", "openpyxl", "attendance_client", "attendance_sandbox"):
        assert (
            subprocess.run([python, "-c", f"import {module}"], capture_output=True, check=False).returncode
            == 1
        )


@pytest.mark.slow
def test_the_bundle_answers(bundle, tmp_path):
    """Each message comes twice, in both ways, and has its effect once."""
    source, python = bundle
    with ExitStack() as stack:
        cloud = stack.enter_context(Cloud(tmp_path, lambda *_: None))
        people = staff()
        desk = cloud.set_up_hr(people)
        desk.type_period("October", date(2026, 10, 5), date(2026, 10, 30))
        environment = cloud.create_topics_and_settings()

        def call(message, reply=None):
            function = FunctionProcess(message.topic, environment, tmp_path, source=source, python=python)
            try:
                function.wait_until_ready()
                for deliver in (cloud_event, raw_push):
                    endpoint = function.push_endpoint(topic_path("demo", message.topic))
                    assert deliver(endpoint, message) in (200, 204)
            finally:
                function.stop()
            if reply is None:
                return None
            published = cloud.pubsub.published(topic_path("demo", reply.topic))
            one, other = (decode(reply, each.data, each.attributes) for each in published)
            assert one == other
            return one

        answer = call(
            GetReviewPeriod(**SITE, request_id="1", after=None, on=date(2026, 10, 7)), NewReviewPeriod
        )
        assert answer.period == PERIOD
        sheet = call(CreateReviewSheet(**SITE, request_id="2", period=PERIOD), NewReviewSheet)
        record = AttendanceRecord(
            "SIM1", people[0].user_id, people[0].user_name, datetime(2026, 10, 7, 8, 55), 1, 0
        )
        stored = call(
            StoreAttendRecords(
                **SITE,
                request_id="3",
                sheet_id=sheet.sheet_id,
                period=PERIOD,
                time_zone="Europe/Berlin",
                day_boundary=time(0),
                records=(record,),
            ),
            LastStoredTimestamp,
        )
        assert stored.confirmed == (record.identity,)
        call(
            RaiseFinalAlarm(
                **SITE,
                request_id="4",
                kind=AlarmKind.FINAL_ALARM,
                after=PERIOD.last_day,
                on=date(2026, 11, 2),
            )
        )
        assert len(cloud.mail.messages) == 1
        call(
            health_message(
                **SITE,
                sheet_id=sheet.sheet_id,
                period=PERIOD,
                at=datetime(2026, 10, 8, 9),
                day_boundary=time(0),
                complete_through=date(2026, 10, 7),
            )
        )
        call(Watch())
        assert (
            sum(file.name.startswith("Attendance Review") for file in cloud.sheets.store.files.values()) == 2
        )
        sites = cloud.sheets.read(sheet.sheet_id, "'Sites'!A2:M2")
        assert (sites[0][0], sites[0][12]) == ("headquarters", RELEASE)
