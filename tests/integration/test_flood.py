"""flood_passes: overload delays, work done for a message is bounded, nothing is lost, and the backlog falls."""

from bench import flood


def test_a_crowd_is_served_together():
    before, now = (flood.minute(30, together=together) for together in (False, True))

    assert before.left == now.left == 0
    assert now.longest_s <= 10
    assert now.reads + now.writes <= before.reads + before.writes


def test_a_crowd_of_several_groups_costs_a_read_and_a_write_a_workbook():
    found = flood.minute(12, together=True, groups=3)

    assert found.left == 0
    assert found.writes <= 3 * 12
    assert found.longest_s <= 30


def test_after_an_hours_outage_all_is_stored_soon_and_little_was_sent_twice():
    found = flood.outage(3, together=True, hours=2)

    assert found.left == 0
    assert found.stored_after_s <= 1800
    assert found.sent <= 2 * found.needed
