"""`attendance-backend doctor`: is all in place, from the settings to the last message of each site?

It looks, and changes nothing but the worksheet ``Problems``, as `check` does.
"""

import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import google.auth.exceptions

from attendance_backend.app.bootstrap import build_monitoring
from attendance_backend.app.commands.check import sections
from attendance_backend.app.settings import function_complaints, read_operator_settings, unknown_names
from attendance_backend.app.variables import Variables
from attendance_backend.control.registered_sites import Registered
from attendance_backend.errors import BackendError, UserError
from attendance_backend.google.monitoring import OLDEST_WAITS, UNDELIVERED, GoogleMonitoring
from attendance_backend.google.pubsub import DEAD_LETTERS, PubSubLook
from attendance_backend.handlers import routing
from attendance_backend.ports import Backend
from attendance_contracts import FUNCTION_TOPICS, REPLY_TOPICS, subscription_filter, subscription_path
from attendance_trouble.finding import Finding, Level, fail, ok, warn

LONGEST_WAIT_S = 3_600
"""As the alert has it."""
QUOTA_A_MINUTE = 60
"""What Sheets allows one account, of reads and of writes; the measure is the whole project's."""
_FUNCTION = "-function"


def examine(variables: Variables, build: Callable[[], Backend], checkout: Path) -> Iterator[Finding]:
    """Look at one thing after the other; what is wrong with one keeps only those that need it from being looked at.

    Args:
        build: makes the backend; raises SettingsError.
        checkout: the folder that may be what was deployed.
    """
    yield from _of_settings([*unknown_names(variables), *function_complaints(variables)])
    sites: list[str] = []
    try:
        backend = build()
        yield from _of_spreadsheets(backend)
        known = routing.read(backend, anew=True).sites.values()
    except BackendError as error:
        yield fail("Review Periods", error)
    else:
        sites = [site.name for site in known]
        yield from (_of_site(site, backend.clock.now()) for site in known)
        if not sites:
            yield warn("sites", "none has sent anything yet: deploy/gcp/deploy site add makes one's file")
    if (project := variables.text("GOOGLE_CLOUD_PROJECT")) is None:
        return
    try:
        yield from _of_messages(build_monitoring(read_operator_settings(variables), project))
    except UserError as error:
        yield fail("messages", error)
    deployed = _deployed_from(checkout, variables.file)
    yield from _of_topics(project, sites) if deployed is None else _of_installation(*deployed)


def _of_settings(complaints: Sequence[str]) -> Iterator[Finding]:
    yield from (fail("settings", line) for line in complaints)
    if not complaints:
        yield ok("settings", "all are there")


def _of_spreadsheets(backend: Backend) -> Iterator[Finding]:
    """Folder, mail server, *Review Periods*, workbooks, copies. Raises as `check.sections`."""
    for about, complaints in sections(backend):
        yield from (fail(about, line) for line in complaints)
        if not complaints:
            yield ok(about, "nothing to complain of")


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


def _of_messages(monitoring: GoogleMonitoring) -> Iterator[Finding]:
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


def _deployed_from(checkout: Path, settings: Path | None) -> tuple[Path, Path] | None:
    """``deploy/gcp/deploy`` in a checkout, and the settings it deployed with; None where either is not there."""
    program = checkout / "deploy/gcp/deploy"
    chosen = settings or program.parent / "functions.yaml"
    return (program, chosen) if program.exists() and chosen.exists() else None


def _of_installation(program: Path, settings: Path) -> Iterator[Finding]:
    """What ``deploy/gcp/deploy doctor`` says, which knows what there shall be."""
    command = [sys.executable, str(program), "doctor", "--settings", str(settings.resolve())]
    done = subprocess.run(  # noqa: S603 - the words are ours
        command, capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    found = list(filter(None, map(_finding, done.stdout.splitlines())))
    yield from found
    if done.returncode and not any(each.level is Level.FAIL for each in found):
        reason = done.stderr.strip().rpartition("deploy: ")[-1] or "no reason given"
        yield fail("installation", " ".join(reason.split()))


def _of_topics(project: str, sites: Iterable[str]) -> Iterator[Finding]:
    """Topics, and the sites' subscriptions: what can be looked at without the checkout that was deployed."""
    yield warn(
        "installation",
        "services, rights, functions, schedule and alerts are not looked at: run this in the checkout that was "
        "deployed, or name it with --checkout, with its settings (--settings FILE)",
    )
    try:
        look = PubSubLook(project)
        yield from _of_all_topics(look)
        for site in sites:
            yield from _of_subscriptions(look, project, site)
    except (BackendError, google.auth.exceptions.GoogleAuthError) as error:
        yield fail("topics", error)


def _of_all_topics(look: PubSubLook) -> Iterator[Finding]:
    names = (*map(str, FUNCTION_TOPICS), *map(str, REPLY_TOPICS), DEAD_LETTERS)
    missing = [name for name in names if not look.has_topic(name)]
    yield from (fail("topics", f"{name} is missing: deploy/gcp/deploy makes it") for name in missing)
    if not missing:
        yield ok("topics", f"{len(names)} in place")


def _of_subscriptions(look: PubSubLook, project: str, site: str) -> Iterator[Finding]:
    about, remedy = f"site {site}", f"deploy/gcp/deploy site add {site} puts it right"
    wrong = 0
    for topic in REPLY_TOPICS:
        path = subscription_path(project, topic, site)
        name, expected = path.rpartition("/")[2], subscription_filter(site)
        found = look.subscription(path)
        if found is None:
            told = fail(about, f"the subscription {name} is missing: {remedy}")
        elif found.filter != expected:
            told = fail(
                about,
                f"the subscription {name} has the filter {found.filter or 'none'!r}, not {expected!r}: {remedy}",
            )
        elif found.dead_letters != DEAD_LETTERS:
            told = warn(about, f"the subscription {name} sets no dead letters aside: {remedy}")
        else:
            continue
        wrong += 1
        yield told
    if not wrong:
        yield ok(about, f"its {len(REPLY_TOPICS)} subscriptions are in place")


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
