"""A stand-in for a mail server: SMTP on 127.0.0.1 that keeps every message and sends none on.

Faithful: SMTP as aiosmtpd speaks it (EHLO, SMTPUTF8, 8BITMIME, SIZE), several recipients, refusals for now and
for good, and the one that makes duplicates: failing after the message was received. Not faithful: no TLS, no
authentication, no delivery reports, any address is a mailbox.
"""

import asyncio
import os
import re
import socket
import threading
from collections.abc import Callable
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import SMTP as SMTP_POLICY
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from attendance_sandbox.mail.faults import MailFaults
from attendance_sandbox.running import Running

HOST = "127.0.0.1"
_MAX_SLUG = 60


class MailServer(Running):
    """The stand-in. Use it as a context manager, or call `start` and `stop`.

    The envelope of a kept message is in its headers ``X-Mail-From`` and ``X-Rcpt-To``.
    """

    def __init__(
        self,
        port: int = 0,
        folder: Path | None = None,
        *,
        on_event: Callable[[str], None] | None = None,
    ) -> None:
        """Binds the port; mail is accepted from `start` on.

        Args:
            port: 0 for any free one.
            folder: where each message is kept as a file; only in memory without one.
            on_event: called with a line about each message that was accepted or refused.

        Raises:
            OSError: the port is in use, or the folder cannot be made.
        """
        self.faults = MailFaults()
        self._mailbox = _Mailbox(folder) if folder is not None else None
        self._on_event = on_event
        self._messages: list[EmailMessage] = []
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._thread: threading.Thread | None = None
        self._socket = socket.create_server((HOST, port))
        self.port: int = self._socket.getsockname()[1]

    @property
    def messages(self) -> list[EmailMessage]:
        """The messages that were kept so far, parsed, in the order in which they came."""
        with self._lock:
            return list(self._messages)

    def start(self) -> None:
        ready = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(ready,), name="mail-smtp", daemon=True)
        self._thread.start()
        ready.wait()

    def stop(self) -> None:
        if self._thread is not None:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._thread = None
        self._socket.close()
        self._loop.close()

    def _run(self, ready: threading.Event) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(self._loop.create_server(self._protocol, sock=self._socket))
        self._loop.call_soon(ready.set)
        self._loop.run_forever()
        server.close()
        tasks = asyncio.all_tasks(self._loop)
        for task in tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))

    def _protocol(self) -> Any:
        return SMTP(_Handler(self), hostname="localhost", enable_SMTPUTF8=True, loop=self._loop)

    def keep(self, envelope: Envelope) -> EmailMessage:
        """Keeps a message that was received."""
        head = f"X-Mail-From: {_header(envelope.mail_from)}\r\n"
        head += f"X-Rcpt-To: {_header(', '.join(envelope.rcpt_tos))}\r\n"
        body = envelope.content or b""
        content = head.encode() + (body.encode() if isinstance(body, str) else body)
        message = message_from_bytes(content, _class=EmailMessage, policy=SMTP_POLICY)
        with self._lock:
            if self._mailbox is not None:
                self._mailbox.keep(message, content)
            self._messages.append(message)
        return message

    def tell(self, line: str) -> None:
        if self._on_event is not None:
            self._on_event(line)


class _Handler:
    """Answers aiosmtpd's questions about recipients and messages."""

    def __init__(self, server: MailServer) -> None:
        self._server = server

    async def handle_RCPT(  # noqa: N802 - the name that aiosmtpd looks for
        self, _smtp: SMTP, _session: Session, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        fault = self._server.faults.next_for("recipient")
        if fault is not None:
            self._server.tell(f"refused {address} [{fault.name}]")
            return fault.reply
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, smtp: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802
        fault = self._server.faults.next_for("data")
        outcome = f" [{fault.name}]" if fault else ""
        if fault is None or fault.kept:
            message = self._server.keep(envelope)
            self._server.tell(f"to {', '.join(envelope.rcpt_tos)}: {message.get('Subject', '')}{outcome}")
        if fault is None:
            return "250 2.0.0 OK: kept"
        if fault.drop:
            assert isinstance(smtp.transport, asyncio.Transport)
            smtp.transport.abort()
        return fault.reply


def _header(value: str | None) -> str:
    """An address as it may stand in a header: without line breaks."""
    return " ".join((value or "").split())


class _Mailbox:
    """A folder of messages, one ``.eml`` file each; numbering goes on after what is there already."""

    def __init__(self, folder: Path) -> None:
        """Makes the folder if need be.

        Raises:
            OSError: it cannot be made.
        """
        self._folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        self._last = max((int(path.name[:5]) for path in folder.glob("[0-9]" * 5 + "*.eml")), default=0)

    def keep(self, message: EmailMessage, content: bytes) -> Path:
        """Writes a message whole or not at all; returns its file, such as ``00001-missing-review-period.eml``."""
        self._last += 1
        slug = _slug(str(message.get("Subject", "")))
        path = self._folder / (f"{self._last:05}" + (f"-{slug}" if slug else "") + ".eml")
        partial = path.with_suffix(".part")
        with partial.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        partial.replace(path)
        return path


def _slug(subject: str) -> str:
    """A subject as a part of a file name: it is data, so nothing but letters, digits and hyphens stays."""
    return re.sub(r"[^a-z0-9]+", "-", subject.lower()).strip("-")[:_MAX_SLUG].strip("-")
