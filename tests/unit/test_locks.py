"""The locks by which the Pi and the functions install, against the ranges in pyproject.toml."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = {"client": "deploy/pi/requirements.lock", "backend": "src/backend/requirements.lock"}


@pytest.fixture(params=LOCKS)
def extra(request):
    return request.param


def entries(text):
    """Each package's version and hashes, by name; every line of a lock belongs to one."""
    found, rest = {}, text
    for entry in re.finditer(
        r"^(\S+?)==(\S+)((?: ;[^\\\n]+)?)((?: \\\n    --hash=sha256:[0-9a-f]{64})+)\n", text, re.MULTILINE
    ):
        assert entry[1] not in found, f"{entry[1]} is locked twice"
        found[entry[1]] = entry[2]
        rest = rest.replace(entry[0], "", 1)
    assert [line for line in rest.splitlines() if not line.startswith("#")] == [], (
        "names, versions and hashes only"
    )
    return found


def test_a_lock_is_not_stale(extra):
    locked = entries((ROOT / LOCKS[extra]).read_text(encoding="utf-8"))
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    for line in project["optional-dependencies"][extra]:
        needed = Requirement(line)
        version = locked.get(canonicalize_name(needed.name), "0")
        assert needed.specifier.contains(version), f"{line}: run scripts/lock {extra}"


def test_a_lock_says_where_it_comes_from(extra):
    first = (ROOT / LOCKS[extra]).read_text(encoding="utf-8").splitlines()[0]
    assert "pyproject.toml by scripts/lock" in first


@pytest.mark.parametrize(
    "text",
    ["a==1\n", "--from somewhere-else\n", "a>=1 \\\n    --hash=sha256:" + "0" * 64 + "\n"],
)
def test_what_is_no_lock_is_noticed(text):
    with pytest.raises(AssertionError, match="hashes only"):
        entries(text)
