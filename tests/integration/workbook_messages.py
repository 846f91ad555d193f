"""What the sites of a made-up month send to the backend: punches in chunks that come in any order, and their health."""

import random
from collections import Counter
from datetime import datetime, time

from attendance_contracts import (
    MAX_CHUNK_RECORDS,
    AttendanceRecord,
    MachineHealth,
    SiteHealth,
    StoreAttendRecords,
)

CAPACITY = 100_000


def late_starters(month):
    """Employees whom HR puts into the list late; some have punched by then.

    The month is over by the cloud's clock: whoever has neither a punch nor a first day is not added to it any more.
    """
    return [each for each in month.employees[7::20] if each.punches or each.began is not None]


def device_user_id(month, employee):
    """What HR's list has of it: every third employee of a site is known by the ID that the machine gave out."""
    number = month.employees.index(employee)
    return _user_id(number) if employee.site and number % 3 == 0 else ""


def stores_of(month, period, sheet_id):
    """The punches of all sites: each site's in chunks, shuffled within and among each other; some come twice."""
    choice = random.Random(7)
    messages = []
    for site in month.sites:
        records = sorted(_records(month, site), key=lambda record: record.timestamp)
        for begin in range(0, len(records), MAX_CHUNK_RECORDS):
            chunk = records[begin : begin + MAX_CHUNK_RECORDS]
            choice.shuffle(chunk)
            messages.append(
                StoreAttendRecords(
                    location=site.name,
                    request_id=f"store {begin}",
                    sheet_id=sheet_id,
                    period=period,
                    time_zone=site.zone,
                    day_boundary=site.boundary,
                    records=tuple(chunk),
                )
            )
    choice.shuffle(messages)
    return [*messages, *messages[::5]]


def healths_of(month, period, sheet_id):
    """The messages of the period's first day, and the latest ones; those that are heard of. One comes twice."""
    reporting = [site for site in month.sites if site.heard is not None]
    first = [
        _health(site, period, sheet_id, at=datetime.combine(month.first, time(12)), complete_through=None)
        for site in reporting
    ]
    last = [
        _health(
            site,
            period,
            sheet_id,
            at=site.heard,
            complete_through=site.complete_through,
            backlog=site.backlog,
            clock_s=site.clock_s,
            memory=site.memory,
            problem=site.problem,
        )
        for site in reporting
    ]
    return first, [*last, *last[:1]]


def _user_id(number):
    return str(100 + number)


def _records(month, site):
    """The punches at a site as its machine has them. Whom HR keeps by the ID has no name on the machine there."""
    seen = Counter()
    for number, employee in enumerate(month.employees):
        is_unnamed = device_user_id(month, employee) and employee.site == site.name
        for where, moment in employee.punches:
            if where == site.name:
                seen[number, moment] += 1
                yield AttendanceRecord(
                    serial_number=f"SN-{site.name}",
                    user_id=_user_id(number),
                    user_name=None if is_unnamed else employee.user,
                    timestamp=moment,
                    status=1,
                    punch=number % 5,
                    occurrence=seen[number, moment],
                )


def _health(site, period, sheet_id, *, at, complete_through, backlog=0, clock_s=0, memory=0.1, problem=""):
    machine = MachineHealth(
        serial_number=f"SN-{site.name}",
        firmware="Ver 6.60",
        platform="ZEM560",
        clock_offset_s=clock_s,
        records=round(memory * CAPACITY),
        record_capacity=CAPACITY,
        users=len(site.name),
    )
    return SiteHealth(
        location=site.name,
        request_id=f"health {at:%d}",
        sheet_id=sheet_id,
        period=period,
        at=at,
        time_zone=site.zone,
        day_boundary=site.boundary,
        release="1.0",
        backlog=backlog,
        undecodable=0,
        complete_through=complete_through,
        pi_clock_synchronised=True,
        machine=machine,
        problem=problem,
    )
