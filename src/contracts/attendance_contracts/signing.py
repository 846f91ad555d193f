"""Who sent a message: an HMAC-SHA-256 over its fields, by a key that one site and the backend hold.

The backend keeps one secret and derives each site's key from it: by the site, and by the number of its key, so that a
key ends without the others. A Pi that is lost gives away the key of its own site and no other.
"""

import hashlib
import hmac
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from attendance_contracts.errors import ContractError
from attendance_contracts.topics import Topic, validate_location

KEY_NUMBER, SEQUENCE, SIGNATURE = "key_number", "sequence", "signature"
"""Names of a signed message's attributes. The sequence rises from message to message of a key."""
SEQUENCES_AHEAD = timedelta(days=1)
"""What is further ahead of the cloud's time was signed while a clock was wrong, and is the newest of nothing."""
LEAST_SECRET_BYTES = 32
_NUMBER = re.compile(r"[1-9][0-9]{0,17}")
"""Of 18 digits at most: whatever counts or compares them has room for it."""
_KEY = re.compile(r"([^.\s]+)\.([1-9][0-9]{0,8})\.([0-9a-f]{64})")


def sequence_at(moment: datetime) -> int:
    """The number with which a message is signed then: milliseconds since 1970. The moment is aware."""
    return int(moment.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class SiteKey:
    """A site's key; `number` counts its keys from 1."""

    location: str
    number: int
    secret: bytes = field(repr=False)

    def __str__(self) -> str:
        """The one line of a key file."""
        return f"{self.location}.{self.number}.{self.secret.hex()}"

    @staticmethod
    def derived(secret: bytes, location: str, number: int) -> "SiteKey":
        """The key that belongs to a site and a number."""
        said = json.dumps(["attendance site key", validate_location(location), number])
        return SiteKey(location, number, hmac.digest(secret, said.encode(), hashlib.sha256))

    @staticmethod
    def parse(text: str) -> "SiteKey":
        """The inverse of `str`; raises ContractError, which tells nothing of what the text holds."""
        match = _KEY.fullmatch(text.strip())
        if match is None:
            raise ContractError(
                "this is no site's key, which is one line such as headquarters.1.4f0c… (64 digits)"
            )
        return SiteKey(validate_location(match[1]), int(match[2]), bytes.fromhex(match[3]))


@dataclass(frozen=True, slots=True)
class Signed:
    """What a message says of its signature."""

    key_number: int
    sequence: int
    signature: str

    @staticmethod
    def of(attributes: Mapping[str, str]) -> "Signed | None":
        """None for a message that is not signed; raises ContractError for one that is malformed."""
        found = [attributes.get(name) for name in (KEY_NUMBER, SEQUENCE, SIGNATURE)]
        if not any(found):
            return None
        number, sequence, signature = (each or "" for each in found)
        if not (_NUMBER.fullmatch(number) and _NUMBER.fullmatch(sequence) and signature):
            raise ContractError(
                f"a signed message has the attributes {KEY_NUMBER}, {SEQUENCE} and {SIGNATURE}"
            )
        return Signed(int(number), int(sequence), signature)

    def is_by(self, key: SiteKey, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> bool:
        """Whether the holder of the key signed exactly this message."""
        expected = _signature(key, self.sequence, topic, data, attributes)
        return hmac.compare_digest(expected.encode(), self.signature.encode("utf-8", "replace"))


@dataclass(frozen=True)
class Signer:
    """Signs a site's messages; `next_sequence` gives a higher number each time, through any restart."""

    key: SiteKey
    next_sequence: Callable[[], int]

    def signed(self, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> dict[str, str]:
        """A message's attributes, and those that sign it."""
        sequence = self.next_sequence()
        signature = _signature(self.key, sequence, topic, data, attributes)
        return {
            **attributes,
            KEY_NUMBER: str(self.key.number),
            SEQUENCE: str(sequence),
            SIGNATURE: signature,
        }


def _signature(key: SiteKey, sequence: int, topic: Topic, data: bytes, attributes: Mapping[str, str]) -> str:
    said = json.dumps(
        [
            "attendance message",
            str(topic),
            attributes.get("contract_version"),
            attributes.get("location"),
            attributes.get("request_id"),
            key.number,
            sequence,
            hashlib.sha256(data).hexdigest(),
        ]
    )
    return hmac.new(key.secret, said.encode(), hashlib.sha256).hexdigest()
