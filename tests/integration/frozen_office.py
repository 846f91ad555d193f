"""What the tests of earlier releases share: the cloud as it was when a release was frozen, and how messages compare."""

import json
from collections import Counter

from attendance_backend.app.cli import main as operate
from attendance_client.fsm.snapshot import FileSnapshotStore
from attendance_contracts import decode_topic, encode
from tests import frozen
from tests.integration.backend_office import CloudOffice

PEOPLE = (
    *("Name", "Email", "Cut Off Time", "Device User ID", "Site", "Staff Group"),
    *("First Day", "Last Day"),
)
CORRECTIONS = ("Date", "Until (leave)", "Employee", "What", "Value", "Reason", "Entered By")
CONTROL = {
    "2026": ("Month", "Start Date", "End Date", "Duration (Weeks)"),
    "Cut Off Times": PEOPLE,
    "Holidays": ("Date", "Name", "Site"),
    "Settings": ("Setting", "Site", "Value"),
}
"""What HR types into *Review Periods* of any release."""


def holds(new, old):
    """Whether a JSON value says all that `old` says, and maybe more, so that whoever knows `old` can read it."""
    if isinstance(old, dict):
        return isinstance(new, dict) and all(name in new and holds(new[name], old[name]) for name in old)
    if isinstance(old, list):
        return isinstance(new, list) and len(new) == len(old) and all(map(holds, new, old))
    return type(new) is type(old) and new == old


def with_more(value):
    """The same with a field in each object that no release knows."""
    if isinstance(value, dict):
        return {**{name: with_more(item) for name, item in value.items()}, "of_the_future": {"a": [1]}}
    return [with_more(item) for item in value] if isinstance(value, list) else value


def check_that_the_release_reads(said, message):
    """A message is written so that whoever wrote `said` (topic, data, attributes) can read it, and the other way round.

    The release ignores what it does not know, and refuses what lacks or changes anything that it does.
    """
    topic, data, attributes = said
    new_data, new_attributes = encode(message)
    assert holds(json.loads(new_data), json.loads(data))
    signed = ("key_number", "sequence", "signature")
    assert holds(new_attributes, {name: text for name, text in attributes.items() if name not in signed})
    newer = json.dumps(with_more(json.loads(data))).encode()
    assert decode_topic(topic, newer, {**attributes, "of_the_future": "1"}) == message


def check_that_the_release_resumes(session, written, folder):
    """What is saved now of a session that resumed from a frozen snapshot says all that this one says."""
    FileSnapshotStore(folder).save(session.snapshot())
    old, new = (json.loads(path.read_text()) for path in (written, folder / "snapshot.json"))
    assert holds(new, {name: value for name, value in old.items() if name != "checksum"})


class FrozenOffice(CloudOffice):
    """The cloud with a release's spreadsheets, and the functions and the operator's command of today.

    Attributes:
        books: IDs of the release's spreadsheets by the names of their files.
        open_book, closed_book: that of the open period, and of the one that HR has finalised.
        control: worksheets and columns of *Review Periods* that HR types into.
    """

    control = CONTROL

    def __init__(self, stack, folder, monkeypatch, capsys, release, names):
        super().__init__(stack, folder, monkeypatch)
        self._capsys = capsys
        del self.sheets.store.files[self.control_id]
        self.books = {name: frozen.put_back(self.sheets, release, name, self.folder_id) for name in names}
        self.control_id, self.closed_book, self.open_book = self.books.values()
        monkeypatch.setenv("REVIEW_PERIODS_SPREADSHEET_ID", self.control_id)

    def deliver(self, topic, data, attributes):
        response = self.post_raw(topic, data, attributes)
        assert response.status_code == 200, response.text

    def operate(self, *arguments):
        """The exit code and the lines that it prints; errors and notes are none of them."""
        code = operate(arguments)
        return code, self._capsys.readouterr().out.splitlines()

    def identities(self, spreadsheet_id):
        """How often each punch stands in raw data and amendments."""
        found = Counter()
        for sheet in self.sheets.spreadsheet(spreadsheet_id).sheets:
            if sheet.title.startswith("Raw Data - ") or sheet.title == "Amendments":
                found.update(row["Record ID"] for row in self.table(spreadsheet_id, sheet.title))
        return found

    def table(self, spreadsheet_id, title, *headers):
        """The rows below a header: of these columns, or of all; formulas as formulas."""
        first, *rows = self.sheets.read(spreadsheet_id, f"'{title}'", "FORMULA")
        named = [dict(zip(first, row, strict=False)) for row in rows]
        return [{name: row.get(name, "") for name in headers} if headers else row for row in named]

    def typed(self):
        """What HR typed and coloured, wherever it stands by now."""
        guide = self.sheets.read(self.closed_book, "'Guide'", "FORMULA")
        sheets = self.sheets.spreadsheet(self.open_book).sheets
        (daily,) = [sheet for sheet in sheets if sheet.title == "Daily Attendance"]
        return {
            **{title: self.table(self.control_id, title, *names) for title, names in self.control.items()},
            "note": self.table(self.closed_book, "Corrections", *CORRECTIONS),
            "finalised": [row[1] for row in guide if row[:1] == ["Finalised"]],
            "corrections": self.table(self.open_book, "Corrections", *CORRECTIONS),
            "exceptions": [
                (row["Who"], row["Day"], row["State"], row["HR's own"])
                for row in self.table(self.open_book, "Exceptions")
                if row.get("HR's own")
            ],
            "coloured": [
                (daily.cell(0, column).value, row)
                for row, column, cell in daily.occupied(daily.area)
                if cell.format.get("backgroundColor") == {"red": 1, "green": 1}
            ],
        }

    def check_what_was_typed(self):
        """Each of it is to be seen; what is returned says that all of it still stands there, to the letter."""
        typed = self.typed()
        assert all(typed.values())
        assert typed["exceptions"][0][2:] == ("asked, is settled", "call her")
        assert typed["finalised"] == ["yes"]
        return lambda: self.typed() == typed
