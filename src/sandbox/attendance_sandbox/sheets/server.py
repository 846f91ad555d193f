"""A stand-in for Google Sheets v4, Drive v3 and the OAuth 2 token endpoint, on one port of 127.0.0.1.

gspread, google-auth or plain REST reach it once the hosts ``https://sheets.googleapis.com`` and
``https://www.googleapis.com`` are replaced by `SheetsServer.url`.

Faithful: paths, JSON and errors; strict request bodies; field masks; typed values, number formats and what a
typed text becomes in the spreadsheet's locale; atomic ``batchUpdate``; grid limits and the limit of ten million
cells; protected ranges; the service's own spelling of formulas, and references in formulas and rules that follow
inserted and deleted rows and columns; scopes, roles, shared drives and accounts without storage; quotas.

Formulas: with ``recalculate=True`` an embedded engine computes them for ``spreadsheets.get`` and ``values.*`` (not for
``includeSpreadsheetInResponse`` or exports). Otherwise a formula is kept, but has no value; ``values.get`` gives an
empty cell for it. What the engine does not know is ``#NAME?``, ``TODAY()`` stays as it was at the last change, and a
result without a number format of its own is shown as a plain number, where Sheets takes a date's format from the cells
that it is made of. Cells at the end of a range whose formulas give an empty text are left out of ``values.get``; nobody
has recorded what Sheets does.

Pages: ``/`` lists the spreadsheets for a browser, ``/books/<id>`` shows one as HR sees it, computed and coloured; both
without an account.

Agreement: the exchanges that gspread's authors recorded with the real service give the same answers here, for each
endpoint and each kind of request in them that is there. Not in them, and therefore made from Google's reference and
from single reports: ``spreadsheets.create``, permissions, conditional formats, ``appendDimension``, and most refusals.
Of a refusal that nobody has recorded, such as of the ID of a named range that is not known (any more), status and form
are the service's, and the words may differ.

Not faithful: conditional formats, filters and validation rules are checked and kept, and not applied. Charts, pivot
tables, slicers, filter views, tables and data sources are answered with 501, and so are ``findReplace``,
``updateBorders`` (borders are a cell's format), ``autoResizeDimensions``, ``copyPaste``, groups of rows and columns,
merged cells, banding, colour scales, ``clearBasicFilter``, values written by columns, and changes of protected ranges,
conditional formats and named ranges (the last can be deleted and added). No method is found for ``values.append`` and
``values.batchUpdate``, ``sheets.copyTo``, comments, exports and uploads. Moving cells by ``cutPaste`` does not move the
references to them. Formulas are in English spelling, with commas, in every locale (Sheets wants semicolons where the
decimal mark is a comma). Rows and columns come in without the formats of their neighbours.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from attendance_sandbox.sheets import batch_update, page, value_ranges
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.drive import Drive
from attendance_sandbox.sheets.engine import Engine
from attendance_sandbox.sheets.errors import ApiError
from attendance_sandbox.sheets.faults import Fault, Faults, Request
from attendance_sandbox.sheets.files import SPREADSHEET_TYPE, DriveFile, FileStore, permission
from attendance_sandbox.sheets.http_server import DropConnectionError, HttpStandIn
from attendance_sandbox.sheets.oauth import GrantError, TokenService
from attendance_sandbox.sheets.quota import Quota
from attendance_sandbox.sheets.routes import (
    Answer,
    HttpRequest,
    Route,
    answer,
    drive_routes,
    find_route,
    sheets_routes,
)
from attendance_sandbox.sheets.schema import Json, check_message
from attendance_sandbox.sheets.sheets_api import SheetsApi
from attendance_sandbox.sheets.spreadsheet import Spreadsheet
from attendance_sandbox.sheets.xlsx import save_workbooks
from attendance_sandbox.sheets.xlsx_names import file_name

PERSON = "hr@example.com"
"""Who owns the spreadsheets that are made on the server itself: a person, not a service account."""


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One request that was answered, or dropped."""

    number: int
    method: str
    path: str
    query: dict[str, list[str]]
    kind: str
    """``read`` or ``write`` of Sheets, ``drive``, ``token``, ``page`` or ``unknown``."""
    caller: str
    status: int
    """HTTP status; 0 when the connection was dropped."""
    cells_read: int
    cells_written: int
    bytes_up: int
    """Of the request's body."""
    fault: str
    """Name of the fault that was committed, empty for none."""
    seconds: float
    """Time from the request's arrival to its answer, delays that were asked for included."""

    def __str__(self) -> str:
        cells = f" read {self.cells_read}" if self.cells_read else ""
        cells += f" wrote {self.cells_written}" if self.cells_written else ""
        fault = f" [{self.fault}]" if self.fault else ""
        return f"{self.method} {self.path} {self.status or 'dropped'}{cells}{fault}"


class SheetsServer(HttpStandIn):
    """The stand-in. Use it as a context manager, or call `start` and `stop`."""

    def __init__(
        self,
        port: int = 0,
        folder: Path | None = None,
        faults: Faults | None = None,
        on_request: Callable[[LogEntry], None] | None = None,
        *,
        owns_storage: bool = True,
        quota: Quota | None = None,
        recalculate: bool = False,
        token_lifetime_s: float = 3599,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """Binds the port; requests are answered from `start` on.

        Args:
            port: 0 for any free one.
            folder: where `save` puts the workbooks by default.
            faults: faults to commit; more can be added to `self.faults` at any time.
            on_request: called with each log entry, from the thread that answered.
            owns_storage: False for service accounts as they are made since 2025: they own no storage, and can
                make files in shared drives only.
            quota: limits of reads and writes a minute; none by default.
            recalculate: formulas have values in answers. The first read after each change takes the time of computing:
                a second for a large month, during which nobody else is answered.
            clock: seconds since 1970, for tokens and the times of files.

        Raises:
            OSError: the port is in use.
        """
        self.folder = folder
        self.faults = faults or Faults()
        self.log: list[LogEntry] = []
        self.store = FileStore(owns_storage, clock)
        self.tokens = TokenService(token_lifetime_s, clock)
        self.on_request = on_request
        """See above; may be set at any time: what it does to a spreadsheet comes before the answer is read."""
        self._quota = quota
        self._lock = threading.RLock()
        self._requests = 0
        self.engine = Engine()
        self._api = SheetsApi(self.store, self.engine, recalculate)
        self._routes = sheets_routes(self._api) + drive_routes(Drive(self.store))
        super().__init__(port)

    # -- life

    @property
    def token_uri(self) -> str:
        return f"{self.url}/token"

    def start_recalculating(self) -> None:
        """From now on as with `recalculate`: a long run need not wait for values that nobody looks at yet."""
        self._api.recalculate = True

    def stop_recalculating(self) -> None:
        """The opposite of `start_recalculating`."""
        self._api.recalculate = False

    def compute(self, spreadsheet_id: str) -> Spreadsheet:
        """The spreadsheet with the values of all formulas."""
        with self._lock:
            return self.engine.computed(self.spreadsheet(spreadsheet_id))

    # -- what a test or a demo does on the server's side, without HTTP and without being logged

    def new_service_account(
        self, email: str = "backend@attendance-sandbox.iam.gserviceaccount.com"
    ) -> dict[str, str]:
        """Makes a service account; returns its JSON key for google-auth."""
        return self.tokens.new_account(email, self.token_uri)

    def new_shared_folder(self, name: str, members: list[str] | None = None) -> str:
        """Makes a shared drive and returns its folder's ID; without members every account may write in it."""
        with self._lock:
            return self.store.create_shared_folder(name, members).file_id

    def new_spreadsheet(
        self,
        title: str,
        *,
        folder_id: str | None = None,
        owner: str = PERSON,
        share_with: list[str] | None = None,
    ) -> str:
        """Makes a spreadsheet that a person owns and shares for writing; returns its ID."""
        with self._lock:
            parents = [folder_id] if folder_id else None
            file = self.store.create(title, SPREADSHEET_TYPE, owner, parents, person=True)
            file.permissions.extend(permission("writer", email) for email in share_with or [])
            return file.file_id

    def spreadsheet(self, spreadsheet_id: str) -> Spreadsheet:
        """The spreadsheet as it is now. Later changes do not show in it: they replace it.

        Raises:
            KeyError: there is none of that ID.
        """
        with self._lock:
            found = self.store.files[spreadsheet_id].spreadsheet
        if found is None:
            raise KeyError(f"{spreadsheet_id} is a folder")
        return found

    def spreadsheets(self, *, subfolders: bool = True) -> list[Spreadsheet]:
        """The spreadsheets that are not in the bin, in the order in which they were made.

        Args:
            subfolders: False leaves out what lies in folders within somebody's storage or a shared drive.
        """
        with self._lock:
            return [
                file.spreadsheet
                for file in self.store.files.values()
                if file.spreadsheet is not None
                and not file.trashed
                and (subfolders or not self._subfolder(file))
            ]

    def file(self, file_id: str) -> DriveFile:
        with self._lock:
            return self.store.files[file_id]

    def read(self, spreadsheet_id: str, text: str, render: str = "UNFORMATTED_VALUE") -> list[list[Any]]:
        """The values of a range, blank rows and cells at the end left out."""
        with self._lock:
            shown = self.spreadsheet(spreadsheet_id)
            if render != "FORMULA":
                shown = self._api.computed(shown, [text])
        values: list[list[Any]] = value_ranges.read(shown, text, {"valueRenderOption": render}, Call()).get(
            "values", []
        )
        return values

    def write(self, spreadsheet_id: str, text: str, values: list[list[Any]]) -> None:
        """Types values into a range, as its owner does in the browser: formulas and dates are understood."""
        self._edit(
            spreadsheet_id,
            lambda draft, call: value_ranges.write(draft, text, {"values": values}, "USER_ENTERED", call),
        )

    def batch_update(self, spreadsheet_id: str, requests: list[Json]) -> list[Json]:
        """Carries out requests as the owner, all or none; returns the replies."""
        body = check_message("BatchUpdateSpreadsheetRequest", {"requests": requests})
        replies: list[Json] = self._edit(
            spreadsheet_id, lambda draft, call: batch_update.apply(draft, body, call)
        )["replies"]
        return replies

    def _edit(self, spreadsheet_id: str, change: Callable[[Spreadsheet, Call], Json]) -> Json:
        with self._lock:
            file = self.store.files[spreadsheet_id]
            draft = self.spreadsheet(spreadsheet_id).draft()
            result = change(draft, Call())
            self.store.replace(file, draft)
            return result

    def save(self, folder: Path | None = None, *, subfolders: bool = True) -> list[Path]:
        """Writes each spreadsheet as an ``.xlsx`` file; the same content gives the same bytes.

        Args:
            folder: where to; what lies in a folder within somebody's storage or a shared drive gets one of that name.
            subfolders: False leaves out what lies in these.

        Returns:
            The files, in the order in which the spreadsheets were made, those of each folder together.
        """
        goal = folder or self.folder
        if goal is None:
            raise ValueError("no folder to save in: give one to save() or to the server")
        with self._lock:
            files = list(self.store.files.values())
            lying_in = {file.file_id: self._subfolder(file) for file in files}
        books: dict[str, list[Spreadsheet]] = {"": []}
        for file in files:
            name = lying_in[file.file_id]
            if file.spreadsheet is not None and not file.trashed and (subfolders or not name):
                books.setdefault(name, []).append(file.spreadsheet)
        return [path for name, found in books.items() for path in save_workbooks(found, goal / name)]

    def _subfolder(self, file: DriveFile) -> str:
        """The name of the folder that a file lies in, empty for the root of a shared drive or of somebody's storage."""
        folder = self.store.files.get(file.parents[0]) if file.parents else None
        return "" if folder is None or folder.drive_id == folder.file_id else file_name(folder.name)

    # -- requests

    def respond(self, request: HttpRequest) -> Answer:
        began = time.perf_counter()
        call = Call()
        kind, fault, response = self._served(request, call)
        dropped = fault is not None and fault.drop
        if fault is not None and fault.delay_s:
            time.sleep(fault.delay_s)
        with self._lock:
            entry = LogEntry(
                number=len(self.log) + 1,
                method=request.method,
                path=request.path,
                query=request.query,
                kind=kind,
                caller=call.caller,
                status=0 if dropped else response.status,
                cells_read=call.cells_read,
                cells_written=call.cells_written,
                bytes_up=len(request.body),
                fault=fault.name if fault else "",
                seconds=time.perf_counter() - began,
            )
            self.log.append(entry)
        if self.on_request is not None:
            self.on_request(entry)
        if dropped:
            raise DropConnectionError
        return response

    def _served(self, request: HttpRequest, call: Call) -> tuple[str, Fault | None, Answer]:
        """Answers a request under the lock; returns its kind and the fault that is to be committed as well."""
        with self._lock:
            self._requests += 1
            if request.path == "/token" and request.method == "POST":
                return self._served_token(request)
            if request.method == "GET" and (request.path == "/" or request.path.startswith("/books/")):
                return "page", None, self._page(request.path.removeprefix("/books/"))
            try:
                route, parts = find_route(self._routes, request)
                call.caller = self.tokens.caller(
                    request.authorization, "drive" if route.kind == "drive" else "sheets"
                )
            except ApiError as error:
                return "unknown", None, Answer.of_json(error.code, error.to_json())
            chosen = self.faults.next_for(
                Request(self._requests, request.method, request.path, route.kind, call.caller)
            )
            if chosen is not None and not chosen.applied:
                return route.kind, chosen, _fault_answer(chosen)
            response = self._handled(route, request, parts, call)
            if chosen is not None and chosen.status:
                response = _fault_answer(chosen)
            return route.kind, chosen, response

    def _page(self, spreadsheet_id: str) -> Answer:
        books = {one.spreadsheet_id: one for one in self.spreadsheets()}
        if spreadsheet_id == "/":
            text = page.document("Spreadsheets", [page.Group("Spreadsheets", [page.listed(books.values())])])
        elif spreadsheet_id in books:
            book = page.book(books[spreadsheet_id], self.engine)
            text = page.document(book.title, [book])
        else:
            error = ApiError(
                404, "NOT_FOUND", f"There is no spreadsheet of this ID; {self.url}/ lists those there are."
            )
            return Answer.of_json(error.code, error.to_json())
        return Answer(200, text.encode(), "text/html; charset=utf-8")

    def _handled(self, route: Route, request: HttpRequest, parts: list[str], call: Call) -> Answer:
        try:
            if self._quota is not None and route.kind != "drive":
                self._quota.spend(route.kind, call.caller)
            return answer(route.handler(request, parts, call), request)
        except ApiError as error:
            call.cells_written = 0
            return Answer.of_json(error.code, error.to_json())

    def _served_token(self, request: HttpRequest) -> tuple[str, Fault | None, Answer]:
        chosen = self.faults.next_for(Request(self._requests, request.method, request.path, "token", ""))
        if chosen is not None and not chosen.applied:
            return "token", chosen, _fault_answer(chosen)
        try:
            granted = self.tokens.grant(request.body.decode("utf-8", "replace"), self.token_uri)
        except GrantError as error:
            return "token", chosen, Answer.of_json(400, error.to_json())
        if chosen is not None and chosen.status:
            return "token", chosen, _fault_answer(chosen)
        return "token", chosen, Answer.of_json(200, granted)


def _fault_answer(fault: Fault) -> Answer:
    error = ApiError(fault.status, fault.code, fault.message, details=fault.details)
    return Answer.of_json(fault.status, error.to_json())
