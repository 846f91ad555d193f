"""Sharing by the rules: each address gets the role that ``Settings`` names, and never less than it has."""

from collections.abc import Sequence
from dataclasses import dataclass

from attendance_backend.domain.rules import Role, Share
from attendance_backend.errors import RefusedError, SpreadsheetGoneError
from attendance_backend.ports import Drive, Grant

_RANKS = ("reader", "commenter", "writer", "fileOrganizer", "organizer", "owner")
"""Drive's roles, the least first; the folder's members may have more than a file can be shared with."""

_WORDS = {Role.VIEWER: "may view", Role.COMMENTER: "may comment", Role.EDITOR: "may edit"}


@dataclass(frozen=True, slots=True)
class Shared:
    """What became of one address.

    Attributes:
        trouble: why it could not be; empty when it could.
    """

    share: Share
    is_new: bool
    trouble: str = ""

    def __str__(self) -> str:
        if self.trouble:
            return f"{self.share.address} has no access: {self.trouble}"
        return f"{self.share.address} {_WORDS[self.share.role]}"


def missing(drive: Drive, file_id: str, shares: Sequence[Share]) -> list[Share]:
    """Those who lack the role that they should have."""
    held = {grant.address.casefold(): _rank(grant.role) for grant in drive.grants(file_id)}
    return [share for share in shares if held.get(share.address.casefold(), -1) < _rank(share.role)]


def apply(drive: Drive, file_id: str, shares: Sequence[Share]) -> list[Shared]:
    """Share a file with whoever lacks a role. One address that Google refuses does not stop the others.

    Args:
        shares: the least role first.

    Raises:
        SpreadsheetGoneError: the file does not exist.
        GoogleError: try again.
    """
    if not shares:
        return []
    lacking = missing(drive, file_id, shares)
    done = []
    for share in shares:
        trouble = ""
        if share in lacking:
            try:
                drive.grant(file_id, Grant(share.address, share.role))
            except (RefusedError, SpreadsheetGoneError) as error:
                trouble = str(error)
        done.append(Shared(share, share in lacking and not trouble, trouble))
    return done


def report(done: Sequence[Shared]) -> str:
    """With whom a workbook is shared, for the workbook's ``Guide``."""
    return "; ".join(map(str, done)) or "nobody beyond the members of the folder"


def _rank(role: str) -> int:
    return _RANKS.index(role) if role in _RANKS else -1
