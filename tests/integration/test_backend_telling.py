"""What `watch` tells people by mail, once: silence and return of sites, dead letters, alarms that nobody took."""

from contextlib import ExitStack, contextmanager
from datetime import UTC, date, datetime, timedelta

import pytest

from attendance_backend.control import registered_sites
from attendance_backend.google import google_http
from attendance_contracts import AlarmKind, RaiseFinalAlarm, Topic
from attendance_sandbox.mail.faults import refusal
from tests.integration.backend_office import PROJECT, CloudOffice, forget_adapters, period_request, punch

QUARTER = timedelta(minutes=15)


class Office(CloudOffice):
    """Mails by their subjects, and the schedule."""

    def tick(self, after=QUARTER):
        self.now += after
        assert self.post_raw(Topic.WATCH, b"tick", {}).status_code == 200

    def mails(self):
        return list(self.mail.messages)

    def subjects(self):
        return [mail["Subject"].strip() for mail in self.mails()]

    def hears(self):
        """Berlin asks for something."""
        assert self.post(period_request()).status_code == 200

    def berlin_in_sites(self):
        rows = self.sheets.read(self.sheet_id, "Sites!A1:Z", "FORMATTED_VALUE")
        (row,) = [row for row in rows if row[0] == "berlin"]
        return row

    def alarms(self):
        return [row[-1] for row in self.sheets.read(self.control_id, "Alarms!A2:G", "FORMATTED_VALUE")]


@contextmanager
def opened(kind, tmp_path, monkeypatch):
    """An office that was heard of, with a workbook and a punch in it."""
    monkeypatch.setattr(google_http, "FIRST_DELAY_S", 0.01)
    with ExitStack() as stack:
        office = kind(stack, tmp_path, monkeypatch)
        office.hears()
        office.sheet_id = office.create()
        office.store(office.sheet_id, punch("ann", "2026-11-03T07:00:00"))
        yield office


@pytest.fixture
def office(tmp_path, monkeypatch):
    with opened(Office, tmp_path, monkeypatch) as office:
        yield office


def test_a_pi_that_is_switched_off_and_on_again(office):
    office.tick(timedelta(hours=25))
    assert office.subjects() == []
    for _ in range(8):
        office.tick()
    assert office.subjects() == ["Attendance: nothing is heard of berlin"]
    (mail,) = office.mails()
    assert "silent: berlin, last heard of 2026-11-05 09:00 UTC" in mail.get_content()
    assert "nothing was heard of this site since 2026-11-05 09:00 UTC" in office.berlin_in_sites()
    office.now += timedelta(days=3)
    office.hears()
    for _ in range(3):
        office.tick()
    assert office.subjects()[1:] == ["Attendance: heard of again: berlin"]
    office.report(datetime(2026, 11, 9, 20), date(2026, 11, 8))
    assert not [cell for cell in office.berlin_in_sites() if "nothing was heard" in cell]
    office.tick(timedelta(hours=27))
    office.tick()
    assert office.subjects()[2:] == ["Attendance: nothing is heard of berlin"]


@pytest.mark.parametrize(("hours", "told"), [(2, 1), (0, 0), ("soon", 0)])
def test_hours_of_a_site(office, hours, told):
    headers = office.sheets.read(office.control_id, f"'{registered_sites.TITLE}'!A1:Z1", "FORMULA")[0]
    column = chr(ord("A") + headers.index("Silent After (h)"))
    office.sheets.write(office.control_id, f"'{registered_sites.TITLE}'!{column}2", [[hours]])
    office.tick(timedelta(hours=3))
    office.tick()
    assert len(office.subjects()) == told


def test_silence_is_told_when_the_mail_server_is_back(office):
    office.mail.faults.add(refusal(450), times=100)
    office.tick(timedelta(hours=27))
    for _ in range(5):
        office.tick(timedelta(hours=4))
    assert office.subjects() == []
    office.mail.faults.clear()
    for _ in range(3):
        office.tick()
    assert office.subjects() == ["Attendance: nothing is heard of berlin"]


def test_an_alarm_that_the_mail_server_refused_for_a_day_comes_the_day_after(office):
    office.sheets.write(office.control_id, "'2026'!A2", [["November", "2026-11-02", "2026-11-06", 1]])
    forget_adapters()
    office.mail.faults.add(refusal(450), times=100)
    for day in (6, 7):
        office.now = datetime(2026, 11, day, 9, tzinfo=UTC)
        message = RaiseFinalAlarm(
            location="berlin",
            request_id="a",
            kind=AlarmKind.DAILY_WARNING,
            after=date(2026, 11, 8),
            on=date(2026, 11, day),
        )
        assert office.post(message).status_code == 500
    assert office.alarms() == ["failed", "failed"]
    office.mail.faults.clear()
    office.now = datetime(2026, 11, 8, 9, tzinfo=UTC)
    office.hears()
    for _ in range(3):
        office.tick()
    assert [subject for subject in office.subjects() if "heard of" not in subject] == [
        "Attendance: please enter the review period after Sunday, 8 November 2026"
    ]
    assert [state for state in office.alarms() if state != "sent"] == ["superseded", "superseded"]


def test_dead_letters_are_told_once_a_day(office):
    office.pubsub.create_topic(f"projects/{PROJECT}/topics/dead_letters")
    office.tick()
    for _ in range(4):
        office.post_raw(Topic.STORE_ATTEND_RECORDS, b"{}", {"location": "berlin"})
        office.now += timedelta(hours=1)
        office.hears()
        office.tick()
    assert office.subjects() == ["Attendance: messages were set aside"]
    assert "store_attend_records of berlin, unreadable (1 so far)" in office.mails()[0].get_content()
    office.now += timedelta(hours=20)
    office.hears()
    office.tick()
    office.tick()
    assert office.subjects() == ["Attendance: messages were set aside"] * 2
    assert "(4 so far)" in office.mails()[1].get_content()
