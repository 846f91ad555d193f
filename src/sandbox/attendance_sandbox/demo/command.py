"""attendance-sandbox demo."""

import argparse
import shutil
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from attendance_sandbox.demo.cloud import OperatorError
from attendance_sandbox.demo.functions import FunctionError
from attendance_sandbox.demo.interruption import Stopped, stopped_by_signals
from attendance_sandbox.demo.reconciliation import SiteResult, reconcile
from attendance_sandbox.demo.report import NUMBERS, Said, mails, numbers_of, overview
from attendance_sandbox.demo.story import FIRST_DAY, LAST_DAY, PERIODS, SITE_SETTINGS, Story
from attendance_sandbox.demo.timeline import TimelineError
from attendance_sandbox.sheets.page import Group, book, document
from attendance_sandbox.terminal import from_here
from attendance_trouble.command_line import EXIT_USER_ERROR

EXIT_NOT_FAULTLESS = 1
MARKER = ".attendance-demo"
"""Names a folder as the demo's own, which alone it may empty."""


def add_parser(subparsers: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = subparsers.add_parser(
        "demo",
        help="play a month of three offices and reconcile it",
        description="Play a month of three offices on a virtual clock, in two to three minutes: machines, clients, "
        "Pub/Sub, functions and sheets, with power cuts and a review period that HR forgets. Ends with the "
        "workbooks, with a page for a browser that shows all of it, and with a table of what was lost (nothing).",
    )
    parser.add_argument(
        "--folder",
        type=Path,
        default=Path("build/demo"),
        help="where everything is kept (default: build/demo)",
    )
    parser.add_argument("--seed", type=int, default=1, help="for the made-up punches (default: 1)")
    parser.set_defaults(run=run)


def run(arguments: argparse.Namespace) -> int:
    """Play the demo; 0 when nothing is lost, twice or astray; 128 and the signal's number when one stopped it."""
    try:
        with stopped_by_signals():
            return _run(arguments)
    except Stopped as stopped:
        folder = from_here(arguments.folder)
        sys.stderr.write(
            f"attendance-sandbox: stopped, with all that it ran; {folder} holds what was made so far\n"
        )
        return stopped.exit_code


def _run(arguments: argparse.Namespace) -> int:
    console = Console(highlight=False, soft_wrap=True)
    errors = Console(stderr=True, highlight=False, soft_wrap=True)
    folder = from_here(arguments.folder)
    try:
        prepared = _prepare(folder)
    except OSError as error:
        errors.print(f"attendance-sandbox: cannot use {folder}: {error.strerror}; name another --folder")
        return EXIT_USER_ERROR
    if not prepared:
        errors.print(f"attendance-sandbox: {folder} is not empty and not the demo's; name another --folder")
        return EXIT_USER_ERROR
    started = time.monotonic()
    progress = Progress(
        TextColumn("[bold]{task.description}"),
        BarColumn(),
        TextColumn("{task.percentage:3.0f} %"),
        TimeElapsedColumn(),
        console=console,
    )
    task = progress.add_task("setting up", total=(LAST_DAY - FIRST_DAY).days + 1)

    said: list[tuple[datetime, str]] = []

    def say(when: datetime, text: str) -> None:
        said.append((when, text))
        console.print(f"{when:%a %d %b %H:%M}  {text}")

    def show(when: datetime) -> None:
        local = when + timedelta(hours=1)
        progress.update(task, completed=(local.date() - FIRST_DAY).days, description=f"{local:%a %d %b}")

    story = Story(folder.resolve(), arguments.seed, say)
    console.print(f"the workbooks as they grow, for a browser: {story.cloud.sheets.url}/")
    try:
        with progress:
            story.play(show)
            progress.update(task, completed=(LAST_DAY - FIRST_DAY).days + 1, description="done")
    except (TimelineError, FunctionError, OperatorError) as error:
        errors.print(f"attendance-sandbox: {error}")
        return EXIT_NOT_FAULTLESS
    workbooks = story.workbooks
    results = reconcile(
        story.recorded(),
        PERIODS,
        {name: _boundary(settings) for name, settings in SITE_SETTINGS.items()},
        folder,
    )
    _report(console, results)
    console.print("payroll:")
    for line in story.payroll:
        console.print(f"  {line}")
    console.print("mail:")
    for path in sorted((folder / "mail").glob("*.eml")):
        console.print(f"  {path}")
    console.print("workbooks:")
    for path in workbooks:
        console.print(f"  {from_here(path)}")
    console.print(f"all of it as a page: {from_here(write_page(folder, story, results, said))}")
    console.print(f"{time.monotonic() - started:.0f} s")
    return 0 if all(result.faultless for result in results) else EXIT_NOT_FAULTLESS


def _prepare(folder: Path) -> bool:
    """Make `folder` empty; False when it holds something that is not the demo's."""
    if folder.exists() and any(folder.iterdir()):
        if not (folder / MARKER).exists():
            return False
        shutil.rmtree(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / MARKER).touch()
    return True


def _boundary(settings: dict[str, object]) -> timedelta:
    hours, minutes = str(settings.get("day_boundary", "00:00")).split(":")
    return timedelta(hours=int(hours), minutes=int(minutes))


def _report(console: Console, results: list[SiteResult]) -> None:
    # On 80 columns the serial numbers are to be read.
    table = Table(
        title="Reconciliation: machines against workbooks",
        box=SIMPLE_HEAD,
        padding=(0, 1, 0, 0),
        title_justify="left",
    )
    for title in ("site", "machine"):
        table.add_column(title, no_wrap=True)
    for title in NUMBERS:
        table.add_column(title.replace(" ", "\n"), justify="right", no_wrap=True)
    *rows, totals = numbers_of(results)
    for result, row in zip(results, rows, strict=True):
        table.add_row(*map(str, row), style=None if result.faultless else "red")
    table.add_section()
    table.add_row(*map(str, totals), style="bold")
    console.print(table)


def write_page(folder: Path, story: Story, results: list[SiteResult], said: Said) -> Path:
    """One file that shows everything."""
    made = (*sorted(folder.glob("Payroll *")), *sorted(folder.glob("Slips */All *")))
    beside = [*(str(path.relative_to(folder)) for path in made), *(path.name for path in story.workbooks)]
    now = story.timeline.now
    first = overview(
        results, story.timeline.states, story.recorded(), PERIODS, said=said, files=beside, until=now
    )
    letters = mails(story.cloud.mail.messages)
    sheets = story.cloud.sheets
    books = [book(one, sheets.engine) for one in sheets.spreadsheets(subfolders=False)]
    path = folder / "index.html"
    path.write_text(
        document("A month of three offices", [Group("The month", [first, letters]), *books]), "utf-8"
    )
    return path
