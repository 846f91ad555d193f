"""Google's credentials of this site, tried out."""

import google.auth
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request

from attendance_client.errors import AccessError, BusError
from attendance_client.relay.pubsub import NO_USE, unusable_credentials
from attendance_trouble import address_of, first_words, network_trouble

SCOPES = ("https://www.googleapis.com/auth/pubsub",)


def tried_account() -> str:
    """The account that Google has just given a token to.

    Raises:
        AccessError: there are no credentials, or Google refuses them.
        BusError: Google does not answer.
    """
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except NO_USE as error:
        raise AccessError(unusable_credentials()) from error
    try:
        credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth is untyped
    except RefreshError as error:
        raise AccessError(
            f"Google does not accept the credentials ({first_words(error)}); is this computer's clock right, and the "
            "key still one of the account's? If not, make a new key"
        ) from error
    except GoogleAuthError as error:
        raise BusError(
            f"Google cannot be reached at {address_of(error) or 'its token server'} ({network_trouble(error)}); is "
            "this computer on the internet, and may it use HTTPS?"
        ) from error
    return str(getattr(credentials, "service_account_email", "") or "an account that does not say its name")
