"""The real handlers, over spreadsheets in memory, as the backend of a world (`tests.world.backend.Backend`).

They may die before or after any of their effects.
"""

import random
from collections import Counter
from collections.abc import Iterator, Mapping

from attendance_backend.handlers.dispatch import handle
from attendance_backend.sheet import serial
from attendance_contracts import CreateReviewSheet, Message, ReviewPeriod, StoreAttendRecords
from tests.fakes_backend import Book, Crash, World
from tests.world.backend import Row, StoredRow
from tests.world.network import BackendFault

RAW_PREFIX = "Raw Data - "
TIMESTAMP, RECORD_ID = 0, 8
PERIOD_PROPERTY = "attendance_review_period"
MOST_EFFECTS = 4
"""No handler has more effects than this."""


class HandlersBackend:
    """The cloud functions' handlers.

    Args:
        people: rows of Cut Off Times: name, e-mail address, cut-off time.
        seed: of the crashes.
        crash_chance: how often a handler dies at one of its effects, if it gets so far.
    """

    hears_health = True

    def __init__(
        self, people: tuple[tuple[str, str, str | float], ...] = (), seed: int = 0, crash_chance: float = 0.0
    ) -> None:
        self.world = World()
        self._choice = random.Random(seed)
        self._crash_chance = crash_chance
        self._published: list[Row] = []
        self._windows: dict[str, ReviewPeriod] = {}
        self.world.type_worksheet("Cut Off Times", [("Name", "Email", "Cut Off Time"), *people])

    def publish(self, row: Row) -> None:
        if row not in self._published:
            self._published.append(row)
            self._write_years()

    def withdraw(self, row: Row) -> None:
        if row in self._published:
            self._published.remove(row)
            self._write_years()

    def handle(self, message: Message) -> Message | None:
        effects = self.world.effects
        effects.count = 0
        effects.crash_before = effects.crash_after = None
        if self._choice.random() < self._crash_chance:
            number = self._choice.randint(1, MOST_EFFECTS)
            if self._choice.random() < 0.5:
                effects.crash_before = number
            else:
                effects.crash_after = number
        try:
            reply = handle(message, self.world.backend)
        except Crash:
            raise BackendFault("function died at one of its effects") from None
        if isinstance(message, CreateReviewSheet | StoreAttendRecords):
            self._windows[message.period.name] = message.period
        return reply

    def rows(self) -> list[StoredRow]:
        found = []
        for book in self.world.review_books():
            for sheet in book.sheets:
                if sheet.title.startswith(RAW_PREFIX) or sheet.title == "Amendments":
                    found += [self._stored(book, row) for row in sheet.rows()[1:]]
        return found

    def workbooks(self) -> Iterator[tuple[str, Book, ReviewPeriod]]:
        """The review workbooks: ID, content, and the period as it was last asked for."""
        for sheet_id, book in self.world.spreadsheets.books.items():
            if book is not self.world.control:
                yield sheet_id, book, self._windows[book.properties[PERIOD_PROPERTY]]

    def mails(self) -> Mapping[str, int]:
        return Counter(str(message["Message-ID"]) for message in self.world.mailer.sent)

    def alarms(self) -> set[str]:
        titles = [sheet.title for sheet in self.world.control.sheets]
        if "Alarms" not in titles:
            return set()
        return {str(row[0]) for row in self.world.control.sheet("Alarms").rows()[1:]}

    def _stored(self, book: Book, row: list) -> StoredRow:
        name = book.properties[PERIOD_PROPERTY]
        return StoredRow(self._windows[name], str(row[RECORD_ID]), serial.to_datetime(row[TIMESTAMP]))

    def _write_years(self) -> None:
        years = {sheet.title for sheet in self.world.control.sheets if sheet.title.isdigit()}
        years |= {row.name.rpartition(" ")[2] for row in self._published}
        for year in sorted(years):
            rows = [
                (row.name.rpartition(" ")[0], serial.from_date(row.start), serial.from_date(row.end))
                for row in self._published
                if row.name.rpartition(" ")[2] == year
            ]
            self.world.type_worksheet(year, [("Month", "Start Date", "End Date"), *rows])
