"""Mail through smtplib. What matters is whether a message that was not confirmed may have gone out."""

import contextlib
import logging
import re
import smtplib
import ssl
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses, parseaddr

from attendance_backend.errors import MailRefusedError, MailUnconfirmedError, SettingsError
from attendance_trouble import network_trouble

log = logging.getLogger(__name__)

IMPLICIT_TLS_PORT = 465
"""On this port a connection is encrypted from its first byte."""


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


TIMEOUT_S = 30.0
_POLICY = SMTP.clone(cte_type="7bit")
"""Any server takes it."""

_OK = 250
_ACCEPTED_RECIPIENT = (250, 251)
_ADDRESS, _HIDDEN = re.compile(r"[^\s<>@,;:\"']+@[^\s<>@,;:\"']+"), "(an address)"
"""What servers repeat in their answers, and logs must not keep."""


class NoMailer:
    """The `Mailer` port where no mail server is configured."""

    def __init__(self, trouble: str) -> None:
        """`trouble` says why not."""
        self._trouble = trouble

    def reach(self) -> None:
        """Raises SettingsError."""
        raise SettingsError(self._trouble)

    def send(self, _message: EmailMessage) -> None:
        """Raises SettingsError."""
        raise SettingsError(self._trouble)


class SmtpMailer:
    """The `Mailer` port."""

    def __init__(self, settings: SmtpSettings) -> None:
        self._settings = settings

    def send(self, message: EmailMessage) -> None:
        sender = parseaddr(str(message["From"]))[1]
        recipients = [address for _, address in getaddresses([str(message["To"])])]
        where = f"the mail server {self._settings.host}:{self._settings.port}"
        connection = self._connected()
        try:
            self._announce(connection, sender, recipients, where)
            _transmit(connection, message, where)
        finally:
            with contextlib.suppress(OSError, smtplib.SMTPException):
                connection.quit()

    def reach(self) -> None:
        connection = self._connected()
        with contextlib.suppress(OSError, smtplib.SMTPException):
            connection.quit()

    def _connected(self) -> smtplib.SMTP:
        try:
            return self._connect()
        except (OSError, smtplib.SMTPException) as error:
            where = f"the mail server {self._settings.host}:{self._settings.port}"
            raise MailRefusedError(
                f"{where} cannot be used: {_words(error)}; check the SMTP_ settings"
            ) from error

    def _connect(self) -> smtplib.SMTP:
        settings = self._settings
        kind = smtplib.SMTP_SSL if settings.port == IMPLICIT_TLS_PORT else smtplib.SMTP
        connection = kind(settings.host, settings.port, timeout=TIMEOUT_S)
        try:
            if settings.starttls:
                connection.starttls(context=ssl.create_default_context())
            if settings.username and settings.password:
                connection.login(settings.username, settings.password)
            connection.ehlo_or_helo_if_needed()
        except BaseException:
            connection.close()
            raise
        return connection

    def _announce(self, connection: smtplib.SMTP, sender: str, recipients: list[str], where: str) -> None:
        """Name sender and recipients; nothing has gone out before the message itself is transmitted."""
        try:
            code, reply = connection.mail(sender)
            if code != _OK:
                raise MailRefusedError(f"{where} refuses the sender {sender}: {_reply(code, reply)}")
            refused = {}
            for place, recipient in enumerate(recipients, 1):
                code, reply = connection.rcpt(recipient)
                if code not in _ACCEPTED_RECIPIENT:
                    refused[place] = _reply(code, reply)
        except (OSError, smtplib.SMTPException) as error:
            raise MailRefusedError(
                f"{where} broke off before the message was sent: {_words(error)}"
            ) from error
        # By their places: whose addresses they are is nobody's business who reads the log.
        reasons = [f"recipient {place} of {len(recipients)}: {reason}" for place, reason in refused.items()]
        for reason in reasons:
            log.warning("%s refuses %s; check ALARM_TO", where, reason)
        if len(refused) == len(recipients):
            raise MailRefusedError(f"{where} refuses all recipients: {'; '.join(reasons)}; check ALARM_TO")


def _transmit(connection: smtplib.SMTP, message: EmailMessage, where: str) -> None:
    try:
        code, reply = connection.data(message.as_bytes(policy=_POLICY))
    except smtplib.SMTPDataError as error:
        # The server would not even have the message begin.
        raise MailRefusedError(f"{where} refuses the message: {_words(error)}") from error
    except (OSError, smtplib.SMTPException) as error:
        raise MailUnconfirmedError(
            f"{where} broke off after the message was sent: {_words(error)}"
        ) from error
    if code == _OK:
        return
    if code >= 500:
        raise MailRefusedError(f"{where} refuses the message: {_reply(code, reply)}")
    # "Not now", said after the whole message was received: servers are known to deliver it all the same.
    raise MailUnconfirmedError(f"{where} did not confirm the message: {_reply(code, reply)}")


def _reply(code: int, reply: bytes) -> str:
    return f"{code} {_ADDRESS.sub(_HIDDEN, reply.decode('utf-8', 'replace'))}"


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        detail = error.smtp_error
        return _reply(error.smtp_code, detail if isinstance(detail, bytes) else str(detail).encode())
    return _ADDRESS.sub(_HIDDEN, network_trouble(error).rstrip("."))
