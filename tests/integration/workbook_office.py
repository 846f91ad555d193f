"""Review workbooks built in the Sheets stand-in from made-up months, and computed by LibreOffice."""

import os
import shutil
import subprocess
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from workbook_truth import DAY, facts_of, last_site

from attendance_backend.adapters.sheet_requests import request_of
from attendance_backend.control.roster import Person
from attendance_backend.sheet.grid import Cell, Spreadsheet, Worksheet
from attendance_backend.workbook import (
    corrections_sheet,
    daily_columns,
    day_header,
    days_sheet,
    exceptions_sheet,
    sites_sheet,
    structure,
)
from attendance_backend.workbook.guide_sheet import Parameters
from attendance_backend.workbook.names import CORRECTIONS, DAILY, DAYS, EXCEPTIONS, SITES
from attendance_backend.workbook.sites_sheet import KeyPolicy
from attendance_backend.workbook.structure import Content
from attendance_contracts import ReviewPeriod
from attendance_sandbox.sheets import SheetsServer

SOFFICE = shutil.which("soffice")
TIMEOUT_S = 300
_EPOCH = datetime(1899, 12, 30)


class Book:
    """One workbook in the stand-in."""

    def __init__(self, server, month, name="Review"):
        self.server = server
        self.month = month
        self.name = name
        self.spreadsheet_id = server.new_spreadsheet(name)
        self.period = ReviewPeriod(name, month.first, month.last)
        self._create()
        self._report_sites()

    def apply(self, changes):
        if not changes:
            return
        self.server.batch_update(self.spreadsheet_id, [request_of(change) for change in changes])

    def view(self, *titles):
        """The worksheets as the adapter reads them: whole."""
        sheets = []
        for sheet in self.server.spreadsheet(self.spreadsheet_id).sheets:
            cells = {}
            if sheet.title in titles:
                for row, column, cell in sheet.occupied(sheet.area):
                    if cell.formula is not None:
                        cells[row, column] = Cell(None, cell.formula)
                    elif cell.value is not None:
                        cells[row, column] = Cell(cell.value)
            sheets.append(Worksheet(sheet.sheet_id, sheet.title, sheet.row_count, sheet.column_count, cells))
        return Spreadsheet(self.spreadsheet_id, tuple(sheets))

    def put(self, title, row, column, value):
        """What HR types: a text as a text, a number as a number, None empties."""
        sheet_id = self.view().worksheet(title).sheet_id
        kind = "numberValue" if isinstance(value, int | float) else "stringValue"
        cell = {} if value is None else {"userEnteredValue": {kind: value}}
        request = {
            "start": {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column},
            "rows": [{"values": [cell]}],
            "fields": "userEnteredValue",
        }
        self.server.batch_update(self.spreadsheet_id, [{"updateCells": request}])

    def _create(self):
        month = self.month
        people = [
            Person(e.name, e.user, _seconds(e.cut_off), site=e.site, group=e.group) for e in month.employees
        ]
        holidays = day_header.texts_of(_Holiday(*holiday) for holiday in month.holidays)
        parameters = Parameters(grace_s=month.grace_min * 60, overtime_after_s=round(month.overtime_h * 3600))
        for number, site in enumerate(month.sites):
            content = Content(people, holidays, parameters) if number == 0 else Content()
            view = self.view()
            self.apply(structure.missing_worksheets(view, self.period, site.name, content))
            if number:
                self.apply(sites_sheet.cells_for(self.view(SITES).worksheet(SITES), site.name, {}))

    def _report_sites(self):
        for site in self.month.sites:
            change = clock_change(self.month, site.zone)
            values = {
                sites_sheet.TIME_ZONE: site.zone,
                sites_sheet.DAY_BOUNDARY: site.boundary,
                sites_sheet.KEY_POLICY: (KeyPolicy.PAIRS if site.pairs else KeyPolicy.FIRST_AND_LAST).value,
                sites_sheet.DOUBLE_TAP: site.double_tap_s,
                sites_sheet.COMPLETE_THROUGH: site.complete_through,
                sites_sheet.LAST_HEARD: site.heard,
                sites_sheet.BACKLOG: None if site.heard is None else site.backlog,
                sites_sheet.CLOCK_OFFSET: site.clock_s,
                sites_sheet.MEMORY_USED: site.memory,
                sites_sheet.PROBLEM: site.problem,
                sites_sheet.CLOCK_CHANGE_AT: change[0] if change else None,
                sites_sheet.CLOCK_CHANGE_BY: change[1] if change else None,
            }
            self.apply(sites_sheet.cells_for(self.view(SITES).worksheet(SITES), site.name, values))

    def store_punches(self):
        """The facts that the punches make, in ``Days``."""
        sheet = self.view(DAYS).worksheet(DAYS)
        rows = {sheet.text(row, days_sheet.KEY): row for row in range(1, sheet.end_row())}
        columns = days_sheet.columns_by_day(sheet)
        cells = {}
        for employee in self.month.employees:
            user = employee.user.casefold()
            for day, column in columns.items():
                facts = facts_of(self.month, employee, day)
                for measure, seconds in (
                    ("in", facts.check_in),
                    ("out", facts.check_out),
                    ("breaks", facts.breaks or None),
                ):
                    if seconds is not None:
                        cells[rows[f"{user}/{measure}"], column] = seconds / 86400
            if employee.punches:
                cells[rows[f"{user}/in"], days_sheet.LAST_SITE] = last_site(employee)
        self.put_all(DAYS, cells)

    def put_all(self, title, cells):
        """Many cells, one call."""
        sheet_id = self.view().worksheet(title).sheet_id
        requests = []
        for (row, column), value in cells.items():
            kind = "numberValue" if isinstance(value, int | float) else "stringValue"
            requests.append(
                {
                    "updateCells": {
                        "start": {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column},
                        "rows": [
                            {"values": [{"userEnteredValue": {kind: value}} if value is not None else {}]}
                        ],
                        "fields": "userEnteredValue",
                    }
                }
            )
        if requests:
            self.server.batch_update(self.spreadsheet_id, requests)

    def type_corrections(self):
        cells = {}
        for row, correction in enumerate(self.month.corrections, corrections_sheet.HEADER_ROWS):
            if correction is None:
                continue
            for column, value in (
                (corrections_sheet.DATE, correction.day),
                (corrections_sheet.UNTIL, correction.until),
                (corrections_sheet.EMPLOYEE, correction.employee),
                (corrections_sheet.WHAT, correction.what),
                (corrections_sheet.VALUE, correction.value),
                (corrections_sheet.REASON, correction.reason),
            ):
                if value not in (None, ""):
                    cells[row, column] = typed(value)
        self.put_all(CORRECTIONS, cells)

    def type_into_daily(self):
        sheet = self.view(DAILY).worksheet(DAILY)
        rows = {sheet.text(row, daily_columns.KEY): row for row in range(sheet.end_row())}
        columns = day_header.columns_by_day(sheet)
        cells = {}
        for (user, label, day), value in self.month.typed.items():
            shown = value / 86400 if isinstance(value, int | float) else value
            cells[rows[f"{user.casefold()}/{label}"], columns[day]] = shown
        self.put_all(DAILY, cells)

    def report(self, entries):
        self.apply(exceptions_sheet.append(self.view(EXCEPTIONS, "Monthly Summary"), entries))


class _Holiday:
    def __init__(self, day, name, site):
        self.day, self.name, self.site = day, name, site


def build(server, month, name="Review", entries=()):
    """A workbook with everything of a month in it."""
    book = Book(server, month, name)
    book.store_punches()
    book.type_corrections()
    book.type_into_daily()
    book.report(entries)
    return book


def typed(value):
    """What a person types, as the number or text that a spreadsheet makes of it."""
    if isinstance(value, datetime):
        return (value - _EPOCH) / DAY
    if isinstance(value, date):
        return float((value - _EPOCH.date()).days)
    if isinstance(value, time):
        return _seconds(value) / 86400
    if isinstance(value, timedelta):
        return value / DAY
    return value


def clock_change(month, zone):
    """Wall time before, and by how much the clocks are put forward; None without a change in the period."""
    zone = ZoneInfo(zone)
    instant = datetime.combine(month.first, time(), UTC)
    end = datetime.combine(month.last + DAY, time(12), UTC)
    before = instant.astimezone(zone).utcoffset()
    while instant < end and instant.astimezone(zone).utcoffset() == before:
        instant += timedelta(minutes=15)
    if instant >= end:
        return None
    return (instant + before).replace(tzinfo=None), instant.astimezone(zone).utcoffset() - before


def recalculated(folder, server):
    """The saved workbooks as LibreOffice computes them, by title; skips where it is missing."""
    if SOFFICE is None:
        if os.environ.get("CI"):
            pytest.fail("soffice is missing; the workbook's formulas cannot be checked")
        pytest.skip("soffice is not installed; it computes the workbook's formulas")
    saved = server.save(folder / "saved")
    out = folder / "recalculated"
    subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation=file://{folder}/profile",
            "--headless",
            "--convert-to",
            "xlsx",
            "--outdir",
            str(out),
            *map(str, saved),
        ],
        check=True,
        capture_output=True,
        timeout=TIMEOUT_S,
    )
    return {path.stem: openpyxl.load_workbook(out / path.name, data_only=True) for path in saved}


def new_server():
    return SheetsServer(owns_storage=True)


def _seconds(moment):
    return moment.hour * 3600 + moment.minute * 60 + moment.second


def seconds(value):
    """A cell's number, time or duration as seconds, with fractions; texts as they are, blanks as None."""
    if value in (None, ""):
        return None
    if isinstance(value, datetime):
        # openpyxl follows Excel, whose day 1 is 1 January 1900 and which has a 29 February in that year.
        early = timedelta(days=1) if value < datetime(1900, 3, 1) else timedelta()
        return (value - _EPOCH - early).total_seconds()
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, time):
        return _seconds(value) + value.microsecond / 1e6
    if isinstance(value, int | float):
        return value * 86400
    return value
