"""The faulty world with the real functions from the Pub/Sub message on: signed, with thieves and dead letters."""

from datetime import timedelta

import pytest

from attendance_backend.review.names import SITES
from attendance_backend.sheet import serial
from attendance_contracts import SEQUENCES_AHEAD, Signed, sequence_at
from tests.property.profiles import limits
from tests.property.signed_world import HOWS, SignedWorld
from tests.property.test_client_and_handlers_in_a_faulty_world import PEOPLE, FaultyWorldWithHandlers
from tests.signed_backend import SignedBackend
from tests.world import promises
from tests.world.calendar import row
from tests.world.world import World

DAY_S = 86_400.0


class SigningWorld(SignedWorld, FaultyWorldWithHandlers):
    """The same with a secret."""

    def new_backend(self, seed):
        return SignedBackend(PEOPLE, seed=seed, crash_chance=0.15)


TestClientThatSigns = SigningWorld.TestCase
TestClientThatSigns.settings = limits(dev=2, ci=5)


def test_keys_letters_thieves_and_people_to_be_forgotten_were_met():
    """Runs after the sequences, and only says something after many."""
    if SigningWorld.tally["sequences"] < 100:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=hunt")

    kinds = {f"forged, with {how}" for how in HOWS} | {
        "key replaced",
        "key revoked",
        "message set aside",
        "message replayed",
        "dead letters sent again",
        "record refused for ever",
        "person forgotten",
    }
    assert {kind for kind in kinds if not SigningWorld.tally[kind]} == set()


@pytest.fixture
def world():
    """A site with two people, a week in, whose messages are signed."""
    world = World(SignedBackend(PEOPLE), seed=1)
    world.machine.users = {"1001": "name1001", "1002": "name1002"}
    for number in range(3):
        world.publish(row(number, world.weeks))
    work(world, days=3)
    yield world
    world.close()


def work(world, days):
    for _ in range(days):
        for user in ("1001", "1002"):
            world.machine.record(user, world.machine.time)
        world.run_for(DAY_S, 100)


def last_heard(world):
    """As Sites of the newest workbook has it: by the clock of the site's computer."""
    heads, site = world.backend.world.review_books()[-1].sheet(SITES).rows()
    return serial.to_datetime(site[heads.index("Last Heard")])


def settles(world):
    world.heal()
    assert world.settle(500), world.describe()
    for promise in promises.WHEN_SETTLED:
        promise(world)


def test_a_pi_whose_key_has_ended_stores_nothing_and_loses_nothing(world):
    backend = world.backend
    stored = len(backend.rows())
    backend.make_next_key(0)
    work(world, days=2)
    assert len(backend.rows()) == stored
    assert backend.letters
    for letter in backend.letters:
        world.network.send_again(letter)  # with the old key they are refused once more
    backend.letters.clear()
    world.run_for(60, 10)
    assert len(backend.rows()) == stored
    settles(world)
    assert len(backend.rows()) == stored + 4


def test_with_an_overlap_nobody_notices(world):
    stored = len(world.backend.rows())
    world.backend.make_next_key(7)
    work(world, days=2)
    assert len(world.backend.rows()) == stored + 4
    assert not world.backend.letters
    settles(world)


def test_a_punch_over_which_the_function_fails_delays_nobody_and_is_stored_after_redrive(world):
    backend = world.backend
    world.machine.record("1001", world.machine.time)
    poison = world.machine.newest
    world.spoil(poison, refuses=False)
    work(world, days=2)
    assert world.unstored() == {}
    assert backend.letters
    backend.poison.clear()
    world.spoilt.clear()
    assert world.unstored().keys() == {poison}
    world.power_off()  # so that nothing but the letters can bring it
    for letter in backend.letters:
        world.network.send_again(letter)
    world.timeline.advance(60)
    assert world.unstored() == {}
    settles(world)


def test_a_punch_that_the_spreadsheet_service_refuses_delays_nobody(world):
    world.machine.record("1001", world.machine.time)
    refused = world.machine.newest
    world.spoil(refused, refuses=True)
    work(world, days=2)
    assert world.unstored() == {}
    assert refused not in {stored.identity for stored in world.backend.rows()}
    settles(world)


def test_who_is_forgotten_on_the_card_and_in_the_sheets_does_not_come_back(world):
    """Neither from the machine, nor with a new card, nor by messages of before."""
    world.machine.record("1001", world.machine.time)  # in no sheet yet
    world.power_off()
    assert world.forget("1001") > 0
    assert not [stored for stored in world.backend.rows() if stored.user_name == "name1001"]
    for letter in list(world.network.requests):
        world.network.send_again(letter)
    work(world, days=1)
    promises.stays_forgotten(world)
    world.power_off()
    world.lose_ledger()
    work(world, days=1)
    settles(world)


def test_a_pi_that_signed_years_ahead_is_heard_with_a_new_card_and_once_its_clock_is_right(world):
    for new_card, days_ahead in ((False, 1500), (True, 0), (False, 1500), (False, 0)):
        world.clock.offset = timedelta(days=days_ahead)
        world.power_off()
        if new_card:
            world.lose_ledger()
            world.lose_snapshot()
        work(world, days=2)
        assert abs(world.clock.now() - last_heard(world)) < timedelta(days=3)
    signed = Signed.of(world.network.requests[-1].attributes)
    assert signed.sequence <= sequence_at(world.backend.world.clock.now() + SEQUENCES_AHEAD)
    settles(world)
