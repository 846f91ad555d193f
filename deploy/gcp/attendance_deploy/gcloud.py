"""The program ``gcloud``: what is asked of it, what is changed with it, and what its refusals mean."""

import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
"""The checkout, which the bundle's folder is named from."""


say = partial(print, file=sys.stderr, flush=True)
"""To the person who waits."""


class DeployError(Exception):
    """What a person has to fix: one line, with the remedy."""


class NotThereError(DeployError):
    """What was asked for does not exist, or its service is not enabled."""


class KeysForbiddenError(DeployError):
    """A policy of the organisation forbids keys of service accounts."""


@dataclass(frozen=True)
class Command:
    """A change, as ``gcloud`` takes it.

    Attributes:
        words: without ``gcloud`` and ``--project``. A word that begins with ``$(`` after its ``=`` is for the shell of
            whoever runs a dry run's output; it stands for an address that is not known before.
        secret: the variable whose content goes to standard input; None for none.
    """

    words: tuple[str, ...]
    secret: str | None = None


Runner = Callable[[Sequence[str], str | None], tuple[int, str, str]]
"""Runs ``gcloud`` with words and standard input; returns exit code, output and complaints."""

_LATER = re.compile(
    r"service account .*does not exist|does not have (?:storage\.|permission to access).*build|"
    r"permission.*(?:cloudbuild|service agent)|has not been used in project .* before or it is disabled|"
    r"getAccessToken|ABORTED|UNAVAILABLE|concurrent policy changes|HTTP (?:429|503)|Internal error",
    re.IGNORECASE | re.DOTALL,
)
"""Refusals that pass: Google's parts hear of each other's changes within minutes."""
PAUSES_S = (5, 10, 20, 40, 60)

_AGAIN = "fix that and run the same again: it goes on where it stopped"
_NONE_THERE = "is the name right? What it stands on may be gone: run deploy"
_NO_KEYS = re.compile(r"disableServiceAccountKeyCreation|Key creation is not allowed", re.IGNORECASE)
_REMEDIES = (
    (r"active account|Reauthentication|gcloud auth login|invalid_grant", "log in with: gcloud auth login"),
    (
        r"[Bb]illing",
        "the project has no billing account: give it one at https://console.cloud.google.com/billing/projects",
    ),
    (r"NOT_FOUND|[Nn]ot found|could not be found|does not exist", _NONE_THERE),
    (
        r"PERMISSION_DENIED|does not have permission|Permission .* denied|403",
        "this account may not do that: log in as an Owner of the project (gcloud auth list tells who is logged in)",
    ),
    (
        r"Quota|RESOURCE_EXHAUSTED",
        "a quota is used up: wait, or see https://console.cloud.google.com/iam-admin/quotas",
    ),
    (
        r"resolve host|Network is unreachable|connection",
        "is this computer on the internet? Then run it again",
    ),
)


TOLD_AFTER_S = (2.0, 20.0)
"""After so long a person is told what is being waited for, and once more."""


def run_gcloud(words: Sequence[str], stdin: str | None) -> tuple[int, str, str]:
    """The `Runner` that runs the program; raises DeployError where there is none."""
    try:
        process = subprocess.Popen(  # noqa: S603 - the words are ours, and no shell reads them
            ["gcloud", *words],  # noqa: S607 - whichever stands on the path
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
    except FileNotFoundError:
        raise DeployError(
            "gcloud is not installed: https://cloud.google.com/sdk/docs/install tells how, or run this in Google's "
            "Cloud Shell, which has it"
        ) from None
    with process:
        try:
            out, complaint = _output(process, words, stdin)
        except BaseException:  # Ctrl-C, as subprocess.run does it
            process.kill()
            raise
    return process.returncode, out, complaint


def _output(process: "subprocess.Popen[str]", words: Sequence[str], stdin: str | None) -> tuple[str, str]:
    """What it says until its end; meanwhile a person is told what is waited for."""
    what = _named(words)
    first_s, later_s = TOLD_AFTER_S
    later = (
        f"still waiting for {what}: a function takes minutes, and without a network gcloud gives up after a minute or "
        "so; Ctrl-C stops, and this may be run again"
    )
    for timeout_s, told in ((first_s, f"waiting for {what}"), (later_s, later)):
        with suppress(subprocess.TimeoutExpired):
            return process.communicate(stdin, timeout=timeout_s)
        say(told)
        stdin = None  # it has it
    return process.communicate()


class Gcloud:
    """``gcloud`` for one project. What was asked is remembered until something is changed."""

    def __init__(
        self,
        project: str,
        secrets: Mapping[str, Callable[[], str]],
        runner: Runner = run_gcloud,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.project = project
        self._secrets = secrets
        self._runner = runner
        self._sleep = sleep
        self._answers: dict[tuple[str, ...], Any] = {}

    def ask(self, *words: str) -> Any:
        """What ``gcloud`` answers, parsed; raises NotThereError or DeployError."""
        if words not in self._answers:
            text = self._run((*words, f"--project={self.project}", "--format=json", "--quiet"), None)
            self._answers[words] = json.loads(text) if text.strip() else None
        return self._answers[words]

    def change(self, command: Command) -> str:
        """Carry a change out, again where its refusal is one that passes; returns what ``gcloud`` printed."""
        self._answers.clear()
        stdin = self._secrets[command.secret]() if command.secret else None
        for pause_s in PAUSES_S:
            try:
                return self._run(self._complete(command), stdin)
            except DeployError as error:
                if not _LATER.search(str(error.__cause__)):
                    raise
                self._sleep(pause_s)
        return self._run(self._complete(command), stdin)

    def shown(self, command: Command) -> str:
        """The change as a person would type it."""
        line = " ".join(["gcloud", *map(_quoted, self._complete(command))])
        return f'printf %s "${command.secret}" | {line}' if command.secret else line

    def _complete(self, command: Command) -> tuple[str, ...]:
        return (*command.words, f"--project={self.project}", "--quiet")

    def _run(self, words: tuple[str, ...], stdin: str | None) -> str:
        code, out, complaint = self._runner(words, stdin)
        if code == 0:
            return out
        raise _refusal(words, complaint or out) from RuntimeError(complaint or out)


def _refusal(words: Sequence[str], complaint: str) -> DeployError:
    """The error for what ``gcloud`` refused, in one line."""
    told = complaint.strip().splitlines() or ["no reason given"]
    first = next((line for line in told if "ERROR" in line), told[0]).removeprefix("ERROR: ")
    what = f"{_named(words)}: {first.strip()[:300]}"
    if _NO_KEYS.search(complaint):
        return KeysForbiddenError(what)
    remedies = (remedy for pattern, remedy in _REMEDIES if re.search(pattern, complaint))
    remedy = next(remedies, _AGAIN)
    return (NotThereError if remedy is _NONE_THERE else DeployError)(f"{what}; {remedy}")


def _named(words: Sequence[str]) -> str:
    """The command in a few words."""
    return f"gcloud {' '.join(word for word in words[:4] if not word.startswith('--'))}"


def _quoted(word: str) -> str:
    """For a POSIX shell. Of a word with ``$(…)``, what is around it must need no quotes."""
    return f'"{word}"' if "$(" in word else shlex.quote(word)
