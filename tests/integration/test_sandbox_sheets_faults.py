"""Faults and quotas: what goes wrong on request, and what has been done by then."""

import socket
import threading
import time
from collections.abc import Iterator

import pytest
import requests
from google.auth import exceptions
from google.auth.transport.requests import Request as AuthRequest

from attendance_sandbox.sheets.faults import (
    Fault,
    Faults,
    Request,
    delayed,
    dropped,
    internal_error,
    rate_limited,
    unavailable,
)
from attendance_sandbox.sheets.quota import Quota
from attendance_sandbox.sheets.server import SheetsServer
from tests.integration.test_sandbox_sheets_support import Office, credentials, error_message


@pytest.fixture(scope="module")
def running() -> Iterator[Office]:
    with Office() as office:
        yield office


@pytest.fixture
def office(running: Office) -> Iterator[Office]:
    yield running
    running.server.faults.clear()
    running.server.faults.hook = None


@pytest.mark.parametrize(
    ("fault", "status", "name", "stored"),
    [
        (rate_limited(), 429, "RESOURCE_EXHAUSTED", False),
        (internal_error(), 500, "INTERNAL", False),
        (unavailable(), 503, "UNAVAILABLE", False),
        (internal_error(applied=True), 500, "INTERNAL", True),
        (unavailable(applied=True), 503, "UNAVAILABLE", True),
    ],
    ids=lambda value: value.name if isinstance(value, Fault) else None,
)
def test_a_failure_says_what_happened_and_is_over_after_one_request(
    office: Office, fault: Fault, status: int, name: str, stored: bool
) -> None:
    book = office.new()
    office.server.faults.add(fault, when=lambda request: request.kind == "write")
    response = office.put(book, "A1", [["x"]])
    assert (response.status_code, response.json()["error"]["status"]) == (status, name)
    assert office.values(book, "A1") == ([["x"]] if stored else [])
    assert office.server.log[-2].fault == fault.name
    assert office.server.log[-2].cells_written == (1 if stored else 0)
    assert office.put(book, "A1", [["y"]]).status_code == 200


@pytest.mark.parametrize("applied", [False, True])
def test_a_dropped_connection_leaves_the_client_without_an_answer(office: Office, applied: bool) -> None:
    book = office.new()
    office.server.faults.add(dropped(applied=applied))
    with pytest.raises(requests.ConnectionError):
        office.put(book, "A1", [["x"]])
    assert office.values(book, "A1") == ([["x"]] if applied else [])
    assert office.server.log[-2].status == 0


def test_a_delayed_answer_comes_late_and_holds_up_nobody_else(office: Office) -> None:
    book = office.new()
    office.server.faults.add(delayed(0.3))
    slow = threading.Thread(target=office.put, args=(book, "A1", [["slow"]]))
    slow.start()
    while not office.server.read(book, "A1"):
        time.sleep(0.005)
    began = time.monotonic()
    with requests.Session() as other:
        url = f"{office.server.url}/v4/spreadsheets/{book}"
        other.get(url, headers={"Authorization": f"Bearer {office.session.credentials.token}"}, timeout=5)
    assert time.monotonic() - began < 0.25
    slow.join()
    assert next(entry for entry in reversed(office.server.log) if entry.fault).seconds >= 0.3


def test_a_condition_chooses_the_request(office: Office) -> None:
    book = office.new()
    office.server.faults.add(
        unavailable(), when=lambda request: request.path.endswith(":batchUpdate"), times=2
    )
    assert office.put(book, "A1", [[1]]).status_code == 200
    add = {"addSheet": {"properties": {"title": "X"}}}
    assert [office.batch(book, add).status_code for _ in range(3)] == [503, 503, 200]


def test_a_hook_sees_every_request_and_may_spoil_it(office: Office) -> None:
    book = office.new()
    seen: list[Request] = []

    def hook(request: Request) -> Fault | None:
        seen.append(request)
        return unavailable() if len(seen) == 2 else None

    office.server.faults.hook = hook
    codes = [office.put(book, "A1", [[1]]).status_code for _ in range(3)]
    assert codes == [200, 503, 200]
    assert {(one.method, one.kind, one.caller) for one in seen} == {("PUT", "write", office.email)}
    numbers = [one.number for one in seen]
    assert numbers == sorted(set(numbers))


def test_drive_and_the_token_endpoint_can_fail_too(office: Office) -> None:
    office.server.faults.add(internal_error(), when=lambda request: request.kind == "drive")
    error_message(office.call("GET", "/drive/v3/files"), 500)
    office.server.faults.add(unavailable())  # spares tokens
    office.server.faults.add(dropped(), when=lambda request: request.kind == "token")
    with pytest.raises(exceptions.TransportError):
        credentials(office.key).refresh(AuthRequest())
    credentials(office.key).refresh(AuthRequest())
    error_message(office.call("GET", "/drive/v3/files"), 503)


def test_faults_can_be_given_to_the_server(office: Office) -> None:
    faults = Faults()
    faults.add(unavailable())
    with Office(faults=faults) as other:
        error_message(other.call("GET", "/drive/v3/files"), 503)


class ManualClock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_the_quota_allows_so_many_reads_and_writes_a_minute() -> None:
    clock = ManualClock()
    with Office(quota=Quota(reads_per_minute=3, writes_per_minute=2, clock=clock)) as office:
        book = office.server.new_spreadsheet("Book", share_with=[office.email])

        def read() -> int:
            return office.call("GET", f"/v4/spreadsheets/{book}/values/A1").status_code

        def write() -> int:
            return office.put(book, "A1", [["x"]]).status_code

        assert [read() for _ in range(4)] == [200, 200, 200, 429]
        clock.now = 30
        assert [write() for _ in range(3)] == [200, 200, 429]
        assert "Write requests per minute per user" in error_message(office.put(book, "A1", [[1]]), 429)
        clock.now = 60
        assert (read(), write()) == (200, 429)
        clock.now = 90
        assert (read(), write()) == (200, 200)


def test_each_account_has_a_quota_of_its_own() -> None:
    clock = ManualClock()
    quota = Quota(reads_per_minute=1, clock=clock)
    quota.spend("read", "a")
    quota.spend("read", "b")
    with pytest.raises(Exception, match="Read requests per minute per user"):
        quota.spend("read", "a")


@pytest.mark.parametrize("answer", ["quota", "fault"])
def test_a_refusal_for_too_many_requests_tells_which_limit_it_was(answer: str) -> None:
    # The form was recorded from the real service.
    with Office(quota=Quota(writes_per_minute=1, clock=ManualClock())) as office:
        book = office.server.new_spreadsheet("Book", share_with=[office.email])
        if answer == "fault":
            office.server.faults.add(rate_limited())
        else:
            office.put(book, "A1", [["x"]])
        error = office.put(book, "A1", [["y"]]).json()["error"]
    assert (error["code"], error["status"]) == (429, "RESOURCE_EXHAUSTED")
    assert error["message"] == (
        "Quota exceeded for quota metric 'Write requests' and limit 'Write requests per minute per user' of "
        "service 'sheets.googleapis.com' for consumer 'project_number:0'."
    )
    (detail,) = error["details"]
    assert detail["@type"] == "type.googleapis.com/google.rpc.ErrorInfo"
    assert (detail["reason"], detail["domain"]) == ("RATE_LIMIT_EXCEEDED", "googleapis.com")
    metadata = detail["metadata"]
    assert metadata["quota_metric"] == "sheets.googleapis.com/write_requests"
    assert metadata["quota_limit"] == "WriteRequestsPerMinutePerUser"
    assert metadata["quota_unit"] == "1/min/{project}/{user}"


def test_a_port_in_use_is_an_error_and_the_port_is_free_after_stop() -> None:
    with SheetsServer() as server:
        port = server.port
        with pytest.raises(OSError, match="in use"):
            SheetsServer(port)
    with SheetsServer(port) as again:
        assert again.port == port


def test_stop_closes_connections_that_are_kept_open() -> None:
    server = SheetsServer()
    server.start()
    with socket.create_connection(("127.0.0.1", server.port), timeout=5) as connection:
        connection.sendall(b"GET /x HTTP/1.1\r\nHost: x\r\n\r\n")
        assert connection.recv(65536).startswith(b"HTTP/1.1 404")
        server.stop()
        assert connection.recv(1) == b""


@pytest.mark.parametrize(
    ("head", "status"),
    [
        (b"POST /token HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"411"),
        (b"POST /token HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n", b"411"),
        (b"POST /token HTTP/1.1\r\nContent-Length: 99999999999\r\n\r\n", b"413"),
    ],
)
def test_bodies_without_a_sensible_length_are_refused(office: Office, head: bytes, status: bytes) -> None:
    with socket.create_connection(("127.0.0.1", office.server.port), timeout=5) as connection:
        connection.sendall(head)
        assert connection.recv(12) == b"HTTP/1.1 " + status


def test_many_threads_write_without_losing_anything(office: Office) -> None:
    book = office.new()
    token = office.session.credentials.token

    def write(column: str) -> None:
        with requests.Session() as session:
            for row in range(1, 21):
                response = session.put(
                    f"{office.server.url}/v4/spreadsheets/{book}/values/{column}{row}",
                    json={"values": [[row]]},
                    params={"valueInputOption": "RAW"},
                    headers={"Authorization": f"Bearer {token}"},
                    timeout=10,
                )
                assert response.status_code == 200

    threads = [threading.Thread(target=write, args=(column,)) for column in "ABCD"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert office.server.read(book, "A1:D20") == [[row] * 4 for row in range(1, 21)]
