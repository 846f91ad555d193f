"""A stand-in for a mail server."""

from attendance_sandbox.mail.faults import MailFault, MailFaults, connection_lost, failure_after_data, refusal
from attendance_sandbox.mail.server import MailServer

__all__ = ["MailFault", "MailFaults", "MailServer", "connection_lost", "failure_after_data", "refusal"]
