"""Pub/Sub in memory: at least once, in any order, and only to subscriptions that exist.

Messages cross it as bytes and attributes, through the contracts' own codec.
"""

from collections import Counter, deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from attendance_client.errors import BusError
from attendance_contracts import (
    REPLY_TOPICS,
    REQUEST_TOPICS,
    LastStoredTimestamp,
    Message,
    Signer,
    SiteHealth,
    StoreAttendRecords,
    Topic,
    decode_topic,
    encode,
)
from tests.world.power import Power
from tests.world.timeline import Timeline

TIME_ZONE = "Africa/Tunis"
"""The site's, without summer time: the worlds' wall time goes on and on."""
ZONE = ZoneInfo(TIME_ZONE)
ORDINARY_DELAY_S = 0.5
MAX_REPLIES = 20
REDELIVERY_S = 10.0
MOST_OVERHEARD = 40
MAX_DELIVERIES = 5
"""Tries of a request before it goes to the dead letters."""


@dataclass(frozen=True)
class Fate:
    """When the copies of a message arrive, in seconds after it was published; none: it is lost."""

    delays_s: tuple[float, ...] = (ORDINARY_DELAY_S,)

    @property
    def name(self) -> str:
        """What happens to the message, for counting."""
        if not self.delays_s:
            return "lost"
        if len(self.delays_s) > 1:
            return "duplicated"
        return "delayed" if self.delays_s[0] > ORDINARY_DELAY_S else "ordinary"


@dataclass(frozen=True)
class Envelope:
    """A message on its way."""

    topic: Topic
    data: bytes
    attributes: dict[str, str]
    published_at: datetime = datetime(2026, 1, 5, tzinfo=UTC)

    @property
    def message(self) -> Message:
        """What it says."""
        return decode_topic(self.topic, self.data, self.attributes)


class Network:
    """All topics, the backend's triggers, and one site's subscriptions.

    Attributes:
        take: the backend: takes a request as it was published, returns the reply; raises when it fails.
        fates: of the next messages published; afterwards they are ordinary ones.
        latest_first: whether the newest waiting reply is handed out first.
        reachable: whether the site reaches Pub/Sub.
        confirmations_lost: how many of the next publishes are applied, yet look failed to their publisher.
        replies: every reply that was ever published, for replaying stale ones.
        requests: the last ones of the site, for whoever listens and sends them again.
        health_reported: how often the site told of itself; nobody answers.
        watch_health: takes what it tells.
        delivers_health: whether the backend gets it as well.
        alarms_under_way: copies of alarms that the backend has not taken yet.
        happened: fates and other faults that came true.
    """

    def __init__(self, timeline: Timeline, handle: Callable[[Message], Message | None]) -> None:
        self._timeline = timeline
        self.take: Callable[[Envelope], Message | None] = lambda letter: handle(letter.message)
        self.fates: deque[Fate] = deque()
        self.latest_first = False
        self.reachable = True
        self.confirmations_lost = 0
        self.replies: list[Envelope] = []
        self.requests: deque[Envelope] = deque(maxlen=MOST_OVERHEARD)
        self.happened: Counter[str] = Counter()
        self.dead_letters: list[Envelope] = []
        self.health_reported = 0
        self._reported_last: tuple[object, ...] = ()
        self.watch_health: Callable[[SiteHealth], None] = lambda _health: None
        self.delivers_health = False
        self.alarms_under_way = 0
        self._inboxes: dict[Topic, list[Envelope]] = {}

    def now(self) -> datetime:
        """Pub/Sub's own clock, which is right."""
        return self._timeline.wall.replace(tzinfo=ZONE).astimezone(UTC)

    @property
    def subscribed(self) -> bool:
        return len(self._inboxes) == len(REPLY_TOPICS)

    def subscribe(self) -> None:
        for topic in REPLY_TOPICS:
            self._inboxes.setdefault(topic, [])

    def delete_subscriptions(self) -> None:
        """Somebody deletes them in the console, with what waits in them."""
        self._inboxes.clear()

    def inbox(self, topic: Topic) -> list[Envelope]:
        """What waits for the site; raises BusError without a subscription."""
        if topic not in self._inboxes:
            raise BusError(f"no subscription on {topic}")
        return self._inboxes[topic]

    def publish(self, message: Message, signer: Signer | None = None) -> None:
        """Take a message and see to its fate."""
        if isinstance(message, SiteHealth):
            self._take_health(message)
            if not self.delivers_health:
                return
        data, attributes = encode(message)
        if signer is not None:
            attributes = signer.signed(message.topic, data, attributes)
        envelope = Envelope(message.topic, data, attributes, self.now())
        (self.replies if message.topic in REPLY_TOPICS else self.requests).append(envelope)
        fate = self.fates.popleft() if self.fates else Fate()
        if not fate.delays_s and message.topic is Topic.RAISE_FINAL_ALARM:
            fate = Fate()  # nobody answers it, so Pub/Sub's "at least once" is all there is
        if fate.name != "ordinary":
            self.happened[f"message {fate.name}"] += 1
        for delay_s in fate.delays_s:
            self._send(envelope, delay_s)

    def _take_health(self, health: SiteHealth) -> None:
        """Nobody answers it. One that says what the one before said need not prove again that it can be sent."""
        self.health_reported += 1
        counts = (health.backlog, health.undecodable, health.complete_through)
        told = (health.sheet_id, counts, health.machine, health.problem, health.pi_clock_synchronised)
        if told != self._reported_last:
            self._reported_last = told
            assert decode_topic(health.topic, *encode(health)) == health
        self.watch_health(health)

    def replay(self, topic: Topic, age: int) -> bool:
        """Deliver an old reply of a topic again, `age` replies after it was new; False without any."""
        known = [envelope for envelope in self.replies if envelope.topic is topic]
        if not known:
            return False
        envelope = known[-1 - age % len(known)]
        self.send_again(envelope)
        self.happened["stale reply"] += 1
        return True

    def send_again(self, envelope: Envelope) -> None:
        """Somebody publishes once more what was published."""
        self._send(envelope)

    def _send(self, envelope: Envelope, delay_s: float = 0.0) -> None:
        self.alarms_under_way += envelope.topic is Topic.RAISE_FINAL_ALARM
        self._timeline.after(delay_s, lambda: self._deliver(envelope))

    def _deliver(self, envelope: Envelope, delivery: int = 1) -> None:
        if envelope.topic in REQUEST_TOPICS:
            self._trigger(envelope, delivery)
        elif envelope.topic in self._inboxes:
            self._inboxes[envelope.topic].append(envelope)

    def _trigger(self, envelope: Envelope, delivery: int) -> None:
        try:
            reply = self.take(envelope)
        except BackendFault as fault:
            self.happened[str(fault)] += 1
            last = delivery == MAX_DELIVERIES and envelope.topic is not Topic.RAISE_FINAL_ALARM
            if last:
                self.dead_letters.append(envelope)
            else:
                self._timeline.after(REDELIVERY_S, lambda: self._deliver(envelope, delivery + 1))
            return
        if envelope.topic is Topic.RAISE_FINAL_ALARM:
            self.alarms_under_way -= 1
        if reply is not None:
            self.publish(reply)


class BackendFault(Exception):  # noqa: N818 - a misfortune of the world, no error of the program
    """A function died; Pub/Sub delivers its request again."""


class WorldBus:
    """The port Bus of one site, which signs if it can."""

    def __init__(
        self, network: Network, timeline: Timeline, power: Power, signer: Signer | None = None
    ) -> None:
        self._signer = signer
        self._network = network
        self._timeline = timeline
        self._power = power
        self.heard_at: datetime | None = None
        self.told_gone: set[str] = set()
        """Workbooks that answers to the latest question said to be gone."""
        self._asked = ""

    def prepare(self) -> None:
        with self._power.effect("prepare"):
            self._reach()
            self._network.subscribe()

    def publish(self, message: Message) -> None:
        with self._power.effect(f"publish {message.topic}"):
            self._reach()
            if isinstance(message, StoreAttendRecords):
                self._asked = message.request_id
            self._network.publish(message, self._signer)
            if self._network.confirmations_lost:
                self._network.confirmations_lost -= 1
                self._network.happened["confirmation lost"] += 1
                raise BusError("published, but the confirmation was lost")

    def receive(self, topic: Topic, timeout_s: float) -> Sequence[Message]:
        self._power.instant(f"before receive {topic}")
        self._reach()
        end = self._timeline.moment_in(timeout_s)
        while not self._network.inbox(topic):
            if not self._timeline.advance_to_next(end):
                return ()
        waiting = self._network.inbox(topic)
        if len(waiting) > 1:
            waiting.sort(key=self._newest_first if self._network.latest_first else self._as_published)
        taken = waiting[:MAX_REPLIES]
        del waiting[:MAX_REPLIES]
        self.heard_at = max(envelope.published_at for envelope in taken)
        # From here on they are acknowledged: a power loss loses them.
        self._power.instant(f"after receive {topic}")
        messages = [decode_topic(topic, envelope.data, envelope.attributes) for envelope in taken]
        for message in messages:
            if isinstance(message, LastStoredTimestamp) and message.request_id == self._asked:
                self.told_gone |= {*message.others_gone, *([message.sheet_id] if message.gone else [])}
        return messages

    def _as_published(self, envelope: Envelope) -> int:
        return self._network.replies.index(envelope)

    def _newest_first(self, envelope: Envelope) -> int:
        return -self._network.replies.index(envelope)

    def _reach(self) -> None:
        if not self._network.reachable:
            raise BusError("Pub/Sub cannot be reached")
