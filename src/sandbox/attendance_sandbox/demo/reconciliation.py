"""Holds what the machines recorded against what the workbooks hold.

Reads the saved .xlsx files and knows nothing of the program's own bookkeeping: which period a punch
belongs to is worked out here, from HR's dates alone.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

import openpyxl

from attendance_sandbox.demo.people import Punch

RAW_DATA = "Raw Data - "
AMENDMENTS = "Amendments"
"""Takes the punches of all sites that came after HR had finalised the period; they count as stored."""
Key = tuple[str, datetime, int]
"""User ID, wall time and key of a punch."""


@dataclass(frozen=True, slots=True)
class SiteResult:
    """One row of the table.

    Attributes:
        machine: its name, if it has one, and its serial number.
        punches: in the machine's log.
        rows: of the machine, in the site's raw data and in the amendments, over all workbooks.
        lost: punches in no workbook.
        twice: rows beyond one for each punch, and rows that no punch explains.
        wrong_period: rows in another workbook than their own period's.
    """

    site: str
    machine: str
    punches: int
    rows: int
    lost: int
    twice: int
    wrong_period: int

    @property
    def faultless(self) -> bool:
        return not (self.lost or self.twice or self.wrong_period)


def reconcile(
    recorded: Sequence[Punch],
    periods: Mapping[str, tuple[date, date]],
    boundaries: Mapping[str, timedelta],
    folder: Path,
) -> list[SiteResult]:
    """Compare, machine by machine.

    Args:
        recorded: what stands in the machines' logs.
        periods: month to HR's first and last day.
        boundaries: when each site's business day begins, after midnight.
        folder: where the workbooks lie.
    """
    workbooks = {month: _raw_data(folder / f"Attendance Review - {month} 2026.xlsx") for month in periods}
    results = []
    made = _by_machine(recorded)
    # Rows of a machine that no site has are rows that no punch explains.
    strange = {group for month in workbooks.values() for group in month}.difference(made)
    for site, machine in (*made, *sorted(strange)):
        punches = made.get((site, machine), ())
        due: dict[str, Counter[Key]] = {month: Counter() for month in periods}
        for punch in punches:
            month = _month_of((punch.when - boundaries[site]).date(), periods)
            due[month][punch.user_id, punch.when, punch.key] += 1
        stored = {month: workbooks[month].get((site, machine), Counter()) for month in periods}
        all_due = sum(due.values(), Counter())
        all_stored = sum(stored.values(), Counter())
        astray = sum((stored[month] - due[month]).total() for month in periods)
        surplus = (all_stored - all_due).total()
        results.append(
            SiteResult(
                site=site,
                machine=machine,
                punches=len(punches),
                rows=all_stored.total(),
                lost=(all_due - all_stored).total(),
                twice=surplus,
                wrong_period=astray - surplus,
            )
        )
    return results


def machine_called(name: str, serial_number: str) -> str:
    """A machine, as a row names it; a site's only one has no name."""
    return f"{name}, {serial_number}" if name else serial_number


def _by_machine(punches: Sequence[Punch]) -> dict[tuple[str, str], list[Punch]]:
    found: dict[tuple[str, str], list[Punch]] = {}
    for punch in punches:
        found.setdefault((punch.site, punch.machine), []).append(punch)
    return found


def _month_of(day: date, periods: Mapping[str, tuple[date, date]]) -> str:
    """The period of a business day: the first one that has not ended by then.

    One that ends on a Friday ends on the Sunday after.
    """
    for month, (_, last_day) in periods.items():
        if day <= last_day + timedelta(days=2 if last_day.weekday() == 4 else 0):
            return month
    raise ValueError(f"no period holds {day}")


def _raw_data(path: Path) -> dict[tuple[str, str], "Counter[Key]"]:
    """The rows of each site and machine, raw data and amendments."""
    if not path.exists():
        return {}
    found: dict[tuple[str, str], Counter[Key]] = {}
    for sheet in openpyxl.load_workbook(path).worksheets:
        if not sheet.title.startswith(RAW_DATA) and sheet.title != AMENDMENTS:
            continue
        header, *rows = sheet.iter_rows(values_only=True)
        column = {str(title): number for number, title in enumerate(header)}
        for row in rows:
            if row[column["Timestamp"]] is None:
                continue
            site = sheet.title.removeprefix(RAW_DATA)
            if sheet.title == AMENDMENTS:
                site = str(row[column["Location"]])
            key = (
                str(row[column["User ID"]]),
                _whole_second(row[column["Timestamp"]]),
                int(str(row[column["Key"]])),
            )
            name, serial_number = row[column["Machine"]], row[column["Serial Number"]]
            machine = machine_called(str(name or ""), str(serial_number))
            found.setdefault((site, machine), Counter())[key] += 1
    return found


def _whole_second(value: object) -> datetime:
    """A spreadsheet's date and time, a fraction of days, back to the second that it was made from."""
    if not isinstance(value, datetime):
        raise TypeError(f"{value!r} is no date and time")
    return (value + timedelta(microseconds=500_000)).replace(microsecond=0)
