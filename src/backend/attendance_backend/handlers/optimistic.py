"""Optimistic writes of a review workbook: whoever read an outdated version is refused, and reads again.

Every write of a review workbook goes through `write_optimistically`. A deployment with one instance a function makes
collisions rare; correctness does not rest on it. Source: docs/decisions/06-optimistic-write.md.
"""

import logging
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

from attendance_backend.errors import OutdatedError, RefusedError
from attendance_backend.handlers import misplaced
from attendance_backend.handlers.misplaced import Misplaced
from attendance_backend.ports import Spreadsheets
from attendance_backend.review.names import DAYS_ID, PUNCH_INDEX_ID
from attendance_backend.sheet.changes import (
    AddWorksheet,
    Change,
    RemoveWorksheet,
    RenameWorksheet,
    SucceedVersion,
    version_name,
)
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.steps import steps_of

log = logging.getLogger(__name__)
T = TypeVar("T")

MAX_TRIES = 5
"""Of several writers one always succeeds; who loses this often leaves the message to its next delivery."""
MOST_VERSIONS = 999_999
"""Numbers of names (`version_name`)."""


@dataclass(frozen=True)
class Draft(Generic[T]):
    """What a writer found and wants to change.

    Attributes:
        read: what was read first: everything else must have been read after it.
        changes: none leave the workbook as it is.
        outcome: true once the changes are made.
        in_steps: the changes may be more than one request holds (`sheet.steps`). Any beginning of those to worksheets
            that were there may then be left, and whoever drafts again goes on.
    """

    read: Spreadsheet
    changes: Sequence[Change]
    outcome: T
    in_steps: bool = False


def write_optimistically(
    spreadsheets: Spreadsheets,
    draft: Callable[[], Draft[T]],
    fix: Callable[[Sequence[Misplaced]], object] | None = None,
) -> T:
    """Write optimistically: read, plan, and write if nobody else wrote in between; else begin again.

    A person's edit changes no version. Where somebody moved columns or rows between the read and the write, the write's
    own answer shows it, and `fix` is called.

    Args:
        draft: reads and plans; called again for each attempt.
        fix: puts right what was written beside its place; without it, that is only logged.

    Returns:
        The outcome of the draft that was written, or that had nothing to write.

    Raises:
        OutdatedError: others wrote first, `MAX_TRIES` times; or once, where the write takes several requests.
        RefusedError: the service refuses, whatever the version.
    """
    taken = 0
    for attempt in range(1, MAX_TRIES + 1):
        plan = draft()
        if not plan.changes:
            return plan.outcome
        plan = replace(plan, changes=[*_out_of_the_way(plan), *plan.changes])
        steps = steps_of(plan.read, plan.changes) if plan.in_steps else [[*plan.changes]]
        try:
            found = _carry_out(spreadsheets, plan, steps, taken)
        except OutdatedError as error:
            # Of two who write in steps one gives way, and is delivered again: else each would undo the other's.
            if attempt == MAX_TRIES or len(steps) > 1:
                raise
            log.info("%s", error)
        except RefusedError as error:
            if attempt == MAX_TRIES or plan.read.version is not None:
                raise
            # Perhaps only the name is refused: that of a version whose worksheet somebody deleted.
            taken += 1
            log.info("%s", error)
        else:
            if found and fix is not None:
                fix(found)
            if not found or len(steps) == 1 or attempt == MAX_TRIES:
                return plan.outcome
    raise AssertionError("the loop returns or raises")


def _out_of_the_way(plan: Draft[T]) -> list[Change]:
    """Another title for people's worksheets, such as a copy, that have one which a worksheet to be added has."""
    titles = {sheet.title.casefold() for sheet in plan.read.worksheets}
    going = {change.sheet_id for change in plan.changes if isinstance(change, RemoveWorksheet)}
    found: list[Change] = []
    for added in (change for change in plan.changes if isinstance(change, AddWorksheet)):
        for sheet in plan.read.worksheets:
            is_ours = sheet.role or sheet.is_being_made or sheet.sheet_id in going
            if sheet.title.casefold() == added.title.casefold() and not is_ours:
                free = (f"{sheet.title} ({number})" for number in range(2, len(titles) + 3))
                title = next(title for title in free if title.casefold() not in titles)
                titles.add(title.casefold())
                found.append(RenameWorksheet(sheet.sheet_id, title))
    return found


def _carry_out(
    spreadsheets: Spreadsheets, plan: Draft[T], steps: Sequence[Sequence[Change]], taken: int
) -> list[Misplaced]:
    """Write step after step; returns what is not where it was read, and then stops."""
    previous, found, written = plan.read.version, list[Misplaced](), list[Change]()
    for step in steps:
        # Until the last step the version lies on a worksheet that was there.
        version = succession(plan.read, plan.changes if step is steps[-1] else (), taken)
        version = replace(version, previous=previous)
        body = [*step]
        while body and isinstance(body[-1], RemoveWorksheet):
            body.pop()
        # A worksheet on which the version may lie goes when the version lies elsewhere.
        ordered = [*body, version, *step[len(body) :]]
        written += step
        areas = misplaced.areas(plan.read, written)
        after = spreadsheets.apply(plan.read.spreadsheet_id, ordered, areas)
        previous = version.new
        found = [] if after is None else misplaced.found(plan.read, after, written)
        for each in found:
            log.warning("spreadsheet %s: %s", plan.read.spreadsheet_id, each)
        if found:
            break
    return found


def succession(read: Spreadsheet, changes: Sequence[Change], taken: int) -> SucceedVersion:
    """The change by which a write is refused unless the workbook is still as it was read.

    A person who deleted the named range is no obstacle: the version that was read is then none, and the next write
    adds it anew.

    Args:
        taken: how many names were refused.
    """
    # Two writers who find no version try the same names, so that one of them is refused; at last any free one will do.
    number = read.version_number + taken if taken < MAX_TRIES - 1 else secrets.randbelow(MOST_VERSIONS) + 1
    # Letters first: an ID must not look like a number.
    name = version_name(number)
    return SucceedVersion(read.version, f"v{secrets.token_hex(8)}", _anchor(read, changes), name)


def _anchor(read: Spreadsheet, changes: Sequence[Change]) -> int:
    """A worksheet that is there once the changes are made: ``Punch Index``, or what there is if somebody deleted it."""
    removed = {change.sheet_id for change in changes if isinstance(change, RemoveWorksheet)}
    added = [change.sheet_id for change in changes if isinstance(change, AddWorksheet)]
    stay = (sheet for sheet in read.worksheets if sheet.sheet_id not in removed and not sheet.is_being_made)
    there = [*(sheet.sheet_id for sheet in stay), *added]
    # Preferably a hidden one, that nobody deletes or edits in passing: its version goes with it.
    return next(
        (hidden for hidden in (PUNCH_INDEX_ID, DAYS_ID) if hidden in there),
        there[0] if there else PUNCH_INDEX_ID,
    )
