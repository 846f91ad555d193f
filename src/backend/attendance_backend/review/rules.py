"""By which rules the sites of a workbook count, from ``Sites`` and from what a message says of its own site."""

from collections.abc import Mapping
from datetime import time

from attendance_backend.domain.clocks import clock_change, seconds_of, zone_of
from attendance_backend.domain.days import SiteRules
from attendance_backend.domain.people import site_key
from attendance_backend.review import sites_sheet
from attendance_backend.review.sites_sheet import SiteRow, Value
from attendance_backend.sheet import serial
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column
from attendance_contracts import ReviewPeriod


def rules_of(rows: Mapping[str, SiteRow]) -> dict[str, SiteRules]:
    return {
        key: SiteRules(zone_of(row.time_zone), row.day_boundary or time(), row.key_policy, row.double_tap_s)
        for key, row in rows.items()
    }


def told(
    worksheet: Worksheet, site: str, time_zone: str, day_boundary: time, period: ReviewPeriod
) -> dict[Column, Value]:
    """What a site's row lacks of its rules; what stands there stays.

    Args:
        worksheet: ``Sites``, whole.
    """
    key = site_key(site)
    row = sites_sheet.read(worksheet, {key}).get(key)
    values: dict[Column, Value] = {}
    if row is None or not row.time_zone:
        values[sites_sheet.TIME_ZONE] = time_zone
    if row is None or row.day_boundary is None:
        values[sites_sheet.DAY_BOUNDARY] = serial.from_seconds(seconds_of(day_boundary))
    zone = zone_of(row.time_zone if row is not None and row.time_zone else time_zone)
    change = None if zone is None else clock_change(period.first_day, period.last_day, zone)
    if change is not None:
        if row is None or row.clock_change_at is None:
            values[sites_sheet.CLOCK_CHANGE_AT] = serial.from_datetime(change.at)
        if row is None or row.clock_change_by is None:
            values[sites_sheet.CLOCK_CHANGE_BY] = serial.from_seconds(round(change.by.total_seconds()))
    return values
