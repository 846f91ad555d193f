"""Saves workbooks a moment after they were changed, not at every request."""

import threading
from collections.abc import Callable
from pathlib import Path

from attendance_sandbox.running import Running
from attendance_sandbox.sheets.server import SheetsServer

QUIET_S = 1.0
"""Changes that follow one another within this time are saved together."""
LONGEST_S = 10.0
"""A change waits no longer than this, however many follow."""


class Saver(Running):
    """Saves in a thread of its own, and once more at the end. Use it as a context manager."""

    def __init__(
        self,
        server: SheetsServer,
        *,
        on_error: Callable[[str], None],
        quiet_s: float = QUIET_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        """`on_error` is told why a save failed; the next change tries again."""
        self._server = server
        self._on_error = on_error
        self._quiet_s = quiet_s
        self._longest_s = longest_s
        self._condition = threading.Condition()
        self._changes = 0
        self._stopped = False
        self._saved: set[Path] = set()
        self._thread = threading.Thread(target=self._run, name="sheets-saver", daemon=True)

    def changed(self) -> None:
        """Tells that something may have changed. Costs nothing."""
        with self._condition:
            self._changes += 1
            self._condition.notify_all()

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        with self._condition:
            self._stopped = True
            self._condition.notify_all()
        self._thread.join()
        self._save()

    def _run(self) -> None:
        while self._wait_for_quiet():
            self._save()

    def _wait_for_quiet(self) -> bool:
        """Waits for a change and then for a pause; False when it is time to stop."""
        with self._condition:
            self._condition.wait_for(lambda: self._changes or self._stopped)
            waited = 0.0
            seen = -1
            while not self._stopped and seen != self._changes and waited < self._longest_s:
                seen = self._changes
                self._condition.wait_for(lambda: self._stopped, self._quiet_s)
                waited += self._quiet_s
            self._changes = 0
            return not self._stopped

    def _save(self) -> None:
        """Saves all workbooks, and removes the files of those that were renamed, binned or deleted."""
        try:
            saved = set(self._server.save())
            for path in self._saved - saved:
                path.unlink(missing_ok=True)
            self._saved = saved
        except OSError as error:
            self._on_error(str(error))
