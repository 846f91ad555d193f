"""The functions under functions-framework with gspread, google-auth, Pub/Sub and smtplib over real sockets."""

import logging
import re
from contextlib import ExitStack
from datetime import date

import pytest

from attendance_backend.google import google_http
from attendance_backend.sheet import serial
from attendance_contracts import AlarmKind, CreateReviewSheet, RaiseFinalAlarm, Topic, encode
from attendance_sandbox.mail.faults import MailFault, connection_lost, failure_after_data, refusal
from attendance_sandbox.sheets.faults import dropped, rate_limited, unavailable
from tests.integration.backend_office import (
    NOVEMBER,
    CloudOffice,
    forget_adapters,
    period_request,
    punch,
    store_message,
)


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        yield CloudOffice(stack, tmp_path, monkeypatch)


def is_write(request):
    return request.kind == "write"


def is_drive_write(request):
    return request.kind == "drive" and request.method == "POST"


def is_read(request):
    return request.kind == "read"


def test_the_next_review_period(office):
    reply = office.ask(period_request(), Topic.NEW_REVIEW_PERIOD)
    assert reply.period == NOVEMBER
    assert office.ask(period_request(after=NOVEMBER.last_day), Topic.NEW_REVIEW_PERIOD).period is None


def test_a_review_sheet_for_two_sites(office):
    sheet_id = office.create("berlin")
    assert office.create("hamburg") == sheet_id
    file = office.sheets.file(sheet_id)
    assert file.name == "Attendance Review - November 2026"
    assert file.parents == [office.folder_id]
    book = office.sheets.spreadsheet(sheet_id)
    assert [sheet.title for sheet in book.sheets] == [
        "Exceptions",
        "Daily Attendance",
        "Weekly Summary",
        "Monthly Summary",
        "Corrections",
        "Raw Data - berlin",
        "Raw Data - hamburg",
        "Sites",
        "Guide",
        "Days",
        "Punch Index",
    ]
    assert book.properties["locale"] == "en_GB"
    assert [sheet.title for sheet in book.sheets if sheet.properties.get("hidden")] == ["Days", "Punch Index"]
    assert len(office.sheets.spreadsheets()) == 2
    recorded = office.sheets.read(office.control_id, "'Review Sheets'!A2:B", "FORMATTED_VALUE")
    assert recorded == [["November 2026", sheet_id]]


def test_the_cells_read_as_hr_expects(office):
    sheet_id = office.create()
    office.store(sheet_id, punch("ann", "2026-11-03T08:55:30", key=0), punch("ann", "2026-11-04T02:10:00"))
    shown = office.sheets.read(sheet_id, "'Daily Attendance'!A1:R6", "FORMATTED_VALUE")
    assert shown[0][16:18] == ["03 Nov", "04 Nov"]
    assert shown[1][16:18] == ["Tue", "Wed"]
    raw = office.sheets.read(sheet_id, "'Raw Data - berlin'!A1:L", "FORMATTED_VALUE")
    assert raw[0] == [
        "Timestamp", "Employee", "Location", "Entry", "User Name", "User ID", "Status", "Key", "Record ID",
        "Business Day", "Serial Number", "Machine",
    ]  # fmt: skip
    assert raw[1][:8] == [
        "03-11-2026 08:55:30",
        "Ann Archer",
        "berlin",
        "Check In",
        "ann",
        "id-ann",
        "1",
        "0",
    ]
    assert raw[2][9] == "03-11-2026"


def test_storing_costs_one_read_and_one_write(office):
    sheet_id = office.create()
    office.store(sheet_id, punch("ann", "2026-11-02T09:00:00"))  # registers the site, and reads HR's table
    before = len(office.api_calls())
    office.store(sheet_id, punch("ann", "2026-11-03T09:00:00"), punch("bob", "2026-11-05T09:00:00"))
    table, calls = office.api_calls()[before:][:-2], office.api_calls()[before:][-2:]
    assert (set(table) <= {"read"}, len(table) <= 2, calls) == (True, True, ["read", "write"])
    office.store(sheet_id, punch("ann", "2026-11-03T09:00:00"))
    assert office.api_calls()[before + len(table) + 2 :] == ["read"]


def test_texts_never_become_formulas_dates_or_numbers(office):
    sheet_id = office.create()
    office.store(sheet_id, punch("=1+1", "2026-11-03T09:00:00"), punch("1/2/2026", "2026-11-03T09:00:01"))
    formulas = office.sheets.read(sheet_id, "'Raw Data - berlin'!B2:E3", "FORMULA")
    assert [row[0] for row in formulas] == ["=1+1", "1/2/2026"]
    values = office.sheets.read(sheet_id, "'Raw Data - berlin'!B2:E3", "UNFORMATTED_VALUE")
    assert values == formulas


def test_two_sites_and_late_punches(office):
    sheet_id = office.create()
    office.create("hamburg")
    day = date(2026, 11, 3)
    office.store(sheet_id, punch("ann", "2026-11-03T09:00:00"), punch("bob", "2026-11-03T09:00:00"))
    office.store(sheet_id, punch("ann", "2026-11-03T18:00:00", serial_number="SN2"), location="hamburg")
    office.store(sheet_id, punch("ann", "2026-11-03T19:00:00"), punch("ann", "2026-11-03T08:00:00"))
    assert office.times(sheet_id, "ann", day) == pytest.approx((8 / 24, 19 / 24))
    assert office.times(sheet_id, "bob", day) == (9 / 24, "")
    assert office.sheets.read(sheet_id, "Exceptions!C2:D") == []


def test_somebody_hired_and_somebody_unknown(office):
    sheet_id = office.create()
    office.sheets.write(office.control_id, "'Cut Off Times'!A5", [["Carl Cook", "carl@example.com", "08:30"]])
    reply = office.store(
        sheet_id,
        punch("carl", "2026-11-10T08:31:00"),
        punch("guest", "2026-11-10T08:32:00"),
        punch("carl", "2026-11-10T16:00:00"),
    )
    assert len(reply.confirmed) == 3
    assert office.times(sheet_id, "carl", date(2026, 11, 10)) == pytest.approx((8.5 / 24 + 1 / 1440, 16 / 24))
    who = office.sheets.read(sheet_id, "Exceptions!C2:C")
    assert sorted(filter(None, who)) == [["Carl Cook"], ["guest"]]
    weekly = office.sheets.read(sheet_id, "'Weekly Summary'!A11:D11", "FORMATTED_VALUE")
    assert weekly == [["Carl Cook", "carl", "08:30", "Weekly Average"]]


def test_a_workbook_that_lost_its_hidden_worksheets_is_rebuilt_by_the_next_message(office):
    sheet_id = office.create()
    first, second = punch("ann", "2026-11-03T09:00:00"), punch("ann", "2026-11-03T17:00:00")
    office.store(sheet_id, first)
    office.sheets.batch_update(sheet_id, [{"deleteSheet": {"sheetId": hidden}} for hidden in (109, 110)])
    assert office.store(sheet_id, first, second).confirmed == (first.identity, second.identity)

    assert office.times(sheet_id, "ann", date(2026, 11, 3)) == pytest.approx((9 / 24, 17 / 24))
    assert office.sheets.read(sheet_id, "'Raw Data - berlin'!I2:I") == [[first.identity], [second.identity]]


def test_days_that_hr_adds_get_columns(office):
    office.create()
    office.sheets.write(office.control_id, "'2026'!C2", [["12/6/2026"]])
    sheet_id = office.create()
    (header,) = office.sheets.read(sheet_id, "'Daily Attendance'!1:1")
    assert serial.from_date(date(2026, 12, 6)) in header
    assert office.sheets.read(sheet_id, "'Weekly Summary'!1:1")[0][-2:] == ["Total", "30 Nov - 06 Dec"]


@pytest.mark.parametrize(
    "fault", [unavailable(applied=True), unavailable(), rate_limited(), dropped(applied=True)]
)
def test_google_on_a_bad_day(office, fault):
    sheet_id = office.create()
    first, record = punch("ann", "2026-11-02T09:00:00"), punch("ann", "2026-11-03T09:00:00")
    office.store(sheet_id, first)
    office.sheets.faults.add(fault, when=is_write)
    office.sheets.faults.add(fault, when=is_read)
    assert office.store(sheet_id, record).confirmed == (record.identity,)
    rows = office.sheets.read(sheet_id, "'Raw Data - berlin'!I2:I")
    assert rows == [[first.identity], [record.identity]]


@pytest.mark.parametrize("fault", [unavailable(applied=True), dropped(applied=True), unavailable()])
def test_a_site_whose_registration_is_not_confirmed_is_registered_once(office, fault):
    sheet_id = office.create()
    record = punch("ann", "2026-11-03T09:00:00")
    office.sheets.faults.add(fault, when=is_write)
    while office.post(store_message(sheet_id, record)).status_code != 200:
        pass  # delivered again
    assert office.sheets.read(office.control_id, "'Registered Sites'!A2:A") == [["berlin"]]
    assert office.sheets.read(sheet_id, "'Raw Data - berlin'!I2:I") == [[record.identity]]


def test_creation_that_was_carried_out_but_not_confirmed_makes_no_second_spreadsheet(office):
    """Filling the spreadsheet may be sent again at once; creating it, and recording it, may not."""
    office.sheets.faults.add(
        unavailable(applied=True), when=lambda request: request.method == "POST" and "drive" in request.path
    )
    office.sheets.faults.add(dropped(applied=True), when=is_write)
    message = CreateReviewSheet(location="berlin", request_id="r1", period=NOVEMBER)
    statuses = [office.post(message).status_code for _ in range(2)]
    assert statuses == [500, 200]
    office.sheets.faults.add(dropped(applied=True), when=is_write, times=2)
    assert (
        office.post(CreateReviewSheet(location="hamburg", request_id="r2", period=NOVEMBER)).status_code
        == 200
    )
    assert len({reply.sheet_id for reply in office.replies(Topic.NEW_REVIEW_SHEET)}) == 1
    assert len(office.sheets.spreadsheets()) == 2
    recorded = office.sheets.read(office.control_id, "'Review Sheets'!A2:A")
    assert recorded == [["November 2026"]]


@pytest.mark.parametrize("sheet_id", ["no-such-spreadsheet", "../../oops"])
def test_a_site_that_names_a_spreadsheet_that_is_none_finds_its_own_by_the_table_of_hr(office, sheet_id):
    own = office.create()
    record = punch("ann", "2026-11-03T09:00:00")
    reply = office.store(sheet_id, record)
    assert [(answer.sheet_id, answer.identities) for answer in reply.answers] == [(own, (record.identity,))]


def test_a_workbook_that_is_gone_is_one_clear_line_and_an_answer(office, caplog):
    sheet_id = office.create()
    office.store(sheet_id, punch("ann", "2026-11-02T09:00:00"))
    office.sheets.store.files[sheet_id].trashed = True
    del office.sheets.store.files[sheet_id]
    caplog.clear()
    reply = office.store(sheet_id, punch("ann", "2026-11-03T09:00:00"))
    assert reply.confirmed == ()
    (answer,) = reply.answers
    assert "does not exist or is not shared with" in answer.reason
    (error,) = [record for record in caplog.records if record.levelname == "ERROR"]
    assert "1 punches are not stored: the workbook of November 2026 is gone" in error.getMessage()
    assert error.exc_info is None


def test_a_worksheet_that_somebody_renamed_is_still_itself(office):
    sheet_id = office.create()
    office.sheets.batch_update(
        sheet_id,
        [{"updateSheetProperties": {"properties": {"sheetId": 107, "title": "Offices"}, "fields": "title"}}],
    )
    record = punch("ann", "2026-11-03T09:00:00")
    assert office.post(store_message(sheet_id, record)).status_code == 200
    (reply,) = office.replies(Topic.LAST_STORED_TIMESTAMP)
    assert reply.confirmed == (record.identity,)
    titles = [sheet.title for sheet in office.sheets.spreadsheet(sheet_id).sheets]
    assert "Offices" in titles
    assert "Sites" not in titles


def test_without_a_shared_drive_the_error_says_what_to_do(office, monkeypatch, caplog):
    monkeypatch.delenv("REVIEW_SHEETS_FOLDER_ID")
    forget_adapters()
    message = CreateReviewSheet(location="berlin", request_id="r1", period=NOVEMBER)
    assert office.post(message).status_code == 500
    assert "name a folder of a shared drive in REVIEW_SHEETS_FOLDER_ID" in caplog.text


def test_a_folder_that_is_not_shared_is_named(office, monkeypatch, caplog):
    monkeypatch.setenv("REVIEW_SHEETS_FOLDER_ID", "1NoSuchFolder")
    forget_adapters()
    message = CreateReviewSheet(location="berlin", request_id="r1", period=NOVEMBER)
    assert office.post(message).status_code == 500
    assert "cannot be created in the folder 1NoSuchFolder (REVIEW_SHEETS_FOLDER_ID)" in caplog.text


def test_a_missing_setting_is_one_clear_line(office, monkeypatch, caplog):
    monkeypatch.delenv("ALARM_TO")
    forget_adapters()
    assert office.post(period_request()).status_code == 500
    assert "the environment variable ALARM_TO is not set" in caplog.text


@pytest.mark.parametrize("data", [b"", b"not json", b"[]", b'{"location": 7}'])
def test_a_message_that_breaks_the_contract_fails_without_a_traceback(office, caplog, data):
    _, attributes = encode(period_request())
    assert office.post_raw(Topic.GET_REVIEW_PERIOD, data, attributes).status_code in (400, 500)
    assert all(record.exc_info is None for record in caplog.records)


ALARM = RaiseFinalAlarm(
    location="berlin",
    request_id="r3",
    kind=AlarmKind.FINAL_ALARM,
    after=NOVEMBER.last_day,
    on=date(2026, 11, 30),
)


def alarm_state(office):
    return [row[0] for row in office.sheets.read(office.control_id, "Alarms!G2:G")]


def test_an_alarm_goes_out_once(office):
    for _ in range(2):
        assert office.post(ALARM).status_code == 200
    (message,) = office.mail.messages
    assert message["X-Rcpt-To"] == "hr@example.com, boss@example.com"
    assert "the review period after Sunday, 29 November 2026 is missing" in message["Subject"]
    assert f"https://docs.google.com/spreadsheets/d/{office.control_id}/edit" in message.get_content()
    assert alarm_state(office) == ["sent"]


def test_a_refused_alarm_is_tried_again_with_the_next_delivery(office):
    office.mail.faults.add(refusal(450), times=2)
    assert office.post(ALARM).status_code == 500
    assert alarm_state(office) == ["failed"]
    assert office.post(ALARM).status_code == 200
    assert alarm_state(office) == ["sent"]
    assert len(office.mail.messages) == 1


def test_one_bad_recipient_does_not_silence_the_others(office, caplog):
    office.mail.faults.add(refusal(550))
    assert office.post(ALARM).status_code == 200
    assert office.mail.messages[0]["X-Rcpt-To"] == "boss@example.com"
    assert "refuses recipient 1 of 2: 550" in caplog.text


@pytest.mark.parametrize(("stage", "times"), [("recipient", 2), ("data", 1)])
def test_no_address_of_a_recipient_goes_to_the_log(office, caplog, stage, times):
    """Not even where the mail server repeats it."""
    caplog.set_level(logging.INFO)
    answer = "550 5.1.1 <hr@example.com>: hr@example.com is unknown"
    office.mail.faults.add(MailFault("550", stage, answer), times=times)
    assert office.post(ALARM).status_code == 500
    assert office.post(ALARM).status_code == 200
    ours = "\n".join(
        each.getMessage() for each in caplog.records if each.name.startswith("attendance_backend")
    )
    assert "550 5.1.1 <(an address)>: (an address) is unknown" in ours
    assert not re.search("(hr|boss)@", ours)


@pytest.mark.parametrize("fault", [failure_after_data(), connection_lost()])
def test_an_e_mail_that_may_have_gone_out_is_not_sent_again(office, fault):
    office.mail.faults.add(fault)
    for _ in range(2):
        assert office.post(ALARM).status_code == 200
    assert alarm_state(office) == ["unconfirmed"]
    assert len(office.mail.messages) == 1


def test_letters_beyond_ascii_reach_the_reader(office):
    office.sheets.write(office.control_id, "'2026'!A3", [["Jänner", "später", "12/25/2026"]])
    office.sheets.batch_update(office.control_id, [{"addSheet": {"properties": {"title": "2027"}}}])
    office.sheets.write(office.control_id, "'2027'!A1", [["Monat", "Anfang", "Ende"]])
    assert office.post(ALARM).status_code == 200
    text = office.mail.messages[0].get_content()
    assert "worksheet '2026', cell B3: Start Date holds 'später'" in text
    assert "worksheet '2027', cell A1: the first row lacks 'Month'" in text


def test_a_mail_server_that_is_down_is_tried_again(office, monkeypatch, caplog):
    office.mail.stop()
    assert office.post(ALARM).status_code == 500
    assert alarm_state(office) == ["failed"]
    assert "check the SMTP_ settings" in caplog.text
