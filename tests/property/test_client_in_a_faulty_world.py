"""The client keeps its promises in a faulty world, and every kind of fault is among what it meets there."""

import pytest

from tests.property.counted import counted_rule as rule
from tests.property.counted import rules_of
from tests.property.faulty_world import HOUR_S, MOST_STEPS, FaultyWorld, steps, users
from tests.property.profiles import limits

EVERY_KIND = {
    # people
    "punch",
    "punches in one second",
    "backdated punch",
    "punch from the future",
    "punch at an edge",
    "punch between the last polling and the closing",
    "impossible date",
    "punch in mid-read",
    "users changed",
    # the client and its service manager
    "power lost",
    "service restarted",
    # HR
    "period published",
    "period withdrawn",
    "person forgotten",
    # Pub/Sub and the functions
    "message lost",
    "message duplicated",
    "message delayed",
    "stale reply",
    "confirmation lost",
    "Pub/Sub unreachable",
    "subscriptions deleted",
    "function died before it had applied anything",
    "function died after it had applied everything",
    "records stored in part",
    # disk
    "damaged snapshot.json",
    "damaged snapshot.previous.json",
    "both snapshots damaged",
    "snapshot lost",
    "ledger lost",
    "disk lost or tore what was not synchronised",
    # clocks
    "Pi's clock behind",
    "Pi's clock ahead",
    "machine's clock set",
    "machine's clock broken",
    # the machine
    "machine unreachable",
    "machine breaks off",
    "machine cleared",
    "machine left disabled",
}


class World(FaultyWorld):
    """The faulty world over the smallest backend, in which people are forgotten as well."""

    @rule(user=users, then=steps)
    def somebody_is_forgotten(self, user, then):
        self.punch(user)
        self.world.run_for(12 * HOUR_S, MOST_STEPS)
        self.world.power_off()
        if self.world.forget(user):
            self.happened("person forgotten", then)


TestClientInAFaultyWorld = World.TestCase
TestClientInAFaultyWorld.settings = limits(dev=60, ci=1000)


def test_every_kind_of_fault_was_met():
    """Runs after the sequences, and only says something after many."""
    if World.tally["sequences"] < 500:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=ci")

    assert {kind for kind in EVERY_KIND if not World.tally[kind]} == set()


def test_every_rule_was_followed():
    if World.tally["sequences"] < 500:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=ci")

    assert rules_of(World) - World.fired.keys() == set()


def test_punches_were_stored_and_alarms_mailed():
    if World.tally["sequences"] < 50:
        pytest.skip("a taste need not have it all")

    assert World.tally["rows stored"] > World.tally["sequences"]
    assert World.tally["e-mails"] > 0
