"""Look, compare, change: brings about what stages say, and nothing where it is so already."""

import json
from collections.abc import Callable, Iterable, Sequence
from itertools import groupby

from attendance_deploy.gcloud import Command, Gcloud
from attendance_deploy.installation import Stage
from attendance_deploy.kinds import Facts, Resource, enabled_services

Say = Callable[[str], None]

LONGEST = 110
_VERBS = {"create", "enable", "add", "add-iam-policy-binding", "identity", "channels", "policies"}


class Changes:
    """Carries changes out, or shows them.

    Attributes:
        made: how many there were.
    """

    def __init__(self, gcloud: Gcloud, show: Say, say: Say, *, dry_run: bool) -> None:
        self.gcloud = gcloud
        self.dry_run = dry_run
        self.made = 0
        self._show = show
        self._say = say

    def bring_about(self, stages: Iterable[Stage]) -> None:
        """Each stage, in order; raises DeployError where something has to be fixed first."""
        for stage in stages:
            before = self.made
            resources = stage.resources(self.gcloud)
            for _, group in groupby(resources, key=lambda each: each.kind):
                of_kind = list(group)
                for title, command in _needed(self.gcloud, of_kind, absent=stage.absent):
                    self.carry_out(command, title)
            if self.made == before:
                self._say(f"{stage.title}: {'none there' if stage.absent else 'in place'}")

    def carry_out(self, command: Command, title: str) -> None:
        """One change."""
        self.made += 1
        if self.dry_run:
            self._show(self.gcloud.shown(command))
        else:
            self._say(f"  {title}")
            self.gcloud.change(command)

    def tell(self, line: str) -> None:
        """What a dry run would do beside ``gcloud``, as a comment; otherwise a progress line."""
        self.made += 1
        if self.dry_run:
            self._show(f"# {line}")
        else:
            self._say(f"  {line}")


def look(gcloud: Gcloud, resource: Resource) -> Facts | None:
    """The facts that are there; None where it does not exist, or its service is not enabled."""
    service = resource.kind.service
    if service is not None and service not in enabled_services(gcloud):
        return None
    return resource.kind.look(gcloud, resource)


def _needed(gcloud: Gcloud, resources: Sequence[Resource], *, absent: bool) -> list[tuple[str, Command]]:
    """The changes for resources of one kind, each with words for it."""
    kind = resources[0].kind
    missing, changes = [], []
    for resource in resources:
        present = look(gcloud, resource)
        if absent:
            if present is not None:
                changes += [(f"removing {resource.name}", each) for each in kind.remove(resource, present)]
        elif present is None:
            missing.append(resource)
        elif different := [key for key, value in resource.wanted.items() if present.get(key) != value]:
            title = f"changing {resource.name} ({', '.join(different)})"
            changes += [(title, each) for each in kind.change(resource, present)]
    if missing:
        changes += [(_making(kind.title, each), each) for each in kind.make(missing)]
    return changes


def _making(title: str, command: Command) -> str:
    """What a command makes, in a line: its names, and of a right the role and for whom."""
    names = [word for word in command.words[2:] if not word.startswith("-") and word not in _VERBS]
    flags = dict(word[2:].partition("=")[::2] for word in command.words if word.startswith("--"))
    names += [flags[each] for each in ("service", "display-name") if each in flags]
    if "policy" in flags:
        names.append(json.loads(flags["policy"])["displayName"])
    if "role" in flags:
        who = flags["member"].partition(":")[2].partition("@")[0]
        names.append(f"{flags['role'].removeprefix('roles/')} for {who}")
    line = f"making {title}: {' '.join(names)}"
    return line if len(line) <= LONGEST else f"{line[: LONGEST - 1]}…"
