"""An office whose HR works in the spreadsheets: the real handlers, the Sheets stand-in without a wire, a small book.

`Office` is the cloud. `Hands` are what people do to it in the browser: they know a worksheet by its title, a column by
the word above it, a row by the name in it, and nothing of the program's.
"""

from copy import deepcopy
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from google.oauth2.service_account import Credentials

from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.google.drive import GoogleDrive
from attendance_backend.google.google_http import Addresses, GoogleHttpClient
from attendance_backend.google.sheets import GoogleSheets
from attendance_backend.handlers.dispatch import handle
from attendance_backend.ports import Backend
from attendance_contracts import (
    AttendanceRecord,
    CreateReviewSheet,
    ReviewPeriod,
    StoreAttendRecords,
    Watch,
)
from attendance_sandbox.sheets.in_process import InProcess
from attendance_sandbox.sheets.server import SheetsServer
from tests.health_message import health_message
from tests.integration.workbook_office import typed
from tests.integration.workbook_truth import Site

JUNE = ReviewPeriod("June 2026", date(2026, 6, 1), date(2026, 6, 7))
"""A week from Monday to Sunday, without a change of clocks."""
SITES = {
    "berlin": Site("berlin", "Europe/Berlin", time(4)),
    "karachi": Site("karachi", "Asia/Karachi", time(0)),
}
ROWS = 8
"""Of Corrections, prepared at first."""
PEOPLE_HEADER = ("Name", "Email", "Cut Off Time", "Site", "First Day", "Last Day")


@dataclass
class _Clock:
    at: datetime

    def now(self):
        return self.at

    def sleep(self, seconds):
        self.at += timedelta(seconds=seconds)


class _Silent:
    """Mails go nowhere."""

    def reach(self):
        pass

    def send(self, mail):
        pass


class Office:
    """Sheets and Drive with the functions' handlers, put back to the beginning for each sequence.

    Attributes:
        now: the cloud's clock, UTC.
    """

    def __init__(self, people):
        self.server = SheetsServer(owns_storage=False, token_lifetime_s=10**9)
        self.server.engine.models_kept = 2  # each sequence begins with the same book
        key = self.server.new_service_account()
        client = GoogleHttpClient(
            Credentials.from_service_account_info(key, scopes=SCOPES),
            Addresses(self.server.url, self.server.url),
            sleep=lambda _: None,
        )
        client.session.trust_env = False  # nobody looks for proxies at each request
        wire = InProcess(self.server)
        client.session.mount(self.server.url, wire)
        client.session._auth_request_session.mount(self.server.url, wire)  # type: ignore[attr-defined]
        folder = self.server.new_shared_folder("Attendance")
        self.control_id = self.server.new_spreadsheet("Review Periods", folder_id=folder)
        self._clock = _Clock(datetime(2026, 6, 1, 12, tzinfo=UTC))
        self._google = GoogleSheets(client), GoogleDrive(client, folder)
        self.forget()
        titles = ("2026", "Cut Off Times", "Holidays", "Settings")
        size = {"rowCount": 12, "columnCount": 8}
        self.server.batch_update(
            self.control_id,
            [{"addSheet": {"properties": {"title": title, "gridProperties": size}}} for title in titles],
        )
        hands = Hands(self, self.control_id)
        hands.keep("2026", [("Month", "Start Date", "End Date"), ("June", JUNE.first_day, JUNE.last_day)])
        hands.keep("Cut Off Times", [PEOPLE_HEADER, *people])
        hands.keep("Holidays", [("Date", "Name", "Site")])
        hands.keep("Settings", [("Setting", "Site", "Value")])
        for site in SITES:
            request = CreateReviewSheet(location=site, request_id="create", period=JUNE)
            self.sheet_id = self.send(request).sheet_id
            self.report(site, None)
        self.server.start_recalculating()
        self.tick()
        self._begun = self.remember(), self.sheet_id, self._clock.at

    def begin(self):
        files, self.sheet_id, self._clock.at = self._begun
        self.server.on_request = None
        self.go_back(files)

    def remember(self):
        """What Drive holds now. A spreadsheet is replaced when it changes, and never changed itself."""
        files = self.server.store.files
        return deepcopy(files, {id(file.spreadsheet): file.spreadsheet for file in files.values()})

    def go_back(self, files):
        self.server.store.files = deepcopy(
            files, {id(file.spreadsheet): file.spreadsheet for file in files.values()}
        )
        self.server.log.clear()
        self.forget()

    def forget(self):
        """The functions run for the first time."""
        sheets, drive = self._google
        self.backend = Backend(
            spreadsheets=sheets,
            drive=drive,
            mailer=_Silent(),
            clock=self._clock,
            control_id=self.control_id,
            mail_from="",
            alarm_to=(),
        )

    @property
    def today(self):
        return self._clock.at.date()

    def wait(self, **time):
        self._clock.at += timedelta(**time)

    # -- what sites and the schedule send

    def send(self, message):
        return handle(message, self.backend)

    def store(self, site, records):
        rules = SITES[site]
        return self.send(
            StoreAttendRecords(
                location=site,
                request_id="store",
                sheet_id=self.sheet_id,
                period=JUNE,
                time_zone=rules.zone,
                day_boundary=rules.boundary,
                records=tuple(records),
            )
        )

    def report(self, site, through):
        rules = SITES[site]
        self.wait(minutes=1)
        self.send(
            health_message(
                location=site,
                sheet_id=self.sheet_id,
                period=JUNE,
                at=self._clock.at.replace(tzinfo=None),
                time_zone=rules.zone,
                day_boundary=rules.boundary,
                complete_through=through,
            )
        )

    def tick(self):
        self.wait(minutes=15)
        self.send(Watch())

    # -- what people see

    def sheets(self, spreadsheet_id=None):
        return self.server.spreadsheet(spreadsheet_id or self.sheet_id).sheets

    def computed(self):
        return self.server.compute(self.sheet_id).sheets

    def problems(self):
        """What stands in Problems about the workbook."""
        if "Problems" not in {sheet.title for sheet in self.sheets(self.control_id)}:
            return []
        rows = self.server.read(self.control_id, "Problems!A2:Z")
        return [str(row[2]) for row in rows if row[:1] == [f"Workbook {JUNE.name}"]]


def punch(user, moment, site, occurrence=1):
    return AttendanceRecord(f"SN-{site}", f"id-{user}", user, moment, 1, 255, occurrence)


class Hands:
    """Somebody at a spreadsheet.

    Attributes:
        titles: what worksheets are called now, by what the program called them.
        words: what people call headers now, by what the program called them.
    """

    def __init__(self, office, spreadsheet_id=None):
        self.office = office
        self._id = spreadsheet_id
        self.titles: dict[str, str] = {}
        self.words: dict[str, str] = {}

    @property
    def spreadsheet_id(self):
        return self._id or self.office.sheet_id

    def edit(self, *requests):
        self.office.server.batch_update(self.spreadsheet_id, list(requests))

    def sheet(self, role, sheets=None):
        """A worksheet, wherever it is and whatever it is called now; None for one that is gone."""
        there = {
            sheet.title: sheet
            for sheet in (self.office.sheets(self.spreadsheet_id) if sheets is None else sheets)
        }
        return there.get(self.titles.get(role, role)) or there.get(role)

    def put(self, role, row, column, value):
        """A number or a text as it stands in the cell then; None empties."""
        self.edit(_cells(self.sheet(role).sheet_id, row, column, [[value]]))

    def keep(self, role, rows):
        """A worksheet of rows, nothing below them."""
        sheet = self.sheet(role)
        area = {"sheetId": sheet.sheet_id, "startRowIndex": 0}
        self.edit(
            {"updateCells": {"range": area, "fields": "userEnteredValue"}},
            _cells(sheet.sheet_id, 0, 0, [[typed(value) for value in row] for row in rows]),
        )

    # -- rows, columns, worksheets

    def dimension(self, role, kind, dimension, start, count, **more):
        place = {
            "sheetId": self.sheet(role).sheet_id,
            "dimension": dimension,
            "startIndex": start,
            "endIndex": start + count,
        }
        self.edit({kind: {"source" if kind == "moveDimension" else "range": place, **more}})

    def properties(self, role, **properties):
        self.edit(
            {
                "updateSheetProperties": {
                    "properties": {"sheetId": self.sheet(role).sheet_id, **properties},
                    "fields": ",".join(properties),
                }
            }
        )

    def clear(self, role, first_row, end_row, first_column, end_column):
        area = {
            "sheetId": self.sheet(role).sheet_id,
            "startRowIndex": first_row,
            "endRowIndex": end_row,
            "startColumnIndex": first_column,
            "endColumnIndex": end_column,
        }
        self.edit({"updateCells": {"range": area, "fields": "userEnteredValue"}})

    def rename(self, role, title):
        self.properties(role, title=title)
        self.titles[role] = title

    def of_the_file(self, **properties):
        change = {"properties": properties, "fields": ",".join(properties)}
        self.edit({"updateSpreadsheetProperties": change})


@dataclass(frozen=True)
class Edit:
    """What somebody does to rows, columns or cells of a worksheet, or to all of it. Numbers count modulo its size."""

    what: str
    role: str
    at: int
    to: int
    count: int

    def __call__(self, hands, first_row):
        """Do it; `first_row` is the one below the headers."""
        sheet = hands.sheet(self.role)
        size = {"ROWS": sheet.row_count, "COLUMNS": sheet.column_count}
        verb, _, what = self.what.partition(" ")
        dimension = what.upper()
        if verb in ("insert", "delete") and size[dimension] > self.count:
            start = self.at % (size[dimension] - self.count * (verb == "delete"))
            hands.dimension(self.role, f"{verb}Dimension", dimension, start, self.count)
        elif verb == "move" and (movable := size[dimension] - first_row * (dimension == "ROWS")) > 0:
            first = size[dimension] - movable
            places = first + self.at % movable, first + self.to % movable
            hands.dimension(self.role, "moveDimension", dimension, places[0], 1, destinationIndex=places[1])
        else:
            getattr(self, f"_{verb}", lambda *_: None)(hands, sheet, first_row)

    def _clear(self, hands, sheet, _):
        row, column = self.at % sheet.row_count, self.to % sheet.column_count
        end = min(row + self.count, sheet.row_count), min(column + self.count, sheet.column_count)
        hands.clear(self.role, row, end[0], column, end[1])

    def _sort(self, hands, sheet, first_row):
        if self.role != "Guide" and first_row < sheet.row_count:
            order = "ASCENDING" if self.count % 2 else "DESCENDING"
            specs = [{"dimensionIndex": self.to % sheet.column_count, "sortOrder": order}]
            area = {"sheetId": sheet.sheet_id, "startRowIndex": first_row}
            hands.edit({"sortRange": {"range": area, "sortSpecs": specs}})

    def _filter(self, hands, sheet, first_row):
        area = {"sheetId": sheet.sheet_id, "startRowIndex": max(first_row - 1, 0)}
        hands.edit({"setBasicFilter": {"filter": {"range": area}}})

    def _rename(self, hands, *_):
        hands.rename(self.role, f"HR's {self.role}")

    def _hide(self, hands, *_):
        others = (
            each for each in hands.office.sheets() if each.title != hands.titles.get(self.role, self.role)
        )
        if any(not each.properties.get("hidden") for each in others):
            hands.properties(self.role, hidden=True)

    def _show(self, hands, *_):
        hands.properties(self.role, hidden=False)

    def _shift(self, hands, *_):
        hands.properties(self.role, index=self.to % len(hands.office.sheets()))

    def _duplicate(self, hands, sheet, _):
        title = f"Copy of {self.role}"
        if title not in {each.title for each in hands.office.sheets()}:
            hands.edit({"duplicateSheet": {"sourceSheetId": sheet.sheet_id, "newSheetName": title}})

    def _protect(self, hands, sheet, _):
        protected = {"range": {"sheetId": sheet.sheet_id}, "warningOnly": True}
        hands.edit({"addProtectedRange": {"protectedRange": protected}})

    def _drop(self, hands, sheet, _):
        hands.edit({"deleteSheet": {"sheetId": sheet.sheet_id}})

    def _locale(self, hands, *_):
        hands.of_the_file(locale=("de_DE", "en_US", "fr_FR")[self.at % 3])

    def _zone(self, hands, *_):
        hands.of_the_file(timeZone=("Europe/Berlin", "Asia/Karachi")[self.at % 2])

    @property
    def destroys(self):
        return self.what.startswith(("delete", "clear", "drop"))


EDITS = (
    *("insert columns", "insert rows", "move columns", "move rows", "delete columns", "delete rows", "clear"),
    *("sort", "filter", "rename", "hide", "show", "shift", "duplicate", "protect", "drop", "locale", "zone"),
)


def _cells(sheet_id, row, column, values):
    rows = [{"values": [_cell(value) for value in line]} for line in values]
    start = {"sheetId": sheet_id, "rowIndex": row, "columnIndex": column}
    return {"updateCells": {"start": start, "rows": rows, "fields": "userEnteredValue"}}


def _cell(value):
    if value is None or value == "":
        return {}
    kind = "numberValue" if isinstance(value, int | float) else "stringValue"
    return {"userEnteredValue": {kind: value}}
