"""Messages as files: one ``.eml`` each, in the order in which they came."""

import os
import re
from email.message import EmailMessage
from pathlib import Path

_MAX_SLUG = 60


class Mailbox:
    """A folder of messages. Numbering goes on after what is there already."""

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
