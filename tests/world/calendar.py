"""HR's calendar: which review periods there are to publish."""

from datetime import date, timedelta

from tests.world.backend import Row

FIRST_MONDAY = date(2026, 1, 5)


def row(number: int, weeks: int) -> Row:
    """The row of the period with this number, from a Monday to a Friday `weeks` weeks later."""
    start = FIRST_MONDAY + number * timedelta(weeks=weeks)
    return Row(start, start + timedelta(weeks=weeks) - timedelta(days=3), f"Period {number:02} {start.year}")
