"""The messages of one subscription that are not acknowledged yet. No locks and no clock: time is handed in.

A message is in exactly one of three places: ready, resting (until its backoff or delay is over) or leased (delivered,
waiting for its acknowledgment). Times are seconds since 1970 by the broker's clock.
"""

import heapq
import itertools
import math
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
    def __init__(self, *, ordered: bool) -> None:
        self._ordered = ordered
        self._ranks = itertools.count(1)
        self._tie_breaks = itertools.count()
        self._ready: list[tuple[int, int, Entry]] = []
        self._resting: list[tuple[float, int, Entry]] = []
        self._leased: dict[str, Entry] = {}
        # May hold outdated pairs (acknowledged or extended since): `_leased` decides.
        self._deadlines: list[tuple[float, str]] = []
        # No message here is older; spares a search at each use.
        self._oldest_ms: float = math.inf

    def add(self, message: Message, *, not_before_s: float = 0.0, overtakes: bool = False) -> None:
        """Take in a new message; one that overtakes goes before all that wait."""
        self._oldest_ms = min(self._oldest_ms, message.publish_time_ms)
        rank = next(self._ranks)
        jumps = overtakes and not (self._ordered and message.ordering_key)
        entry = Entry(message, -rank if jumps else rank)
        if not_before_s:
            self._rest(entry, not_before_s)
        else:
            self._make_ready(entry)

    def lease(self, now_s: float, *, limit: int, deadline_s: float, max_bytes: int) -> list[Entry]:
        """Up to `limit` messages, first come first, now leased until `deadline_s`.

        No more than `max_bytes` together, but always one if there is one.
        """
        self.ripen(now_s)
        taken: list[Entry] = []
        set_aside: list[tuple[int, int, Entry]] = []
        busy = self._busy_keys()
        size = 0
        while self._ready and len(taken) < limit:
            item = heapq.heappop(self._ready)
            entry = item[2]
            if entry.message.ordering_key in busy:
                set_aside.append(item)
                continue
            size += entry.message.size
            if taken and size > max_bytes:
                set_aside.append(item)
                break
            taken.append(entry)
        for item in set_aside:
            heapq.heappush(self._ready, item)
        for entry in taken:
            self._lease(entry, deadline_s)
        return taken

    def remove(self, ack_id: str) -> Entry | None:
        """End the lease and take the message out for good; None if there is no such lease (any more)."""
        return self._leased.pop(ack_id, None)

    def extend(self, ack_id: str, deadline_s: float) -> bool:
        """Move the end of a lease; False if there is no such lease (any more)."""
        entry = self._leased.get(ack_id)
        if entry is None:
            return False
        entry.deadline_s = deadline_s
        heapq.heappush(self._deadlines, (deadline_s, ack_id))
        return True

    def put_back(self, entry: Entry, not_before_s: float) -> None:
        """Return an entry that `remove` or `pop_expired` took out, to be delivered again."""
        entry.ack_id = ""
        self._rest(entry, not_before_s)

    def pop_later_leases(self, entry: Entry) -> list[Entry]:
        """Take out what was delivered after `entry` with the same ordering key: it must come again, in order."""
        key = entry.message.ordering_key
        if not self._ordered or not key:
            return []
        later = [other for other in self._leased.values() if other.message.ordering_key == key]
        for other in later:
            del self._leased[other.ack_id]
        return later

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

    def discard_published_before(self, time_ms: int) -> None:
        """Forget older messages; those that are leased go when they come back."""
        if time_ms <= self._oldest_ms:
            return
        self._ready = [item for item in self._ready if item[2].message.publish_time_ms >= time_ms]
        self._resting = [item for item in self._resting if item[2].message.publish_time_ms >= time_ms]
        heapq.heapify(self._ready)
        heapq.heapify(self._resting)
        self._oldest_ms = min((entry.message.publish_time_ms for entry in self._entries()), default=math.inf)

    def clear(self) -> None:
        self._ready.clear()
        self._resting.clear()
        self._leased.clear()
        self._deadlines.clear()

    def messages(self) -> list[Message]:
        """Everything not acknowledged, in order of publication."""
        return sorted(
            (entry.message for entry in self._entries()), key=lambda message: int(message.message_id)
        )

    def _entries(self) -> Iterator[Entry]:
        yield from (item[2] for item in self._ready)
        yield from (item[2] for item in self._resting)
        yield from self._leased.values()

    def _busy_keys(self) -> set[str]:
        """Ordering keys with a message under way, or resting after a failure: later ones have to wait."""
        if not self._ordered:
            return set()
        under_way = itertools.chain(self._leased.values(), (item[2] for item in self._resting))
        return {entry.message.ordering_key for entry in under_way} - {""}

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
