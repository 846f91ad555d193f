"""The backend's settings, from environment variables."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from attendance_backend.errors import SettingsError

SHEETS_API_URL = "https://sheets.googleapis.com"
DRIVE_API_URL = "https://www.googleapis.com"
DEFAULT_SMTP_PORT = 587
IMPLICIT_TLS_PORT = 465
"""On this port a connection is encrypted from its first byte."""

_FILE_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


@dataclass(frozen=True)
class SmtpSettings:
    """How to reach the mail server.

    Attributes:
        username: None for a server that asks for none.
    """

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)
    starttls: bool


@dataclass(frozen=True)
class Settings:
    """All settings.

    Attributes:
        project: of Google Cloud, whose Pub/Sub topics take the replies.
        control_id: ID of the Review Periods spreadsheet.
        folder_id: of the shared drive's folder for review sheets; None for the service account's own drive.
    """

    project: str
    control_id: str
    folder_id: str | None
    sheets_api_url: str
    drive_api_url: str
    smtp: SmtpSettings
    mail_from: str
    alarm_to: tuple[str, ...]


def read_settings(environment: Mapping[str, str]) -> Settings:
    """The settings; raises SettingsError that names the variable."""
    return Settings(
        project=_required(environment, "GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project"),
        control_id=_file_id(environment, "REVIEW_PERIODS_SPREADSHEET_ID")
        or _missing(
            "REVIEW_PERIODS_SPREADSHEET_ID", "the ID of the Review Periods spreadsheet, from its address"
        ),
        folder_id=_file_id(environment, "REVIEW_SHEETS_FOLDER_ID"),
        sheets_api_url=_url(environment, "SHEETS_API_URL", SHEETS_API_URL),
        drive_api_url=_url(environment, "DRIVE_API_URL", DRIVE_API_URL),
        smtp=_smtp(environment),
        mail_from=_addresses(environment, "MAIL_FROM")[0],
        alarm_to=_addresses(environment, "ALARM_TO"),
    )


@dataclass(frozen=True)
class OperatorSettings:
    """What the operator's command needs; the functions need more.

    Attributes:
        control_id: None before `attendance-backend init` has made the spreadsheet.
        smtp: None when the mail server is not configured here.
        smtp_trouble: why not; empty when it is.
        login_left_out: whether the user name was left out because its password is not at hand.
    """

    control_id: str | None
    folder_id: str | None
    sheets_api_url: str
    drive_api_url: str
    smtp: SmtpSettings | None
    smtp_trouble: str = ""
    login_left_out: bool = False


def read_operator_settings(environment: Mapping[str, str]) -> OperatorSettings:
    """The operator's settings, from the same variables as the functions'; raises SettingsError as `read_settings`."""
    login_left_out = bool(
        _optional(environment, "SMTP_USERNAME") and not _optional(environment, "SMTP_PASSWORD")
    )
    if login_left_out:
        # The deployment keeps the password in a secret, not beside the other settings.
        environment = {name: value for name, value in environment.items() if name != "SMTP_USERNAME"}
    smtp, trouble = None, ""
    try:
        smtp = _smtp(environment)
    except SettingsError as error:
        trouble = str(error)
    return OperatorSettings(
        control_id=_file_id(environment, "REVIEW_PERIODS_SPREADSHEET_ID"),
        folder_id=_file_id(environment, "REVIEW_SHEETS_FOLDER_ID"),
        sheets_api_url=_url(environment, "SHEETS_API_URL", SHEETS_API_URL),
        drive_api_url=_url(environment, "DRIVE_API_URL", DRIVE_API_URL),
        smtp=smtp,
        smtp_trouble=trouble,
        login_left_out=login_left_out,
    )


def function_complaints(environment: Mapping[str, str]) -> list[str]:
    """What the functions would refuse of the settings that the operator's command does without."""
    complaints = []
    for read in (
        lambda: _required(environment, "GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project"),
        lambda: _addresses(environment, "MAIL_FROM"),
        lambda: _addresses(environment, "ALARM_TO"),
    ):
        try:
            read()
        except SettingsError as error:
            complaints.append(str(error))
    return complaints


def _smtp(environment: Mapping[str, str]) -> SmtpSettings:
    username = _optional(environment, "SMTP_USERNAME")
    password = _optional(environment, "SMTP_PASSWORD")
    if username and not password:
        _missing("SMTP_PASSWORD", "the password that belongs to SMTP_USERNAME")
    port = _port(environment, "SMTP_PORT", DEFAULT_SMTP_PORT)
    starttls = _flag(environment, "SMTP_STARTTLS")
    if username and not starttls and port != IMPLICIT_TLS_PORT:
        raise SettingsError(
            "SMTP_USERNAME is set, and the password would cross the network in the open: set SMTP_STARTTLS to true"
        )
    return SmtpSettings(
        host=_required(environment, "SMTP_HOST", "the name of the mail server"),
        port=port,
        username=username,
        password=password,
        starttls=starttls and port != IMPLICIT_TLS_PORT,
    )


def _optional(environment: Mapping[str, str], name: str) -> str | None:
    return environment.get(name, "").strip() or None


def _required(environment: Mapping[str, str], name: str, meaning: str) -> str:
    return _optional(environment, name) or _missing(name, meaning)


def _missing(name: str, meaning: str) -> str:
    raise SettingsError(f"the environment variable {name} is not set: it must hold {meaning}")


def _malformed(name: str, value: str, wanted: str) -> SettingsError:
    return SettingsError(f"the environment variable {name} holds {value!r}: it must hold {wanted}")


def _file_id(environment: Mapping[str, str], name: str) -> str | None:
    value = _optional(environment, name)
    if value is not None and not _FILE_ID.fullmatch(value):
        raise _malformed(name, value, "an ID, the long part of the address, without slashes")
    return value


def _url(environment: Mapping[str, str], name: str, default: str) -> str:
    value = (_optional(environment, name) or default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise _malformed(name, value, f"an address such as {default}")
    return value


def _port(environment: Mapping[str, str], name: str, default: int) -> int:
    value = _optional(environment, name) or str(default)
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise _malformed(name, value, "a port number")
    return int(value)


def _flag(environment: Mapping[str, str], name: str) -> bool:
    value = (_optional(environment, name) or "false").casefold()
    if value not in ("true", "false", "1", "0"):
        raise _malformed(name, value, "true or false")
    return value in ("true", "1")


def _addresses(environment: Mapping[str, str], name: str) -> tuple[str, ...]:
    value = _required(environment, name, "an e-mail address")
    addresses = tuple(part.strip() for part in value.split(",") if part.strip())
    if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise _malformed(name, value, "e-mail addresses, separated by commas")
    return addresses
