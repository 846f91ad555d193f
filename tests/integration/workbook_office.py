"""Review workbooks of made-up months: the real handlers make them in the Sheets stand-in, whose engine computes them.

Everything goes the way it goes in production: HR keeps the control spreadsheet, the sites send their messages
(`workbook_messages`), and the handlers read and write what they would over HTTP. Only HR's typing is done on the
stand-in itself.
"""

import math
import os
import re
import shutil
import subprocess
import tempfile
from datetime import UTC, date, datetime, time, timedelta
from functools import cache

import openpyxl
import pytest
from google.oauth2.service_account import Credentials
from openpyxl.styles.numbers import is_timedelta_format
from openpyxl.utils.datetime import from_excel

from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheet_requests import requests_of
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers import books
from attendance_backend.handlers.dispatch import handle
from attendance_backend.ports import Backend
from attendance_backend.review import corrections_sheet, daily_columns, day_header, repairing
from attendance_backend.review.book import tell, whole
from attendance_backend.review.names import CORRECTIONS, DAILY, EXCEPTIONS, workbook_title
from attendance_contracts import CreateReviewSheet, LastStoredTimestamp, ReviewPeriod, StoreAttendRecords
from attendance_sandbox.sheets.in_process import InProcess
from attendance_sandbox.sheets.server import SheetsServer
from attendance_sandbox.sheets.values import ErrorText, tidy
from attendance_sandbox.sheets.xlsx_names import sheet_titles
from tests.integration.workbook_messages import device_user_id, healths_of, late_starters, stores_of
from tests.integration.workbook_truth import DAY

SOFFICE = shutil.which("soffice")
TIMEOUT_S = 300
TITLE = workbook_title(ReviewPeriod("-", date.min, date.min)).removesuffix("-")
_EPOCH = datetime(1899, 12, 30)


class Book:
    """One workbook in the stand-in, with the control spreadsheet of the HR that it belongs to."""

    def __init__(self, server, month, name="Review", settings=()):
        self.server, self.settings = server, settings
        self.month = month
        self.period = ReviewPeriod(name, month.first, month.last)
        self.people = []
        self.knows_all_days = False
        key = server.new_service_account()
        credentials = Credentials.from_service_account_info(key, scopes=SCOPES)
        self.client = GoogleHttpClient(credentials, Addresses(server.url, server.url))
        # The same bytes, without a socket: how Google's client gets on with HTTP is asked elsewhere.
        wire = InProcess(server)
        self.client.session.trust_env = False  # nobody looks for proxies at each request
        self.client.session.mount(server.url, wire)
        self.client.session._auth_request_session.mount(server.url, wire)  # type: ignore[attr-defined]
        self.control_id = server.new_spreadsheet("Review Periods", share_with=[key["client_email"]])
        self.backend = Backend(
            spreadsheets=GoogleSheets(self.client),
            drive=GoogleDrive(self.client, None),
            mailer=None,  # type: ignore[arg-type]  # no mail goes out
            clock=_AfterTheMonth(month),
            control_id=self.control_id,
            mail_from="",
            alarm_to=(),
        )
        self._keep_control_spreadsheet()
        for site in month.sites:
            request = CreateReviewSheet(location=site.name, request_id="create", period=self.period)
            self.spreadsheet_id = handle(request, self.backend).sheet_id

    def _keep_control_spreadsheet(self):
        """What HR does in the browser; who starts late is not in the list yet, and some first and last days are not."""
        month = self.month
        late = late_starters(month)
        self.keep_people([employee for employee in month.employees if employee not in late])
        self._keep("Holidays", [("Date", "Name", "Site", "Part"), *map(_typed_row, month.holidays)])
        settings = [
            ("Grace (minutes)", "", month.grace_min),
            ("Overtime beyond (hours a day)", "", month.overtime_h),
            *(("Key policy", site.name, "pairs") for site in month.sites if site.pairs),
            *(("Double tap (seconds)", site.name, site.double_tap_s) for site in month.sites),
            *self.settings,
        ]
        self._keep("Settings", [("Setting", "Site", "Value"), *settings])

    def keep_people(self, employees):
        """HR's list, longer than before."""
        self.people += employees
        rows = [
            (
                employee.name,
                f"{employee.user}@example.com",
                typed(employee.cut_off),
                device_user_id(self.month, employee),
                employee.site,
                employee.group,
                *self._employment(employee),
            )
            for employee in self.people
        ]
        header = (
            *("Name", "Email", "Cut Off Time", "Device User ID", "Site", "Staff Group"),
            *("First Day", "Last Day"),
        )
        self._keep("Cut Off Times", [header, *rows])

    def _employment(self, employee):
        """First and last day as HR typed them; of half of the people they are wrong or missing at first."""
        days = (employee.began, employee.left)
        if not self.knows_all_days and self.month.employees.index(employee) % 12 < 6:
            days = (employee.left, None)
        return tuple(typed(day) for day in days)

    def _keep(self, title, rows):
        sheets = {sheet.title: sheet for sheet in self.server.spreadsheet(self.control_id).sheets}
        if title not in sheets:
            size = {"rowCount": 1000, "columnCount": len(rows[0])}
            added = {"addSheet": {"properties": {"title": title, "gridProperties": size}}}
            self.server.batch_update(self.control_id, [added])
            sheets = {sheet.title: sheet for sheet in self.server.spreadsheet(self.control_id).sheets}
        request = {
            "start": {"sheetId": sheets[title].sheet_id, "rowIndex": 0, "columnIndex": 0},
            "rows": [{"values": [_cell(value) for value in row]} for row in rows],
            "fields": "userEnteredValue",
        }
        self.server.batch_update(self.control_id, [{"updateCells": request}])

    def send(self, messages):
        """Let the functions handle messages of the sites, as they come."""
        for message in messages:
            reply = handle(message, self.backend)
            if isinstance(message, StoreAttendRecords):
                assert isinstance(reply, LastStoredTimestamp)
                assert set(reply.confirmed) == {record.identity for record in message.records}

    def apply(self, changes):
        if not changes:
            return
        self.server.batch_update(self.spreadsheet_id, requests_of(changes))

    def view(self, *titles):
        """The worksheets as the functions read them: whole."""
        return books.look(self.backend.spreadsheets, self.spreadsheet_id, [whole(title) for title in titles])

    def id_of(self, title):
        return self.server.spreadsheet(self.spreadsheet_id).sheet_titled(title).sheet_id

    def put(self, title, row, column, value):
        """What HR types: a text as a text, a number as a number, None empties."""
        sheet_id = self.id_of(title)
        request = {
            "start": {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column},
            "rows": [{"values": [_cell(value)]}],
            "fields": "userEnteredValue",
        }
        self.server.batch_update(self.spreadsheet_id, [{"updateCells": request}])

    def put_all(self, title, cells):
        """Many cells, one call."""
        sheet_id = self.id_of(title)
        requests = []
        for (row, column), value in cells.items():
            requests.append(
                {
                    "updateCells": {
                        "start": {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column},
                        "rows": [{"values": [_cell(value)]}],
                        "fields": "userEnteredValue",
                    }
                }
            )
        if requests:
            self.server.batch_update(self.spreadsheet_id, requests)

    def type_corrections(self):
        """Row by row. Whenever few rows are left, a visit makes more."""
        done = 0
        while done < len(self.month.corrections):
            sheet = self.view(CORRECTIONS).worksheet(CORRECTIONS)
            end = sheet.row_count - sheet.first_row - 10
            self._type_corrections(sheet, done, self.month.corrections[done:end])
            done = end
            view = books.look(self.backend.spreadsheets, self.spreadsheet_id, repairing.wants())
            self.apply(repairing.repair(view, self.period).changes)

    def _type_corrections(self, sheet, done, corrections):
        cells = {}
        for row, correction in enumerate(corrections, sheet.first_row + done):
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
                    cells[row, sheet.at(column)] = typed(value)
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
        self.apply(tell(self.view(EXCEPTIONS, "Monthly Summary", CORRECTIONS), entries))


class _AfterTheMonth:
    """The port Clock: the messages of the month have waited until its end."""

    def __init__(self, month):
        self._now = datetime.combine(month.last + 2 * DAY, time(), UTC)

    def now(self):
        return self._now

    def sleep(self, seconds):
        self._now += timedelta(seconds=seconds)


def build(server, month, name="Review", entries=()):
    """A workbook with everything of a month in it."""
    book = Book(server, month, name)
    stores = stores_of(month, book.period, book.spreadsheet_id)
    first, last = healths_of(month, book.period, book.spreadsheet_id)
    half = len(stores) // 2
    book.send(stores[:1])
    book.send(first)
    book.send(stores[1:half])
    book.type_corrections()
    book.knows_all_days = True
    book.keep_people(late_starters(month))
    book.send(stores[half:])
    book.send(last)
    book.type_into_daily()
    book.report(entries)
    book.client.session.close()
    return book


def _typed_row(row):
    return tuple(map(typed, row))


def _cell(value):
    """A cell that holds a number or a text, and never what a text may look like; None empties."""
    if value is None:
        return {}
    kind = "numberValue" if isinstance(value, int | float) else "stringValue"
    return {"userEnteredValue": {kind: value}}


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


def computed(server):
    """The review workbooks with all values as people see them, by title: what the stand-in's engine makes of them."""
    return {
        one.title.removeprefix(TITLE): _as_a_file(server.compute(one.spreadsheet_id))
        for one in server.spreadsheets(subfolders=False)
        if one.title.startswith(TITLE)
    }


def _as_a_file(spreadsheet):
    """A spreadsheet as openpyxl reads one that a spreadsheet program has saved, but for worksheets without formulas.

    These hold most of the cells, and nothing in them is computed.
    """
    workbook = openpyxl.Workbook()
    workbook.remove(workbook.active)
    for sheet in spreadsheet.sheets:
        cells = [*sheet.occupied(sheet.area)]
        if all(cell.formula is None for _, _, cell in cells):
            continue
        made = workbook.create_sheet(sheet.title)
        for row, column, cell in cells:
            if cell.value is not None:
                made.cell(row + 1, column + 1).value = _as_read(cell)
    return workbook


def _as_read(cell):
    if isinstance(cell.value, str) or not cell.shows_date:
        return cell.value
    return from_excel(cell.value, timedelta=is_timedelta_format(cell.number_format.get("pattern", "")))


def in_libreoffice(folder, server, saved=None):
    """The workbooks as LibreOffice computes them, cell by cell beside the engine's; for continuous integration.

    LibreOffice takes longer than all else that such a test does. `saved` are the server's workbooks if they are saved.
    """
    if not os.environ.get("CI"):
        pytest.skip("LibreOffice is asked in continuous integration")
    assert SOFFICE is not None, "soffice is missing"
    saved = saved or server.save(folder / "saved", subfolders=False)
    saved = [path for path in saved if path.stem.startswith(TITLE)]
    out = folder / "recalculated"
    subprocess.run(
        [
            SOFFICE,
            f"-env:UserInstallation=file://{_libreoffice_profile().name}",
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
    comparison = Comparison()
    shown = {one.title: one for one in server.spreadsheets(subfolders=False)}
    for path in saved:
        comparison.compare(server.compute(shown[path.stem].spreadsheet_id), _values_of(out / path.name))
    return comparison


def _values_of(path):
    """The values that a file keeps beside its formulas: worksheet's title -> (row, column) from 1 -> value."""
    book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    # A date or a duration is a number like any other: openpyxl would make datetimes of them, which cannot hold
    # every duration and are rounded.
    book._date_formats = set()  # openpyxl has no public way to read plain numbers
    found = {}
    try:
        for sheet in book.worksheets:
            cells = found.setdefault(sheet.title, {})
            for row in sheet.iter_rows():
                for cell in row:
                    if cell.value is not None:
                        value = ErrorText(cell.value) if cell.data_type == "e" else tidy(cell.value)
                        cells[cell.row, cell.column] = value
    finally:
        book.close()
    return found


@cache
def _libreoffice_profile():
    """Made by the first start, which takes a second longer; gone with the process."""
    return tempfile.TemporaryDirectory(prefix="libreoffice-")


class Comparison:
    """How many cells were compared, and where the sandbox's own engine says something else than LibreOffice."""

    def __init__(self):
        self.compared = 0
        self.disagreements = []

    def compare(self, computed, values):
        """Every cell of a spreadsheet that the engine computed with what LibreOffice shows."""
        titles = sheet_titles(computed)
        for sheet in computed.sheets:
            reference = values[titles[sheet.title]]
            for row, column, cell in sheet.occupied(sheet.area):
                if cell.is_blank:
                    continue
                assert not _OF_TODAY.search(cell.formula or ""), "its value depends on the day of the test"
                self.compared += 1
                wanted = reference.pop((row + 1, column + 1), "")
                if not _alike(cell.value, wanted):
                    place = f"{computed.title}, {sheet.title}, row {row + 1}, column {column + 1}"
                    self.disagreements.append((place, cell.formula, cell.value, wanted))
            self.disagreements += [(computed.title, sheet.title, place) for place in reference]


_OF_TODAY = re.compile(r"\b(TODAY|NOW|RAND)\(", re.IGNORECASE)


def _alike(value, wanted):
    numbers = [one for one in (value, wanted) if isinstance(one, int | float) and not isinstance(one, bool)]
    if len(numbers) == 2:
        return math.isclose(*numbers, rel_tol=1e-12, abs_tol=1e-12)
    return value == wanted and isinstance(value, bool) is isinstance(wanted, bool)


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
