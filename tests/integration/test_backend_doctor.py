"""attendance-backend doctor, against the stand-ins: each thing that is not as it shall be is one line with the remedy.

The installation is looked at by deploy/gcp/deploy through the stand-in for ``gcloud`` on the path.
"""

import json
import os
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from attendance_backend.app.cli import main
from attendance_contracts import (
    REPLY_TOPICS,
    StoreAttendRecords,
    Topic,
    subscription_filter,
    subscription_path,
    topic_path,
)
from attendance_deploy import cli as deploy
from attendance_sandbox.pubsub.monitoring import MonitoringServer
from tests.integration.backend_office import PROJECT, CloudOffice, period_request
from tests.integration.gcloud_stand_in import answer, new_project

ROOT = Path(__file__).parents[2]
STORE = topic_path(PROJECT, Topic.STORE_ATTEND_RECORDS)
FUNCTION = f"projects/{PROJECT}/subscriptions/{StoreAttendRecords.topic}-function"


class MeasuredOffice(CloudOffice):
    """One whose messages look as if they had come `hours` ago."""

    hours = 0
    monitoring: MonitoringServer


@pytest.fixture
def office(tmp_path, monkeypatch):
    with ExitStack() as stack:
        office = MeasuredOffice(stack, tmp_path, monkeypatch)
        office.pubsub.create_topic(f"projects/{PROJECT}/topics/dead_letters")
        for name, topic in ((FUNCTION, STORE), (f"projects/{PROJECT}/subscriptions/dead_letters", None)):
            office.pubsub.create_subscription(name, topic or f"projects/{PROJECT}/topics/dead_letters")

        def clock():
            return datetime.now(UTC).timestamp() + office.hours * 3600

        office.monitoring = stack.enter_context(MonitoringServer(office.pubsub.broker, clock=clock))
        monkeypatch.setenv("MONITORING_API_URL", office.monitoring.url)
        monkeypatch.chdir(tmp_path)
        yield office


def subscribe(office, topic, message_filter, dead_letters):
    office.pubsub.create_subscription(
        subscription_path(PROJECT, topic, "berlin"),
        topic_path(PROJECT, topic),
        message_filter=message_filter,
        dead_letter_topic=dead_letters and f"projects/{PROJECT}/topics/{dead_letters}",
    )


def doctor(capsys, *arguments):
    """Exit code, and what is told of each thing, with its level in front."""
    code = main(["doctor", *arguments])
    found = {}
    for line in capsys.readouterr().out.splitlines():
        level, _, rest = line.partition("  ")
        about, _, told = rest.strip().partition("  ")
        found.setdefault(about, []).append(f"{level} {told.strip()}")
    return code, found


def test_of_a_sound_office_each_thing_has_its_line(office, capsys):
    office.post(period_request())
    for topic in REPLY_TOPICS:
        subscribe(office, topic, subscription_filter("berlin"), "dead_letters")
    _, found = doctor(capsys)
    assert found["settings"] == ["ok all are there"]
    assert found["folder"] == ["ok nothing to complain of"]
    assert found["mail"] == ["ok nothing to complain of"]
    site, *subscriptions = found["site berlin"]
    assert site.startswith("warn last heard of 0 seconds ago; it signs nothing")
    assert subscriptions == ["ok its 3 subscriptions are in place"]
    assert found["topics"] == [f"ok {len(Topic) + 1} in place"]
    assert found["messages"][0].startswith("ok the oldest waits for 0 seconds")
    assert found["dead letters"] == ["ok none"]
    assert found["quota"][0].startswith("ok at most 0 reads")
    (installation,) = found["installation"]
    assert installation.startswith("warn services, rights, functions")
    assert "--checkout" in installation


def test_what_went_wrong_is_told_with_what_to_do(office, capsys):
    office.post(period_request())
    office.now += timedelta(hours=30)
    office.mail.stop()
    office.pubsub.broker.delete_topic(topic_path(PROJECT, Topic.WATCH))
    subscribe(office, Topic.NEW_REVIEW_SHEET, "", "dead_letters")
    subscribe(office, Topic.LAST_STORED_TIMESTAMP, subscription_filter("berlin"), "")
    office.pubsub.publish(STORE, b"{}", {})
    office.pubsub.publish(f"projects/{PROJECT}/topics/dead_letters", b"{}", {})
    office.hours = 2
    code, found = doctor(capsys)
    assert code == 1
    assert found["mail"][0].startswith("FAIL the mail server 127.0.0.1")
    silent, none, wrong, apart = found["site berlin"]
    assert silent == "FAIL last heard of 30 hours ago: attendance-client doctor on its Pi tells why"
    assert none.startswith(
        "FAIL the subscription new_review_period-berlin is missing: deploy/gcp/deploy site add"
    )
    assert wrong.startswith(
        "FAIL the subscription new_review_sheet-berlin has the filter 'none', not 'attributes"
    )
    assert apart.startswith("warn the subscription last_stored_timestamp-berlin sets no dead letters aside")
    assert found["topics"] == ["FAIL watch is missing: deploy/gcp/deploy makes it"]
    (wait,) = found["messages"]
    assert wait.startswith("FAIL one waits at store_attend_records-function for 2 hours")
    assert "gcloud functions logs read store-attend-records" in wait
    assert found["dead letters"] == ["warn 1: attendance-backend dead-letters list tells of what"]


def test_one_thing_that_cannot_be_looked_at_keeps_no_other(office, capsys, monkeypatch):
    office.monitoring.denied = True
    monkeypatch.setenv("REVIEW_PERIODS_SPREADSHEET_ID", "1" * 30)
    monkeypatch.setenv("ALARM_TO", "nobody")
    code, found = doctor(capsys)
    assert code == 1
    assert "ALARM_TO" in found["settings"][0]
    assert found["folder"] == ["ok nothing to complain of"]
    assert "share it" in found["Review Periods"][0]
    assert "roles/monitoring.viewer" in found["messages"][0]
    assert "installation" in found


def test_topics_that_may_not_be_seen_are_told(office, capsys):
    office.pubsub.deny("pubsub.topics.get")
    _, found = doctor(capsys)
    assert "roles/pubsub.viewer" in found["topics"][0]


def test_a_used_up_quota_is_told(office, capsys):
    office.monitoring.used = {
        "sheets.googleapis.com/read_requests": [3, 61, 20],
        "sheets.googleapis.com/write_requests": [3, 1],
        "sheets.googleapis.com/other": [99],
    }
    _, found = doctor(capsys)
    assert found["quota"][0].startswith("warn at most 61 reads and 3 writes")


def test_the_installation_is_compared_with_the_checkout(office, capsys, monkeypatch, tmp_path):
    """The program itself, over the gcloud on the path: what was changed by hand, or is older, is told one by one."""
    settings = tmp_path / "functions.yaml"
    settings.write_text(
        'GOOGLE_CLOUD_PROJECT: "acme-attendance"\nGOOGLE_CLOUD_REGION: "europe-west3"\n'
        'REVIEW_SHEETS_FOLDER_ID: "0AbCdEfGhIjKl"\nALARM_TO: "hr@example.com"\nMAIL_FROM: "a@example.com"\n'
        'SMTP_HOST: "smtp.example.com"\nSMTP_PORT: "25"\nSMTP_STARTTLS: "0"\nSMTP_USERNAME: ""\n'
        'REVIEW_PERIODS_SPREADSHEET_ID: "1ReviewPeriodsSpreadsheet"\n'
    )
    state = new_project()

    def run(*arguments):
        code = deploy.main(
            ["--settings", str(settings), *arguments], runner=lambda words, stdin: answer(state, words, stdin)
        )
        return code, capsys.readouterr().out.splitlines()

    run()
    run("site", "add", "berlin", "--machine", "192.0.2.17", "--out", str(tmp_path))
    code, sound = run("doctor")
    assert code == 0
    assert "ok    topics         10 in place" in sound
    assert "ok    subscriptions of berlin  3 in place" in sound
    assert {line[:2] for line in sound} == {"ok"}

    subscriptions, jobs = state["subscriptions"], state["jobs"]
    subscriptions["new_review_sheet-berlin"]["filter"] = 'attributes.location = "paris"'
    subscriptions["watch-function"].pop("deadLetterPolicy")
    jobs["watch"]["state"] = "PAUSED"
    state["functions"]["watch"]["labels"]["bundle"] = "of-before"
    state["policies"]["pubsub topics new_review_period"] = {"bindings": []}
    del state["topics"]["site_health"]
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(Path(__file__).parent / "gcloud_stand_in.py")
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("GCLOUD_STATE", str(tmp_path / "state.json"))
    (tmp_path / "state.json").write_text(json.dumps(state))
    code, told = doctor(capsys, "--checkout", str(ROOT), "--settings", str(settings))
    assert json.loads((tmp_path / "state.json").read_text()) == state, "it only looks"
    assert code == 1
    assert told["topics"] == ["FAIL site_health is missing: deploy/gcp/deploy makes it"]
    (right,) = told["rights"]
    assert right.startswith("FAIL pubsub.publisher on pubsub topics new_review_period for")
    (revision,) = told["functions"]
    assert revision.startswith("FAIL watch: it runs another revision than this checkout: deploy/gcp/deploy")
    assert any("dead_letters is none" in line for line in told["subscriptions"])
    assert told["the schedule"] == [
        "FAIL watch: state is PAUSED and shall be ENABLED: deploy/gcp/deploy puts it right"
    ]
    (wrong,) = told["subscriptions of berlin"]
    assert "filter is" in wrong
    assert wrong.endswith("deploy/gcp/deploy site add berlin puts it right")


def test_why_the_installation_cannot_be_looked_at_is_told(office, capsys, tmp_path):
    settings = tmp_path / "half.yaml"
    settings.write_text('GOOGLE_CLOUD_PROJECT: "acme-attendance"\n')
    code, found = doctor(capsys, "--checkout", str(ROOT), "--settings", str(settings))
    assert code == 1
    (told,) = found["installation"]
    assert told.startswith("FAIL settings are missing")
