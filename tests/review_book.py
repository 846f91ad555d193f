"""A review workbook in memory, the sites that send punches to it, and HR at it."""

import copy
from collections import Counter
from datetime import date, datetime, time
from functools import lru_cache

from attendance_backend.handlers import routing
from attendance_backend.handlers.dispatch import handle
from attendance_backend.review import corrections_sheet, days_sheet
from attendance_backend.sheet import serial, steps
from attendance_backend.sheet.changes import Formula
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
)
from tests.fakes_backend import Book, World

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 29))
ROSTER = (("Ann Archer", "ann@example.com", "09:00"), ("Bob Baker", "bob@example.com", "09:00"))
CARL = ("Carl Cook", "carl@example.com", "08:30")
ANN_ONLY = ROSTER[:1]


def punch(user_name, moment, *, user_id=None, serial_number="SN1", occurrence=1, key=255):
    """A punch of a user; "2026-11-03 09:00" is a moment."""
    identity = f"id-{user_name}" if user_id is None else user_id
    when = datetime.fromisoformat(moment)
    return AttendanceRecord(serial_number, identity, user_name, when, 1, key, occurrence)


@lru_cache(maxsize=8)
def _as_made(period, roster, sites, settings, *_made_with):
    made = object.__new__(ReviewBook)
    made.world, made.period = World(), period
    made.world.type_worksheet("2026", [("Month", "Start Date", "End Date")])
    if settings:
        made.world.type_worksheet("Settings", [("Setting", "Site", "Value"), *settings])
    made.keeps(*roster)
    for site in sites:
        made.sheet_id = made.create(site)
    (made.book,) = made.world.review_books()
    return made


class ReviewBook:
    """One workbook, of one site to begin with."""

    world: World
    period: ReviewPeriod
    sheet_id: str
    book: Book

    def __init__(self, period=NOVEMBER, roster=ROSTER, sites=("berlin",), settings=()):
        made = _as_made(
            *(period, tuple(map(tuple, roster)), tuple(sites), tuple(settings)),
            *(corrections_sheet.PREPARED_ROWS, steps.MOST_BYTES),
        )
        vars(self).update(vars(made.copied()))

    def copied(self):
        """Another one that looks the same: making one takes as long as several tests."""
        twin = copy.copy(self)
        twin.world = self.world.copied()
        books, others = (each.spreadsheets.books for each in (self.world, twin.world))
        for name, value in vars(self).items():
            if isinstance(value, Book):
                setattr(twin, name, next(others[key] for key, book in books.items() if book is value))
        return twin

    def keeps(self, *people):
        """HR's list; of people with a first and a last day, or a site, these come last."""
        header = ("Name", "Email", "Cut Off Time", "First Day", "Last Day", "Site")
        self.world.type_worksheet("Cut Off Times", [header, *people])

    def create(self, site="berlin", period=None):
        message = CreateReviewSheet(location=site, request_id="r1", period=period or self.period)
        return handle(message, self.world.backend).sheet_id

    def message(self, *records, site="berlin", zone="Europe/Berlin", boundary=time(4), period=None):
        message = StoreAttendRecords(
            location=site,
            request_id="r2",
            sheet_id=self.sheet_id,
            period=period or self.period,
            time_zone=zone,
            day_boundary=boundary,
            records=records,
        )
        # The site is registered, and HR's table was just read: the clock stands still.
        routing.table_for(message, self.world.backend)
        routing.read(self.world.backend)
        return message

    def store(self, *records, **options):
        """The reply to a message; `cost` then tells the reads and effects that it took."""
        message, effects = self.message(*records, **options), self.world.effects
        effects.reads = effects.count = 0
        return handle(message, self.world.backend)

    def refusal(self, *records, **options):
        """Why none of the records is stored."""
        reply = self.store(*records, **options)
        (answer,) = reply.answers
        assert (answer.outcome, reply.confirmed) == (Outcome.REFUSED, ())
        return answer.reason

    @property
    def cost(self):
        return self.world.effects.reads, self.world.effects.count

    def finalise(self, answer="yes"):
        guide = self.sheet("Guide")
        ((row, column),) = [place for place, value in guide.cells.items() if value == "Finalised"]
        guide.put(row, column + 1, answer)

    # What stands in it

    def sheet(self, title):
        return self.book.sheet(title)

    def day(self, user, day):
        """Check-in, check-out and breaks as hours; what is no number as it is."""
        return tuple(
            round(value * 24, 4) if isinstance(value, float) else value
            for value in (self.days_cell(user, measure, day) for measure in days_sheet.MEASURES)
        )

    def place(self, user, measure, day):
        """Where a person's measure of a day stands in Days."""
        cells = self.sheet("Days").cells
        row = min(
            row for (row, column), value in cells.items() if (column, value) == (0, f"{user}/{measure}")
        )
        column = min(
            column for (line, column), value in cells.items() if line == 0 and value == serial.from_date(day)
        )
        return row, column

    def days_cell(self, user, measure, day):
        return self.sheet("Days").cells.get(self.place(user, measure, day))

    def member(self, user):
        """Employee, device user ID, site, last site and last seen of a person."""
        row, _ = self.place(user, "in", self.period.first_day)
        cells = self.sheet("Days").cells
        *texts, seen = (cells.get((row, column)) for column in range(3, 8))
        return (*texts, None if seen is None else serial.to_datetime(seen))

    def raw_ids(self, title="Raw Data - berlin"):
        return [row[8] for row in self.sheet(title).rows()[1:] if len(row) > 8]

    def stored_ids(self):
        """The IDs in all raw data and amendments."""
        titles = [sheet.title for sheet in self.book.sheets]
        return [
            record_id
            for title in titles
            if title.startswith("Raw Data - ") or title == "Amendments"
            for record_id in self.raw_ids(title)
        ]

    def indexed_ids(self):
        """The IDs in Punch Index, in no order."""
        cells = self.sheet("Punch Index").cells
        words = [
            word
            for (row, column), text in cells.items()
            if row > 0 and column > 3 and isinstance(text, str)
            for word in text.split()
        ]
        return [word.split(":")[1] for word in words if ":" in word]

    def index_place(self, user_name, day, nth=0):
        """Where the punches of a user name and date stand in Punch Index."""
        cells = self.sheet("Punch Index").cells
        rows = sorted(row for (row, column), value in cells.items() if (column, value) == (2, user_name))
        (column,) = [
            column for (row, column), value in cells.items() if row == 0 and value == serial.from_date(day)
        ]
        return rows[nth], column

    def exceptions(self):
        """When, site, who and what of each row."""
        rows = self.sheet("Exceptions").rows()[1:]
        return [(serial.to_datetime(row[0]), *row[1:4]) for row in rows if row]

    def troubles(self):
        """Who and what of each row, in order of the alphabet."""
        return sorted((who, what) for _, _, who, what in self.exceptions())

    def content(self):
        return self.book.content()

    def unordered(self):
        """Everything in it, rows in no order, and of the exceptions who and what.

        When and at which site something is first noticed depends on the order in which punches arrive.
        """
        return {
            title: Counter(tuple(row[2:4] if title == "Exceptions" else row) for row in rows)
            for title, rows in self.content().items()
        }

    def visible_formulas(self):
        return {
            (sheet.title, place): value
            for sheet in self.book.sheets
            for place, value in sheet.cells.items()
            if isinstance(value, Formula)
        }
