"""Paths as people want to read them."""

from pathlib import Path


def from_here(path: Path) -> Path:
    """A path as seen from the current folder where it lies in it; otherwise the whole path."""
    whole, here = path.resolve(), Path.cwd()
    return whole.relative_to(here) if whole.is_relative_to(here) else whole
