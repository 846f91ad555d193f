"""What `watch` does each day beside its visits: outdated releases and the morning's mail are told, old things go."""

from datetime import UTC, date, datetime, timedelta

import pytest

from attendance_backend.sheet import serial
from attendance_contracts import RELEASE, Topic, is_older
from tests.integration.backend_office import NOVEMBER, PROJECT, punch
from tests.integration.test_backend_telling import Office as TellingOffice
from tests.integration.test_backend_telling import opened
from tests.integration.test_backend_watch import Office as WatchedOffice


class Office(TellingOffice, WatchedOffice):
    tick = TellingOffice.tick

    def settings(self, *rows):
        present = {sheet.title for sheet in self.sheets.spreadsheet(self.control_id).sheets}
        if "Settings" not in present:
            self.sheets.batch_update(self.control_id, [{"addSheet": {"properties": {"title": "Settings"}}}])
        self.sheets.write(self.control_id, "Settings!A1", [["Setting", "Site", "Value"], *rows])

    def reports_of(self, release, day):
        self.report(datetime(2026, 11, day, 9), date(2026, 11, day - 1), release=release)


@pytest.fixture
def office(tmp_path, monkeypatch):
    with opened(Office, tmp_path, monkeypatch) as office:
        yield office


@pytest.mark.parametrize(
    ("release", "than", "older"),
    [
        ("0.1.0", "0.2.0", True),
        ("0.9.0", "0.10.0", True),
        ("0.2.0.dev0", "0.2.0", True),
        ("0.2", "0.2.0", False),
        ("0.2.0", "0.2.0rc1", False),
        ("0.3.0", "0.2.0", False),
        ("unknown", "0.2.0", False),
        ("0.1.0", "unknown", False),
        ("٣.1.0", "4.0.0", False),
    ],
)
def test_which_release_is_older(release, than, older):
    assert is_older(release, than) is older


def test_a_site_with_an_older_release_is_told_once_and_when_another_one_is_outdated(office):
    office.reports_of("0.1.0", 6)
    row = office.berlin_in_sites()
    assert f"0.1.0, outdated: {RELEASE} is out" in row
    assert "needs a look" not in row
    for _ in range(4):
        office.tick()
    assert office.subjects() == ["Attendance: outdated software at berlin"]
    (mail,) = office.mails()
    assert "berlin: 0.1.0" in mail.get_content()
    assert RELEASE in mail.get_content()
    office.reports_of("0.1.1", 7)
    for _ in range(2):
        office.tick()
    assert len(office.subjects()) == 2
    office.create("hamburg")
    office.store(office.sheet_id, punch("ann", "2026-11-04T07:00:00"), location="hamburg")
    sites = office.sheets.read(office.control_id, "'Registered Sites'!A1:Z3", "FORMULA")
    column = chr(ord("A") + sites[0].index("Release"))
    office.sheets.write(office.control_id, f"'Registered Sites'!{column}3", [["0.1.0"]])
    office.tick()
    assert office.subjects()[2:] == ["Attendance: outdated software at hamburg"]
    office.reports_of(RELEASE, 8)
    office.tick()
    assert len(office.subjects()) == 3
    assert RELEASE in office.berlin_in_sites()


def test_who_was_silent_when_a_month_ended_does_not_look_silent_in_it_for_ever(office):
    office.report(datetime(2026, 11, 27, 9), date(2026, 11, 26))
    office.sheets.write(office.control_id, "'2026'!A3", [["December", "11/30/2026", "12/25/2026", 4]])
    office.tick(timedelta(hours=27))
    assert any("nothing was heard" in cell for cell in office.berlin_in_sites())
    office.now = datetime(2026, 12, 1, 9, tzinfo=UTC)
    for _ in range(2):
        office.tick()
    assert any("nothing was heard" in cell for cell in office.berlin_in_sites())
    office.hears()
    office.tick()
    assert not [cell for cell in office.berlin_in_sites() if "nothing was heard" in cell]


def test_the_mornings_mail_comes_once_to_whom_hr_named(office):
    office.now = datetime(2026, 11, 6, 4, 30, tzinfo=UTC)
    office.store(office.sheet_id, punch("", "2026-11-05T08:00:00"), punch("bob", "2026-11-04T09:00:00"))
    office.report(datetime(2026, 11, 6, 4, 40), date(2026, 11, 5))
    office.sheets.start_recalculating()
    office.tick()
    assert office.subjects() == [], "off by default"
    office.settings(["Morning mail to", "", "hr@example.com"])
    office.tick(timedelta(minutes=5))
    assert office.subjects() == [], "it is a quarter to six in Berlin"
    for _ in range(4):
        office.tick()
    (mail,) = office.mails()
    assert mail["To"] == "hr@example.com"
    text = mail.get_content()
    assert "berlin: " in text
    assert "User ID id-" in text
    assert "Bob Baker: No punch on Thu 05-11-2026" in text
    assert "04-11" not in text
    office.tick(timedelta(days=1))
    assert all("2026-11-05" in mail["Subject"] for mail in office.mails() if "to look at" in mail["Subject"])


def test_copies_and_notices_are_kept_as_long_as_hr_says(office):
    office.settings(["Keep copies (days)", "", 2], ["Keep notices (days)", "", 62])
    office.tick(timedelta(hours=27))
    office.pubsub.create_topic(f"projects/{PROJECT}/topics/dead_letters")
    office.post_raw(Topic.GET_REVIEW_PERIOD, b"nonsense", {})
    assert len(office.alarms()) == 1
    rows = office.sheets.read(office.control_id, "'Dead Letters'!A2:H", "UNFORMATTED_VALUE")
    assert len(rows) == 1
    for _ in range(3):
        office.tick(timedelta(days=1))
    assert len(office.copies(office.sheet_id)) == 2
    rows[0][5] = serial.from_date(office.now.date() - timedelta(days=63))
    office.sheets.write(office.control_id, "'Dead Letters'!A2", rows)
    office.sheets.write(office.control_id, "Alarms!D2", [[rows[0][5]]])
    office.tick()
    assert not any(map(any, office.sheets.read(office.control_id, "'Dead Letters'!A2:H")))
    first, *others = office.sheets.read(office.control_id, "Alarms!A2:G")
    assert not any(first)
    assert [row[-1] for row in others] == ["sent"], "younger ones stay"


def test_a_workbook_that_is_older_than_hr_keeps_them_is_named_and_stays(office):
    office.settings(["Keep workbooks (months)", "", 2])
    office.tick()
    assert not [row for row in office.problems() if "Keep workbooks" in row[1]]
    office.now += timedelta(days=100)
    office.tick()
    assert [row[0] for row in office.problems() if "Keep workbooks" in row[1]] == [
        f"Workbook {NOVEMBER.name}"
    ]
    assert not office.sheets.store.files[office.sheet_id].trashed
