"""What storing a message's records changes in ``Daily Attendance``: pure logic, no calls."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import Change, NewCell, WriteCells
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.workbook.daily_attendance import CHECK_IN, CHECK_OUT, DailyRows, DayTimes, day_times
from attendance_backend.workbook.raw_data import RawPunch

UserDay = tuple[str, date]


@dataclass(frozen=True)
class DailyUpdate:
    """The outcome for the daily attendance.

    Attributes:
        changes: the cells to write; nothing for cells that hold the right value already.
        times: what the cells of each user and day hold after that.
        typed: cells with a value that a person typed and that was kept, by user, day and label.
        undecided: user days for which a number may be a person's or another site's punch: read the other
            sites' raw data and plan again.
    """

    changes: list[Change] = field(default_factory=list)
    times: dict[UserDay, DayTimes] = field(default_factory=dict)
    typed: list[tuple[str, date, str]] = field(default_factory=list)
    undecided: list[UserDay] = field(default_factory=list)


def by_user_day(punches: Iterable[RawPunch]) -> dict[UserDay, set[int]]:
    """Seconds of the punches of each user and day."""
    days: dict[UserDay, set[int]] = {}
    for punch in punches:
        days.setdefault((punch.user, punch.day), set()).add(punch.seconds)
    return days


def times_of(punches: Iterable[RawPunch]) -> Mapping[UserDay, DayTimes]:
    """Check-in and check-out of each user and day."""
    return {key: day_times(sorted(seconds)) for key, seconds in by_user_day(punches).items()}


def plan_daily(
    worksheet: Worksheet,
    rows: DailyRows,
    columns: Mapping[date, int],
    touched: Sequence[UserDay],
    punches: Mapping[UserDay, set[int]],
    *,
    complete: bool,
) -> DailyUpdate:
    """Bring check-ins and check-outs up to date.

    Args:
        worksheet: with the cells of the touched days.
        rows: where people stand.
        columns: where days stand.
        touched: what to look at; all of them have a row and a column.
        punches: the punches known of each user and day, new ones included.
        complete: whether `punches` holds those of all sites.
    """
    update = DailyUpdate()
    for user, day in touched:
        column = columns[day]
        places = rows.rows[user, CHECK_IN], rows.rows[user, CHECK_OUT]
        cells = [worksheet.cells.get((row, column)) for row in places]
        decided = _decide(cells[0], cells[1], punches[user, day], complete=complete)
        if decided is None:
            update.undecided.append((user, day))
            continue
        update.times[user, day] = DayTimes(*decided.final)
        for label, row, cell, decision in zip(
            (CHECK_IN, CHECK_OUT), places, cells, (decided.check_in, decided.check_out), strict=True
        ):
            if decision.wanted == _seconds(cell):
                continue
            if decision.is_typed:
                update.typed.append((user, day, label))
                continue
            value = None if decision.wanted is None else serial.from_seconds(decision.wanted)
            update.changes.append(WriteCells(worksheet.sheet_id, row, column, ((NewCell(value),),)))
    return update


@dataclass(frozen=True, slots=True)
class _CellDecision:
    """What should stand in a cell, and whether what stands there was typed by a person and stays."""

    stands: int | None
    wanted: int | None
    is_typed: bool


@dataclass(frozen=True, slots=True)
class _Decision:
    check_in: _CellDecision
    check_out: _CellDecision

    @property
    def final(self) -> tuple[int | None, int | None]:
        """What the two cells hold in the end."""
        start, end = (
            cell.stands if cell.is_typed else cell.wanted for cell in (self.check_in, self.check_out)
        )
        return start, end


def _decide(
    check_in: Cell | None, check_out: Cell | None, known: set[int], *, complete: bool
) -> _Decision | None:
    """What should stand in the two cells; None when only the other sites' raw data can tell.

    A number in a cell is either a punch of some site, which the program wrote, or was typed by a person.
    """
    start, end = _seconds(check_in), _seconds(check_out)
    punches = set(known)
    if not complete:
        foreign = {seconds for seconds in (start, end) if seconds is not None} - known
        if start in foreign and start is not None and min(known) < start:
            return None
        if end in foreign and end is not None and max(known) > end:
            return None
        # Whoever they are from, they stay where they are.
        punches |= foreign
    typed_in = _is_typed(check_in, start, punches)
    first, last = min(punches), max(punches)
    # Beside a check-in that a person typed, even a single punch is a check-out.
    is_out = last > first or (typed_in and (start is None or last > start))
    return _Decision(
        _CellDecision(start, first, typed_in),
        _CellDecision(end, last if is_out else None, _is_typed(check_out, end, punches)),
    )


def _is_typed(cell: Cell | None, seconds: int | None, punches: set[int]) -> bool:
    """Whether a person typed it: a formula, a text, or a time at which nobody punched."""
    if cell is None or cell.value == "":
        return False
    return cell.is_formula or seconds is None or seconds not in punches


def _seconds(cell: Cell | None) -> int | None:
    """A cell's number as seconds; None for everything else."""
    if cell is None or isinstance(cell.value, bool | str) or cell.value is None:
        return None
    return serial.to_seconds(float(cell.value))
