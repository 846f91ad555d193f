"""What the programs tell people alike: why Google cannot be used (the key file, the network), which package is missing.

Standard library only.
"""

import errno
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

__all__ = [
    "KEY_FILE",
    "address_of",
    "first_words",
    "key_file_trouble",
    "missing_package",
    "network_trouble",
]

KEY_FILE = "GOOGLE_APPLICATION_CREDENTIALS"
"""The environment variable that names an account's key file."""

_KEY_FIELDS = ("client_email", "private_key", "token_uri")
_LONGEST = 160
_NEW_KEY = (
    "make a new key (a site's: deploy/gcp/deploy site add ID --new-key; else: gcloud iam service-accounts keys "
    "create), and keep the file as it comes"
)


def missing_package(error: ModuleNotFoundError, extra: str) -> str | None:
    """Which package is missing and how it comes; None where the module is one of ours, which is a fault of ours.

    `extra` is the name, in pyproject.toml, of what brings the command's packages.
    """
    if not error.name or error.name.startswith("attendance_"):
        return None
    return (
        f"the package {error.name} is missing: install this command's packages with pip install '.[{extra}]'"
    )


def key_file_trouble(path: Path) -> str:
    """Why a key file is of no use and what to do, beginning with its path; to be asked when google-auth refused it."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        told = "which does not exist: put the key file there, or name the right one"
    except IsADirectoryError:
        told = "which is a folder: name the key file in it"
    except PermissionError:
        told = "which this user may not read: let it (chown, chmod), or run this as the user who may"
    except (OSError, UnicodeDecodeError) as error:
        told = f"which cannot be read ({_cut(error)}): {_NEW_KEY}"
    else:
        told = f"{_wrong_with(text)}: {_NEW_KEY}"
    return f"{path}, {told}"


def _wrong_with(text: str) -> str:
    if not text.strip():
        return "which is empty"
    try:
        document = json.loads(text)
    except (ValueError, RecursionError):
        return "which holds no JSON, as a key file does"
    if not isinstance(document, dict) or "type" not in document:
        return "which is no service account's key file"
    lacking = [field for field in _KEY_FIELDS if not document.get(field)]
    if document["type"] == "service_account" and lacking:
        return f"a key file that lacks {', '.join(lacking)}"
    return "a key file that is damaged"


def network_trouble(error: BaseException) -> str:
    """Why a server was not reached, in a few words, whichever library says it at whatever length."""
    found = list(_causes(error))
    for kind, words in (
        (socket.gaierror, "its name is not found"),
        (ConnectionRefusedError, "nothing answers there: connection refused"),
        (ssl.SSLCertVerificationError, "its certificate is not trusted"),
        (ssl.SSLError, "no encrypted connection comes about"),
        (TimeoutError, "no answer in time"),
        (ConnectionError, "the connection broke"),
    ):
        # The libraries' own errors may bear these names, too; only Python's say what the network did.
        if any(isinstance(cause, kind) for cause in found):
            return words
    for cause in found:
        if isinstance(cause, OSError) and cause.errno == errno.ENETUNREACH:
            return "network is unreachable: this computer itself seems to be on none"
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror
        if type(cause) is OSError:
            return _cut(cause)
    return _cut(error)


def address_of(error: BaseException) -> str:
    """Scheme, host and port that were asked for, as the library's error tells them; empty where it does not."""
    for cause in _causes(error):
        url = getattr(getattr(cause, "request", None), "url", None)
        if url:
            parts = urlsplit(str(url))
            return f"{parts.scheme}://{parts.netloc}"
    return ""


def first_words(error: BaseException) -> str:
    """The first line of what a library says; google-auth puts the answer's body behind it."""
    return _cut(error.args[0]) if error.args and str(error.args[0]).strip() else type(error).__name__


def _causes(error: BaseException) -> Iterator[BaseException]:
    """The error and all that lie behind it, each once: the libraries hand them on in four ways."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        found = waiting.pop(0)
        if isinstance(found, BaseException) and id(found) not in seen:
            seen.add(id(found))
            yield found
            waiting += [found.__cause__, found.__context__, getattr(found, "reason", None), *found.args]


def _cut(said: object) -> str:
    lines = str(said).strip().splitlines() or [type(said).__name__]
    return lines[0] if len(lines[0]) <= _LONGEST else f"{lines[0][:_LONGEST]}…"
