"""Alarms: once for each missing period, whichever sites ask and how often."""

from datetime import UTC, date, datetime
from email import message_from_bytes
from email.policy import default

import pytest

from attendance_backend.errors import MailRefusedError, MailUnconfirmedError
from attendance_backend.handlers.dispatch import handle
from attendance_contracts import AlarmKind, RaiseFinalAlarm, Watch
from tests.fakes_backend import World


@pytest.fixture
def world():
    world = World()
    world.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    )
    return world


def alarm(kind=AlarmKind.FINAL_ALARM, location="berlin", after=date(2026, 11, 29), on=date(2026, 11, 30)):
    return RaiseFinalAlarm(location=location, request_id="r", kind=kind, after=after, on=on)


def states(world):
    return [row[6] for row in world.control.sheet("Alarms").rows()[1:]]


def test_the_e_mail(world):
    assert handle(alarm(), world.backend) is None
    (sent,) = world.mailer.sent
    message = message_from_bytes(bytes(sent), policy=default)
    assert message["To"] == "hr@example.com, boss@example.com"
    assert message["From"] == "attendance@example.com"
    assert message["Subject"] == (
        "Attendance: the review period after Sunday, 29 November 2026 is missing, punches are waiting"
    )
    assert message["Date"].datetime == world.backend.clock.now(), "when it was sent, not some hour to come"
    text = message.get_content()
    assert "https://docs.google.com/spreadsheets/d/control-spreadsheet/edit" in text
    assert "December    2026-11-30    2026-12-27    4" in text
    assert 'worksheet "2026"' in text
    assert "at berlin and at every other site" in text


def test_the_row(world):
    handle(alarm(), world.backend)
    (row,) = world.control.sheet("Alarms").rows()[1:]
    assert row[0] == "final_alarm after 2026-11-29"
    assert row[4:] == ["berlin", "hr@example.com, boss@example.com", "sent"]


def test_once_for_all_sites_and_days(world):
    handle(alarm(), world.backend)
    handle(alarm(location="hamburg", on=date(2026, 12, 1)), world.backend)
    handle(alarm(location="munich", after=None, on=date(2026, 12, 2)), world.backend)
    assert len(world.mailer.sent) == 1


def test_daily_warnings_once_a_day(world):
    warning = AlarmKind.DAILY_WARNING
    for location in ("berlin", "hamburg"):
        for day in (27, 28):
            world.clock.moment = datetime(2026, 11, day, 9, tzinfo=UTC)
            handle(alarm(warning, location, on=date(2026, 11, day)), world.backend)
    handle(alarm(), world.backend)
    assert len(world.mailer.sent) == 3
    assert len({message["Message-ID"] for message in world.mailer.sent}) == 3


def test_nothing_to_send_when_the_period_was_published_meanwhile(world):
    world.type_worksheet(
        "2026",
        [
            ("Month", "Start Date", "End Date"),
            ("November", "11/2/2026", "11/27/2026"),
            ("December", "11/30/2026", "12/25/2026"),
        ],
    )
    handle(alarm(), world.backend)
    assert world.mailer.sent == []
    assert [sheet.title for sheet in world.control.sheets] == ["2026"]


def test_a_refused_e_mail_is_tried_again(world):
    world.mailer.trouble = [MailRefusedError("no"), None]
    with pytest.raises(MailRefusedError):
        handle(alarm(), world.backend)
    assert states(world) == ["failed"]
    handle(alarm(), world.backend)
    assert states(world) == ["sent"]
    assert len(world.mailer.sent) == 1


def test_an_unconfirmed_e_mail_is_not(world, caplog):
    world.mailer.trouble = [MailUnconfirmedError("the line broke")]
    handle(alarm(), world.backend)
    handle(alarm(), world.backend)
    assert states(world) == ["unconfirmed"]
    assert world.mailer.sent == []
    assert "the line broke" in caplog.text


def test_what_a_person_wrote_into_the_state_ends_it(world):
    handle(alarm(), world.backend)
    world.control.sheet("Alarms").put(1, 6, "told Ann by telephone")
    handle(alarm(), world.backend)
    assert len(world.mailer.sent) == 1


def test_the_same_alarm_has_the_same_message(world):
    other = World()
    other.type_worksheet(
        "2026", [("Month", "Start Date", "End Date"), ("November", "11/2/2026", "11/27/2026")]
    )
    handle(alarm(), world.backend)
    handle(alarm(), other.backend)
    assert bytes(world.mailer.sent[0]) == bytes(other.mailer.sent[0])


def test_a_system_without_any_period_alarms_too():
    world = World()
    handle(alarm(after=None, on=date(2026, 11, 3)), world.backend)
    (message,) = world.mailer.sent
    assert message["Subject"] == "Attendance: no review period has been entered yet"
    assert world.control.sheet("Alarms").rows()[1][0] == "final_alarm after the beginning"


@pytest.mark.parametrize(("day", "mails"), [(1, 0), (2, 1)])
def test_a_last_period_that_hr_shortened_is_told_once_though_its_sites_go_on_in_it(world, day, mails):
    registered = [("Site", "First Day", "Time Zone", "Day Boundary"), ("berlin", "2026-11-02")]
    world.type_worksheet("Registered Sites", registered)
    world.clock.moment = datetime(2026, 12, day, 12, tzinfo=UTC)
    for _ in range(2):
        handle(Watch(), world.backend)
    assert len(world.mailer.sent) == mails

    handle(alarm(after=date(2026, 12, 27), on=date(2026, 12, 28)), world.backend)
    assert len(world.mailer.sent) == 1


def test_the_e_mail_shows_the_rows_that_do_not_count(world):
    world.type_worksheet("2027", [("Month", "Start Date", "End Date"), ("Jänner", "13/13/2027", "1/31/2027")])
    handle(alarm(), world.backend)
    text = world.mailer.sent[0].get_content()
    assert "These rows do not count as they stand; the missing period may be among them:" in text
    assert "worksheet '2027', cell B2: Start Date holds '13/13/2027'; type a date such as 2026-11-30" in text


def test_settings_name_whom_to_tell(world):
    world.type_worksheet(
        "Settings", [("Setting", "Site", "Value"), ("Alarm to", None, "ann@example.com, bob@example.com")]
    )
    handle(alarm(), world.backend)
    assert world.mailer.sent[0]["To"] == "ann@example.com, bob@example.com"
    assert world.control.sheet("Alarms").rows()[1][5] == "ann@example.com, bob@example.com"
