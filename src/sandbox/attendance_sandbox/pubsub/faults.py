"""Misbehaviour on request: what a network and a busy service do to messages.

`Faults` draws each fault with a rate. To script a fault exactly, subclass it and override the question asked:

    class LoseTheFirst(Faults):
        def loses_delivery(self, subscription, message, attempt):
            return attempt == 1

The questions are asked with the broker's lock held: answer at once, and do not call the server from there.
"""

import random
import threading
from dataclasses import dataclass, field

from attendance_sandbox.pubsub.messages import Message

DATA_METHODS = frozenset({"Publish", "Pull", "Acknowledge", "ModifyAckDeadline"})


@dataclass(frozen=True, slots=True)
class Fate:
    """What befalls a message on its way into one subscription.

    Attributes:
        delay_s: it cannot be delivered before so many seconds have passed.
        copies: 2 and more deliver it so often, with the same message ID, each to be acknowledged by itself.
        overtakes: it jumps the queue of what waits already.
    """

    delay_s: float = 0.0
    copies: int = 1
    overtakes: bool = False


@dataclass
class Faults:
    """Rates from 0 (never) to 1 (always); they may be changed while the server runs.

    Attributes:
        drop: a delivery is lost on its way; the message comes again when the lease has run out.
        delay: a message waits `delay_s` seconds before its first delivery.
        duplicate: a message is delivered twice, although the first one is acknowledged.
        reorder: a message overtakes those that wait.
        lose_ack: an acknowledgment is answered with OK and forgotten; the message comes again.
        refuse: a request gets UNAVAILABLE and nothing has happened.
        refuse_after: a request gets UNAVAILABLE although it was carried out.
        methods: the requests that `refuse` and `refuse_after` are about.
        budget: faults left to inject; None for no end. When it is used up, all is well.
    """

    drop: float = 0.0
    delay: float = 0.0
    delay_s: float = 1.0
    duplicate: float = 0.0
    reorder: float = 0.0
    lose_ack: float = 0.0
    refuse: float = 0.0
    refuse_after: float = 0.0
    methods: frozenset[str] = DATA_METHODS
    budget: int | None = None
    seed: int = 0
    _random: random.Random = field(init=False, repr=False, compare=False)
    _lock: threading.Lock = field(init=False, repr=False, compare=False, default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)  # noqa: S311 - chance, not secrecy

    def refuses(self, method: str) -> bool:
        """Whether to refuse a request before it is carried out."""
        return method in self.methods and self._strikes(self.refuse)

    def refuses_after(self, method: str) -> bool:
        """Whether to refuse a request that has been carried out."""
        return method in self.methods and self._strikes(self.refuse_after)

    def fate(self, subscription: str, message: Message) -> Fate:
        """What befalls a message on its way into a subscription."""
        del subscription, message
        return Fate(
            delay_s=self.delay_s if self._strikes(self.delay) else 0.0,
            copies=2 if self._strikes(self.duplicate) else 1,
            overtakes=self._strikes(self.reorder),
        )

    def loses_delivery(self, subscription: str, message: Message, attempt: int) -> bool:
        """Whether a delivery is lost on its way to the subscriber."""
        del subscription, message, attempt
        return self._strikes(self.drop)

    def loses_acknowledgment(self, subscription: str, message: Message) -> bool:
        """Whether an acknowledgment is lost on its way to the broker."""
        del subscription, message
        return self._strikes(self.lose_ack)

    def _strikes(self, rate: float) -> bool:
        if rate <= 0.0:
            return False
        with self._lock:
            if self.budget == 0 or self._random.random() >= rate:
                return False
            if self.budget is not None:
                self.budget -= 1
            return True
