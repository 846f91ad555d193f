"""`attendance-backend doctor`: is all in place, from the settings to the last message of each site?

It looks, and changes nothing but the worksheet ``Problems``, as `check` does.
"""

import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

from attendance_backend.app.commands.check import sections
from attendance_backend.control.registered_sites import Registered
from attendance_backend.errors import BackendError
from attendance_backend.google.monitoring import OLDEST_WAITS, UNDELIVERED, GoogleMonitoring
from attendance_backend.google.pubsub import DEAD_LETTERS
from attendance_backend.handlers import routing
from attendance_backend.ports import Backend
from attendance_trouble.finding import Finding, Level, fail, ok, warn

LONGEST_WAIT_S = 3_600
"""As the alert has it."""
QUOTA_A_MINUTE = 60
"""What Sheets allows one account, of reads and of writes; the measure is the whole project's."""
_FUNCTION = "-function"


def of_settings(complaints: Sequence[str]) -> Iterator[Finding]:
    """What is wrong with the settings."""
    yield from (fail("settings", line) for line in complaints)
    if not complaints:
        yield ok("settings", "all are there")


def of_spreadsheets(backend: Backend) -> Iterator[Finding]:
    """Folder, mail server, *Review Periods*, workbooks, copies, and each site's last message."""
    try:
        for about, complaints in sections(backend):
            yield from (fail(about, line) for line in complaints)
            if not complaints:
                yield ok(about, "nothing to complain of")
        known = routing.read(backend, anew=True).sites
    except BackendError as error:
        yield fail("Review Periods", error)
        return
    for site in known.values():
        yield _of_site(site, backend.clock.now())
    if not known:
        yield warn("sites", "none has sent anything yet: deploy/gcp/deploy site add makes one's file")


def _of_site(site: Registered, now: datetime) -> Finding:
    about = f"site {site.name}"
    if site.last_heard is None:
        return warn(about, "nothing heard of it yet: attendance-client doctor on its Pi tells why")
    told = f"last heard of {_ago(now - site.last_heard)} ago"
    if site.silent_after_h and now - site.last_heard >= timedelta(hours=site.silent_after_h):
        return fail(about, f"{told}: attendance-client doctor on its Pi tells why")
    if site.signed_since is None:
        return warn(
            about,
            f"{told}; it signs nothing, and whoever may publish may write as it: give it the key that "
            f"attendance-backend site-key {site.name} prints",
        )
    return ok(about, f"{told}, signed")


def of_messages(monitoring: GoogleMonitoring) -> Iterator[Finding]:
    """How long messages wait, how many never worked, and what is left of Google's quota."""
    now = datetime.now(UTC)
    try:
        waits, lying = monitoring.newest(OLDEST_WAITS, now), monitoring.newest(UNDELIVERED, now)
        used = monitoring.sheets_quota(now)
    except BackendError as error:
        yield warn("messages", f"not looked at: {error}")
        return
    of_functions = {name: age for name, age in waits.items() if name.endswith(_FUNCTION)}
    late = {name: age for name, age in of_functions.items() if age > LONGEST_WAIT_S}
    for name, age in late.items():
        yield fail(
            "messages",
            f"one waits at {name} for {_ago(timedelta(seconds=age))}: the function's log says why "
            f"(gcloud functions logs read {name.removesuffix(_FUNCTION).replace('_', '-')} --gen2)",
        )
    if not of_functions:
        yield warn("messages", "Cloud Monitoring has measured none of the functions' subscriptions so far")
    elif not late:
        yield ok("messages", f"the oldest waits for {_ago(timedelta(seconds=max(of_functions.values())))}")
    if letters := lying.get(DEAD_LETTERS, 0):
        yield warn("dead letters", f"{letters}: attendance-backend dead-letters list tells of what")
    else:
        yield ok("dead letters", "none")
    yield _of_quota(used.reads, used.writes)


def _of_quota(reads: int, writes: int) -> Finding:
    told = (
        f"at most {reads} reads and {writes} writes of Sheets in one minute of the last hour; one account may make "
        f"{QUOTA_A_MINUTE} of each"
    )
    if max(reads, writes) < QUOTA_A_MINUTE:
        return ok("quota", told)
    return warn(
        "quota",
        f"{told}, and messages wait beyond that: ask for more at https://console.cloud.google.com/iam-admin/quotas",
    )


def of_installation(checkout: Path, settings: Path | None) -> Iterator[Finding]:
    """What ``deploy/gcp/deploy doctor`` of a checkout says, which knows what there shall be."""
    program = checkout / "deploy/gcp/deploy"
    chosen = settings or program.parent / "functions.yaml"
    missing = next((path for path in (program, chosen) if not path.exists()), None)
    if missing is not None:
        yield warn(
            "installation",
            f"services, rights, topics, subscriptions, functions, schedule and alerts are not looked at: there is no "
            f"{missing}; run this in the checkout that was deployed, or name it with --checkout",
        )
        return
    command = [sys.executable, str(program), "doctor", "--settings", str(chosen.resolve())]
    done = subprocess.run(  # noqa: S603 - the words are ours
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    found = list(filter(None, map(_finding, done.stdout.splitlines())))
    yield from found
    if done.returncode and not any(each.level is Level.FAIL for each in found):
        lines = done.stderr.strip().splitlines() or ["no reason given"]
        yield fail("installation", lines[-1].removeprefix("deploy: "))


def _finding(line: str) -> Finding | None:
    """A finding out of its line: level, two blanks, what it is about, two blanks or more, what was found."""
    level, _, rest = line.partition("  ")
    about, _, told = rest.strip().partition("  ")
    return Finding(Level(level), about, told.strip()) if level in set(Level) else None


def _ago(time: timedelta) -> str:
    seconds = max(0, round(time.total_seconds()))
    for unit, length in (("days", 86_400), ("hours", 3_600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} seconds"
