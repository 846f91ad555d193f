"""Calls to Google's REST APIs through gspread's HTTP client: addresses, patience, and errors as ours."""

import json as compact
import logging
import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

import google.auth.exceptions
import gspread
import msgspec
import requests
from gspread.exceptions import APIError

from attendance_backend.errors import BackendError, GoogleError, RefusedError, SpreadsheetGoneError
from attendance_trouble import address_of, first_words, network_trouble

log = logging.getLogger(__name__)

DRIVE_API_URL = "https://www.googleapis.com"
SHEETS_API_URL = "https://sheets.googleapis.com"
MONITORING_API_URL = "https://monitoring.googleapis.com"

Json = dict[str, Any]
T = TypeVar("T")

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 10.0, 60.0
MAX_ATTEMPTS = 5
FIRST_DELAY_S = 0.5
RETRY_WINDOW_S = 60.0
"""No attempt begins later than this after the first: Pub/Sub then delivers the message again, with more patience."""

PIECE = 1 << 16
"""Bytes of an answer that are taken at once."""

_RATE_LIMITED = 429
_DRIVE_RATE_REASONS = {"rateLimitExceeded", "userRateLimitExceeded"}


@dataclass(frozen=True)
class Addresses:
    """Where the APIs are, without path."""

    sheets: str = SHEETS_API_URL
    drive: str = DRIVE_API_URL
    monitoring: str = MONITORING_API_URL


class GoogleHttpClient(gspread.HTTPClient):
    """gspread's client, told where the APIs are, which tries again when that can do no harm."""

    def __init__(
        self,
        credentials: Any,
        addresses: Addresses,
        *,
        sleep: Callable[[float], None] = time.sleep,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(credentials)
        self.set_timeout((CONNECT_TIMEOUT_S, READ_TIMEOUT_S))
        self.session.stream = True
        self._addresses = {
            "SHEETS_API_URL": (SHEETS_API_URL, addresses.sheets),
            "DRIVE_API_URL": (DRIVE_API_URL, addresses.drive),
            "MONITORING_API_URL": (MONITORING_API_URL, addresses.monitoring),
        }
        """Google's and ours, by the setting."""
        self._account = getattr(credentials, "service_account_email", None) or "the backend's account"
        self._sleep = sleep
        self._monotonic = monotonic

    def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> requests.Response:
        """As gspread's, at our addresses."""
        for usual, own in self._addresses.values():
            endpoint = endpoint.replace(usual, own, 1)
        try:
            return super().request(method, endpoint, *args, **options)
        except (KeyError, TypeError) as error:
            # gspread looks into errors for a code; what a proxy answers may have none.
            raise requests.exceptions.InvalidJSONError("an error that is not in Google's form") from error

    def ask(
        self,
        form: type[T],
        method: str,
        url: str,
        *,
        what: str,
        repeatable: bool,
        params: Mapping[str, Any] | None = None,
        json: Json | None = None,
    ) -> T:
        """One call of an API, tried again on 429 and, if `repeatable`, on 5xx and broken connections.

        Args:
            form: of the answer, as msgspec reads it; fields that it does not know are passed over. `Json` for any.
            url: at Google's own address.
            repeatable: whether the call may be carried out twice without harm.

        Raises:
            SpreadsheetGoneError: 404, or 403 without permission.
            RefusedError: refused for another reason.
            GoogleError: no success; it may have been carried out all the same.
        """
        options = _options(params, json)
        began = self._monotonic()
        for attempt in range(1, MAX_ATTEMPTS + 1):
            try:
                response = self.request(method, url, **options)
                return _decoded(response, form, what)
            except (APIError, requests.RequestException, google.auth.exceptions.GoogleAuthError) as failure:
                late = self._monotonic() - began > RETRY_WINDOW_S
                if attempt == MAX_ATTEMPTS or late or not _may_repeat(failure, repeatable=repeatable):
                    raise self._translated(failure, what) from failure
                # Full jitter: sites that collided once do not collide again.
                delay = random.uniform(0, FIRST_DELAY_S * 2**attempt)  # noqa: S311 - no secret
                log.info("%s; trying again in %.1f s", self._translated(failure, what), delay)
                self._sleep(delay)
        raise AssertionError("the loop returns or raises")

    def _translated(self, failure: Exception, what: str) -> BackendError:
        if isinstance(failure, google.auth.exceptions.TransportError):
            return self._unreachable(failure, what, "Google's token server")
        if isinstance(failure, google.auth.exceptions.GoogleAuthError):
            return RefusedError(
                f"{what}: Google does not accept the credentials of {self._account} ({first_words(failure)}): is this "
                "computer's clock right, and the key still one of the account's? If not, make a new key"
            )
        if not isinstance(failure, APIError):
            return self._unreachable(failure, what, "Google")
        return self._refusal(failure, what)

    def _unreachable(self, failure: Exception, what: str, whom: str) -> GoogleError:
        address = address_of(failure)
        where = f"{whom} at {address}" if address else whom
        own = " and ".join(name for name, (usual, url) in self._addresses.items() if usual != url == address)
        advice = f"check {own}" if own else "check this computer's network"
        return GoogleError(f"{what}: {where} cannot be reached ({network_trouble(failure)}); {advice}")

    def _refusal(self, failure: APIError, what: str) -> BackendError:
        status = failure.response.status_code
        message = failure.error.get("message", "")
        if status == _RATE_LIMITED or status >= 500 or _is_drive_rate_limit(failure):
            return GoogleError(f"{what}: Google answers {status}: {message}")
        if status == 404:
            return SpreadsheetGoneError(
                f"{what} does not exist or is not shared with {self._account}: check the ID, and share it"
            )
        if status == 403 and failure.error.get("status") == "PERMISSION_DENIED":
            return SpreadsheetGoneError(
                f"{what} may not be used by {self._account} ({message}): share it with that account, as an editor"
            )
        return RefusedError(f"{what}: Google refuses ({status}): {message}")


def _options(params: Mapping[str, Any] | None, json: Json | None) -> dict[str, Any]:
    """A call's query and body, without blanks; nor is the answer to have any, half of which they would be."""
    options: dict[str, Any] = {"params": {**(params or {}), "prettyPrint": "false"}}
    if json is not None:
        options["data"] = _encoded(json)
        options["headers"] = {"Content-Type": "application/json"}
    return options


def _encoded(json: Json) -> bytes:
    try:
        return msgspec.json.encode(json)
    except UnicodeEncodeError:  # half of a character; it is the service's to refuse it
        return compact.dumps(json, allow_nan=False, separators=(",", ":")).encode()


def _decoded(response: requests.Response, form: type[T], what: str) -> T:
    body = bytearray()
    for piece in response.iter_content(PIECE):  # `content` would have a large answer in memory twice
        body += piece
    try:
        try:
            return msgspec.json.decode(body, type=form)
        except msgspec.ValidationError:
            raise
        except msgspec.DecodeError:  # half of a character, as a formula leaves of an emoji, is no reason
            return msgspec.convert(compact.loads(body), form)
    except msgspec.ValidationError as error:
        raise GoogleError(f"{what}: Google's answer makes no sense: {error}") from error
    except ValueError as error:
        raise requests.exceptions.InvalidJSONError("the answer is no JSON") from error


def _may_repeat(failure: Exception, *, repeatable: bool) -> bool:
    if isinstance(failure, APIError):
        status = failure.response.status_code
        if status == _RATE_LIMITED or _is_drive_rate_limit(failure):
            return True
        return repeatable and status in (500, 502, 503, 504)
    if isinstance(failure, google.auth.exceptions.GoogleAuthError):
        return isinstance(failure, google.auth.exceptions.TransportError)
    return repeatable


def _is_drive_rate_limit(failure: APIError) -> bool:
    """Drive reports too many requests as 403."""
    details = failure.error.get("errors") or [{}]
    return any(detail.get("reason") in _DRIVE_RATE_REASONS for detail in details)
