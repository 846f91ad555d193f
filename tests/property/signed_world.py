"""Rules of keys, thieves, dead letters and people who are forgotten, for worlds whose functions have a secret."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from hypothesis import strategies as st

from attendance_contracts import (
    AlarmKind,
    AttendanceRecord,
    RaiseFinalAlarm,
    ReviewPeriod,
    Signer,
    SiteHealth,
    SiteKey,
    StoreAttendRecords,
    encode,
)
from tests.property.counted import counted_rule as rule
from tests.property.faulty_world import HOUR_S, MOST_STEPS, FaultyWorld, steps, users
from tests.signed_backend import SECRET, SITE, SignedBackend
from tests.world.network import Envelope

OTHER = "hamburg"
FAR_AHEAD = 2**52
"""The sequence of a forged message: newer than any of the site's own."""

NO_KEY = "no key"
OF_ANOTHER_SITE = "another site's key"
IN_ANOTHERS_NAME = "the site's own key, in another site's name"
NEVER_IN_FORCE = "a key that ended, or is to come"
GUESSED = "a guessed key"
ALTERED = "a message of the site, altered"
HOWS = (NO_KEY, OF_ANOTHER_SITE, IN_ANOTHERS_NAME, NEVER_IN_FORCE, GUESSED, ALTERED)


class SignedWorld(FaultyWorld):
    """The site signs; somebody listens to all of it and publishes what he likes."""

    @property
    def functions(self) -> SignedBackend:
        """The world's backend."""
        assert isinstance(self.world.backend, SignedBackend)
        return self.world.backend

    @rule(overlap=st.sampled_from((0, 0, 1, 30)), hours=st.sampled_from((0, 0, 5, 60)), then=steps)
    def the_site_gets_another_key(self, overlap, hours, then):
        """The administrator brings it at once, or hours later; without an overlap nothing is taken until then."""
        world = self.world
        if world.since:
            self.functions.make_next_key(overlap)
            world.timeline.after(hours * HOUR_S, world.bring_the_key)
            self.happened("key revoked" if not overlap else "key replaced", then)

    @rule(age=st.integers(0, 30), times=st.integers(1, 3), then=steps)
    def a_thief_sends_again_what_he_heard(self, age, times, then):
        heard = self.world.network.requests
        if heard:
            for _ in range(times):
                self.world.network.send_again(heard[-1 - age % len(heard)])
            self.happened("message replayed", then)

    @rule(how=st.sampled_from(HOWS), what=st.sampled_from(("punches", "health", "alarm")), user=users)
    def a_thief_forges_a_message(self, how, what, user):
        """Nothing of it is taken, and nothing in any spreadsheet or mailbox is another for it."""
        world = self.world
        self.functions.now = world.timeline.wall
        letter = self.forged(how, what, user)
        if letter is not None:
            before = _kept(self.functions)
            assert not self.functions.takes(letter), f"taken, with {how}"
            assert _kept(self.functions) == before
            self.happened(f"forged, with {how}")

    def forged(self, how, what, user):
        network, backend = self.world.network, self.functions
        if not self.world.since:
            return None  # a site that nobody knows
        in_force = backend.site_key
        if how == ALTERED:
            return _altered(network.requests, user)
        message = _invented(what, user, self.world.timeline.wall)
        keys = {
            OF_ANOTHER_SITE: SiteKey.derived(SECRET, OTHER, in_force.number),
            IN_ANOTHERS_NAME: in_force,
            # Far to come: what was set aside and is sent again once its key is in force would be taken.
            NEVER_IN_FORCE: SiteKey.derived(SECRET, SITE, in_force.number + 100),
            GUESSED: SiteKey(SITE, in_force.number, bytes(32)),
        }
        if how == IN_ANOTHERS_NAME:
            message = replace(message, location=OTHER)
        if how == NEVER_IN_FORCE and backend.has_ended(in_force.number - 1):
            keys[how] = SiteKey.derived(SECRET, SITE, in_force.number - 1)
        data, attributes = encode(message)
        if how != NO_KEY:
            attributes = Signer(keys[how], lambda: FAR_AHEAD).signed(message.topic, data, attributes)
        return Envelope(message.topic, data, attributes)

    @rule(then=steps)
    def dead_letters_are_sent_again(self, then):
        """As `attendance-backend dead-letters redrive --all` does."""
        letters = self.functions.letters
        for letter in letters:
            self.world.network.send_again(letter)
        if letters:
            letters.clear()
            self.happened("dead letters sent again", then)

    @rule(user=users, then=steps)
    def somebody_is_forgotten(self, user, then):
        self.punch(user)
        self.world.run_for(12 * HOUR_S, MOST_STEPS)
        self.world.power_off()
        if self.world.forget(user):
            self.happened("person forgotten", then)


def _kept(backend):
    """All rows, mails and alarms, and what the site is said to have told."""
    return backend.rows(), dict(backend.mails()), backend.alarms(), backend.said_of_sites()


def _altered(requests, user):
    """The newest message of punches, with somebody else in it; signed as it was."""
    for letter in reversed(requests):
        message = letter.message
        if isinstance(message, StoreAttendRecords):
            first, *others = message.records
            at = first.timestamp + timedelta(seconds=1)
            forged = replace(first, user_id=f"9{user}", timestamp=at)
            data, _ = encode(replace(message, records=(forged, *others)))
            return Envelope(letter.topic, data, letter.attributes)
    return None


def _invented(what, user, now):
    today = now.date()
    period = ReviewPeriod("Invented", today - timedelta(days=7), today + timedelta(days=7))
    if what == "alarm":
        kind = AlarmKind.FINAL_ALARM
        return RaiseFinalAlarm(location=SITE, request_id="thief", kind=kind, after=None, on=today)
    if what == "punches":
        record = AttendanceRecord("THIEF", user, f"name{user}", now.replace(microsecond=0), 1, 0, 1)
        return StoreAttendRecords(
            location=SITE,
            request_id="thief",
            sheet_id="",
            period=period,
            time_zone="",
            day_boundary=time(4),
            records=(record,),
            routed=True,
        )
    return SiteHealth(
        location=SITE,
        request_id="thief",
        sheet_id="",
        period=period,
        at=datetime(2026, 1, 5, 9),
        time_zone="",
        day_boundary=time(4),
        release="9.9.9",
        backlog=0,
        undecodable=0,
        complete_through=date(2026, 1, 30),
        pi_clock_synchronised=True,
        machine=None,
        problem="mine",
    )
