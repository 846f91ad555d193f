"""The OAuth 2 token endpoint: service accounts exchange a signed JWT for a short-lived bearer token.

A person's consent is exchanged for such tokens as well: `consent` is the browser with the person in front of it.

Faithful: the JWT bearer grant (RFC 7523), the RS256 signature checked against the account's public key, issuer,
audience, lifetime and scopes checked; codes that are good once, for the client and the verifier (RFC 7636) they were
made for, refresh tokens until they are withdrawn; bearer tokens that expire, and the refusals' JSON. Not faithful: no
pages, no ID tokens.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from attendance_sandbox.sheets.errors import ApiError

GRANT_TYPE = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE_AUDIENCES = ("https://oauth2.googleapis.com/token", "https://accounts.google.com/o/oauth2/token")
"""Audiences of the real service; google-auth writes the first one whatever the key's token_uri says."""
MAX_ASSERTION_LIFETIME_S = 3600
CLOCK_SKEW_S = 300
SCOPE_PREFIX = "https://www.googleapis.com/auth/"
SCOPES = {
    "sheets": ("spreadsheets", "spreadsheets.readonly", "drive", "drive.file", "drive.readonly"),
    "gmail": ("gmail.send", "gmail.compose", "gmail.modify"),
    "drive": ("drive", "drive.file", "drive.readonly", "drive.metadata", "drive.metadata.readonly"),
}
"""The scopes, without their common prefix, each of which opens an API."""


class GrantError(Exception):
    """A refused token request: ``{"error": code, "error_description": description}``, HTTP 400."""

    def __init__(self, code: str, description: str) -> None:
        super().__init__(description)
        self.code = code
        self.description = description

    def to_json(self) -> dict[str, str]:
        return {"error": self.code, "error_description": self.description}


@dataclass(frozen=True, slots=True)
class Token:
    """Whom a bearer token speaks for, what it opens and until when (seconds since 1970)."""

    email: str
    scopes: tuple[str, ...]
    expires_at: float


@dataclass(frozen=True, slots=True)
class Consent:
    """What a person allowed a client."""

    client_id: str
    client_secret: str
    email: str
    scopes: tuple[str, ...]
    challenge: str = ""


class TokenService:
    """Knows the service accounts and the tokens that were given out. Safe to use from several threads."""

    def __init__(self, lifetime_s: float = 3599, clock: Callable[[], float] = time.time) -> None:
        self._lifetime_s = lifetime_s
        self._clock = clock
        self._keys: dict[str, rsa.RSAPublicKey] = {}
        self._tokens: dict[str, Token] = {}
        self._secrets: dict[str, str] = {}
        self._codes: dict[str, Consent] = {}
        self._consents: dict[str, Consent] = {}
        self._lock = threading.Lock()

    def new_client(self, token_uri: str) -> dict[str, Any]:
        """Makes an OAuth client of the kind Desktop app; returns its JSON, as the Cloud console gives it out."""
        client_id = f"{secrets.randbelow(10**12)}.apps.googleusercontent.com"
        secret = secrets.token_urlsafe(24)
        with self._lock:
            self._secrets[client_id] = secret
        about = {
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "redirect_uris": ["http://localhost"],
        }
        return {
            "installed": {"client_id": client_id, "client_secret": secret, "token_uri": token_uri, **about}
        }

    def consent(self, address: str, email: str) -> str:
        """What a person's browser does with an authorization address once they agree: where it is sent."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        code = f"4/0{secrets.token_urlsafe(32)}"
        client = query["client_id"]
        with self._lock:
            self._codes[code] = Consent(
                client, self._secrets[client], email, tuple(query["scope"].split()), query["code_challenge"]
            )
        told = {"state": query.get("state", ""), "code": code, "scope": query["scope"]}
        return f"{query.get('redirect_uri', '')}?{urlencode(told)}"

    def withdraw(self) -> None:
        """Every consent ends."""
        with self._lock:
            self._consents.clear()

    def new_account(self, email: str, token_uri: str) -> dict[str, str]:
        """Makes an account with an RSA key; returns its JSON key file, as the Cloud console gives it out."""
        key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        with self._lock:
            self._keys[email] = key.public_key()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        return {
            "type": "service_account",
            "project_id": "attendance-sandbox",
            "private_key_id": secrets.token_hex(20),
            "private_key": private.decode("ascii"),
            "client_email": email,
            "client_id": str(secrets.randbelow(10**21)).zfill(21),
            "auth_uri": "https://accounts.google.com/o/oauth2/auth",
            "token_uri": token_uri,
            "universe_domain": "googleapis.com",
        }

    def grant(self, form: str, token_uri: str, authorization: str | None = None) -> dict[str, Any]:
        """Answers a token request (a URL-encoded form); a client may name itself in the header, too.

        Raises:
            GrantError: the assertion is not one that a known account signed just now, for this endpoint.
        """
        fields = {name: values[0] for name, values in parse_qs(form).items()}
        if fields.get("grant_type") in ("authorization_code", "refresh_token"):
            return self._consented({**fields, **_named(authorization)})
        if fields.get("grant_type") != GRANT_TYPE:
            raise GrantError("unsupported_grant_type", f"Invalid grant_type: {fields.get('grant_type', '')}")
        claims = self._verified_claims(fields.get("assertion", ""))
        self._check_times(claims)
        audiences = claims.get("aud")
        if audiences not in (token_uri, *GOOGLE_AUDIENCES):
            raise GrantError(
                "invalid_grant", f"Invalid JWT: Failed audience check. The right audience is {token_uri}"
            )
        scopes = tuple(str(claims.get("scope", "")).split())
        if not scopes:
            raise GrantError("invalid_scope", "Empty or missing scope not allowed.")
        return self._new_token(claims["iss"], scopes)

    def _new_token(self, email: str, scopes: tuple[str, ...]) -> dict[str, Any]:
        text = "ya29." + secrets.token_urlsafe(48)
        with self._lock:
            self._tokens[text] = Token(email, scopes, self._clock() + self._lifetime_s)
        return {"access_token": text, "expires_in": int(self._lifetime_s), "token_type": "Bearer"}

    def _consented(self, fields: dict[str, str]) -> dict[str, Any]:
        with self._lock:
            if self._secrets.get(fields.get("client_id", "")) != fields.get("client_secret"):
                raise GrantError("invalid_client", "The provided client secret is invalid.")
            if fields["grant_type"] == "refresh_token":
                consent = self._consents.get(fields.get("refresh_token", ""))
            else:
                consent = self._codes.pop(fields.get("code", ""), None)
                verifier = hashlib.sha256(fields.get("code_verifier", "").encode()).digest()
                if consent and consent.challenge != base64.urlsafe_b64encode(verifier).decode().rstrip("="):
                    consent = None
            if consent is None or consent.client_id != fields["client_id"]:
                raise GrantError("invalid_grant", "Token has been expired or revoked.")
            refresh = fields.get("refresh_token") or f"1//{secrets.token_urlsafe(48)}"
            self._consents[refresh] = consent
        more = {} if fields["grant_type"] == "refresh_token" else {"refresh_token": refresh}
        return {**self._new_token(consent.email, consent.scopes), **more, "scope": " ".join(consent.scopes)}

    def _verified_claims(self, assertion: str) -> dict[str, Any]:
        parts = assertion.split(".")
        try:
            header, claims = (json.loads(_decode(part)) for part in parts[:2])
            signature = _decode(parts[2])
        except (ValueError, IndexError, binascii.Error) as error:
            raise GrantError("invalid_grant", "Invalid JWT: it is not a signed JSON Web Token.") from error
        if not isinstance(header, dict) or not isinstance(claims, dict) or header.get("alg") != "RS256":
            raise GrantError("invalid_grant", "Invalid JWT: the algorithm must be RS256.")
        key = self._keys.get(str(claims.get("iss")))
        if key is None:
            raise GrantError("invalid_grant", "Invalid grant: account not found")
        try:
            signed = f"{parts[0]}.{parts[1]}".encode("ascii")
            key.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        except InvalidSignature as error:
            raise GrantError("invalid_grant", "Invalid JWT Signature.") from error
        return claims

    def _check_times(self, claims: dict[str, Any]) -> None:
        issued, expires = claims.get("iat"), claims.get("exp")
        now = self._clock()
        fresh = (
            isinstance(issued, int | float)
            and isinstance(expires, int | float)
            and issued <= now + CLOCK_SKEW_S
            and expires > now
            and expires - issued <= MAX_ASSERTION_LIFETIME_S
        )
        if not fresh:
            raise GrantError(
                "invalid_grant",
                "Invalid JWT: Token must be a short-lived token (60 minutes) and in a reasonable timeframe. "
                "Check your iat and exp values in the JWT claim.",
            )

    def caller(self, authorization: str | None, api: str) -> str:
        """The account that a request's ``Authorization`` header speaks for; `api` is a key of `SCOPES`.

        Raises:
            ApiError: 401 for a missing, unknown or expired token, 403 for one without a fitting scope.
        """
        if not authorization:
            raise ApiError(
                401,
                "UNAUTHENTICATED",
                "Request is missing required authentication credential. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
            )
        with self._lock:
            token = self._tokens.get(authorization.removeprefix("Bearer "))
        if token is None or token.expires_at <= self._clock():
            raise ApiError(
                401,
                "UNAUTHENTICATED",
                "Request had invalid authentication credentials. Expected OAuth 2 access token, "
                "login cookie or other valid authentication credential.",
            )
        if not any(scope.removeprefix(SCOPE_PREFIX) in SCOPES[api] for scope in token.scopes):
            raise ApiError(403, "PERMISSION_DENIED", "Request had insufficient authentication scopes.")
        return token.email

    def expire_all(self) -> None:
        """Makes every token that was given out invalid."""
        with self._lock:
            self._tokens.clear()


def _named(authorization: str | None) -> dict[str, str]:
    """A client's ID and secret as HTTP's Basic authentication has them."""
    kind, _, text = (authorization or "").partition(" ")
    if kind != "Basic":
        return {}
    client_id, _, secret = base64.b64decode(text).decode().partition(":")
    return {"client_id": client_id, "client_secret": secret}


def _decode(part: str) -> bytes:
    return base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
