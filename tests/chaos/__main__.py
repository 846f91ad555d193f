"""The command: `python -m tests.chaos --seconds 600 --seed 1`, or `make chaos`."""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.chaos.play import Report, play

OWN_MOUNTS = ("unshare", "--map-root-user", "--mount")
INSIDE = "CHAOS_INSIDE"


def main() -> int:
    """Exit code 1 where a promise was broken."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--seconds", type=float, default=300.0, help="of chaos (default: 300)")
    parser.add_argument(
        "--seed", default="1", help="chooses what happens; when, no two runs agree (default: 1)"
    )
    parser.add_argument("--folder", type=Path, help="where to keep logs and books (default: a temporary one)")
    options = parser.parse_args()
    if INSIDE not in os.environ and subprocess.run([*OWN_MOUNTS, "true"], check=False).returncode == 0:
        command = [*OWN_MOUNTS, sys.executable, "-m", "tests.chaos", *sys.argv[1:]]
        return subprocess.run(command, env={**os.environ, INSIDE: "1"}, check=False).returncode
    folder = options.folder or Path(tempfile.mkdtemp(prefix="chaos-"))
    report = play(folder, options.seconds, options.seed)
    say(report, options.seconds)
    if not report.violations and options.folder is None:
        shutil.rmtree(folder)
    else:
        sys.stdout.write(f"logs and books: {folder}\n")
    return 1 if report.violations else 0


def say(report: Report, seconds: float) -> None:
    """To whoever started it."""
    lines = [f"{seconds:.0f} s of chaos, {report.settled_s:.0f} s until all was stored"]
    lines.append(f"{report.punches} punches made, {report.rows} rows stored")
    lines += [f"  {count:5}  {name}" for name, count in sorted(report.faults.items())]
    lines += [f"  {count:5}  clients ended with {code}" for code, count in sorted(report.exits.items())]
    lines += [f"BROKEN {told}" for told in report.violations] or ["0 violations"]
    sys.stdout.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    sys.exit(main())
