"""The real handlers, over spreadsheets in memory, as the backend of a world (`tests.world.backend.Backend`).

They may die before or after any of their effects. Some messages are taken in together with some that came before,
which Pub/Sub may deliver again. Two instances serve in turn, and one sometimes between the other's read and write. In
some worlds a period has two workbooks: known people are in that of another site than the one where they punch.
"""

import contextlib
import random
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import chain, product
from typing import Any

from attendance_backend.control.registered_sites import TITLE
from attendance_backend.domain.groups import book_name
from attendance_backend.errors import BackendError, RefusedError
from attendance_backend.handlers import books, forgetting, moving, routing
from attendance_backend.handlers.together import Served, handle_together
from attendance_backend.ports import Backend
from attendance_backend.review.forgetting import Whom
from attendance_backend.review.names import GROUP_PROPERTY, PERIOD_PROPERTY
from attendance_backend.review.raw_data import ELSEWHERE
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Change, WriteCells
from attendance_backend.sheet.grid import Area
from attendance_contracts import Message, ReviewPeriod, SiteHealth, SiteKey, StoreAttendRecords
from tests.fakes_backend import Book, Crash, World
from tests.world.backend import StoredRow
from tests.world.calendar import Row, windows
from tests.world.network import ZONE, BackendFault, Envelope

RAW_PREFIX = "Raw Data - "
TIMESTAMP, ENTRY, USER_NAME, RECORD_ID = 0, 3, 4, 8
REGISTERED = ("Site", "First Day", "Time Zone", "Day Boundary", "Workbook Group")
FORGETS_IN = 4
"""One world in so many forgets people: it takes as long as dozens of messages."""
GROUPED_IN = 3
"""One world in so many has workbook groups."""
ONE_OF_GROUPS = 0.5
"""How often one group's workbook is deleted alone."""
ELSEWHERE_SITE, ELSEWHERE_GROUP = "lyon", "South"
BATCHES = (1, 1, 1, 2, 4)
"""How many messages are taken in together."""
AT_ONCE = 0.2
"""How often the other instance serves between a read and a write."""
MOST_HEARD = 5
MOST_EFFECTS = 4
"""No handler has more effects than this."""


class FaultError(Exception):
    """A fault of the program that a punch brings out."""


class HandlersBackend:
    """The cloud functions' handlers.

    Args:
        people: rows of Cut Off Times: name, e-mail address, cut-off time.
        seed: of the crashes.
        crash_chance: how often a handler dies at one of its effects, if it gets so far.
    """

    hears_health = True
    site_key: SiteKey | None = None

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
        self.deletes_of: str | None = None
        """The group whose workbook is the next to be deleted; None for any."""
        self._heard: list[Any] = []
        self._batches = random.Random(seed)
        self._published: list[Row] = []
        self._windows: dict[str, ReviewPeriod] = {}
        self.instances = [self.world.backend, replace(self.world.backend, remembered={})]
        self.happened: Counter[str] = Counter()
        self._spoil_writes()
        site = ELSEWHERE_SITE if seed % GROUPED_IN == 1 else None
        rows = [(*person, site) for person in people]
        self.world.type_worksheet("Cut Off Times", [("Name", "Email", "Cut Off Time", "Site"), *rows])
        if site is not None:
            self.happened["worlds with workbook groups"] += 1
            other = (site, serial.from_date(date(2025, 1, 1)), "Europe/Berlin", 0, ELSEWHERE_GROUP)
            self.world.type_worksheet(TITLE, [REGISTERED, other])

    def type_periods(self, rows: Sequence[Row]) -> None:
        self._published = list(rows)
        # A function may make the workbook and die, and HR withdraw the period before the next message.
        self._windows = {period.name: period for period in windows(rows)} | self._windows
        self._write_years()

    def register(self, since: date, boundary: timedelta) -> None:
        sheet = self.world.control.sheet(TITLE)
        rows: list[list[Any]] = [*sheet.rows()[1:]]
        days = [(row[0], serial.to_date(row[1])) for row in rows]
        own = "berlin", since
        row = days.index(own) + 1 if own in days else len(days) + 1
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
        books = [book for book in self.world.review_books() if book.properties[PERIOD_PROPERTY] == name]
        if not rows or not books:
            return False
        recorded.put(0, 4, "Finalised")
        for row in rows:
            recorded.put(row, 4, "yes")
        for book in books:
            guide = book.sheet("Guide")
            ((row, column),) = [place for place, value in guide.cells.items() if value == "Finalised"]
            guide.put(row, column + 1, "yes")
        return True

    def delete_workbook(self, name: str, *, with_its_row: bool) -> Mapping[str, set[str]]:
        """Of several groups' one, or all of them; a row whose workbook is gone is deleted first."""
        if "Review Sheets" not in [sheet.title for sheet in self.world.control.sheets]:
            return {}
        recorded, there = self.world.control.sheet("Review Sheets"), self.world.spreadsheets.books
        rows = {r: str(row[1]) for r, row in enumerate(recorded.rows()) if row[:1] == [name]}
        left = {row: sheet_id for row, sheet_id in rows.items() if sheet_id not in there}
        if with_its_row and left:
            rows = left
        elif self.deletes_of is not None:
            group = self.deletes_of.casefold()
            rows = {
                row: each for row, each in rows.items() if there[each].properties.get(GROUP_PROPERTY) == group
            }
        elif len(rows) > 1 and self._choice.random() < ONE_OF_GROUPS:
            rows = dict([self._choice.choice([*rows.items()])])
        for row, column in product(rows if with_its_row else (), range(recorded.column_count)):
            recorded.put(row, column, None)
        books = {sheet_id: there.pop(sheet_id, None) for sheet_id in rows.values()}
        return {sheet_id: {*self._identities(book)} for sheet_id, book in books.items()}

    def _identities(self, book: Book | None) -> Iterator[str]:
        return (stored.identity for stored in ([] if book is None else self._rows_of(book)))

    def look_after(self) -> None:
        """The schedule's tick, of which only what moves punches is looked at here."""
        self.world.clock.moment += timedelta(minutes=2)
        self._nobody_dies()
        table = routing.read(self.world.backend)
        for book in self.world.review_books():
            name = book_name(book.properties[PERIOD_PROPERTY], book.properties.get(GROUP_PROPERTY, ""))
            sheet_id = table.books.get(name.casefold())
            if sheet_id is not None and name.casefold() not in table.finalised:
                present = books.present(self.world.spreadsheets, sheet_id)
                self.moved += moving.guarded(name, present, self.world.backend).logged

    def forget(self, user: str, identities: set[str]) -> set[str]:
        del identities  # it finds them by itself
        before = {stored.identity for stored in self.rows()}
        if self._forgets:
            self._nobody_dies()
            whom = Whom("", site="berlin", user_id=user)
            forgetting.forget(whom, self.world.backend, lambda _: None, is_meant=True)
        return before - {stored.identity for stored in self.rows()}

    def take(self, letter: Envelope, message: Message) -> Message | None:
        del letter  # nothing is signed
        return self.handle(message)

    def handle(self, message: Message) -> Message | None:
        return self._take(message, type(message))

    def _nobody_dies(self) -> None:
        self.world.effects.crash_before = self.world.effects.crash_after = None

    def _begin(self) -> None:
        """A function begins, and may die at one of its effects."""
        self.world.clock.moment = self.now.replace(tzinfo=ZONE).astimezone(UTC)
        effects = self.world.effects
        effects.count = 0
        self._nobody_dies()
        if self._choice.random() < self._crash_chance:
            number = self._choice.randint(1, MOST_EFFECTS)
            if self._choice.random() < 0.5:
                effects.crash_before = number
            else:
                effects.crash_after = number

    def _take(self, message: Any, kind: type[Message]) -> Message | None:
        self._begin()
        try:
            reply = self._reply_to(message, kind)
        except Crash:
            raise BackendFault("function died at one of its effects") from None
        except FaultError:
            raise BackendFault("function has a fault") from None
        except BackendError as error:
            raise BackendFault("function refused a message") from error
        finally:
            self.world.effects.meanwhile = None
        self._windows |= {period.name: period for period in windows(self._published)}
        return reply

    def _serve(self, messages: Sequence[Any], instance: Backend) -> Iterator[Served]:
        """What an instance does with messages that it is given at once."""
        return chain.from_iterable(handle_together(messages, instance))

    def _reply_to(self, message: Any, kind: type[Message]) -> Message | None:
        """The reply, with that to others lost; it was as good as never sent."""
        again = self._batches.sample(self._heard, min(len(self._heard), self._batches.choice(BATCHES) - 1))
        batch = [*again, message]
        self._batches.shuffle(batch)
        here, there = self._batches.sample(self.instances, 2)
        if self._heard and self._batches.random() < AT_ONCE:
            others = self._batches.sample(self._heard, min(len(self._heard), 2))
            number = self._batches.randint(1, 2)
            self.world.effects.meanwhile = number, partial(self._serve_meanwhile, others, there)
        if kind in (StoreAttendRecords, SiteHealth):
            self._heard = [*self._heard, message][-MOST_HEARD:]
        own: Message | None = None
        trouble: Exception | None = None
        for number, reply in self._serve(batch, here):
            try:
                answer = reply()
            except (BackendError, FaultError) as error:
                trouble = error if batch[number] is message else trouble
            else:
                own = answer if batch[number] is message else own
        if trouble is not None:
            raise trouble
        return own

    def _serve_meanwhile(self, messages: Sequence[Any], instance: Backend) -> None:
        """Another instance serves what Pub/Sub delivers to it at the same time."""
        self.happened["two instances at once"] += 1
        for _, reply in self._serve(messages, instance):
            with contextlib.suppress(BackendError, FaultError):
                reply()

    def _spoil_writes(self) -> None:
        """Google refuses what holds a punch of `refused`; over one of `poison` the program has a fault."""
        apply = self.world.spreadsheets.apply

        def wary(spreadsheet_id: str, changes: Sequence[Change], areas: Sequence[Area] = ()) -> Any:
            rows = [row for change in changes if isinstance(change, WriteCells) for row in change.rows]
            written = {cell.value for row in rows for cell in row if isinstance(cell.value, str)}
            if written & self.refused:
                self.happened["a punch was refused"] += 1
                raise RefusedError("Google does not like it")
            if written & self.poison:
                self.happened["a fault of the program"] += 1
                raise FaultError
            return apply(spreadsheet_id, changes, areas)

        self.world.spreadsheets.apply = wary

    def rows(self) -> list[StoredRow]:
        return [stored for book in self.world.review_books() for stored in self._rows_of(book)]

    def _rows_of(self, book: Book) -> Iterator[StoredRow]:
        for sheet in book.sheets:
            if sheet.title.startswith(RAW_PREFIX) or sheet.title == "Amendments":
                yield from (self._stored(book, row) for row in sheet.rows()[1:] if len(row) > RECORD_ID)

    def workbooks(self) -> Iterator[tuple[str, Book, ReviewPeriod]]:
        """The review workbooks: ID, content, and the period by HR's table."""
        for sheet_id, book in self.world.spreadsheets.books.items():
            if book is not self.world.control and not book.folder and not book.trashed:
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
