"""The functions as they are deployed: a folder with everything in it, and a server process that forks."""

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest
import requests

import attendance_backend
import attendance_contracts
import attendance_trouble
from attendance_contracts import Topic, topic_path
from tests.integration.backend_office import MAIN, NOVEMBER, PROJECT, CloudOffice, envelope_of, period_request

START_TIMEOUT_S = 30


@pytest.fixture
def bundle(tmp_path):
    """What `gcloud functions deploy --source` takes."""
    folder = tmp_path / "bundle"
    folder.mkdir()
    for package in (attendance_backend, attendance_contracts, attendance_trouble):
        source = Path(*package.__path__)
        shutil.copytree(source, folder / source.name, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(MAIN, folder)
    shutil.copy(MAIN.parent / "requirements.lock", folder / "requirements.txt")
    return folder


def test_the_bundle_needs_nothing_else_of_ours(bundle):
    program = (
        "import sys, main, attendance_backend, attendance_contracts\n"
        "print(attendance_backend.__file__)\n"
        "print(attendance_contracts.__file__)\n"
        "others = ('attendance_client', 'attendance_sandbox', 'generator', 'zk', 'statemachine')\n"
        "print([name for name in others if name in sys.modules])\n"
    )
    outcome = subprocess.run(
        [sys.executable, "-c", program], cwd=bundle, capture_output=True, text=True, check=True, timeout=60
    )
    lines = outcome.stdout.splitlines()
    assert lines[0] == str(bundle / "attendance_backend" / "__init__.py")
    assert lines[1] == str(bundle / "attendance_contracts" / "__init__.py")
    assert lines[2] == "[]"


@pytest.mark.parametrize("deployed_as", ["cloudevent", "http"])
def test_a_forking_server_answers(tmp_path, monkeypatch, bundle, deployed_as):
    """A push of Pub/Sub, also where the function is deployed as one that HTTP calls, as deploy/gcp/deploy does."""
    with ExitStack() as stack:
        office = CloudOffice(stack, tmp_path, monkeypatch)
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        process = subprocess.Popen(
            [
                sys.executable, "-m", "functions_framework", "--target=get_review_period",
                f"--source={bundle / 'main.py'}", f"--signature-type={deployed_as}",
                "--host=127.0.0.1", f"--port={port}",
            ],
            env={**os.environ, "WORKERS": "1", "THREADS": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )  # fmt: skip
        stack.callback(stop, process)
        wait_for(port, process)
        url = f"http://127.0.0.1:{port}/{topic_path(PROJECT, Topic.GET_REVIEW_PERIOD)}"
        answer = requests.post(url, json=envelope_of(period_request()), timeout=30)
        assert answer.status_code == 200, answer.text
        (reply,) = office.replies(Topic.NEW_REVIEW_PERIOD)
        assert reply.period == NOVEMBER


def stop(process):
    process.terminate()
    process.communicate(timeout=30)


def wait_for(port, process):
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stdout.read()
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    pytest.fail("the function's server did not start")
