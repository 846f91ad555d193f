"""What Hypothesis draws for several tests."""

from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from attendance_client.fsm.generated import RESUME_AT
from attendance_client.fsm.snapshot import Snapshot
from attendance_contracts import (
    AlarmKind,
    AttendanceRecord,
    CreateReviewSheet,
    GetReviewPeriod,
    LastStoredTimestamp,
    MachineHealth,
    MistimedPunches,
    NewReviewPeriod,
    NewReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    SiteHealth,
    StoreAttendRecords,
)

dates = st.dates(date(2000, 1, 1), date(2132, 12, 31))
moments = st.datetimes(datetime(2000, 1, 1), datetime(2132, 12, 31)).map(lambda at: at.replace(microsecond=0))
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
names = texts.filter(str.strip)
locations = st.from_regex(r"[A-Za-z][A-Za-z0-9_-]{1,49}", fullmatch=True)
boundaries = st.times().map(lambda at: at.replace(second=0, microsecond=0))
periods = st.builds(
    lambda name, first, days: ReviewPeriod(name, first, first + timedelta(days=days)),
    names,
    dates,
    st.integers(0, 60),
)
records = st.builds(
    AttendanceRecord,
    serial_number=texts,
    user_id=texts,
    user_name=st.none() | texts,
    timestamp=moments,
    status=st.integers(0, 255),
    punch=st.integers(0, 255),
    occurrence=st.integers(1, 99),
)
snapshots = st.builds(
    Snapshot,
    pi4_state=st.sampled_from(sorted(RESUME_AT)),
    sys_flags=st.integers(0, 3),
    sheet_id=st.none() | texts,
    last_stored_timestamp=st.none() | moments,
    review_period=st.none() | periods,
    previous_period=st.none() | periods,
)


@st.composite
def stores(draw):
    """StoreAttendRecords: all records belong to the period."""
    period, boundary = draw(periods), draw(boundaries)
    opens = period.opens_at(boundary)
    seconds = int((period.closes_at(boundary) - opens).total_seconds())
    offsets = draw(st.lists(st.integers(0, seconds - 1), min_size=1, max_size=5))
    return StoreAttendRecords(
        **draw(headers),
        sheet_id=draw(texts),
        period=period,
        time_zone=draw(texts),
        day_boundary=boundary,
        records=tuple(
            AttendanceRecord(draw(texts), draw(texts), None, opens + timedelta(seconds=offset), 1, 255)
            for offset in offsets
        ),
    )


headers = st.fixed_dictionaries(
    {"location": locations, "request_id": st.text("0123456789abcdef", min_size=1, max_size=64)}
)


def _messages(kind_of_message, **fields):
    return st.builds(
        lambda header, rest: kind_of_message(**header, **rest), headers, st.fixed_dictionaries(fields)
    )


machine_healths = st.builds(
    MachineHealth,
    serial_number=texts,
    firmware=texts,
    platform=texts,
    clock_offset_s=st.none() | st.integers(),
    records=st.integers(0),
    record_capacity=st.integers(0),
    users=st.integers(0),
    name=texts,
)
mistimed_punches = st.builds(
    MistimedPunches,
    serial_number=texts,
    machine=texts,
    user_id=texts,
    user_name=texts,
    count=st.integers(0),
    first=moments,
    last=moments,
    read_on=dates,
)

messages = st.one_of(
    _messages(GetReviewPeriod, after=st.none() | dates, on=dates),
    _messages(NewReviewPeriod, after=st.none() | dates, period=st.none() | periods),
    _messages(CreateReviewSheet, period=periods),
    _messages(NewReviewSheet, period=periods, sheet_id=texts),
    stores(),
    _messages(
        LastStoredTimestamp,
        sheet_id=texts,
        last_stored_timestamp=moments,
        confirmed=st.lists(texts, max_size=5).map(tuple),
    ),
    _messages(
        SiteHealth,
        sheet_id=texts,
        period=periods,
        at=moments,
        time_zone=texts,
        day_boundary=boundaries,
        release=texts,
        backlog=st.integers(0),
        undecodable=st.integers(0),
        complete_through=st.none() | dates,
        pi_clock_synchronised=st.none() | st.booleans(),
        machine=st.none() | machine_healths,
        problem=texts,
        machines=st.lists(machine_healths, max_size=3).map(tuple),
        mistimed=st.lists(mistimed_punches, max_size=3).map(tuple),
    ),
    _messages(RaiseFinalAlarm, kind=st.sampled_from(AlarmKind), after=st.none() | dates, on=dates),
)
MIDNIGHT = time(0)
