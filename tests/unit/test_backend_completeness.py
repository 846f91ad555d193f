"""Which days become complete, of a site and of all of them."""

from datetime import date

from attendance_backend.domain.completeness import advance

FIRST, LAST = date(2026, 11, 2), date(2026, 11, 29)


def test_days_beyond_the_period_are_none_of_its():
    """A site reports through the present; the workbook has no columns for what comes after its period."""
    found = advance({"berlin": date(2026, 11, 27)}, "berlin", date(2026, 12, 9), FIRST, LAST)
    assert found.of_site == found.of_all == (date(2026, 11, 28), LAST)


def test_days_before_the_period_are_none_of_its():
    for reported in ({}, {"berlin": date(2026, 10, 20)}):
        found = advance(reported, "berlin", date(2026, 11, 3), FIRST, LAST)
        assert found.of_site == found.of_all == (FIRST, date(2026, 11, 3))


def test_people_without_a_site_wait_for_all_sites():
    reported = {"berlin": None, "hamburg": date(2026, 11, 5)}
    found = advance(reported, "berlin", date(2026, 11, 8), FIRST, LAST)
    assert found.of_site[-1] == date(2026, 11, 8)
    assert found.of_all == tuple(date(2026, 11, day) for day in (2, 3, 4, 5))


def test_what_a_site_reports_again_or_takes_back_completes_nothing():
    for through in (date(2026, 11, 5), date(2026, 11, 3)):
        for hamburg in (date(2026, 11, 4), date(2026, 11, 20)):
            reported = {"berlin": date(2026, 11, 5), "hamburg": hamburg}
            found = advance(reported, "berlin", through, FIRST, LAST)
            assert found.of_site == found.of_all == ()
