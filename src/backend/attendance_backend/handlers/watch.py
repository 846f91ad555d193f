"""Watch: on a schedule, visit every workbook that is not finalised, whether or not a site still sends messages to it.

A visit brings in what HR changed, puts punches right whose day HR has moved to another period (`moving`), fixes what
can be fixed, and keeps as values what HR finalised (`restore`); what only a person can fix is told in the log, and in
``Problems`` of the control spreadsheet. Once a day, a copy is kept.

Idempotent, as its parts are; nothing is written where nothing differs. Whatever goes wrong with one workbook keeps no
other from being visited, and nothing is raised: the next tick is the next attempt, and a redelivery would only be one
more tick. Two that run at once do no harm.

Costs, of Google's 60 reads a minute: four of the control spreadsheet, twelve of each workbook that is visited (one more
for leave that goes on from the workbook before, and four while something in the control spreadsheet is not understood),
and two of the newest finalised one and of one of the others, in turn: what differs in it is listed, and that HR opens
it is noticed. Drive, whose quota is its own, is asked twice for each, about the bin and the copies, and once for all of
them. Nothing tells
cheaply that a workbook is as it was: Drive's times and versions lag behind, and the version that our own writes
exchange says nothing of people.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from attendance_backend.control import alarms, completing, dead_letters, review_sheets
from attendance_backend.control.problems_sheet import of_workbook, reported_of_workbooks
from attendance_backend.control.reading import Control, read_book, understood, write_problems
from attendance_backend.domain.groups import book_name
from attendance_backend.errors import (
    BackendError,
    RefusedError,
    SpreadsheetGoneError,
    TransientError,
    UserError,
)
from attendance_backend.handlers import books, copies, finalising, guests, moving, previewing, telling
from attendance_backend.handlers.copies import gone
from attendance_backend.handlers.restore import LOST, restore
from attendance_backend.ports import Backend, Clock
from attendance_backend.review import compared, finalised, guide_sheet
from attendance_backend.review.book import GUIDE_VALUES, locked, sites_of
from attendance_backend.review.names import (
    CONTROL_PROPERTY,
    GROUP_PROPERTY,
    GUIDE,
    PERIOD_PROPERTY,
    TITLE_PREFIX,
)
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet, Worksheet, spreadsheet_link
from attendance_backend.sheet.preview import after
from attendance_backend.sheet.table import Problem
from attendance_contracts import ReviewPeriod, Watch

log = logging.getLogger(__name__)

QUARTER_S = 900
AT_ONCE = 3
"""Workbooks visited without a pause: 36 to 48 reads, which leave some of a minute's quota to the sites."""
PAUSE_S = 60.0
MOST_VISITS = 18
LONGEST_S = 390.0
"""A function may run for nine minutes: after so long no further workbook is begun. The newest is visited first and
the others in turn, so that each has its visit; where sites have groups, each tick begins with another one."""
MOST_LINES = 10
"""Told of a workbook: `refresh` lists them all."""

IN_BIN = (
    "it lies in Drive's bin, where it is deleted for good after 30 days: open the bin, and restore it; until then "
    "nobody looks after it"
)
CONTROL_GONE = (
    "deleted for good, attendance-backend restore --review-periods makes it again from its newest copy"
)
TOO_MANY = (
    f"it is not looked after, as more than {MOST_VISITS} workbooks are not finalised: in those that are paid, type "
    "yes beside Finalised in Guide"
)
HELD = "Hold changes says yes, and so what was changed since in Review Periods counts nowhere yet:"
TOO_OLD = (
    "it is older than {} months, and Settings (Keep workbooks) says that it is to go: delete it in Drive, in the bin "
    "as well, and its row in Review Sheets; and type a later First Day in Registered Sites, or a site may have it made "
    "again"
)
UNLISTED = (
    "{} is in no row of Review Sheets that counts, and so nobody looks after it: put its ID back into its row, or move "
    "it to the bin"
)
_UNLISTED = "workbooks in no row"
TYPED_OVER = "; it follows punches and corrections no more: empty the cell, and its formula comes back"


def where_it_is(name: str, sheet_id: str, backend: Backend) -> str:
    """What is wrong with where a workbook lies; empty when nothing is. Raises GoogleError."""
    try:
        return IN_BIN if backend.drive.is_in_bin(sheet_id) else ""
    except SpreadsheetGoneError:
        return gone(name)
    except RefusedError:
        return ""  # whoever may not look in Drive may still read it


@dataclass(frozen=True)
class _ClockOfSchedule:
    """The port `Clock`, for a schedule that has one of its own."""

    at: datetime
    clock: Clock

    def now(self) -> datetime:
        return self.at

    def sleep(self, seconds: float) -> None:
        self.clock.sleep(seconds)


def watch(tick: Watch, backend: Backend) -> None:
    """Visit the workbooks. What fails is in the log; nothing is raised that the next tick tries again."""
    wall = backend.clock
    if tick.at is not None:
        clock = _ClockOfSchedule(tick.at.replace(tzinfo=UTC), wall)
        backend = replace(backend, clock=clock)
    began = wall.now()
    try:
        today = backend.clock.now().date()
        book = read_book(backend.spreadsheets, backend.control_id, today)
        telling.tell(book, backend)
        _Round(backend, book, understood(book, today), wall, began).go()
    except SpreadsheetGoneError as error:
        log.error("no workbook can be visited: %s; %s", error, CONTROL_GONE)  # noqa: TRY400 - the line says it all
    except BackendError as error:
        log.error("no workbook can be visited: %s", error)  # noqa: TRY400 - as above


@dataclass
class _Round:
    """One tick's work.

    Attributes:
        book: the control spreadsheet as it was read.
        control: what it says, as far as no site's name is needed.
        wall: the clock that goes on while it works, and when it began by that.
        problems: of workbooks, as they are to stand in ``Problems``.
        finalised: what was found out about workbooks, by period name.
        newest: their newest punches (`review_sheets.newest`).
        sites: of all workbooks that were visited.
    """

    backend: Backend
    book: Spreadsheet
    control: Control
    wall: Clock
    began: datetime
    problems: list[Problem] = field(default_factory=list)
    finalised: dict[str, bool] = field(default_factory=dict)
    newest: dict[str, Mapping[str, str]] = field(default_factory=dict)
    sites: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.told = reported_of_workbooks(self.control.problems_sheet)

    def go(self) -> None:
        """Visit, and write down what was found out."""
        self._guarded(completing.TITLE, self._keep_control)
        if not self.control.rules.holds_changes:
            self._guarded(completing.TITLE, self._discard_previews)
        self._guarded(completing.TITLE, self._drop_notices)
        self._guarded(completing.TITLE, self._tell_unlisted)
        recorded, final = self.control.review_sheets, self.control.finalised
        visits = [(name, sheet_id) for name, sheet_id in recorded.items() if name not in final][::-1]
        if self.control.parts:
            visits = self._in_turn(visits)
        else:
            visits = [*visits[:1], *self._in_turn(visits[1:MOST_VISITS]), *visits[MOST_VISITS:]]
        for number, (name, sheet_id) in enumerate(visits[:MOST_VISITS], 1):
            if (self.wall.now() - self.began).total_seconds() > LONGEST_S:
                log.info("workbook of %s: not looked after this time, as others took long", name)
                self._keep_reported(name)
                continue
            self._guarded(name, partial(self._visit, name, sheet_id))
            if number % AT_ONCE == 0 and number < len(visits):
                self.backend.clock.sleep(PAUSE_S)
        for name, _ in visits[MOST_VISITS:]:
            if self.control.parts:
                self._keep_reported(name)
            else:
                self.problems.append(of_workbook(name, TOO_MANY))
        self._guarded(completing.TITLE, self._keep_guests)
        *older, newest = [name for name in recorded if name in final] or [""]
        turn = int(self.backend.clock.now().timestamp()) // QUARTER_S % max(len(older), 1)
        for number, name in enumerate(filter(None, (*older, newest))):
            if number == turn or name == newest:
                self._guarded(name, partial(self._visit, name, recorded[name]))
            else:
                self._keep_reported(name)
        self._tell_old(recorded)
        self._write_down()

    def _in_turn(self, visits: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
        """Each tick begins one further on; where workbooks are many since groups are, where the one before ended."""
        step = MOST_VISITS if len(visits) > MOST_VISITS else 1
        first = int(self.backend.clock.now().timestamp()) // QUARTER_S * step % max(len(visits), 1)
        return [*visits[first:], *visits[:first]]

    def _keep_guests(self) -> None:
        if self.control.parts:
            guests.keep(self.control, self.backend)

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        """Tell what goes wrong with one spreadsheet, and go on with the next."""
        try:
            work()
        except TransientError as error:
            log.warning("workbook of %s: not looked after this time: %s", name, error)
            self._keep_reported(name)
        except SpreadsheetGoneError:
            self._tell(name, gone(name))
        except UserError as error:
            self._tell(name, str(error))
        except Exception as error:
            # A fault of ours that one workbook's content brings out must not cost all others their visit.
            log.exception("workbook of %s: a fault of the program", name)
            self._tell(
                name, f"it could not be looked after, by a fault of the program ({error!r}): report it"
            )

    def _keep_reported(self, name: str) -> None:
        """Nothing new is known of a workbook: what was told of it stands."""
        about = of_workbook(name, "").worksheet
        self.problems += [problem for problem in self.told if problem.worksheet == about]

    def _tell(self, name: str, remedy: str, level: int = logging.ERROR) -> None:
        problem = of_workbook(name, remedy)
        # Loud once: an alert that rings each quarter of an hour is switched off.
        log.log(logging.INFO if problem in self.told else level, "workbook of %s: %s", name, remedy)
        self.problems.append(problem)

    def _keep_control(self) -> None:
        control_id = self.backend.control_id
        if where_it_is(completing.TITLE, control_id, self.backend) == IN_BIN:
            self._tell(completing.TITLE, IN_BIN)
        self._copy(control_id, completing.TITLE)

    def _discard_previews(self) -> None:
        made = self.backend.drive.find({previewing.PREVIEW_BY: self.backend.control_id})
        previewing.discard(made, self.backend)

    def _preview(self, name: str, sheet_id: str, period: ReviewPeriod, control: Control) -> None:
        """Tell what HR's tables, whose changes are held, would change in a workbook; once for what they say now."""
        day = self.backend.clock.now().date()
        mark = previewing.mark_of(self.book, day)
        about = of_workbook(name, "").worksheet
        known = [each for each in self.told if each.worksheet == about and each.remedy.startswith(HELD)]
        made = self.backend.drive.find({previewing.PREVIEW_OF: sheet_id, previewing.PREVIEW_FROM: mark})
        if known and made:
            self.problems += known
            return
        found = previewing.preview(sheet_id, period, control, self.backend, mark)
        lines = list(compared.lines(found.found))
        if not lines:
            self._tell(name, f"{HELD} nothing would change", logging.INFO)
            return
        people = "1 person" if len(lines) == 1 else f"{len(lines)} people"
        where = f"{HELD} it would change for {people}; all of it: {spreadsheet_link(found.copy_id)}"
        self._tell(name, where, logging.INFO)
        for line in lines[:MOST_LINES]:
            self._tell(name, f"{HELD} {line}", logging.INFO)

    def _drop_notices(self) -> None:
        """What was told or set aside longer ago than HR keeps it."""
        days = self.control.rules.keep_notices
        if days is None:
            return
        before = self.backend.clock.now().date() - timedelta(days=days)
        changes = [
            change
            for sheet, drop in (
                (self.book.find(alarms.TITLE), alarms.drop),
                (self.book.find(dead_letters.TITLE), dead_letters.drop),
            )
            if sheet is not None
            for change in drop(sheet, before)
        ]
        self.backend.spreadsheets.apply(self.backend.control_id, changes)

    def _tell_unlisted(self) -> None:
        """Workbooks in no row of ``Review Sheets``; not at once, as one that is being made has none yet."""
        listed, before = set(self.control.review_sheets.values()), self.backend.remembered.get(_UNLISTED, ())
        made = self.backend.drive.files({CONTROL_PROPERTY: self.backend.control_id})
        found = [file for file in made if file.file_id not in listed]
        self.backend.remembered[_UNLISTED] = {file.file_id for file in found}
        for file in found:
            if file.file_id in before:
                name = book_name(file.properties[PERIOD_PROPERTY], file.properties.get(GROUP_PROPERTY, ""))
                self._tell(name, UNLISTED.format(spreadsheet_link(file.file_id)), logging.WARNING)

    def _tell_old(self, sheets: Mapping[str, str]) -> None:
        """Which workbooks HR is to delete: the program deletes nothing that people keep."""
        months = self.control.rules.keep_workbooks
        made = review_sheets.made_on(self.book.find(review_sheets.TITLE)) if months is not None else {}
        today = self.backend.clock.now().date()
        for name in sheets:
            day = made.get(name)
            if day is not None and months is not None:
                # A workbook is made when its period begins, which may last for a month itself.
                age = (today.year - day.year) * 12 + today.month - day.month - (today.day < day.day)
                if age > months:
                    self._tell(name, TOO_OLD.format(months), logging.WARNING)

    def _visit(self, name: str, sheet_id: str) -> None:
        if wrong := where_it_is(name, sheet_id, self.backend):
            self._tell(name, wrong)
            return
        present = books.present(self.backend.spreadsheets, sheet_id)
        for line in locked(present):
            self._tell(name, line)
        if name in self.control.finalised and present.find(GUIDE) is None:
            return  # whoever deleted it has not opened the month again
        if finalised.is_kept(present) and present.find(GUIDE) is not None:
            own = self.control.of_group(self.control.group_of(name))
            found = finalising.look(sheet_id, own, self.backend, present)
            if found is not None:
                self.finalised[name] = True
                return
        self._look_after(name, sheet_id, present)

    def _look_after(self, name: str, sheet_id: str, present: Spreadsheet) -> None:
        """A workbook whose numbers live."""
        self.finalised[name] = False
        self._guarded(name, partial(self._copy, sheet_id, TITLE_PREFIX + name))
        sites = sites_of(present)
        self.sites |= sites
        everywhere = understood(self.book, self.backend.clock.now().date(), sites)
        control = everywhere.of_group(self.control.group_of(name))
        window = partial(_window, self.control.period_of(name))
        closed = self._finalised_period(present)
        is_held = control.rules.holds_changes
        moves = closed is None and not is_held
        moved = moving.guarded(name, present, self.backend, everywhere) if moves else moving.Reported()
        for line in moved.logged:
            log.warning("workbook of %s: %s", name, line)
        for line in moved.stays:
            self._tell(name, line, logging.WARNING)
        differences, kept, newest = restore(sheet_id, closed or window(), control, self.backend)
        if newest:
            self.newest[sheet_id] = newest
        for difference in differences:
            log.warning("workbook of %s: %s", name, difference)
        if closed is not None:
            cannot = [line for line in kept if line.startswith(finalised.CANNOT_BE_KEPT)]
            self.finalised[name] = not cannot
            for line in [*cannot, *(line for line in kept if line.endswith(LOST))]:
                self._tell(name, line)
            return  # what else differs is listed in the workbook
        self._tell_kept(name, kept)
        if is_held:
            self._guarded(name, partial(self._preview, name, sheet_id, window(), control))

    def _tell_kept(self, name: str, kept: Sequence[str]) -> None:
        """What only people can fix."""
        for line in kept[:MOST_LINES]:
            self._tell(name, line + (TYPED_OVER if "typed over" in line else ""), logging.WARNING)
        if len(kept) > MOST_LINES:
            more = f"and {len(kept) - MOST_LINES} more, which attendance-backend refresh lists"
            self._tell(name, more, logging.WARNING)

    def _finalised_period(self, present: Spreadsheet) -> ReviewPeriod | None:
        """The period, as ``Guide`` says it, of a workbook that HR finalised: there may be no row for it any more."""
        if present.find(GUIDE) is None:
            return None
        read = books.read(self.backend.spreadsheets, present.spreadsheet_id, [GUIDE_VALUES])
        guide = read.worksheet(GUIDE)
        return guide_sheet.period_of(guide) if guide_sheet.read(guide).finalised else None

    def _copy(self, file_id: str, title: str) -> None:
        in_use = {self.backend.control_id, *self.control.review_sheets.values()}
        try:
            copies.keep(file_id, title, self.backend, in_use, self.control.rules.keep_copies)
        except UserError as error:
            raise RefusedError(f"no copy of it can be kept, or no old one removed: {error}") from error

    def _notes(self, recorded: Worksheet) -> list[Change]:
        changes = review_sheets.note(recorded, self.finalised)
        return [*changes, *review_sheets.note_newest(after(recorded, changes), self.newest)]

    def _write_down(self) -> None:
        spreadsheets, control_id = self.backend.spreadsheets, self.backend.control_id
        recorded = self.book.find(review_sheets.TITLE)
        if recorded is not None and self._notes(recorded):
            # Read again: a round takes minutes where there is much to visit, and rows may have moved.
            recorded = review_sheets.read(spreadsheets, control_id) or recorded
            spreadsheets.apply(control_id, self._notes(recorded))
        control = understood(self.book, self.backend.clock.now().date(), self.sites or None)
        write_problems(spreadsheets, control_id, control, list(dict.fromkeys(self.problems)))


def _window(period: ReviewPeriod | None) -> ReviewPeriod:
    if period is not None:
        return period
    raise UserError(
        f"{completing.TITLE!r} has no row for it any more, or one that does not count, and so it is not looked after: "
        "correct the row, or type yes beside Finalised in Guide"
    )
