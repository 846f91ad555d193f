"""Whatever order punches arrive in, however they are shared among messages, repeated and interrupted: one workbook."""

from hypothesis import given, settings
from hypothesis import strategies as st

from attendance_backend.handlers import refresh
from attendance_backend.handlers.dispatch import handle
from tests.fakes_backend import Crash
from tests.property.profiles import draws
from tests.review_book import CARL, ROSTER, ReviewBook, punch

SITES = {"berlin": "SN1", "hamburg": "SN2"}
PEOPLE = (*ROSTER[0], None, None, "berlin"), ROSTER[1], (*CARL, None, None, "Hamburg")
"""Bob may be anywhere; Carl gets his rows with his first punch."""
FEW = settings(max_examples=draws(dev=25, ci=400))


@st.composite
def punches(draw):
    """A punch and its site; some share a second, some lie in the night, some within a double tap."""
    site = draw(st.sampled_from(sorted(SITES)))
    user = draw(st.sampled_from(("ann", "bob", "carl", "guest", None)))
    moment = draw(
        st.sampled_from(
            (
                "2026-11-03 08:00:00",
                "2026-11-03 08:00:30",
                "2026-11-03 12:00:00",
                "2026-11-03 17:00:00",
                "2026-11-03 23:59:59",
                "2026-11-04 00:00:00",
                "2026-11-04 03:59:59",
                "2026-11-04 04:00:00",
                "2026-11-29 09:00:00",
                "2026-11-30 02:00:00",
            )
        )
    )
    occurrence = draw(st.integers(1, 2))
    return site, punch(user, moment, serial_number=SITES[site], occurrence=occurrence)


@st.composite
def deliveries(draw):
    """Punches, and messages that hold all of them, in any order, some more than once."""
    everything = draw(st.lists(punches(), min_size=1, max_size=14))
    left = draw(st.permutations(everything))
    messages = []
    for site in SITES:
        records = [record for where, record in left if where == site]
        while records:
            size = draw(st.integers(1, len(records)))
            messages.append((site, tuple(records[:size])))
            records = records[size:]
    messages += draw(st.lists(st.sampled_from(messages), max_size=4))
    return everything, draw(st.permutations(messages))


def new_office():
    office = ReviewBook(roster=PEOPLE[:2], sites=tuple(SITES))
    office.keeps(*PEOPLE)
    return office


def deliver(office, site, records, crash):
    """Deliver a message once more after each time that the handler dies."""
    effects = office.world.effects
    message = office.message(*records, site=site)
    for effect, after in crash:
        effects.count, effects.crash_before, effects.crash_after = 0, None, None
        setattr(effects, "crash_after" if after else "crash_before", effect)
        try:
            return handle(message, office.world.backend)
        except Crash:
            pass
        finally:
            effects.crash_before = effects.crash_after = None
    return handle(message, office.world.backend)


CRASHES = st.lists(st.tuples(st.integers(1, 2), st.booleans()), max_size=2)


@FEW
@given(st.data(), deliveries())
def test_one_workbook_comes_of_any_deliveries(data, plan):
    everything, messages = plan
    once = new_office()
    for site in SITES:
        records = [record for where, record in everything if where == site]
        if records:
            once.store(*records, site=site)
    office = new_office()
    for site, records in messages:
        reply = deliver(office, site, records, data.draw(CRASHES))
        confirmed = set(reply.confirmed)
        assert confirmed == {record.identity for record in records}
        assert confirmed <= set(office.stored_ids())
        assert confirmed <= set(office.indexed_ids())

    assert office.unordered() == once.unordered()
    assert len(office.stored_ids()) == len({record.identity for _, record in everything})
    before = office.content()
    assert refresh.rebuild_facts(office.sheet_id, office.period, office.world.backend).differences == []
    assert office.content() == before


@FEW
@given(deliveries())
def test_what_is_delivered_again_changes_no_cell(plan):
    _, messages = plan
    office = new_office()
    for site, records in messages:
        office.store(*records, site=site)
    before = office.content()
    for site, records in messages:
        office.store(*records, site=site)
        assert office.cost[1] == 0

    assert office.content() == before


@FEW
@given(deliveries(), st.data())
def test_a_rebuild_from_nothing_is_what_the_messages_left(plan, data):
    _, messages = plan
    office = new_office()
    for site, records in messages:
        office.store(*records, site=site)
    before = office.unordered()
    lost = data.draw(st.sampled_from((["Days"], ["Punch Index"], ["Days", "Punch Index"])))
    office.book.sheets = [sheet for sheet in office.book.sheets if sheet.title not in lost]
    assert refresh.rebuild_facts(office.sheet_id, office.period, office.world.backend).differences

    after = office.unordered()
    if "Days" in lost:
        # HR's list in its order, whoever of it was seen.
        keep = {key for key in before if key != "Days"}
        assert {title: after[title] for title in keep} == {title: before[title] for title in keep}
        header = {row for row in before["Days"] if "Key (" in str(row[:1])}
        assert set(before["Days"]) - header <= set(after["Days"])
    else:
        assert after == before
