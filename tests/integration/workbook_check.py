"""Compares every derived value of a computed workbook with what `workbook_truth` says."""

from datetime import datetime

from tests.integration.workbook_office import seconds
from tests.integration.workbook_plans import PlannedMonth, PlannedTruth
from tests.integration.workbook_truth import Truth, last_site

TIMES = ("Check In", "Check Out")
COUNTS = ("Days Present", "Late", "Absent", "On Leave", "Incomplete", "Penalties")


def differences(workbook, month):
    """What differs, in words; and how many values were compared."""
    is_planned = isinstance(month, PlannedMonth)
    truth = PlannedTruth(month) if is_planned else Truth(month)
    found = []
    compared = 0
    for where, shown, wanted in (
        *_daily(workbook["Daily Attendance"], month, truth),
        *_weekly(workbook["Weekly Summary"], month, truth),
        *_monthly(workbook["Monthly Summary"], month, truth),
        *_corrections(workbook["Corrections"], truth),
        *_sites(workbook["Sites"], month, truth),
        *_guide(workbook["Guide"], truth),
        *(_working_time(workbook, month, truth) if is_planned else ()),
    ):
        compared += 1
        if not _alike(shown, wanted):
            found.append(f"{where}: shows {shown!r}, should be {wanted!r}")
    return found, compared


def errors(workbook):
    """Cells that show an error."""
    return [
        (sheet.title, cell.coordinate, cell.value)
        for sheet in workbook
        for row in sheet.iter_rows()
        for cell in row
        if isinstance(cell.value, str) and (cell.value.startswith("#") or "Err:" in cell.value)
    ]


def _alike(shown, wanted):
    if isinstance(shown, int | float) and isinstance(wanted, int | float):
        return abs(shown - wanted) < 0.01
    return (shown or None) == (wanted or None) and type(shown or None) is type(wanted or None)


def _columns(sheet):
    """Column index (from 0) of each day."""
    return {cell.value.date(): cell.column - 1 for cell in sheet[1] if isinstance(cell.value, datetime)}


def _daily(sheet, month, truth):
    columns = _columns(sheet)
    assert list(columns) == month.days()
    by_user = {employee.user: employee for employee in month.employees}
    seen = set()
    for row in sheet.iter_rows(min_row=4, values_only=True):
        employee, label = by_user[row[1]], row[2]
        seen.add((employee.user, label))
        for day, column in columns.items():
            wanted = truth.time(employee, label, day) if label in TIMES else truth.hours(employee, day)
            yield f"{employee.name}, {label} of {day}", seconds(row[column]), wanted
    assert len(seen) == 3 * len(month.employees)


def _weekly(sheet, month, truth):
    header = [cell.value for cell in sheet[1]]
    first, total = header.index("Hours Row") + 1, header.index("Total")
    by_user = {employee.user: employee for employee in month.employees}
    for row in sheet.iter_rows(min_row=2, values_only=True):
        employee, label = by_user[row[1]], row[3]
        place = ("Weekly Average", "Hours Worked", "Penalties").index(label)
        weeks = [truth.week(employee, monday)[place] for monday in month.mondays()]
        for column, wanted in zip(range(first, total), weeks, strict=True):
            shown = row[column] if label == "Penalties" else seconds(row[column])
            yield f"{employee.name}, {label} of {header[column]}", shown, wanted
        numbers = [value for value in weeks if isinstance(value, int | float)]
        if label == "Hours Worked":
            yield f"{employee.name}, total hours", seconds(row[total]), sum(numbers)
        elif label == "Penalties":
            yield f"{employee.name}, total penalties", row[total], sum(numbers)


def _monthly(sheet, month, truth):
    header = [cell.value for cell in sheet[1]]
    columns = _columns(sheet)
    assert list(columns) == month.days()
    by_user = {employee.user: employee for employee in month.employees}
    rows = list(sheet.iter_rows(min_row=4, values_only=True))
    assert len(rows) == len(month.employees)
    for row in rows:
        employee = by_user[row[1]]
        totals = truth.totals(employee)
        for name, wanted in totals.items():
            value = row[header.index(name)]
            shown = value if name in COUNTS else seconds(value) or 0
            yield f"{employee.name}, {name}", shown, wanted
        for day, column in columns.items():
            yield f"{employee.name}, {day} in words", row[column], truth.word(employee, day)
        site = employee.site or last_site(employee)
        yield f"{employee.name}, site", row[header.index("Site")], site
        yield f"{employee.name}, staff group", row[header.index("Staff Group")], employee.group


def _working_time(workbook, month, truth):
    planned = [employee for employee in month.employees if truth.is_planned(employee)]
    if not planned:
        return
    sheet = workbook["Working Time"]
    header = [cell.value for cell in sheet[1]]
    rows = {row[1]: row for row in sheet.iter_rows(min_row=2, values_only=True)}
    assert rows.keys() == {employee.user for employee in planned}
    for employee in planned:
        for name, wanted in truth.working_time(employee).items():
            value = rows[employee.user][header.index(name)]
            shown = value if name.endswith("(minutes)") else seconds(value)
            yield f"{employee.name}, {name}", shown, wanted


def _sites(sheet, month, truth):
    states = {row[0]: row[1] for row in sheet.iter_rows(min_row=2, values_only=True)}
    for site in month.sites:
        yield f"state of {site.name}", states[site.name], truth.site_state(site)


def _guide(sheet, truth):
    values = {row[0]: row[1] for row in sheet.iter_rows(values_only=True)}
    shown = values["All sites complete through"]
    yield "how far all data is complete", getattr(shown, "date", lambda: shown)(), truth.complete_everywhere()


def _corrections(sheet, truth):
    for number, wanted in enumerate(truth.statuses, 2):
        yield f"status of the correction in row {number}", sheet.cell(number, 1).value, wanted
