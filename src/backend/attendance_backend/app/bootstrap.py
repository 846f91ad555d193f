"""Builds the adapters, once a process and not before the first message: servers fork, and connections do not."""

import os
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import google.auth
import google.auth.exceptions
import google.oauth2.credentials

from attendance_backend.app.logs import configure_logging
from attendance_backend.app.settings import LOG_IN, MailSettings, OperatorSettings, Settings, read_settings
from attendance_backend.app.variables import Variables
from attendance_backend.errors import SettingsError
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.gmail import GmailMailer, GmailSettings
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.monitoring import GoogleMonitoring
from attendance_backend.google.pubsub import PubSubReplies
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.notify.smtp import NoMailer, SmtpMailer
from attendance_backend.ports import Backend, Mailer
from attendance_trouble import KEY_FILE, first_words, key_file_trouble

ACCESS_TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - its name
"""Holds a token that is good for an hour, such as deploy/gcp/deploy borrows; no key file is needed then."""
NO_USE = (google.auth.exceptions.DefaultCredentialsError, OSError, ValueError, AttributeError)
"""What google-auth raises over a key file; of a folder, and of JSON that is no object, Python's own errors."""
CLOUD_SCOPE = "https://www.googleapis.com/auth/cloud-platform"
"""What gcloud's login gives; it cannot be narrowed afterwards."""
SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")


@cache
def settings() -> Settings:
    """The process's settings; raises SettingsError."""
    configure_logging(os.environ)
    return read_settings(Variables(os.environ))


@cache
def backend() -> Backend:
    """The process's ports; raises SettingsError."""
    return build_backend(settings())


@cache
def replies() -> PubSubReplies:
    """The process's publisher; raises SettingsError."""
    try:
        return PubSubReplies(settings().project)
    except NO_USE as error:
        raise _no_credentials(error) from error


class SystemClock:
    """The `Clock` port."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def build_backend(chosen: Settings) -> Backend:
    client = _client(Addresses(chosen.sheets_api_url, chosen.drive_api_url))
    return Backend(
        spreadsheets=GoogleSheets(client),
        drive=GoogleDrive(client, chosen.folder_id),
        mailer=build_mailer(chosen.mail),
        clock=SystemClock(),
        control_id=chosen.control_id,
        mail_from=chosen.mail_from,
        alarm_to=chosen.alarm_to,
        signing_secret=chosen.signing_secret,
    )


def build_operator_backend(chosen: OperatorSettings) -> Backend:
    """The ports for the operator's command, which sends no mail."""
    client = _client(Addresses(chosen.sheets_api_url, chosen.drive_api_url))
    return Backend(
        spreadsheets=GoogleSheets(client),
        drive=GoogleDrive(client, chosen.folder_id),
        mailer=build_mailer(chosen.mail) if chosen.mail is not None else NoMailer(chosen.mail_trouble),
        clock=SystemClock(),
        control_id=chosen.control_id or "",
        mail_from="",
        alarm_to=(),
    )


def build_client(chosen: OperatorSettings) -> GoogleHttpClient:
    """Sheets and Drive without the ports, for the selftest."""
    return _client(Addresses(chosen.sheets_api_url, chosen.drive_api_url))


def build_mailer(chosen: MailSettings) -> Mailer:
    return GmailMailer(chosen) if isinstance(chosen, GmailSettings) else SmtpMailer(chosen)


def build_monitoring(chosen: OperatorSettings, project: str) -> GoogleMonitoring:
    """What the project has measured, for the operator's command."""
    return GoogleMonitoring(_client(Addresses(monitoring=chosen.monitoring_api_url), (CLOUD_SCOPE,)), project)


def _client(addresses: Addresses, scopes: Sequence[str] = SCOPES) -> GoogleHttpClient:
    if token := os.environ.get(ACCESS_TOKEN):
        borrowed: Any = google.oauth2.credentials.Credentials
        return GoogleHttpClient(borrowed(token), addresses)
    try:
        credentials, _ = google.auth.default(scopes=scopes)
    except NO_USE as error:
        raise _no_credentials(error) from error
    return GoogleHttpClient(credentials, addresses)


def _no_credentials(error: Exception) -> SettingsError:
    if key_file := os.environ.get(KEY_FILE):
        return SettingsError(f"{KEY_FILE} names {key_file_trouble(Path(key_file))}")
    if isinstance(error, google.auth.exceptions.DefaultCredentialsError):
        return SettingsError(
            f"there are no Google credentials: {LOG_IN}, or name an account's key file in {KEY_FILE}; functions are "
            "deployed with a service account"
        )
    return SettingsError(
        f"the credentials of gcloud auth application-default login cannot be used ({first_words(error)}): {LOG_IN}"
    )
