"""A stand-in for the Gmail API: the one method that sends, and the token endpoint behind a mailbox's consent.

Faithful: path, JSON and refusals, tokens and their scope, a message that must be base64url of a message with
recipients, and *From*, which becomes the mailbox where it names somebody else. Not faithful: the mailbox has no other
addresses, nothing is delivered, nothing can be read, one limit stands for all of Gmail's.
"""

import base64
import binascii
import hashlib
import secrets
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import getaddresses, parseaddr
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from attendance_sandbox.sheets.errors import ApiError
from attendance_sandbox.sheets.http_server import DropConnectionError, HttpStandIn
from attendance_sandbox.sheets.oauth import GrantError, TokenService
from attendance_sandbox.sheets.routes import Answer, HttpRequest

SCOPE = "https://www.googleapis.com/auth/gmail.send"
PATH = "/gmail/v1/users/me/messages/send"


class GmailServer(HttpStandIn):
    """The stand-in; use it as a context manager.

    Attributes:
        tokens: whose `new_client` and `consent` a test or a person uses.
        mailbox: whose consent it is about.
        messages: that were sent.
        fault: an HTTP status for the next message; 0 for a connection that breaks after it was sent.
        left: so many messages may be sent yet.
    """

    def __init__(
        self,
        port: int = 0,
        on_message: Callable[[EmailMessage], object] | None = None,
    ) -> None:
        """Binds the port; raises OSError where it is in use. `on_message` is called with each that was sent."""
        self.tokens = TokenService()
        self.mailbox = "attendance@example.com"
        self.messages: list[EmailMessage] = []
        self.fault: int | None = None
        self.left = 2_000
        self._on_message = on_message
        self._lock = threading.Lock()
        super().__init__(port)

    def new_client(self) -> dict[str, Any]:
        """An OAuth client's JSON."""
        return self.tokens.new_client(f"{self.url}/token")

    def consent(self, address: str) -> str:
        """The mailbox's owner opens the address and allows it; returns where the browser is sent."""
        return self.tokens.consent(address, self.mailbox)

    def consented(self) -> dict[str, str]:
        """What `attendance-backend mail consent` writes once the owner has agreed, without a browser."""
        client, verifier = self.new_client()["installed"], secrets.token_urlsafe(48)
        digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).decode().rstrip("=")
        known = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
        asked = {**known, "scope": SCOPE, "state": "", "redirect_uri": "", "code_challenge": digest}
        code = parse_qs(urlsplit(self.consent(f"?{urlencode(asked)}")).query)["code"][0]
        form = {**known, "grant_type": "authorization_code", "code": code, "code_verifier": verifier}
        given = self.tokens.grant(urlencode(form), client["token_uri"])
        return {**known, "refresh_token": given["refresh_token"], "token_uri": client["token_uri"]}

    def respond(self, request: HttpRequest) -> Answer:
        if request.method == "POST" and request.path == "/token":
            try:
                form, header = request.body.decode(), request.authorization
                return Answer.of_json(200, self.tokens.grant(form, f"{self.url}/token", header))
            except GrantError as error:
                return Answer.of_json(400, error.to_json())
        try:
            return Answer.of_json(200, self._sent(request))
        except ApiError as error:
            return Answer.of_json(error.code, error.to_json())

    def _sent(self, request: HttpRequest) -> dict[str, Any]:
        if request.method != "POST" or request.path != PATH:
            raise ApiError(404, "NOT_FOUND", "Requested entity was not found.")
        mailbox = self.tokens.caller(request.authorization, "gmail")
        with self._lock:
            fault, self.fault = self.fault, None
            if fault:
                raise ApiError(fault, "UNAVAILABLE", "The service is currently unavailable.")
            if self.left <= 0:
                raise ApiError(429, "RESOURCE_EXHAUSTED", "User-rate limit exceeded.")
            self.left -= 1
            message = _message(request.json().get("raw"))
            if parseaddr(str(message["From"]))[1] != mailbox:
                message.replace_header("From", mailbox)
            self.messages.append(message)
            if self._on_message is not None:
                self._on_message(message)
            number = f"{len(self.messages):016x}"
        if fault == 0:
            raise DropConnectionError
        return {"id": number, "threadId": number, "labelIds": ["SENT"]}


def _message(raw: Any) -> EmailMessage:
    try:
        content = base64.b64decode(str(raw), altchars=b"-_", validate=True)
    except binascii.Error as error:
        raise ApiError(400, "INVALID_ARGUMENT", "Invalid value at 'message.raw' (TYPE_BYTES)") from error
    message = message_from_bytes(content, _class=EmailMessage, policy=SMTP)
    # parseaddr finds none in a list of several, with newer Pythons and Debian's.
    if not any(address for _, address in getaddresses([str(message.get("To", ""))])):
        raise ApiError(400, "INVALID_ARGUMENT", "Recipient address required")
    return message
