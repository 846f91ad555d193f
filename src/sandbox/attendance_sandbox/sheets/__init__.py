"""A stand-in for Google Sheets, Drive and the OAuth token endpoint."""

from attendance_sandbox.sheets.faults import (
    Fault,
    Faults,
    delayed,
    dropped,
    internal_error,
    rate_limited,
    unavailable,
)
from attendance_sandbox.sheets.quota import Quota
from attendance_sandbox.sheets.server import LogEntry, SheetsServer

__all__ = [
    "Fault",
    "Faults",
    "LogEntry",
    "Quota",
    "SheetsServer",
    "delayed",
    "dropped",
    "internal_error",
    "rate_limited",
    "unavailable",
]
