"""The stand-in for Gmail: codes, consents and messages that it refuses, as Google does."""

import base64
from urllib.parse import unquote

import pytest
import requests

from attendance_sandbox.mail.gmail import PATH, GmailServer


@pytest.fixture
def gmail():
    with GmailServer() as server:
        yield server


def ask(gmail, **fields):
    return requests.post(f"{gmail.url}/token", data=fields, timeout=10)


@pytest.fixture
def token(gmail):
    client = gmail.new_client()["installed"]
    verifier = "v" * 43
    challenge = "7w_YNF9DSfIdPf_pRjSq646_kPr-2-o9NAl16JGghdM"  # base64url of its SHA-256, made with openssl
    sent_to = gmail.consent(
        f"https://accounts.google.com/o/oauth2/auth?client_id={client['client_id']}&state=s&redirect_uri=http://x/"
        f"&scope=https://www.googleapis.com/auth/gmail.send&code_challenge={challenge}"
    )
    code = unquote(sent_to.partition("code=")[2].partition("&")[0])
    known = {"client_id": client["client_id"], "client_secret": client["client_secret"]}
    first = ask(gmail, grant_type="authorization_code", code=code, code_verifier="w" * 43, **known)
    assert (first.status_code, first.json()["error"]) == (400, "invalid_grant")
    again = gmail.consent(
        f"https://accounts.google.com/o/oauth2/auth?client_id={client['client_id']}&state=s&redirect_uri=http://x/"
        f"&scope=https://www.googleapis.com/auth/gmail.send&code_challenge={challenge}"
    )
    code = unquote(again.partition("code=")[2].partition("&")[0])
    form = {"grant_type": "authorization_code", "code": code, "code_verifier": verifier}
    wrong = {**known, "client_secret": "x"}
    assert ask(gmail, **form, **wrong).json()["error"] == "invalid_client"
    given = ask(gmail, **form, **known).json()
    assert ask(gmail, **form, **known).json()["error"] == "invalid_grant", "a code is good once"
    refreshed = ask(gmail, grant_type="refresh_token", refresh_token=given["refresh_token"], **known)
    assert refreshed.json()["scope"].endswith("gmail.send")
    return refreshed.json()["access_token"]


def send(gmail, token, text):
    raw = base64.urlsafe_b64encode(text.encode()).decode()
    header = {"Authorization": f"Bearer {token}"}
    return requests.post(f"{gmail.url}{PATH}", json={"raw": raw}, headers=header, timeout=10)


def test_what_is_sent_comes_from_the_mailbox(gmail, token):
    assert send(gmail, token, "From: boss@example.com\r\nTo: hr@example.com\r\n\r\nx").json()["labelIds"] == [
        "SENT"
    ]
    assert gmail.messages[0]["From"] == gmail.mailbox


def test_what_is_no_message_is_refused(gmail, token):
    assert send(gmail, "ya29.none", "To: a@example.com\r\n\r\n").status_code == 401
    assert "Recipient" in send(gmail, token, "From: a@example.com\r\n\r\n").json()["error"]["message"]
    header = {"Authorization": f"Bearer {token}"}
    raw = requests.post(f"{gmail.url}{PATH}", json={"raw": "+/="}, headers=header, timeout=10)
    assert (raw.status_code, raw.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")
    assert requests.get(f"{gmail.url}{PATH}", headers=header, timeout=10).status_code == 404
    gmail.left = 0
    assert send(gmail, token, "To: a@example.com\r\n\r\n").status_code == 429
    assert gmail.messages == []
