"""A month of three offices: real programs, real sockets, SIGKILL, reconciled from the saved workbooks."""

import os
import random
import signal
import threading
from collections import Counter
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import pytest

from attendance_contracts import FUNCTION_TOPICS
from attendance_sandbox.cli import main
from attendance_sandbox.demo.command import write_page
from attendance_sandbox.demo.interruption import Stopped, stopped_by_signals, until_it_can_be_stopped
from attendance_sandbox.demo.people import LATE_PUNCH_USER, PENALTY_DAY, PENALTY_EXCUSED, Punch, staff
from attendance_sandbox.demo.reconciliation import reconcile
from attendance_sandbox.demo.story import PERIODS, SITE_SETTINGS, Story
from attendance_sandbox.demo.timeline import Timeline
from attendance_sandbox.demo.virtual_clock import VirtualClock
from attendance_sandbox.terminal import from_here
from tests.integration.browser import asked
from tests.integration.sandbox_process import rest, running
from tests.integration.workbook_office import TITLE, in_libreoffice

BOUNDARIES = {
    "headquarters": timedelta(0),
    "warehouse": timedelta(hours=4),
    "laboratory": timedelta(0),
}


class StoryWithManyPowerCuts(Story):
    """Cuts the power at random commands to the machine and at random messages, at every state in the end."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.chances = random.Random(7)
        self.cuts = Counter()

    def cuts_power_at_command(self, site, command):
        return self.cut(0.0006, ("machine", command))

    def cuts_power_at_publish(self, site, topic):
        return self.cut(0.05, ("publish", topic))

    def cut(self, chance, where):
        if self.chances.random() >= chance:
            return False
        self.cuts[where] += 1
        return True


PAGE = """[[...document.querySelectorAll('section')].at(-1).innerText,
    [...document.querySelectorAll('section')].map(one => one.querySelector('.groups .shown').innerText
    .replace('Attendance Review - ', '') + '/' + one.querySelector('.tabs .shown').innerText)]"""


def play(story):
    said = []
    story.play(said.append)
    return said


@pytest.mark.slow
def test_a_month_with_many_power_cuts_is_stored_once_each_in_its_own_period(tmp_path):
    story = StoryWithManyPowerCuts(tmp_path, 3, lambda when, text: None)
    play(story)
    assert sum(story.cuts.values()) >= 20, story.cuts
    assert len({where for where, _ in story.cuts}) == 2
    saved = story.cloud.sheets.save(tmp_path, subfolders=False)
    recorded = story.recorded()
    results = reconcile(recorded, PERIODS, BOUNDARIES, tmp_path)
    assert all(result.faultless for result in results), results
    assert sum(result.rows for result in results) == len(recorded) > 1500
    machines = [(r.site, r.machine) for r in results if r.rows > 100]
    assert machines == [
        ("headquarters", "front door, SIM-HEAD-01"),
        ("headquarters", "back door, SIM-HEAD-02"),
        ("headquarters", "back door, SIM-HEAD-03"),
        ("warehouse", "SIM-WARE-01"),
        ("laboratory", "SIM-LABO-01"),
    ]
    alarms = [
        m["Subject"] for m in story.cloud.mail.messages if "is missing" in " ".join(m["Subject"].split())
    ]
    assert len(alarms) == 1
    assert all(machine.enabled for office in story.offices.values() for machine in office.machines)
    september = pytest.importorskip("openpyxl").load_workbook(
        tmp_path / "Attendance Review - September 2026.xlsx"
    )
    late = [row[5] for row in september["Amendments"].iter_rows(min_row=2, values_only=True)]
    assert late == [LATE_PUNCH_USER], "HR had finalised September"
    path = write_page(tmp_path, story, results, [])
    text, tabs = asked(tmp_path, path.read_text(encoding="utf-8"), PAGE)
    numbers = [f"{r.site}\t{r.machine}\t{r.punches}\t{r.rows}\t0\t0\t0" for r in results]
    assert all(line in text for line in numbers), text
    assert "Every punch is in its month's workbook, once." in text
    for month in ("September", "October", "November"):
        assert {f"{month} 2026/{sheet}" for sheet in ("Exceptions", "Monthly Summary", "Guide")} <= set(tabs)
    if os.environ.get("CI"):
        comparison = in_libreoffice(tmp_path, story.cloud.sheets, saved)
        assert comparison.disagreements == [], "the engine whose values people see, against LibreOffice"
        assert comparison.compared > 60_000


def shown(book):
    """What a file of it holds; `test_sandbox_sheets_xlsx` asks that the same content gives the same bytes."""
    return [
        (
            sheet.title,
            sheet.properties.get("hidden"),
            [
                (at, cell.value, cell.formula, cell.format, cell.note)
                for *at, cell in sheet.occupied(sheet.area)
            ],
            [{at: laid_out(each) for at, each in sheet.meta(of).items()} for of in ("ROWS", "COLUMNS")],
            sheet.rules["conditionalFormats"],
        )
        for sheet in book.sheets
    ]


def laid_out(properties):
    return properties.get("pixelSize"), properties.get("hiddenByUser")


@pytest.mark.slow
def test_the_same_seed_gives_the_same_workbooks(tmp_path):
    reviews = []
    for name in ("first", "second"):
        story = Story(tmp_path / name, 5, lambda when, text: None, last_day=date(2026, 10, 5))
        play(story)
        books = story.cloud.sheets.spreadsheets(subfolders=False)
        reviews.append({book.title: shown(book) for book in books if book.title.startswith(TITLE)})
    assert reviews[0].keys() == {f"{TITLE}September 2026", f"{TITLE}October 2026"}
    assert reviews[0] == reviews[1]
    # The visitor was there every third day, by the story's clock, and had nothing to complain of.
    files = story.cloud.sheets.store.files.values()
    days = [
        file.app_properties["attendance_copied_on"]
        for file in files
        if file.name.startswith("Review Periods,")
    ]
    assert days == ["2026-10-01", "2026-10-04"]
    log = (tmp_path / "second" / "logs" / "function-watch.log").read_text()
    # More often than twice where a slow machine lets Pub/Sub deliver a tick again.
    assert log.count("watch of schedule, request tick: done") >= 2
    assert "ERROR" not in log


def test_the_reconciliation_finds_what_is_lost_twice_and_astray(tmp_path):
    """The judge is judged: four faults planted in workbooks."""
    openpyxl = pytest.importorskip("openpyxl")

    front, back = ("front door", "SIM-1"), ("back door", "SIM-2")
    days = [datetime(2026, 10, day, 9) for day in (5, 6, 7, 8, 2)]
    made = [Punch("headquarters", "101", day, 0, ", ".join(front)) for day in days]
    rows = {
        # The second of October strays into October's workbook; the 6th is there twice; the 7th is lost.
        "October": [datetime(2026, 10, 2, 9), *[datetime(2026, 10, day, 9) for day in (5, 6, 6, 8)]],
        "September": [],
    }
    for month, stamps in rows.items():
        book = openpyxl.Workbook()
        sheet = book.active
        sheet.title = "Raw Data - headquarters"
        sheet.append(["Timestamp", "User ID", "Key", "Machine", "Serial Number"])
        for stamp in stamps:
            sheet.append([stamp, "101", 0, *front])
        if stamps:
            sheet.append([stamps[-1], "101", 0, *back])
        book.save(tmp_path / f"Attendance Review - {month} 2026.xlsx")
    result, other = reconcile(made, PERIODS, BOUNDARIES, tmp_path)
    assert (result.punches, result.rows, result.lost, result.twice, result.wrong_period) == (5, 5, 1, 1, 1)
    assert not result.faultless
    # A row that bears another machine's number than that of the log which the punch is in.
    assert (other.machine, other.rows, other.twice) == ("back door, SIM-2", 1, 1)
    assert not other.faultless


def test_the_penalty_that_hr_waives_in_the_demo_is_one(tmp_path):
    """With the seed that the demo has by default."""
    story = Story(tmp_path, 1, lambda when, text: None)
    person = next(person for person in staff() if person.user_id == PENALTY_EXCUSED)
    monday = PENALTY_DAY - timedelta(days=PENALTY_DAY.weekday())
    arrivals = {}
    for punch in sorted(story.punches(), key=lambda each: each.when):
        day = punch.when.date()
        if (
            punch.user_id == person.user_id
            and monday <= day < monday + timedelta(days=7)
            and punch.when.hour > 4
        ):
            arrivals.setdefault(day, punch.when - datetime.combine(day, time()))
    mean = sum(arrivals.values(), timedelta()) / len(arrivals)
    assert mean > timedelta(hours=person.cut_off.hour, minutes=person.cut_off.minute)


def test_paths_are_told_in_one_way(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in (
        Path("build/demo/x.csv"),
        tmp_path / "build/demo/x.csv",
        Path("./build/../build/demo/x.csv"),
    ):
        assert str(from_here(given)) == "build/demo/x.csv"
    assert str(from_here(tmp_path.parent / "elsewhere")) == str(tmp_path.parent / "elsewhere")


def test_the_demo_keeps_its_hands_off_a_folder_that_is_not_its_own(tmp_path, capsys):
    (tmp_path / "thesis.odt").write_text("years of work")
    assert main(["demo", "--folder", str(tmp_path)]) == 2
    assert (tmp_path / "thesis.odt").exists()
    assert "another --folder" in capsys.readouterr().err


def test_who_sleeps_for_the_rest_of_a_float_sees_time_go_on():
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    with Timeline(begin) as timeline:
        timeline.expect("berlin")

        def sleep_twice():
            clock = VirtualClock("berlin", timeline.address, "UTC", threading.Event())
            seen.append(clock.now())
            clock.sleep(1e-9)
            seen.append(clock.now())
            clock.sleep(3600)

        seen = []
        threading.Thread(target=sleep_twice, daemon=True).start()
        timeline.run(begin + timedelta(minutes=1), lambda _: None)
    assert seen[1] > seen[0]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_stopped_demo_says_so_in_one_line_and_leaves_no_process_behind(tmp_path, number):
    folder = tmp_path / "demo"
    with running("demo", "--folder", str(folder)) as (process, first_line):
        assert first_line.startswith("the workbooks as they grow, for a browser: http://127.0.0.1:")
        assert process.stdout is not None
        assert "asks for the review sheet" in process.stdout.readline()
        started = descendants(process.pid)
        assert len(started) >= len(FUNCTION_TOPICS) + len(SITE_SETTINGS)
        process.send_signal(number)
        _, errors = rest(process)
    assert process.returncode == 128 + number
    assert len(errors.splitlines()) == 1, errors
    assert errors.startswith("attendance-sandbox: stopped")
    assert not [pid for pid in started if is_running(pid)]
    assert not (folder / "service-account.json").exists()


def test_a_signal_waits_until_what_is_being_started_can_be_stopped():
    done = []

    def start():
        with until_it_can_be_stopped():
            signal.raise_signal(signal.SIGTERM)
            done.append("started")
        done.append("went on")

    with pytest.raises(Stopped) as stopped, stopped_by_signals():
        start()
    assert done == ["started"]
    assert stopped.value.exit_code == 143


def test_a_second_signal_does_not_break_off_the_stopping():
    done, before = [], signal.getsignal(signal.SIGINT)

    def work():
        try:
            signal.raise_signal(signal.SIGINT)
        finally:
            signal.raise_signal(signal.SIGINT)
            done.append("stopped")

    with pytest.raises(Stopped) as stopped, stopped_by_signals():
        work()
    assert done == ["stopped"]
    assert stopped.value.exit_code == 130
    assert signal.getsignal(signal.SIGINT) is before


def descendants(pid):
    """The processes that a process started, and those that these did."""
    children = [int(path.parent.name) for path in Path("/proc").glob("[0-9]*/stat") if parent_of(path) == pid]
    return [*children, *(other for child in children for other in descendants(child))]


def parent_of(stat):
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None  # it has ended meanwhile


def is_running(pid):
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
