"""What a site tells of itself: that all is well, but for what a test says."""

from dataclasses import replace
from datetime import date, datetime, time

from attendance_contracts import RELEASE, ReviewPeriod, SiteHealth

ALL_WELL = SiteHealth(
    location="berlin",
    request_id="h",
    sheet_id="sheet",
    period=ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29)),
    at=datetime(2026, 11, 4, 8),
    time_zone="Europe/Berlin",
    day_boundary=time(4),
    release=RELEASE,
    backlog=0,
    undecodable=0,
    complete_through=None,
    pi_clock_synchronised=True,
    machine=None,
    problem="",
)


def health_message(**said):
    return replace(ALL_WELL, **said)
