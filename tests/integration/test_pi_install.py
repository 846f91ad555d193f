"""deploy/pi/install.sh, as far as it can be tried without installing anything."""

import json
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
INSTALL = ROOT / "deploy/pi/install.sh"


def run(*arguments, **environment):
    return subprocess.run(
        ["/bin/sh", str(INSTALL), *arguments],
        env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_dry_run_says_each_step_and_does_none(tmp_path):
    result = run("--dry-run", INSTALL_ROOT=str(tmp_path))
    assert result.returncode == 0, result.stderr
    steps = [line.strip() for line in result.stdout.splitlines() if line.startswith("  ")]
    assert [step for step in steps if "--require-hashes" in step]
    assert f"mv -T {tmp_path}/opt/attendance-client.new {tmp_path}/opt/attendance-client" in steps
    assert list(tmp_path.iterdir()) == []


def test_a_dry_run_with_a_sites_file_gives_it_to_init(tmp_path):
    site = tmp_path / "Head_Office.json"
    config, key = {"identifier": "Head_Office"}, {"private_key": "secret"}
    content = {"biometric_device_config": config, "service_account": key}
    root = tmp_path / "root"
    site.write_text(json.dumps(content))
    result = run("--dry-run", "--site", str(site), INSTALL_ROOT=str(root))
    assert result.returncode == 0, result.stderr
    steps = [line.strip() for line in result.stdout.splitlines()]
    assert f"attendance-client init --from {site}" in steps
    assert "secret" not in result.stdout
    site.write_text(json.dumps({"biometric_device_config": config, "service_account": {}}))
    refused = run("--dry-run", f"--site={site}", INSTALL_ROOT=str(root))
    assert refused.returncode == 1
    assert refused.stderr.startswith(f"install: {site} is no file of a site")


def test_there_is_nothing_to_upgrade(tmp_path):
    result = run("--upgrade", "--dry-run", INSTALL_ROOT=str(tmp_path))
    assert result.returncode == 1
    assert result.stderr == "install: there is nothing to upgrade: run it without --upgrade\n"


def test_a_release_that_is_there_stays(tmp_path):
    (tmp_path / "opt/attendance-client").mkdir(parents=True)
    result = run("--dry-run", INSTALL_ROOT=str(tmp_path))
    assert "another release: --upgrade" in result.stdout
    assert "pip" not in result.stdout


@pytest.mark.parametrize("arguments", [["--uprade"], ["--purge"], ["--site"], ["--upgrade", "--site=x.json"]])
def test_what_cannot_be_meant_is_refused(arguments, tmp_path):
    result = run(*arguments, "--dry-run", INSTALL_ROOT=str(tmp_path))
    assert result.returncode in {1, 2}
    assert "--" in result.stderr


def test_a_32_bit_system_is_told_what_it_takes(tmp_path):
    """By its Python, as the kernel may have 64 bits all the same."""
    python = tmp_path / "bin/python3"
    python.parent.mkdir()
    python.write_text('#!/bin/sh\ncase "$*" in *calcsize*) exit 1 ;; esac\n')
    python.chmod(0o755)
    script = INSTALL.read_text().replace("python=/usr/bin/python3", f"python={python}")
    copy = tmp_path / "deploy/pi/install.sh"
    copy.parent.mkdir(parents=True)
    copy.write_text(script)
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "INSTALL_ROOT": str(tmp_path / "root")}
    command = ["/bin/sh", str(copy), "--dry-run"]
    told = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert told.returncode == 0, told.stderr
    assert "this system has 32 bits" in told.stderr
    assert "32 bits" not in run("--dry-run", INSTALL_ROOT=str(tmp_path / "other")).stderr


def test_the_script_is_plain_posix_shell():
    result = subprocess.run(["shellcheck", INSTALL], capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout
