"""The backend's settings, out of what somebody wrote."""

import difflib
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from attendance_backend.app.variables import Variables
from attendance_backend.errors import SettingsError
from attendance_backend.google.gmail import GMAIL_API_URL, GmailSettings, parse_consent
from attendance_backend.google.google_http import DRIVE_API_URL, MONITORING_API_URL, SHEETS_API_URL
from attendance_backend.notify.smtp import IMPLICIT_TLS_PORT, SmtpSettings
from attendance_contracts import LEAST_SECRET_BYTES

DEFAULT_SMTP_PORT = 587
SMTP_TRANSPORT, GMAIL_TRANSPORT = "smtp", "gmail"
TRANSPORTS = SMTP_TRANSPORT, GMAIL_TRANSPORT
MailSettings = SmtpSettings | GmailSettings
"""How people are told; `build_mailer` makes a `Mailer` of it."""
NAMES = (
    *("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION", "GOOGLE_APPLICATION_CREDENTIALS"),
    *("REVIEW_PERIODS_SPREADSHEET_ID", "REVIEW_SHEETS_FOLDER_ID"),
    *("SHEETS_API_URL", "DRIVE_API_URL", "MONITORING_API_URL"),
    *("MAIL_TRANSPORT", "GMAIL_CREDENTIALS", "GMAIL_API_URL"),
    *("SMTP_HOST", "SMTP_PORT", "SMTP_STARTTLS", "SMTP_USERNAME", "SMTP_PASSWORD"),
    *("MAIL_FROM", "ALARM_TO", "SIGNING_SECRET"),
)
"""What the functions, Google's libraries in them, and deploy/gcp/deploy look at."""

LOG_IN = (
    "log in with gcloud auth application-default login --scopes=https://www.googleapis.com/auth/cloud-platform,"
    "https://www.googleapis.com/auth/spreadsheets,https://www.googleapis.com/auth/drive"
)
"""What to do where there are no credentials; without the scopes Google refuses Sheets and Drive."""

_FILE_ID = re.compile(r"[A-Za-z0-9_-]{10,}")
_FILE_ADDRESS = re.compile(
    r"https://(?:drive|docs)\.google\.com/.*/(?:folders|d)/([A-Za-z0-9_-]{10,})(?:[/?#].*)?"
)
"""As a browser shows it."""
_ADDRESS = re.compile(r"[^@\s<>,]+@[^@\s<>,]+")


@dataclass(frozen=True)
class Settings:
    """All settings.

    Attributes:
        project: of Google Cloud, whose Pub/Sub topics take the replies.
        control_id: ID of the Review Periods spreadsheet.
        folder_id: of the shared drive's folder for review sheets; None for the service account's own drive.
        signing_secret: from which the sites' keys are derived; empty where messages are not signed.
    """

    project: str
    control_id: str
    folder_id: str | None
    sheets_api_url: str
    drive_api_url: str
    mail: MailSettings
    mail_from: str
    alarm_to: tuple[str, ...]
    signing_secret: bytes = field(default=b"", repr=False)


def read_settings(variables: Variables) -> Settings:
    """The settings; raises SettingsError that names the one at fault and where it stands."""
    return Settings(
        project=variables.required("GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project"),
        control_id=_control_id(variables),
        folder_id=_file_id(variables, "REVIEW_SHEETS_FOLDER_ID"),
        sheets_api_url=_url(variables, "SHEETS_API_URL", SHEETS_API_URL),
        drive_api_url=_url(variables, "DRIVE_API_URL", DRIVE_API_URL),
        mail=_mail(variables),
        mail_from=_addresses(variables, "MAIL_FROM")[0],
        alarm_to=_addresses(variables, "ALARM_TO"),
        signing_secret=read_signing_secret(variables) or b"",
    )


def secret_command(name: str) -> str:
    """What prints a secret that deploy/gcp/deploy keeps."""
    return f"gcloud secrets versions access latest --secret={name} --project=PROJECT"


def read_signing_secret(variables: Variables) -> bytes | None:
    """The secret behind the sites' keys; None where there is none. Raises SettingsError that does not tell it."""
    text = variables.text("SIGNING_SECRET")
    if text is not None and len(text.encode()) < LEAST_SECRET_BYTES:
        raise SettingsError(
            f"SIGNING_SECRET is too short to keep anything secret: {LEAST_SECRET_BYTES} characters or more; the one "
            f"in force is what this prints: {secret_command('signing-secret')}"
        )
    return None if text is None else text.encode()


@dataclass(frozen=True)
class OperatorSettings:
    """What the operator's command needs; the functions need more.

    Attributes:
        control_id: None before `attendance-backend init` has made the spreadsheet.
        mail: None when mail is not configured here.
        mail_trouble: why not; empty when it is.
        login_left_out: whether the user name was left out because its password is not at hand.
    """

    control_id: str | None
    folder_id: str | None
    sheets_api_url: str
    drive_api_url: str
    monitoring_api_url: str
    mail: MailSettings | None
    mail_trouble: str = ""
    login_left_out: bool = False


def read_operator_settings(variables: Variables) -> OperatorSettings:
    """The operator's settings, from the same variables as the functions'; raises SettingsError as `read_settings`."""
    login_left_out = bool(variables.text("SMTP_USERNAME") and not variables.text("SMTP_PASSWORD"))
    if login_left_out:
        # The deployment keeps the password in a secret, not beside the other settings.
        variables = variables.without("SMTP_USERNAME")
    mail, trouble = None, ""
    try:
        mail = _mail(variables)
    except SettingsError as error:
        trouble = str(error)
    return OperatorSettings(
        control_id=_file_id(variables, "REVIEW_PERIODS_SPREADSHEET_ID"),
        folder_id=_file_id(variables, "REVIEW_SHEETS_FOLDER_ID"),
        sheets_api_url=_url(variables, "SHEETS_API_URL", SHEETS_API_URL),
        drive_api_url=_url(variables, "DRIVE_API_URL", DRIVE_API_URL),
        monitoring_api_url=_url(variables, "MONITORING_API_URL", MONITORING_API_URL),
        mail=mail,
        mail_trouble=trouble,
        login_left_out=login_left_out,
    )


def unknown_names(variables: Variables) -> list[str]:
    """Complaints of names in the file that mean nothing here; the environment is full of others' names."""
    complaints = []
    for name in variables.in_file:
        if name not in NAMES:
            near = difflib.get_close_matches(name, NAMES, n=1)
            hint = f"did you mean {near[0]}?" if near else f"the settings are: {', '.join(NAMES)}"
            complaints.append(f"there is no setting {name}, which stands in {variables.file}; {hint}")
    return complaints


def function_complaints(variables: Variables) -> list[str]:
    """What the functions would refuse of the settings that the operator's command does without."""
    complaints = []
    for read in (
        lambda: variables.required("GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project"),
        lambda: _addresses(variables, "MAIL_FROM"),
        lambda: _addresses(variables, "ALARM_TO"),
    ):
        try:
            read()
        except SettingsError as error:
            complaints.append(str(error))
    return complaints


def read_mail(variables: Variables) -> tuple[MailSettings, str, tuple[str, ...]]:
    """How mail is sent, from whom, and to whom; raises SettingsError."""
    return _mail(variables), _addresses(variables, "MAIL_FROM")[0], _addresses(variables, "ALARM_TO")


def _mail(variables: Variables) -> MailSettings:
    transport = variables.text("MAIL_TRANSPORT") or SMTP_TRANSPORT
    if transport not in TRANSPORTS:
        raise variables.malformed("MAIL_TRANSPORT", transport, " or ".join(TRANSPORTS))
    if transport == SMTP_TRANSPORT:
        return _smtp(variables)
    consent = variables.required(
        "GMAIL_CREDENTIALS",
        "the consent that attendance-backend mail consent writes: export "
        f"GMAIL_CREDENTIALS=$({secret_command('gmail-credentials')})",
    )
    return GmailSettings(_url(variables, "GMAIL_API_URL", GMAIL_API_URL), parse_consent(consent))


def _smtp(variables: Variables) -> SmtpSettings:
    username = variables.text("SMTP_USERNAME")
    password = variables.text("SMTP_PASSWORD")
    if username and not password:
        raise variables.missing(
            "SMTP_PASSWORD",
            f"the password that belongs to SMTP_USERNAME: export SMTP_PASSWORD=$({secret_command('smtp-password')})",
        )
    port = _port(variables, "SMTP_PORT", DEFAULT_SMTP_PORT)
    starttls = _flag(variables, "SMTP_STARTTLS")
    if username and not starttls and port != IMPLICIT_TLS_PORT:
        raise SettingsError(
            "SMTP_USERNAME is set, and the password would cross the network in the open: set SMTP_STARTTLS to true"
        )
    return SmtpSettings(
        host=variables.required("SMTP_HOST", "the name of the mail server"),
        port=port,
        username=username,
        password=password,
        starttls=starttls and port != IMPLICIT_TLS_PORT,
    )


def _control_id(variables: Variables) -> str:
    name = "REVIEW_PERIODS_SPREADSHEET_ID"
    variables.required(name, "the ID of the Review Periods spreadsheet, from its address")
    return str(_file_id(variables, name))


def _file_id(variables: Variables, name: str) -> str | None:
    value = variables.text(name)
    if value is not None and (address := _FILE_ADDRESS.fullmatch(value)):
        return address[1]
    if value is not None and not _FILE_ID.fullmatch(value):
        raise variables.malformed(name, value, "an ID, the long part of the address, without slashes")
    return value


def _url(variables: Variables, name: str, default: str) -> str:
    value = (variables.text(name) or default).rstrip("/")
    try:
        parts = urlsplit(value)
        sound = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        sound = False
    if not sound:
        raise variables.malformed(name, value, f"an address such as {default}")
    return value


def _port(variables: Variables, name: str, default: int) -> int:
    value = variables.text(name) or str(default)
    if not value.isascii() or not value.isdigit() or not 0 < int(value) < 65536:
        raise variables.malformed(name, value, "a port number")
    return int(value)


def _flag(variables: Variables, name: str) -> bool:
    value = (variables.text(name) or "false").casefold()
    if value not in ("true", "false", "1", "0"):
        raise variables.malformed(name, value, "true or false")
    return value in ("true", "1")


def _addresses(variables: Variables, name: str) -> tuple[str, ...]:
    value = variables.required(name, "an e-mail address")
    addresses = tuple(part.strip() for part in value.split(",") if part.strip())
    if not addresses or not all(_ADDRESS.fullmatch(address) for address in addresses):
        raise variables.malformed(name, value, "e-mail addresses, separated by commas")
    return addresses
