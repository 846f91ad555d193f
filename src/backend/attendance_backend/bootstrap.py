"""Builds the adapters, once a process and not before the first message: servers fork, and connections do not."""

import os
from functools import cache

import google.auth
import google.auth.exceptions

from attendance_backend.adapters.clock import SystemClock
from attendance_backend.adapters.drive import GoogleDrive
from attendance_backend.adapters.google_http import Addresses, GoogleHttpClient
from attendance_backend.adapters.mail import NoMailer, SmtpMailer
from attendance_backend.adapters.pubsub import PubSubReplies
from attendance_backend.adapters.sheets import GoogleSheets
from attendance_backend.control.settings import OperatorSettings, Settings, read_settings
from attendance_backend.errors import SettingsError
from attendance_backend.logs import configure_logging
from attendance_backend.ports import Backend

SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")


@cache
def settings() -> Settings:
    """The process's settings; raises SettingsError."""
    configure_logging(os.environ)
    return read_settings(os.environ)


@cache
def backend() -> Backend:
    """The process's ports; raises SettingsError."""
    return build_backend(settings())


@cache
def replies() -> PubSubReplies:
    """The process's publisher; raises SettingsError."""
    try:
        return PubSubReplies(settings().project)
    except google.auth.exceptions.DefaultCredentialsError as error:
        raise _no_credentials(error) from error


def build_backend(chosen: Settings) -> Backend:
    """The ports for some settings."""
    client = _client(Addresses(chosen.sheets_api_url, chosen.drive_api_url))
    return Backend(
        spreadsheets=GoogleSheets(client),
        drive=GoogleDrive(client, chosen.folder_id),
        mailer=SmtpMailer(chosen.smtp),
        clock=SystemClock(),
        control_id=chosen.control_id,
        mail_from=chosen.mail_from,
        alarm_to=chosen.alarm_to,
    )


def build_operator_backend(chosen: OperatorSettings) -> Backend:
    """The ports for the operator's command, which sends no mail."""
    client = _client(Addresses(chosen.sheets_api_url, chosen.drive_api_url))
    return Backend(
        spreadsheets=GoogleSheets(client),
        drive=GoogleDrive(client, chosen.folder_id),
        mailer=SmtpMailer(chosen.smtp) if chosen.smtp is not None else NoMailer(chosen.smtp_trouble),
        clock=SystemClock(),
        control_id=chosen.control_id or "",
        mail_from="",
        alarm_to=(),
    )


def _client(addresses: Addresses) -> GoogleHttpClient:
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except google.auth.exceptions.DefaultCredentialsError as error:
        raise _no_credentials(error) from error
    return GoogleHttpClient(credentials, addresses)


def _no_credentials(error: Exception) -> SettingsError:
    return SettingsError(
        f"no Google credentials ({error}): deploy with a service account, or name its key file in "
        "GOOGLE_APPLICATION_CREDENTIALS"
    )
