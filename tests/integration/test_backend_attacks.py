"""What whoever holds one site's key, an old one, or none, can make of the functions: nothing of another site's.

Through the real functions, with the stand-ins behind them.
"""

import logging
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import count

import pytest

from attendance_backend.app import cli
from attendance_backend.control import registered_sites
from attendance_backend.google import google_http
from attendance_backend.handlers import bounds
from attendance_backend.sheet import serial
from attendance_contracts import (
    AlarmKind,
    CreateReviewSheet,
    GetReviewPeriod,
    MachineHealth,
    RaiseFinalAlarm,
    ReviewPeriod,
    Signer,
    SiteHealth,
    SiteKey,
    Topic,
    encode,
)
from tests.integration.backend_office import (
    NOVEMBER,
    CloudOffice,
    forget_adapters,
    period_request,
    punch,
    store_message,
)

SECRET = "the secret behind the keys of all sites"


class SignedOffice(CloudOffice):
    """The office whose functions know a secret; it signs as whom it is told."""

    def __init__(self, stack, folder, monkeypatch):
        super().__init__(stack, folder, monkeypatch)
        monkeypatch.setenv("SIGNING_SECRET", SECRET)
        self.keys = {site: SiteKey.derived(SECRET.encode(), site, 1) for site in ("berlin", "hamburg")}
        self.numbers = count(1)

    def post(self, message):
        """As its own site sends it."""
        return self.post_raw(message.topic, *self.signed(message))

    def signed(self, message, key=None, sequence=None):
        data, attributes = encode(message)
        signer = Signer(key or self.keys[message.location], lambda: sequence or next(self.numbers))
        return data, signer.signed(message.topic, data, attributes)

    def post_signed(self, message, key, sequence=None):
        return self.post_raw(message.topic, *self.signed(message, key, sequence))

    def post_unsigned(self, message):
        return self.post_raw(message.topic, *encode(message))

    def begin(self):
        """Both sites at work; returns the workbook's ID."""
        for site in ("berlin", "hamburg"):
            assert self.post(replace(period_request(), location=site)).status_code == 200
            sheet_id = self.create(site)
        return sheet_id

    def spreadsheets(self):
        """What all of them hold, but for when sites were heard of and their numbers."""
        held = {}
        for file_id, file in self.sheets.store.files.items():
            for sheet in file.spreadsheet.sheets if file.spreadsheet else ():
                if sheet.title != registered_sites.TITLE:
                    held[file_id, sheet.title] = self.sheets.read(file_id, f"'{sheet.title}'", "FORMULA")
        return held

    def registered(self):
        """The worksheet by site, with its headers."""
        headers, *rows = self.sheets.read(
            self.control_id, f"'{registered_sites.TITLE}'!A1:Z", "UNFORMATTED_VALUE"
        )
        return {row[0]: dict(zip(headers, row, strict=False)) for row in rows}


@pytest.fixture
def office(tmp_path, monkeypatch):
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        yield SignedOffice(stack, tmp_path, monkeypatch)


def health(sheet_id, **more):
    told = {
        "location": "berlin",
        "request_id": "h",
        "sheet_id": sheet_id,
        "period": NOVEMBER,
        "at": datetime(2026, 11, 5, 10),
        "time_zone": "Europe/Berlin",
        "day_boundary": time(4),
        "release": "0.2.0",
        "backlog": 0,
        "undecodable": 0,
        "complete_through": None,
        "pi_clock_synchronised": True,
        "machine": None,
        "problem": "",
    }
    return SiteHealth(**{**told, **more})


def test_nobody_writes_as_another_site(office):
    sheet_id = office.begin()
    berlin = office.keys["berlin"]
    forged = store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"), location="hamburg")
    before = office.spreadsheets()
    thefts = [
        office.post_signed(forged, berlin),
        office.post_signed(forged, replace(berlin, location="hamburg")),
        office.post_unsigned(forged),
        office.post_signed(health(sheet_id, location="hamburg", complete_through=date(2026, 11, 4)), berlin),
        office.post_signed(
            GetReviewPeriod(location="Hamburg", request_id="r", after=None, on=date(2026, 11, 3)), berlin
        ),
    ]
    assert before == office.spreadsheets()
    assert not office.replies(Topic.LAST_STORED_TIMESTAMP)
    assert all(response.status_code != 200 for response in thefts)
    data, attributes = office.signed(store_message(sheet_id, punch("ann", "2026-11-03T08:00:00")))
    assert office.post_raw(Topic.STORE_ATTEND_RECORDS, data, attributes).status_code == 200
    assert (
        office.post_raw(Topic.STORE_ATTEND_RECORDS, data.replace(b"08:00", b"07:00"), attributes).status_code
        != 200
    )
    assert [
        row[4] for row in office.sheets.read(sheet_id, "'Raw Data - berlin'!A2:I", "FORMATTED_VALUE")
    ] != []


def test_who_signed_once_is_not_believed_unsigned_even_after_a_restart(office):
    sheet_id = office.begin()
    assert office.registered()["berlin"]["Signed Since"] == pytest.approx(46331 + 9 / 24)
    forget_adapters()
    assert (
        office.post_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))).status_code != 200
    )


def test_sites_of_0_1_0_go_on_unsigned_until_their_first_signature(office, capsys):
    """They may not even be registered yet; a site that nobody knows begins with a key."""
    message = replace(period_request(), time_zone="Europe/Berlin")
    sheet_id = office.begin()
    office.sheets.write(
        office.control_id, f"'{registered_sites.TITLE}'!A2", [["", "", "", "", "", "", "", "", ""]] * 2
    )
    forget_adapters()
    assert (
        office.post_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))).status_code == 200
    )
    assert office.post_unsigned(message).status_code == 200
    assert office.post_unsigned(replace(message, location="evil")).status_code != 200
    assert "evil" not in office.registered()
    cli.main(["check"])
    assert "of 1 of 1 sites messages are taken unsigned" in capsys.readouterr().err
    assert office.post(message).status_code == 200
    assert office.post_unsigned(message).status_code != 200
    cli.main(["check"])
    assert "unsigned" not in capsys.readouterr().err


def test_a_key_is_followed_by_the_next_with_an_overlap_and_revoked_without(office, capsys):
    office.begin()
    message = period_request()

    def key_of(*options):
        assert cli.main(["site-key", "berlin", *options]) == 0
        forget_adapters()
        return SiteKey.parse(capsys.readouterr().out)

    def taken(key):
        return office.post_signed(message, key).status_code == 200

    first = key_of()
    assert first == office.keys["berlin"]
    second = key_of("--new", "--overlap", "3")
    assert second.number == 2
    assert key_of() == second
    assert all(map(taken, (second, first)))
    office.now += timedelta(days=4)
    assert list(map(taken, (second, first))) == [True, False]
    third = key_of("--new")
    assert list(map(taken, (third, second, first))) == [True, True, False]
    fourth = key_of("--revoke")
    assert taken(fourth)
    assert not any(map(taken, (first, second, third)))
    assert not taken(SiteKey.derived(SECRET.encode(), "berlin", 5))


def test_health_is_not_replayed_nor_does_it_hide_silence(office, caplog):
    caplog.set_level(logging.INFO)
    sheet_id = office.begin()
    ahead = office.signed(health(sheet_id, at=datetime(2030, 1, 1), problem="clock ahead"), sequence=100)
    assert office.post_raw(Topic.SITE_HEALTH, *ahead).status_code == 200
    assert (
        office.post_raw(Topic.SITE_HEALTH, *office.signed(health(sheet_id), sequence=101)).status_code == 200
    )
    office.now += timedelta(hours=3)
    forget_adapters()
    before = office.spreadsheets(), office.registered()
    assert office.post_raw(Topic.SITE_HEALTH, *ahead).status_code == 200
    assert (office.spreadsheets(), office.registered()) == before
    assert "number 100 was taken in already, or a later one" in caplog.text
    message = health(sheet_id, at=datetime(2026, 11, 5, 14))
    assert office.post_raw(Topic.SITE_HEALTH, *office.signed(message, sequence=102)).status_code == 200
    assert office.registered()["berlin"]["Last Heard"] == pytest.approx(46331 + 12 / 24)


def test_without_a_secret_signed_and_unsigned_are_taken_as_before(office, monkeypatch):
    monkeypatch.delenv("SIGNING_SECRET")
    sheet_id = office.begin()
    assert (
        office.post_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))).status_code == 200
    )
    assert not office.registered()["berlin"]["Signed Since"]


@pytest.mark.parametrize("arguments", [["site-key", "nowhere", "--new"], ["site-key", "x"]])
def test_a_key_of_a_site_that_cannot_be_is_refused(office, capsys, arguments):
    assert cli.main(arguments) == cli.EXIT_USER_ERROR
    assert capsys.readouterr().err.startswith("attendance-backend: ")


def test_the_command_needs_the_secret_and_a_long_one(office, capsys, monkeypatch):
    monkeypatch.setenv("SIGNING_SECRET", "short")
    assert cli.main(["site-key", "berlin"]) == cli.EXIT_USER_ERROR
    assert "32 characters or more" in capsys.readouterr().err
    monkeypatch.delenv("SIGNING_SECRET")
    assert cli.main(["site-key", "berlin"]) == cli.EXIT_USER_ERROR
    assert "SIGNING_SECRET is not set" in capsys.readouterr().err


def test_columns_that_the_release_before_did_not_know_are_added_and_what_stands_beside_them_stays(office):
    office.begin()
    title = f"'{registered_sites.TITLE}'"
    rows = [
        ["Site", "First Day", "Time Zone", "Day Boundary"],
        ["berlin", "2026-11-02", "Europe/Berlin", "04:00"],
    ]
    office.sheets.write(office.control_id, f"{title}!A1", [[""] * 9] * 3)
    office.sheets.write(office.control_id, f"{title}!A1", rows)
    office.sheets.write(office.control_id, f"{title}!F2", [["HR's own remark"]])
    assert cli.main(["init", "--year", "2026"]) == 0
    assert set(registered_sites.Column) <= set(
        office.sheets.read(office.control_id, f"{title}!A1:Z1", "FORMULA")[0]
    )
    assert office.sheets.read(office.control_id, f"{title}!F2", "FORMULA") == [["HR's own remark"]]
    forget_adapters()
    assert office.post(period_request()).status_code == 200
    assert office.registered()["berlin"]["Signed Since"] == pytest.approx(46331 + 9 / 24)
    assert office.now.tzinfo is UTC


# -- with the site's own key: nothing is believed


def test_no_other_spreadsheet_becomes_a_workbook(office):
    """Neither the control spreadsheet nor any other that the functions may open."""
    sheet_id = office.begin()
    salaries = office.sheets.new_spreadsheet("Salaries", folder_id=office.folder_id)
    office.sheets.write(salaries, "A1", [["secret", 1]])
    before = office.spreadsheets()
    for victim in (office.control_id, salaries):
        for named in (sheet_id, victim):
            office.post(health(victim, at=office.now.replace(tzinfo=None) + timedelta(seconds=len(named))))
        stored = punch("ann", "2026-11-03T07:00:00")
        reply = office.ask(store_message(victim, stored), Topic.LAST_STORED_TIMESTAMP)
        assert reply.confirmed == (stored.identity,)
        assert {answer.sheet_id for answer in reply.answers} == {sheet_id}
    after = office.spreadsheets()
    assert {place for place in after if after[place] != before[place]} <= {
        (sheet_id, title) for _, title in after
    }
    assert after.keys() == before.keys()
    assert len(office.sheets.read(sheet_id, "'Raw Data - berlin'!A1:A", "FORMULA")) == 2


def test_a_row_that_somebody_deleted_makes_no_other_spreadsheet_the_workbook(office):
    sheet_id = office.begin()
    office.sheets.write(office.control_id, "'Review Sheets'!A2", [[""] * 5])
    forget_adapters()
    reply = office.ask(
        store_message(office.control_id, punch("ann", "2026-11-03T07:00:00")), Topic.LAST_STORED_TIMESTAMP
    )
    assert {answer.sheet_id for answer in reply.answers} == {sheet_id}


def test_invented_periods_get_no_workbook_and_known_ones_no_other_days(office):
    sheet_id = office.begin()
    before = office.spreadsheets()
    for number in range(20):
        period = ReviewPeriod(f"Invented {number}", date(2026, 11, 2), date(2026, 11, 29))
        office.post(CreateReviewSheet(location="berlin", request_id="r", period=period))
        office.post(replace(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00")), period=period))
        office.post(health(sheet_id, period=period))
    for last_day in (date(2030, 12, 31), date(2100, 1, 1)):
        period = replace(NOVEMBER, last_day=last_day)
        office.create(period=period)
        office.post(health(sheet_id, period=period, at=datetime(2026, 11, 5, 11)))
        office.post(store_message(sheet_id, punch("ann", "2027-11-03T07:00:00"), period=period))
    # The row of a period that HR has withdrawn says nothing of days any more.
    office.sheets.write(office.control_id, "'2026'!A2", [["October", "2026-10-05", "2026-10-30", ""]])
    forget_adapters()
    office.post(CreateReviewSheet(location="berlin", request_id="r", period=period))
    after = office.spreadsheets()
    assert after.keys() == before.keys()
    assert max(map(len, after[sheet_id, "Days"])) == max(map(len, before[sheet_id, "Days"]))


def test_no_day_is_complete_before_it_is_over(office):
    """Neither of one's own site, nor of another's."""
    sheet_id = office.begin()
    office.post(health(sheet_id, complete_through=date(2026, 11, 28)))
    sites = office.sheets.read(sheet_id, "Sites!A1:Z", "UNFORMATTED_VALUE")
    column = next(row.index("Complete Through") for row in sites if "Complete Through" in row)
    through = {row[0]: row[column] for row in sites if len(row) > column}
    assert through["berlin"] == serial.from_date(date(2026, 11, 4))
    assert not through.get("hamburg")


def test_a_number_of_a_machine_belongs_to_its_site(office):
    """What one site sends of another's machine is stored as its own, and confirms nothing there."""
    sheet_id = office.begin()
    same = punch("ann", "2026-11-03T07:00:00")
    assert office.store(sheet_id, same).confirmed == (same.identity,)
    before = office.spreadsheets()
    assert office.store(sheet_id, same, location="hamburg").confirmed == (same.identity,)
    assert office.store(sheet_id, same, location="hamburg").confirmed == (same.identity,)
    after = office.spreadsheets()
    assert len(after[sheet_id, "Raw Data - hamburg"]) == 2
    assert after[sheet_id, "Raw Data - berlin"] == before[sheet_id, "Raw Data - berlin"]
    assert cli.main(["refresh"]) == 0
    rebuilt = office.spreadsheets()
    for title in ("Raw Data - berlin", "Raw Data - hamburg", "Punch Index", "Days"):
        assert rebuilt[sheet_id, title] == after[sheet_id, title]


def test_mails_are_bounded_by_what_can_be_missing(office):
    office.begin()
    office.sheets.write(office.control_id, "'2026'!A2", [["November", "2026-11-02", "2026-11-05", 1]])
    forget_adapters()
    for number in range(30):
        on, after = date(2027, 1, 1) + timedelta(number), date(2027, 3, 1) + timedelta(number)
        for kind, last_day in ((AlarmKind.DAILY_WARNING, date(2026, 11, 29)), (AlarmKind.FINAL_ALARM, after)):
            office.post(RaiseFinalAlarm(location="berlin", request_id="a", kind=kind, after=last_day, on=on))
    assert len(office.mail.messages) <= 2


def test_users_whom_nobody_knows_are_told_up_to_a_bound(office, monkeypatch):
    monkeypatch.setattr(bounds, "MOST_STRANGERS", 3)
    sheet_id = office.begin()
    strangers = [punch(f"user{number:03}", f"2026-11-03T04:01:{number:02}") for number in range(9)]
    for each in (strangers[:2], strangers[2:5], strangers[5:]):
        assert len(office.store(sheet_id, *each).confirmed) == len(each)
    told = [
        row for row in office.sheets.read(sheet_id, "Exceptions!A1:J", "FORMULA") if "unknown user" in row
    ]
    assert len(told) == 3


def test_absurd_words_and_numbers_of_a_site_do_not_spoil_the_sheet(office):
    sheet_id = office.begin()
    machine = MachineHealth(
        serial_number="=" * 600,
        firmware="x" * 60_000,
        platform="",
        clock_offset_s=10**300,
        records=10**300,
        record_capacity=1,
        users=-5,
    )
    told = health(sheet_id, machine=machine, problem="x" * 60_000, time_zone="=NOW()", backlog=10**300)
    assert office.post(told).status_code == 200
    cells = [str(cell) for row in office.sheets.read(sheet_id, "Sites!A1:Z", "FORMULA") for cell in row]
    assert max(map(len, cells)) <= 600
    assert "=NOW()" not in cells
