"""What is left of a punch whose person is to be forgotten: a mark by which it is known should it come back."""

import base64
import hashlib

ROUNDS = 1000
"""Of the hash: who holds a mark and its salt must not find the punch by trying all user IDs and seconds of a month
(10^11 guesses and more); half a millisecond a punch is nothing to whoever compares."""
_BYTES = 12


def tombstone(salt: str, identity: str, rounds: int = ROUNDS) -> str:
    """The mark of a record's `identity`, in which neither user nor time can be read.

    Args:
        salt: random, the same for all marks that are kept together.
        identity: as `AttendanceRecord.identity`.
        rounds: of PBKDF2 with HMAC-SHA-256.

    Returns:
        16 letters and digits, ``-`` and ``_``.
    """
    derived = hashlib.pbkdf2_hmac("sha256", identity.encode(), salt.encode(), rounds, _BYTES)
    return base64.urlsafe_b64encode(derived).decode()
