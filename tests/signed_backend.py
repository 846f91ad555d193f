"""The real functions behind a world: each letter is admitted by its signature, handled, or set aside.

As `tests.handlers_backend`, but from the Pub/Sub message on.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

from attendance_backend.app.commands.site_key import site_key
from attendance_backend.app.service import Letter, serve_together
from attendance_backend.handlers import routing
from attendance_backend.handlers.dead_letters import ADDED, SOURCE
from attendance_backend.handlers.together import Served
from attendance_backend.ports import Backend
from attendance_backend.review.names import SITES
from attendance_contracts import MESSAGE_TYPES, Message, Signed, Signer, SiteKey, Topic, encode
from tests.handlers_backend import HandlersBackend
from tests.world.backend import SetAside
from tests.world.network import Envelope

SITE = "berlin"
SECRET = b"the secret behind the keys of all sites"


class SignedBackend(HandlersBackend):
    """The functions with a secret.

    Attributes:
        letters: what was set aside and is still there.
    """

    def __init__(
        self, people: tuple[tuple[str, str, str | float], ...] = (), seed: int = 0, crash_chance: float = 0.0
    ) -> None:
        super().__init__(people, seed, crash_chance)
        self.instances = [replace(each, signing_secret=SECRET) for each in self.instances]
        self.world.backend = self.instances[0]
        self.letters: list[Envelope] = []

    @property
    def site_key(self) -> SiteKey:  # type: ignore[override]
        """The key in force."""
        self._nobody_dies()
        return site_key(self.world.backend, SECRET, SITE, None).key

    def make_next_key(self, overlap_days: int) -> None:
        """An administrator does; the one before is taken for so many days, with 0 within a minute no more."""
        self._nobody_dies()
        site_key(self.world.backend, SECRET, SITE, overlap_days)
        for instance in self.instances:
            routing.forget(instance)

    def has_ended(self, number: int) -> bool:
        """Whether nothing that a key signs is taken any more."""
        known = routing.read(self.world.backend).sites[SITE]
        return number > 0 and not known.takes_key(number, self.world.clock.now().date())

    def said_of_sites(self) -> object:
        """What ``Sites`` of all workbooks holds, to be compared."""
        return [book.sheet(SITES).rows() for book in self.world.review_books()]

    def set_aside(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """As the port `Replies`; what was added is taken off again, as redrive does."""
        original = {name: text for name, text in attributes.items() if name not in ADDED}
        self.letters.append(Envelope(Topic(attributes[SOURCE]), data, original))

    def publish(self, message: Message) -> None:
        """As the port `Replies`; replies are the world's to publish."""
        raise NotImplementedError

    def takes(self, letter: Envelope) -> bool:
        """Whether any instance handles somebody's letter, and does not set it aside; nothing fails meanwhile."""
        self._begin()
        self._nobody_dies()
        before = len(self.letters)
        for instance in self.instances:
            for _, reply in self._serve([_read(letter)], instance):
                if reply() is not None:
                    return True
        return len(self.letters) < before + len(self.instances)

    def take(self, letter: Envelope, message: Message) -> Message | None:
        if message != letter.message:
            letter = _of_part(letter, message)
        before = len(self.letters)
        reply = self._take(_read(letter), type(message))
        if reply is None and any(letter.data == other.data for other in self.letters[before:]):
            raise SetAside
        return reply

    def _serve(self, messages: Sequence[Any], instance: Backend) -> Iterator[Served]:
        return chain.from_iterable(serve_together(messages, instance, self))


def _of_part(letter: Envelope, message: Message) -> Envelope:
    """A part is the function's doing, and the site's all the same."""
    signed = Signed.of(letter.attributes)
    assert signed is not None
    data, attributes = encode(message)
    signer = Signer(SiteKey.derived(SECRET, SITE, signed.key_number), lambda: signed.sequence)
    return replace(letter, data=data, attributes=signer.signed(letter.topic, data, attributes))


def _read(letter: Envelope) -> Letter:
    return Letter(MESSAGE_TYPES[letter.topic], letter.data, letter.attributes)
