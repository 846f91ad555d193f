"""One client by itself, for tests of single steps: the real ledger, a machine, and a bus that is only a mailbox."""

from contextlib import contextmanager
from datetime import date, datetime, time, timedelta

from attendance_client.fsm import steps
from attendance_client.fsm.client import Client, Site
from attendance_client.fsm.session import Door, Session
from attendance_client.machine.port import AttendanceLog, LoggedPunch
from attendance_client.relay.ledger import Ledger
from attendance_contracts import LastStoredTimestamp, ReviewPeriod, SiteHealth
from tests.world.machine import WorldMachine
from tests.world.power import Power
from tests.world.supervisor import WorldSupervisor
from tests.world.timeline import PiClock, Timeline

SITE = Site("berlin", "Europe/Berlin", time(4), 21_600)
WINTER = ReviewPeriod("Winter", date(2026, 1, 1), date(2026, 1, 4))
JANUARY = ReviewPeriod("January", date(2026, 1, 5), date(2026, 1, 11))
FEBRUARY = ReviewPeriod("February", date(2026, 1, 12), date(2026, 1, 18))
SERIAL = "A1B2C3"
NOON = datetime(2026, 1, 6, 12)


class LoneClient(Client):
    """The client of a site with one machine."""

    @property
    def machine(self):
        return self.doors[0].machine

    @machine.setter
    def machine(self, machine):
        self.doors[0].machine = machine


class Mailbox:
    """The port Bus: keeps what was published, health messages apart, hands out what was put in."""

    def __init__(self, timeline):
        self._timeline = timeline
        self.published = []
        self.health = []
        self.heard_at = None
        self.waiting = []

    def prepare(self):
        pass

    def publish(self, message):
        (self.health if isinstance(message, SiteHealth) else self.published).append(message)

    def receive(self, topic, timeout_s):
        end = self._timeline.moment_in(timeout_s)
        while not self.waiting and self._timeline.advance_to_next(end):
            pass
        taken, self.waiting = self.waiting, []
        return taken

    def arrives(self, delay_s, message):
        """Put a message in after so many seconds."""
        self._timeline.after(delay_s, lambda: self.waiting.append(message))


@contextmanager
def lone_client():
    """In the period January, which follows Winter; the sheets of both are known."""
    timeline = Timeline()
    client = LoneClient(
        site=SITE,
        doors=[Door(WorldMachine(timeline, Power()))],
        bus=Mailbox(timeline),
        clock=PiClock(timeline),
        ledger=Ledger(":memory:", SITE.day_boundary),
        supervisor=WorldSupervisor(timeline),
        session=Session(SITE.day_boundary),
    )
    client.session.review_period = JANUARY
    client.session.sheet_id = "sheet"
    client.ledger.open_period(WINTER, "winter")
    client.ledger.open_period(JANUARY, "sheet")
    yield client
    client.ledger.close()


def take(client, *timestamps, user="1001", serial=SERIAL):
    """Put punches into the ledger."""
    punches = tuple(LoggedPunch(user, at, 1, 255, b"raw") for at in timestamps)
    client.ledger.add_log(serial, AttendanceLog(punches, ()), NOON)


def after_the_end(client):
    """January is over, by all clocks."""
    client.clock.sleep(7 * 86_400)


def just_polled(client):
    client.session.machine_time = client.clock.now()
    client.session.closing_time = client.clock.now()
    client.session.next_poll_s = client.clock.monotonic() + 1000


def asked(client):
    """The latest message that was published."""
    return client.bus.published[-1]


def stored(client):
    """When the punches were made that the latest message stores."""
    return [record.timestamp for record in asked(client).records]


def publish_two(client):
    take(client, NOON, NOON + timedelta(hours=1))
    just_polled(client)
    steps.relay_attendance_records(client)
    return asked(client)


def confirmation(question, records=None, **changes):
    parts = {
        "location": SITE.location,
        "request_id": question.request_id,
        "sheet_id": question.sheet_id,
        "last_stored_timestamp": NOON,
        "confirmed": tuple(record.identity for record in (question.records if records is None else records)),
    }
    return LastStoredTimestamp(**{**parts, **changes})
