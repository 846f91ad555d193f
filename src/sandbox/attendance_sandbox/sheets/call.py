"""One request, as the handlers see it: who makes it and what it costs."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Call:
    """Who asks, and the counts of cells that the request has touched so far."""

    caller: str = ""
    """E-mail address of the account that makes the request."""
    is_owner: bool = True
    """Whether the caller owns the spreadsheet; protected ranges do not bind the owner."""
    cells_read: int = 0
    """Cells that the answer gives out; of value ranges the padding blanks between them included."""
    cells_written: int = 0
    """Cells that the request set or cleared; of a range that gets one look (``repeatCell``) none."""
