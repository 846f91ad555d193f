"""Settings and events: what is missing or malformed is named."""

import base64
import json
import logging
import subprocess
import sys
from datetime import date
from pathlib import Path
from types import SimpleNamespace

import pytest

from attendance_backend.app import bootstrap
from attendance_backend.app.logs import JsonFormatter
from attendance_backend.app.service import decoded, envelope_of, serve
from attendance_backend.app.settings import NAMES, TRANSPORTS, read_settings, unknown_names
from attendance_backend.app.variables import Variables, read_settings_file
from attendance_backend.errors import EventError, SettingsError
from attendance_contracts import GetReviewPeriod, encode
from attendance_deploy import settings as deployed

COMPLETE = {
    "GOOGLE_CLOUD_PROJECT": "office",
    "REVIEW_PERIODS_SPREADSHEET_ID": "1AbcDefGhIjKlMn_-",
    "SMTP_HOST": "mail.example.com",
    "MAIL_FROM": "attendance@example.com",
    "ALARM_TO": "hr@example.com, boss@example.com",
}


def test_defaults():
    settings = read_settings(Variables(COMPLETE))
    assert settings.sheets_api_url == "https://sheets.googleapis.com"
    assert settings.drive_api_url == "https://www.googleapis.com"
    assert settings.folder_id is None
    assert settings.alarm_to == ("hr@example.com", "boss@example.com")
    assert (settings.mail.port, settings.mail.starttls, settings.mail.username) == (587, False, None)


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_missing_variable_is_named(name):
    with pytest.raises(SettingsError, match=f"{name} is not set"):
        read_settings(Variables({**COMPLETE, name: " "}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("REVIEW_PERIODS_SPREADSHEET_ID", "https://docs.google.com/forms/1AbcDefGhIjKlMn"),
        ("REVIEW_SHEETS_FOLDER_ID", "a/b"),
        ("SHEETS_API_URL", "sheets.googleapis.com"),
        ("DRIVE_API_URL", "ftp://x"),
        ("DRIVE_API_URL", "http://[x"),
        ("SHEETS_API_URL", "http://127.0.0.1:port"),
        ("SMTP_PORT", "smtp"),
        ("SMTP_PORT", "70000"),
        ("SMTP_STARTTLS", "maybe"),
        ("MAIL_TRANSPORT", "pigeon"),
        ("MAIL_FROM", "nobody"),
        ("ALARM_TO", "hr@example.com; boss@example.com,"),
        ("ALARM_TO", ","),
    ],
)
def test_a_malformed_variable_is_named(name, value):
    with pytest.raises(SettingsError, match=f"{name} holds"):
        read_settings(Variables({**COMPLETE, name: value}))


@pytest.mark.parametrize("name", sorted(COMPLETE))
def test_a_file_of_settings_is_named(name):
    in_file = {**COMPLETE, name: ""}
    with pytest.raises(SettingsError, match=f"^{name} is set neither in f.yaml nor in the environment"):
        read_settings(Variables({}, Path("f.yaml"), in_file))
    with pytest.raises(SettingsError, match=f"variable {name} is empty, and hides what f.yaml says"):
        read_settings(Variables({name: ""}, Path("f.yaml"), COMPLETE))


def test_a_malformed_setting_is_named_with_where_it_stands():
    with pytest.raises(SettingsError, match=r"^SMTP_PORT in f\.yaml holds 'smtp'"):
        read_settings(Variables({}, Path("f.yaml"), {**COMPLETE, "SMTP_PORT": "smtp"}))
    with pytest.raises(SettingsError, match=r"^the environment variable SMTP_PORT holds 'x'"):
        read_settings(Variables({"SMTP_PORT": "x"}, Path("f.yaml"), {**COMPLETE, "SMTP_PORT": "25"}))


def test_a_file_with_the_mark_that_windows_puts_in_front_is_read(tmp_path):
    path = tmp_path / "functions.yaml"
    path.write_text("SMTP_PORT: '25'\nSMTP_HOST: mail\n", encoding="utf-8-sig")
    assert read_settings_file(path) == {"SMTP_PORT": "25", "SMTP_HOST": "mail"}


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("SMTP_STARTTLES", "did you mean SMTP_STARTTLS?"),
        ("REVIEW_PERIOD_SPREADSHEET_ID", "did you mean REVIEW_PERIODS_SPREADSHEET_ID?"),
        ("COLOUR", f"the settings are: {', '.join(NAMES)}"),
    ],
)
def test_a_name_in_the_file_that_means_nothing_is_told(name, hint):
    variables = Variables({"PATHS": "/bin"}, Path("f.yaml"), {**COMPLETE, name: "1"})
    assert unknown_names(variables) == [f"there is no setting {name}, which stands in f.yaml; {hint}"]
    read_settings(variables)  # the functions do not mind


def test_every_name_that_is_looked_at_is_known():
    asked = set()

    class Recording(dict):
        def __contains__(self, name):
            asked.add(name)
            return super().__contains__(name)

    read_settings(Variables(Recording(COMPLETE)))
    consent = '{"client_id": "a", "client_secret": "b", "refresh_token": "c"}'
    read_settings(Variables(Recording({**COMPLETE, "MAIL_TRANSPORT": "gmail", "GMAIL_CREDENTIALS": consent})))
    assert asked <= set(NAMES)
    elsewhere = {
        "GOOGLE_APPLICATION_CREDENTIALS": "by google-auth",
        "GOOGLE_CLOUD_REGION": "by deploy/gcp/deploy",
        "MONITORING_API_URL": "by attendance-backend doctor",
    }
    assert set(NAMES) - asked == elsewhere.keys()


def test_a_user_needs_a_password_and_nobody_sees_it():
    with pytest.raises(SettingsError, match="SMTP_PASSWORD"):
        read_settings(Variables({**COMPLETE, "SMTP_USERNAME": "u"}))
    login = {"SMTP_USERNAME": "u", "SMTP_PASSWORD": "hunter2"}
    settings = read_settings(Variables({**COMPLETE, **login, "SMTP_STARTTLS": "true"}))
    assert settings.mail.password == "hunter2"
    assert "hunter2" not in repr(settings)


def test_a_password_never_crosses_the_network_in_the_open():
    login = {"SMTP_USERNAME": "u", "SMTP_PASSWORD": "hunter2"}
    with pytest.raises(SettingsError, match="SMTP_STARTTLS"):
        read_settings(Variables({**COMPLETE, **login}))
    assert read_settings(Variables({**COMPLETE, **login, "SMTP_PORT": "465"})).mail.port == 465


REQUEST = GetReviewPeriod(location="berlin", request_id="r1", after=None, on=date(2026, 11, 3))


def event_data(data=None, attributes=None):
    encoded, own = encode(REQUEST)
    return {
        "message": {
            "data": base64.b64encode(encoded if data is None else data).decode(),
            "attributes": own if attributes is None else attributes,
        }
    }


def test_an_event_holds_a_message():
    assert decoded(GetReviewPeriod, *envelope_of(GetReviewPeriod, event_data())) == REQUEST


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"bytes",
        [],
        {},
        {"message": None},
        {"message": {"data": 7}},
        {"message": {"data": "no base64!"}},
        {"message": {"data": "äöü", "attributes": {}}},
        {"message": {"data": "", "attributes": []}},
        event_data(data=b"not json"),
        event_data(attributes={}),
        event_data(attributes={**encode(REQUEST)[1], "contract_version": "99"}),
        event_data(attributes={**encode(REQUEST)[1], "location": "hamburg"}),
    ],
)
def test_an_event_without_a_message_is_a_clear_error(data):
    with pytest.raises(EventError):
        decoded(GetReviewPeriod, *envelope_of(GetReviewPeriod, data))


def test_log_lines_for_google_cloud():
    import logging

    record = logging.LogRecord("backend", logging.ERROR, "x.py", 1, "what %s", ("happened",), None)
    assert json.loads(JsonFormatter().format(record)) == {
        "severity": "ERROR",
        "message": "what happened",
        "logger": "backend",
    }


def test_nothing_happens_at_import():
    """No client is made and no setting is read before the first message."""
    program = (
        "import sys, attendance_backend.handlers.dispatch, attendance_backend.app.service\n"
        "import attendance_backend.app.bootstrap as b\n"
        "assert b.settings.cache_info().currsize == 0\n"
        "assert b.backend.cache_info().currsize == 0\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True, env={}, timeout=60)


def test_the_first_line_of_a_process_has_its_severity(monkeypatch, capsys):
    monkeypatch.setattr(logging.getLogger(), "handlers", [])
    for name, value in {**COMPLETE, "K_SERVICE": "get-review-period"}.items():
        monkeypatch.setenv(name, value)
    bootstrap.settings.cache_clear()
    with pytest.raises(EventError):
        serve(GetReviewPeriod, SimpleNamespace(data={}))
    assert json.loads(capsys.readouterr().out)["severity"] == "ERROR"
    bootstrap.settings.cache_clear()


def test_a_signing_secret_is_long_and_never_told():
    assert read_settings(Variables(COMPLETE)).signing_secret == b""
    settings = read_settings(Variables({**COMPLETE, "SIGNING_SECRET": "s" * 32}))
    assert settings.signing_secret == b"s" * 32
    assert "sss" not in repr(settings)
    with pytest.raises(SettingsError, match="32 characters or more") as refusal:
        read_settings(Variables({**COMPLETE, "SIGNING_SECRET": "hush" * 7}))
    assert "hush" not in str(refusal.value)


def test_whoever_deploys_knows_each_way_to_tell_people_and_each_setting():
    asked = deployed.ASKED[deployed.TRANSPORT].pattern
    assert tuple(asked.split("|")) == TRANSPORTS, "ASKED in deploy/gcp/attendance_deploy/settings.py"
    assert set(NAMES) >= deployed.ALL_NAMES, "NAMES in src/backend/attendance_backend/app/settings.py"


def test_ids_may_be_given_as_the_addresses_that_a_browser_shows():
    given = {
        "REVIEW_SHEETS_FOLDER_ID": "https://drive.google.com/drive/u/0/folders/1FolderFolder?usp=sharing",
        "REVIEW_PERIODS_SPREADSHEET_ID": "https://docs.google.com/spreadsheets/d/1Sheet-Sheet/edit#gid=0",
    }
    found = read_settings(Variables({**COMPLETE, **given}))
    assert (found.folder_id, found.control_id) == ("1FolderFolder", "1Sheet-Sheet")
