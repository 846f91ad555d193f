"""Lists in pages. A page token is the offset of the next page."""

from collections.abc import Sequence
from typing import TypeVar

from attendance_sandbox.pubsub.errors import InvalidArgumentError

MAX_PAGE_SIZE = 1_000

_Item = TypeVar("_Item")


def page(items: Sequence[_Item], size: int, token: str) -> tuple[Sequence[_Item], str]:
    """The page that `token` stands for, and the token of the next one; empty tokens are the first and the end."""
    if size < 0:
        raise InvalidArgumentError(f"Invalid page size: {size}.")
    if token and not token.isdecimal():
        raise InvalidArgumentError(f"Invalid page token: {token}.")
    start = int(token or 0)
    end = start + min(size or MAX_PAGE_SIZE, MAX_PAGE_SIZE)
    return items[start:end], str(end) if end < len(items) else ""
