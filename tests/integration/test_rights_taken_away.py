"""Each right that the functions or a Pi have, taken away: one line says which, and how to give it back.

What `attendance-client doctor` says of missing rights is in `test_client_doctor`.
"""

import logging
from contextlib import ExitStack

import pytest
from google.api_core.exceptions import ServiceUnavailable

from attendance_backend.google import google_http
from attendance_client.errors import AccessError, BusError, CredentialsError
from attendance_client.relay.pubsub import PubSubBus
from attendance_contracts import CreateReviewSheet, Topic, encode
from attendance_sandbox.sheets.files import permission
from tests.integration.backend_office import (
    NOVEMBER,
    PROJECT,
    CloudOffice,
    period_request,
    punch,
    store_message,
)

ACCOUNT = "backend@attendance-sandbox.iam.gserviceaccount.com"
CREATE = encode(CreateReviewSheet(location="berlin", request_id="r", period=NOVEMBER))
ASK = encode(period_request())
SHARE = "share it with that account, as an editor"
NO_CONTRIBUTOR = "the backend's account is no contributor of its shared drive"


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        office = CloudOffice(stack, tmp_path, monkeypatch)
        office.pubsub.create_topic(f"projects/{PROJECT}/topics/dead_letters")
        yield office


def takes(of, role):
    """Leaves the functions' account a role on a file, or none; that on the control spreadsheet is not the folder's."""

    def take(office):
        file_id = of(office)
        for each in {office.control_id, file_id} - {office.folder_id}:
            file = office.sheets.file(each)
            file.parents, file.permissions = [], [permission("writer", ACCOUNT)]
        office.sheets.store.files[file_id].permissions = [permission(role, ACCOUNT)] if role else []

    return take


def publishing(office):
    office.pubsub.deny("pubsub.topics.publish")


def control(office):
    return office.control_id


def folder(office):
    return office.folder_id


@pytest.mark.parametrize(
    ("take", "topic", "letter", "words"),
    [
        (takes(control, None), Topic.GET_REVIEW_PERIOD, ASK, SHARE),
        (takes(control, "reader"), Topic.CREATE_REVIEW_SHEET, CREATE, SHARE),
        (takes(folder, None), Topic.CREATE_REVIEW_SHEET, CREATE, NO_CONTRIBUTOR),
        (
            takes(folder, "reader"),
            Topic.CREATE_REVIEW_SHEET,
            CREATE,
            "Is the backend's account a contributor of",
        ),
        (
            publishing,
            Topic.GET_REVIEW_PERIOD,
            ASK,
            "topics/new_review_period: grant it roles/pubsub.publisher",
        ),
        (
            publishing,
            Topic.GET_REVIEW_PERIOD,
            (b"{}", {}),
            "topics/dead_letters: grant it roles/pubsub.publisher",
        ),
    ],
)
def test_a_right_of_the_functions(office, caplog, take, topic, letter, words):
    take(office)
    assert office.post_raw(topic, *letter).status_code == 500
    lines = said(caplog, logging.ERROR)
    assert len(lines) == 1
    assert words in lines[0]


@pytest.mark.parametrize("role", [None, "reader"])
def test_the_right_to_a_workbook(office, caplog, role):
    sheet_id = office.create()
    takes(lambda _: sheet_id, role)(office)
    reply = office.ask(
        store_message(sheet_id, punch("ann", "2026-11-03T07:00:00")), Topic.LAST_STORED_TIMESTAMP
    )
    assert not reply.confirmed
    (line,) = [line for line in said(caplog, logging.WARNING) if "are not stored" in line]
    assert SHARE in line


@pytest.mark.parametrize(
    ("right", "use", "words"),
    [
        (
            "pubsub.topics.publish",
            lambda bus: bus.publish(period_request()),
            "topics add-iam-policy-binding get_review_period --role=roles/pubsub.publisher",
        ),
        (
            "pubsub.subscriptions.consume",
            lambda bus: bus.receive(Topic.NEW_REVIEW_PERIOD, 5),
            "subscriptions add-iam-policy-binding new_review_period-berlin --role=roles/pubsub.subscriber",
        ),
    ],
)
def test_a_right_of_a_pi(office, right, use, words):
    bus = PubSubBus(PROJECT, "berlin")
    bus.ensure_subscription(Topic.NEW_REVIEW_PERIOD)
    office.pubsub.deny(right)
    with pytest.raises(BusError) as caught:
        use(bus)
    assert f"gcloud pubsub {words}" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_key_that_was_revoked_before_the_start_is_read_anew(office, monkeypatch):
    bus = PubSubBus(PROJECT, "berlin")

    def no_token(**_):
        raise ServiceUnavailable("Getting metadata from plugin failed with error: invalid_grant")

    # Of the clients made with that key; the stand-in asks for none.
    monkeypatch.setattr(bus._subscriber, "create_subscription", no_token)
    with pytest.raises(BusError, match="gives no token"):
        bus.prepare()
    bus.prepare()


def test_a_key_file_that_is_away_for_a_moment_does_not_end_the_client(office, monkeypatch):
    """Somebody moves the old one away, and then puts the new one there."""
    bus = PubSubBus(PROJECT, "berlin")

    def away():
        raise CredentialsError("key.json does not exist")

    with monkeypatch.context() as patch:
        patch.setattr(bus, "_connect", away)
        with pytest.raises(AccessError, match="does not exist"):
            bus._reconnect()
    bus.prepare()


def said(caplog, level):
    return [
        each.getMessage()
        for each in caplog.records
        if each.name.startswith("attendance_backend") and each.levelno >= level
    ]
