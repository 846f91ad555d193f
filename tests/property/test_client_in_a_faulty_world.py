"""The real client in a world where everything fails at any moment; each promise is an invariant."""

from datetime import datetime, timedelta

from hypothesis import event
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from tests.world import promises
from tests.world.backend import MemoryBackend
from tests.world.calendar import FIRST_MONDAY, row
from tests.world.machine import Entry
from tests.world.network import Fate
from tests.world.world import DAY_BOUNDARY, World

HOUR_S = 3600.0
USERS = ("1001", "1002", "1003", "4711")
"""The last one is not in the machine's list of users."""

SETTLING_STEPS = 1500

users = st.sampled_from(USERS)
keys = st.sampled_from((0, 1, 255))
period_numbers = st.integers(0, 6)
delays_s = st.sampled_from((0.0, 0.5, 3.0, 59.0, 61.0, 150.0, 500.0, 4000.0, 100_000.0))
fates = st.lists(delays_s, max_size=3).map(lambda delays: Fate(tuple(delays)))


class FaultyWorld(RuleBasedStateMachine):
    """Rules are what people, HR, time and misfortune do; the client runs in between."""

    @initialize(seed=st.integers(0, 2**32 - 1), published=st.integers(0, 2))
    def begin(self, seed, published):
        self.world = World(MemoryBackend(), seed=seed)
        self.world.machine.users = {user: f"name{user}" for user in USERS[:-1]}
        for number in range(published):
            self.world.publish(row(number, self.world.weeks))

    def happened(self, what):
        self.world.happened[what] += 1

    # People

    @rule(user=users, key=keys, taps=st.integers(1, 3))
    def somebody_punches(self, user, key, taps):
        for _ in range(taps):
            if self.world.machine.record(user, self.world.machine.time, punch=key):
                self.happened("punch" if taps == 1 else "punches in one second")

    @rule(user=users, days=st.integers(1, 40))
    def a_punch_is_backdated(self, user, days):
        if self.world.machine.record(user, self.world.machine.time - timedelta(days=days)):
            self.happened("backdated punch")

    @rule(user=users, days=st.integers(1, 60))
    def a_punch_is_from_the_future(self, user, days):
        if self.world.machine.record(user, self.world.machine.time + timedelta(days=days)):
            self.happened("future punch")

    @rule(user=users, number=period_numbers, seconds=st.sampled_from((-1, 0, 1)))
    def a_punch_is_at_a_period_s_edge(self, user, number, seconds):
        monday = FIRST_MONDAY + number * timedelta(weeks=self.world.weeks)
        edge = datetime.combine(monday, DAY_BOUNDARY) + timedelta(seconds=seconds)
        if self.world.machine.record(user, edge):
            self.happened("punch at an edge")

    @rule(user=users)
    def a_punch_has_an_impossible_date(self, user):
        if self.world.machine.record(user, None):
            self.happened("impossible date")

    @rule(user=users)
    def somebody_punches_in_mid_read(self, user):
        self.world.machine.punches_in_mid_read.append(Entry(user, self.world.machine.time, 1, 255))
        self.happened("punch in mid-read")

    @rule(name=st.sampled_from(("Anna", "Bert")))
    def a_user_is_renamed_added_or_deleted(self, name):
        names = self.world.machine.users
        if self.world.choice.random() < 0.5:
            names[self.world.choice.choice(USERS)] = name
        elif names:
            names.pop(self.world.choice.choice(sorted(names)))
        self.happened("users changed")

    # Time and the client

    @rule(steps=st.integers(1, 8))
    def the_client_runs(self, steps):
        self.world.run(steps)

    @rule(hours=st.integers(1, 100))
    def time_passes(self, hours):
        self.world.run_for(hours * HOUR_S, most_steps=30)

    @rule(hours=st.integers(1, 200))
    def the_pi_is_off(self, hours):
        self.world.power_off()
        self.world.timeline.advance(hours * HOUR_S)

    @rule()
    def the_service_is_restarted(self):
        self.world.supervisor.stop = True
        self.world.step()

    # HR

    @rule(number=period_numbers)
    def hr_publishes_a_period(self, number):
        if self.world.publish(row(number, self.world.weeks)):
            self.happened("period published")

    @rule(number=period_numbers)
    def hr_withdraws_a_period(self, number):
        if self.world.withdraw(row(number, self.world.weeks)):
            self.happened("period withdrawn")

    # Pub/Sub and the functions

    @rule(fates=st.lists(fates, min_size=1, max_size=4))
    def messages_go_astray(self, fates):
        self.world.network.fates.extend(fates)

    @rule()
    def replies_change_their_order(self):
        self.world.network.latest_first = not self.world.network.latest_first
        self.happened("order changed")

    @rule(number=st.integers(0, 100))
    def a_stale_reply_arrives(self, number):
        self.world.network.replay(number)

    @rule()
    def pubsub_cannot_be_reached(self):
        self.world.network.reachable = not self.world.network.reachable
        self.happened("Pub/Sub unreachable" if not self.world.network.reachable else "Pub/Sub back")

    @rule(publishes=st.integers(1, 3))
    def confirmations_are_lost(self, publishes):
        self.world.network.confirmations_lost = publishes

    @rule()
    def the_subscriptions_are_deleted(self):
        self.world.network.delete_subscriptions()
        self.happened("subscriptions deleted")

    @rule(faults=st.lists(st.sampled_from(("before", "after")), min_size=1, max_size=6))
    def functions_die(self, faults):
        self.world.handler_faults.extend(faults)

    # Power and disk

    @rule(instants=st.integers(0, 60), steps=st.integers(1, 10))
    def power_is_lost(self, instants, steps):
        self.world.power.fail_at(instants)
        self.world.run(steps)

    @rule(name=st.sampled_from(("snapshot.json", "snapshot.previous.json")))
    def a_snapshot_file_goes_bad(self, name):
        self.world.power_off()
        self.world.damage_snapshot(name)

    @rule()
    def the_snapshot_is_lost(self):
        self.world.power_off()
        self.world.lose_snapshot()
        self.happened("snapshot lost")

    @rule()
    def the_ledger_is_lost(self):
        self.world.power_off()
        self.world.lose_ledger()

    @rule(days=st.integers(0, 30))
    def the_pi_boots_with_an_old_time(self, days):
        self.world.power_off()
        self.world.clock.offset = -timedelta(days=days)
        self.happened("Pi's clock behind")

    @rule(minutes=st.integers(-600, 600))
    def the_pi_s_clock_is_off(self, minutes):
        self.world.clock.offset = timedelta(minutes=minutes)
        self.happened("Pi's clock off")

    # The machine

    @rule()
    def the_machine_cannot_be_reached(self):
        machine = self.world.machine
        machine.reachable = not machine.reachable
        self.happened("machine back" if machine.reachable else "machine unreachable")

    @rule(calls=st.lists(st.sampled_from(("connect", "status", "read_log", "read_user_names", "enable")), min_size=1, max_size=3))
    def the_machine_breaks_off(self, calls):
        self.world.machine.failures.extend(calls)
        self.happened("machine breaks off")

    @rule(minutes=st.integers(-600, 600))
    def the_machine_s_clock_is_set(self, minutes):
        self.world.machine.offset = timedelta(minutes=minutes)
        self.happened("machine's clock set")

    @rule(shown=st.sampled_from((datetime(2000, 1, 1), datetime(2063, 5, 6), datetime(2110, 1, 1))))
    def the_machine_s_clock_jumps(self, shown):
        self.world.machine.set_clock(shown)
        self.happened("machine's clock jumped")

    @rule()
    def the_machine_shows_an_impossible_date(self):
        self.world.machine.shows_impossible_date = not self.world.machine.shows_impossible_date
        self.happened("machine shows an impossible date")

    @rule()
    def somebody_clears_the_machine(self):
        self.world.clear_machine()
        self.happened("machine cleared")

    @rule()
    def an_earlier_program_left_it_disabled(self):
        self.world.power_off()
        self.world.machine.enabled = False
        self.happened("machine left disabled")

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
            self.world.close()

    def settle(self):
        world = self.world
        world.heal()
        world.settle(SETTLING_STEPS)
        for promise in promises.WHEN_SETTLED:
            promise(world)
        for kind in world.happened | world.network.happened:
            event(kind)


TestFaultyWorld = FaultyWorld.TestCase
