"""Which release this is; client and functions are released together."""

import re

RELEASE = "0.2.0"
"""As in pyproject.toml: the functions are deployed as files, which no package's metadata goes with."""
_NUMBERS = re.compile(r"(\d{1,6})\.(\d{1,6})(?:\.(\d{1,6}))?(.*)", re.ASCII)


def is_older(release: str, than: str = RELEASE) -> bool:
    """Whether a release came out before another one; False where either is none that this one understands.

    What comes before a release (``0.2.0.dev0``, ``0.2.0rc1``) is older than it, and no older than each other.
    """
    one, other = _order(release), _order(than)
    return one is not None and other is not None and one < other


def _order(release: str) -> tuple[int, int, int, bool] | None:
    match = _NUMBERS.fullmatch(release.strip())
    if match is None:
        return None
    return (
        int(match[1]),
        int(match[2]),
        int(match[3] or 0),
        not match[4] or match[4].startswith((".post", "+")),
    )
