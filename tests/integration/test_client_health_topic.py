"""A cloud project without the topic of health messages: an older installation, which must go on storing punches."""

from datetime import date, datetime, time

import pytest

from attendance_client.errors import BusError
from attendance_client.relay.pubsub import PubSubBus
from attendance_contracts import ReviewPeriod, SiteHealth
from tests.integration.test_sandbox_pubsub_support import PROJECT, Cloud

HEALTH = SiteHealth(
    location="berlin",
    request_id="1",
    sheet_id="sheet",
    period=ReviewPeriod("January", date(2026, 1, 1), date(2026, 1, 31)),
    at=datetime(2026, 1, 6),
    time_zone="UTC",
    day_boundary=time(0),
    release="0.1",
    backlog=0,
    undecodable=0,
    complete_through=None,
    pi_clock_synchronised=None,
    machine=None,
    problem="the machine does not answer",
)


def test_each_message_fails_by_itself_and_in_our_own_words(monkeypatch):
    """Also those that follow a failed one at once, at which google-cloud-pubsub asserts."""
    with Cloud(monkeypatch):
        bus = PubSubBus(PROJECT.removeprefix("projects/"), "berlin")
        for _ in range(200):
            with pytest.raises(BusError):
                bus.publish(HEALTH)
