"""Mail through the Gmail API, from the one mailbox whose owner consented (OAuth 2; no delegation over a domain).

The consent is a refresh token that may send mail and do nothing else. It ends when the owner withdraws it or changes
the password, when it was not used for six months, and after a week where the project's consent screen is *External* and
still in *Testing*. https://developers.google.com/identity/protocols/oauth2#expiration
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.policy import SMTP
from typing import Any

import google.auth.exceptions
import google.oauth2.credentials
import requests
from google.auth.transport.requests import Request

from attendance_backend.errors import MailRefusedError, MailUnconfirmedError, SettingsError
from attendance_trouble import first_words, network_trouble

GMAIL_API_URL = "https://gmail.googleapis.com"
SCOPE = "https://www.googleapis.com/auth/gmail.send"
TOKEN_URI = "https://oauth2.googleapis.com/token"  # noqa: S105 - an address
TIMEOUT_S = (10.0, 60.0)
_FIELDS = ("client_id", "client_secret", "refresh_token")
_POLICY = SMTP.clone(cte_type="7bit")
_AGAIN = "ask its owner once more with attendance-backend mail consent, and run deploy/gcp/deploy --new-gmail-consent"


@dataclass(frozen=True)
class GmailSettings:
    """How to reach Gmail.

    Attributes:
        url: of the API, without path.
        consent: client_id, client_secret and refresh_token, and a token_uri that is not Google's own.
    """

    url: str
    consent: Mapping[str, str] = field(repr=False)


def parse_consent(text: str) -> Mapping[str, str]:
    """What `attendance-backend mail consent` wrote; raises SettingsError, which tells nothing of it."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict) or not all(isinstance(found.get(name), str) for name in _FIELDS):
        raise SettingsError(
            "GMAIL_CREDENTIALS is not what attendance-backend mail consent writes: JSON with client_id, client_secret "
            "and refresh_token"
        )
    return {name: str(value) for name, value in found.items()}


class GmailMailer:
    """The `Mailer` port."""

    def __init__(self, settings: GmailSettings) -> None:
        consent = settings.consent
        self._url = f"{settings.url}/gmail/v1/users/me/messages/send"
        self._session = requests.Session()
        untyped: Any = google.oauth2.credentials.Credentials
        self._credentials = untyped(
            None,
            refresh_token=consent["refresh_token"],
            token_uri=consent.get("token_uri", TOKEN_URI),
            client_id=consent["client_id"],
            client_secret=consent["client_secret"],
            scopes=[SCOPE],
        )

    def reach(self) -> None:
        self._authorise(anew=True)

    def send(self, message: EmailMessage) -> None:
        self._authorise()
        raw = base64.urlsafe_b64encode(message.as_bytes(policy=_POLICY)).decode("ascii")
        headers = {"Authorization": f"Bearer {self._credentials.token}"}
        try:
            answer = self._session.post(self._url, json={"raw": raw}, headers=headers, timeout=TIMEOUT_S)
        except requests.ConnectTimeout as error:
            raise MailRefusedError(f"Gmail cannot be reached: {network_trouble(error)}") from error
        except requests.RequestException as error:
            kind = MailRefusedError if _was_never_connected(error) else MailUnconfirmedError
            raise kind(f"Gmail did not answer: {network_trouble(error)}") from error
        if answer.status_code == requests.codes.ok:
            return
        if answer.status_code == requests.codes.unauthorized:
            self._credentials.token = None  # the next attempt asks for another
        told = f"Gmail answers {answer.status_code}: {_words(answer)}"
        if answer.status_code >= 500:
            raise MailUnconfirmedError(f"{told}; the message may have gone out")
        raise MailRefusedError(f"{told}; {_remedy(answer.status_code)}")

    def _authorise(self, *, anew: bool = False) -> None:
        if self._credentials.valid and not anew:
            return
        try:
            self._credentials.refresh(Request(session=self._session))
        except google.auth.exceptions.TransportError as error:
            raise MailRefusedError(
                f"Google's token server cannot be reached: {network_trouble(error)}"
            ) from error
        except google.auth.exceptions.GoogleAuthError as error:
            raise MailRefusedError(
                f"the mailbox's consent is no longer good ({first_words(error)}): {_AGAIN}"
            ) from error


def _was_never_connected(error: BaseException) -> bool:
    """Whether a request did not even leave: then nothing was sent."""
    causes = [error, *error.args, *(getattr(each, "reason", None) for each in error.args)]
    return any(type(cause).__name__ == "NewConnectionError" for cause in causes)


def _words(answer: requests.Response) -> str:
    try:
        return " ".join(str(answer.json()["error"]["message"]).split())[:200]
    except (ValueError, KeyError, TypeError):
        return "no reason given"


def _remedy(status: int) -> str:
    if status == requests.codes.too_many:
        return "a mailbox may send so much a day and no more; the next attempt comes by itself"
    if status == requests.codes.forbidden:
        return f"is gmail.googleapis.com enabled, and may the consent send? If not, {_AGAIN}"
    if status == requests.codes.unauthorized:
        return _AGAIN
    return "check MAIL_FROM and ALARM_TO"
