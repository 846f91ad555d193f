"""Which method of which API a request means, by its HTTP method and path."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.drive import Drive
from attendance_sandbox.sheets.errors import ApiError, invalid_argument
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.sheets_api import SheetsApi


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes back: a status, a body and its type."""

    status: int
    body: bytes
    content_type: str = "application/json; charset=UTF-8"

    @staticmethod
    def of_json(status: int, value: Any, *, compact: bool = False) -> Answer:
        separators = (",", ":") if compact else None
        return Answer(status, json.dumps(value, ensure_ascii=False, separators=separators).encode())


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is no JSON")


def _is_unicode(value: Any) -> bool:
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


@dataclass(frozen=True)
class HttpRequest:
    """A request as it came over the wire."""

    method: str
    target: str
    """Path and query."""
    authorization: str | None = None
    body: bytes = b""

    @cached_property
    def path(self) -> str:
        return urlsplit(self.target).path

    @cached_property
    def query(self) -> dict[str, list[str]]:
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    def json(self) -> Json:
        """The body, which must be a JSON object; none at all counts as an empty one."""
        if not self.body.strip():
            return {}
        try:
            value = json.loads(self.body, parse_constant=_no_constant)
        except ValueError as error:
            raise invalid_argument(f"Invalid JSON payload received. {error}") from error
        if b"\\ud" in self.body.lower() and not _is_unicode(value):
            raise invalid_argument("Invalid JSON payload received. Half of a surrogate pair is no character.")
        if not isinstance(value, dict):
            raise invalid_argument("Invalid JSON payload received. Root element must be a message.")
        return value


Handler = Callable[[HttpRequest, list[str], Call], Any]
"""Takes the request, the variable parts of its path and the call; returns JSON, None for 204, or an `Answer`."""


@dataclass(frozen=True, slots=True)
class Route:
    """One method of an API."""

    method: str
    path: re.Pattern[str]
    kind: str
    """``read`` or ``write`` of Sheets, ``drive``."""
    handler: Handler


def sheets_routes(api: SheetsApi) -> list[Route]:
    """The methods of Sheets v4."""
    root, one = r"/v4/spreadsheets", r"/v4/spreadsheets/([^/:]+)"

    def route(method: str, path: str, kind: str, handler: Handler) -> Route:
        return Route(method, re.compile(path), kind, handler)

    def get(request: HttpRequest, parts: list[str], call: Call) -> Answer:
        """Who visits a workbook that nobody has changed asks the same again and again."""
        spreadsheet = api.find(parts[0], call)
        key = request.target, call.caller, call.is_owner, api.recalculate
        if key not in spreadsheet.answers:
            made = answer(api.get(parts[0], request.query, call), request)
            spreadsheet.answers[key] = made, call.cells_read
        shown: Answer
        shown, call.cells_read = spreadsheet.answers[key]
        return shown

    return [
        route("POST", root, "write", lambda r, _, call: api.create(r.query, r.json(), call)),
        route("GET", one, "read", get),
        route(
            "POST",
            one + ":batchUpdate",
            "write",
            lambda r, p, call: api.batch_update(p[0], r.query, r.json(), call),
        ),
        route(
            "POST",
            one + "/values:batchClear",
            "write",
            lambda r, p, call: api.batch_clear_values(p[0], r.json(), call),
        ),
        route(
            "GET", one + "/values/(.+)", "read", lambda r, p, call: api.get_values(p[0], p[1], r.query, call)
        ),
        route(
            "PUT",
            one + "/values/(.+)",
            "write",
            lambda r, p, call: api.update_values(p[0], p[1], r.query, r.json(), call),
        ),
    ]


def drive_routes(drive: Drive) -> list[Route]:
    """The methods of Drive v3."""
    root, one = "/drive/v3/files", "/drive/v3/files/([^/]+)"
    grants = one + "/permissions"

    def route(method: str, path: str, handler: Handler) -> Route:
        return Route(method, re.compile(path), "drive", handler)

    return [
        route("GET", root, lambda r, _, call: drive.list(r.query, call)),
        route("POST", root, lambda r, _, call: drive.create(r.query, r.json(), call)),
        route("GET", one, lambda r, p, call: drive.get(p[0], r.query, call)),
        route("PATCH", one, lambda r, p, call: drive.update(p[0], r.query, r.json(), call)),
        route("DELETE", one, lambda r, p, call: drive.delete(p[0], r.query, call)),
        route("POST", one + "/copy", lambda r, p, call: drive.copy(p[0], r.query, r.json(), call)),
        route("GET", grants, lambda r, p, call: drive.list_permissions(p[0], r.query, call)),
        route("POST", grants, lambda r, p, call: drive.create_permission(p[0], r.query, r.json(), call)),
    ]


def find_route(routes: list[Route], request: HttpRequest) -> tuple[Route, list[str]]:
    """The route of a request and the variable parts of its path, decoded.

    Raises:
        ApiError: 404, no API has such a method.
    """
    for route in routes:
        match = route.path.fullmatch(request.path)
        if match is not None and route.method == request.method:
            return route, [unquote(part) for part in match.groups()]
    raise ApiError(404, "NOT_FOUND", f"Method not found: {request.method} {request.path}")


def answer(result: Any, request: HttpRequest) -> Answer:
    """What a handler returned, as an answer; without blanks for ``prettyPrint=false``.

    Else it is on one line, too: the service would break and indent lines, which nobody needs here.
    """
    if isinstance(result, Answer):
        return result
    compact = request.query.get("prettyPrint") == ["false"]
    return Answer(204, b"") if result is None else Answer.of_json(200, result, compact=compact)
