"""What the backend needs of the world; adapters and the tests' fakes implement it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from typing import Any, Protocol

from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Area, Spreadsheet
from attendance_contracts import Message


class Spreadsheets(Protocol):
    """Google Sheets."""

    def read(self, spreadsheet_id: str, areas: Sequence[Area] = ()) -> Spreadsheet:
        """Read areas in one call.

        Returns:
            The worksheets of these areas, with the cells in them; without areas all worksheets, without cells.

        Raises:
            SpreadsheetGoneError: it does not exist or is not shared with us.
            WorksheetGoneError: an area's worksheet does not exist.
            RefusedError: Google refuses for another reason.
            GoogleError: try again.
        """
        ...

    def apply(
        self, spreadsheet_id: str, changes: Sequence[Change], areas: Sequence[Area] = ()
    ) -> Spreadsheet | None:
        """Make all changes in one atomic call, or none; no call for no changes.

        Returns:
            What the areas hold right after the changes, before anybody can change anything again; None without areas.

        Raises:
            OutdatedError: the changes hold a `SucceedVersion`, and somebody else wrote since that version was read.
            Others as `read`. After a GoogleError they may have been made all the same.
        """
        ...


@dataclass(frozen=True, slots=True)
class Folder:
    """Where spreadsheets are created.

    Attributes:
        in_shared_drive: whether it lies in one. A service account owns no storage, and can create files nowhere else.
        can_create: whether our account may create files in it.
        only_opener: as in `Whereabouts`.
    """

    name: str
    is_folder: bool
    in_shared_drive: bool
    can_create: bool
    only_opener: str = ""


@dataclass(frozen=True, slots=True)
class Whereabouts:
    """Where a spreadsheet lies, and who may open it.

    Attributes:
        only_opener: the one account's address that may open it, by the file itself or through its folders; empty where
            there are several, or where our account may not look.
    """

    in_bin: bool
    only_opener: str


@dataclass(frozen=True, slots=True)
class Grant:
    """One person's right to a file, given on the file itself or on a folder above it.

    Attributes:
        role: in Drive's words: reader, commenter, writer, fileOrganizer, organizer, owner.
    """

    address: str
    role: str


@dataclass(frozen=True, slots=True)
class File:
    """A file in Drive, and the properties that this program gave it."""

    file_id: str
    properties: Mapping[str, str]


class Drive(Protocol):
    """Google Drive, for spreadsheets that this program creates."""

    def files(self, properties: Mapping[str, str]) -> Sequence[File]:
        """As `find`, with all their properties."""
        ...

    def find(self, properties: Mapping[str, str]) -> Sequence[str]:
        """IDs of our spreadsheets that bear all these properties and are not in the bin, oldest first."""
        ...

    def create(self, title: str, properties: Mapping[str, str]) -> str:
        """Create a spreadsheet with one blank worksheet, whose ID is 0; return its ID.

        Raises:
            RefusedError: no storage, no such folder, no permission.
            GoogleError: it may have been created all the same; look before trying again.
        """
        ...

    def copy(
        self, file_id: str, title: str, properties: Mapping[str, str], folder_id: str | None = None
    ) -> str:
        """Copy a spreadsheet as it is now; return the copy's ID.

        Args:
            properties: of the copy. Those of the original may be the copy's, too, unless others are given here.
            folder_id: where it is to lie; None for where `create` creates.

        Raises:
            SpreadsheetGoneError: there is no such spreadsheet, or no such folder.
            RefusedError: no storage, no permission.
            GoogleError: it may have been made all the same; look before trying again.
        """
        ...

    def subfolder(self, title: str, properties: Mapping[str, str]) -> str:
        """The folder with these properties, made where `create` creates unless there is one. Raises as `create`."""
        ...

    def is_in_bin(self, file_id: str) -> bool:
        """Whether a file lies in the bin, by itself or with its folder. Raises as `grants`."""
        ...

    def move_to_bin(self, file_id: str) -> None:
        """Move a file to the bin, where Drive deletes it for good after 30 days. Raises as `grants`."""
        ...

    def folder(self) -> Folder | None:
        """The folder in which `create` creates; None for the account's own storage. Raises as `create`."""
        ...

    def whereabouts(self, file_id: str) -> Whereabouts:
        """Where a spreadsheet lies. Raises as `grants`."""
        ...

    def grants(self, file_id: str) -> Sequence[Grant]:
        """With whom a file is shared by address.

        Raises:
            SpreadsheetGoneError: it does not exist or is not shared with us.
            RefusedError: Google refuses for another reason.
            GoogleError: try again.
        """
        ...

    def grant(self, file_id: str, grant: Grant) -> None:
        """Share a file, without an e-mail to the person; the same twice is the same as once. Raises as `grants`."""
        ...


class Mailer(Protocol):
    """The mail server."""

    def reach(self) -> None:
        """Connect and log in, and send nothing; raises MailRefusedError when that fails."""
        ...

    def send(self, message: EmailMessage) -> None:
        """Hand a message over.

        Raises:
            MailRefusedError: nothing was sent.
            MailUnconfirmedError: it may have been sent.
        """
        ...


class Replies(Protocol):
    """The reply topics of Pub/Sub, and that of the dead letters."""

    def publish(self, message: Message) -> None:
        """Publish and wait for Pub/Sub's confirmation; raises BusError without one."""
        ...

    def set_aside(self, data: bytes, attributes: Mapping[str, str]) -> None:
        """Keep a message among the dead letters; raises RefusedError where that cannot be, and BusError."""
        ...


class Clock(Protocol):
    """The cloud's clock."""

    def now(self) -> datetime:
        """The present moment, UTC, aware."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait, so that others get a share of Google's quota."""
        ...


@dataclass(frozen=True)
class Backend:
    """The ports, and what the handlers must know besides.

    Attributes:
        control_id: ID of the Review Periods spreadsheet, kept by HR.
        signing_secret: from which the sites' keys are derived; empty where messages are not signed.
        remembered: where people's rows stood in workbooks that were read, by ID (`handlers.remembered`).
    """

    spreadsheets: Spreadsheets
    drive: Drive
    mailer: Mailer
    clock: Clock
    control_id: str
    mail_from: str
    alarm_to: tuple[str, ...]
    signing_secret: bytes = field(default=b"", repr=False)
    remembered: dict[str, Any] = field(default_factory=dict)
