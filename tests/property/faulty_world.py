"""The real client in a world where everything fails at any moment; each promise is an invariant."""

from collections import Counter
from datetime import datetime, timedelta
from functools import partial

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from attendance_client.fsm.generated import StateId
from attendance_contracts import REPLY_TOPICS
from tests.property.counted import counted_rule as rule
from tests.property.profiles import PROFILE
from tests.world import promises
from tests.world.backend import MemoryBackend
from tests.world.calendar import FIRST_MONDAY, Row, row
from tests.world.machine import Entry
from tests.world.network import Fate
from tests.world.world import DAY_BOUNDARY, World

HOUR_S = 3600.0
USERS = ("1001", "1002", "1003", "4711")
"""The last one is not in the machine's list of users."""

SETTLING_STEPS = 1000
MOST_STEPS = 16
"""Of the client in one rule: a world in which nothing works makes it retry often."""

users = st.sampled_from(USERS)
keys = st.sampled_from((0, 1, 255))
period_numbers = st.integers(0, 6)
delays_s = st.sampled_from((0.0, 0.5, 3.0, 59.0, 61.0, 150.0, 500.0, 4000.0, 100_000.0))
fates = st.lists(delays_s, max_size=3).map(lambda delays: Fate(tuple(delays)))
steps = st.integers(0, 5)
"""How many steps the client takes after something happened to it."""

MACHINE_CALLS = ("connect", "status", "read_log", "read_user_names", "enable")
BROKEN_CLOCKS = (datetime(2000, 1, 1), datetime(2063, 5, 6), datetime(2110, 1, 1))
SNAPSHOT_FILES = ("snapshot.json", "snapshot.previous.json")
EFFECTS = (
    "snapshot",
    "fsync",
    "rename",
    "ledger transaction",
    "prepare",
    "publish get_review_period",
    "publish create_review_sheet",
    "publish store_attend_records",
    "publish raise_final_alarm",
    "publish site_health",
    "receive new_review_period",
    "receive new_review_sheet",
    "receive last_stored_timestamp",
    "connecting to the machine",
    "the machine's status",
    "the machine's read_log",
    "the machine's read_user_names",
    "the machine's enable",
)
INSTANTS = tuple(f"{side} {effect}" for effect in EFFECTS for side in ("before", "after"))
"""Moments at which power is lost by name."""


class FaultyWorld(RuleBasedStateMachine):
    """Rules are what people, HR, time and misfortune do; the client runs in between.

    Attributes:
        tally: what befell all worlds of this class, by kind.
        fired: how often each rule was followed in them.
        clear_machine, set_machine_clock: how the site is configured.
        doors: how many machines it has.
        goes_on: the numbers of those that take punches although they are disabled.
    """

    tally: Counter[str]
    fired: Counter[str]
    clear_machine = False
    set_machine_clock = False
    doors = 1
    goes_on: tuple[int, ...] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        cls.tally, cls.fired = Counter(), Counter()

    @initialize(seed=st.integers(0, 2**32 - 1), published=st.sampled_from((0, 1, 2, 4, 7)))
    def begin(self, seed, published):
        self.world = World(
            self.new_backend(seed),
            seed=seed,
            clear_machine=self.clear_machine,
            set_machine_clock=self.set_machine_clock,
            recollect=PROFILE != "hunt",
            doors=self.doors,
        )
        for number, machine in enumerate(self.world.machines):
            machine.users = {user: f"name{user}" for user in USERS[:-1]}
            machine.goes_on = number in self.goes_on
        for number in range(published):
            self.world.publish(row(number, self.world.weeks))
        self.world.run(8)

    def new_backend(self, seed):
        return MemoryBackend()

    def happened(self, what, then=0):
        self.world.happened[what] += 1
        self.world.run(then)

    # People

    @rule(user=users, key=keys, taps=st.integers(1, 3), then=steps)
    def somebody_punches(self, user, key, taps, then):
        for _ in range(taps):
            if self.world.machine.record(user, self.world.machine.time, punch=key):
                self.happened("punch" if taps == 1 else "punches in one second")
        self.world.run(then)

    @rule(people=st.lists(users, min_size=2, max_size=12), apart_s=st.integers(0, 3600))
    def many_punch(self, people, apart_s):
        for number, user in enumerate(people):
            self.world.timeline.after(number * apart_s, partial(self.punch, user))

    def punch(self, user):
        if self.world.machine.record(user, self.world.machine.time):
            self.happened("punch")

    @rule(user=users, days=st.integers(-30, 60), then=steps)
    def a_punch_bears_another_day(self, user, days, then):
        if self.world.machine.record(user, self.world.machine.time + timedelta(days=days)):
            self.happened("backdated punch" if days < 0 else "punch from the future", then)

    @rule(user=users, number=period_numbers, seconds=st.sampled_from((-1, 0, 1)), then=steps)
    def a_punch_is_at_a_periods_edge(self, user, number, seconds, then):
        monday = FIRST_MONDAY + number * timedelta(weeks=self.world.weeks)
        edge = datetime.combine(monday, DAY_BOUNDARY) + timedelta(seconds=seconds)
        if self.world.machine.record(user, edge):
            self.happened("punch at an edge", then)

    @rule(user=users, then=steps)
    def a_punch_is_made_before_the_end_and_read_after_it(self, user, then):
        for _ in range(MOST_STEPS):
            if self.world.state is StateId.REVIEW_PERIOD_EXPIRED:
                period = self.world.client.session.open_period
                self.world.machine.record(user, period.closes_at(DAY_BOUNDARY) - timedelta(seconds=1))
                self.happened("punch between the last polling and the closing", then)
                return
            self.world.step()

    @rule(user=users)
    def a_punch_has_an_impossible_date(self, user):
        if self.world.machine.record(user, None):
            self.happened("impossible date")

    @rule(user=users, then=steps)
    def somebody_punches_in_mid_read(self, user, then):
        self.world.machine.punches_in_mid_read.append(Entry(user, self.world.machine.time, 1, 255))
        self.happened("punch in mid-read", then)

    @rule(user=users, name=st.sampled_from(("Anna", "Bert", None)))
    def a_user_is_added_renamed_or_deleted(self, user, name):
        if name is None:
            self.world.machine.users.pop(user, None)
        else:
            self.world.machine.users[user] = name
        self.happened("users changed")

    # Time and the client

    @rule(steps=st.integers(1, 12))
    def the_client_runs(self, steps):
        self.world.run(steps)

    @rule(hours=st.integers(1, 100))
    def hours_pass(self, hours):
        self.world.run_for(hours * HOUR_S, MOST_STEPS)

    @rule(weeks=st.integers(1, 2))
    def weeks_pass(self, weeks):
        self.world.run_for(weeks * 168 * HOUR_S, 2 * MOST_STEPS)

    @rule(hours=st.integers(1, 400), then=steps)
    def the_pi_is_off(self, hours, then):
        self.world.power_off()
        self.world.timeline.advance(hours * HOUR_S)
        self.world.run(then)

    @rule(then=steps)
    def the_service_is_restarted(self, then):
        self.world.supervisor.stop = True
        self.world.run(1 + then)

    # HR

    @rule(number=period_numbers, then=steps)
    def hr_publishes_a_period(self, number, then):
        if self.world.publish(row(number, self.world.weeks)):
            self.happened("period published", then)

    @rule(number=period_numbers, then=steps)
    def hr_withdraws_a_period(self, number, then):
        if self.world.withdraw(row(number, self.world.weeks)):
            self.happened("period withdrawn", then)

    @rule(
        number=period_numbers,
        first=st.sampled_from((0, 0, -7, -2, 1, 7)),
        last=st.sampled_from((0, -7, -2, 1, 2, 7, 14)),
        named=st.sampled_from((0, 0, 0, 1, 50)),
        then=steps,
    )
    def hr_edits_a_period(self, number, first, last, named, then):
        """Extends, shortens, moves it, or gives it another name; in use or not."""
        usual = row(number, self.world.weeks)
        found = [each for each in self.world.table if each.name == usual.name]
        name = row(number + named, self.world.weeks).name if named else usual.name
        start, end = usual.start + timedelta(days=first), usual.end + timedelta(days=last)
        names = {each.name for each in self.world.table} - {usual.name}
        if found and start <= end and name not in names and usual.name not in self.world.final:
            self.world.change(found[0], Row(start, end, name))
            self.happened("period edited", then)

    @rule(number=period_numbers, then=steps)
    def hr_finalises_a_month(self, number, then):
        month = row(number, self.world.weeks)
        if month in self.world.table and self.world.finalise(month.name):
            self.happened("month finalised", then)

    @rule(number=period_numbers, with_its_row=st.booleans(), then=steps)
    def a_workbook_is_deleted_for_good(self, number, with_its_row, then):
        name = row(number, self.world.weeks).name
        if name not in self.world.final and self.world.delete_workbook(name, with_its_row=with_its_row):
            self.world.run(then)

    @rule(days=st.integers(-20, 40), hours=st.integers(0, 6), then=steps)
    def hr_changes_how_the_site_keeps_its_time(self, days, hours, then):
        if self.world.since:
            day = self.world.timeline.wall.date() + timedelta(days=days)
            self.world.count_since(day, timedelta(hours=hours))
            self.happened("day boundary or First Day changed", then)

    # Pub/Sub and the functions

    @rule(then=steps)
    def the_functions_look_after_the_workbooks(self, then):
        self.world.backend.look_after()
        self.world.run(then)

    @rule(refuses=st.booleans(), user=users, then=steps)
    def a_record_is_never_stored(self, refuses, user, then):
        """The function refuses it, or dies over it each time."""
        if self.world.machine.record(user, self.world.machine.time):
            identity = self.world.machine.newest
            self.world.spoil(identity, refuses=refuses)
            self.happened("record refused for ever" if refuses else "function dies over a record", then)

    @rule(fates=st.lists(fates, min_size=1, max_size=4), then=steps)
    def messages_go_astray(self, fates, then):
        self.world.network.fates.extend(fates)
        self.world.run(then)

    @rule(
        topics=st.lists(st.sampled_from(REPLY_TOPICS), min_size=1, max_size=3),
        age=st.integers(0, 20),
        then=steps,
    )
    def stale_replies_arrive(self, topics, age, then):
        for topic in topics:
            self.world.network.replay(topic, age)
        self.world.network.latest_first = not self.world.network.latest_first
        self.world.run(then)

    @rule(then=steps)
    def pubsub_cannot_be_reached(self, then):
        network = self.world.network
        network.reachable = not network.reachable
        self.happened("Pub/Sub back" if network.reachable else "Pub/Sub unreachable", then)

    @rule(publishes=st.integers(1, 3), then=steps)
    def confirmations_are_lost(self, publishes, then):
        self.world.network.confirmations_lost = publishes
        self.world.run(then)

    @rule(then=steps)
    def the_subscriptions_are_deleted(self, then):
        self.world.network.delete_subscriptions()
        self.happened("subscriptions deleted", then)

    @rule(faults=st.lists(st.sampled_from(("before", "after")), min_size=1, max_size=6), then=steps)
    def functions_die(self, faults, then):
        self.world.handler_faults.extend(faults)
        self.world.run(then)

    @rule(times=st.integers(1, 3), people=st.lists(users, min_size=2, max_size=5), then=steps)
    def records_are_stored_in_part(self, times, people, then):
        self.world.partial_stores = times
        for user in people:
            self.punch(user)
        self.world.run(then)

    # Power and disk

    @rule(instants=st.integers(0, 100), hours=st.integers(0, 100), user=users)
    def power_is_lost(self, instants, hours, user):
        self.punch(user)
        self.world.power.fail_at(instants)
        self.world.run_for(hours * HOUR_S, MOST_STEPS)
        self.world.run(2)

    @rule(instant=st.sampled_from(INSTANTS), steps=st.integers(1, 15))
    def power_is_lost_at_an_effect(self, instant, steps):
        self.world.power.fail_when(instant)
        self.world.run(steps)

    @rule(name=st.sampled_from(SNAPSHOT_FILES), then=steps)
    def a_snapshot_file_goes_bad(self, name, then):
        self.world.power_off()
        self.world.damage_snapshot(name)
        self.world.run(then)

    @rule(snapshot=st.booleans(), ledger=st.booleans(), then=steps)
    def files_are_lost(self, snapshot, ledger, then):
        self.world.power_off()
        if ledger:
            self.world.lose_ledger()
        if snapshot:
            self.world.lose_snapshot()
            self.happened("snapshot lost")
        self.world.run(then)

    @rule(minutes=st.integers(-40_000, 600), then=steps)
    def the_pi_boots_with_a_wrong_time(self, minutes, then):
        self.world.power_off()
        self.world.clock.offset = timedelta(minutes=minutes)
        self.happened("Pi's clock behind" if minutes < 0 else "Pi's clock ahead", then)

    @rule(days=st.sampled_from((-20_458, -400, -40, 1, 40, 400)), then=steps)
    def the_pis_clock_is_days_or_years_off(self, days, then):
        self.world.power_off()
        self.world.clock.offset = timedelta(days=days)
        self.happened("Pi's clock days or years off", then)

    @rule(hours=st.integers(0, 400), then=steps)
    def the_pi_gets_a_new_card(self, hours, then):
        self.world.power_off()
        self.world.lose_ledger()
        self.world.lose_snapshot()
        self.world.timeline.advance(hours * HOUR_S)
        self.happened("new card", then)

    # The machine

    @rule(user=users, other=users, then=steps)
    def a_user_id_is_given_to_another(self, user, other, then):
        held = self.world.machine.users
        held[user], name = f"other{other}", held.get(user)
        self.happened("user ID given to another" if name else "users changed", then)

    @rule(then=steps)
    def the_machine_is_replaced(self, then):
        """What the old one holds and nobody has read goes with it."""
        self.world.replace_machine()
        self.happened("machine replaced", then)

    @rule(then=steps)
    def the_machine_cannot_be_reached(self, then):
        machine = self.world.machine
        machine.reachable = not machine.reachable
        self.happened("machine back" if machine.reachable else "machine unreachable", then)

    @rule(calls=st.lists(st.sampled_from(MACHINE_CALLS), min_size=1, max_size=3), then=steps)
    def the_machine_breaks_off(self, calls, then):
        self.world.machine.failures.extend(calls)
        self.happened("machine breaks off", then)

    @rule(minutes=st.integers(-600, 600), then=steps)
    def the_machines_clock_is_set(self, minutes, then):
        self.world.machine.offset = timedelta(minutes=minutes)
        self.world.machine.shows_impossible_date = False
        self.happened("machine's clock set", then)

    @rule(shown=st.sampled_from((*BROKEN_CLOCKS, None)), then=steps)
    def the_machines_clock_breaks(self, shown, then):
        if shown is None:
            self.world.machine.shows_impossible_date = True
        else:
            self.world.machine.set_clock(shown)
        self.happened("machine's clock broken", then)

    @rule(then=steps)
    def somebody_clears_the_machine(self, then):
        self.world.clear_machine()
        self.happened("machine cleared", then)

    @rule(then=steps)
    def an_earlier_program_left_it_disabled(self, then):
        self.world.power_off()
        self.world.machine.enabled = False
        self.happened("machine left disabled", then)

    # Promises, one function each in tests/world/promises.py

    @invariant()
    def every_promise_holds(self):
        for promise in promises.AT_EVERY_MOMENT:
            promise(self.world)

    def teardown(self):
        if not hasattr(self, "world"):
            return
        try:
            self.settle()
        finally:
            self.count()
            self.world.close()

    def count(self):
        """Remember over all sequences what befell their worlds."""
        tally = type(self).tally
        tally["sequences"] += 1
        tally.update(self.world.happened)
        tally.update(self.world.network.happened)
        tally.update({f"power lost {instant}": n for instant, n in self.world.power.losses.items()})
        tally.update(
            {f"edge {edge.source} {edge.event} {edge.target}": n for edge, n in self.world.edges.items()}
        )
        tally["disk lost or tore what was not synchronised"] += self.world.disk.losses
        set_by_client = sum(machine.clock_set_by_client for machine in self.world.machines)
        tally["machine's clock set by the client"] += set_by_client
        tally["rows stored"] += len(self.world.backend.rows())
        tally["e-mails"] += sum(self.world.backend.mails().values())

    def settle(self):
        world = self.world
        world.heal()
        settled = world.settle(SETTLING_STEPS)
        self.every_promise_holds()
        assert settled, f"not settled, so not eventually_stored: {world.describe()}"
        for promise in promises.WHEN_SETTLED:
            promise(world)
        for kind in world.happened | world.network.happened:
            event(kind)
