"""The backend's ports in memory: a little spreadsheet service that keeps what it is told, and its troubles.

Every effect passes through `Effects`, which can stop the handler before or after any one of them, as a crash
would.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from functools import lru_cache
from itertools import product
from typing import Any, TypeVar

from attendance_backend.errors import OutdatedError, RefusedError, SpreadsheetGoneError
from attendance_backend.ports import Backend, File, Folder, Grant, Whereabouts
from attendance_backend.sheet.changes import (
    VERSION_NAME,
    AddColumns,
    AddNote,
    AddRows,
    AddWorksheet,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    InsertRows,
    NewCell,
    OfferChoices,
    RemoveWorksheet,
    RenameWorksheet,
    SetColumns,
    SetLocale,
    SetTitle,
    ShowWorksheet,
    SucceedVersion,
    Tag,
    WarnBeforeEdit,
    WriteCells,
)
from attendance_backend.sheet.formula_text import moved
from attendance_backend.sheet.grid import Area, Cell, Place, Spreadsheet, Worksheet, worksheet_gone
from attendance_backend.sheet.layout import Column

T = TypeVar("T")

CONTROL_ID = "control-spreadsheet"


class Crash(BaseException):
    """The process died here."""


@dataclass
class Effects:
    """Counts effects and crashes at one of them.

    Attributes:
        crash_before, crash_after: number of the effect, counted from 1, before or after which the process dies.
        meanwhile: number of the effect before which somebody else does something, once.
    """

    count: int = 0
    reads: int = 0
    crash_before: int | None = None
    crash_after: int | None = None
    meanwhile: tuple[int, Callable[[], object]] | None = None

    def perform(self, effect: Callable[[], T]) -> T:
        self.count += 1
        if self.meanwhile is not None and self.count == self.meanwhile[0]:
            own, other = replace(self), self.meanwhile[1]
            self.crash_before = self.crash_after = self.meanwhile = None
            other()
            self.count, self.crash_before, self.crash_after = own.count, own.crash_before, own.crash_after
        if self.count == self.crash_before:
            raise Crash
        result = effect()
        if self.count == self.crash_after:
            raise Crash
        return result


@dataclass(frozen=True, slots=True)
class Filled(Formula):
    """A formula as it was given for the first cell of a block: it is moved only when it is read."""

    row: int
    column: int


@dataclass
class Sheet:
    """One worksheet: values as they were written; formulas stay `Formula`."""

    sheet_id: int
    title: str
    row_count: int = 1000
    column_count: int = 26
    cells: dict[Place, float | str | Formula] = field(default_factory=dict)
    hidden_columns: set[int] = field(default_factory=set)
    warned: bool = False
    hidden: bool = False
    tags: dict[int, str] = field(default_factory=dict)
    tag: str = ""

    def copy(self) -> "Sheet":
        return replace(
            self,
            cells=dict(self.cells),
            hidden_columns=set(self.hidden_columns),
            tags=dict(self.tags),
        )

    def become(self, other: "Sheet") -> "Sheet":
        vars(self).update(vars(other))
        return self

    def at(self, column: int | Column) -> int:
        """Where a column stands, by its tag."""
        if isinstance(column, int):
            return column
        return next(place for place, key in self.tags.items() if key == column.key)

    def get(self, row: int, column: int | Column) -> float | str | Formula | None:
        return self.cells.get((row, self.at(column)))

    def put(self, row: int, column: int | Column, value: float | str | Formula | None) -> None:
        at = self.at(column)
        self.fill(range(row, row + 1), range(at, at + 1), value)

    def fill(self, rows: range, columns: range, value: float | str | Formula | None) -> None:
        """The same into each cell of an area."""
        if rows and columns:
            for row, column in ((rows[0], columns[0]), (rows[-1], columns[-1])):
                if not (0 <= row < self.row_count and 0 <= column < self.column_count):
                    raise RefusedError(f"{self.title}: ({row}, {column}) lies outside the grid")
        places = product(rows, columns)
        if value is None or value == "":
            for place in places:
                self.cells.pop(place, None)
        else:
            self.cells.update(dict.fromkeys(places, value))

    def insert(self, row: int, count: int) -> None:
        """Rows before one; what a formula names further down is not followed, but for the row that it stands in."""
        if not 0 <= row < self.row_count:
            raise RefusedError(f"{self.title}: there is no row {row}")
        self.row_count += count
        below = {place: value for place, value in self.cells.items() if place[0] >= row}
        self.cells = {place: value for place, value in self.cells.items() if place[0] < row}
        for (line, column), value in below.items():
            is_plain = isinstance(value, Formula) and not isinstance(value, Filled)
            self.cells[line + count, column] = Formula(moved(value.text, count, 0)) if is_plain else value

    def rows(self) -> list[list[float | str | Formula | None]]:
        """All rows up to the last one in use, each up to its last cell in use."""
        height = max((row for row, _ in self.cells), default=-1) + 1
        lines: list[list[float | str | Formula | None]] = [[] for _ in range(height)]
        for (row, column), value in sorted(self.cells.items(), key=lambda item: item[0]):
            line = lines[row]
            line.extend([None] * (column - len(line)))
            line.append(value)
        return lines


@dataclass
class Book:
    """One spreadsheet."""

    title: str
    sheets: list[Sheet] = field(default_factory=lambda: [Sheet(0, "Sheet1")])
    locale: str = "de_DE"
    properties: Mapping[str, str] = field(default_factory=dict)
    trashed: bool = False
    folder: str = ""
    version: str | None = None
    version_name: str = ""
    version_on: int = 0
    lost_names: set[str] = field(default_factory=set)
    """Of versions whose worksheet was deleted: not shown any more, and not free either."""

    def copied(self) -> "Book":
        sheets = [sheet.copy() for sheet in self.sheets]
        return replace(self, sheets=sheets, lost_names=set(self.lost_names))

    def lose_version(self) -> None:
        """Deleting a worksheet breaks the version that lies on it."""
        if self.version is not None and self.version_on not in {sheet.sheet_id for sheet in self.sheets}:
            self.lost_names.add(self.version_name)
            self.version = None

    def sheet(self, title: str) -> Sheet:
        return next(sheet for sheet in self.sheets if sheet.title == title)

    def by_id(self, sheet_id: int) -> Sheet:
        for sheet in self.sheets:
            if sheet.sheet_id == sheet_id:
                return sheet
        raise RefusedError(f"no worksheet {sheet_id}")

    def content(self) -> dict[str, list[list[float | str | Formula | None]]]:
        """Everything that stands in it, for comparison."""
        return {sheet.title: sheet.rows() for sheet in self.sheets}


class FakeSpreadsheets:
    """The `Spreadsheets` port; there is no engine, and all formulas come to `computed`."""

    computed: float | None = None

    def __init__(self, effects: Effects | None = None) -> None:
        self.effects = effects or Effects()
        self.books: dict[str, Book] = {}

    def read(self, spreadsheet_id: str, areas: Sequence[Area] = ()) -> Spreadsheet:
        self.effects.reads += 1
        book = self._book(spreadsheet_id)
        if not areas:
            return Spreadsheet(
                spreadsheet_id,
                tuple(_view(sheet, [], self.computed) for sheet in book.sheets),
                *_version(book),
            )
        wanted: dict[str, list[Area]] = {}
        for area in areas:
            wanted.setdefault(area.worksheet.casefold(), []).append(area)
        titles = {sheet.title.casefold() for sheet in book.sheets}
        for area in areas:
            if area.worksheet.casefold() not in titles:
                raise worksheet_gone(spreadsheet_id, area.worksheet)
        return Spreadsheet(
            spreadsheet_id,
            tuple(
                _view(sheet, wanted[sheet.title.casefold()], self.computed)
                for sheet in book.sheets
                if sheet.title.casefold() in wanted
            ),
            *_version(book),
        )

    def apply(
        self, spreadsheet_id: str, changes: Sequence[Change], areas: Sequence[Area] = ()
    ) -> Spreadsheet | None:
        if changes:
            self.effects.perform(lambda: self._apply(spreadsheet_id, changes))
        # Nobody edits between a read and a write here: the worksheets are as they were read.
        return None

    def _check_version(self, book: Book, changes: Sequence[Change]) -> None:
        """As the adapter finds it out after the service has refused the changes."""
        for change in changes:
            if isinstance(change, SucceedVersion) and change.previous != book.version:
                raise OutdatedError("the spreadsheet was changed by somebody else meanwhile")

    def _apply(self, spreadsheet_id: str, changes: Sequence[Change]) -> None:
        book = self._book(spreadsheet_id)
        self._check_version(book, changes)
        draft = book.copied()
        for change in changes:
            _apply_one(draft, change)
        before = {sheet.sheet_id: sheet for sheet in book.sheets}
        # Worksheets that stay keep their identity, so that a test can hold on to them.
        book.sheets = [
            before[sheet.sheet_id].become(sheet) if sheet.sheet_id in before else sheet
            for sheet in draft.sheets
        ]
        book.locale, book.title = draft.locale, draft.title
        book.version, book.version_name, book.version_on = draft.version, draft.version_name, draft.version_on

    def _book(self, spreadsheet_id: str) -> Book:
        if spreadsheet_id not in self.books:
            raise SpreadsheetGoneError(f"spreadsheet {spreadsheet_id} does not exist")
        self.books[spreadsheet_id].lose_version()
        return self.books[spreadsheet_id]


class FakeDrive:
    """The `Drive` port over the same spreadsheets."""

    def __init__(self, spreadsheets: FakeSpreadsheets) -> None:
        self._spreadsheets = spreadsheets
        self.made = 0
        self.folders: dict[str, Mapping[str, str]] = {}
        self.shared: dict[str, dict[str, str]] = {}
        self.refused: set[str] = set()

    def find(self, properties: Mapping[str, str]) -> Sequence[str]:
        return [file.file_id for file in self.files(properties)]

    def files(self, properties: Mapping[str, str]) -> Sequence[File]:
        return [
            File(spreadsheet_id, dict(book.properties))
            for spreadsheet_id, book in self._spreadsheets.books.items()
            if not book.trashed and properties.items() <= book.properties.items()
        ]

    def copy(self, file_id, title, properties, folder_id=None) -> str:
        original = self._book(file_id)

        def copy() -> str:
            made = f"copy-{self._number()}"
            of_both = {**original.properties, **properties}
            self._spreadsheets.books[made] = replace(
                original.copied(), title=title, properties=of_both, folder=folder_id or ""
            )
            return made

        return self._spreadsheets.effects.perform(copy)

    def subfolder(self, title: str, properties: Mapping[str, str]) -> str:
        for folder_id, others in self.folders.items():
            if properties.items() <= others.items():
                return folder_id

        def create() -> str:
            folder_id = f"folder-{len(self.folders)}"
            self.folders[folder_id] = dict(properties)
            return folder_id

        return self._spreadsheets.effects.perform(create)

    def is_in_bin(self, file_id: str) -> bool:
        return self._book(file_id).trashed

    def move_to_bin(self, file_id: str) -> None:
        book = self._book(file_id)

        def move() -> None:
            book.trashed = True

        self._spreadsheets.effects.perform(move)

    def _number(self) -> int:
        self.made += 1
        return self.made

    def _book(self, file_id: str) -> Book:
        if file_id not in self._spreadsheets.books:
            raise SpreadsheetGoneError(f"file {file_id} does not exist")
        return self._spreadsheets.books[file_id]

    def create(self, title: str, properties: Mapping[str, str]) -> str:
        def create() -> str:
            spreadsheet_id = f"spreadsheet-{self._number()}"
            self._spreadsheets.books[spreadsheet_id] = Book(title, properties=dict(properties))
            return spreadsheet_id

        return self._spreadsheets.effects.perform(create)

    def folder(self) -> Folder:
        return Folder("Attendance", is_folder=True, in_shared_drive=True, can_create=True)

    def whereabouts(self, file_id: str) -> Whereabouts:
        return Whereabouts(self._spreadsheets.books[file_id].trashed, "")

    def grants(self, file_id: str) -> Sequence[Grant]:
        return [Grant(address, role) for address, role in self.shared.get(file_id, {}).items()]

    def grant(self, file_id: str, grant: Grant) -> None:
        if grant.address in self.refused:
            raise RefusedError(f"sharing with {grant.address} is not allowed")
        self._spreadsheets.effects.perform(
            lambda: self.shared.setdefault(file_id, {}).update({grant.address: grant.role})
        )


class FakeMailer:
    """The `Mailer` port. `trouble` holds what to raise for the next messages, None for none."""

    def __init__(self, effects: Effects) -> None:
        self._effects = effects
        self.sent: list[EmailMessage] = []
        self.trouble: list[Exception | None] = []

    def reach(self) -> None:
        pass

    def send(self, message: EmailMessage) -> None:
        trouble = self.trouble.pop(0) if self.trouble else None
        if trouble is not None:
            raise trouble
        self._effects.perform(lambda: self.sent.append(message))


@dataclass
class FixedClock:
    """The `Clock` port: time stands still but for who sleeps."""

    moment: datetime = datetime(2026, 11, 3, 9, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment

    def sleep(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)


@dataclass
class World:
    """All the ports, and what HR keeps."""

    effects: Effects = field(default_factory=Effects)

    def __post_init__(self) -> None:
        self.spreadsheets = FakeSpreadsheets(self.effects)
        self.drive = FakeDrive(self.spreadsheets)
        self.mailer = FakeMailer(self.effects)
        self.clock = FixedClock()
        self.control = Book("Review Periods", sheets=[])
        self.spreadsheets.books[CONTROL_ID] = self.control
        self.backend = Backend(
            spreadsheets=self.spreadsheets,
            drive=self.drive,
            mailer=self.mailer,
            clock=self.clock,
            control_id=CONTROL_ID,
            mail_from="attendance@example.com",
            alarm_to=("hr@example.com", "boss@example.com"),
        )

    def copied(self) -> "World":
        """Another one that looks the same, its spreadsheets, files and memory its own."""
        twin = World(replace(self.effects))
        twin.spreadsheets.computed = self.spreadsheets.computed
        twin.spreadsheets.books |= {key: book.copied() for key, book in self.spreadsheets.books.items()}
        twin.control = twin.spreadsheets.books[CONTROL_ID]
        twin.drive.made, twin.drive.refused = self.drive.made, set(self.drive.refused)
        twin.drive.folders = dict(self.drive.folders)
        twin.drive.shared = {key: dict(shared) for key, shared in self.drive.shared.items()}
        twin.mailer.sent, twin.mailer.trouble = list(self.mailer.sent), list(self.mailer.trouble)
        twin.clock.moment = self.clock.moment
        twin.backend.remembered.update(
            {key: copy.copy(what) for key, what in self.backend.remembered.items()}
        )
        return twin

    def type_worksheet(self, title: str, rows: Sequence[Sequence[float | str | None]]) -> Sheet:
        """HR keeps a worksheet of these rows."""
        sheet = Sheet(hash(title) % 10**6, title)
        for row, values in enumerate(rows):
            for column, value in enumerate(values):
                sheet.put(row, column, value)
        self.control.sheets = [other for other in self.control.sheets if other.title != title]
        self.control.sheets.append(sheet)
        return sheet

    def review_books(self) -> list[Book]:
        """The workbooks that the program made."""
        return [
            book for book in self.spreadsheets.books.values() if book is not self.control and not book.folder
        ]

    def copies(self) -> list[Book]:
        """The copies that it keeps."""
        return [book for book in self.spreadsheets.books.values() if book.folder and not book.trashed]


def _view(sheet: Sheet, areas: Sequence[Area], computed: float | None) -> Worksheet:
    cells: dict[Place, Cell] = {}
    for area in areas:
        if area.first_row >= sheet.row_count or area.first_column >= sheet.column_count:
            raise RefusedError(f"{area} begins outside the grid")
        end_row = sheet.row_count if area.end_row is None else area.end_row
        end_column = sheet.column_count if area.end_column is None else area.end_column
        occupied = _occupied(sheet, range(area.first_row, end_row), range(area.first_column, end_column))
        cells |= {
            place: Cell(computed, _text_of(value, *place)) if isinstance(value, Formula) else _cell(value)
            for place, value in occupied
        }
    seen = {
        column
        for first, end in {(area.first_column, area.end_column or sheet.column_count) for area in areas}
        for column in range(first, end)
    }
    tags = {column: key for column, key in sheet.tags.items() if column in seen}
    return Worksheet(sheet.sheet_id, sheet.title, sheet.row_count, sheet.column_count, cells, tags, sheet.tag)


@lru_cache(maxsize=65536, typed=True)
def _cell(value: float | str) -> Cell:
    return Cell(value)


def _occupied(sheet: Sheet, rows: range, columns: range) -> Iterable[tuple[Place, Any]]:
    """What stands in an area, found the shorter way."""
    cells = sheet.cells
    if (rows, columns) == (range(sheet.row_count), range(sheet.column_count)):
        return cells.items()
    if len(rows) * len(columns) < len(cells):
        return [(place, cells[place]) for place in product(rows, columns) if place in cells]
    top, bottom, left, right = rows.start, rows.stop, columns.start, columns.stop
    return [item for item in cells.items() if top <= item[0][0] < bottom and left <= item[0][1] < right]


def _version(book: Book) -> tuple[str | None, int]:
    digits = book.version_name.removeprefix(VERSION_NAME).removeprefix("_")
    return book.version, int(digits or 1) if book.version else 1


def _text_of(formula: Formula, row: int, column: int) -> str:
    if isinstance(formula, Filled):
        return moved(formula.text, row - formula.row, column - formula.column)
    return formula.text


def _apply_one(book: Book, change: Change) -> None:
    match change:
        case AddWorksheet():
            _add_worksheet(book, change)
        case RemoveWorksheet(sheet_id):
            book.sheets.remove(book.by_id(sheet_id))
            if not book.sheets:
                raise RefusedError("a spreadsheet needs a worksheet")
        case SetTitle(title):
            book.title = title
        case ShowWorksheet(sheet_id):
            book.by_id(sheet_id).hidden = False
        case RenameWorksheet(sheet_id, title):
            book.by_id(sheet_id).title = title
        case SetLocale(locale):
            book.locale = locale
        case SucceedVersion(_, new, sheet_id, name):
            book.by_id(sheet_id)
            if name in book.lost_names:
                raise RefusedError(f"a named range with the name {name} already exists")
            book.version, book.version_name, book.version_on = new, name, sheet_id
        case _:
            _apply_to_sheet(book.by_id(change.sheet_id), change)


def _apply_to_sheet(sheet: Sheet, change: Change) -> None:  # noqa: C901 - one branch a kind of change
    match change:
        case WriteCells(_, row, column, lines):
            for down, cells in enumerate(lines):
                for right, cell in enumerate(cells):
                    assert isinstance(cell, NewCell)
                    sheet.put(row + down, column + right, cell.value)
        case FillCells():
            value = change.cell.value
            if isinstance(value, Formula):
                value = Filled(value.text, change.row, change.column)
            rows = range(change.row, change.row + change.row_count)
            sheet.fill(rows, range(change.column, change.column + change.column_count), value)
        case AddRows(_, count):
            _check_positive(count)
            sheet.row_count += count
        case InsertRows(_, row, count):
            _check_positive(count)
            sheet.insert(row, count)
        case AddColumns(_, count):
            _check_positive(count)
            sheet.column_count += count
        case SetColumns(_, first, end, _, hidden):
            columns = set(range(first, end))
            if end > sheet.column_count or not columns:
                raise RefusedError("no such columns")
            sheet.hidden_columns = (
                sheet.hidden_columns | columns if hidden else sheet.hidden_columns - columns
            )
        case Tag(_, None, text):
            sheet.tag = text
        case Tag(_, int(column), text):
            if column >= sheet.column_count:
                raise RefusedError("no such column")
            sheet.tags[column] = text
        case WarnBeforeEdit():
            sheet.warned = True
        case HighlightWhen() | OfferChoices() | AddNote():
            pass
        case _:
            raise AssertionError(f"an unknown change: {change}")


def _add_worksheet(book: Book, change: AddWorksheet) -> None:
    for sheet in book.sheets:
        if sheet.sheet_id == change.sheet_id or sheet.title.casefold() == change.title.casefold():
            raise RefusedError(f"there is a worksheet {sheet.title} already")
    if change.frozen_rows >= change.row_count or change.frozen_columns >= change.column_count:
        raise RefusedError("cannot freeze everything")
    sheet = Sheet(change.sheet_id, change.title, change.row_count, change.column_count, hidden=change.hidden)
    book.sheets.insert(len(book.sheets) if change.index is None else change.index, sheet)


def _check_positive(count: int) -> None:
    if count < 1:
        raise RefusedError("cannot append fewer than one")
