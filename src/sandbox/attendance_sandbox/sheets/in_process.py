"""The stand-in without a socket: requests of a `requests.Session` become calls, for long runs."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import requests
from requests.adapters import BaseAdapter

from attendance_sandbox.sheets.routes import HttpRequest
from attendance_sandbox.sheets.server import SheetsServer


class InProcess(BaseAdapter):
    """To be mounted at the server's address: it gets the same requests, and answers the same bytes."""

    def __init__(self, server: SheetsServer) -> None:
        super().__init__()
        self._server = server

    def send(self, request: requests.PreparedRequest, *_: Any, **__: Any) -> requests.Response:
        """See `BaseAdapter`."""
        parts = urlsplit(str(request.url))
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        body = request.body or b""
        asked = HttpRequest(
            str(request.method),
            target,
            request.headers.get("Authorization"),  # type: ignore[arg-type]  # a text, as nobody sets bytes
            body.encode() if isinstance(body, str) else body,  # type: ignore[arg-type]  # likewise
        )
        answer = self._server.respond(asked)
        response = requests.Response()
        response.status_code, response._content = answer.status, answer.body  # noqa: SLF001 - there is no other way
        response._content_consumed = True  # noqa: SLF001 - nor to be read in pieces
        response.url, response.request = request.url or "", request
        return response

    def close(self) -> None:
        """See `BaseAdapter`."""
