"""Signatures: who holds a key can sign its site's messages, and nothing else."""

from dataclasses import replace
from datetime import date
from itertools import count

import pytest

from attendance_contracts import (
    ContractError,
    GetReviewPeriod,
    Signed,
    Signer,
    SiteKey,
    Topic,
    encode,
)

SECRET = b"a secret of thirty-two characters"
BERLIN = SiteKey.derived(SECRET, "berlin", 1)
DATA, ATTRIBUTES = encode(
    GetReviewPeriod(location="berlin", request_id="r", after=None, on=date(2026, 11, 3))
)


def signed_by(key, topic=Topic.GET_REVIEW_PERIOD, data=DATA, attributes=ATTRIBUTES):
    return Signer(key, count(7).__next__).signed(topic, data, attributes)


def test_what_a_key_signed_is_known_by_it():
    attributes = signed_by(BERLIN)
    assert attributes.items() >= ATTRIBUTES.items()
    signed = Signed.of(attributes)
    assert (signed.key_number, signed.sequence) == (1, 7)
    assert signed.is_by(SiteKey.parse(f"{BERLIN}\n"), Topic.GET_REVIEW_PERIOD, DATA, attributes)


@pytest.mark.parametrize(
    "key",
    [
        SiteKey.derived(SECRET, "hamburg", 1),
        SiteKey.derived(SECRET, "berlin", 2),
        SiteKey.derived(SECRET, "Berlin", 1),
        SiteKey.derived(SECRET + b".", "berlin", 1),
    ],
)
def test_no_other_key_signs_the_same(key):
    attributes = signed_by(replace(key, number=1))
    assert not Signed.of(attributes).is_by(BERLIN, Topic.GET_REVIEW_PERIOD, DATA, attributes)


@pytest.mark.parametrize("name", ["location", "request_id", "contract_version", "sequence", "signature"])
def test_each_field_is_signed(name):
    attributes = {**signed_by(BERLIN), name: "8"}
    assert not Signed.of(attributes).is_by(BERLIN, Topic.GET_REVIEW_PERIOD, DATA, attributes)


def test_topic_and_body_are_signed():
    signed = Signed.of(signed_by(BERLIN))
    assert not signed.is_by(BERLIN, Topic.SITE_HEALTH, DATA, ATTRIBUTES)
    assert not signed.is_by(BERLIN, Topic.GET_REVIEW_PERIOD, DATA + b" ", ATTRIBUTES)


@pytest.mark.parametrize(
    "slip",
    [
        {"signature": ""},
        {"sequence": "-1"},
        {"sequence": "1" * 19},
        {"key_number": "0"},
        {"key_number": "\u0661"},
        {"key_number": "1.0"},
    ],
)
def test_half_a_signature_is_no_signature(slip):
    with pytest.raises(ContractError, match="key_number, sequence and signature"):
        Signed.of({**signed_by(BERLIN), **slip})


def test_a_signature_that_is_no_ascii_is_compared_all_the_same():
    attributes = {**signed_by(BERLIN), "signature": "é\ud800"}
    assert not Signed.of(attributes).is_by(BERLIN, Topic.GET_REVIEW_PERIOD, DATA, attributes)


@pytest.mark.parametrize(
    "text", ["", "berlin.1", f"berlin.0.{'0' * 64}", f"b.1.{'0' * 64}", f"berlin.1.{'0' * 63}"]
)
def test_a_line_that_is_no_key_is_refused_without_telling_it(text):
    with pytest.raises(ContractError) as refusal:
        SiteKey.parse(text)
    assert not text or text not in str(refusal.value)


def test_a_key_is_not_told_by_accident():
    assert BERLIN.secret.hex() not in repr(BERLIN)
    assert repr(BERLIN.secret) not in repr(BERLIN)
