"""Check-in and check-out of a day; what a person typed stays."""

import itertools
from datetime import date

import pytest

from attendance_backend.handlers.store_plan import plan_daily
from attendance_backend.sheet import serial
from attendance_backend.sheet.changes import WriteCells
from attendance_backend.sheet.grid import Cell, Worksheet
from attendance_backend.workbook import daily_attendance as daily
from attendance_backend.workbook.daily_attendance import DayTimes, day_times

DAY = date(2026, 11, 3)
COLUMN = daily.FIRST_DAY
NINE, NOON, FIVE, SIX = (hour * 3600 for hour in (9, 12, 17, 18))


def sheet(check_in=None, check_out=None):
    def cell(value):
        if isinstance(value, int):
            return Cell(serial.from_seconds(value))
        return value if isinstance(value, Cell) else Cell(value)

    cells = {(2, daily.USER_NAME): Cell("ann"), (2, daily.LABEL): Cell("Check In")}
    cells |= {(3, daily.USER_NAME): Cell("ann"), (3, daily.LABEL): Cell("Check Out")}
    cells |= {(2, COLUMN): cell(check_in)} if check_in is not None else {}
    cells |= {(3, COLUMN): cell(check_out)} if check_out is not None else {}
    return Worksheet(daily.DAILY_ID, "Daily Attendance", 10, 20, cells)


def plan(worksheet, punches, *, complete=True):
    return plan_daily(
        worksheet,
        daily.find_rows(worksheet),
        {DAY: COLUMN},
        [("ann", DAY)],
        {("ann", DAY): set(punches)},
        complete=complete,
    )


def written(update):
    """Row to seconds, of every cell that is written."""
    result = {}
    for change in update.changes:
        assert isinstance(change, WriteCells)
        value = change.rows[0][0].value
        result[change.row] = None if value is None else serial.to_seconds(value)
    return result


def test_first_and_last():
    assert day_times([NOON, NINE, FIVE]) == DayTimes(NINE, FIVE)
    assert day_times([NINE]) == DayTimes(NINE, None)
    assert day_times([NINE, NINE]) == DayTimes(NINE, None)
    assert day_times([]) == DayTimes()


def test_a_first_punch_fills_the_check_in_only():
    assert written(plan(sheet(), [NINE])) == {2: NINE}


def test_only_what_changes_is_written():
    assert written(plan(sheet(NINE), [NINE, FIVE])) == {3: FIVE}
    assert written(plan(sheet(NINE, FIVE), [NINE, NOON, FIVE])) == {}
    assert written(plan(sheet(NINE, FIVE), [NINE, FIVE, SIX])) == {3: SIX}


def test_a_late_punch_of_the_morning_makes_the_old_check_in_the_check_out():
    assert written(plan(sheet(NOON), [NOON, NINE])) == {2: NINE, 3: NOON}


@pytest.mark.parametrize(
    "typed", [Cell("sick"), Cell(0.4, is_formula=True), Cell(None, is_formula=True), Cell(True)]
)
def test_what_is_no_plain_time_was_typed_and_stays(typed):
    update = plan(sheet(typed), [NINE, FIVE])
    assert written(update) == {3: FIVE}
    assert update.typed == [("ann", DAY, "Check In")]


def test_a_formula_stays_even_when_its_value_is_a_punchs_time():
    update = plan(sheet(NINE, Cell(serial.from_seconds(FIVE), is_formula=True)), [NINE, FIVE, SIX])
    assert written(update) == {}
    assert update.typed == [("ann", DAY, "Check Out")]


def test_a_time_at_which_nobody_punched_was_typed_and_stays():
    update = plan(sheet(NINE, SIX), [NINE, FIVE, SIX + 600])
    assert written(update) == {}
    assert update.typed == [("ann", DAY, "Check Out")]


def test_beside_a_typed_check_in_a_single_punch_is_the_check_out():
    assert written(plan(sheet(8 * 3600 + 1800), [FIVE])) == {3: FIVE}


def test_a_typed_check_in_later_than_the_punches_does_not_empty_the_check_out():
    assert written(plan(sheet(SIX, FIVE), [NINE, FIVE])) == {}


def test_another_sites_punch_that_stays_first_needs_no_second_look():
    update = plan(sheet(NINE), [FIVE], complete=False)
    assert update.undecided == []
    assert written(update) == {3: FIVE}


@pytest.mark.parametrize(("cells", "punch"), [((NINE,), NINE - 60), ((NINE, FIVE), SIX)])
def test_a_time_from_elsewhere_that_would_be_overwritten_needs_a_second_look(cells, punch):
    update = plan(sheet(*cells), [punch], complete=False)
    assert update.undecided == [("ann", DAY)]
    assert update.changes == []


def test_the_order_of_punches_never_matters():
    punches = (NINE, NINE + 20, NOON, FIVE)
    outcomes = set()
    for order in itertools.permutations(punches):
        cells, seen = {}, []
        for punch in order:
            seen.append(punch)
            cells |= written(plan(sheet(cells.get(2), cells.get(3)), seen))
        outcomes.add((cells[2], cells[3]))
    assert outcomes == {(NINE, FIVE)}


def test_after_midnight_is_later_not_earlier():
    assert day_times([22 * 3600, 26 * 3600]) == DayTimes(22 * 3600, 26 * 3600)


def test_a_lone_punch_that_stands_as_check_out_moves_to_the_check_in():
    assert written(plan(sheet(None, NINE), [NINE])) == {2: NINE, 3: None}


def test_a_formula_that_gives_the_only_punchs_time_has_no_check_out_beside_it():
    update = plan(sheet(Cell(serial.from_seconds(NINE), is_formula=True)), [NINE])
    assert written(update) == {}
    assert update.typed == []


def test_an_empty_text_was_not_typed():
    update = plan(sheet(Cell(""), Cell("")), [NINE, FIVE])
    assert written(update) == {2: NINE, 3: FIVE}
    assert update.typed == []


@pytest.mark.parametrize(
    ("cells", "punches", "final"),
    [
        ((), [NINE], DayTimes(NINE, None)),
        ((NINE,), [NINE, FIVE], DayTimes(NINE, FIVE)),
        ((8 * 3600,), [NINE, FIVE], DayTimes(8 * 3600, FIVE)),
        ((NINE, SIX), [NINE, FIVE], DayTimes(NINE, SIX)),
        ((NINE, "sick"), [NINE, FIVE], DayTimes(NINE, None)),
    ],
)
def test_what_the_cells_hold_in_the_end_is_told(cells, punches, final):
    assert plan(sheet(*cells), punches).times == {("ann", DAY): final}
