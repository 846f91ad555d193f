"""HTTP/1.1 on 127.0.0.1: keeps connections open, answers in one packet, and can be stopped with clients connected."""

from __future__ import annotations

import contextlib
import socket
import socketserver
import sys
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from attendance_sandbox.running import Running
from attendance_sandbox.sheets.routes import Answer, HttpRequest

MAX_BODY_BYTES = 64 * 1024 * 1024
HOST = "127.0.0.1"


class DropConnectionError(Exception):
    """Raised by the handler: close the connection without an answer."""


class HttpStandIn(Running):
    """A stand-in that is all HTTP: `respond` answers its requests, in background threads, one for each connection."""

    def __init__(self, port: int) -> None:
        """Binds the port at once; raises OSError where it is in use."""
        self._server = _Server((HOST, port), self.respond)
        self._thread: threading.Thread | None = None

    @property
    def port(self) -> int:
        return self._server.server_port

    @property
    def url(self) -> str:
        """Takes the place of the service's own address."""
        return f"http://{HOST}:{self.port}"

    def start(self) -> None:
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, name="http", daemon=True
        )
        self._thread.start()

    def stop(self) -> None:
        """Stops listening and closes every connection."""
        if self._thread is not None:
            self._server.shutdown()
            self._thread.join()
            self._thread = None
        self._server.server_close()
        self._server.close_connections()

    def respond(self, request: HttpRequest) -> Answer:
        """Answers a request as it comes over the wire; whoever is in the same process needs no wire."""
        raise NotImplementedError


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, address: tuple[str, int], handle: Callable[[HttpRequest], Answer]) -> None:
        self.handle = handle
        self._connections: set[socket.socket] = set()
        self._connections_lock = threading.Lock()
        super().__init__(address, _Handler)

    def server_bind(self) -> None:
        # The base class looks up the host's name in DNS, which can take seconds and is of no use here.
        socketserver.TCPServer.server_bind(self)
        self.server_name = HOST
        self.server_port = int(self.server_address[1])

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._connections_lock:
            self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._connections_lock:
            self._connections.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        with self._connections_lock:
            connections = list(self._connections)
        for connection in connections:
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        if not isinstance(sys.exception(), OSError):  # a client that went away is no error of ours
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    server: _Server
    protocol_version = "HTTP/1.1"
    server_version = "attendance-sandbox"
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 300  # an idle connection is closed after that many seconds

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class's name
        pass

    def _respond(self) -> None:
        body = self._body()
        if body is None:
            return
        request = HttpRequest(self.command, self.path, self.headers.get("Authorization"), body)
        try:
            answer = self.server.handle(request)
        except DropConnectionError:
            self.close_connection = True
            with contextlib.suppress(OSError):
                self.connection.shutdown(socket.SHUT_RDWR)
            return
        self._send(answer)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _respond  # noqa: N815 - names that the base class calls

    def _body(self) -> bytes | None:
        length = self.headers.get("Content-Length", "0")
        if not length.isdecimal() or "Transfer-Encoding" in self.headers:
            self._refuse(411, "Length Required")
        elif int(length) > MAX_BODY_BYTES:
            self._refuse(413, "Request Too Large")
        else:
            return self.rfile.read(int(length))
        return None

    def _refuse(self, status: int, message: str) -> None:
        self.close_connection = True
        error = {"error": {"code": status, "message": message, "status": "INVALID_ARGUMENT"}}
        self._send(Answer.of_json(status, error))

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status)
        if answer.body:
            self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        self.end_headers()
        self.wfile.write(answer.body)
