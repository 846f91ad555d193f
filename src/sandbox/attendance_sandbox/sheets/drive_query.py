"""Drive's search language, the part of it that finds files by name, type, folder, state and properties.

``name = 'x' and mimeType = 'y' and trashed = false and 'FOLDER' in parents
and appProperties has { key='k' and value='v' }``.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from attendance_sandbox.sheets.errors import ApiError
from attendance_sandbox.sheets.files import DriveFile

Predicate = Callable[[DriveFile], bool]

_TEXT = r"""('(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")"""
_TERMS: tuple[tuple[str, Callable[..., Predicate]], ...] = (
    (rf"name\s*=\s*{_TEXT}", lambda text: lambda file: file.name == text),
    (rf"mimeType\s*=\s*{_TEXT}", lambda text: lambda file: file.mime_type == text),
    (r"trashed\s*=\s*(true|false)", lambda text: lambda file: file.trashed == (text == "true")),
    (rf"{_TEXT}\s+in\s+parents", lambda text: lambda file: text in file.parents),
    # gspread writes it this way round, and Drive accepts it.
    (rf"parents\s+in\s+{_TEXT}", lambda text: lambda file: text in file.parents),
    (
        rf"appProperties\s+has\s*{{\s*key\s*=\s*{_TEXT}\s+and\s+value\s*=\s*{_TEXT}\s*}}",
        lambda key, value: lambda file: file.app_properties.get(key) == value,
    ),
)
_AND = re.compile(r"\s+and\s+")


def parse_query(text: str) -> Predicate:
    """The predicate of a search text; an empty one finds everything.

    Raises:
        ApiError: 400, the text is not in the language, or uses a part of it that is not known here.
    """
    terms: list[Predicate] = []
    text, place = text.strip(), 0
    while place < len(text):
        joint = _AND.match(text, place) if terms else None
        if terms and joint is None:
            raise _invalid()
        term, place = _term(text, joint.end() if joint else place)
        terms.append(term)
    return lambda file: all(term(file) for term in terms)


def _term(text: str, place: int) -> tuple[Predicate, int]:
    """The term that begins at a place of the text, and where it ends."""
    for pattern, predicate in _TERMS:
        match = re.compile(pattern).match(text, place)
        if match is not None:
            return predicate(*map(_unquoted, match.groups())), match.end()
    raise _invalid()


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text[0] in "'\"" else text


def _invalid() -> ApiError:
    return ApiError(400, "INVALID_ARGUMENT", "Invalid Value", reason="invalid")
