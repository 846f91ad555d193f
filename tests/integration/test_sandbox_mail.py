"""The mail stand-in, through smtplib."""

import smtplib
import socket
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from attendance_sandbox.mail.faults import connection_lost, failure_after_data, refusal
from attendance_sandbox.mail.server import MailServer


@pytest.fixture
def events() -> list[str]:
    return []


@pytest.fixture
def server(tmp_path: Path, events: list[str]) -> Iterator[MailServer]:
    with MailServer(folder=tmp_path / "mail", on_event=events.append) as running:
        yield running


@pytest.fixture
def smtp(server: MailServer) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as client:
        yield client


def alarm(subject: str = "No review period after 31 January", to: str = "hr@example.com") -> EmailMessage:
    message = EmailMessage()
    message["From"] = "attendance@example.com"
    message["To"] = to
    message["Subject"] = subject
    message.set_content("Bitte ergänzen: Überprüfungszeitraum\n")
    return message


def test_a_message_is_kept_as_it_was_sent(server: MailServer, smtp: smtplib.SMTP, tmp_path: Path) -> None:
    smtp.send_message(alarm(to="hr@example.com, it@example.com"))
    (message,) = server.messages
    assert message["Subject"] == "No review period after 31 January"
    assert message.get_content() == "Bitte ergänzen: Überprüfungszeitraum\r\n"
    assert message["X-Mail-From"] == "attendance@example.com"
    assert message["X-Rcpt-To"] == "hr@example.com, it@example.com"
    (path,) = (tmp_path / "mail").iterdir()
    assert path.name == "00001-no-review-period-after-31-january.eml"
    read = message_from_bytes(path.read_bytes(), policy=policy.default)
    assert read["Subject"] == message["Subject"]


def test_files_are_ordered_and_go_on_after_a_restart(tmp_path: Path) -> None:
    folder = tmp_path / "mail"
    for _ in range(2):
        with MailServer(folder=folder) as server, smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
            smtp.send_message(alarm("same subject"))
            smtp.send_message(alarm("same subject"))
            assert len(server.messages) == 2
    names = [f"0000{number}-same-subject.eml" for number in (1, 2, 3, 4)]
    assert sorted(path.name for path in folder.iterdir()) == names


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("../../../etc/passwd", "00001-etc-passwd.eml"),
        ("/", "00001.eml"),
        ("", "00001.eml"),
        ("Überstunden & Co.", "00001-berstunden-co.eml"),
        ("x" * 300, "00001-" + "x" * 60 + ".eml"),
    ],
)
def test_a_subject_is_never_a_path(
    server: MailServer, smtp: smtplib.SMTP, tmp_path: Path, subject: str, name: str
) -> None:
    smtp.send_message(alarm(subject))
    assert server.messages[0]["Subject"] == subject
    assert [path.name for path in tmp_path.rglob("*.eml")] == [name]


@pytest.mark.parametrize("code", [450, 451, 452, 550, 552])
def test_a_recipient_can_be_refused(
    server: MailServer, smtp: smtplib.SMTP, code: int, events: list[str]
) -> None:
    server.faults.add(refusal(code))
    with pytest.raises(smtplib.SMTPRecipientsRefused) as refused:
        smtp.send_message(alarm())
    assert refused.value.recipients["hr@example.com"][0] == code
    assert server.messages == []
    assert events == [f"refused hr@example.com [{code}]"]
    smtp.send_message(alarm())
    assert len(server.messages) == 1


def test_one_of_two_recipients_can_be_refused(server: MailServer, smtp: smtplib.SMTP) -> None:
    server.faults.add(refusal(550))
    refused = smtp.send_message(alarm(to="gone@example.com, hr@example.com"))
    assert list(refused) == ["gone@example.com"]
    assert server.messages[0]["X-Rcpt-To"] == "hr@example.com"


def test_failing_after_the_data_makes_a_retry_a_duplicate(server: MailServer, smtp: smtplib.SMTP) -> None:
    server.faults.add(failure_after_data())
    with pytest.raises(smtplib.SMTPDataError) as failed:
        smtp.send_message(alarm())
    assert failed.value.smtp_code == 451
    smtp.send_message(alarm())
    assert len(server.messages) == 2


def test_the_connection_can_break_after_the_data(server: MailServer) -> None:
    server.faults.add(connection_lost())
    with (
        smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp,
        pytest.raises((smtplib.SMTPServerDisconnected, ConnectionError)),
    ):
        smtp.send_message(alarm())
    assert len(server.messages) == 1


def test_faults_can_be_repeated_and_forgotten(server: MailServer, smtp: smtplib.SMTP) -> None:
    server.faults.add(refusal(450), times=3)
    for _ in range(2):
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            smtp.send_message(alarm())
    server.faults.clear()
    smtp.send_message(alarm())
    assert len(server.messages) == 1
    with pytest.raises(ValueError, match="no refusal with code 250"):
        refusal(250)


def test_messages_from_many_threads_all_arrive(server: MailServer, tmp_path: Path) -> None:
    def send(number: int) -> None:
        with smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
            smtp.send_message(alarm(f"number {number}"))

    threads = [threading.Thread(target=send, args=(number,)) for number in range(10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(message["Subject"] for message in server.messages) == sorted(
        f"number {n}" for n in range(10)
    )
    assert len(list((tmp_path / "mail").glob("*.eml"))) == 10


def test_without_a_folder_messages_are_kept_in_memory(tmp_path: Path) -> None:
    with MailServer() as server, smtplib.SMTP("127.0.0.1", server.port, timeout=60) as smtp:
        smtp.send_message(alarm())
        assert len(server.messages) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_port_in_use_is_an_error_and_stop_closes_open_connections() -> None:
    server = MailServer()
    with pytest.raises(OSError, match="in use"):
        MailServer(server.port)
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=60) as connection:
        assert connection.recv(4) == b"220 "
        server.stop()
        while connection.recv(1024):
            pass
    MailServer(server.port).stop()
