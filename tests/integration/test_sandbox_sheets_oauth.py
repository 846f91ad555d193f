"""Tokens: the real JWT grant of google-auth, and everything that must be refused."""

import base64
import json
import time
from collections.abc import Iterator
from typing import Any

import gspread
import pytest
import requests
from google.auth import crypt, exceptions, jwt
from google.auth.transport.requests import Request

from tests.integration.test_sandbox_sheets_support import SCOPES, Office, credentials, gspread_client

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"


class Clock:
    def __init__(self) -> None:
        self.now = time.time()

    def __call__(self) -> float:
        return self.now


@pytest.fixture(scope="module")
def clock() -> Clock:
    return Clock()


@pytest.fixture(scope="module")
def office(clock: Clock) -> Iterator[Office]:
    with Office(clock=clock) as running:
        yield running


def ask(office: Office, assertion: str | bytes, grant_type: str = GRANT) -> requests.Response:
    form = {"grant_type": grant_type, "assertion": assertion}
    return requests.post(office.server.token_uri, data=form, timeout=5)


def signed(office: Office, key: dict[str, str] | None = None, **claims: Any) -> bytes:
    signer = crypt.RSASigner.from_service_account_info(key or office.key)
    now = int(time.time())
    standard = {
        "iss": office.email,
        "aud": office.server.token_uri,
        "iat": now,
        "exp": now + 3600,
        "scope": " ".join(SCOPES),
    }
    return jwt.encode(signer, {**standard, **claims})


def test_google_auth_gets_a_token_and_it_opens_the_api(office: Office) -> None:
    granted = credentials(office.key)
    granted.refresh(Request())
    response = requests.get(
        office.server.url + "/drive/v3/files", headers={"Authorization": f"Bearer {granted.token}"}, timeout=5
    )
    assert response.status_code == 200
    assert granted.expiry is not None


@pytest.mark.parametrize("header", [None, "", "Bearer ", "Bearer nonsense", "Basic abc"])
def test_a_request_without_a_known_token_is_refused(office: Office, header: str | None) -> None:
    headers = {} if header is None else {"Authorization": header}
    response = requests.get(office.server.url + "/v4/spreadsheets/x", headers=headers, timeout=5)
    assert response.status_code == 401
    assert response.json()["error"]["status"] == "UNAUTHENTICATED"


def test_an_expired_token_is_refused_and_google_auth_gets_a_new_one(office: Office, clock: Clock) -> None:
    granted = credentials(office.key)
    granted.refresh(Request())
    headers = {"Authorization": f"Bearer {granted.token}"}
    url = office.server.url + "/drive/v3/files"
    assert requests.get(url, headers=headers, timeout=5).status_code == 200
    clock.now += 3599
    assert requests.get(url, headers=headers, timeout=5).status_code == 401
    clock.now -= 3599
    office.server.tokens.expire_all()
    assert requests.get(url, headers=headers, timeout=5).status_code == 401
    assert office.call("GET", "/drive/v3/files").status_code == 200  # its session refreshes and tries again


def test_a_signature_by_another_key_is_refused(office: Office) -> None:
    other = office.server.new_service_account("other@attendance-sandbox.iam.gserviceaccount.com")
    response = ask(office, signed(office, other))
    assert response.status_code == 400
    assert response.json() == {"error": "invalid_grant", "error_description": "Invalid JWT Signature."}
    with pytest.raises(exceptions.RefreshError, match="Invalid JWT Signature"):
        credentials({**office.key, "private_key": other["private_key"]}).refresh(Request())


def test_changed_claims_are_refused(office: Office) -> None:
    header, claims, signature = signed(office).decode().split(".")
    changed = json.loads(base64.urlsafe_b64decode(claims + "=="))
    changed["scope"] = "https://www.googleapis.com/auth/drive"
    claims = base64.urlsafe_b64encode(json.dumps(changed).encode()).decode().rstrip("=")
    assert ask(office, f"{header}.{claims}.{signature}").json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("claims", "error", "description"),
    [
        ({"aud": "https://example.com/token"}, "invalid_grant", "audience"),
        ({"exp": -10, "iat": -3600}, "invalid_grant", "short-lived"),
        ({"exp": 90_000}, "invalid_grant", "short-lived"),
        ({"iat": 4000, "exp": 5000}, "invalid_grant", "short-lived"),
        ({"exp": "soon"}, "invalid_grant", "short-lived"),
        ({"iss": "nobody@example.com"}, "invalid_grant", "account not found"),
        ({"scope": ""}, "invalid_scope", "scope"),
    ],
)
def test_wrong_claims_are_refused(
    office: Office, claims: dict[str, Any], error: str, description: str
) -> None:
    now = int(time.time())  # not of when the tests were collected, which may be an hour ago
    claims = {name: now + value if isinstance(value, int) else value for name, value in claims.items()}
    response = ask(office, signed(office, **claims))
    assert response.status_code == 400
    assert response.json()["error"] == error
    assert description in response.json()["error_description"]


@pytest.mark.parametrize("assertion", ["", "a", "a.b", "a.b.c", "e30.e30.e30", "W10.W10.", "\udcff"])
def test_what_is_no_token_is_refused(office: Office, assertion: str) -> None:
    response = ask(office, assertion.encode("utf-8", "surrogateescape"))
    assert response.status_code == 400
    assert response.json()["error"] == "invalid_grant"


def test_an_unsigned_token_is_refused(office: Office) -> None:
    _, claims, _ = signed(office).decode().split(".")
    header = base64.urlsafe_b64encode(b'{"alg":"none"}').decode().rstrip("=")
    assert ask(office, f"{header}.{claims}.").json()["error"] == "invalid_grant"


def test_other_grants_are_refused(office: Office) -> None:
    assert ask(office, signed(office), "password").json()["error"] == "unsupported_grant_type"


def test_a_scope_opens_only_its_own_api(office: Office) -> None:
    sheets_only = gspread_client(office.server, office.key, SCOPES[:1])
    with pytest.raises(gspread.exceptions.APIError) as refused:
        sheets_only.create("Needs the Drive scope")
    assert refused.value.code == 403
    sheets_only.http_client.session.close()


def test_a_spreadsheet_that_is_not_shared_is_denied(office: Office) -> None:
    private = office.server.new_spreadsheet("Private")
    response = office.call("GET", f"/v4/spreadsheets/{private}")
    assert response.status_code == 403
    assert response.json()["error"]["message"] == "The caller does not have permission"
    assert office.call("GET", f"/drive/v3/files/{private}").status_code == 404


def test_a_reader_cannot_write(office: Office) -> None:
    shared = office.server.new_spreadsheet("To look at")
    office.server.file(shared).permissions.append(
        {"id": "1", "type": "user", "role": "reader", "emailAddress": office.email}
    )
    assert office.call("GET", f"/v4/spreadsheets/{shared}").status_code == 200
    assert office.put(shared, "A1", [[1]]).status_code == 403
