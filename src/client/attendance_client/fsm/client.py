"""One site's client: its ports, what it knows, and how it waits."""

import logging
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from attendance_client.errors import BusError
from attendance_client.fsm.generated import DEEP_SLEEP_S, POLLING_INTERVAL_S, TIME_OUT_S, StateId
from attendance_client.fsm.session import Door, Session
from attendance_client.ports import Bus, Clock, Diary, NoDiary, Supervisor
from attendance_client.relay.ledger import Ledger
from attendance_contracts import Message

log = logging.getLogger(__name__)
M = TypeVar("M", bound=Message)

RECEIVE_SLICE_S = 5.0
"""The longest single wait for a reply: how soon a stop request is heeded."""
HEALTH_INTERVAL_S = 3600.0
KEEP_PUNCHES_DAYS = 1096
"""Three years: the longest that laws on working time ask for in most countries, and then the data goes."""


@dataclass(frozen=True, slots=True)
class Site:
    """How this site keeps its time.

    Attributes:
        location: the site's identifier, in every message.
        time_zone: IANA name.
        day_boundary: when a business day begins.
        polling_interval_s: between two readings of the machines.
        deep_sleep_s: before asking again for a period that is missing.
        health_interval_s: after which a site without news tells of itself all the same.
        daily_warning_days: how many days before a period ends the warnings begin; 0 for none.
        clear_machine: whether the machine's log is erased when a period closes and all of it is stored.
        set_machine_clock: whether the machine's clock is set, in small steps, by the computer's own.
        keep_punches_days: how long the ledger keeps what a sheet holds; 0 for ever.
    """

    location: str
    time_zone: str
    day_boundary: time = time(0)
    polling_interval_s: float = POLLING_INTERVAL_S
    deep_sleep_s: float = DEEP_SLEEP_S
    health_interval_s: float = HEALTH_INTERVAL_S
    daily_warning_days: int = 3
    clear_machine: bool = False
    set_machine_clock: bool = False
    keep_punches_days: int = KEEP_PUNCHES_DAYS


def waits_s(state: StateId, time_outs: int, polling_interval_s: float, randomness: random.Random) -> float:
    """How long a reply is awaited: the state's time-out; while nobody answers, up to twice as long each time.

    Whoever is overloaded is not helped by the same question again. At most the polling interval, the site's or the
    ordinary one: a reply that was lost costs no more than a poll.

    Args:
        state: a waiting one.
        time_outs: how often in a row nobody answered.
        randomness: spreads the questions of many sites.
    """
    first = TIME_OUT_S[state]
    most = max(first, min(polling_interval_s, POLLING_INTERVAL_S))
    longest = min(first * 2 ** min(time_outs, 16), most)
    return randomness.uniform(max(first, longest / 2), longest)


@dataclass
class Client:
    """One site's client: its ports and what it knows.

    Attributes:
        doors: the site's machines, one at least.
        randomness: spreads what many sites try again.
        status: in a line, for the service manager.
        problem: what keeps this step from being done; empty for nothing.
    """

    site: Site
    doors: Sequence[Door]
    bus: Bus
    clock: Clock
    ledger: Ledger
    supervisor: Supervisor
    session: Session
    randomness: random.Random = field(default_factory=random.Random)
    diary: Diary = field(default_factory=NoDiary)
    status: str = field(default="starting")
    problem: str = ""

    def pause(self, seconds: float) -> None:
        """Wait, feeding the watchdog; raises StopRequested."""
        self.diary.note(str(self.session.current), self.problem, seconds)
        end = self.clock.monotonic() + seconds
        while (remaining := end - self.clock.monotonic()) > 0:
            self.supervisor.alive(self.status)
            self.clock.sleep(min(remaining, self.supervisor.alive_interval_s))
        self.supervisor.alive(self.status)

    def cloud_time(self) -> datetime | None:
        """Pub/Sub's time as this site's wall time, or one before it; None before anything was heard.

        A reply tells when it was published, and may have been under way since: of all moments that were heard of, the
        latest counts.
        """
        begun = self.session.cloud_began
        if begun is None:
            return None
        now = begun + timedelta(seconds=self.clock.monotonic())
        return now.astimezone(ZoneInfo(self.site.time_zone)).replace(tzinfo=None, microsecond=0)

    def _hear_the_time(self) -> None:
        heard = self.bus.heard_at
        if heard is not None:
            began = heard - timedelta(seconds=self.clock.monotonic())
            self.session.cloud_began = max(began, self.session.cloud_began or began)
            self.ledger.bound_sequence(heard)

    def await_reply(self, reply: type[M], state: StateId, accept: Callable[[M], bool]) -> bool:
        """Wait for a reply that `accept` takes, at most `waits_s`; drop all others.

        A failure of the bus is no reason to wait longer: only the next request makes a deleted subscription anew.
        """
        wait_s = waits_s(state, self.session.time_outs, self.site.polling_interval_s, self.randomness)
        deadline = self.clock.monotonic() + wait_s
        failed = noted = False
        while (remaining := deadline - self.clock.monotonic()) > 0:
            self.supervisor.alive(self.status)
            accepted = False
            if not noted and remaining <= wait_s - RECEIVE_SLICE_S:
                # Most replies are here by now.
                self.diary.note(str(state), self.problem, remaining)
                noted = True
            try:
                messages = self.bus.receive(reply.topic, min(remaining, RECEIVE_SLICE_S))
            except BusError as error:
                log.log(logging.DEBUG if failed else logging.WARNING, "%s", error)
                failed, self.problem = True, str(error)
                self.pause(min(remaining, RECEIVE_SLICE_S))
                continue
            if messages:
                self._hear_the_time()
            for message in messages:
                if isinstance(message, reply) and message.location == self.site.location and accept(message):
                    accepted = True
                else:
                    log.info("dropped a %s that nobody waits for", reply.topic)
            if accepted:
                return True
        self.session.time_outs += 1
        log.warning("no %s within %.0f s; asking again", reply.topic, wait_s)
        return False
