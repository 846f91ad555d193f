"""What somebody should know of a month's numbers: of whom, of which day, what."""

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Finding:
    """A reason not to trust a number, or something that would change one.

    Attributes:
        who: the employee, or the site; empty for everybody.
        day: None for the whole month.
        what: in words.
        user: `user_key` of the employee, where it is known.
    """

    who: str
    day: date | None
    what: str
    user: str = ""

    def __str__(self) -> str:
        about = ", ".join(part for part in (self.who, self.day and f"{self.day:%d-%m-%Y}") if part)
        return f"{about}: {self.what}" if about else self.what

    def order(self) -> tuple[str, date, str]:
        """By which findings are sorted: people, days, words."""
        return self.who.casefold(), self.day or date.min, self.what
