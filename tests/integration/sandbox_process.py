"""`attendance-sandbox` as people run it: a process of its own, with what it prints."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

STARTER = "import sys; from attendance_sandbox.cli import main; sys.exit(main(sys.argv[1:]))"


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command, and the first line that it printed."""
    process = subprocess.Popen(
        [sys.executable, "-c", STARTER, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        yield process, process.stdout.readline().strip()
    finally:
        if process.poll() is None:
            process.kill()
            rest(process)


def rest(process: subprocess.Popen[str]) -> tuple[str, str]:
    """What the command printed after its first line, and its errors, once it has ended."""
    assert process.stdout is not None
    assert process.stderr is not None
    with process.stdout as output, process.stderr as errors:
        printed = output.read(), errors.read()
    process.wait(timeout=60)
    return printed
