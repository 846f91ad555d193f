"""attendance-backend selftest, against the stand-ins: they do what is believed of Google, as the docs list it."""

import json
import os
import re
import time
from contextlib import ExitStack
from pathlib import Path

import google.api_core.exceptions
import pytest
from google.cloud import pubsub_v1

from attendance_backend.app import bootstrap
from attendance_backend.app.cli import main
from attendance_backend.app.selftest.google_lab import TITLE
from attendance_backend.app.selftest.on_drive import ON_DRIVE
from attendance_backend.app.selftest.on_pubsub import ON_PUBSUB, PubSubLab
from attendance_backend.app.selftest.on_sheets import ON_SHEETS
from attendance_backend.app.selftest.run import selftest
from attendance_backend.errors import BackendError, RefusedError
from attendance_sandbox.pubsub.server import PubSubServer
from attendance_sandbox.sheets.faults import unavailable
from attendance_sandbox.sheets.server import SheetsServer
from attendance_trouble.belief import (
    Belief,
    NotTriedError,
    OtherwiseError,
    Outcome,
    Tried,
    expect,
    try_all,
)

PAGE = Path(__file__).parents[2] / "docs/believed-of-google.md"
BELIEFS: tuple = (*ON_SHEETS, *ON_DRIVE, *ON_PUBSUB)
NOT_IMITATED = {"colours", "cut", "inherit"}
"""As the docs say of the stand-in: formats are kept and not applied, nothing follows cut cells, new rows are plain."""


class Project:
    """Sheets, Drive and Pub/Sub, whose clocks jump where a trial waits."""

    def __init__(self, stack, folder, monkeypatch):
        self.waited_s = 0.0
        self.sheets = stack.enter_context(SheetsServer(owns_storage=False, recalculate=True))
        self.pubsub = stack.enter_context(PubSubServer(clock=lambda: time.time() + self.waited_s))
        key_file = folder / "key.json"
        key_file.write_text(json.dumps(self.sheets.new_service_account()))
        members = ["backend@attendance-sandbox.iam.gserviceaccount.com", "hr@example.com"]
        self.folder_id = self.sheets.new_shared_folder("Attendance", members)
        for name, value in {
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file),
            "GOOGLE_CLOUD_PROJECT": "office",
            "PUBSUB_EMULATOR_HOST": self.pubsub.address,
            "SHEETS_API_URL": self.sheets.url,
            "DRIVE_API_URL": self.sheets.url,
            "REVIEW_SHEETS_FOLDER_ID": self.folder_id,
        }.items():
            monkeypatch.setenv(name, value)

    def deploy(self):
        for topic in ("dead_letters", "store_attend_records"):
            self.pubsub.create_topic(f"projects/office/topics/{topic}")
        self.pubsub.create_subscription(
            "projects/office/subscriptions/store_attend_records-function",
            "projects/office/topics/store_attend_records",
        )

    def wait(self, seconds):
        self.waited_s += seconds
        self.pubsub.wake()

    def run(self):
        from attendance_backend.app.settings import read_operator_settings
        from attendance_backend.app.variables import Variables

        client = bootstrap.build_client(read_operator_settings(Variables(os.environ)))
        return selftest(client, "office", self.folder_id, self.wait)

    def folder(self):
        (folder,) = [file for file in self.sheets.store.files.values() if file.name == TITLE]
        return folder


@pytest.fixture
def project(tmp_path, monkeypatch):
    with ExitStack() as stack:
        yield Project(stack, tmp_path, monkeypatch)


def test_the_stand_ins_do_what_is_believed_and_all_is_removed(project):
    project.deploy()
    before = project.pubsub.broker.subscription_names()
    tried = [line for line in project.run() if isinstance(line, Tried)]
    assert [line.name for line in tried] == [belief.name for belief in BELIEFS]
    otherwise = {line.name: str(line) for line in tried if line.outcome is not Outcome.AS_BELIEVED}
    assert otherwise.keys() == NOT_IMITATED, otherwise
    assert project.folder().trashed
    assert project.pubsub.broker.subscription_names() == before


def test_the_docs_list_the_same():
    listed = re.findall(r"^\| `([a-z-]+)` \| (.+?) \| .+ \|$", PAGE.read_text(), re.MULTILINE)
    assert listed == [(belief.name, belief.words) for belief in BELIEFS]
    assert len({belief.name for belief in BELIEFS}) == len(BELIEFS)


def test_what_the_stand_in_does_not_imitate_is_said():
    lines = PAGE.read_text().splitlines()
    said = {line.split("`")[1] for line in lines if line.startswith("| `") and "the stand-in" in line}
    assert said == NOT_IMITATED


def test_what_an_interrupted_one_left_is_taken_over_and_removed(project, monkeypatch):
    lines = project.run()
    for _ in range(3):
        next(lines)
    lines.close()
    assert project.folder().trashed
    project.folder().trashed = False
    PubSubLab("office", project.wait)  # and nobody removes it
    tried = {line.name: line.outcome for line in project.run() if isinstance(line, Tried)}
    assert tried["filter"] is Outcome.AS_BELIEVED
    assert project.folder().trashed
    assert project.pubsub.broker.subscription_names() == []
    assert tried["set-aside"] is Outcome.NOT_TRIED, "nothing is deployed from which it could take the rights"


def test_what_may_not_be_tried_is_told_and_the_rest_goes_on(project, monkeypatch, capsys):
    project.pubsub.deny("pubsub.topics.create")
    assert main(["selftest"]) == 1
    out = capsys.readouterr().out.splitlines()
    tried = len(BELIEFS) - len(ON_PUBSUB)
    assert (
        out[-1]
        == f"{tried - len(NOT_IMITATED)} as believed, {len(NOT_IMITATED)} OTHERWISE, {len(ON_PUBSUB)} not tried"
    )
    monkeypatch.setenv("REVIEW_SHEETS_FOLDER_ID", "1" * 30)
    assert main(["selftest"]) == 2
    out = capsys.readouterr().out.splitlines()
    assert out[-1] == f"0 as believed, 0 OTHERWISE, {len(BELIEFS)} not tried"
    assert "REVIEW_SHEETS_FOLDER_ID" in out[1]
    assert "roles/pubsub.editor" in out[-2]


def test_google_asking_for_patience_is_no_finding(project):
    project.deploy()
    project.sheets.faults.add(unavailable(), times=2)
    tried = {line.name: line for line in project.run() if isinstance(line, Tried)}
    assert tried["version-gone"].outcome is Outcome.AS_BELIEVED
    assert not [line for line in tried.values() if "503" in line.seen]


def _otherwise(_):
    expect("7", so=False)


def _refused(_):
    raise RefusedError("no right")


def _not_here(_):
    raise NotTriedError("not here")


def _crash(_):
    raise KeyError("sheets")


@pytest.mark.parametrize(
    ("trial", "outcome", "seen"),
    [
        (lambda lab: lab, Outcome.AS_BELIEVED, "lab"),
        (_otherwise, Outcome.OTHERWISE, "7"),
        (_refused, Outcome.NOT_TRIED, "no right"),
        (_not_here, Outcome.NOT_TRIED, "not here"),
        (_crash, Outcome.OTHERWISE, "KeyError: sheets"),
    ],
)
def test_what_comes_of_a_trial(trial, outcome, seen):
    (tried,) = try_all([Belief("one", "It is so.", trial)], "lab", BackendError)
    assert (tried.outcome, tried.seen) == (outcome, seen)


def test_a_refusal_that_does_not_come_is_otherwise():
    from attendance_backend.app.selftest.google_lab import Refused, refused

    with pytest.raises(OtherwiseError, match="not refused"), refused(400):
        pass
    with pytest.raises(OtherwiseError, match="404"), refused(400):
        raise Refused(404, "other words")
    with pytest.raises(OtherwiseError, match="other words"), refused(400, "these words"):
        raise Refused(400, "other words")
    with refused(400, "words") as seen:
        raise Refused(400, "these words")
    assert seen == ["400 these words"]


def test_without_a_network_each_line_says_so(monkeypatch, capsys):
    def unreachable(*_, **__):
        raise google.api_core.exceptions.RetryError("Timeout of 60.0s exceeded", cause=None)

    for client in (pubsub_v1.PublisherClient, pubsub_v1.SubscriberClient):
        for call in ("create_topic", "delete_topic", "create_subscription", "delete_subscription"):
            if hasattr(client, call):
                monkeypatch.setattr(client, call, unreachable)
    monkeypatch.setenv("PUBSUB_EMULATOR_HOST", "127.0.0.1:1")
    monkeypatch.setenv("GOOGLE_OAUTH_ACCESS_TOKEN", "a")
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "office")
    monkeypatch.setenv("REVIEW_SHEETS_FOLDER_ID", "0AbCdEfGhIjK")
    for name in ("SHEETS_API_URL", "DRIVE_API_URL"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert main(["selftest"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert [line for line in lines if line.startswith("not tried  ")] == lines[1:-1]
    assert len(lines) == len(BELIEFS) + 2
