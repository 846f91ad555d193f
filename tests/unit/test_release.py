"""The version stands in several places, which all name the same one."""

import re
import tomllib
from pathlib import Path

import pytest

from attendance_backend.app import cli as backend
from attendance_client.app import cli as client
from attendance_contracts import RELEASE

ROOT = Path(__file__).parents[2]


def test_the_package_has_the_release_of_the_contracts():
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == RELEASE


def test_the_changelog_has_a_date_for_what_is_released_and_for_nothing_else():
    text = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    dated = re.findall(r"^## (\d+\.\d+\.\d+) . \d{4}-\d\d-\d\d$", text, re.MULTILINE)
    other = set(re.findall(r"^## (.+)$", text, re.MULTILINE)) - {"Unreleased"}

    assert len(other) == len(dated)
    assert (RELEASE in dated) is (re.fullmatch(r"[\d.]+", RELEASE) is not None)


@pytest.mark.parametrize("main", [client.main, backend.main])
def test_the_commands_say_it(capsys, main):
    with pytest.raises(SystemExit) as end:
        main(["--version"])

    assert end.value.code == 0
    assert re.fullmatch(rf"attendance-(client|backend) {re.escape(RELEASE)}\n", capsys.readouterr().out)
