"""The part of Drive v3 that spreadsheets need: files, copies and permissions.

Faithful: titles do not identify files; shared drives need ``supportsAllDrives``; an account without storage can
make files in shared drives only; a file that may not be seen is not found; who may write a file may not bin it, unless
it is the owner or manages the shared drive's content; deleting is at once and for good.
Not faithful: no revisions, comments, exports and uploads, permissions are granted and never taken back, notification
e-mails are not sent, names are compared exactly, searches are for equal texts joined by ``and``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from attendance_sandbox.sheets import masks
from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.drive_query import parse_query
from attendance_sandbox.sheets.errors import ApiError, file_not_found, unimplemented
from attendance_sandbox.sheets.files import (
    FOLDER_TYPE,
    ROLES,
    SPREADSHEET_TYPE,
    DriveFile,
    FileStore,
    permission,
)
from attendance_sandbox.sheets.schema import Json

Query = dict[str, list[str]]
DEFAULT_FILE_FIELDS = "kind,id,name,mimeType"
DEFAULT_LIST_FIELDS = "kind,incompleteSearch,nextPageToken,files(kind,id,name,mimeType)"
DEFAULT_PERMISSION_FIELDS = "kind,id,type,role"
_WRITABLE = {"name", "mimeType", "parents", "appProperties", "trashed"}


def _flag(query: Query, name: str) -> bool:
    return query.get(name, ["false"])[0].lower() == "true"


def _first(query: Query, name: str, default: str = "") -> str:
    return query.get(name, [default])[0]


def _bad(message: str, reason: str = "invalid") -> ApiError:
    return ApiError(400, "INVALID_ARGUMENT", message, reason=reason)


class Drive:
    """Drive's methods on a store of files. Each takes the query, and the JSON body where there is one."""

    def __init__(self, store: FileStore) -> None:
        self._store = store

    # -- files

    def create(self, query: Query, body: Json, call: Call) -> Json:
        self._check_body(body)
        mime_type = body.get("mimeType") or SPREADSHEET_TYPE
        if mime_type not in {SPREADSHEET_TYPE, FOLDER_TYPE}:
            raise unimplemented(f"A file of type {mime_type}")
        parents = self._parents(query, body, call)
        file = self._store.create(body.get("name") or "Untitled", mime_type, call.caller, parents)
        self._set_properties(file, body)
        return self._shown(file, query, call)

    def _parents(self, query: Query, body: Json, call: Call) -> list[str]:
        parents = body.get("parents") or []
        if len(parents) > 1:
            raise _bad("A file cannot be in more than one folder.", "cannotAddParent")
        for parent in parents:
            self._find(parent, query, call, "writer")
        return parents if isinstance(parents, list) else []

    def _check_body(self, body: Json) -> None:
        for name in body:
            if name not in _WRITABLE:
                raise unimplemented(f"The file field {name!r}")

    def _set_properties(self, file: DriveFile, body: Json) -> None:
        """Adds the body's properties; one that is null is removed."""
        for key, value in (body.get("appProperties") or {}).items():
            if value is None:
                file.app_properties.pop(key, None)
            else:
                file.app_properties[key] = str(value)

    def _find(self, file_id: str, query: Query, call: Call, role: str) -> DriveFile:
        file = self._store.find(file_id, call.caller, role)
        if file.drive_id is not None and not _flag(query, "supportsAllDrives"):
            raise file_not_found(file_id)
        return file

    def list(self, query: Query, call: Call) -> Json:
        matches = parse_query(_first(query, "q"))
        all_drives = _flag(query, "supportsAllDrives") and _flag(query, "includeItemsFromAllDrives")
        found = [
            file
            for file in self._store.files.values()
            if (file.drive_id is None or (all_drives and file.drive_id != file.file_id))
            and self._store.role(file, call.caller) is not None
            and matches(file)
        ]
        found = _ordered(found, _first(query, "orderBy", "modifiedTime desc"))
        start = int(_first(query, "pageToken") or 0)
        end = start + int(_first(query, "pageSize", "100"))
        answer: Json = {
            "kind": "drive#fileList",
            "incompleteSearch": False,
            "files": [file_json(file) for file in found[start:end]],
        }
        if end < len(found):
            answer["nextPageToken"] = str(end)
        return _select(answer, _first(query, "fields", DEFAULT_LIST_FIELDS))

    def get(self, file_id: str, query: Query, call: Call) -> Json:
        return self._shown(self._find(file_id, query, call, "reader"), query, call)

    def update(self, file_id: str, query: Query, body: Json, call: Call) -> Json:
        file = self._find(file_id, query, call, "writer")
        self._check_body(body)
        if "trashed" in body:
            self._find(file_id, query, call, "owner" if file.drive_id is None else "fileOrganizer")
        if "parents" in body:
            raise ApiError(
                403,
                "PERMISSION_DENIED",
                "The parents field is not directly writable in update requests. "
                "Use the addParents and removeParents parameters instead.",
                reason="fieldNotWritable",
            )
        if "addParents" in query or "removeParents" in query:
            raise unimplemented("Moving a file to another folder")
        if "name" in body and file.spreadsheet is not None:
            renamed = file.spreadsheet.draft()
            renamed.properties["title"] = body["name"]
            self._store.replace(file, renamed)
        file.name = body.get("name", file.name)
        file.trashed = body.get("trashed", file.trashed)
        self._set_properties(file, body)
        file.modified = self._store.now()
        return self._shown(file, query, call)

    def delete(self, file_id: str, query: Query, call: Call) -> None:
        file = self._find(file_id, query, call, "reader")
        self._find(file_id, query, call, "owner" if file.drive_id is None else "fileOrganizer")
        del self._store.files[file_id]

    def copy(self, file_id: str, query: Query, body: Json, call: Call) -> Json:
        original = self._find(file_id, query, call, "reader")
        if original.spreadsheet is None:
            raise ApiError(
                403, "PERMISSION_DENIED", "This file cannot be copied by the user.", reason="cannotCopyFile"
            )
        parents = self._parents(query, body, call) or list(original.parents if original.drive_id else [])
        name = body.get("name") or f"Copy of {original.name}"
        copy = self._store.create(name, SPREADSHEET_TYPE, call.caller, parents)
        copy.spreadsheet = original.spreadsheet.draft(copy.file_id)
        copy.spreadsheet.properties["title"] = name
        copy.app_properties.update(original.app_properties)
        self._set_properties(copy, body)
        return self._shown(copy, query, call)

    def _shown(self, file: DriveFile, query: Query, call: Call) -> Json:
        held = self._store.role(file, call.caller)
        can_write = held is not None and ROLES.index(held) >= ROLES.index("writer")
        capabilities = {"canEdit": can_write, "canAddChildren": can_write and file.mime_type == FOLDER_TYPE}
        shown = file_json(file) | {"capabilities": capabilities}
        return _select(shown, _first(query, "fields", DEFAULT_FILE_FIELDS))

    # -- permissions

    def list_permissions(self, file_id: str, query: Query, call: Call) -> Json:
        file = self._find(file_id, query, call, "reader")
        answer = {"kind": "drive#permissionList", "permissions": self._store.permissions(file)}
        return _select(answer, _first(query, "fields", f"kind,permissions({DEFAULT_PERMISSION_FIELDS})"))

    def create_permission(self, file_id: str, query: Query, body: Json, call: Call) -> Json:
        file = self._find(file_id, query, call, "writer")
        role, email = body.get("role"), body.get("emailAddress")
        if body.get("type") not in {"user", "group"} or role not in ROLES[:-1]:
            raise _bad("The permission type and role fields are required and must be valid.", "required")
        if "@" not in str(email):
            raise _bad(
                "The specified emailAddress is invalid or not applicable for the given permission type.",
                "invalidSharingRequest",
            )
        granted = permission(role, email) | {"type": body["type"]}
        old = [one for one in file.permissions if one.get("emailAddress") == email]
        if old:
            old[0]["role"] = role
            granted = old[0]
        else:
            file.permissions.append(granted)
        return _select(granted, _first(query, "fields", DEFAULT_PERMISSION_FIELDS))


def file_json(file: DriveFile) -> Json:
    """A file with all the fields that are known here."""
    answer: Json = {
        "kind": "drive#file",
        "id": file.file_id,
        "name": file.name,
        "mimeType": file.mime_type,
        "trashed": file.trashed,
        "parents": list(file.parents) or ["root"],
        "appProperties": dict(file.app_properties),
        "createdTime": file.created,
        "modifiedTime": file.modified,
        "permissions": list(file.permissions),
        "webViewLink": f"https://docs.google.com/spreadsheets/d/{file.file_id}/edit",
        "ownedByMe": file.drive_id is None,
    }
    if file.drive_id is not None:
        answer["driveId"] = file.drive_id
    return {name: value for name, value in answer.items() if value not in ("", {})}


_ORDER: dict[str, Callable[[DriveFile], Any]] = {
    "name": lambda file: file.name.casefold(),
    "createdTime": lambda file: file.created,
    "modifiedTime": lambda file: file.modified,
}


def _ordered(files: list[DriveFile], order: str) -> list[DriveFile]:
    for key in reversed(order.split(",")):
        name, _, direction = key.strip().partition(" ")
        if name not in _ORDER or direction not in {"", "desc"}:
            raise _bad(f"Invalid Value: orderBy {key.strip()}")
        files = sorted(files, key=_ORDER[name], reverse=bool(direction))
    return files


def _select(answer: Json, fields: str) -> Json:
    selected: Json = masks.select(answer, masks.parse_mask(fields))
    return selected
