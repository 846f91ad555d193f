"""The same message delivered ten times at once, over HTTP and on a bad day: the workbook is as if it had come once."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from threading import Barrier, Lock

import pytest

from attendance_backend.app import bootstrap
from attendance_backend.errors import TransientError, WorksheetGoneError
from attendance_backend.google import google_http
from attendance_backend.handlers.dispatch import handle
from attendance_sandbox.sheets.faults import dropped, internal_error, rate_limited, unavailable
from tests.integration.backend_office import CloudOffice, punch, store_message

DELIVERIES = 10
MOST_REDELIVERIES = 20
DONE_ALL_THE_SAME = (unavailable(applied=True), internal_error(applied=True), dropped(applied=True))
FAULTS = (*DONE_ALL_THE_SAME, rate_limited(), unavailable(), dropped())
FIRST = [punch("ann", "2026-11-03T09:00:00"), punch("bob", "2026-11-03T22:00:00")]
RECORDS = [
    *FIRST,
    *(
        punch(user, f"2026-11-{day:02}T{hour:02}:15:00")
        for user in ("ann", "zoe")
        for day in (4, 5)
        for hour in (8, 17)
    ),
    punch("ann", "2026-11-03T09:00:20"),
    punch("bob", "2026-11-04T02:30:00"),
    punch("carl", "2026-11-06T08:00:00"),
    punch("guest", "2026-11-06T08:05:00"),
]
"""Some are there already; a double tap, a night, somebody hired and somebody unknown."""


class BadDay:
    """Spoils a third of the reads and writes; which ones is chance, as it is which thread makes them.

    The first write is carried out, and nobody is told.
    """

    def __init__(self, seed):
        self._choice = random.Random(seed)
        self._lock = Lock()
        self.committed = []

    def __call__(self, request):
        with self._lock:
            if request.kind not in ("read", "write"):
                return None
            is_first = request.kind == "write" and not any(kind == "write" for _, kind in self.committed)
            if not is_first and self._choice.random() > 1 / 3:
                return None
            fault = self._choice.choice(DONE_ALL_THE_SAME if is_first else FAULTS)
            self.committed.append((fault.name, request.kind))
            return fault


def workbook(office):
    """Every cell of all worksheets, content and look, and the size of the grids."""
    book = office.sheets.spreadsheet(office.sheet_id)
    return {
        sheet.title: (
            sheet.row_count,
            sheet.column_count,
            {
                (row, column): (cell.value, cell.formula, cell.format, cell.note)
                for row, column, cell in sheet.occupied(sheet.area)
            },
        )
        for sheet in book.sheets
    }


def opened(stack, folder, monkeypatch, *, damaged):
    folder.mkdir()
    office = CloudOffice(stack, folder, monkeypatch)
    office.sheet_id = office.create()
    office.store(office.sheet_id, *FIRST)
    office.sheets.write(office.control_id, "'Cut Off Times'!A5", [["Carl Cook", "carl@example.com", "08:30"]])
    if damaged:
        office.sheets.batch_update(
            office.sheet_id, [{"deleteSheet": {"sheetId": hidden}} for hidden in (109, 110)]
        )
    return office


def deliver_at_once(message):
    """In ten threads with adapters of their own, each of which gets the message again until it is done."""
    begin = Barrier(DELIVERIES)

    def deliver(_):
        backend = bootstrap.build_backend(bootstrap.settings())
        begin.wait(timeout=60)
        for _ in range(MOST_REDELIVERIES):
            try:
                return handle(message, backend)
            # Pub/Sub delivers again whatever is raised; a worksheet may be gone while another delivery makes it anew.
            except (TransientError, WorksheetGoneError) as error:
                last = error
        raise last

    with ThreadPoolExecutor(DELIVERIES) as pool:
        return list(pool.map(deliver, range(DELIVERIES)))


@pytest.mark.parametrize("damaged", [False, True], ids=["sound", "hidden worksheets deleted"])
@pytest.mark.parametrize("seed", [1, 2])
def test_ten_deliveries_at_once_leave_what_one_leaves(tmp_path, monkeypatch, seed, damaged):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        once = opened(stack, tmp_path / "once", monkeypatch, damaged=damaged)
        once.store(once.sheet_id, *RECORDS)
        wanted = workbook(once)
    with ExitStack() as stack:
        office = opened(stack, tmp_path / "often", monkeypatch, damaged=damaged)
        bad_day = office.sheets.faults.hook = BadDay(seed)
        replies = deliver_at_once(store_message(office.sheet_id, *RECORDS))
        office.sheets.faults.hook = None
        found = workbook(office)

    assert {reply.confirmed for reply in replies} == {tuple(dict.fromkeys(each.identity for each in RECORDS))}
    assert {kind for _, kind in bad_day.committed} == {"read", "write"}
    assert found.keys() == wanted.keys()
    for title, content in wanted.items():
        assert found[title] == content, title
