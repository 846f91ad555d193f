"""`attendance-backend mail`: the consent of the mailbox that alarms come from, and a mail to see that they arrive."""

import json
import os
from collections.abc import Callable, Sequence
from email.message import EmailMessage
from email.utils import formatdate, make_msgid
from pathlib import Path
from typing import Any

import google_auth_oauthlib.flow
import oauthlib.oauth2
import requests

from attendance_backend.errors import GoogleError, SettingsError, UserError
from attendance_backend.google.gmail import SCOPE, TOKEN_URI
from attendance_backend.ports import Mailer
from attendance_trouble import first_words, network_trouble

REDIRECT = "http://localhost:1/"
"""Nothing answers there: the browser shows an error, and the address that it shows is what is pasted back."""

_SUBJECT = "Attendance: a test"
_TEXT = """\
This is what attendance-backend mail test sends: alarms of missing review periods, of silent sites and of messages that
never worked would come like this, from this sender, to these addresses.
"""


def send_test(mailer: Mailer, sender: str, recipients: Sequence[str]) -> None:
    """Send a mail that says what it is. Raises MailRefusedError and MailUnconfirmedError."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = _SUBJECT
    message["Date"] = formatdate()
    message["Message-ID"] = make_msgid(domain=sender.rpartition("@")[2].strip("<> ") or "localhost")
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(_TEXT)
    mailer.send(message)


def consent(client_file: Path, output: Path, ask: Callable[[str], str], say: Callable[[str], None]) -> None:
    """Ask the mailbox's owner, in a browser anywhere, and write what came of it, readable for its owner only.

    Raises:
        UserError: the file is no OAuth client's, what was pasted is not the address, or Google refuses.
        GoogleError: the network failed.
    """
    flow, token_uri = _flow(client_file)
    address, _ = flow.authorization_url(access_type="offline", prompt="consent")
    say(
        "Open this in a browser, log in as the mailbox that alarms shall come from, and allow it to send mail:"
    )
    say(address)
    pasted = ask(
        f"The browser then shows an address that begins with {REDIRECT} and an error, which does not matter. Paste "
        "that address here: "
    ).strip()
    if not pasted.startswith(REDIRECT):
        raise UserError(f"that does not begin with {REDIRECT}: run this again, and paste the whole address")
    # Nothing but this program's own words comes over that address, which leads nowhere.
    credentials = _exchange(flow, pasted.replace("http://", "https://", 1))
    found = {
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        "refresh_token": credentials.refresh_token,
    }
    if not found["refresh_token"]:
        raise UserError("Google gave no lasting consent: run this again, and allow it once more")
    if token_uri != TOKEN_URI:
        found["token_uri"] = token_uri
    _write(output, json.dumps(found, indent=2) + "\n")
    say(
        f"{output} holds the consent: deploy/gcp/deploy asks for that file, keeps it as a secret, and then delete it"
    )


def _flow(client_file: Path) -> tuple[Any, str]:
    expected = (
        f"{client_file} is no OAuth client of the kind Desktop app: make one at "
        "https://console.cloud.google.com/auth/clients, and download its JSON"
    )
    try:
        client = json.loads(client_file.read_text(encoding="utf-8"))
        token_uri = str(client["installed"]["token_uri"])
        flow = google_auth_oauthlib.flow.Flow.from_client_config(
            client, scopes=[SCOPE], redirect_uri=REDIRECT
        )
    except OSError as error:
        raise SettingsError(
            f"{client_file} cannot be read ({error.strerror}): name it with --client"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise SettingsError(expected) from error
    return flow, token_uri


def _exchange(flow: Any, address: str) -> Any:
    try:
        flow.fetch_token(authorization_response=address)
    except (requests.RequestException, OSError) as error:
        raise GoogleError(f"Google's token server cannot be reached: {network_trouble(error)}") from error
    except Warning as error:
        raise UserError("sending mail was not allowed: run this again, and tick what it asks for") from error
    except (oauthlib.oauth2.OAuth2Error, ValueError) as error:
        raise UserError(
            f"Google gives no consent for that address ({first_words(error)}): run this again, it is good once and for "
            "some minutes"
        ) from error
    return flow.credentials


def _write(path: Path, text: str) -> None:
    """Whole or not at all."""
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        partial.replace(path)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror}): name another with --output"
        ) from error
