"""attendance-client doctor, with the real libraries against the stand-ins: what it finds, and that it harms nothing."""

import json
from datetime import datetime, time, timedelta
from threading import Event
from types import SimpleNamespace
from zoneinfo import ZoneInfo

import pytest
from google.cloud import pubsub_v1

from attendance_client.app.bootstrap import bootstrap
from attendance_client.app.cli import main
from attendance_client.app.config import load_config
from attendance_client.app.doctor import Finding, Level
from attendance_client.app.doctor.cloud import examine_cloud
from attendance_client.app.doctor.machine import is_zone_difference
from attendance_client.fsm.snapshot import FileSnapshotStore, Snapshot
from attendance_client.relay.ledger import Ledger
from attendance_contracts import REPLY_TOPICS, Topic
from attendance_sandbox.device.faults import AnswerWith, DropConnection
from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.protocol import Command, Reply
from attendance_sandbox.device.server import DeviceServer
from attendance_sandbox.device.session import Manner
from attendance_sandbox.pubsub.iam import IamService
from attendance_sandbox.pubsub.server import PubSubServer
from attendance_sandbox.sheets.server import SheetsServer

PROJECT = "projects/office"
FILTER = 'attributes.location = "berlin"'
ALL_WELL = ["config", "directory", "service", "snapshot", "ledger", "time zone", "clock"]
ALL_WELL += ["machine", "machine clock", "memory", "users", "credentials", "project"]
ALL_WELL += 5 * ["publishing"] + 3 * ["subscription"]


def topic(name):
    return f"{PROJECT}/topics/{name}"


def subscription(name, location="berlin"):
    return f"{PROJECT}/subscriptions/{name}-{location}"


@pytest.fixture
def site(tmp_path, monkeypatch):
    """A site at which all is well."""
    machine = AttendanceMachine(record_capacity=100)
    machine.add_user("1001", "Anna Example")
    machine.punch("1001")
    mark = tmp_path / "synchronized"
    mark.touch()
    monkeypatch.setattr("attendance_client.app.system.TIMESYNC_MARK", mark)
    directory = tmp_path / "client"
    directory.mkdir()
    with DeviceServer(machine) as device, PubSubServer() as pubsub, SheetsServer() as google:
        for name in Topic:
            pubsub.create_topic(topic(name))
        monkeypatch.setenv("PUBSUB_EMULATOR_HOST", pubsub.address)
        key_file = tmp_path / "key.json"
        key_file.write_text(json.dumps(google.new_service_account("berlin@office.iam.gserviceaccount.com")))
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(key_file))
        site = SimpleNamespace(
            directory=directory,
            machine=machine,
            device=device,
            pubsub=pubsub,
            google=google,
            key_file=key_file,
            mark=mark,
            monkeypatch=monkeypatch,
        )
        configure(site)
        yield site


def configure(site, **changes):
    config = {
        "identifier": "berlin",
        "ip": "127.0.0.1",
        "port": site.device.port,
        "timeout_seconds": 1,
        "time_zone": "Europe/Berlin",
        "project_id": "office",
    }
    site.machine.clock_offset = timedelta(0)
    config |= changes
    text = json.dumps({key: value for key, value in config.items() if value is not None})
    (site.directory / "biometric_device_config.json").write_text(text)


def examine(capsys, site):
    """Exit code, and level, subject and text of each line."""
    code = main(["doctor", "--directory", str(site.directory)])
    printed = capsys.readouterr()
    assert printed.err == ""
    return code, [(line[:4].strip(), line[6:19].strip(), line[21:]) for line in printed.out.splitlines()]


def in_berlin(site):
    """Have the machine show the site's time, whatever the zone of the computer that runs the tests."""
    site.machine.clock_offset = datetime.now(ZoneInfo("Europe/Berlin")).replace(tzinfo=None) - datetime.now()


def test_all_is_well(capsys, site):
    in_berlin(site)
    code, lines = examine(capsys, site)

    assert [about for _, about, _ in lines] == ALL_WELL
    assert {about: level for level, about, _ in lines if level != "ok"} == {"credentials": "warn"}, (
        "a stand-in"
    )
    assert code == 0
    told = {about: text for _, about, text in lines}
    assert site.machine.serial_number in told["machine"]
    assert told["memory"] == "1 of 100 records (1%)"
    assert told["credentials"].startswith("berlin@office.iam.gserviceaccount.com; but PUBSUB_EMULATOR_HOST")


def test_it_makes_the_subscriptions_and_nothing_else(capsys, site):
    _, first = examine(capsys, site)
    _, again = examine(capsys, site)

    assert [text for _, about, text in first if about == "subscription"] == [
        f"{name}-berlin, just made" for name in REPLY_TOPICS
    ]
    assert [text for _, about, text in again if about == "subscription"] == [
        f"{name}-berlin" for name in REPLY_TOPICS
    ]
    assert all(site.pubsub.published(topic(name)) == [] for name in Topic)
    assert site.machine.enabled
    assert site.machine.record_count == 1
    assert [path.name for path in site.directory.iterdir()] == ["biometric_device_config.json"]


# What is not well: how to bring it about, and the level, subject and words of the line that tells of it.


def no_config(site):
    (site.directory / "biometric_device_config.json").unlink()


def no_directory(site):
    site.directory = site.directory / "none"


def torn_snapshot(site):
    store = FileSnapshotStore(site.directory)
    for state in (1, 3):
        store.save(Snapshot(state, 0, None, None, None, None))
    store.path.write_bytes(store.path.read_bytes()[:20])


def no_snapshot_left(site):
    (site.directory / "snapshot.json").write_text("{")


def unknown_snapshot(site):
    (site.directory / "snapshot.json").write_text('{"pi4_state": 4711}')


def damaged_ledger(site):
    """Where no summary of it looks: among the names."""
    path = site.directory / "ledger.sqlite3"
    ledger = Ledger(path, time(0))
    ledger.name_punches("A", {"1001": "Anna Example"})
    ledger.close()
    content = bytearray(path.read_bytes())
    page = content.index(b"Anna Example") // 4_096 * 4_096
    content[page : page + 4_096] = bytes(4_096)
    path.write_bytes(content)


def no_zone(name):
    def prepare(site):
        configure(site, time_zone=None)
        site.monkeypatch.setattr("attendance_client.app.config.system_time_zone", lambda: name)

    return prepare


def no_time_server(site, **changes):
    configure(site, **changes)
    site.mark.unlink()
    site.monkeypatch.setattr("attendance_client.app.system.kernels_clock_error_us", lambda: 16_000_000)


def machine_clock_in_another_zone(site):
    in_berlin(site)
    site.machine.clock_offset -= timedelta(hours=1, seconds=-7)


def no_machine(site):
    site.device.stop()


def wrong_comm_key(site):
    site.device.manner = Manner(comm_key=5)


def slow_machine_clock(site):
    in_berlin(site)
    site.machine.clock_offset -= timedelta(minutes=10)


def impossible_machine_clock(site):
    impossible = ((26 * 12 + 1) * 31 + 30) * 86_400  # 31 February
    site.device.faults.add(AnswerWith(Reply.OK, data=impossible.to_bytes(4, "little")), on=Command.GET_TIME)


def full_machine(site):
    for _ in range(79):
        site.machine.punch("1001")


def names_of_another_code_page(site):
    site.machine.encoding = "cp1252"
    site.machine.add_user("1002", "Jürgen")


def machine_that_breaks_off(site):
    site.device.faults.add(DropConnection(), on=Command.PREPARE_BUFFER)


def to_be_erased(heeds):
    def prepare(site):
        configure(site, clear_machine=True)
        ledger = Ledger(site.directory / "ledger.sqlite3", time(0))
        if heeds is not None:
            ledger.note_disabling(site.machine.serial_number, heeds=heeds)
        ledger.close()

    return prepare


def no_key_file(site):
    site.key_file.unlink()


def key_file_that_holds(text):
    return lambda site: site.key_file.write_text(text)


def key_file_that_is_a_folder(site):
    site.key_file.unlink()
    site.key_file.mkdir()


def a_key_that_google_does_not_know(site):
    with SheetsServer() as another:
        key = another.new_service_account("berlin@office.iam.gserviceaccount.com")
    site.key_file.write_text(json.dumps(key | {"token_uri": site.google.token_uri}))


def no_google(site):
    site.google.stop()


def no_project(site):
    configure(site, project_id=None)
    for name in ("GOOGLE_CLOUD_PROJECT", "GCLOUD_PROJECT"):
        site.monkeypatch.delenv(name, raising=False)
    key = json.loads(site.key_file.read_text())
    key.pop("project_id", None)
    site.key_file.write_text(json.dumps(key))
    site.monkeypatch.setenv("NO_GCE_CHECK", "true")
    site.monkeypatch.setenv("CLOUDSDK_CONFIG", str(site.directory / "none"))


def no_pubsub(site):
    site.pubsub.stop()


def another_project(site):
    configure(site, project_id="another")


def may_not(*permissions):
    return lambda site: site.pubsub.deny(*permissions)


def subscribed(**settings):
    """One subscription is there already, and is not what this site needs."""

    def prepare(site):
        site.pubsub.create_subscription(
            subscription(Topic.NEW_REVIEW_SHEET),
            settings.pop("on", topic(Topic.NEW_REVIEW_SHEET)),
            **{"message_filter": FILTER, **settings},
        )

    return prepare


def deleted_topic(site):
    subscribed()(site)
    publisher = pubsub_v1.PublisherClient()
    publisher.delete_topic(topic=topic(Topic.NEW_REVIEW_SHEET))
    publisher.create_topic(name=topic(Topic.NEW_REVIEW_SHEET))


@pytest.mark.parametrize(
    ("trouble", "level", "about", "words"),
    [
        (no_config, "FAIL", "config", "does not exist: attendance-client init writes it"),
        (lambda site: configure(site, port="x"), "FAIL", "config", "'port': expected a whole number"),
        (no_directory, "FAIL", "directory", "name the client's folder with --directory"),
        (torn_snapshot, "warn", "snapshot", "resumes from snapshot.previous.json"),
        (no_snapshot_left, "warn", "snapshot", "The client begins anew"),
        (unknown_snapshot, "FAIL", "snapshot", "Delete snapshot.json"),
        (damaged_ledger, "FAIL", "ledger", "When the client starts, it puts the file aside"),
        (no_zone("UTC"), "warn", "time zone", "put 'time_zone' into"),
        (no_zone("Etc/UTC"), "warn", "time zone", "put 'time_zone' into"),
        (no_time_server, "warn", "clock", "timedatectl set-ntp true"),
        (lambda site: no_time_server(site, set_machine_clock=True), "FAIL", "clock", "set_machine_clock"),
        (no_machine, "FAIL", "machine", "its menu (Comm. > Ethernet)"),
        (wrong_comm_key, "FAIL", "machine", "'comm_key'"),
        (lambda site: configure(site, udp=True), "FAIL", "machine", "With 'udp' it is spoken to by UDP"),
        (
            machine_clock_in_another_zone,
            "warn",
            "machine clock",
            "is not in Europe/Berlin, then put its zone",
        ),
        (slow_machine_clock, "warn", "machine clock", "device clock --set"),
        (impossible_machine_clock, "warn", "machine clock", "a date that does not exist"),
        (full_machine, "warn", "memory", "80 of 100 records (80%)"),
        (names_of_another_code_page, "warn", "users", r"1 are not utf-8, such as J\xfcrgen (1002)"),
        (machine_that_breaks_off, "FAIL", "machine", "closed the connection"),
        (to_be_erased(heeds=None), "warn", "clearing", "nobody has tried that yet: attendance-client device"),
        (to_be_erased(heeds=False), "warn", "clearing", "it took a punch while it was disabled"),
        (no_key_file, "FAIL", "credentials", "which does not exist"),
        (
            key_file_that_holds("[1]"),
            "FAIL",
            "credentials",
            "is no service account's key file: make a new key",
        ),
        (key_file_that_is_a_folder, "FAIL", "credentials", "is a folder: name the key file in it"),
        (a_key_that_google_does_not_know, "FAIL", "credentials", "Google does not accept the credentials"),
        (
            no_google,
            "FAIL",
            "credentials",
            "(nothing answers there: connection refused); is this computer on the",
        ),
        (no_project, "FAIL", "project", "put 'project_id' into"),
        (no_pubsub, "FAIL", "Pub/Sub", "(Connection refused); is this computer on the internet?"),
        (another_project, "FAIL", "publishing", "does not exist: create it"),
        (another_project, "FAIL", "subscription", "create the topics"),
        (may_not("pubsub.topics.publish"), "FAIL", "publishing", "--role=roles/pubsub.publisher"),
        (
            may_not("pubsub.topics.publish", "pubsub.topics.get"),
            "FAIL",
            "publishing",
            "--role=roles/pubsub.publisher",
        ),
        (
            may_not("pubsub.subscriptions.create"),
            "FAIL",
            "subscription",
            "gcloud pubsub subscriptions create",
        ),
        (may_not("pubsub.subscriptions.get"), "warn", "subscription", "its filter is not known"),
        (may_not("pubsub.subscriptions.consume"), "FAIL", "subscription", "--role=roles/pubsub.subscriber"),
        (subscribed(message_filter=""), "FAIL", "subscription", "its filter is missing. Delete it"),
        (subscribed(message_filter='attributes.location = "oslo"'), "FAIL", "subscription", '"oslo"'),
        (subscribed(on=topic(Topic.SITE_HEALTH)), "FAIL", "subscription", "it is on projects/office/topics"),
        (subscribed(push_endpoint="http://127.0.0.1:1/"), "FAIL", "subscription", "pushes its messages"),
        (deleted_topic, "FAIL", "subscription", "its topic was deleted"),
        (subscribed(), "warn", "subscription", "is off for 31 days"),
    ],
)
def test_what_is_not_well_is_told_with_its_remedy(capsys, site, trouble, level, about, words):
    trouble(site)
    code, lines = examine(capsys, site)

    told = [(level, text) for level, subject, text in lines if subject == about]
    assert any(found == level and words in text for found, text in told), lines
    assert code == int(any(found == "FAIL" for found, *_ in lines))
    assert code == 1 or level == "warn"


def test_a_config_that_a_windows_editor_saved_is_as_good_as_another(capsys, site):
    path = site.directory / "biometric_device_config.json"
    path.write_text(path.read_text(), encoding="utf-8-sig")
    _, lines = examine(capsys, site)
    assert {about: level for level, about, _ in lines}["time zone"] == "ok"


@pytest.mark.parametrize(
    ("minutes", "may_be"),
    [
        *((minutes, True) for minutes in (-60, -60.9, -59.1, 330, 26 * 60)),
        *((minutes, False) for minutes in (-58, -10, 15, 45, 27 * 60)),
    ],
)
def test_zones_differ_by_whole_half_hours(minutes, may_be):
    assert is_zone_difference(timedelta(minutes=minutes)) == may_be


def test_a_machine_that_may_be_erased(capsys, site):
    to_be_erased(heeds=True)(site)
    code, lines = examine(capsys, site)
    assert (code, {about: level for level, about, _ in lines}["clearing"]) == (0, "ok")


def test_a_clock_without_a_time_server_judges_no_machine(capsys, site):
    no_time_server(site)
    slow_machine_clock(site)
    _, lines = examine(capsys, site)

    [told] = [text for level, about, text in lines if (level, about) == ("warn", "machine clock")]
    assert "see to that first" in told


def test_a_missing_topic_of_health_messages_fails_nothing(capsys, site):
    pubsub_v1.PublisherClient().delete_topic(topic=topic(Topic.SITE_HEALTH))
    in_berlin(site)
    code, lines = examine(capsys, site)

    assert code == 0
    assert ("warn", "publishing") in [line[:2] for line in lines]


def test_a_client_that_is_running_is_noticed_and_left_alone(capsys, site):
    with bootstrap(site.directory, Event()) as runner:
        _, lines = examine(capsys, site)
        [told] = [text for level, about, text in lines if (level, about) == ("warn", "service")]
        assert "systemctl stop attendance-client" in told
        runner.step()
    _, lines = examine(capsys, site)
    assert "service" in [about for level, about, _ in lines if level == "ok"]


def test_without_pubsubs_stand_in_the_credentials_are_well(site):
    """Nothing after them is looked at: the computer that runs the tests may have no network."""
    site.monkeypatch.delenv("PUBSUB_EMULATOR_HOST")
    first = next(examine_cloud(load_config(site.directory)))

    assert first == Finding(Level.OK, "credentials", "berlin@office.iam.gserviceaccount.com")


@pytest.fixture
def without_iam(monkeypatch):
    """As Google's own emulator is."""
    monkeypatch.setattr(IamService, "SERVICE", "nothing.that.is.asked")


def test_a_stand_in_that_knows_no_permissions_cannot_tell(capsys, without_iam, site):
    code, lines = examine(capsys, site)

    assert code == 0
    assert {level for level, about, _ in lines if about == "publishing"} == {"warn"}
    assert {level for level, about, _ in lines if about == "subscription"} == {"ok"}
