"""Mail through the Gmail API: the consent of one mailbox, what is sent, and what becomes of refusals."""

import json
import os
import stat
from contextlib import ExitStack

import pytest

from attendance_backend.app import bootstrap
from attendance_backend.app.cli import main
from attendance_backend.errors import MailRefusedError, MailUnconfirmedError
from attendance_contracts import AlarmKind, RaiseFinalAlarm
from attendance_sandbox.mail.gmail import GmailServer
from attendance_sandbox.mail.server import MailServer
from tests.integration.backend_office import NOVEMBER, CloudOffice


@pytest.fixture
def gmail():
    with GmailServer() as server:
        yield server


@pytest.fixture
def consented(gmail, tmp_path, monkeypatch, capsys):
    """The mailbox's owner has consented; the environment is the functions'."""
    assert consent(gmail, tmp_path, monkeypatch, capsys)[0] == 0
    monkeypatch.setenv("MAIL_TRANSPORT", "gmail")
    monkeypatch.setenv("GMAIL_API_URL", gmail.url)
    monkeypatch.setenv("GMAIL_CREDENTIALS", (tmp_path / "gmail-consent.json").read_text())
    monkeypatch.setenv("MAIL_FROM", "attendance@example.com")
    monkeypatch.setenv("ALARM_TO", "hr@example.com, office@example.com")
    return gmail


def consent(gmail, folder, monkeypatch, capsys, paste=None):
    """Run the command with its owner's browser beside it; exit code, lines, complaints."""
    client = folder / "client.json"
    if not client.exists():
        client.write_text(json.dumps(gmail.new_client()))
    # The stand-in has no certificate; Google's own token server has.
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    monkeypatch.chdir(folder)
    said = []

    def browser(question):
        said.extend(capsys.readouterr().out.splitlines())
        return gmail.consent(said[-1]) if paste is None else paste

    monkeypatch.setattr("builtins.input", browser)
    code = main(["mail", "consent", "--client", str(client)])
    output = capsys.readouterr()
    return code, [*said, *output.out.splitlines()], output.err.splitlines()


def mailer():
    from attendance_backend.app.settings import read_mail
    from attendance_backend.app.variables import Variables

    return bootstrap.build_mailer(read_mail(Variables(os.environ))[0])


def test_the_consent_may_send_and_nothing_else_and_only_its_owner_reads_it(
    gmail, tmp_path, monkeypatch, capsys
):
    code, said, complaints = consent(gmail, tmp_path, monkeypatch, capsys)
    assert not complaints, complaints
    assert code == 0
    assert "scope=https%3A%2F%2Fwww.googleapis.com%2Fauth%2Fgmail.send&" in said[1]
    path = tmp_path / "gmail-consent.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert {"client_id", "client_secret", "refresh_token"} <= json.loads(path.read_text()).keys()
    secret = json.loads(path.read_text())["refresh_token"]
    assert not [line for line in said if secret in line]


@pytest.mark.parametrize(
    ("paste", "told"),
    [
        ("https://example.com/?code=1", "paste the whole address"),
        ("", "paste the whole address"),
        ("http://localhost:1/?error=access_denied&state=x", "run this again"),
        ("http://localhost:1/?state=x&code=4/0none", "run this again"),
    ],
)
def test_what_is_no_consent_is_told(gmail, tmp_path, monkeypatch, capsys, paste, told):
    code, _, complaints = consent(gmail, tmp_path, monkeypatch, capsys, paste)
    assert (code, len(complaints)) == (2, 1)
    assert told in complaints[0]
    assert not (tmp_path / "gmail-consent.json").exists()


@pytest.mark.parametrize("content", [None, "nonsense", "[]", '{"web": {}}', '{"installed": {}}'])
def test_what_is_no_client_is_told(tmp_path, capsys, content):
    if content is not None:
        (tmp_path / "client.json").write_text(content)
    assert main(["mail", "consent", "--client", str(tmp_path / "client.json")]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "client.json" in line


def test_a_test_mail_goes_out(consented, capsys):
    assert main(["mail", "test"]) == 0
    (message,) = consented.messages
    assert (message["From"], message["To"]) == (
        "attendance@example.com",
        "hr@example.com, office@example.com",
    )
    assert "alarms" in message.get_content()
    assert main(["mail", "test", "--to", "me@example.com"]) == 0
    assert consented.messages[-1]["To"] == "me@example.com"


def test_a_test_mail_goes_by_smtp_as_well(monkeypatch, capsys):
    monkeypatch.delenv("MAIL_TRANSPORT", raising=False)
    with MailServer() as mail:
        for name, value in {
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(mail.port),
            "MAIL_FROM": "a@example.com",
            "ALARM_TO": "hr@example.com",
        }.items():
            monkeypatch.setenv(name, value)
        assert main(["mail", "test"]) == 0
        assert [message["Subject"] for message in mail.messages] == ["Attendance: a test"]
    assert main(["mail", "test"]) == 3
    assert "try again" in capsys.readouterr().err


def test_an_alarm_of_the_functions_goes_out_once(consented, tmp_path, monkeypatch):
    with ExitStack() as stack:
        office = CloudOffice(stack, tmp_path, monkeypatch)
        alarm = RaiseFinalAlarm(
            location="berlin",
            request_id="a",
            kind=AlarmKind.FINAL_ALARM,
            after=NOVEMBER.last_day,
            on=NOVEMBER.last_day,
        )
        consented.fault = 429
        assert office.post(alarm).status_code == 500
        assert consented.messages == []
        assert [office.post(alarm).status_code for _ in range(2)] == [200, 200]
        assert office.mail.messages == []
        (message,) = consented.messages
        assert message["Subject"].startswith("Attendance: ")


def test_the_log_of_a_function_whose_mailbox_withdrew_its_consent_says_what_to_do(
    consented, tmp_path, monkeypatch, caplog
):
    with ExitStack() as stack:
        office = CloudOffice(stack, tmp_path, monkeypatch)
        consented.tokens.withdraw()
        last = NOVEMBER.last_day
        alarm = RaiseFinalAlarm(
            location="berlin", request_id="a", kind=AlarmKind.FINAL_ALARM, after=last, on=last
        )
        assert office.post(alarm).status_code == 500
        lines = [each.getMessage() for each in caplog.records if each.levelname in ("WARNING", "ERROR")]
        assert [line for line in lines if "mail consent" in line and "--new-gmail-consent" in line], lines


@pytest.mark.parametrize(
    ("fault", "kind", "sent"),
    [
        (400, MailRefusedError, 0),
        (403, MailRefusedError, 0),
        (503, MailUnconfirmedError, 0),
        (0, MailUnconfirmedError, 1),
    ],
)
def test_a_refusal_says_whether_a_mail_may_have_gone_out(consented, fault, kind, sent):
    consented.fault = fault
    with pytest.raises(kind):
        send(mailer())
    assert len(consented.messages) == sent


def test_what_cannot_be_reached_has_sent_nothing(consented):
    ready = mailer()
    ready.reach()
    consented.stop()
    with pytest.raises(MailRefusedError, match="connection refused"):
        send(ready)
    with pytest.raises(MailRefusedError, match="token server"):
        ready.reach()


def test_a_consent_that_was_withdrawn_is_told_with_the_way_back(consented, capsys):
    consented.tokens.withdraw()
    with pytest.raises(MailRefusedError, match="attendance-backend mail consent"):
        mailer().reach()


def test_an_hour_later_another_token_is_fetched(consented):
    ready = mailer()
    send(ready)
    consented.tokens.expire_all()
    with pytest.raises(MailRefusedError, match="401"):
        send(ready)
    send(ready)
    assert len(consented.messages) == 2


@pytest.mark.parametrize("text", ["", "secret words", "[1]", '{"client_id": "a"}'])
def test_a_malformed_consent_is_told_and_not_shown(consented, monkeypatch, capsys, text):
    monkeypatch.setenv("GMAIL_CREDENTIALS", text)
    assert main(["mail", "test"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "GMAIL_CREDENTIALS" in line
    assert "mail consent" in line
    assert "secret words" not in line


def send(ready):
    from attendance_backend.app.commands.mail import send_test

    send_test(ready, "attendance@example.com", ["hr@example.com"])
