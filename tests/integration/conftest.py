"""What all tests with the real libraries share: an RSA key takes longer to make than most of what is done with it."""

from functools import cache
from itertools import count

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

MADE: list[rsa.RSAPrivateKey] = []


@pytest.fixture(autouse=True)
def _few_keys(monkeypatch):
    """The first key that a test has made is the first one of every test, the second one the second, and so on."""
    number, make = count(), rsa.generate_private_key

    def made(**options):
        nth = next(number)
        if nth == len(MADE):
            MADE.append(make(**options))
        return MADE[nth]

    monkeypatch.setattr(rsa, "generate_private_key", made)


@pytest.fixture(autouse=True, scope="session")
def _each_key_is_read_once():
    """google-auth proves anew that both primes of a key are, for each client that a test makes of it."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(serialization, "load_pem_private_key", cache(serialization.load_pem_private_key))
        yield
