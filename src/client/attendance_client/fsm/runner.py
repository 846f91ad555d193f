"""Runs the generated state machine: step, event, transition, snapshot, and again."""

import logging
from contextlib import suppress

from attendance_client.errors import DiskError, TransientError
from attendance_client.fsm.client import Client
from attendance_client.fsm.generated import KIND, ClientMachine, Kind, StateId
from attendance_client.fsm.steps import STEPS
from attendance_client.machine.polling import enable_machines
from attendance_client.ports import SnapshotStore
from attendance_client.relay.health import report_unreadable

log = logging.getLogger(__name__)

FIRST_RETRY_S = 1.0
LONGEST_RETRY_S = 300.0


class Runner:
    """Drives one client."""

    def __init__(self, client: Client, snapshots: SnapshotStore) -> None:
        self._client = client
        self._snapshots = snapshots
        self._failures = 0
        self._last_failure = ""
        session = client.session
        if session.review_period is not None and session.sheet_id is not None:
            # The ledger may have been lost, or be older than the snapshot.
            client.ledger.resume(session.review_period, session.sheet_id)
        if session.previous_period is None:
            session.previous_period = client.ledger.latest_closed_period()
        self.machine = ClientMachine(session)

    @property
    def site(self) -> str:
        return self._client.site.location

    @property
    def state(self) -> StateId:
        return self._client.session.current

    def run(self) -> None:
        """Run until told to stop (StopRequested) or until a person must fix something (UserError)."""
        log.info("resuming in %s", self.state)
        self._client.supervisor.ready()
        enable_machines(self._client)
        while True:
            self.step()

    def step(self) -> None:
        """One step and its transition, or one failure and the pause after it."""
        state = self.state
        self._client.status, self._client.problem = str(state), ""
        try:
            event = STEPS[state](self._client)
        except TransientError as error:
            self._back_off(error)
            return
        if self._failures:
            log.info("working again after %d failures", self._failures)
        self._failures, self._last_failure = 0, ""
        self.machine.send(event)
        entered = self.state
        level = logging.DEBUG if entered is state else logging.INFO
        log.log(level, "%s: %s -> %s", event, state, entered)
        if KIND[entered] is Kind.CHECKPOINT:
            self._save()

    def _save(self) -> None:
        """Write the snapshot; nothing is done in a state before it is on the disk."""
        while True:
            try:
                self._snapshots.save(self._client.session.snapshot())
            except DiskError as error:
                self._back_off(error)
            else:
                return

    def _back_off(self, error: TransientError) -> None:
        longest = min(LONGEST_RETRY_S, FIRST_RETRY_S * 2 ** min(self._failures, 16))
        delay = self._client.randomness.uniform(longest / 2, longest)
        self._failures += 1
        # A failure that repeats is loud once and then quiet.
        level = logging.DEBUG if str(error) == self._last_failure else logging.WARNING
        log.log(level, "%s; trying again in %.0f s", error, delay)
        self._last_failure = str(error)
        self._client.status, self._client.problem = f"{self.state}: {error}", str(error)
        if isinstance(error, DiskError):
            with suppress(DiskError):  # the ledger's may not even be read
                report_unreadable(self._client, str(error))
        self._client.pause(delay)
