"""What of an installation is not as it shall be, a line each, with the remedy. It looks, and changes nothing."""

from collections.abc import Iterator

from attendance_deploy import installation, sites
from attendance_deploy.change import look
from attendance_deploy.gcloud import DeployError, Gcloud
from attendance_deploy.installation import Installation, Stage
from attendance_deploy.kinds import Facts, Resource
from attendance_trouble.finding import Finding, fail, ok

DEPLOY = "deploy/gcp/deploy"
LONGEST = 60
"""Of what is there and of what shall be there, so much is told."""


def examine(gcloud: Gcloud, it: Installation) -> Iterator[Finding]:
    """Each stage of the installation and of its sites; what cannot be looked at is told as well."""
    for stage in (*installation.foundation(it), *installation.program(it)):
        yield from _stage(gcloud, stage, DEPLOY)
    try:
        known = sites.known(gcloud)
    except DeployError as error:
        yield fail("sites", error)
        return
    for site in known:
        for stage in sites.stages(it, site):
            yield from _stage(gcloud, stage, f"{DEPLOY} site add {site}")


def _stage(gcloud: Gcloud, stage: Stage, command: str) -> Iterator[Finding]:
    try:
        resources = stage.resources(gcloud)
        told = [line for each in resources for line in _lines(each, look(gcloud, each), stage, command)]
    except DeployError as error:
        yield fail(stage.title, error)
        return
    yield from (fail(stage.title, line) for line in told)
    if not told:
        yield ok(stage.title, "none there" if stage.absent else f"{len(resources)} in place")


def _lines(resource: Resource, present: Facts | None, stage: Stage, command: str) -> Iterator[str]:
    if stage.absent:
        if present is not None:
            yield f"{resource.name} is still there: {command} removes it"
    elif present is None:
        yield f"{resource.name} is missing: {command} makes it"
    else:
        for key, expected in resource.wanted.items():
            if present.get(key) != expected:
                yield f"{resource.name}: {_difference(key, present.get(key), expected)}: {command} puts it right"


def _difference(key: str, present: object, expected: object) -> str:
    if key == "bundle":
        return "it runs another revision than this checkout"
    if isinstance(present, dict) and isinstance(expected, dict):
        names = sorted(
            name for name in present.keys() | expected.keys() if present.get(name) != expected.get(name)
        )
        return f"of {key}, {', '.join(names)} differ from the settings"
    return f"{key} is {_short(present)} and shall be {_short(expected)}"


def _short(value: object) -> str:
    text = "none" if value in (None, "") else str(value)
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
