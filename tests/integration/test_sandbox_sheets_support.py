"""What the tests of the Sheets stand-in share: a running server with gspread and plain REST connected to it."""

from typing import Any, Self

import gspread
import requests
from google.auth.transport.requests import AuthorizedSession
from google.oauth2.service_account import Credentials

from attendance_sandbox.sheets.server import SheetsServer

SCOPES = ("https://www.googleapis.com/auth/spreadsheets", "https://www.googleapis.com/auth/drive")
HOSTS = ("https://sheets.googleapis.com", "https://www.googleapis.com")


def credentials(key: dict[str, str], scopes: tuple[str, ...] = SCOPES) -> Credentials:
    return Credentials.from_service_account_info(key, scopes=scopes)


def gspread_client(
    server: SheetsServer, key: dict[str, str], scopes: tuple[str, ...] = SCOPES
) -> gspread.Client:
    """Gspread's own client; only the hosts in its URLs are replaced."""

    class LocalHTTPClient(gspread.HTTPClient):
        def request(self, method: str, endpoint: str, *args: Any, **options: Any) -> requests.Response:
            for host in HOSTS:
                endpoint = endpoint.replace(host, server.url, 1)
            return super().request(method, endpoint, *args, **options)

    return gspread.Client(credentials(key, scopes), http_client=LocalHTTPClient)


class Office:
    """A server, an account, and the ways to talk to it."""

    def __init__(self, **options: Any) -> None:
        self.server = SheetsServer(**options)
        self.email = "backend@attendance-sandbox.iam.gserviceaccount.com"

    def __enter__(self) -> Self:
        self.server.start()
        self.key = self.server.new_service_account(self.email)
        self.client = gspread_client(self.server, self.key)
        self.session = AuthorizedSession(credentials(self.key))
        return self

    def __exit__(self, *_: object) -> None:
        self.session.close()
        self.client.http_client.session.close()
        self.server.stop()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> requests.Response:
        return self.session.request(method, self.server.url + path, json=body, params=query)

    def new(self, title: str = "Book") -> str:
        """A new spreadsheet of the account's own; its ID."""
        return self.client.create(title).id

    def get(self, spreadsheet_id: str, **query: Any) -> Any:
        response = self.call("GET", f"/v4/spreadsheets/{spreadsheet_id}", **query)
        response.raise_for_status()
        return response.json()

    def batch(self, spreadsheet_id: str, *requests_: dict[str, Any]) -> requests.Response:
        return self.call(
            "POST", f"/v4/spreadsheets/{spreadsheet_id}:batchUpdate", {"requests": list(requests_)}
        )

    def replies(self, spreadsheet_id: str, *requests_: dict[str, Any]) -> list[Any]:
        response = self.batch(spreadsheet_id, *requests_)
        assert response.status_code == 200, response.text
        return response.json()["replies"]

    def values(self, spreadsheet_id: str, text: str, **query: Any) -> list[list[Any]]:
        response = self.call("GET", f"/v4/spreadsheets/{spreadsheet_id}/values/{text}", **query)
        response.raise_for_status()
        return response.json().get("values", [])

    def put(
        self, spreadsheet_id: str, text: str, values: list[list[Any]], option: str = "USER_ENTERED"
    ) -> requests.Response:
        path = f"/v4/spreadsheets/{spreadsheet_id}/values/{text}"
        return self.call("PUT", path, {"values": values}, valueInputOption=option)

    def cell(self, spreadsheet_id: str, text: str, fields: str = "*") -> dict[str, Any]:
        """One cell as a CellData message."""
        mask = f"sheets.data.rowData.values({fields})"
        data = self.get(spreadsheet_id, ranges=text, fields=mask)["sheets"][0]["data"][0]
        return data["rowData"][0]["values"][0] if "rowData" in data else {}


def error_message(response: requests.Response, status: int = 400) -> str:
    """The message of an answer that must be a refusal with that status."""
    assert response.status_code == status, response.text
    message: str = response.json()["error"]["message"]
    return message
