"""What is promised, as checks on a world. The names are those of the design.

The first group holds at every moment, the second once the faults have stopped and the client has settled.
"""

from collections import Counter

from attendance_client.fsm.generated import KIND, Kind, StateId
from tests.world.network import ORDINARY_DELAY_S
from tests.world.world import DAY_BOUNDARY, World


def stored_once(world: World) -> None:
    """Every punch that the machine recorded ends exactly once in the raw data of its own period's sheet.

    At every moment: no punch counts twice, and none counts that nobody made. (Until what HR edited is put right, it
    may stand in two sheets, never twice in one.)
    """
    counting = [row for row in world.backend.rows() if row.counts]
    rows = Counter((row.identity, row.sheet if world.edited else "") for row in counting)
    assert not {where: count for where, count in rows.items() if count > 1}, "stored more than once"
    known_as = set().union(*(machine.known_as for machine in world.machines))
    assert not {row.identity for row in counting} - known_as, "stored although nobody punched"


def counts_once(world: World) -> None:
    """Once all is put right, a punch counts in one sheet, whatever HR edited."""
    rows = Counter(row.identity for row in world.backend.rows() if row.counts)
    assert not {identity: count for identity, count in rows.items() if count > 1}, "counted more than once"


def own_period(world: World) -> None:
    """A punch is stored in the period of its business day, in no other: by HR's table, once it is put right."""
    for row in world.backend.rows() if not world.edited else ():
        assert world.belongs(row), f"{row.timestamp} is in {row.sheet}"


def counts_in_its_own_period(world: World) -> None:
    """The same of what HR edited."""
    for row in world.backend.rows():
        assert not row.counts or world.belongs(row), f"{row.timestamp} counts in {row.sheet}"


def whose_it_was(world: World) -> None:
    """A punch bears the name of whoever bore its user ID when it was made, as far as anybody told."""
    for row in world.backend.rows():
        for machine in world.machines:
            names = machine.names.get(row.identity)
            assert names is None or row.user_name in {*names, ""}, f"{row} is one of {names}"


def confirmed_is_stored(world: World) -> None:
    """What the ledger takes for confirmed is in a sheet (the half of stored_once that the client keeps)."""
    stored = {row.identity for row in world.backend.rows()}
    lost = world.confirmed().keys() - stored - world.forgotten
    assert not lost or world.happened["workbook deleted"], "confirmed although no sheet holds it"


def stays_forgotten(world: World) -> None:
    """What was taken out, as its person is to be forgotten, comes back neither into the sheets nor into the ledger.

    (A new card knows of nobody who was forgotten: then the sheets do.)
    """
    back = {row.identity for row in world.backend.rows()} & world.forgotten_in_sheets
    assert not back, f"forgotten, and in a sheet again: {back}"
    if world.forgotten_on_card:
        back = world.taken() & world.forgotten_on_card
        assert not back, f"forgotten, and in the ledger again: {back}"


def resumes_at_a_checkpoint(world: World) -> None:
    """After a power loss at any instant the client resumes in a green state, with a snapshot that was whole.

    That the snapshot was whole, and the last one written, is checked as the world starts the client. A green state
    has its snapshot before anything is done there, so that it is resumed in itself.
    """
    assert not world.unsaved, f"entered without a snapshot: {world.unsaved}"
    for state in world.resumed_in:
        assert KIND[state] is Kind.CHECKPOINT or state is StateId.FIRST_RUN, f"resumed in {state}"


def closes_in_time(world: World) -> None:
    """A period expires by the machine's clock, is closed after a final read of the machine, and none is passed over.

    The half of every_period_closes that must hold at every moment: a period closed in haste would leave its last
    punches to the next one's polling.
    """
    assert not world.hasty, world.hasty


def no_endless_wait(world: World) -> None:
    """No waiting state is for ever: a reply or its time-out leaves it."""
    assert world.overdue_s <= ORDINARY_DELAY_S, f"waited {world.overdue_s} s beyond the time-out"


def alarm_once(world: World) -> None:
    """For each missing period at least one alarm, and at most one e-mail, goes out."""
    many = {alarm: count for alarm, count in world.backend.mails().items() if count > 1}
    assert not many, f"more than one e-mail: {many}"


def nothing_erased_unstored(world: World) -> None:
    """Nothing is erased on the machine before it is confirmed in a sheet, and nothing at all unless configured."""
    assert not world.erased_in_haste, f"erased, and in no sheet: {world.erased_in_haste}"
    assert world.site.clear_machine or not any(machine.erased_by_client for machine in world.machines)


def complete_days_are_complete(world: World) -> None:
    """A day that the site calls complete has every punch in its sheet that was read."""
    assert not world.called_complete, f"called complete without {world.called_complete}"


def watchdog_is_fed(world: World) -> None:
    """The service manager never waits longer for a sign of life than it was told it would."""
    silence_s = world.supervisor.longest_silence_s
    assert silence_s < world.supervisor.alive_interval_s + 1, f"silent for {silence_s} s"


AT_EVERY_MOMENT = (
    stored_once,
    own_period,
    whose_it_was,
    confirmed_is_stored,
    stays_forgotten,
    resumes_at_a_checkpoint,
    closes_in_time,
    no_endless_wait,
    alarm_once,
    nothing_erased_unstored,
    complete_days_are_complete,
    watchdog_is_fed,
)


def eventually_stored(world: World) -> None:
    """When faults stop, every punch reaches its sheet without a person's help.

    Owed are all that the machine recorded since the site counts, of a day in HR's table, unless somebody erased them
    at the machine before they were read. Those of no period must be in the ledger.
    """
    lost = world.unstored()
    assert not lost, f"never stored: {lost}"
    assert not world.unread(), f"never taken into the ledger: {world.unread()}"


def every_period_closes(world: World) -> None:
    """An expired period is closed, new punches or not."""
    assert world.client is not None
    session = world.client.session
    assert session.review_period is not None
    for machine in world.machines:
        assert machine.time < session.review_period.closes_at(DAY_BOUNDARY), "an expired period is still open"
    if session.previous_period is not None:
        assert session.previous_period.last_day < session.review_period.first_day


def nobody_locked_out(world: World) -> None:
    """The machine is never left disabled."""
    assert all(machine.enabled for machine in world.machines), "nobody can punch"


def missing_periods_were_reported(world: World) -> None:
    """Every missing period that the client met was told to the backend (the first half of alarm_once)."""
    unheard = world.alarms_published - world.alarms_heard
    assert not unheard, f"nobody was told what is missing after {unheard}"


WHEN_SETTLED = (
    *AT_EVERY_MOMENT,
    counts_once,
    counts_in_its_own_period,
    eventually_stored,
    every_period_closes,
    nobody_locked_out,
    missing_periods_were_reported,
)
