"""All trials, and the table that comes of them."""

import platform
import time
from collections.abc import Callable, Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version

from attendance_backend.app.selftest.google_lab import TITLE, GoogleLab
from attendance_backend.app.selftest.on_drive import ON_DRIVE
from attendance_backend.app.selftest.on_pubsub import ON_PUBSUB, PubSubLab
from attendance_backend.app.selftest.on_sheets import ON_SHEETS
from attendance_backend.errors import BackendError
from attendance_backend.google.google_http import GoogleHttpClient
from attendance_trouble.belief import Belief, Lab, Outcome, Tried, try_all

_PACKAGES = ("attendance-relay", "gspread", "google-auth", "google-cloud-pubsub")
Wait = Callable[[float], None]


def selftest(
    client: GoogleHttpClient, project: str, folder_id: str, wait: Wait = time.sleep
) -> Iterator[Tried | str]:
    """The lines of the table, as they come about, with what it ran on before them.

    All that it makes is removed, also where it is interrupted.
    """
    yield f"{platform.system()}, Python {platform.python_version()}, " + ", ".join(map(_release, _PACKAGES))
    yield from _with(
        (*ON_SHEETS, *ON_DRIVE),
        lambda: GoogleLab(client, folder_id, wait),
        GoogleLab.remove,
        f"the folder {TITLE!r} may be left in {folder_id}: delete it",
    )
    yield from _with(
        ON_PUBSUB,
        lambda: PubSubLab(project, wait),
        PubSubLab.remove,
        "topics and subscriptions named attendance-selftest may be left",
    )


def _with(
    beliefs: Sequence[Belief[Lab]], make: Callable[[], Lab], remove: Callable[[Lab], None], left: str
) -> Iterator[Tried | str]:
    try:
        lab = make()
    except BackendError as error:
        for belief in beliefs:
            yield Tried(belief.name, Outcome.NOT_TRIED, str(error))
        return
    try:
        yield from try_all(beliefs, lab, BackendError)
    finally:
        try:
            remove(lab)
        except BackendError as error:
            yield f"{left} ({error})"


def _release(package: str) -> str:
    try:
        return f"{package} {version(package)}"
    except PackageNotFoundError:
        return f"{package} (no release)"
