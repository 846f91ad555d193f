"""By which rules the sites of a workbook count, from ``Sites`` and from what a message says of its own site."""

from collections.abc import Mapping
from datetime import time

from attendance_backend.domain.clocks import clock_change, zone_of
from attendance_backend.domain.days import SiteRules
from attendance_backend.review import sites_sheet
from attendance_backend.review.sites_sheet import SiteRow, Value
from attendance_backend.sheet.layout import Column
from attendance_contracts import SiteHealth, StoreAttendRecords


def rules_of(rows: Mapping[str, SiteRow]) -> dict[str, SiteRules]:
    return {
        key: SiteRules(zone_of(row.time_zone), row.day_boundary or time(), row.key_policy, row.double_tap_s)
        for key, row in rows.items()
    }


def told(message: StoreAttendRecords | SiteHealth, row: SiteRow | None) -> dict[Column, Value]:
    """What the row of a message's site lacks of its rules; what stands there stays."""
    values: dict[Column, Value] = {}
    if row is None or not row.time_zone:
        values[sites_sheet.TIME_ZONE] = message.time_zone
    if row is None or row.day_boundary is None:
        values[sites_sheet.DAY_BOUNDARY] = message.day_boundary
    zone = zone_of(row.time_zone if row is not None and row.time_zone else message.time_zone)
    change = zone and clock_change(message.period.first_day, message.period.last_day, zone)
    if change and (row is None or row.clock_change_at is None):
        values[sites_sheet.CLOCK_CHANGE_AT] = change.at
    if change and (row is None or row.clock_change_by is None):
        values[sites_sheet.CLOCK_CHANGE_BY] = change.by
    return values
