"""attendance-backend against the stand-ins: what it prints, what it leaves, how it ends."""

import csv
import itertools
import json
import os
import re
from contextlib import ExitStack
from datetime import date, datetime
from html import unescape
from pathlib import Path

import openpyxl
import pytest
from google.auth.transport.requests import Request
from google.oauth2 import service_account

from attendance_backend.app import bootstrap
from attendance_backend.app.bootstrap import SCOPES
from attendance_backend.app.cli import main
from attendance_backend.app.settings import LOG_IN
from attendance_backend.sheet import serial
from attendance_contracts import RELEASE
from attendance_sandbox.mail.server import MailServer
from attendance_sandbox.sheets.faults import unavailable
from attendance_sandbox.sheets.server import SheetsServer
from tests.health_message import health_message
from tests.integration.backend_office import NOVEMBER, CloudOffice, punch

ACCOUNT = "operator@example.iam.gserviceaccount.com"


class Desk:
    """The operator's computer, with a cloud that holds nothing yet."""

    def __init__(self, stack, folder, monkeypatch, capsys):
        self.sheets = stack.enter_context(SheetsServer(owns_storage=False))
        self.mail = stack.enter_context(MailServer())
        self._monkeypatch, self._capsys = monkeypatch, capsys
        key_file = folder / "key.json"
        key_file.write_text(json.dumps(self.sheets.new_service_account(ACCOUNT)))
        self.folder_id = self.sheets.new_shared_folder("Attendance")
        for name in ("SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_STARTTLS", "REVIEW_PERIODS_SPREADSHEET_ID"):
            monkeypatch.delenv(name, raising=False)
        self.set(
            GOOGLE_APPLICATION_CREDENTIALS=str(key_file),
            SHEETS_API_URL=self.sheets.url,
            DRIVE_API_URL=self.sheets.url,
            REVIEW_SHEETS_FOLDER_ID=self.folder_id,
            SMTP_HOST="127.0.0.1",
            SMTP_PORT=str(self.mail.port),
            GOOGLE_CLOUD_PROJECT="office",
            MAIL_FROM="attendance@example.com",
            ALARM_TO="hr@example.com, office@example.com",
        )

    def set(self, **environment):
        for name, value in environment.items():
            self._monkeypatch.setenv(name, value)

    def run(self, *arguments):
        """Exit code, lines printed, lines of errors."""
        code: str | int | None
        try:
            code = main(arguments)
        except SystemExit as stopped:
            code = stopped.code
        output = self._capsys.readouterr()
        return code, output.out.splitlines(), output.err.splitlines()

    def init(self, year=2026):
        code, out, _ = self.run("init", "--year", str(year))
        assert code == 0
        if found := re.search(r"next: set REVIEW_PERIODS_SPREADSHEET_ID to (\S+),", out[-1]):
            self.control_id = found[1]
            self.set(REVIEW_PERIODS_SPREADSHEET_ID=self.control_id)
        return out

    def enter_somebody(self):
        self.sheets.write(self.control_id, "'Cut Off Times'!A2", [["Ann", "ann@example.com", "09:00"]])

    def writes(self):
        return sum(1 for entry in self.sheets.log if entry.kind == "write")

    def content(self):
        return {
            sheet.title: self.sheets.read(self.control_id, f"'{sheet.title}'!A1:Z200", "FORMULA")
            for sheet in self.sheets.spreadsheet(self.control_id).sheets
        }


@pytest.fixture
def desk(tmp_path, monkeypatch, capsys):
    with ExitStack() as stack:
        yield Desk(stack, tmp_path, monkeypatch, capsys)


def day(text):
    return serial.from_date(date.fromisoformat(text))


# -- init


def test_init_makes_a_control_spreadsheet(desk):
    out = desk.init()
    assert out[:2] == [
        "made the worksheet '2026'",
        "proposed twelve review periods for 2026: check them, and change what you like",
    ]
    content = desk.content()
    assert list(content) == [
        "2026",
        "Cut Off Times",
        "Holidays",
        "Settings",
        "Shifts",
        "Roster",
        "Machine IDs",
        "Review Sheets",
        "Alarms",
        "Registered Sites",
        "Problems",
    ]
    rows = content["2026"]
    assert rows[0] == ["Month", "Start Date", "End Date", "Duration (Weeks)"]
    assert [row[0] for row in rows[1:]] == [
        "January", "February", "March", "April", "May", "June",
        "July", "August", "September", "October", "November", "December",
    ]  # fmt: skip
    assert rows[10][1:] == [day("2026-09-28"), day("2026-10-30"), "=ROUNDUP((C11-B11+1)/7,0)"]
    assert rows[1][1] == day("2025-12-29")
    for before, after in itertools.pairwise(rows[1:]):
        assert after[1] == before[2] + 3, "a Monday follows a Friday"
    assert content["Cut Off Times"] == [
        [
            *("Name", "Email", "Cut Off Time", "Device User ID", "Site", "Staff Group"),
            *("First Day", "Last Day", "From"),
        ]
    ]
    settings = {row[0]: row[2] for row in content["Settings"][1:]}
    assert settings["Overtime beyond (hours a day)"] == 8
    assert settings["Key policy"] == "first and last"
    assert all(len(row) == 4 and row[3] for row in content["Settings"][1:])


def test_init_needs_no_key_file_where_it_is_lent_a_token(desk, monkeypatch):
    credentials = service_account.Credentials.from_service_account_file(
        os.environ["GOOGLE_APPLICATION_CREDENTIALS"], scopes=SCOPES
    )
    credentials.refresh(Request())
    monkeypatch.delenv("GOOGLE_APPLICATION_CREDENTIALS")
    assert desk.run("init")[0] == 2
    desk.set(GOOGLE_OAUTH_ACCESS_TOKEN=credentials.token)
    assert [line for line in desk.init() if line.startswith("https://docs.google.com/spreadsheets/d/")]


def test_init_twice_writes_nothing_the_second_time_with_and_without_the_id(desk, monkeypatch):
    desk.init()
    writes, content = desk.writes(), desk.content()
    assert desk.init()[0] == "nothing was missing"
    monkeypatch.delenv("REVIEW_PERIODS_SPREADSHEET_ID")
    before = desk.control_id
    out = desk.init()
    assert (out[0], desk.control_id) == ("nothing was missing", before)
    assert (desk.writes(), desk.content()) == (writes, content)


def test_init_goes_on_where_it_died(desk):
    """The spreadsheet was made, and the call that fills it failed."""
    desk.sheets.faults.add(unavailable(), when=lambda request: request.kind == "write")
    code, _, err = desk.run("init", "--year", "2026")
    assert code == 3
    assert len(err) == 1
    assert len(desk.sheets.spreadsheets()) == 1
    desk.init()
    assert len(desk.sheets.spreadsheets()) == 1
    assert len(desk.content()["2026"]) == 13


def test_init_touches_nothing_that_hr_typed(desk):
    control_id = desk.sheets.new_spreadsheet("Periods", folder_id=desk.folder_id)
    desk.control_id = control_id
    desk.set(REVIEW_PERIODS_SPREADSHEET_ID=control_id)
    for title in ("2026", "Cut Off Times", "Settings"):
        desk.sheets.batch_update(control_id, [{"addSheet": {"properties": {"title": title}}}])
    typed = {
        "2026": [["Month", "End Date", "Start Date"], ["January", "1/30/2026", "x"]],
        "Cut Off Times": [["Email", "Name", "Phone", "Cut Off Time"], ["a@x.com", "Ann", "1", "9:00"]],
        "Settings": [
            ["Value", "Setting", "Site", "What it means"],
            ["15", "grace (minutes)", "", "=1/0"],
            ["", "", "", "mine"],
        ],
        "Sheet1": [["notes"]],
    }
    for title, rows in typed.items():
        desk.sheets.write(control_id, f"'{title}'!A1", rows)
    before = desk.content()
    out = desk.init()
    after = desk.content()
    for title, rows in before.items():
        for number, row in enumerate(rows):
            assert after[title][number][: len(row)] == row
    assert after["2026"] == before["2026"]
    columns = "Device User ID, Site, Staff Group, First Day, Last Day, From"
    assert after["Cut Off Times"][0][4:] == columns.split(", ")
    added = [row[1] for row in after["Settings"][3:]]
    assert "Grace (minutes)" not in added
    assert "Alarm to" in added
    assert f"added the columns {columns} to 'Cut Off Times'" in out
    assert desk.init()[0] == "nothing was missing"


def test_next_years_periods_begin_where_this_years_end(desk):
    desk.init()
    desk.sheets.write(desk.control_id, "'2026'!C13", [["12/31/2026"]])
    desk.init(2027)
    rows = desk.content()["2027"]
    assert rows[1][:3] == ["January", day("2027-01-01"), day("2027-01-29")]


def test_the_drop_downs(desk):
    desk.init()
    sheet = next(s for s in desk.sheets.spreadsheet(desk.control_id).sheets if s.title == "Settings")

    def choices(row, column):
        rule = sheet.cell(row, column).validation or {}
        return [value["userEnteredValue"] for value in rule.get("condition", {}).get("values", [])]

    row = [row[0] for row in desk.content()["Settings"]].index("Key policy")
    assert choices(row, 2) == ["first and last", "pairs"]
    assert choices(row - 1, 2) == []
    assert "Key policy" in choices(40, 0)


def test_init_says_what_is_next_in_terms_of_the_settings_file(desk, tmp_path, monkeypatch):
    settings = tmp_path / "functions.yaml"
    settings.write_text(f'REVIEW_SHEETS_FOLDER_ID: "{desk.folder_id}"\n')
    monkeypatch.delenv("REVIEW_SHEETS_FOLDER_ID")
    code, out, err = desk.run("init", "--settings", str(settings))
    assert (code, err) == (0, [])
    line = re.search(r"next: write (.*) into (.*), and run attendance-backend check --settings (.*)", out[-1])
    assert line
    assert line[2] == line[3] == str(settings)
    settings.write_text(f"{settings.read_text()}{line[1]}\n")
    code, out, _ = desk.run("init", "--settings", str(settings))
    assert (code, out[0], len(out)) == (0, "nothing was missing", 2)
    assert desk.run("check", "--settings", str(settings))[0] == 1, "nobody is entered yet"


def test_init_warns_of_an_account_s_own_storage(desk, monkeypatch):
    monkeypatch.delenv("REVIEW_SHEETS_FOLDER_ID")
    with SheetsServer() as generous:
        key_file = Path(os.environ["GOOGLE_APPLICATION_CREDENTIALS"])
        key_file.write_text(json.dumps(generous.new_service_account(ACCOUNT)))
        desk.set(SHEETS_API_URL=generous.url, DRIVE_API_URL=generous.url)
        code, out, err = desk.run("init")
        assert (code, len(err)) == (0, 1)
        assert "REVIEW_SHEETS_FOLDER_ID is not set" in err[0]
        assert "ID of a folder in a shared drive" in err[0]
        desk.set(REVIEW_PERIODS_SPREADSHEET_ID=generous.spreadsheets()[0].spreadsheet_id)
        _, out, _ = desk.run("check")
    assert any(f"nobody but {ACCOUNT} may open the Review Periods spreadsheet" in line for line in out), out


def test_without_a_folder_nothing_can_be_created_and_the_way_out_is_named(desk, monkeypatch):
    monkeypatch.delenv("REVIEW_SHEETS_FOLDER_ID")
    code, out, err = desk.run("init")
    assert (code, out) == (2, [])
    assert len(err) == 1
    assert "REVIEW_SHEETS_FOLDER_ID" in err[0]


# -- check


def test_check_finds_nothing_in_what_init_made(desk):
    desk.init()
    this_year = date.today().year
    desk.init(this_year)
    desk.init(this_year + 1)
    desk.enter_somebody()
    assert desk.run("check") == (0, ["nothing to complain of"], [])


def test_check_names_everything_and_tells_hr(desk):
    desk.init()
    for title, cell, value in (
        ("Cut Off Times", "A2:C2", ["Ann", "ann@example.com", "soon"]),
        (
            "Cut Off Times",
            "A3:H3",
            ["Bob", "bob@example.com", "9:00", "", "", "", "2026-11-20", "2026-11-05"],
        ),
        ("Settings", "C2", ["board"]),
        ("Holidays", "A2:B2", ["31/02/2026", "?"]),
    ):
        desk.sheets.write(desk.control_id, f"'{title}'!{cell}", [value])
    desk.sheets.write(
        desk.control_id,
        "'Review Sheets'!A2",
        [["October 2026", "1234567890abcdef", "", ""]],
    )
    desk.mail.stop()
    code, out, err = desk.run("check")
    assert (code, err) == (1, [])
    text = "\n".join(out)
    assert f"the mail server 127.0.0.1:{desk.mail.port} cannot be used" in text
    cut_off = "Cut Off Time holds 'soon'; type a time such as 09:00; until then it stays as it was"
    assert f"worksheet 'Cut Off Times', cell C2: {cut_off}" in text
    days = "Last Day (2026-11-05) is before First Day (2026-11-20); correct one: until then both stay as they were"
    assert f"worksheet 'Cut Off Times', cell H3: {days}" in text
    assert "worksheet 'Settings', cell C2: 'board' is no e-mail address" in text
    assert "worksheet 'Holidays', cell A2: Date holds '31/02/2026'" in text
    assert (
        "Workbook October 2026: it was deleted for good, or is not shared with the program any more" in text
    )
    told = desk.content()["Problems"]
    assert ["Cut Off Times", "C2", cut_off] in told
    assert ["Cut Off Times", "H3", days] in told
    writes = desk.writes()
    desk.run("check")
    assert desk.writes() == writes


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda desk: desk.set(REVIEW_SHEETS_FOLDER_ID="0AbcdefghijklmnopPVA"), "does not exist"),
        (
            lambda desk: desk.set(
                REVIEW_SHEETS_FOLDER_ID=desk.sheets.new_spreadsheet("x", folder_id=desk.folder_id)
            ),
            "which is no folder",
        ),
        (
            lambda desk: desk.set(
                REVIEW_SHEETS_FOLDER_ID=desk.sheets.store.create(
                    "Mine", "application/vnd.google-apps.folder", ACCOUNT, person=True
                ).file_id
            ),
            "is in no shared drive",
        ),
    ],
)
def test_check_looks_at_the_folder(desk, spoil, words):
    desk.init()
    spoil(desk)
    code, out, _ = desk.run("check")
    assert code == 1
    assert any(words in line and "REVIEW_SHEETS_FOLDER_ID" in line for line in out), out


def test_check_says_when_the_folder_may_only_be_read(desk):
    desk.init()
    folder = desk.sheets.store.create_shared_folder("Closed", [])
    folder.permissions = [{"id": "1", "type": "user", "role": "reader", "emailAddress": ACCOUNT}]
    desk.set(REVIEW_SHEETS_FOLDER_ID=folder.file_id)
    code, out, _ = desk.run("check")
    assert code == 1
    assert any("nothing may be created in the folder 'Closed'" in line for line in out)


def test_check_says_when_nobody_else_can_open_what_is_made(desk):
    desk.init()
    folder = desk.sheets.store.create_shared_folder("Lonely", [ACCOUNT])
    control = desk.sheets.file(desk.control_id)
    control.parents, control.drive_id = [folder.file_id], folder.drive_id
    desk.set(REVIEW_SHEETS_FOLDER_ID=folder.file_id)
    lonely = [line for line in desk.run("check")[1] if f"nobody but {ACCOUNT} may open" in line]
    assert len(lonely) == 2
    assert "the Review Periods spreadsheet" in lonely[0]
    assert "the folder 'Lonely'" in lonely[1]
    desk.sheets.write(desk.control_id, "'Settings'!C4", [["hr@example.com"]])
    assert [line for line in desk.run("check")[1] if "the folder 'Lonely'" in line] == []
    folder.permissions.append(
        {"id": "2", "type": "group", "role": "writer", "emailAddress": "hr@example.com"}
    )
    assert [line for line in desk.run("check")[1] if "nobody but" in line] == []


def test_check_says_that_the_spreadsheet_lies_in_the_bin(desk):
    desk.init()
    desk.sheets.file(desk.control_id).trashed = True
    assert any("lies in the bin" in line for line in desk.run("check")[1])


def test_check_and_problems_say_that_nobody_is_entered(desk):
    desk.init()
    told = [line for line in desk.run("check")[1] if "nobody is entered" in line]
    assert len(told) == 1
    assert "worksheet 'Cut Off Times', cell A2" in told[0]
    assert any("nobody is entered" in cell for row in desk.content()["Problems"] for cell in row)
    desk.enter_somebody()
    assert not any("nobody is entered" in line for line in desk.run("check")[1])


KEY = "GOOGLE_APPLICATION_CREDENTIALS"


def spoil_key(**fields):
    """Fields that are None are taken out."""

    def spoil(path):
        key = {**json.loads(path.read_text()), **fields}
        path.write_text(json.dumps({name: value for name, value in key.items() if value is not None}))

    return spoil


def make_it_a_folder(path):
    path.unlink()
    path.mkdir()


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda path: path.unlink(), "does not exist: put the key file there"),
        (make_it_a_folder, "is a folder: name the key file in it"),
        (lambda path: path.write_bytes(b"\xff\xfe"), "cannot be read"),
        (lambda path: path.write_text(""), "is empty: make a new key"),
        (lambda path: path.write_text("SMTP_PORT: 25"), "holds no JSON"),
        (lambda path: path.write_text("[1]"), "is no service account's key file"),
        (lambda path: path.write_text("{}"), "is no service account's key file"),
        (spoil_key(client_email=None, token_uri=None), "lacks client_email, token_uri: make a new key"),
        (spoil_key(private_key="x"), "is damaged: make a new key"),
        (
            spoil_key(client_email="fired@x.com"),
            "Google does not accept the credentials of fired@x.com (invalid",
        ),
    ],
)
def test_credentials_that_are_of_no_use_are_told_apart(desk, spoil, words):
    path = Path(os.environ[KEY])
    spoil(path)
    code, out, err = desk.run("init")
    assert (code, out, len(err)) == (2, [], 1)
    assert words in err[0]
    assert len(err[0]) < 300 + len(str(path))


def test_no_credentials_at_all(desk, monkeypatch, tmp_path):
    monkeypatch.delenv(KEY)
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "none"))
    monkeypatch.setenv("NO_GCE_CHECK", "true")
    code, _, err = desk.run("init")
    assert (code, len(err)) == (2, 1)
    assert f"there are no Google credentials: {LOG_IN}, or name an account's key file in {KEY}" in err[0]


def test_an_address_where_nobody_answers_is_told_in_a_few_words(desk):
    desk.sheets.stop()
    code, out, err = desk.run("init")
    assert (code, out, len(err)) == (3, [], 1)
    assert "token server at" in err[0]
    assert f"{desk.sheets.url} cannot be reached (nothing answers there: connection refused)" in err[0]
    assert len(err[0]) < 250


def test_check_looks_at_what_only_the_functions_need(desk, monkeypatch):
    desk.init()
    desk.set(MAIL_FROM="foo", ALARM_TO="")
    monkeypatch.delenv("GOOGLE_CLOUD_PROJECT")
    code, out, _ = desk.run("check")
    assert code == 1
    for words in ("GOOGLE_CLOUD_PROJECT is not set", "MAIL_FROM holds 'foo'", "ALARM_TO is not set"):
        assert any(words in line for line in out), words


def test_check_tells_what_the_mail_server_lacks_in_one_sentence(desk):
    desk.init()
    desk.set(SMTP_STARTTLS="true")
    _, out, _ = desk.run("check")
    (line,) = [line for line in out if "mail server" in line]
    assert line.endswith(": STARTTLS extension not supported by server; check the SMTP_ settings")


def test_check_without_a_mail_server_or_password(desk, monkeypatch, tmp_path):
    desk.init()
    monkeypatch.delenv("SMTP_HOST")
    _, out, err = desk.run("check")
    assert any("SMTP_HOST is not set" in line for line in out)
    settings = tmp_path / "functions.yaml"
    settings.write_text("# mail\nSMTP_HOST: '127.0.0.1'\nSMTP_USERNAME: a@example.com # who\n")
    _, out, err = desk.run("check", "--settings", str(settings))
    assert not any("SMTP" in line for line in out)
    assert err == [
        "attendance-backend: SMTP_PASSWORD is not set, the mail server is asked without logging in"
    ]
    settings.write_text("SMTP_HOST 127.0.0.1\n")
    code, out, err = desk.run("check", "--settings", str(settings))
    assert (code, out) == (2, [])
    assert "line 1" in err[0]


def test_check_tells_a_mistyped_name_even_where_the_name_it_stands_for_is_then_missing(
    desk, monkeypatch, tmp_path
):
    monkeypatch.delenv("REVIEW_PERIODS_SPREADSHEET_ID", raising=False)
    settings = tmp_path / "functions.yaml"
    settings.write_text("REVIEW_PERIOD_SPREADSHEET_ID: 1AbcDefGhIjKlMn\n")
    code, out, err = desk.run("check", "--settings", str(settings))
    assert code == 2
    (line,) = out
    assert line.startswith(f"there is no setting REVIEW_PERIOD_SPREADSHEET_ID, which stands in {settings}")
    assert line.endswith("did you mean REVIEW_PERIODS_SPREADSHEET_ID?")
    assert "REVIEW_PERIODS_SPREADSHEET_ID is set neither in" in err[0]


def test_commands_that_need_the_spreadsheet_say_how_to_get_one(desk):
    for command in ("check", "share"):
        code, out, err = desk.run(command)
        assert (code, out, len(err)) == (2, [], 1)
        assert "attendance-backend init" in err[0]


# -- share


def permissions(desk, file_id):
    return {
        one["emailAddress"]: one["role"]
        for one in desk.sheets.file(file_id).permissions
        if "emailAddress" in one
    }


def test_share_gives_what_settings_say_and_takes_nothing_away(desk):
    desk.init()
    book = desk.sheets.new_spreadsheet("Review", folder_id=desk.folder_id, share_with=["chef@example.com"])
    desk.sheets.write(desk.control_id, "'Review Sheets'!A2", [["October 2026", book, "", ""]])
    desk.sheets.write(desk.control_id, "'Settings'!C2", [["board@example.com, chef@example.com"]])
    desk.sheets.write(desk.control_id, "'Settings'!C4", [["hr@example.com"]])
    assert any("not shared with board@example.com" in line for line in desk.run("check")[1])
    code, out, err = desk.run("share")
    assert (code, out, err) == (
        0,
        [
            "October 2026:",
            "  board@example.com may view (new)",
            "  chef@example.com may view",
            "  hr@example.com may edit (new)",
        ],
        [],
    )
    assert permissions(desk, book) == {
        "chef@example.com": "writer",
        "board@example.com": "reader",
        "hr@example.com": "writer",
    }
    assert not any("not shared" in line for line in desk.run("check")[1])
    assert "(new)" not in " ".join(desk.run("share", "--period", "october 2026")[1])
    code, out, err = desk.run("share", "--period", "May 2026")
    assert (code, out) == (2, [])
    assert "there are: 'October 2026'" in err[0]


# -- a month with punches: refresh and export


@pytest.fixture(scope="module")
def october(tmp_path_factory):
    """A cloud whose formulas have values, with a workbook in which three people have punched."""
    with ExitStack() as stack, pytest.MonkeyPatch.context() as patch:
        office = CloudOffice(stack, tmp_path_factory.mktemp("october"), patch)
        office.sheets.write(office.control_id, "'2026'!A2", [["November", "11/2/2026", "11/27/2026"]])
        office.sheets.write(office.control_id, "'Cut Off Times'!A5", [["@Eve", "eve@example.com", "09:00"]])
        office.sheets.write(office.control_id, "'Cut Off Times'!D1", [["First Day"]])
        office.sheets.write(office.control_id, "'Cut Off Times'!D5", [["2026-11-04"]])
        office.sheet_id = office.create("berlin")
        office.store(
            office.sheet_id,
            punch("ann", "2026-11-03T08:30:00"),
            punch("ann", "2026-11-03T17:00:00"),
            punch("ann", "2026-11-04T09:10:00"),
            punch("bob", "2026-11-03T22:00:00"),
            punch("bob", "2026-11-04T02:30:00"),
        )
        response = office.post(
            health_message(
                sheet_id=office.sheet_id,
                period=NOVEMBER,
                at=datetime(2026, 11, 5, 8),
                complete_through=date(2026, 11, 4),
            )
        )
        assert response.status_code == 200, response.text
        office.sheets.write(
            office.sheet_id,
            "'Corrections'!B2",
            [
                ["04/11/2026", "", "Ann Archer", "check out", "17:10", "forgot", "HR"],
                ["03/11/2026", "04/11/2026", "Zoe Young", "leave", "", "holidays", "HR"],
            ],
        )
        office.sheets.start_recalculating()
        yield office


def run(capsys, *arguments):
    code = main(arguments)
    output = capsys.readouterr()
    return code, output.out.splitlines(), output.err.splitlines()


def test_the_health_of_a_site_through_the_function_and_sheets(october):
    rows = october.sheets.read(october.sheet_id, "'Sites'!A1:T10", "UNFORMATTED_VALUE")
    row = dict(zip(rows[0], rows[1], strict=False))
    assert (row["Site"], row["Complete Through"], row["Software"]) == ("berlin", day("2026-11-04"), RELEASE)
    said = october.sheets.read(october.sheet_id, "'Exceptions'!A2:I100", "UNFORMATTED_VALUE")
    about = {(line[2], line[8]) for line in said if len(line) > 8}
    assert ("Ann Archer", "missing out") in about
    assert ("Zoe Young", "absent") in about
    assert ("Bob Baker", "missing out") not in about


def test_the_header_of_exceptions_counts_what_is_open(october):
    rows = october.sheets.read(october.sheet_id, "'Exceptions'!A1:F100")
    still_open = sum(1 for row in rows[1:] if row[5:] == ["open"])
    assert 0 < still_open < len(rows) - 1
    assert rows[0][4] == f"What to do ({still_open} open)"


def test_the_export_is_what_hr_sees(october, tmp_path, capsys):
    path = tmp_path / "pay.csv"
    code, out, err = run(capsys, "export", "--period", "november 2026", "--output", str(tmp_path / "pay"))
    assert code == 0, err
    assert out[:2] == [str(path), str(tmp_path / "pay-days.csv")]
    assert any("not finalised" in line for line in err)
    with path.open(encoding="utf-8-sig", newline="") as file:
        people = {row["Employee"]: row for row in csv.DictReader(file)}
    assert set(people) == {"Ann Archer", "Bob Baker", "Zoe Young", "'@Eve"}
    ann = people["Ann Archer"]
    assert (ann["Days Present"], ann["Hours"], ann["Overtime"]) == ("2", "16.50", "0.50")
    assert people["Zoe Young"]["On Leave"] == "2"
    assert people["'@Eve"]["Absent"] == "1", "Eve began on the fourth"
    with (tmp_path / "pay-days.csv").open(encoding="utf-8-sig", newline="") as file:
        days = {(row["Employee"], row["Date"]): row for row in csv.DictReader(file)}
    corrected = days["Ann Archer", "2026-11-04"]
    assert (corrected["Check In"], corrected["Check Out"], corrected["Hours"], corrected["Corrected"]) == (
        "2026-11-04 09:10",
        "2026-11-04 17:10",
        "8",
        "yes",
    )
    night = days["Bob Baker", "2026-11-03"]
    assert (night["Check Out"], night["Hours"], night["Corrected"]) == ("2026-11-04 02:30", "4.50", "no")
    assert days["Zoe Young", "2026-11-03"]["State"] == "leave"
    assert days["Zoe Young", "2026-11-06"]["State"] == "no data yet"
    assert days["'@Eve", "2026-11-03"]["State"] == "not employed"
    assert {date for _, date in days} == {f"2026-11-{number:02}" for number in range(2, 30)}


def test_the_export_as_a_workbook_keeps_texts_as_texts(october, tmp_path, capsys):
    path = tmp_path / "pay.xlsx"
    code, out, _ = run(
        capsys, "export", "--period", "November 2026", "--format", "xlsx", "--output", str(path)
    )
    assert (code, out[0]) == (0, str(path))
    book = openpyxl.load_workbook(path)
    assert book.sheetnames == ["Payroll", "Days"]
    names = {cell.value: cell.data_type for (cell,) in book["Payroll"].iter_rows(min_row=2, max_col=1)}
    assert names["@Eve"] == "s"


def test_an_export_that_cannot_be_written_says_so(october, capsys):
    code, out, err = run(capsys, "export", "--period", "November 2026", "--output", "/nowhere/pay.csv")
    assert (code, out) == (2, [])
    assert err == ["attendance-backend: /nowhere/pay.csv cannot be written: No such file or directory"]


def test_slips_say_what_the_export_says(october, tmp_path, capsys):
    folder = tmp_path / "slips"
    code, out, err = run(capsys, "slips", "--period", "november 2026", "--output", str(folder))
    assert (code, out) == (0, [str(folder / "All - November 2026.html"), "4 people"]), err
    assert err == run(capsys, "export", "--period", "november 2026", "--output", str(tmp_path))[2]
    texts = {
        path.stem.partition(" ")[0]: unescape(re.sub("<[^>]*>", " ", path.read_text("utf-8")))
        for path in folder.iterdir()
    }
    said = {name: " ".join(text.split()) for name, text in texts.items()}
    assert set(said) == {"All", "ann", "bob", "zoe", "eve"}
    for text in (
        "Tue 03 Nov 2026 present 08:30 17:00 8:30",
        "Wed 04 Nov 2026 late 09:10 17:10 8:00 corrected",
        "Hours 16:30 Overtime 0:30",
        "04 Nov 2026 check out 17:10 forgot",
        "numbers may still change",
        "Not to be trusted yet:",
    ):
        assert text in said["ann"], text
    assert "22:00 02:30 next day 4:30" in said["bob"]
    assert "03 Nov 2026 to 04 Nov 2026 leave holidays" in said["zoe"]
    assert "Archer" not in said["bob"]
    assert all(name in said["All"] for name in ("Ann Archer", "Bob Baker", "Zoe Young", "@Eve"))


def test_strict_slips_are_not_written_and_older_ones_are_told(october, tmp_path, capsys):
    code, out, err = run(
        capsys, "slips", "--period", "November 2026", "--output", str(tmp_path / "new"), "--strict"
    )
    assert (code, out) == (1, [])
    assert err[-1].startswith("attendance-backend: nothing was written, as --strict says")
    assert not (tmp_path / "new").exists()
    (tmp_path / "gone - October 2026.html").write_text("an earlier run")
    _, _, err = run(capsys, "slips", "--period", "November 2026", "--output", str(tmp_path))
    assert "holds 1 other pages" in err[-1]
    code, out, err = run(capsys, "slips", "--period", "November 2026", "--output", "/dev/null/x")
    assert (code, out) == (2, [])
    assert err == ["attendance-backend: /dev/null/x cannot be written: Not a directory"]


def change(office, control_id):
    """Ann may come until 9:15; Zoe works on Mondays, so that two days of her leave are free days."""
    added = [{"addSheet": {"properties": {"title": title}}} for title in ("Shifts", "Roster")]
    office.sheets.batch_update(control_id, added)
    office.sheets.write(control_id, "'Cut Off Times'!C2", [["09:15"]])
    office.sheets.write(control_id, "'Shifts'!A1", [["Shift", "Start", "End"], ["Noon", "12:00", "20:00"]])
    roster = [
        ["Email", "Staff Group", "Site", "Shift", "From", "Until", "Days"],
        ["zoe@example.com", "", "", "Noon", "2026-11-02", "", "Mon"],
    ]
    office.sheets.write(control_id, "'Roster'!A1", roster)


CHANGES = [
    "November 2026:",
    "  Ann Archer: Late 1 -> 0; 1 day: 04-11-2026",
    "  Zoe Young: On Leave 2 -> 0; Expected nothing -> 08:00; Balance nothing -> -08:00; 24 days: "
    + ", ".join(f"{day:02}-11-2026" for day in range(3, 8))
    + " and 19 more",
    "  Ann Archer, 04-11-2026: day late -> present",
]


def shown(office, title):
    """What people see of a worksheet of times, by person and header."""
    header, *rows = office.sheets.read(office.sheet_id, f"'{title}'!A1:BZ40", "UNFORMATTED_VALUE")
    return {(row[0], name): value for row in rows for name, value in zip(header, row, strict=False) if row}


def test_a_preview_changes_nothing_and_is_what_becomes_of_it(october, capsys):
    files = october.remember()
    tables = bootstrap.backend().drive.copy(october.control_id, "what if", {}, october.folder_id)
    change(october, tables)
    names, before = (
        [sheet.title for sheet in october.sheets.spreadsheets()],
        shown(october, "Monthly Summary"),
    )
    link = f"https://docs.google.com/spreadsheets/d/{tables}/edit#gid=0"
    code, out, err = run(capsys, "preview", "--tables", link)
    assert (code, out[: len(CHANGES)], err) == (0, CHANGES, [])
    assert [sheet.title for sheet in october.sheets.spreadsheets()] == names
    assert shown(october, "Monthly Summary") == before
    code, _, (line,) = run(capsys, "preview", "--tables", "nowhere")
    assert (code, "--tables nowhere: there is no such spreadsheet" in line) == (2, True)

    change(october, october.control_id)
    run(capsys, "refresh")
    after = shown(october, "Monthly Summary")
    assert (before["Ann Archer", "Late"], after["Ann Archer", "Late"]) == (1, 0)
    assert (before["Zoe Young", "On Leave"], after["Zoe Young", "On Leave"]) == (2, 0)
    balance = shown(october, "Working Time")["Zoe Young", "Balance"]
    assert balance == pytest.approx(-8 / 24)
    assert run(capsys, "preview", "--period", "november 2026")[1] == [CHANGES[0], "  nothing would change"]
    october.go_back(files)


def test_refresh_finds_nothing_in_a_healthy_workbook_and_mends_a_damaged_one(october, capsys):
    run(capsys, "refresh")
    writes = sum(1 for entry in october.sheets.log if entry.kind == "write")
    code, out, _ = run(capsys, "refresh", "--period", "November 2026")
    assert (code, out) == (0, ["November 2026:", "  no difference", "0 differences"])
    assert sum(1 for entry in october.sheets.log if entry.kind == "write") == writes
    before = october.sheets.read(october.sheet_id, "'Days'!A1:AZ100")
    sheets = {s.title: s.sheet_id for s in october.sheets.spreadsheet(october.sheet_id).sheets}
    october.sheets.batch_update(
        october.sheet_id,
        [{"deleteSheet": {"sheetId": sheets["Days"]}}, {"deleteSheet": {"sheetId": sheets["Guide"]}}],
    )
    code, out, _ = run(capsys, "refresh", "--period", "November 2026")
    assert code == 0
    assert "  the worksheet 'Days' was missing" in out
    assert "  the worksheet 'Guide' was missing" in out
    assert sorted(october.sheets.read(october.sheet_id, "'Days'!A1:AZ100")) == sorted(before)
    assert run(capsys, "refresh")[1][-1] == "0 differences"


def test_the_settings_of_the_checkout_need_not_be_named(desk, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "deploy/gcp").mkdir(parents=True)
    settings = tmp_path / "deploy/gcp/functions.yaml"
    settings.write_text(f'REVIEW_SHEETS_FOLDER_ID: "{desk.folder_id}"\n')
    monkeypatch.delenv("REVIEW_SHEETS_FOLDER_ID")
    code, out, err = desk.run("init", "--year", "2026")
    assert code == 0
    assert err == ["attendance-backend: settings: deploy/gcp/functions.yaml"]
    assert out[-1].endswith("attendance-backend check --settings deploy/gcp/functions.yaml")
    # Where the environment names another office, nothing of the file is mixed into it.
    settings.write_text("not even readable\n")
    desk.set(REVIEW_SHEETS_FOLDER_ID=desk.folder_id)
    assert desk.run("init", "--year", "2026")[0] == 0


def test_where_a_secret_is_not_at_hand_the_command_that_prints_it_is_told(desk, monkeypatch):
    desk.init()
    for name, secret, command in (
        ("SIGNING_SECRET", "signing-secret", ("site-key", "Head_Office")),
        ("SMTP_PASSWORD", "smtp-password", ("mail", "test")),
    ):
        monkeypatch.delenv(name, raising=False)
        desk.set(SMTP_USERNAME="a@example.com", SMTP_STARTTLS="true")
        code, out, err = desk.run(*command)
        assert (code, out) == (2, [])
        assert f"$(gcloud secrets versions access latest --secret={secret} --project=PROJECT)" in err[0]
        assert "openssl" not in err[0]
    # Of the mail server's password, only what asks the mail server speaks.
    _, _, err = desk.run("export", "--period", "October 2026")
    assert len(err) == 1


def test_dead_letters_without_a_network(desk):
    desk.set(PUBSUB_EMULATOR_HOST="127.0.0.1:1")
    code, out, err = desk.run("dead-letters", "list")
    assert (code, out, len(err)) == (3, [], 1)
    assert "Pub/Sub cannot be reached" in err[0]
    assert err[0].endswith("check this computer's network; try again")
