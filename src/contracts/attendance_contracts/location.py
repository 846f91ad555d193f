"""A site's identifier, which becomes part of subscription names and worksheet titles."""

import re

from attendance_contracts.errors import ContractError

_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,49}")


def validate_location(location: str) -> str:
    """Return `location` if it can name a site everywhere, raise ContractError otherwise."""
    if not _LOCATION.fullmatch(location):
        raise ContractError(
            f"location {location!r} must be 2 to 50 letters, digits, '-' or '_', beginning with a letter"
        )
    return location
