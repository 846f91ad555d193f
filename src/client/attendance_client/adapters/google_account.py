"""Google's credentials of this site, tried out."""

import os

import google.auth
from google.auth.exceptions import DefaultCredentialsError, GoogleAuthError, RefreshError
from google.auth.transport.requests import Request

from attendance_client.adapters.pubsub import unusable_credentials
from attendance_client.errors import AccessError, BusError

SCOPES = ("https://www.googleapis.com/auth/pubsub",)
KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"


def tried_account() -> str:
    """The account that Google has just given a token to.

    Raises:
        AccessError: there are no credentials, or Google refuses them.
        BusError: Google does not answer.
    """
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except DefaultCredentialsError as error:
        raise AccessError(unusable_credentials(os.environ.get(KEY_FILE))) from error
    try:
        credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth is untyped
    except RefreshError as error:
        raise AccessError(
            f"Google refuses the credentials ({_first_of(error)}); is this computer's clock right, and the key still "
            "one of the account's? If not, make a new key"
        ) from error
    except GoogleAuthError as error:
        raise BusError(
            f"Google does not answer ({_first_of(error)}); is this computer on the internet, and may it use HTTPS?"
        ) from error
    return str(getattr(credentials, "service_account_email", "") or "an account that does not say its name")


def _first_of(error: Exception) -> str:
    return str(error.args[0] if error.args else error).splitlines()[0]
