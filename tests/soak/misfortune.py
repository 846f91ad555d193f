"""What can befall a site during a month, each at a random moment."""

import random
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial

from attendance_contracts import REPLY_TOPICS
from tests.world.calendar import Row
from tests.world.machine import Entry
from tests.world.network import Fate
from tests.world.world import World

HOUR_S = 3600.0
MACHINE_CALLS = ("connect", "status", "read_log", "read_user_names", "enable")
BROKEN_CLOCKS = (datetime(2000, 1, 1), datetime(2063, 5, 6))
DELAYS_S = (0.5, 3.0, 61.0, 150.0, 4000.0)
USERS = ("1001", "1002", "1003", "4711")


class Misfortunes:
    """The kinds of misfortune, and what must wait until the client is off.

    Attributes:
        while_off: what is to happen to the files at the next moment at which the client is off.
    """

    def __init__(self, world: World, choice: random.Random) -> None:
        self._world = world
        self._choice = choice
        self.while_off: list[Callable[[], object]] = []
        self.kinds: tuple[Callable[[], None], ...] = (
            self.power_loss,
            self.power_loss,
            self.long_power_cut,
            self.damaged_snapshot,
            self.lost_file,
            self.lost_messages,
            self.stale_replies,
            self.unreachable_pubsub,
            self.deleted_subscriptions,
            self.dying_functions,
            self.unreachable_machine,
            self.machine_that_breaks_off,
            self.machine_clock_set,
            self.machine_clock_broken,
            self.pi_with_an_old_time,
            self.cleared_machine,
            self.restart,
            self.disabled_machine,
            self.odd_punches,
            self.punch_in_mid_read,
            self.new_card,
            self.replaced_machine,
            self.spoilt_record,
            self.edited_period,
            self.finalised_month,
            self.deleted_workbook,
            self.other_day_boundary,
            self.visit,
        )

    def strike(self) -> None:
        """Let one of them happen now."""
        self._choice.choice(self.kinds)()

    def _note(self, what: str) -> None:
        self._world.happened[what] += 1

    def _for_hours(self, longest: float, end: Callable[[], None]) -> None:
        self._world.timeline.after(self._choice.uniform(0.05, longest) * HOUR_S, end)

    # Power and disk

    def power_loss(self) -> None:
        self._world.power.fail_at(self._choice.randint(0, 60))

    def long_power_cut(self) -> None:
        hours = self._choice.uniform(1, 40)
        self._off_and_then(lambda: self._world.timeline.advance(hours * HOUR_S))

    def damaged_snapshot(self) -> None:
        name = self._choice.choice(("snapshot.json", "snapshot.previous.json"))
        self._off_and_then(lambda: self._world.damage_snapshot(name))

    def lost_file(self) -> None:
        lose = self._choice.choice((self._world.lose_snapshot, self._world.lose_ledger))
        self._note("file lost")
        self._off_and_then(lose)

    def new_card(self) -> None:
        def lose_all() -> None:
            self._world.lose_ledger()
            self._world.lose_snapshot()

        self._note("new card")
        self._off_and_then(lose_all)

    def _off_and_then(self, action: Callable[[], object]) -> None:
        self._world.power.fail_at(self._choice.randint(0, 20))
        self.while_off.append(action)

    def restart(self) -> None:
        self._world.supervisor.stop = True

    # Pub/Sub and the functions

    def lost_messages(self) -> None:
        for _ in range(self._choice.randint(1, 6)):
            copies = self._choice.randint(0, 3)
            self._world.network.fates.append(Fate(tuple(self._choice.choices(DELAYS_S, k=copies))))

    def stale_replies(self) -> None:
        self._world.network.latest_first = not self._world.network.latest_first
        for topic in REPLY_TOPICS:
            self._world.network.replay(topic, self._choice.randrange(1000))

    def unreachable_pubsub(self) -> None:
        network = self._world.network
        network.reachable = False
        self._note("Pub/Sub unreachable")
        self._for_hours(5, lambda: setattr(network, "reachable", True))

    def deleted_subscriptions(self) -> None:
        self._world.network.delete_subscriptions()
        self._note("subscriptions deleted")

    def dying_functions(self) -> None:
        self._world.partial_stores = self._choice.randint(0, 2)
        faults = self._choice.choices(("before", "after"), k=self._choice.randint(1, 8))
        self._world.handler_faults.extend(faults)

    # The machine and the clocks

    def unreachable_machine(self) -> None:
        machine = self._world.machine
        machine.reachable = False
        self._note("machine unreachable")
        self._for_hours(20, lambda: setattr(machine, "reachable", True))

    def machine_that_breaks_off(self) -> None:
        self._world.machine.failures.extend(self._choice.choices(MACHINE_CALLS, k=2))
        self._note("machine breaks off")

    def machine_clock_set(self) -> None:
        self._world.machine.offset = timedelta(minutes=self._choice.randint(-300, 300))
        self._note("machine's clock set")

    def machine_clock_broken(self) -> None:
        machine = self._world.machine
        machine.set_clock(self._choice.choice(BROKEN_CLOCKS))
        self._note("machine's clock broken")
        self._for_hours(60, lambda: setattr(machine, "offset", timedelta(0)))

    def pi_with_an_old_time(self) -> None:
        clock = self._world.clock
        clock.offset = -timedelta(hours=self._choice.uniform(0, 100))
        self._note("Pi's clock behind")
        self._for_hours(10, lambda: setattr(clock, "offset", timedelta(0)))

    def cleared_machine(self) -> None:
        self._world.clear_machine()
        self._note("machine cleared")

    def disabled_machine(self) -> None:
        machine = self._world.machine
        self._note("machine left disabled")
        self._off_and_then(lambda: setattr(machine, "enabled", False))

    def replaced_machine(self) -> None:
        self._world.replace_machine()
        self._note("machine replaced")

    # HR

    def edited_period(self) -> None:
        """One that nobody has finalised ends earlier or later than HR had said."""
        world = self._world
        open_ones = [each for each in world.table if each.name not in world.final]
        if open_ones:
            found = self._choice.choice(open_ones)
            end = found.end + timedelta(days=self._choice.randint(-7, 7))
            if found.start <= end and world.change(found, Row(found.start, end, found.name)):
                self._note("period edited")

    def finalised_month(self) -> None:
        if self._world.table and self._world.finalise(self._choice.choice(self._world.table).name):
            self._note("month finalised")

    def deleted_workbook(self) -> None:
        """For good; somebody deletes its row as well, some hours later."""
        names = [each.name for each in self._world.table if each.name not in self._world.final]
        if names:
            name = self._choice.choice(names)

            def delete_row() -> None:
                self._world.delete_workbook(name, with_its_row=True)

            self._world.delete_workbook(name, with_its_row=False)
            self._for_hours(24, delete_row)

    def other_day_boundary(self) -> None:
        if self._world.since:
            day = self._world.timeline.wall.date() + timedelta(days=self._choice.randint(-20, 40))
            self._world.count_since(day, timedelta(hours=self._choice.randint(0, 6)))
            self._note("day boundary or First Day changed")

    def visit(self) -> None:
        self._world.backend.look_after()
        self._note("workbooks looked after")

    # People

    def spoilt_record(self) -> None:
        """For days, and in the end it is owed as any other."""
        machine = self._world.machine
        if machine.record(self._choice.choice(USERS), machine.time):
            self._world.spoil(machine.newest, refuses=True)
            self._for_hours(60, partial(self._world.fix, machine.newest))
            self._note("record that is refused for days")

    def odd_punches(self) -> None:
        machine, user = self._world.machine, self._choice.choice(USERS)
        days = self._choice.randint(-20, 20)
        machine.record(user, machine.time + timedelta(days=days))
        machine.record(user, None)
        self._note("punch of another day" if days else "double tap")

    def punch_in_mid_read(self) -> None:
        machine = self._world.machine
        machine.punches_in_mid_read.append(Entry(self._choice.choice(USERS), machine.time, 1, 255))
        self._note("punch in mid-read")
