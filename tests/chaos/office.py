"""The processes: client, machines, Pub/Sub, functions, Sheets and mail, with a link between each two that talk."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

from attendance_contracts import FUNCTION_TOPICS, REPLY_TOPICS
from attendance_sandbox.demo.functions import FunctionProcess
from attendance_sandbox.demo.nursery import Child, Nursery
from attendance_sandbox.running import free_port
from tests.chaos.link import Link

PROJECT = "chaos"
SITE = "office"
DISK_KB = 6000
SANDBOX = "import sys; from attendance_sandbox.cli import main; sys.exit(main(sys.argv[1:]))"
START_S = 60.0


class Running(Protocol):
    """Popen, and the nursery's Child."""

    pid: int

    def poll(self) -> int | None: ...
    def wait(self, timeout: float | None = None) -> int: ...


def wait_for_port(port: int) -> None:
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        with suppress(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        time.sleep(0.02)
    raise RuntimeError(f"nothing answers on port {port}")


class Part:
    """A program that can be killed, halted, and started again by the same command."""

    def __init__(self, name: str, begin: Callable[[], Running], port: int | None = None) -> None:
        self.name = name
        self.port = port
        self._begin = begin
        self.process: Running = begin()

    def kill(self) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(30)

    def send(self, number: int) -> None:
        for pid in self._pids():
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def start(self) -> None:
        self.process = self._begin()
        if self.port is not None:
            wait_for_port(self.port)

    def _pids(self) -> list[int]:
        """Workers first."""
        pid = self.process.pid
        with suppress(OSError):
            return [*map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()), pid]
        return [pid]


class Office:
    """All of it, in a folder; `close` ends it. `has_disk` says whether the client has a small disk of its own."""

    def __init__(self, folder: Path, nursery: Nursery, punch_every_s: float) -> None:
        self.folder = folder
        self.site = folder / "site"
        self.books = folder / "books"
        self.logs = folder / "logs"
        for each in (self.site, self.books, self.logs, folder / "home"):
            each.mkdir(parents=True, exist_ok=True)
        self.has_disk = self._mount_disk()
        self._nursery = nursery
        self._processes: list[Part] = []
        self.functions: list[Part] = []
        self._homes: list[FunctionProcess] = []
        self.faketime: Path | None = None
        self._start_cloud()
        self.machine_logs = [folder / f"machine-{letter}.log" for letter in "ab"]
        self.machines = [
            self._add(f"machine {log.stem[-1]}", self._machine(log, number, punch_every_s), free_port())
            for number, log in enumerate(self.machine_logs)
        ]
        self.machine_link = Link(self.machines[0].port or 0)
        (self.site / "biometric_device_config.json").write_text(
            json.dumps(
                {
                    "identifier": SITE,
                    "ip": "127.0.0.1",
                    "port": self.machine_link.port,
                    "project_id": PROJECT,
                    "time_zone": "UTC",
                    "polling_interval_minutes": 0.1,
                    "timeout_seconds": 2,
                }
            )
        )
        self.client: Running | None = None

    # --- the parts

    def _add(self, name: str, begin: Callable[[int], Callable[[], Running]], port: int) -> Part:
        part = Part(name, begin(port), port)
        self._processes.append(part)
        wait_for_port(port)
        return part

    def _python(self, name: str, *arguments: str, **options: Any) -> subprocess.Popen[bytes]:
        with (self.logs / f"{name}.log").open("ab") as log:
            return subprocess.Popen([sys.executable, *arguments], **{"stdout": log, "stderr": log, **options})

    def _machine(self, log: Path, number: int, every_s: float) -> Callable[[int], Callable[[], Running]]:
        def begin(port: int) -> Callable[[], Running]:
            words = (
                f"SIM-{log.stem[-1].upper()}",
                str(port),
                str(log),
                str(100 + 100 * number),
                str(every_s),
            )
            return lambda: self._python(log.stem, "-m", "tests.chaos.machine", *words)

        return begin

    def _start_cloud(self) -> None:
        port = free_port()
        sheets = self._python(
            "sheets", "-m", "tests.chaos.sheets", str(port), str(self.books), stdout=subprocess.PIPE
        )
        self.sheets = Part("sheets", lambda: sheets, port)
        self._processes.append(self.sheets)
        assert sheets.stdout is not None
        made = json.loads(sheets.stdout.readline())
        key = self.folder / "service-account.json"
        key.write_text(json.dumps(made["key"]))
        self.mail = self._add(
            "mail",
            lambda port: (
                lambda: self._python(
                    "mail", "-c", SANDBOX, "mail", "--port", str(port), "--folder", str(self.folder / "mail")
                )
            ),
            free_port(),
        )
        self.sheets_link = Link(port)
        url = f"http://127.0.0.1:{self.sheets_link.port}"
        self._environment = {
            "GOOGLE_APPLICATION_CREDENTIALS": str(key),
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "SHEETS_API_URL": url,
            "DRIVE_API_URL": url,
            "REVIEW_SHEETS_FOLDER_ID": made["folder"],
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(self.mail.port),
            "MAIL_FROM": "attendance@example.com",
            "ALARM_TO": "hr@example.com",
        }
        told = subprocess.run(
            [
                sys.executable,
                "-m",
                "attendance_backend.app.cli",
                "init",
                "--year",
                str(time.gmtime().tm_year),
            ],
            env={**os.environ, **self._environment},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        found = re.search(r"/spreadsheets/d/([^/\s]+)/edit", told)
        assert found is not None, told
        self._environment["REVIEW_PERIODS_SPREADSHEET_ID"] = found[1]
        links = {str(topic): Link(0) for topic in FUNCTION_TOPICS}
        self.function_links = list(links.values())
        port = free_port()
        self.pubsub_link = Link(port)
        self._environment["PUBSUB_EMULATOR_HOST"] = f"127.0.0.1:{self.pubsub_link.port}"
        for topic, link in links.items():
            part = Part(f"function {topic}", self._function(topic, link))
            self.functions.append(part)
            self._processes.append(part)
        for function in self._homes:
            function.wait_until_ready()
        pushes = [f"--push={topic}=http://127.0.0.1:{link.port}" for topic, link in links.items()]
        topics = [f"--topic={topic}" for topic in REPLY_TOPICS]
        self.pubsub = self._add(
            "pubsub",
            lambda port: (
                lambda: self._python(
                    "pubsub",
                    "-c",
                    SANDBOX,
                    "pubsub",
                    f"--port={port}",
                    f"--project={PROJECT}",
                    *topics,
                    *pushes,
                )
            ),
            port,
        )

    def _function(self, topic: str, link: Link) -> Callable[[], Running]:
        def begin() -> Running:
            function = FunctionProcess(topic, self._environment, self.logs, nursery=self._nursery)
            self._homes.append(function)
            link.target = function.port
            return function.process

        return begin

    # --- the client

    def start_client(self, clock: str = "") -> None:
        """As systemd would; with `clock`, by another clock, which `set_clock` sets (see faketime(1))."""
        arguments = ["run", "--directory", str(self.site)]
        environment = {"PUBSUB_EMULATOR_HOST": f"127.0.0.1:{self.pubsub_link.port}"}
        log = self.logs / "client.log"
        library = next(Path("/usr/lib").glob("*/faketime/libfaketime.so.1"), None)
        if clock and library is not None:
            self.set_clock(clock)
            environment |= {
                "LD_PRELOAD": str(library),
                "FAKETIME_TIMESTAMP_FILE": str(self.folder / "clock"),
                "FAKETIME_NO_CACHE": "1",
                "FAKETIME_DONT_FAKE_MONOTONIC": "1",
            }
            self.client = self._python(
                "client", "-m", "tests.chaos.client", *arguments, env={**os.environ, **environment}
            )
        else:
            self.client = self._nursery.start("tests.chaos.client", arguments, environment, log)

    def set_clock(self, clock: str) -> None:
        following = self.folder / "clock.new"
        following.write_text(f"{clock}\n")
        following.replace(self.folder / "clock")

    def status(self) -> dict[str, Any]:
        """What the client's own command says; empty where it cannot."""
        told = subprocess.run(
            [sys.executable, "-m", "tests.chaos.client", "status", "--json", "--directory", str(self.site)],
            capture_output=True,
            text=True,
            check=False,
        )
        return dict(json.loads(told.stdout)) if told.returncode == 0 else {}

    # --- its disk

    def _mount_disk(self) -> bool:
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK_KB}k", "chaos", str(self.site)],
            capture_output=True,
            check=False,
        )
        return mounted.returncode == 0

    def fill_disk(self) -> None:
        with suppress(OSError), (self.site / "filler").open("wb") as file:
            while True:
                file.write(b"\0" * 4096)
                file.flush()

    def empty_disk(self) -> None:
        (self.site / "filler").unlink(missing_ok=True)

    def remount(self, how: str) -> bool:
        command = ["mount", "-o", f"remount,{how},size={DISK_KB}k", str(self.site)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0

    def close(self) -> None:
        """End all; Sheets saves its books."""
        for part in self._processes:
            part.send(signal.SIGCONT)
        for part in self._processes:
            if part is not self.sheets and part.process.poll() is None:
                part.kill()
        self.sheets.send(signal.SIGTERM)
        self.sheets.process.wait(60)
        for function in self._homes:
            function.clean_up()
        if self.has_disk:
            kept = self.folder / "site.kept"
            shutil.copytree(self.site, kept, dirs_exist_ok=True)
            subprocess.run(["umount", str(self.site)], check=False)


__all__ = ["Child", "Office", "Part"]
