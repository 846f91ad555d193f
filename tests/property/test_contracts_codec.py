"""Messages survive the wire, and what is no message of the contract is refused with a ContractError."""

import json

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from attendance_contracts import ContractError, Topic, Watch, decode, decode_topic, encode
from tests.property import strategies

scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        (
            "0001-01-01",
            "9999-12-31",
            "0001-01-01T00:00:00",
            "9999-12-31T23:59:59",
            "2026-11-02T09:00:00+01:00",
            "04:00+01:00",
            "\ud800",
            10**400,
        )
    ),
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(message=strategies.messages)
def test_a_message_survives_the_wire(message):
    data, attributes = encode(message)

    assert decode(type(message), data, attributes) == message


@given(message=strategies.messages)
def test_a_newer_peer_may_add_fields(message):
    data, attributes = encode(message)
    document = json.loads(data) | {"added later": [1, {"two": 3}]}

    assert decode(type(message), json.dumps(document).encode(), attributes) == message


LATER = {
    ("machines",),
    ("mistimed",),
    *((where, "name") for where in ("machine", "machines")),
    *(("mistimed", name) for name in ("machine", "user_name")),
}
"""Fields that have a default, as an older peer does not send them, or may not know what to send."""


def paths(document, path=()):
    """Where the values of a JSON document are."""
    yield path
    if isinstance(document, dict):
        for key, value in document.items():
            yield from paths(value, (*path, key))
    elif isinstance(document, list):
        for index, value in enumerate(document):
            yield from paths(value, (*path, index))


def replaced(document, path, value):
    if not path:
        return value
    copy = dict(document) if isinstance(document, dict) else list(document)
    copy[path[0]] = replaced(document[path[0]], path[1:], value)
    return copy


def without(document, path):
    if len(path) == 1:
        return {key: value for key, value in document.items() if key != path[0]}
    return replaced(document, path[:1], without(document[path[0]], path[1:]))


@given(message=strategies.messages, value=values, choice=st.data())
def test_a_message_with_any_value_in_any_place_is_refused_or_whole(message, value, choice):
    """Whole: it can be sent on as it is, and all that the client and the backend ask of it can be answered."""
    data, attributes = encode(message)
    document = json.loads(data)
    path = choice.draw(st.sampled_from(sorted(paths(document), key=str)))
    mutated = json.dumps(replaced(document, path, value)).encode()

    try:
        decoded = decode(type(message), mutated, attributes)
    except ContractError:
        return
    again, attributes_again = encode(decoded)
    assert decode(type(message), again, attributes_again) == decoded
    period = getattr(decoded, "period", None)
    if period is not None:
        boundary = getattr(decoded, "day_boundary", strategies.MIDNIGHT)
        assert period.opens_at(boundary) < period.closes_at(boundary)


@given(message=strategies.messages, choice=st.data())
def test_a_message_without_one_of_its_fields_is_refused(message, choice):
    data, attributes = encode(message)
    document = json.loads(data)
    fields = [path for path in paths(document) if path and isinstance(path[-1], str)]
    fields = [path for path in fields if tuple(name for name in path if isinstance(name, str)) not in LATER]
    path = choice.draw(st.sampled_from(sorted(fields, key=str)))

    with pytest.raises(ContractError, match="missing"):
        decode(type(message), json.dumps(without(document, path)).encode(), attributes)


@given(
    topic=st.sampled_from([topic for topic in Topic if topic is not Topic.WATCH]), data=st.binary(max_size=60)
)
@example(topic=Topic.NEW_REVIEW_PERIOD, data=b"[" * 100_000)
@example(topic=Topic.NEW_REVIEW_PERIOD, data=b"9" * 5000)
@example(topic=Topic.NEW_REVIEW_PERIOD, data=b'{"location": "\xff"}')
def test_bytes_that_are_no_message_are_refused(topic, data):
    with pytest.raises(ContractError):
        decode_topic(topic, data, {"contract_version": "1"})


@given(data=st.binary(max_size=60), attributes=st.dictionaries(st.text(max_size=20), st.text(max_size=20)))
@example(data=b"[" * 100_000, attributes={"contract_version": "1"})
def test_any_bytes_are_a_tick(data, attributes):
    assert isinstance(decode_topic(Topic.WATCH, data, attributes), Watch)


@given(message=strategies.messages, cut=st.integers(0, 10_000))
def test_a_message_that_was_cut_off_is_refused(message, cut):
    data, attributes = encode(message)
    assume(cut < len(data))

    with pytest.raises(ContractError):
        decode(type(message), data[:cut], attributes)


@given(message=strategies.messages, version=st.none() | st.text(max_size=3))
def test_a_message_of_another_contract_version_is_refused(message, version):
    assume(version != "1")
    data, attributes = encode(message)
    attributes.pop("contract_version")
    if version is not None:
        attributes["contract_version"] = version

    with pytest.raises(ContractError, match="version"):
        decode(type(message), data, attributes)


@given(message=strategies.messages, other=strategies.locations)
def test_attributes_that_differ_from_the_message_are_refused(message, other):
    assume(other != message.location)
    data, attributes = encode(message)

    with pytest.raises(ContractError, match="location"):
        decode(type(message), data, attributes | {"location": other})
