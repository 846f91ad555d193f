"""The files of the stand-in's Drive: spreadsheets and folders, and who may do what with them."""

from __future__ import annotations

import datetime as dt
import secrets
import string
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from attendance_sandbox.sheets.errors import ApiError, file_not_found, not_found, permission_denied
from attendance_sandbox.sheets.schema import Json
from attendance_sandbox.sheets.spreadsheet import Spreadsheet

SPREADSHEET_TYPE = "application/vnd.google-apps.spreadsheet"
FOLDER_TYPE = "application/vnd.google-apps.folder"
ROLES = ("reader", "commenter", "writer", "fileOrganizer", "organizer", "owner")
"""Roles by what they allow, the least first."""
_ID_CHARACTERS = string.ascii_letters + string.digits + "-_"


@dataclass
class DriveFile:
    """A spreadsheet or a folder."""

    file_id: str
    name: str
    mime_type: str
    created: str
    modified: str
    parents: list[str] = field(default_factory=list)
    drive_id: str | None = None
    """The shared drive that it lies in; None in somebody's own storage."""
    app_properties: dict[str, str] = field(default_factory=dict)
    permissions: list[Json] = field(default_factory=list)
    trashed: bool = False
    spreadsheet: Spreadsheet | None = None


def permission(role: str, email: str | None = None) -> Json:
    """A permission of one account, or of everybody."""
    if email is None:
        return {"kind": "drive#permission", "id": "anyoneWithLink", "type": "anyone", "role": role}
    number = str(secrets.randbelow(10**20)).zfill(20)
    return {"kind": "drive#permission", "id": number, "type": "user", "role": role, "emailAddress": email}


class FileStore:
    """All files. Not thread-safe by itself: the server handles one request at a time."""

    def __init__(self, owns_storage: bool = True, clock: Callable[[], float] = time.time) -> None:
        self.files: dict[str, DriveFile] = {}
        self._owns_storage = owns_storage
        self._clock = clock

    def now(self) -> str:
        moment = dt.datetime.fromtimestamp(self._clock(), dt.UTC)
        return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")

    def create(
        self, name: str, mime_type: str, owner: str, parents: list[str] | None = None, *, person: bool = False
    ) -> DriveFile:
        """Makes an empty file.

        Args:
            owner: the account that makes it, and owns it outside of shared drives.
            parents: the folder to make it in; the owner's own storage by default.
            person: the owner is a person, who has storage, and no service account.

        Raises:
            ApiError: 403 ``storageQuotaExceeded`` when the account owns no storage and the folder lies in no
                shared drive; 404 for an unknown folder.
        """
        drive_id = self.folder(parents[0], owner).drive_id if parents else None
        if drive_id is None and not (self._owns_storage or person):
            raise ApiError(
                403,
                "PERMISSION_DENIED",
                "The user's Drive storage quota has been exceeded.",
                reason="storageQuotaExceeded",
                domain="usageLimits",
            )
        file = DriveFile(
            file_id="1" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(43)),
            name=name,
            mime_type=mime_type,
            created=self.now(),
            modified=self.now(),
            parents=list(parents or []),
            drive_id=drive_id,
            permissions=[permission("owner", owner)] if drive_id is None else [],
        )
        if mime_type == SPREADSHEET_TYPE:
            file.spreadsheet = Spreadsheet(file.file_id, name)
        self.files[file.file_id] = file
        return file

    def create_shared_folder(self, name: str, members: list[str] | None) -> DriveFile:
        """Makes the root folder of a new shared drive; without members everybody may write in it."""
        moment = self.now()
        file_id = "0A" + "".join(secrets.choice(_ID_CHARACTERS) for _ in range(15)) + "PVA"
        file = DriveFile(file_id, name, FOLDER_TYPE, moment, moment, drive_id=file_id)
        everybody = [None] if members is None else members
        file.permissions = [permission("fileOrganizer", email) for email in everybody]
        self.files[file_id] = file
        return file

    def folder(self, file_id: str, caller: str) -> DriveFile:
        """A folder that the caller may write in."""
        file = self.find(file_id, caller, "writer")
        if file.mime_type != FOLDER_TYPE:
            raise ApiError(
                403, "PERMISSION_DENIED", "The specified parent is not a folder.", reason="parentNotAFolder"
            )
        return file

    def permissions(self, file: DriveFile) -> list[Json]:
        """All that apply to a file, in a shared drive those of its folders, too."""
        found = list(file.permissions)
        if file.drive_id is not None:
            for parent in file.parents:
                found += self.permissions(self.files[parent]) if parent in self.files else []
        return found

    def role(self, file: DriveFile, caller: str) -> str | None:
        """The highest role that the caller has on the file, by itself or through its folders."""
        found = {
            one["role"]
            for one in file.permissions
            if one["type"] == "anyone" or one.get("emailAddress", "").casefold() == caller.casefold()
        }
        for parent in file.parents:
            if parent in self.files:
                inherited = self.role(self.files[parent], caller)
                if inherited is not None and inherited != "owner":
                    found.add(inherited)
        return max(found, key=ROLES.index, default=None)

    def find(self, file_id: str, caller: str, role: str) -> DriveFile:
        """A file on which the caller has at least `role`, for the Drive API.

        Raises:
            ApiError: 404 when it does not exist or may not be seen, 403 when the role does not suffice.
        """
        file = self.files.get(file_id)
        held = self.role(file, caller) if file else None
        if file is None or held is None:
            raise file_not_found(file_id)
        if ROLES.index(held) < ROLES.index(role):
            raise ApiError(
                403,
                "PERMISSION_DENIED",
                "The user does not have sufficient permissions for this file.",
                reason="insufficientFilePermissions",
            )
        return file

    def find_spreadsheet(self, spreadsheet_id: str, caller: str, role: str) -> tuple[DriveFile, Spreadsheet]:
        """A spreadsheet on which the caller has at least `role`, for the Sheets API."""
        file = self.files.get(spreadsheet_id)
        if file is None or file.spreadsheet is None:
            raise not_found()
        held = self.role(file, caller)
        if held is None or ROLES.index(held) < ROLES.index(role):
            raise permission_denied()
        return file, file.spreadsheet

    def replace(self, file: DriveFile, spreadsheet: Spreadsheet) -> None:
        """Puts a changed draft in the place of a file's spreadsheet."""
        file.spreadsheet = spreadsheet
        file.name = spreadsheet.title
        file.modified = self.now()
