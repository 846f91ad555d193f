"""A function a message: do what it asks through the ports and return the reply.

Every handler is idempotent: Pub/Sub delivers at least once and in any order, and a handler may die at any point.
Writers of a review workbook may run at once, in any number of instances: see `handlers.optimistic`. The deployment
still limits each function to one instance: the control spreadsheet has no such protection, and a write that is refused
costs a second read.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from attendance_backend.errors import SpreadsheetGoneError
from attendance_backend.handlers import routing
from attendance_backend.handlers.create_sheet import create_review_sheet
from attendance_backend.handlers.get_period import get_review_period
from attendance_backend.handlers.raise_alarm import raise_final_alarm
from attendance_backend.handlers.site_health import site_health
from attendance_backend.handlers.store_records import store_attend_records
from attendance_backend.handlers.watch import watch
from attendance_backend.ports import Backend
from attendance_contracts import (
    CreateReviewSheet,
    GetReviewPeriod,
    Message,
    RaiseFinalAlarm,
    SiteHealth,
    StoreAttendRecords,
    Watch,
)

HANDLERS: Mapping[type[Message], Callable[[Any, Backend], Message | None]] = {
    GetReviewPeriod: get_review_period,
    CreateReviewSheet: create_review_sheet,
    StoreAttendRecords: store_attend_records,
    RaiseFinalAlarm: raise_final_alarm,
    SiteHealth: site_health,
    Watch: watch,
}


def handle(message: Message, backend: Backend) -> Message | None:
    """Handle a request; returns the reply, None for a request that has none.

    A site keeps the ID of its period's workbook. If that one is gone, and ``Review Sheets`` names another one since,
    the message is meant for it.

    Raises:
        UserError: a person must fix something.
        TransientError: deliver the message again.
    """
    try:
        return HANDLERS[type(message)](message, backend)
    except SpreadsheetGoneError:
        if not isinstance(message, SiteHealth):
            raise
        sheet_id = routing.read(backend, anew=True).book_for(message.period, message.location)
        if sheet_id is None or sheet_id == message.sheet_id:
            raise
    return HANDLERS[type(message)](replace(message, sheet_id=sheet_id), backend)
