"""Messages that only a broken or hostile peer sends: refused with a ContractError, which names the place."""

import json
from datetime import date, datetime, time
from typing import Any

import pytest

from attendance_contracts import (
    AttendanceRecord,
    ContractError,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    ReviewPeriod,
    StoreAttendRecords,
    Watch,
    decode,
    encode,
)

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
HEADER: dict[str, Any] = {"location": "berlin", "request_id": "1"}
RECORD = AttendanceRecord("A1", "1001", "anna", datetime(2026, 11, 2, 9), 1, 0)
STORE = StoreAttendRecords(
    **HEADER,
    sheet_id="sheet",
    period=NOVEMBER,
    time_zone="Europe/Berlin",
    day_boundary=time(4),
    records=(RECORD,),
)
CONFIRMED = LastStoredTimestamp(
    **HEADER, sheet_id="sheet", last_stored_timestamp=RECORD.timestamp, confirmed=(RECORD.identity,)
)


def with_field(message, name, value):
    data, attributes = encode(message)
    return json.dumps(json.loads(data) | {name: value}).encode(), attributes


@pytest.mark.parametrize(
    ("message", "field", "value", "complaint"),
    [
        (CONFIRMED, "last_stored_timestamp", "2026-11-02T09:00:00+01:00", "time zone"),
        (STORE, "day_boundary", "04:00+01:00", "time zone"),
        (STORE, "sheet_id", "\ud800", "Unicode"),
        (STORE, "records", [], "no records"),
        (STORE, "records", {}, "expected a list"),
        (STORE, "records", [[]], r"records\[0\]: expected an object"),
        (
            GetReviewPeriod(**HEADER, after=None, on=date(2026, 11, 2)),
            "on",
            "9999-12-31",
            "between the years",
        ),
        (GetReviewPeriod(**HEADER, after=None, on=date(2026, 11, 2)), "on", 20261102, "expected a string"),
        (GetReviewPeriod(**HEADER, after=None, on=date(2026, 11, 2)), "on", "2.11.2026", "is no date"),
        (CreateReviewSheet(**HEADER, period=NOVEMBER), "location", "no such place", "location"),
        (CreateReviewSheet(**HEADER, period=NOVEMBER), "request_id", "", "request_id"),
    ],
)
def test_a_field_that_breaks_the_contract_is_named(message, field, value, complaint):
    data, attributes = with_field(message, field, value)

    with pytest.raises(ContractError, match=complaint):
        decode(type(message), data, attributes)


def test_a_number_too_long_for_python_is_refused():
    data = b'{"location": "berlin", "request_id": ' + b"9" * 5000 + b"}"

    with pytest.raises(ContractError, match="not JSON"):
        decode(GetReviewPeriod, data, {"contract_version": "1"})


def test_records_of_another_period_are_refused():
    data, attributes = encode(STORE)
    document = json.loads(data)
    document["records"][0]["timestamp"] = "2026-12-01T04:00:00"

    with pytest.raises(ContractError, match="does not belong to November 2026"):
        decode(StoreAttendRecords, json.dumps(document).encode(), attributes)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"timestamp": datetime(2026, 11, 2, 9, 0, 0, 5)}, "whole seconds"),
        ({"status": 256}, "0 to 255"),
        ({"punch": -1}, "0 to 255"),
        ({"occurrence": 0}, "counts from 1"),
        ({"user_id": "9" * 200}, "user_id is longer"),
    ],
)
def test_an_impossible_record_is_refused(changes, complaint):
    fields = {**vars(RECORD), **changes}
    fields.pop("identity", None)

    with pytest.raises(ContractError, match=complaint):
        AttendanceRecord(**fields)


@pytest.mark.parametrize(
    ("first", "last"), [(date(2026, 11, 2), date(2026, 11, 1)), (date(2026, 12, 1), date(2026, 11, 30))]
)
def test_a_period_that_ends_before_it_begins_is_refused(first, last):
    with pytest.raises(ContractError, match="ends"):
        ReviewPeriod("November 2026", first, last)


def test_a_period_needs_a_name():
    with pytest.raises(ContractError, match="name"):
        ReviewPeriod(" ", date(2026, 11, 1), date(2026, 11, 30))


@pytest.mark.parametrize("data", [b"", b"tick", b"{}", b"[1]", b"\xff", b'{"location": 7}'])
@pytest.mark.parametrize(
    "attributes", [{}, {"contract_version": "0"}, {"contract_version": "1", "location": "x"}]
)
def test_a_tick_may_hold_anything_and_no_other_message_may(data, attributes):
    assert decode(Watch, data, attributes) == Watch()
    with pytest.raises(ContractError):
        decode(GetReviewPeriod, data, attributes)


def test_a_tick_that_is_a_message_is_read_as_one():
    tick = Watch(location="schedule", request_id="7")
    assert decode(Watch, *encode(tick)) == tick
