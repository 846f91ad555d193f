"""Bring the outputs up to date, or say how they have drifted."""

import difflib
from collections.abc import Iterator
from pathlib import Path

from generator import svg
from generator.outputs import PICTURES, TEXTS
from generator.spec import Spec

REPAIR = "make generate"


def write(spec: Spec, root: Path) -> Iterator[Path]:
    """Write what differs below `root`; yields the path of each file written.

    Raises:
        RenderError: a picture must be drawn and Graphviz is missing; the texts are written by then.
    """
    for text in TEXTS:
        content = text.emit(spec)
        if _read(root / text.path) != content:
            _write(root / text.path, content)
            yield text.path
    for picture in PICTURES:
        dot = picture.emit_dot(spec)
        if not svg.is_drawn_from(_read(root / picture.path) or "", dot):
            _write(root / picture.path, svg.render(dot))
            yield picture.path


def drift(spec: Spec, root: Path) -> Iterator[str]:
    """What `write` would change below `root`: a unified diff for each text, a line for each picture."""
    for text in TEXTS:
        found, expected = _read(root / text.path), text.emit(spec)
        if found is None:
            yield f"{text.path}: is missing"
        elif found != expected:
            name = text.path.as_posix()
            lines = difflib.unified_diff(
                found.splitlines(),
                expected.splitlines(),
                f"{name} (as it is)",
                f"{name} (as the spec says)",
                lineterm="",
            )
            yield "\n".join(lines) or f"{text.path}: the ends of its lines differ"
    for picture in PICTURES:
        found = _read(root / picture.path)
        if found is None:
            yield f"{picture.path}: is missing"
        elif not svg.is_drawn_from(found, picture.emit_dot(spec)):
            yield f"{picture.path}: was drawn from another spec or edited by hand"


def _read(path: Path) -> str | None:
    try:
        return path.read_bytes().decode("utf-8")
    except (FileNotFoundError, UnicodeDecodeError):
        return None


def _write(path: Path, content: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content.encode("utf-8"))
