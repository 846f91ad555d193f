"""The messages of one subscription that are not acknowledged yet. No locks and no clock: time is handed in.

A message is in exactly one of three places: ready, resting (until its backoff is over) or leased (delivered,
waiting for its acknowledgment). Times are seconds since 1970 by the broker's clock.
"""

import heapq
import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass

from attendance_sandbox.pubsub.messages import Message


@dataclass(slots=True, eq=False)
class Entry:
    """A message in the backlog. `rank` decides who is first; `ack_id` and `deadline_s` count while leased."""

    message: Message
    rank: int
    attempts: int = 0
    ack_id: str = ""
    deadline_s: float = 0.0


class Backlog:
    def __init__(self) -> None:
        self._ranks = itertools.count(1)
        self._tie_breaks = itertools.count()
        self._ready: list[tuple[int, int, Entry]] = []
        self._resting: list[tuple[float, int, Entry]] = []
        self._leased: dict[str, Entry] = {}
        # May hold outdated pairs (acknowledged or extended since): `_leased` decides.
        self._deadlines: list[tuple[float, str]] = []

    def add(self, message: Message) -> None:
        self._make_ready(Entry(message, next(self._ranks)))

    def lease(self, now_s: float, *, limit: int, deadline_s: float, max_bytes: int) -> list[Entry]:
        """Up to `limit` messages, first come first, now leased until `deadline_s`.

        No more than `max_bytes` together, but always one if there is one.
        """
        self.ripen(now_s)
        taken: list[Entry] = []
        size = 0
        while self._ready and len(taken) < limit:
            size += self._ready[0][2].message.size
            if taken and size > max_bytes:
                break
            taken.append(heapq.heappop(self._ready)[2])
        for entry in taken:
            self._lease(entry, deadline_s)
        return taken

    def remove(self, ack_id: str) -> Entry | None:
        """End the lease and take the message out for good; None if there is no such lease (any more)."""
        return self._leased.pop(ack_id, None)

    def extend(self, ack_id: str, deadline_s: float) -> None:
        """Move the end of a lease, if there is such a one (still)."""
        entry = self._leased.get(ack_id)
        if entry is not None:
            entry.deadline_s = deadline_s
            heapq.heappush(self._deadlines, (deadline_s, ack_id))

    def put_back(self, entry: Entry, not_before_s: float) -> None:
        """Return an entry that `remove` or `pop_expired` took out, to be delivered again."""
        entry.ack_id = ""
        self._rest(entry, not_before_s)

    def pop_expired(self, now_s: float) -> list[Entry]:
        """Take out every entry whose lease has run out, in the order of their ranks."""
        expired: list[Entry] = []
        while self._deadlines and self._deadlines[0][0] <= now_s:
            _, ack_id = heapq.heappop(self._deadlines)
            entry = self._leased.get(ack_id)
            if entry is not None and entry.deadline_s <= now_s:
                expired.append(self._leased.pop(ack_id))
        return sorted(expired, key=lambda entry: entry.rank)

    def ripen(self, now_s: float) -> bool:
        """Make ready what has rested long enough; True if there was any."""
        ripened = False
        while self._resting and self._resting[0][0] <= now_s:
            self._make_ready(heapq.heappop(self._resting)[2])
            ripened = True
        return ripened

    def next_due_s(self) -> float | None:
        """When a lease runs out or a message has rested next; None if nothing is pending."""
        while self._deadlines:
            deadline_s, ack_id = self._deadlines[0]
            entry = self._leased.get(ack_id)
            if entry is not None and entry.deadline_s == deadline_s:
                break
            heapq.heappop(self._deadlines)
        pending = [queue[0][0] for queue in (self._deadlines, self._resting) if queue]
        return min(pending, default=None)

    def messages(self) -> list[Message]:
        """Everything not acknowledged, in order of publication."""
        return sorted(
            (entry.message for entry in self._entries()), key=lambda message: int(message.message_id)
        )

    def _entries(self) -> Iterator[Entry]:
        yield from (item[2] for item in self._ready)
        yield from (item[2] for item in self._resting)
        yield from self._leased.values()

    def _lease(self, entry: Entry, deadline_s: float) -> None:
        entry.attempts += 1
        entry.ack_id = uuid.uuid4().hex
        entry.deadline_s = deadline_s
        self._leased[entry.ack_id] = entry
        heapq.heappush(self._deadlines, (deadline_s, entry.ack_id))

    def _make_ready(self, entry: Entry) -> None:
        heapq.heappush(self._ready, (entry.rank, next(self._tie_breaks), entry))

    def _rest(self, entry: Entry, not_before_s: float) -> None:
        heapq.heappush(self._resting, (not_before_s, next(self._tie_breaks), entry))
