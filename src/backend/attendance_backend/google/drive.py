"""Google Drive v3, through gspread's HTTP client."""

from collections.abc import Mapping, Sequence
from urllib.parse import quote

from gspread.urls import DRIVE_FILES_API_V3_URL

from attendance_backend.errors import RefusedError, SpreadsheetGoneError
from attendance_backend.google.google_http import GoogleHttpClient, Json
from attendance_backend.ports import File, Folder, Grant, Whereabouts

_FOLDER_TYPE = "application/vnd.google-apps.folder"
_SPREADSHEET_TYPE = "application/vnd.google-apps.spreadsheet"
_MOST_FILES = 1000
"""Of one list: as many as Drive gives at once, and far more than are looked for."""


class GoogleDrive:
    """The `Drive` port."""

    def __init__(self, client: GoogleHttpClient, folder_id: str | None) -> None:
        """Create spreadsheets in a folder of a shared drive; without one, in the service account's own drive."""
        self._client = client
        self._folder_id = folder_id

    def find(self, properties: Mapping[str, str]) -> Sequence[str]:
        return [file.file_id for file in self.files(properties)]

    def files(self, properties: Mapping[str, str]) -> Sequence[File]:
        return self._list(_SPREADSHEET_TYPE, properties)

    def _list(self, mime_type: str, properties: Mapping[str, str]) -> Sequence[File]:
        conditions = [f"mimeType = {_text(mime_type)}", "trashed = false"]
        conditions += [
            f"appProperties has {{ key={_text(key)} and value={_text(value)} }}"
            for key, value in properties.items()
        ]
        answer = self._call(
            "get",
            DRIVE_FILES_API_V3_URL,
            "files(id,appProperties)",
            what="the list of review sheets in Drive",
            q=" and ".join(conditions),
            orderBy="createdTime",
            pageSize=_MOST_FILES,
            includeItemsFromAllDrives="true",
        )
        return [File(file["id"], file.get("appProperties", {})) for file in answer.get("files", [])]

    def create(self, title: str, properties: Mapping[str, str]) -> str:
        return self._create(_SPREADSHEET_TYPE, title, properties)

    def subfolder(self, title: str, properties: Mapping[str, str]) -> str:
        found = self._list(_FOLDER_TYPE, properties)
        return found[0].file_id if found else self._create(_FOLDER_TYPE, title, properties)

    def copy(
        self, file_id: str, title: str, properties: Mapping[str, str], folder_id: str | None = None
    ) -> str:
        body: Json = {"name": title, "appProperties": dict(properties)}
        parent = folder_id or self._folder_id
        if parent is not None:
            body["parents"] = [parent]
        what = f"copying spreadsheet {file_id}"
        answer = self._call("post", f"{_file_url(file_id)}/copy", "id", body, what=what, repeatable=False)
        return str(answer["id"])

    def is_in_bin(self, file_id: str) -> bool:
        answer = self._call("get", _file_url(file_id), "trashed", what=f"spreadsheet {file_id} in Drive")
        return bool(answer.get("trashed", False))

    def move_to_bin(self, file_id: str) -> None:
        self._call("patch", _file_url(file_id), "id", {"trashed": True}, what=f"moving {file_id} to the bin")

    def _create(self, mime_type: str, title: str, properties: Mapping[str, str]) -> str:
        body: Json = {"name": title, "mimeType": mime_type, "appProperties": dict(properties)}
        if self._folder_id is not None:
            body["parents"] = [self._folder_id]
        try:
            what = f"creating {title!r}"
            answer = self._call("post", DRIVE_FILES_API_V3_URL, "id", body, what=what, repeatable=False)
        except SpreadsheetGoneError as error:
            raise RefusedError(
                f"{title!r} cannot be created in the folder {self._folder_id} (REVIEW_SHEETS_FOLDER_ID): the folder "
                "does not exist, or the backend's account is no contributor of its shared drive"
            ) from error
        except RefusedError as error:
            if self._folder_id is not None:
                raise RefusedError(
                    f"{error} Is the backend's account a contributor of the shared drive with the folder "
                    f"{self._folder_id} (REVIEW_SHEETS_FOLDER_ID)?"
                ) from error
            raise RefusedError(
                f"{error}. A service account owns no storage: name a folder of a shared drive in "
                "REVIEW_SHEETS_FOLDER_ID, and make the account a contributor there"
            ) from error
        return str(answer["id"])

    def folder(self) -> Folder | None:
        if self._folder_id is None:
            return None
        answer = self._call(
            "get",
            f"{DRIVE_FILES_API_V3_URL}/{self._folder_id}",
            "name,mimeType,driveId,trashed,capabilities(canAddChildren)",
            what=f"the folder {self._folder_id} (REVIEW_SHEETS_FOLDER_ID)",
        )
        return Folder(
            name=str(answer.get("name", "")),
            is_folder=answer.get("mimeType") == _FOLDER_TYPE and not answer.get("trashed", False),
            in_shared_drive="driveId" in answer,
            can_create=bool(answer.get("capabilities", {}).get("canAddChildren", False)),
            only_opener=self._only_opener(self._folder_id),
        )

    def whereabouts(self, file_id: str) -> Whereabouts:
        return Whereabouts(self.is_in_bin(file_id), self._only_opener(file_id))

    def _only_opener(self, file_id: str) -> str:
        try:
            permissions = self._permissions(file_id, "permissions(type,emailAddress)")
        except (RefusedError, SpreadsheetGoneError):
            return ""
        # A group or a domain is many people.
        is_one = len(permissions) == 1 and permissions[0].get("type") == "user"
        return str(permissions[0].get("emailAddress", "")) if is_one else ""

    def grants(self, file_id: str) -> Sequence[Grant]:
        return [
            Grant(str(permission["emailAddress"]), str(permission["role"]))
            for permission in self._permissions(file_id, "permissions(type,role,emailAddress)")
            if "emailAddress" in permission and "role" in permission
        ]

    def _permissions(self, file_id: str, fields: str) -> Sequence[Json]:
        what = f"the sharing of {file_id}"
        answer = self._call("get", _permissions_url(file_id), fields, what=what, pageSize=100)
        permissions: Sequence[Json] = answer.get("permissions", [])
        return permissions

    def grant(self, file_id: str, grant: Grant) -> None:
        right = {"type": "user", "role": grant.role, "emailAddress": grant.address}
        what = f"sharing {file_id} with {grant.address}"
        self._call("post", _permissions_url(file_id), "id", right, what=what, sendNotificationEmail="false")

    def _call(
        self,
        method: str,
        url: str,
        fields: str,
        body: Json | None = None,
        *,
        what: str,
        repeatable: bool = True,
        **params: object,
    ) -> Json:
        """One call, as `GoogleHttpClient.ask` makes it, about files in shared drives as well; answers the fields."""
        params |= {"supportsAllDrives": "true", "fields": fields}
        return self._client.ask(Json, method, url, what=what, repeatable=repeatable, params=params, json=body)


def _file_url(file_id: str) -> str:
    return f"{DRIVE_FILES_API_V3_URL}/{quote(file_id, safe='')}"


def _permissions_url(file_id: str) -> str:
    return f"{_file_url(file_id)}/permissions"


def _text(value: str) -> str:
    """A text in Drive's query language."""
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"
