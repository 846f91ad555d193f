"""What whoever holds one site's key, an old one, or none, can make of the functions: nothing of another site's.

Through the real functions, with the stand-ins behind them.
"""

import logging
import socket
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from itertools import count

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from attendance_backend.app import cli
from attendance_backend.control import dead_letters, registered_sites
from attendance_backend.google import google_http, pubsub
from attendance_backend.handlers import bounds, together
from attendance_backend.sheet import serial
from attendance_contracts import (
    AlarmKind,
    CreateReviewSheet,
    MachineHealth,
    Message,
    RaiseFinalAlarm,
    ReviewPeriod,
    Signer,
    SiteHealth,
    SiteKey,
    StoreAttendRecords,
    Topic,
    encode,
    topic_path,
)
from attendance_sandbox.sheets.faults import unavailable
from attendance_trouble.command_line import EXIT_USER_ERROR
from tests.integration.backend_office import (
    NOVEMBER,
    PROJECT,
    CloudOffice,
    forget_adapters,
    period_request,
    punch,
    store_message,
)
from tests.property.profiles import limits

LETTERS = f"projects/{PROJECT}/topics/dead_letters"
SECRET = "the secret behind the keys of all sites"


class SignedOffice(CloudOffice):
    """The office whose functions know a secret; it signs as whom it is told."""

    def __init__(self, stack, folder, monkeypatch):
        super().__init__(stack, folder, monkeypatch)
        monkeypatch.setenv("SIGNING_SECRET", SECRET)
        self.pubsub.create_topic(LETTERS)
        self.keys = {site: SiteKey.derived(SECRET.encode(), site, 1) for site in ("berlin", "hamburg")}
        self.numbers = count(1)

    def post(self, message):
        """As its own site sends it."""
        return self.post_raw(message.topic, *self.signed(message))

    def signed(self, message, key=None, sequence=None):
        data, attributes = encode(message)
        signer = Signer(key or self.keys[message.location], lambda: sequence or next(self.numbers))
        return data, signer.signed(message.topic, data, attributes)

    def takes(self, topic, data, attributes):
        """Whether a message is taken; one that is not is acknowledged, and lies among the dead letters."""
        before = self.letters()
        assert self.post_raw(topic, data, attributes).status_code == 200
        (*new,) = self.letters()[len(before) :]
        assert [letter.data for letter in new] in ([], [data[: bounds.MOST_BYTES + 1]])
        return not new

    def takes_from(self, key, message):
        return self.takes(message.topic, *self.signed(message, key))

    def takes_unsigned(self, message):
        return self.takes(message.topic, *encode(message))

    def letters(self):
        return self.pubsub.published(LETTERS)

    def begin(self):
        """Both sites at work; returns the workbook's ID."""
        for site in ("berlin", "hamburg"):
            assert self.post(replace(period_request(), location=site)).status_code == 200
            sheet_id = self.create(site)
        return sheet_id

    def spreadsheets(self):
        """What all of them hold, but for when sites were heard of, their numbers, and what was set aside."""
        held = {}
        for file_id, file in self.sheets.store.files.items():
            for sheet in file.spreadsheet.sheets if file.spreadsheet else ():
                if sheet.title not in (registered_sites.TITLE, dead_letters.TITLE):
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
        office.takes_from(berlin, forged),
        office.takes_from(replace(berlin, location="hamburg"), forged),
        office.takes_unsigned(forged),
        office.takes_from(berlin, health(sheet_id, location="hamburg", complete_through=date(2026, 11, 4))),
        office.takes_from(berlin, replace(period_request(), location="Hamburg")),
    ]
    assert before == office.spreadsheets()
    assert not office.replies(Topic.LAST_STORED_TIMESTAMP)
    assert not any(thefts)
    data, attributes = office.signed(store_message(sheet_id, punch("ann", "2026-11-03T08:00:00")))
    assert office.takes(Topic.STORE_ATTEND_RECORDS, data, attributes)
    assert not office.takes(Topic.STORE_ATTEND_RECORDS, data.replace(b"08:00", b"07:00"), attributes)
    assert len(office.sheets.read(sheet_id, "'Raw Data - berlin'!A1:A", "FORMULA")) == 2


def alarm(number):
    day = date(2026, 11, 5) + timedelta(days=number)
    kind = AlarmKind.DAILY_WARNING
    return RaiseFinalAlarm(location="hamburg", request_id="a", kind=kind, after=day, on=day)


def lines_seen(office, sheet_id):
    """What once went through, by what it did, as messages of hamburg."""
    at = "2026-11-03T07:00:00"
    stranger = punch("user001", "2026-11-03T04:01:00", serial_number="SN1")
    long_ones = [replace(NOVEMBER, last_day=day) for day in (date(2030, 12, 31), date(2100, 1, 1))]
    invented = [replace(NOVEMBER, name=f"Invented {number}") for number in range(20)]
    of_hamburg = partial(health, location="hamburg")
    return {
        "the control spreadsheet becomes a workbook": [of_hamburg(office.control_id)],
        "a punch as another site": [store_message(sheet_id, punch("ann", at), location="hamburg")],
        "another site's zone and boundary": [
            of_hamburg(sheet_id, time_zone="Asia/Tokyo", day_boundary=time(9)),
            replace(
                period_request(), location="hamburg", time_zone="Asia/Tokyo", day_boundary=time(9), after=None
            ),
        ],
        "absences for all": [of_hamburg(sheet_id, complete_through=date(2026, 11, 28))],
        "60 mails": [alarm(number) for number in range(60)],
        "20 workbooks": [CreateReviewSheet(location="hamburg", request_id="r", period=p) for p in invented],
        "2,997 columns, and all the memory": [
            *(of_hamburg(sheet_id, period=period) for period in long_ones),
            *(CreateReviewSheet(location="hamburg", request_id="r", period=p) for p in long_ones),
        ],
        "the check-in of another site's person moves": [
            store_message(sheet_id, stranger, location="hamburg")
        ],
    }


def test_whatever_was_seen_is_refused_with_every_key_that_is_not_in_force_and_harmless_replayed(
    office, caplog
):
    """With another site's valid key, with one that ended, with none; told once a topic."""
    sheet_id = office.begin()
    at = punch("bob", "2026-11-03T09:00:00", serial_number="SN2")
    honest = [
        store_message(sheet_id, at, location="hamburg"),
        health(sheet_id, location="hamburg", complete_through=date(2026, 11, 3)),
        replace(period_request(), location="hamburg"),
        CreateReviewSheet(location="hamburg", request_id="r1", period=NOVEMBER),
        alarm(24),
    ]
    with_old_key = [(message.topic, *office.signed(message)) for message in honest]
    ended = office.keys["hamburg"]
    assert cli.main(["site-key", "hamburg", "--revoke"]) == 0
    office.keys["hamburg"] = SiteKey.derived(SECRET.encode(), "hamburg", 2)
    forget_adapters()
    heard = [(message.topic, *office.signed(message)) for message in honest]
    for letter in heard:
        assert office.post_raw(*letter).status_code == 200

    def kept():
        files = sorted(office.sheets.store.files)
        return office.spreadsheets(), office.registered(), files, len(office.mail.messages)

    before, letters = kept(), len(office.letters())
    for line, messages in lines_seen(office, sheet_id).items():
        for message in messages:
            assert not office.takes_from(office.keys["berlin"], message), line
            assert not office.takes_from(ended, message), line
            assert not office.takes_unsigned(message), line
    for letter in with_old_key:
        assert not office.takes(*letter)
    for letter in heard * 2:
        assert office.post_raw(*letter).status_code == 200
    assert kept() == before
    assert len(office.letters()) > letters + 200
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert len(errors) == len({message.topic for message in honest}), errors


def test_who_signed_once_is_not_believed_unsigned_even_after_a_restart(office):
    sheet_id = office.begin()
    assert office.registered()["berlin"]["Signed Since"] == pytest.approx(46331 + 9 / 24)
    forget_adapters()
    assert not office.takes_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00")))


def test_sites_of_0_1_0_go_on_unsigned_until_their_first_signature(office, capsys):
    """They may not even be registered yet; a site that nobody knows begins with a key."""
    message = replace(period_request(), time_zone="Europe/Berlin")
    sheet_id = office.begin()
    office.sheets.write(office.control_id, f"'{registered_sites.TITLE}'!A2", [[""] * 9] * 2)
    forget_adapters()
    assert office.takes_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00")))
    assert office.takes_unsigned(message)
    assert not office.takes_unsigned(replace(message, location="evil"))
    assert "evil" not in office.registered()
    cli.main(["check"])
    assert "of 1 of 1 sites messages are taken unsigned" in capsys.readouterr().err
    assert office.post(message).status_code == 200
    assert not office.takes_unsigned(message)
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
        return office.takes_from(key, message)

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
    assert office.takes_unsigned(store_message(sheet_id, punch("ann", "2026-11-03T07:00:00")))
    assert not office.registered()["berlin"]["Signed Since"]


@pytest.mark.parametrize("arguments", [["site-key", "nowhere", "--new"], ["site-key", "x"]])
def test_a_key_of_a_site_that_cannot_be_is_refused(office, capsys, arguments):
    assert cli.main(arguments) == EXIT_USER_ERROR
    assert capsys.readouterr().err.startswith("attendance-backend: ")


def test_the_command_needs_the_secret_and_a_long_one(office, capsys, monkeypatch):
    monkeypatch.setenv("SIGNING_SECRET", "short")
    assert cli.main(["site-key", "berlin"]) == EXIT_USER_ERROR
    assert "32 characters or more" in capsys.readouterr().err
    monkeypatch.delenv("SIGNING_SECRET")
    assert cli.main(["site-key", "berlin"]) == EXIT_USER_ERROR
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


# -- the truth to Pub/Sub


def told(office):
    return office.sheets.read(office.control_id, f"'{dead_letters.TITLE}'!A2:G", "UNFORMATTED_VALUE")


def test_what_never_works_is_acknowledged_kept_counted_and_an_error_once(office, caplog):
    sheet_id = office.begin()
    good = store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))
    data, attributes = encode(good)
    for number in range(5):
        assert not office.takes(Topic.STORE_ATTEND_RECORDS, b"no JSON %d" % number, attributes)
        assert not office.takes(Topic.STORE_ATTEND_RECORDS, data, {})
        assert not office.takes_unsigned(replace(good, location=f"evil{number}"))
    assert [record.levelname for record in caplog.records if "set aside" in record.message].count(
        "ERROR"
    ) == 3
    office.now += timedelta(minutes=2)
    assert not office.takes(Topic.STORE_ATTEND_RECORDS, b"{}", attributes)
    rows = {(row[0], row[2]): (row[6], row[3]) for row in told(office)}
    assert rows["berlin", "unreadable"][0] == 6
    assert rows["(unknown)", "unreadable"][0] == 1  # the others wait for the next one
    assert rows["(unknown)", "not admitted"] == (1, unsigned_of("evil0"))
    assert office.letters()[0].attributes["dead_letter_topic"] == "store_attend_records"
    assert office.letters()[0].attributes["dead_letter_reason"].startswith("not a message of the contract")


def test_what_is_larger_than_any_message_is_refused_and_told_once(office, caplog):
    sheet_id = office.begin()
    before = office.spreadsheets()
    many = [punch(f"user{number}", "2026-11-03T07:00:00") for number in range(bounds.MOST_RECORDS + 1)]
    data, attributes = office.signed(store_message(sheet_id, *many))
    for _ in range(2):
        assert not office.takes(Topic.STORE_ATTEND_RECORDS, data, attributes)
        assert not office.takes(Topic.STORE_ATTEND_RECORDS, data.ljust(bounds.MOST_BYTES + 9), attributes)
    assert office.spreadsheets() == before
    assert [letter.attributes["dead_letter_reason"] for letter in office.letters()[:2]] == [
        "it holds 5001 records, and none has more than 5000",
        "it holds 1000009 bytes, and no message has more than 1000000",
    ]
    assert len(office.letters()[1].data) == bounds.MOST_BYTES + 1, (
        "it is refused again, and takes no more memory"
    )
    assert [record.levelname for record in caplog.records if "set aside" in record.message] == ["ERROR"]
    assert [row[2] for row in told(office)] == ["not admitted"]


def unsigned_of(site):
    return f"it is not signed, and nobody knows the site {site}: give it a key (attendance-backend site-key)"


def test_without_a_place_for_dead_letters_pubsub_keeps_them(office):
    office.pubsub.broker.delete_topic(LETTERS)
    assert office.post_raw(Topic.STORE_ATTEND_RECORDS, b"{}", {}).status_code == 500


def test_an_impossible_record_does_not_take_the_others_with_it(office):
    sheet_id = office.begin()
    good = punch("ann", "2026-11-03T07:00:00")
    data, attributes = encode(store_message(sheet_id, good, punch("bob", "2026-11-03T07:00:01")))
    data = data.replace(b"2026-11-03T07:00:01", b"2026-02-30T07:00:01")
    signer = Signer(office.keys["berlin"], office.numbers.__next__)
    topic = Topic.STORE_ATTEND_RECORDS
    assert office.post_raw(topic, data, signer.signed(topic, data, attributes)).status_code == 200
    (reply,) = office.replies(Topic.LAST_STORED_TIMESTAMP)
    assert reply.confirmed == (good.identity,)
    (letter,) = office.letters()
    assert b"2026-02-30" in letter.data
    assert b"07:00:00" not in letter.data
    assert [row[2] for row in told(office)] == ["impossible record"]


def test_a_fault_of_the_program_delays_nobody(office, monkeypatch, caplog):
    sheet_id = office.begin()
    message = store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))

    def fails(*_):
        raise KeyError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(together, "handle", fails)
        assert not office.takes(message.topic, *office.signed(message))
    assert "a fault of the program" in caplog.text
    assert [row[2] for row in told(office)] == ["fault of the program"]


def test_passing_trouble_is_not_acknowledged(office):
    sheet_id = office.begin()
    for _ in range(20):
        office.sheets.faults.add(unavailable())
    message = store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))
    assert office.post(message).status_code == 500
    assert not office.letters()


def test_a_poisonous_message_is_stored_after_redrive(office, monkeypatch, capsys):
    """The pushes are ours: whatever is published to a request's topic is delivered to its function."""
    monkeypatch.setattr(pubsub, "PULL_TIMEOUT_S", 0.2)
    office.pubsub.create_subscription(f"projects/{PROJECT}/subscriptions/dead_letters", LETTERS)
    sheet_id = office.begin()
    topic = Topic.STORE_ATTEND_RECORDS
    message = store_message(sheet_id, punch("ann", "2026-11-03T07:00:00"))

    def run(*arguments):
        capsys.readouterr()
        code = cli.main(["dead-letters", *arguments])
        return code, capsys.readouterr()

    def fails(*_):
        raise KeyError("a fault")

    with monkeypatch.context() as patched:
        patched.setattr(together, "handle", fails)
        assert not office.takes(topic, *office.signed(message))
    assert not office.takes(topic, b"{}", {"location": "berlin"})
    code, said = run("list")
    *lines, number = said.out.splitlines()
    assert (code, number, len(lines)) == (0, "2 dead letters", 2)
    assert "store_attend_records of berlin: 'a fault'" in lines[0]
    first, second = (line.split()[0] for line in lines)
    assert '"user_id": "id-ann"' in run("show", first)[1].out
    assert run("redrive")[0] == EXIT_USER_ERROR
    assert "no dead letter 99999" in run("redrive", "99999")[1].err
    assert run("redrive", first)[0] == 0
    (again,) = office.pubsub.published(topic_path(PROJECT, topic))
    assert office.takes(topic, again.data, dict(again.attributes))
    (reply,) = office.replies(Topic.LAST_STORED_TIMESTAMP)
    assert reply.confirmed == (message.records[0].identity,)
    assert run("discard", second)[1].out.splitlines()[-1] == "1 dead letter"
    assert run("list")[1].out.splitlines() == ["0 dead letters"]


def test_letters_that_nobody_can_see_are_not_none(monkeypatch, capsys):
    """Where packets vanish, a server takes the connection at most, and never says a word."""
    monkeypatch.setattr(pubsub, "PULL_TIMEOUT_S", 0.2)
    monkeypatch.setattr(pubsub, "CONNECTED_S", 0.2)
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", PROJECT)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", f"127.0.0.1:{silent.getsockname()[1]}")
        assert cli.main(["dead-letters", "list"]) == cli.EXIT_TRY_AGAIN
    said = capsys.readouterr()
    assert not said.out
    assert said.err.count("\n") == 1
    assert "cannot be reached (nothing answers); check this computer's network" in said.err


# -- a thief who may sign anything with the key of one site

DAYS = st.dates(date(2026, 10, 20), date(2026, 12, 10))
NAMES = st.sampled_from(("November 2026", "november 2026", "October 2026", "Sites", "'2026'"))


@st.composite
def thefts(draw, sheet_ids):
    """Messages of berlin that its key signs; and of hamburg, which it signs as well as it can."""
    first = draw(DAYS)
    period = ReviewPeriod(draw(NAMES), first, first + timedelta(days=draw(st.integers(0, 1500))))
    location = draw(st.sampled_from(("berlin", "hamburg", "Hamburg")))
    sheet_id = draw(st.sampled_from(sheet_ids))
    message: Message
    match draw(st.sampled_from(("store", "health", "create", "alarm", "ask"))):
        case "store":
            users = draw(st.lists(st.sampled_from(("ann", "bob", "zoe", "user001")), min_size=1, max_size=3))
            punches = [
                punch(
                    user,
                    f"{draw(DAYS)}T04:01:{number:02}",
                    serial_number=draw(st.sampled_from(("SN1", "SN2"))),
                )
                for number, user in enumerate(users)
            ]
            message = StoreAttendRecords(
                location=location,
                request_id="r",
                sheet_id=sheet_id,
                period=period,
                time_zone="Europe/Berlin",
                day_boundary=time(4),
                records=tuple(punches),
                routed=True,
            )
        case "health":
            message = health(
                sheet_id,
                location=location,
                period=period,
                at=datetime.combine(draw(DAYS), time(draw(st.integers(0, 23)))),
                complete_through=draw(st.none() | DAYS),
                time_zone=draw(st.sampled_from(("Europe/Berlin", "Asia/Tokyo", "nowhere"))),
                day_boundary=time(draw(st.integers(0, 23))),
                problem=draw(st.sampled_from(("", '=IMPORTXML("http://evil","//a")'))),
            )
        case "create":
            message = CreateReviewSheet(location=location, request_id="r", period=period)
        case "alarm":
            kind = draw(st.sampled_from(AlarmKind))
            message = RaiseFinalAlarm(
                location=location, request_id="r", kind=kind, after=draw(st.none() | DAYS), on=draw(DAYS)
            )
        case _:
            message = replace(period_request(after=draw(st.none() | DAYS), on=draw(DAYS)), location=location)
    return message


def of_others(office, sheet_id):
    """All that a thief of berlin's key must leave alone: but for berlin's rows, its people's days, and what is told."""
    held = office.spreadsheets()
    mine = ("Raw Data - berlin", "Punch Index", "Days", "Exceptions", "Sites", "Problems", "Alarms")
    kept = {place: rows for place, rows in held.items() if place[1] not in mine}
    for title in ("Sites", "Punch Index"):
        kept[sheet_id, title] = [row for row in held[sheet_id, title] if "hamburg" in row]
    kept[sheet_id, "Days"] = len(held[sheet_id, "Days"])
    registered = {site: row for site, row in office.registered().items() if site != "berlin"}
    return {**kept, "registered": registered, "files": sorted(office.sheets.store.files)}


def test_a_thief_changes_nothing_of_another_site(office):
    office.sheets.write(office.control_id, "'2026'!A2", [["October", "2026-10-05", "2026-10-30", 4]])
    office.sheets.write(office.control_id, "'2026'!A3", [["November", "2026-11-02", "2026-11-27", 4]])
    sheet_id = office.begin()
    office.create(period=ReviewPeriod("October 2026", date(2026, 10, 5), date(2026, 11, 1)))
    hamburg = store_message(
        sheet_id, punch("bob", "2026-11-03T09:00:00", serial_number="SN2"), location="hamburg"
    )
    assert office.post(hamburg).status_code == 200
    assert office.post(health(sheet_id, location="hamburg")).status_code == 200
    victims = [
        sheet_id,
        office.control_id,
        office.sheets.new_spreadsheet("Salaries", folder_id=office.folder_id),
    ]
    begun, before = office.remember(), of_others(office, sheet_id)

    @limits(dev=3, ci=6)
    @example([health(sheet_id, location="hamburg", at=datetime(2026, 11, 6), problem="mine")])
    @example([store_message(sheet_id, punch("ann", "2026-11-03T10:00:00"), location="hamburg")])
    @given(st.lists(thefts(victims), min_size=1, max_size=5))
    def steal(messages):
        office.go_back(begun)
        mails = len(office.mail.messages)
        for message in messages:
            office.post_raw(message.topic, *office.signed(message, office.keys["berlin"]))
        assert of_others(office, sheet_id) == before
        assert len(office.mail.messages) - mails <= 2
        reply = office.ask(hamburg, Topic.LAST_STORED_TIMESTAMP)
        assert reply.confirmed == (hamburg.records[0].identity,)

    steal()
