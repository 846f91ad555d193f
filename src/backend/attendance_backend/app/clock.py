"""The cloud's clock."""

from datetime import UTC, datetime


class SystemClock:
    """The `Clock` port."""

    def now(self) -> datetime:
        """See the port."""
        return datetime.now(UTC)
