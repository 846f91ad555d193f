"""One site and its cloud: the real client, wired to a world in which anything can fail."""

import random
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import lru_cache, partial
from itertools import pairwise
from pathlib import Path
from typing import TypeVar

from attendance_client.errors import StopRequested
from attendance_client.fsm.client import Client, Site
from attendance_client.fsm.generated import (
    KIND,
    PI4_STATE,
    POLLING_INTERVAL_S,
    TIME_OUT_S,
    EventId,
    Kind,
    StateId,
)
from attendance_client.fsm.runner import Runner
from attendance_client.fsm.session import Door, Session
from attendance_client.fsm.snapshot import Snapshot, decode_snapshot
from attendance_client.machine.polling import enable_machines
from attendance_client.machine.reading import APART, BELIEVABLE_OFFSET
from attendance_contracts import (
    AlarmKind,
    LastStoredTimestamp,
    Message,
    NewReviewPeriod,
    NewReviewSheet,
    RaiseFinalAlarm,
    ReviewPeriod,
    Signer,
    SiteHealth,
    StoreAttendRecords,
    business_day,
)
from tests.world.backend import Backend, SetAside, StoredRow
from tests.world.calendar import FIRST_MONDAY, LONGEST_GAP, Boundaries, Row, home_of, row, windows
from tests.world.disk import Disk
from tests.world.edges import Answers, Edge, WatchedMachine
from tests.world.machine import WorldMachine
from tests.world.network import TIME_ZONE, ZONE, BackendFault, Envelope, Network, WorldBus
from tests.world.power import Power, PowerLoss
from tests.world.snapshots import SnapshotModel
from tests.world.storage import WorldLedger, WorldSnapshotStore
from tests.world.supervisor import WorldSupervisor
from tests.world.timeline import PiClock, Timeline

T = TypeVar("T")

LOCATION = "berlin"
DAY_BOUNDARY = time(4)
LEDGER_NAME = "ledger.sqlite3"
_DAY = timedelta(days=1)


class World:
    """Everything around one client, and the client itself while it is switched on.

    With `recollect`, its state machine is not asked again what it has answered (see edges.py).

    Attributes:
        machines: all of the site's.
        machine: the one to which what happens next does.
        client: what runs now; None while the Raspberry Pi is off.
        handler_faults: "before" or "after" for each of the next requests: when its function dies.
        partial_stores: how many of the next store requests are stored, and confirmed, in part only.
        site_key: in the site's key file; None for none.
        table: HR's rows as they are now.
        final: names of periods that HR has finalised.
        edited: whether HR has changed a row, or the rules of a site, so that punches may have to be put right.
        first_day: since when the site counts: the first day of the first period that it was told of, or as HR typed it.
        edges: every transition that was seen.
        happened: what befell the world, by kind.
        hasty: periods that were expired, closed or passed over before their time.
        erased_in_haste: punches that the client had the machine erase although a sheet was still to take them.
        called_complete: punches of a day that the site called complete before a sheet held them.
        waits_s: the longest stay in each waiting state.
        resumed_in: states in which a client came back.
        unsaved: checkpoints that were entered and left no snapshot.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        seed: int = 0,
        polling_interval_s: float = 21_600,
        deep_sleep_s: float = 14_400,
        weeks: int = 1,
        clear_machine: bool = False,
        set_machine_clock: bool = False,
        recollect: bool = False,
        doors: int = 1,
    ) -> None:
        self.weeks = weeks
        self._answers: Answers | None = {} if recollect else None
        self.choice = random.Random(seed)
        self.timeline = Timeline()
        self.power = self._new_power()
        self.disk = Disk(self.power)
        self.clock = PiClock(self.timeline)
        self.machines = [WorldMachine(self.timeline, self.power) for _ in range(doors)]
        for number, machine in enumerate(self.machines):
            machine.serial_number += str(number or "")
            machine.before_erasing = self._check_erasing
        self.machine = self.machines[0]
        self.backend = backend
        self.network = Network(self.timeline, backend.handle)
        self.network.take = self._take
        self.site_key = backend.site_key
        self.network.watch_health = self._check_health
        self.network.delivers_health = backend.hears_health
        self.supervisor = WorldSupervisor(self.timeline)
        self.site = Site(
            LOCATION,
            TIME_ZONE,
            DAY_BOUNDARY,
            polling_interval_s,
            deep_sleep_s,
            clear_machine=clear_machine,
            set_machine_clock=set_machine_clock,
        )
        self.snapshots = SnapshotModel()
        self._health_checked: tuple[object, ...] = ()
        self.handler_faults: list[str] = []
        self.partial_stores = 0
        self.spoilt: set[str] = set()
        self.recorded_gone: set[str] = set()
        self.gone_with_workbook: dict[str, tuple[str, set[str]]] = {}
        """By ID, the period of a workbook that was deleted for good, and the punches that it held: copies bring them
        back, or the site, if it was told so before it had closed the period."""
        self.table: list[Row] = []
        self.final: set[str] = set()
        self.edited = False
        self.forgotten: set[str] = set()
        """Punches of people who were forgotten, at the site or in the sheets: nobody owes them any more."""
        self.forgotten_in_sheets: set[str] = set()
        self.forgotten_on_card: set[str] = set()
        self.since: dict[date, timedelta] = {}
        self.told_of: ReviewPeriod | None = None
        self.alarms_published: set[date | None] = set()
        self.alarms_heard: set[date | None] = set()
        self.archive_lost: set[str] = set()
        self.edges: Counter[Edge] = Counter()
        self.happened: Counter[str] = Counter()
        self.hasty: list[str] = []
        self.erased_in_haste: dict[str, datetime] = {}
        self.called_complete: dict[str, datetime] = {}
        self._tables_named: dict[str, object] = {}
        self.waits_s: dict[StateId, float] = {}
        self.resumed_in: Counter[StateId] = Counter()
        self.unsaved: list[StateId] = []
        self._waiting_since_s: float | None = None
        self.client: Client | None = None
        self._runner: Runner | None = None
        self._ledger: WorldLedger | None = None

    def _new_power(self) -> Power:
        return Power()

    @property
    def state(self) -> StateId | None:
        """Where the client is; None while it is off."""
        return None if self.client is None else self.client.session.current

    # The client's life.

    def step(self) -> None:
        """Let the client take one step, or come back after it was off."""
        if self._runner is None:
            self._boot()
            return
        before = self._runner.state
        began_s = self.timeline.now_s
        try:
            with self.disk:
                self._runner.step()
        except PowerLoss:
            self.power_off()
        except StopRequested:
            self.happened["service restarted"] += 1
            self._switch_off()
        else:
            after = self._runner.state
            if KIND[before] is Kind.WAITING:
                self._measure_wait(before, began_s, after)
            if after is not before:
                self._check_checkpoint(after)

    def _check_checkpoint(self, entered: StateId) -> None:
        saved = self.snapshots.current
        if KIND[entered] is Kind.CHECKPOINT and (saved is None or saved.pi4_state != PI4_STATE[entered]):
            self.unsaved.append(entered)

    def _boot(self) -> None:
        self.clock.reboot()
        self.supervisor.restarted()
        self._waiting_since_s = None
        store = WorldSnapshotStore(self.disk.directory, self.power, self.snapshots)
        snapshot = store.load()
        if snapshot is None and self.snapshots.damaged:
            self.happened["both snapshots damaged"] += 1
        assert snapshot in self.snapshots.loadable(), (
            f"resumed from {snapshot}, not {self.snapshots.loadable()}"
        )
        self.snapshots.loaded(snapshot)
        try:
            with self.disk:
                self._start(store, snapshot)
        except PowerLoss:
            self.power_off()

    def _start(self, store: WorldSnapshotStore, snapshot: Snapshot | None) -> None:
        if self.site.clear_machine:
            self._with_ledger(self._try_disabling)
        self._ledger = WorldLedger(self.disk.directory / LEDGER_NAME, DAY_BOUNDARY, self.power)
        session = Session(DAY_BOUNDARY, snapshot)
        signer = None
        if self.site_key is not None:
            number = partial(_next_sequence, self._ledger, self.clock)
            signer = Signer(self.site_key, number)
        client = Client(
            site=self.site,
            doors=[Door(machine) for machine in self.machines],
            bus=WorldBus(self.network, self.timeline, self.power, signer),
            clock=self.clock,
            ledger=self._ledger,
            supervisor=self.supervisor,
            session=session,
            randomness=self.choice,
        )
        runner = Runner(client, store)
        watched = WatchedMachine(runner.machine, session, self._crossed, self._answers)
        runner.machine = watched  # type: ignore[assignment]  # all that a runner needs of one
        self.resumed_in[runner.state] += 1
        self.client, self._runner = client, runner
        enable_machines(client)  # as Runner.run begins; this world takes the steps that follow one by one

    def _try_disabling(self, ledger: WorldLedger) -> None:
        """Somebody tries, while the client is off, whether the machines take no punch while they are disabled."""
        for machine in self.machines:
            ledger.note_disabling(machine.serial_number, heeds=not machine.goes_on)

    def power_off(self) -> None:
        """The power fails at this instant."""
        self.happened["power lost"] += 1
        self.power.restore()
        self._switch_off()
        self.disk.power_lost(self.choice)

    def _switch_off(self) -> None:
        if self._ledger is not None:
            self._ledger.close()
        self._runner = self._ledger = self.client = None

    def close(self) -> None:
        """Give back what the world took of the real one."""
        self._switch_off()
        self.disk.remove()

    def run(self, steps: int) -> None:
        for _ in range(steps):
            self.step()

    def run_until(self, state: StateId, most_steps: int = 300) -> None:
        """Let the client run until it is in a state; not getting there is an error."""
        for _ in range(most_steps):
            if self.state is state:
                return
            self.step()
        assert self.state is state, f"still {self.state}, not {state}"

    def run_for(self, seconds: float, most_steps: int) -> None:
        """Let the client run until so much time has passed, or it has taken so many steps."""
        end_s = self.timeline.now_s + seconds
        for _ in range(most_steps):
            if self.timeline.now_s >= end_s:
                return
            self.step()

    # What happens to it.

    def lose_snapshot(self) -> None:
        """A person removes both snapshot files."""
        self.disk.delete("snapshot.json", "snapshot.previous.json", "snapshot.json.tmp")
        self.snapshots = SnapshotModel()

    def damage_snapshot(self, name: str) -> bool:
        """A block of a snapshot file goes bad while the client is off."""
        before = _meaning(self.disk.directory / name)
        if not self.disk.damage(name, self.choice):
            return False
        if _meaning(self.disk.directory / name) == before:
            return False  # it hit what means nothing, such as a line break
        self.snapshots.damage(name)
        self.happened[f"damaged {name}"] += 1
        return True

    def lose_ledger(self) -> None:
        """The ledger is gone while the client is off; it then knows no closed period's sheet."""
        gone = self.taken() - self.on_machines()
        self.archive_lost |= gone
        self.machine.cleared_unread |= gone - {stored.identity for stored in self.backend.rows()}
        for path in self.disk.directory.glob(f"{LEDGER_NAME}*"):
            path.unlink()
        self.forgotten_on_card.clear()
        self.happened["ledger lost"] += 1
        for machine in self.machines:
            machine.told.clear()

    def taken(self) -> set[str]:
        """Identities in the ledger, whether the client runs or not."""
        return self._with_ledger(WorldLedger.identities)

    def confirmed(self) -> dict[str, str]:
        """What the ledger believes to be in a sheet."""
        return self._with_ledger(WorldLedger.confirmed)

    def _with_ledger(self, ask: Callable[[WorldLedger], T]) -> T:
        if self._ledger is not None:
            return ask(self._ledger)
        ledger = WorldLedger(self.disk.directory / LEDGER_NAME, DAY_BOUNDARY, Power())
        try:
            return ask(ledger)
        finally:
            ledger.close()

    def forget(self, user: str) -> int:
        """Somebody is forgotten, first on the site's card, while the client is off, and then in the sheets."""
        held = self._with_ledger(partial(WorldLedger.of_user, user=user))
        self._with_ledger(partial(_forget, user=user))
        made = set[str]().union(*(machine.of_user(user) for machine in self.machines))
        gone = self.backend.forget(user, held | made)
        self.forgotten |= held | gone
        self.forgotten_in_sheets |= gone
        self.forgotten_on_card |= held
        return len(gone)

    def replace_machine(self) -> None:
        """Another one hangs on the wall, empty, with the same users."""
        self.clear_machine()
        self.machine.serial_number = f"NEW{self.choice.randrange(10**6):06}"

    def spoil(self, identity: str, *, refuses: bool) -> None:
        """A record that is never stored: the function refuses it, or dies over it."""
        self.spoilt.add(identity)
        (self.backend.refused if refuses else self.backend.poison).add(identity)

    def fix(self, identity: str) -> None:
        """From now on it is stored as any other."""
        self.spoilt.discard(identity)
        self.backend.refused.discard(identity)
        self.backend.poison.discard(identity)

    def clear_machine(self) -> None:
        """Somebody empties the machine at its own menu."""
        self.machine.clear(self.taken())

    def type_periods(self, rows: list[Row]) -> None:
        """HR's table is this one from now on."""
        gone = {each.name: each for each in self.table if each not in rows}
        if gone and self.told_of is not None:
            self.edited = True
        self.table = rows
        self.backend.type_periods(rows)

    def publish(self, period: Row) -> bool:
        """HR enters a period; not one of a name that is there, or before one that a site was told of."""
        if any(each.name == period.name for each in self.table):
            return False
        if self.told_of is not None and period.start <= self.told_of.last_day and self.since:
            self.edited = True
        self.type_periods([*self.table, period])
        return True

    def withdraw(self, period: Row) -> bool:
        """HR takes a period out."""
        if period not in self.table:
            return False
        self.type_periods([each for each in self.table if each != period])
        return True

    def change(self, period: Row, to: Row) -> bool:
        """HR edits a row."""
        if period not in self.table:
            return False
        self.type_periods([to if each == period else each for each in self.table])
        return True

    def finalise(self, name: str) -> bool:
        """HR finalises a month: from now on nothing of it moves."""
        if not self.backend.finalise(name):
            return False
        self.final.add(name)
        return True

    def delete_workbook(self, name: str, *, with_its_row: bool) -> bool:
        """Somebody deletes a month's workbook for good, and perhaps its row in Review Sheets."""
        deleted = self.backend.delete_workbook(name, with_its_row=with_its_row)
        if not deleted:
            return False
        for sheet_id, held in deleted.items():
            self.gone_with_workbook.setdefault(sheet_id, (name, held))
            # What neither a machine nor a card holds any more was in this workbook alone.
            self.machine.cleared_unread |= held - self.taken() - self.on_machines()
        if not with_its_row:
            self.recorded_gone.add(name)
        self.happened["workbook deleted"] += 1
        return True

    def count_since(self, day: date, boundary: timedelta) -> None:
        """HR types a row for the site."""
        self.since[day] = boundary
        self.edited = True
        self.backend.register(day, boundary)

    # What is seen of it.

    def _take(self, letter: Envelope) -> Message | None:
        message = letter.message
        fault = self.handler_faults.pop(0) if self.handler_faults else ""
        if fault == "before":
            raise BackendFault("function died before it had applied anything")
        if self.partial_stores and isinstance(message, StoreAttendRecords) and len(message.records) > 1:
            self.partial_stores -= 1
            self.happened["records stored in part"] += 1
            message = replace(message, records=message.records[: (len(message.records) + 1) // 2])
        self.backend.now = self.timeline.wall
        try:
            reply = self.backend.take(letter, message)
        except SetAside:
            self.happened["message set aside"] += 1
            if isinstance(message, RaiseFinalAlarm) and letter in self.network.requests:
                # Its key was revoked while it was under way: it lies among the dead letters, of which a mail tells.
                self.alarms_heard.add(message.after)
            return None
        if isinstance(reply, NewReviewPeriod) and reply.period is not None:
            if not self.since:
                boundary = timedelta(hours=DAY_BOUNDARY.hour)
                self.since = {reply.period.first_day: boundary}
            self.told_of = reply.period
        if isinstance(reply, LastStoredTimestamp | NewReviewSheet):
            self._tables_named.setdefault(reply.table, self._hr_says())
        if isinstance(message, RaiseFinalAlarm) and message.kind is AlarmKind.FINAL_ALARM:
            self.alarms_heard.add(message.after)
        if fault == "after":
            raise BackendFault("function died after it had applied everything")
        return reply

    def _crossed(self, edge: Edge, session: Session) -> None:
        self.edges[edge] += 1
        if edge.event == EventId.REVIEW_PERIOD_RECEIVED:
            self._check_opening(session.open_period)
        if edge.source == StateId.AWAIT_LAST_STORED_TIMESTAMP and edge.event != EventId.TIMED_OUT:
            self._heard_of_gone(session.open_period)
        if edge.event == EventId.PERIOD_CLOSED:
            self._check_closing(session)
        if edge.event == EventId.NO_NEW_RECORDS and edge.target == StateId.REVIEW_PERIOD_EXPIRED:
            self._check_expiry(session.open_period)
        if edge.event == EventId.FINAL_ALARM_PUBLISHED:
            previous = session.previous_period
            self.alarms_published.add(previous.last_day if previous else None)

    def _heard_of_gone(self, period: ReviewPeriod) -> None:
        """What the open period's workbooks held is owed again as soon as the site was told that they are gone."""
        assert self.client is not None
        assert isinstance(self.client.bus, WorldBus)
        for sheet_id in self.client.bus.told_gone:
            if self.gone_with_workbook.get(sheet_id, ("", set()))[0] == period.name:
                del self.gone_with_workbook[sheet_id]
        self.client.bus.told_gone.clear()

    def _check_opening(self, period: ReviewPeriod) -> None:
        assert self._ledger is not None
        latest = None if self.edited else self._ledger.latest_closed_period()
        if latest is not None and period.first_day - latest.last_day > LONGEST_GAP:
            self.hasty.append(f"{period.name} was opened after {latest.name}; one in between was passed over")

    def _check_closing(self, session: Session) -> None:
        assert self._ledger is not None
        assert session.previous_period is not None
        assert self.client is not None
        memories = [door.state.memory for door in self.client.doors if door.answers]
        if not memories or any(
            memory is None or memory.whole_read_at_s != self.clock.monotonic() for memory in memories
        ):
            self.hasty.append(
                f"{session.previous_period.name} was closed without a final read of the machine"
            )
        if left := self._ledger.backlog_of(session.previous_period):
            self.hasty.append(
                f"{session.previous_period.name} was closed with {left} punches not answered for"
            )
        clocks = [self.clock.now(), self.timeline.wall]
        clocks += [machine.time for machine in self.machines if not machine.shows_impossible_date]
        end = session.previous_period.closes_at(DAY_BOUNDARY) - APART
        if sum(shown >= end for shown in clocks) < 2:
            self.hasty.append(f"{session.previous_period.name} was closed while the clocks did not agree")

    def _check_erasing(self, identities: set[str]) -> None:
        """All must be in a sheet, or older than the site's First Day and read; or a copy of a deleted one has them."""
        held = {stored.identity for stored in self.backend.rows()}.union(*self._held_by_deleted)
        self.erased_in_haste |= {
            identity: at
            for identity in identities - self.forgotten - held
            if not self.is_before_first_day(at := self.recorded[identity]) or identity not in self.taken()
        }
        self.happened["log erased by the client"] += 1

    def _hr_says(self) -> object:
        return tuple(self.table), tuple(sorted(self.since.items()))

    def _check_health(self, health: SiteHealth) -> None:
        through = health.complete_through
        if through is None or self._ledger is None:
            return
        if health.table and self._tables_named.get(health.table) != self._hr_says():
            return  # said of HR's table as it was, and not taken for more
        read = {each.serial_number for each in (health.machine, *health.machines) if each is not None}
        clocks = [(machine.offset, machine.shows_impossible_date) for machine in self.machines]
        punches = (self._ledger.revision, len(self.recorded))
        evidence = (through, read, clocks, self.clock.offset, punches)
        if evidence == self._health_checked:
            return  # the same was checked at the poll before, and a day that was over then still is
        self._health_checked = evidence
        for machine in self.machines:
            under_way = business_day(machine.time, DAY_BOUNDARY) <= through and self._tells_the_time(machine)
            if under_way and machine.serial_number in read:
                self.hasty.append(f"{through} was called complete at {machine.time} by the machine's clock")
        unstored = {} if self.edited else self.unstored()
        for identity in (unstored.keys() & self.on_machines() & self.taken()) if unstored else ():
            at = self.recorded[identity]
            if business_day(at, DAY_BOUNDARY) <= through:
                self.called_complete[identity] = at

    def _tells_the_time(self, machine: WorldMachine) -> bool:
        offset = abs(machine.time - self.clock.now())
        return not machine.shows_impossible_date and offset <= BELIEVABLE_OFFSET

    def _check_expiry(self, period: ReviewPeriod) -> None:
        assert self.client is not None
        for machine, door in zip(self.machines, self.client.doors, strict=True):
            # Somebody may have set it since it was asked.
            shown = machine.shown if door.answers or len(self.machines) == 1 else None
            tells_the_time = shown is not None and abs(shown - self.clock.now()) <= BELIEVABLE_OFFSET
            if shown is not None and tells_the_time and shown < period.closes_at(DAY_BOUNDARY):
                self.hasty.append(f"{period.name} expired at {shown} by the machine's clock")

    def _measure_wait(self, before: StateId, began_s: float, after: StateId) -> None:
        since_s = began_s if self._waiting_since_s is None else self._waiting_since_s
        self._waiting_since_s = since_s if after is before else None
        waited_s = self.timeline.now_s - since_s
        self.waits_s[before] = max(waited_s, self.waits_s.get(before, 0.0))

    @property
    def overdue_s(self) -> float:
        """By how much the longest wait exceeded its state's time-out, backed off."""
        return max(
            (
                waited_s - max(TIME_OUT_S[state], min(self.site.polling_interval_s, POLLING_INTERVAL_S))
                for state, waited_s in self.waits_s.items()
            ),
            default=0.0,
        )

    # The end of all faults.

    def heal(self) -> None:
        """Stop every fault."""
        self.power.fail_at(None)
        self.clock.offset = timedelta(0)
        for machine in self.machines:
            machine.reachable = True
            machine.failures.clear()
            machine.punches_in_mid_read.clear()
            machine.punches_before_erasing.clear()
            machine.offset = timedelta(0)
            machine.shows_impossible_date = False
            machine.heeds_disabling = True
        self.network.reachable = True
        self.network.confirmations_lost = 0
        self.network.fates.clear()
        self.network.latest_first = False
        self.handler_faults.clear()
        self.partial_stores = 0
        self.bring_the_key()
        while self.recorded_gone:
            self.delete_workbook(self.recorded_gone.pop(), with_its_row=True)

    def bring_the_key(self) -> None:
        """Somebody puts the site's key in force into its file, and restarts the service."""
        if self.site_key != self.backend.site_key:
            self.site_key = self.backend.site_key
            self.supervisor.stop = True

    def settle(self, most_steps: int) -> bool:
        """Let the client run, with HR up to date, until it has nothing more to do; False when it still has by then."""
        for number in range(most_steps):
            self._hr_is_up_to_date()
            if number % 5 == 0:
                self.backend.now = self.timeline.wall
                self.backend.look_after()
            if self.settled:
                return True
            self.step()
        return False

    def _hr_is_up_to_date(self) -> None:
        """There is a row for every day through the next period: as usual, but for the months that are final.

        Days that a final month was shortened by are entered as a period of their own.
        """
        today = (self.timeline.wall.date() - FIRST_MONDAY).days // (7 * self.weeks)
        usual = [row(number, self.weeks) for number in range(today + 2)]
        later = [each for each in self.table if each.start > usual[-1].start]
        final = {each.name: each for each in self.table if each.name in self.final}
        rows = [final.get(each.name, each) for each in usual]
        lacking = [
            Row(before.last_day + _DAY, after.first_day - _DAY, f"After {before.name}")
            for before, after in pairwise(windows(rows))
            if before.last_day + _DAY < after.first_day
        ]
        wanted = [*rows, *lacking, *later]
        if wanted != self.table:
            self.type_periods(wanted)

    def describe(self) -> str:
        """Where the client is and what it still owes, for a failure's message."""
        if self.client is None:
            return "the client is off"
        session = self.client.session
        astray = [row for row in self.backend.rows() if row.counts and not self.belongs(row)][:3]
        said = self.client.ledger.summary()
        return (
            f"{session.current} in {session.review_period} at {self.machine.time}; not stored: {self.unstored()}, "
            f"not read: {self.unread()}, refused: {said.refused} ({said.reason}), in another month's sheet: {astray}"
        )

    # The judge: the machines' own logs, and HR's table. Nothing that client or backend keep.

    @property
    def recorded(self) -> dict[str, datetime]:
        """Every punch that a machine ever recorded, by identity."""
        first, *others = self.machines
        if not others:
            return first.recorded
        return {identity: at for machine in self.machines for identity, at in machine.recorded.items()}

    def on_machines(self) -> set[str]:
        """Identities of the punches that the machines hold now."""
        return set().union(*(machine.identities() for machine in self.machines))

    @property
    def cleared_unread(self) -> set[str]:
        """Identities that somebody else erased before any client had read them."""
        return set().union(*(machine.cleared_unread for machine in self.machines))

    @property
    def _held_by_deleted(self) -> list[set[str]]:
        """Punches of workbooks that were deleted for good, and of which nobody told the site in time."""
        return [held for _, held in self.gone_with_workbook.values()]

    @property
    def _boundaries(self) -> Boundaries | None:
        return Boundaries(self.since) if self.since else None

    def home(self, moment: datetime) -> ReviewPeriod | None:
        """The period of a punch by HR's table, if the site counted by then."""
        return _home(moment, tuple(self.table), tuple(self.since.items()))

    def is_before_first_day(self, moment: datetime) -> bool:
        """Whether a punch is older than the site."""
        boundaries = self._boundaries
        return boundaries is not None and boundaries.is_before(moment)

    def owed(self) -> dict[str, datetime]:
        """Punches that must be in a sheet: of a period of HR's, and not erased by others before they were read."""
        exempt = (self.cleared_unread | self.spoilt | self.forgotten).union(*self._held_by_deleted)
        recorded = self.recorded.items()
        return {
            identity: at for identity, at in recorded if identity not in exempt and self.home(at) is not None
        }

    def belongs(self, stored: StoredRow) -> bool:
        """Whether a row stands where HR's table says; in a month that is final, and of one, nothing moves."""
        home = self.home(stored.timestamp)
        return home is None or home.name == stored.sheet or bool(self.final & {home.name, stored.sheet})

    @property
    def settled(self) -> bool:
        """Whether the client polls the machine in a period that is not over, and nothing is under way."""
        if self.client is None:
            return False
        session = self.client.session
        return (
            session.current is StateId.RELAY_ATTENDANCE_RECORDS
            and session.review_period is not None
            and all(machine.time < session.review_period.closes_at(DAY_BOUNDARY) for machine in self.machines)
            and self._has_read_all
            and not self.unread()
            and not self.unstored()
            and not self.network.alarms_under_way
            and all(self.belongs(stored) for stored in self.backend.rows() if stored.counts)
        )

    @property
    def _has_read_all(self) -> bool:
        """Whether each machine was read since the client began."""
        assert self.client is not None
        return all(door.seen is not None and door.seen.memory is not None for door in self.client.doors)

    def unstored(self) -> dict[str, datetime]:
        """Owed punches that count in no sheet."""
        stored = {stored.identity for stored in self.backend.rows() if stored.counts}
        return {identity: at for identity, at in self.owed().items() if identity not in stored}

    def unread(self) -> set[str]:
        """Punches that should be in the ledger and are not."""
        exempt = self.cleared_unread | self.archive_lost | self.forgotten
        left = self.recorded.keys() - exempt - self.taken()
        # Of before the site and of years ago: the ledger lets them go as soon as it was told so, where the clock of
        # the computer was years behind when it read them.
        oldest = self.timeline.wall - timedelta(days=self.site.keep_punches_days)
        at = self.recorded
        return {each for each in left if at[each] >= oldest or not self.is_before_first_day(at[each])}


@lru_cache(maxsize=10_000)
def _home(
    moment: datetime, table: tuple[Row, ...], since: tuple[tuple[date, timedelta], ...]
) -> ReviewPeriod | None:
    """Kept, for each health message has all punches of the month judged."""
    boundaries = Boundaries(dict(since)) if since else None
    if boundaries is None or boundaries.is_before(moment):
        return None
    return home_of(moment, windows(table), boundaries)


def _next_sequence(ledger: WorldLedger, clock: PiClock) -> int:
    return ledger.next_sequence(clock.now().replace(tzinfo=ZONE))


def _forget(ledger: WorldLedger, user: str) -> None:
    for called in ledger.users_called(user):
        ledger.forget(*called)


def _meaning(path: Path) -> Snapshot | None:
    try:
        return decode_snapshot(path.read_bytes())
    except (OSError, ValueError):
        return None
