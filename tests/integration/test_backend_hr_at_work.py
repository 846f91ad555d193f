"""HR works in a workbook while punches and health messages arrive: what HR typed stands, and every punch is there once.

HR is a thread that uses gspread with an account of its own, and keeps its own record of what it typed. `HR_AT_WORK_S`
says for how many seconds both work; without it a quarter of a minute.
"""

import logging
import os
import random
import threading
import time as clock
from contextlib import ExitStack
from datetime import UTC, datetime, time, timedelta
from typing import Literal

import pytest

from attendance_backend.app.cli import main
from attendance_backend.sheet import serial
from attendance_backend.sheet.a1 import cell_name
from tests.health_message import health_message
from tests.integration.backend_office import NOVEMBER, PEOPLE, CloudOffice, punch
from tests.integration.test_sandbox_sheets_support import gspread_client

SECONDS = int(os.environ.get("HR_AT_WORK_S") or 15)
PAUSE_S = 0.05
"""Between two edits: faster than any person."""
SEED = 20
log = logging.getLogger(__name__)
NAMES = [name for name, *_ in PEOPLE]
DAILY_DAYS = range(15, 43)
"""The columns of the days in Daily Attendance."""
GREEN = {"red": 0.0, "green": 1.0, "blue": 0.0}


class HumanResources(threading.Thread):
    """Somebody at a browser.

    Attributes:
        corrections: what stands in the columns Date to Entered By of each row below the header, None for a blank one.
        coloured: the reasons whose cells are green.
        daily: what was typed into Daily Attendance, by row and column.
        daily_coloured: cells of Daily Attendance that are green.
        notes: what was typed into the column behind Exceptions, by row.
        edits: how many of each kind.
    """

    def __init__(self, office, key):
        super().__init__()
        self._book = gspread_client(office.sheets, key).open_by_key(office.sheet_id)
        self._choice = random.Random(SEED)
        self.finished = threading.Event()
        self.failure = None
        self.corrections, self.coloured = [], set()
        self.daily, self.daily_coloured, self.notes = {}, set(), {}
        self.edits = {}

    def run(self):
        try:
            self._sheets = {sheet.title: sheet for sheet in self._book.worksheets()}
            self._add_column()
            # Each kind once, and then whatever comes to mind.
            for edit in (self._type, self._change, self._colour, self._sort, self._insert, self._type_over):
                self._do(edit)
            weights = {
                self._type: 8, self._change: 6, self._colour: 3, self._sort: 1, self._insert: 1,
                self._colour_a_day: 3, self._type_over: 2, self._note: 2,
            }  # fmt: skip
            while not self.finished.wait(PAUSE_S):
                (edit,) = self._choice.choices(list(weights), list(weights.values()))
                self._do(edit)
        except Exception as error:  # noqa: BLE001 - raised again by the test
            self.failure = error

    def _do(self, edit):
        if edit():
            name = edit.__name__.strip("_")
            self.edits[name] = self.edits.get(name, 0) + 1

    @property
    def _in_use(self):
        return [index for index, row in enumerate(self.corrections) if row is not None]

    def _type(self):
        """A new row, in the first one that is free."""
        if None not in self.corrections:
            self.corrections.append(None)
        index = self.corrections.index(None)
        day = NOVEMBER.first_day + timedelta(days=self._choice.randrange(28))
        minutes = self._choice.randrange(24 * 60)
        number = self.edits.get("type", 0)
        typed = [
            f"{day:%d/%m/%Y}", "", self._choice.choice(NAMES), self._choice.choice(["check in", "check out"]),
            f"{minutes // 60:02}:{minutes % 60:02}", f"reason {number:06}", "HR",
        ]  # fmt: skip
        self._sheets["Corrections"].update([typed], f"B{index + 2}:H{index + 2}", raw=False)
        self.corrections[index] = [serial.from_date(day), "", *typed[2:4], minutes / 1440, *typed[5:]]
        return True

    def _change(self):
        if not self._in_use:
            return False
        index, minutes = self._choice.choice(self._in_use), self._choice.randrange(24 * 60)
        self._sheets["Corrections"].update(
            [[f"{minutes // 60:02}:{minutes % 60:02}"]], f"F{index + 2}", raw=False
        )
        self.corrections[index][4] = minutes / 1440
        return True

    def _colour(self):
        if not self._in_use:
            return False
        index = self._choice.choice(self._in_use)
        self._sheets["Corrections"].format(f"G{index + 2}", {"backgroundColor": GREEN})
        self.coloured.add(self.corrections[index][5])
        return True

    def _sort(self):
        """By reason; blank rows come last, whichever way."""
        orders: list[Literal["asc", "des"]] = ["asc", "des"]
        order = self._choice.choice(orders)
        sheet = self._sheets["Corrections"]
        sheet.sort((7, order), range=f"A2:T{201 + self.edits.get('insert', 0)}")
        rows = [row for row in self.corrections if row is not None]
        self.corrections = sorted(rows, key=lambda row: row[5], reverse=order == "des")
        return True

    def _insert(self):
        index = self._choice.randrange(len(self.corrections) + 1)
        where = {
            "sheetId": self._sheets["Corrections"].id,
            "dimension": "ROWS",
            "startIndex": index + 1,
            "endIndex": index + 2,
        }
        self._book.batch_update(
            {"requests": [{"insertDimension": {"range": where, "inheritFromBefore": False}}]}
        )
        self.corrections.insert(index, None)
        return True

    def _add_column(self):
        sheet = self._sheets["Exceptions"]
        self._book.batch_update(
            {"requests": [{"appendDimension": {"sheetId": sheet.id, "dimension": "COLUMNS", "length": 1}}]}
        )
        sheet.update([["Mine"]], "J1")
        self.notes[1] = "Mine"

    def _note(self):
        """Beside a row of Exceptions that is there."""
        sheet = self._sheets["Exceptions"]
        filled = len(sheet.col_values(3))
        if filled < 2:
            return False
        row = self._choice.randrange(2, filled + 1)
        self.notes[row] = f"asked {self._choice.choice(NAMES)}"
        sheet.update([[self.notes[row]]], f"J{row}")
        return True

    def _day_cell(self):
        return self._choice.randrange(3, 3 + 3 * len(PEOPLE)), self._choice.choice(DAILY_DAYS)

    def _colour_a_day(self):
        place = self._day_cell()
        self._sheets["Daily Attendance"].format(cell_name(*place), {"backgroundColor": GREEN})
        self.daily_coloured.add(place)
        return True

    def _type_over(self):
        place, hour = self._day_cell(), self._choice.randrange(24)
        self._sheets["Daily Attendance"].update([[f"{hour:02}:15"]], cell_name(*place), raw=False)
        self.daily[place] = (hour * 60 + 15) / 1440
        return True


class Site:
    """Punches and health messages, one after the other."""

    def __init__(self, office):
        self._office = office
        self._choice = random.Random(SEED)
        self._days = [NOVEMBER.first_day + timedelta(days=day) for day in range(26)]
        self.sent = {}
        self.messages = {"punches": 0, "the same again": 0, "health": 0}

    def work(self, deadline):
        """Until then, and until each kind of message was sent twice."""
        records = [self._punch(0)]
        while clock.monotonic() < deadline or min(self.messages.values()) < 2:
            number = sum(self.messages.values())
            if number % 5 == 4:
                self._report(number)
            elif number % 5 == 2:
                self._store(records, "the same again")
            else:
                records = [self._punch(number) for _ in range(self._choice.randrange(1, 30))]
                self._store(records, "punches")

    def _store(self, records, kind):
        reply = self._office.store(self._office.sheet_id, *records)
        assert set(reply.confirmed) == {record.identity for record in records}
        self.sent |= {record.identity: record for record in records}
        self.messages[kind] += 1

    def _punch(self, number):
        users = ["ann", "bob", "zoe", "carl"] + (["guest"] if number % 7 == 0 else [])
        day = self._choice.choice(self._days)
        moment = datetime.combine(day, time(5)) + timedelta(seconds=self._choice.randrange(18 * 3600))
        return punch(self._choice.choice(users), moment.isoformat())

    def _report(self, number):
        at = datetime(2026, 11, 3, 8) + timedelta(hours=3 * number)
        self._office.now = at.replace(tzinfo=UTC)
        through = min(at.date() - timedelta(days=1), NOVEMBER.last_day)
        response = self._office.post(
            health_message(
                request_id=f"h{number}",
                sheet_id=self._office.sheet_id,
                period=NOVEMBER,
                at=at,
                backlog=number % 3,
                complete_through=through,
            )
        )
        assert response.status_code == 200, response.text
        self.messages["health"] += 1


@pytest.fixture
def office(tmp_path, monkeypatch):
    with ExitStack() as stack:
        office = CloudOffice(stack, tmp_path, monkeypatch)
        office.sheet_id = office.create()
        office.sheets.write(
            office.control_id, "'Cut Off Times'!A5", [["Carl Cook", "carl@example.com", "08:30"]]
        )
        yield office


def test_what_hr_typed_stands_and_every_punch_is_there_once(office, capsys):
    hr = HumanResources(office, office.sheets.new_service_account("hr@example.iam.gserviceaccount.com"))
    site = Site(office)
    hr.start()
    try:
        site.work(clock.monotonic() + SECONDS)
    finally:
        hr.finished.set()
        hr.join(timeout=60)
    if hr.failure is not None:
        raise hr.failure
    log.info("%d s: edits %s, messages %s, %d punches", SECONDS, hr.edits, site.messages, len(site.sent))
    assert {"type", "change", "colour", "sort", "insert", "type_over"} <= hr.edits.keys()

    stands(office, hr)
    stored = office.sheets.read(office.sheet_id, "'Raw Data - berlin'!I2:I")
    assert sorted(identity for (identity,) in stored) == sorted(site.sent)

    # Rows that HR inserted have no formulas yet; what HR typed over others is known to the last cell.
    assert main(["refresh", "--period", "November 2026"]) == 0
    kept = [line for line in capsys.readouterr().out.splitlines() if "typed over" in line]
    assert kept == [
        f"  Daily Attendance!{cell_name(*place)}: typed over, kept: {round(value * 1440) // 60:02}:15"
        for place, value in sorted(hr.daily.items())
    ]
    stands(office, hr)
    assert main(["refresh", "--period", "November 2026"]) == 0
    assert "  no difference" in capsys.readouterr().out.splitlines()


def stands(office, hr):
    """HR finds everything as it left it."""
    rows = office.sheets.read(office.sheet_id, "'Corrections'!B2:H")
    rows += [[]] * (len(hr.corrections) - len(rows))
    wanted = [["", *[""] * 6] if row is None else row for row in hr.corrections]
    assert [[*row, *[""] * (7 - len(row))] for row in rows[: len(wanted)]] == [
        [pytest.approx(value) if isinstance(value, float) else value for value in row] for row in wanted
    ]
    assert all(not any(row) for row in rows[len(wanted) :])
    book = office.sheets.spreadsheet(office.sheet_id)
    sheets = {sheet.title: sheet for sheet in book.sheets}

    def is_green(title, row, column):
        return sheets[title].cell(row, column).format.get("backgroundColor") == {"green": 1}

    green = {
        row[5] for index, row in enumerate(hr.corrections) if row and is_green("Corrections", index + 1, 6)
    }
    assert green == hr.coloured
    assert all(is_green("Daily Attendance", *place) for place in hr.daily_coloured)
    typed = {place: sheets["Daily Attendance"].cell(*place).value for place in hr.daily}
    assert typed == {place: pytest.approx(value) for place, value in hr.daily.items()}
    notes = office.sheets.read(office.sheet_id, "'Exceptions'!J1:J")
    assert {number: row[0] for number, row in enumerate(notes, 1) if row and row[0]} == hr.notes
