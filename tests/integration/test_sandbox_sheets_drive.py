"""Drive v3: searches, folders, storage, sharing."""

from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.transport.requests import AuthorizedSession

from tests.integration.test_sandbox_sheets_support import Office, credentials, error_message

SPREADSHEET = "application/vnd.google-apps.spreadsheet"
FOLDER = "application/vnd.google-apps.folder"
FILES = "/drive/v3/files"


@pytest.fixture
def office() -> Iterator[Office]:
    with Office(owns_storage=False) as running:
        yield running


def create(office: Office, name: str, folder: str, **fields: Any) -> str:
    body = {"name": name, "mimeType": SPREADSHEET, "parents": [folder], **fields}
    response = office.call("POST", FILES, body, supportsAllDrives="true")
    assert response.status_code == 200, response.text
    made: str = response.json()["id"]
    return made


def search(office: Office, query: str, **options: Any) -> list[str]:
    options = {"supportsAllDrives": "true", "includeItemsFromAllDrives": "true", "orderBy": "name", **options}
    response = office.call("GET", FILES, q=query, **options)
    assert response.status_code == 200, response.text
    return [file["name"] for file in response.json()["files"]]


def reason(response: Any, status: int) -> str:
    error_message(response, status)
    found: str = response.json()["error"]["errors"][0]["reason"]
    return found


def test_an_account_without_storage_makes_files_in_shared_drives_only(office: Office) -> None:
    refused = office.call("POST", FILES, {"name": "x", "mimeType": SPREADSHEET})
    assert reason(refused, 403) == "storageQuotaExceeded"
    error_message(office.call("POST", "/v4/spreadsheets", {}), 403)
    private = office.server.new_spreadsheet("HR's template", share_with=[office.email])
    assert reason(office.call("POST", f"{FILES}/{private}/copy", {}), 403) == "storageQuotaExceeded"
    folder = office.server.new_shared_folder("Attendance")
    made = create(office, "January", folder)
    copy = {"name": "February", "parents": [folder]}
    response = office.call("POST", f"{FILES}/{private}/copy", copy, supportsAllDrives="true")
    assert response.status_code == 200
    assert office.get(made)["properties"]["title"] == "January"


def test_gspread_creates_in_a_shared_folder(office: Office) -> None:
    folder = office.server.new_shared_folder("Attendance")
    spreadsheet = office.client.create("January", folder_id=folder)
    spreadsheet.sheet1.update([["x"]], "A1")
    assert office.client.open("January", folder_id=folder).sheet1.get("A1") == [["x"]]


def test_shared_drives_must_be_asked_for(office: Office) -> None:
    folder = office.server.new_shared_folder("Attendance")
    body = {"name": "x", "mimeType": SPREADSHEET, "parents": [folder]}
    assert reason(office.call("POST", FILES, body), 404) == "notFound"
    made = create(office, "x", folder)
    assert reason(office.call("GET", f"{FILES}/{made}"), 404) == "notFound"
    assert search(office, "", includeItemsFromAllDrives="false") == []
    assert search(office, "") == ["x"]


def test_a_folder_of_others_cannot_be_used(office: Office) -> None:
    folder = office.server.new_shared_folder("Finance", members=["finance@example.com"])
    body = {"name": "x", "mimeType": SPREADSHEET, "parents": [folder]}
    assert reason(office.call("POST", FILES, body, supportsAllDrives="true"), 404) == "notFound"
    made = office.server.new_spreadsheet("Salaries", folder_id=folder, owner="finance@example.com")
    assert search(office, "") == []
    error_message(office.call("GET", f"/v4/spreadsheets/{made}"), 403)


@pytest.fixture(scope="module")
def library() -> Iterator[tuple[Office, str]]:
    """Four spreadsheets in two folders, one of them binned; and the first folder."""
    with Office(owns_storage=False) as office:
        folder, other = office.server.new_shared_folder("One"), office.server.new_shared_folder("Two")
        create(office, "A", folder, appProperties={"period": "2026-01"})
        create(office, "B", folder, appProperties={"period": "2026-02"})
        create(office, "it's", other)
        old = create(office, "old", folder)
        trash = office.call(
            "PATCH", f"{FILES}/{old}", {"trashed": True}, supportsAllDrives="true", fields="trashed"
        )
        assert trash.json() == {"trashed": True}
        yield office, folder


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["A", "B", "it's", "old"]),
        ("name = 'A'", ["A"]),
        (r"name = 'it\'s'", ["it's"]),
        ('name = "it\'s"', ["it's"]),
        ("name = 'B' and trashed = false", ["B"]),
        ("trashed = true", ["old"]),
        (f"mimeType = '{SPREADSHEET}' and trashed = false", ["A", "B", "it's"]),
        (f"mimeType = '{FOLDER}'", []),
        ("appProperties has { key='period' and value='2026-01' }", ["A"]),
        ("appProperties has { key='period' and value='2026-01' } and trashed = true", []),
        ("'FOLDER' in parents and trashed = false", ["A", "B"]),
        ('parents in "FOLDER" and name="A"', ["A"]),
    ],
)
def test_searches_find_what_they_name(library: tuple[Office, str], query: str, found: list[str]) -> None:
    office, folder = library
    assert search(office, query.replace("FOLDER", folder)) == found


@pytest.mark.parametrize(
    "query",
    [
        *("name", "name = A", "name = 'A", "size = '1'", "name = 'A' and", "; drop", "'x' in"),
        *("name = 'A' or name = 'B'", "name != 'A'", "name contains 'A'", "name = 'A'trashed = true"),
    ],
)
def test_a_search_that_is_not_understood_is_refused(library: tuple[Office, str], query: str) -> None:
    office, _ = library
    assert reason(office.call("GET", FILES, q=query), 400) == "invalid"


def test_lists_come_in_pages(office: Office) -> None:
    folder = office.server.new_shared_folder("Attendance")
    for number in range(5):
        create(office, f"book {number}", folder)
    names: list[str] = []
    options = {
        "supportsAllDrives": "true",
        "includeItemsFromAllDrives": "true",
        "pageSize": 2,
        "orderBy": "name",
    }
    token = ""
    while True:
        page = office.call("GET", FILES, pageToken=token, **options).json()
        names += [file["name"] for file in page["files"]]
        token = page.get("nextPageToken", "")
        if not token:
            break
    assert names == [f"book {number}" for number in range(5)]


def test_a_file_is_shown_renamed_and_tagged(office: Office) -> None:
    here = office.server.new_shared_folder("Here")
    made = create(office, "x", here)
    drives = {"supportsAllDrives": "true"}
    fields = "id,name,parents,appProperties,createdTime"
    body = {"name": "y", "appProperties": {"site": "hq", "period": "1"}}
    office.call("PATCH", f"{FILES}/{made}", body, **drives)
    office.call("PATCH", f"{FILES}/{made}", {"appProperties": {"site": None}}, **drives)
    error_message(office.call("PATCH", f"{FILES}/{made}", {}, addParents=here, **drives), 501)
    shown = office.call("GET", f"{FILES}/{made}", fields=fields, **drives).json()
    assert shown.pop("createdTime").endswith("Z")
    assert shown == {"id": made, "name": "y", "parents": [here], "appProperties": {"period": "1"}}
    assert office.get(made)["properties"]["title"] == "y"
    assert office.call("GET", f"{FILES}/{made}", **drives).json() == {
        "kind": "drive#file",
        "id": made,
        "name": "y",
        "mimeType": SPREADSHEET,
    }


def test_a_spreadsheet_renamed_in_sheets_is_renamed_in_drive(office: Office) -> None:
    made = create(office, "x", office.server.new_shared_folder("F"))
    office.client.open_by_key(made).update_title("Renamed")
    assert search(office, "name = 'Renamed'") == ["Renamed"]


def test_a_binned_spreadsheet_still_opens_and_a_deleted_one_does_not(office: Office) -> None:
    made = create(office, "x", office.server.new_shared_folder("F"))
    drives = {"supportsAllDrives": "true"}
    office.call("PATCH", f"{FILES}/{made}", {"trashed": True}, **drives)
    assert office.call("GET", f"/v4/spreadsheets/{made}").status_code == 200
    assert office.server.spreadsheets() == []
    deleted = office.call("DELETE", f"{FILES}/{made}", **drives)
    assert (deleted.status_code, deleted.content) == (204, b"")
    error_message(office.call("GET", f"/v4/spreadsheets/{made}"), 404)
    assert reason(office.call("DELETE", f"{FILES}/{made}", **drives), 404) == "notFound"


def test_only_the_owner_deletes_a_file(office: Office) -> None:
    shared = office.server.new_spreadsheet("HR's", share_with=[office.email])
    assert reason(office.call("DELETE", f"{FILES}/{shared}"), 403) == "insufficientFilePermissions"


def test_permissions_are_granted_listed_and_changed(office: Office) -> None:
    made = create(office, "x", office.server.new_shared_folder("F"))
    path, drives = f"{FILES}/{made}/permissions", {"supportsAllDrives": "true"}
    body = {"type": "user", "role": "writer", "emailAddress": "hr@example.com"}
    granted = office.call("POST", path, body, sendNotificationEmail="false", **drives).json()
    assert sorted(granted) == ["id", "kind", "role", "type"]
    again = office.call("POST", path, {**body, "role": "reader"}, **drives).json()
    assert again["id"] == granted["id"]
    listed = office.call("GET", path, fields="permissions(id,role,emailAddress)", **drives).json()
    of_the_drive = {"id": "anyoneWithLink", "role": "fileOrganizer"}
    assert listed["permissions"] == [
        {"id": granted["id"], "role": "reader", "emailAddress": "hr@example.com"},
        of_the_drive,
    ]


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"type": "user", "role": "writer", "emailAddress": "nobody"}, 400),
        ({"type": "user", "role": "writer"}, 400),
        ({"type": "pet", "role": "writer"}, 400),
        ({"type": "user", "role": "king", "emailAddress": "a@example.com"}, 400),
        ({"type": "user", "role": "owner", "emailAddress": "a@example.com"}, 400),
    ],
)
def test_impossible_permissions_are_refused(
    library: tuple[Office, str], body: dict[str, str], status: int
) -> None:
    office, _ = library
    made = create(office, "x", office.server.new_shared_folder("F"))
    error_message(office.call("POST", f"{FILES}/{made}/permissions", body, supportsAllDrives="true"), status)


def test_what_is_granted_opens_the_file_to_another_account(office: Office) -> None:
    folder = office.server.new_shared_folder("Private", members=[office.email])
    made = create(office, "x", folder)
    key = office.server.new_service_account("second@attendance-sandbox.iam.gserviceaccount.com")
    with AuthorizedSession(credentials(key)) as session:
        url = f"{office.server.url}/v4/spreadsheets/{made}"
        assert session.get(url).status_code == 403
        body = {"type": "user", "role": "reader", "emailAddress": key["client_email"]}
        office.call("POST", f"{FILES}/{made}/permissions", body, supportsAllDrives="true")
        assert session.get(url).status_code == 200
        values = {"values": [[1]]}
        written = session.put(f"{url}/values/A1", json=values, params={"valueInputOption": "RAW"})
        assert written.status_code == 403


def test_a_contributor_of_a_shared_drive_copies_and_may_not_bin(office: Office) -> None:
    folder = office.server.store.create_shared_folder("Attendance", [])
    folder.permissions = [{"id": "1", "type": "user", "role": "writer", "emailAddress": office.email}]
    made = create(office, "x", folder.file_id, appProperties={"period": "1", "kind": "original"})
    drives = {"supportsAllDrives": "true"}
    properties = {"name": "y", "appProperties": {"kind": "copy"}}
    copy = office.call(
        "POST", f"{FILES}/{made}/copy", properties, fields="id,appProperties,parents", **drives
    )
    assert copy.json()["appProperties"] == {"period": "1", "kind": "copy"}
    assert copy.json()["parents"] == [folder.file_id]
    refused = office.call("PATCH", f"{FILES}/{made}", {"trashed": True}, **drives)
    assert reason(refused, 403) == "insufficientFilePermissions"
    folder.permissions[0]["role"] = "fileOrganizer"
    assert office.call("PATCH", f"{FILES}/{made}", {"trashed": True}, **drives).status_code == 200
