"""The cloud functions, each in a functions-framework process of its own, as Cloud Functions runs them."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

import attendance_backend
from attendance_sandbox.demo.nursery import Child, Nursery
from attendance_sandbox.running import free_port

HOST = "127.0.0.1"
START_TIMEOUT_S = 60.0
STOP_TIMEOUT_S = 10.0


class FunctionError(Exception):
    """A function's process did not start, or has ended; says where its log lies."""


SOURCE = Path(attendance_backend.__file__).parent.parent / "main.py"


class FunctionProcess:
    """One function: an instance that handles one event at a time, as the deployment limits it.

    `source` and `python` choose another copy of the functions, in another environment, than the one at hand; with a
    `nursery` it is started there.
    """

    def __init__(
        self,
        target: str,
        environment: Mapping[str, str],
        log_folder: Path,
        *,
        source: Path = SOURCE,
        python: str = sys.executable,
        nursery: Nursery | None = None,
    ) -> None:
        self.target = target
        self.log_path = log_folder / f"function-{target}.log"
        self.port = free_port()
        # gunicorn keeps a control socket in the home folder, under one name for all.
        self._home = TemporaryDirectory(prefix="function-")
        module = "functions_framework"
        arguments = [
            f"--target={target}",
            f"--source={source}",
            "--signature-type=cloudevent",
            f"--host={HOST}",
            f"--port={self.port}",
        ]
        environment = {**environment, "WORKERS": "1", "THREADS": "1", "HOME": self._home.name}
        self.process: subprocess.Popen[bytes] | Child
        if nursery is not None:
            self.process = nursery.start(module, arguments, environment, self.log_path)
            return
        with self.log_path.open("wb") as log:
            self.process = subprocess.Popen(  # noqa: S603 - an interpreter of ours, our own file
                [python, "-m", module, *arguments],
                env={**os.environ, **environment},
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_until_ready(self) -> None:
        """Wait until the port answers; raises FunctionError."""
        deadline = time.monotonic() + START_TIMEOUT_S
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                break
            try:
                socket.create_connection((HOST, self.port), timeout=1).close()
            except OSError:
                time.sleep(0.05)
            else:
                return
        raise FunctionError(f"the function {self.target} did not start; its log: {self.log_path}")

    def insist_that_it_runs(self) -> None:
        """Raise FunctionError where the process has ended."""
        if self.process.poll() is not None:
            raise FunctionError(f"the function {self.target} has ended; its log: {self.log_path}")

    def push_endpoint(self, topic_path: str) -> str:
        """Where Pub/Sub pushes to; the path lets functions-framework name the topic in the event's source."""
        return f"http://{HOST}:{self.port}/{topic_path}"

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.wait(STOP_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.clean_up()

    def clean_up(self) -> None:
        """Remove its home, where it has ended otherwise."""
        self._home.cleanup()
