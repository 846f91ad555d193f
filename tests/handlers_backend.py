"""The real handlers, over spreadsheets in memory, as the backend of a world (`tests.world.backend.Backend`).

They may die before or after any of their effects. Some messages are taken in together with some that came before,
which Pub/Sub may deliver again.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import chain
from typing import Any

from attendance_backend.control.registered_sites import TITLE
from attendance_backend.errors import UserError
from attendance_backend.handlers import books, forgetting, moving, routing
from attendance_backend.handlers.together import handle_together
from attendance_backend.review.forgetting import Whom
from attendance_backend.review.raw_data import ELSEWHERE
from attendance_backend.sheet import serial
from attendance_contracts import Message, ReviewPeriod, SiteHealth, StoreAttendRecords
from tests.fakes_backend import Book, Crash, World
from tests.world.backend import StoredRow
from tests.world.calendar import Row, windows
from tests.world.network import ZONE, BackendFault

RAW_PREFIX = "Raw Data - "
TIMESTAMP, ENTRY, USER_NAME, RECORD_ID = 0, 3, 4, 8
PERIOD_PROPERTY = "attendance_review_period"
FORGETS_IN = 8
"""One world in so many forgets people: it takes as long as a hundred messages."""
BATCHES = (1, 1, 1, 2, 4)
"""How many messages are taken in together."""
MOST_HEARD = 5
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
        self.now = datetime(2026, 1, 5, 9)
        self.moved: list[str] = []
        self.refused: set[str] = set()
        self.poison: set[str] = set()
        self._choice = random.Random(seed)
        self._crash_chance = crash_chance
        self._forgets = seed % FORGETS_IN == 0
        self._heard: list[Message] = []
        self._batches = random.Random(seed)
        self._published: list[Row] = []
        self._windows: dict[str, ReviewPeriod] = {}
        self.world.type_worksheet("Cut Off Times", [("Name", "Email", "Cut Off Time"), *people])

    def type_periods(self, rows: Sequence[Row]) -> None:
        self._published = list(rows)
        self._write_years()

    def register(self, since: date, boundary: timedelta) -> None:
        sheet = self.world.control.sheet(TITLE)
        rows: list[list[Any]] = [*sheet.rows()[1:]]
        days = [serial.to_date(row[1]) for row in rows]
        row = days.index(since) + 1 if since in days else len(days) + 1
        sheet.row_count = max(sheet.row_count, row + 1)
        values: tuple[str | float, ...] = (
            "berlin",
            serial.from_date(since),
            "",
            boundary / timedelta(days=1),
        )
        for column, value in enumerate(values):
            sheet.put(row, column, value)

    def finalise(self, name: str) -> bool:
        if "Review Sheets" not in [sheet.title for sheet in self.world.control.sheets]:
            return False
        recorded = self.world.control.sheet("Review Sheets")
        rows = [row for row, values in enumerate(recorded.rows()) if values[:1] == [name]]
        books = {book.properties[PERIOD_PROPERTY]: book for book in self.world.review_books()}
        if not rows or name not in books:
            return False
        recorded.put(0, 4, "Finalised")
        recorded.put(rows[0], 4, "yes")
        guide = books[name].sheet("Guide")
        ((row, column),) = [place for place, value in guide.cells.items() if value == "Finalised"]
        guide.put(row, column + 1, "yes")
        return True

    def delete_workbook(self, name: str, *, with_its_row: bool) -> bool:
        names = [sheet.title for sheet in self.world.control.sheets]
        recorded = self.world.control.sheet("Review Sheets") if "Review Sheets" in names else None
        rows = [] if recorded is None else [r for r, row in enumerate(recorded.rows()) if row[:1] == [name]]
        if recorded is None or not rows:
            return False
        self.world.spreadsheets.books.pop(str(recorded.get(rows[0], 1)), None)
        if with_its_row:
            for column in range(5):
                recorded.put(rows[0], column, None)
        return True

    def look_after(self) -> None:
        """The schedule's tick, of which only what moves punches is looked at here."""
        self.world.clock.moment += timedelta(minutes=2)
        self.world.effects.crash_before = self.world.effects.crash_after = None
        table = routing.read(self.world.backend)
        for book in self.world.review_books():
            name = book.properties[PERIOD_PROPERTY]
            sheet_id = table.books.get(name.casefold())
            if sheet_id is not None and name.casefold() not in table.finalised:
                present = books.present(self.world.spreadsheets, sheet_id)
                self.moved += moving.guarded(name, present, self.world.backend).logged

    def forget(self, user: str, identities: set[str]) -> set[str]:
        del identities  # it finds them by itself
        before = {stored.identity for stored in self.rows()}
        if self._forgets:
            self.world.effects.crash_before = self.world.effects.crash_after = None
            whom = Whom("", site="berlin", user_id=user)
            forgetting.forget(whom, self.world.backend, lambda _: None, is_meant=True)
        return before - {stored.identity for stored in self.rows()}

    def handle(self, message: Message) -> Message | None:
        self.world.clock.moment = self.now.replace(tzinfo=ZONE).astimezone(UTC)
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
            reply = self._reply_to(message)
        except Crash:
            raise BackendFault("function died at one of its effects") from None
        except UserError as error:
            raise BackendFault("function refused a message") from error
        self._windows |= {period.name: period for period in windows(self._published)}
        return reply

    def _reply_to(self, message: Message) -> Message | None:
        """The reply, with that to others lost; it was as good as never sent."""
        again = self._batches.sample(self._heard, min(len(self._heard), self._batches.choice(BATCHES) - 1))
        batch = [*again, message]
        self._batches.shuffle(batch)
        if isinstance(message, StoreAttendRecords | SiteHealth):
            self._heard = [*self._heard, message][-MOST_HEARD:]
        replies: list[Message | None] = []
        for number, reply in chain.from_iterable(handle_together(batch, self.world.backend)):
            if batch[number] is message:
                replies.append(reply())
            elif len(batch) > 1:
                with contextlib.suppress(UserError):
                    reply()
        return replies[0]

    def rows(self) -> list[StoredRow]:
        found = []
        for book in self.world.review_books():
            for sheet in book.sheets:
                if sheet.title.startswith(RAW_PREFIX) or sheet.title == "Amendments":
                    found += [self._stored(book, row) for row in sheet.rows()[1:] if len(row) > RECORD_ID]
        return found

    def workbooks(self) -> Iterator[tuple[str, Book, ReviewPeriod]]:
        """The review workbooks: ID, content, and the period by HR's table."""
        for sheet_id, book in self.world.spreadsheets.books.items():
            if book is not self.world.control and not book.folder:
                yield sheet_id, book, self._windows[book.properties[PERIOD_PROPERTY]]

    def mails(self) -> Mapping[str, int]:
        return Counter(str(message["Message-ID"]) for message in self.world.mailer.sent)

    def alarms(self) -> set[str]:
        titles = [sheet.title for sheet in self.world.control.sheets]
        if "Alarms" not in titles:
            return set()
        return {str(row[0]) for row in self.world.control.sheet("Alarms").rows()[1:]}

    def _stored(self, book: Book, row: list) -> StoredRow:
        stamp = serial.to_datetime(row[TIMESTAMP])
        name, counts = str(row[USER_NAME] or ""), not str(row[ENTRY]).startswith(ELSEWHERE)
        return StoredRow(book.properties[PERIOD_PROPERTY], str(row[RECORD_ID]), stamp, name, counts)

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
