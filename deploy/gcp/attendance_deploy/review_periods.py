"""*Review Periods*, made by ``attendance-backend init`` as the functions' own account: no login needs Drive's scope.

Google blocks that scope for many logins (*This app is blocked*). The account that the functions run as may write the
folder anyway; for these minutes the operator may act as it.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from attendance_deploy.change import Changes, look
from attendance_deploy.gcloud import Command, DeployError
from attendance_deploy.installation import Installation, lent
from attendance_deploy.kinds import RIGHT

SCOPES = "https://www.googleapis.com/auth/drive,https://www.googleapis.com/auth/spreadsheets"
TOKEN = "GOOGLE_OAUTH_ACCESS_TOKEN"  # noqa: S105 - its name
_LINK = re.compile(r"https://docs\.google\.com/spreadsheets/d/([A-Za-z0-9_-]+)")

Init = Callable[[Mapping[str, str]], str]
"""Runs ``attendance-backend init`` with variables beside the process's own; returns the spreadsheet's ID."""

Ask = Callable[[str], str]
TRY_AGAIN = 3
"""How attendance-backend ends when Google or the network failed."""


def make(changes: Changes, it: Installation, folder: str, init: Init, ask: Ask | None) -> str | None:
    """The ID of the spreadsheet that was made or found in the folder; None in a dry run.

    `ask` waits until somebody has shared the folder; it is None where nobody is there.

    Raises:
        DeployError: the account may not write the folder yet; says what to do in Drive.
    """
    functions = it.account("attendance-functions")
    lending = lent(it)
    words = ("auth", "print-access-token", f"--impersonate-service-account={functions}", f"--scopes={SCOPES}")
    if look(changes.gcloud, lending) is None:
        for command in RIGHT.make([lending]):
            changes.carry_out(command, "lending you the functions' account for a moment")
    try:
        if changes.dry_run:
            changes.tell(
                "attendance-backend init, as that account: makes Review Periods; its ID is kept in the settings"
            )
            return None
        changes.tell("making Review Periods (the first time a minute or two)")
        token = changes.gcloud.change(Command(words)).strip()
        return _made({TOKEN: token, "REVIEW_SHEETS_FOLDER_ID": folder}, functions, init, ask)
    finally:
        for command in RIGHT.remove(lending, {}):
            changes.carry_out(command, "taking it back")


def _made(variables: Mapping[str, str], functions: str, init: Init, ask: Ask | None) -> str:
    """What `init` made, once somebody has shared the folder."""
    folder = f"https://drive.google.com/drive/folders/{variables['REVIEW_SHEETS_FOLDER_ID']}"
    share = f"in Drive, open {folder}, Share, and make {functions} a Content manager"
    while True:
        try:
            return init(variables)
        except NotOfTheFolderError:
            raise
        except DeployError as error:
            told = (
                f"{share} ({error}; if it is another folder, correct REVIEW_SHEETS_FOLDER_ID in the settings)"
            )
            if ask is None or ask(f"Now {told}. Then press Enter, or type q to go on later: ").strip():
                raise DeployError(f"{told}, and run the same again") from error


class NotOfTheFolderError(DeployError):
    """It failed for a reason that sharing the folder does not fix."""


def run_init(root: Path) -> Init:
    """The `Init` that runs the bundle's own code, in an environment with the bundle's own packages."""

    def init(variables: Mapping[str, str]) -> str:
        bundle, environment = root / "build/bundle", root / "build/operator"
        python = environment / "bin/python"
        pip: list[str | Path] = [
            python,
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--require-hashes",
        ]
        lock, installed = bundle / "requirements.txt", environment / "requirements.txt"
        if not installed.exists() or installed.read_bytes() != lock.read_bytes():
            _run([sys.executable, "-m", "venv", "--clear", environment], {}, "apt install python3-venv")
            _run([*pip, "-r", lock], {}, "is this computer on the internet? Then run it again")
            shutil.copy(lock, installed)
        told = _run(
            [python, "-m", "attendance_backend.app.cli", "init"], {**variables, "PYTHONPATH": str(bundle)}
        )
        found = _LINK.search(told)
        if found is None:
            raise DeployError(f"attendance-backend init told of no spreadsheet, but: {told.strip()[-200:]}")
        return found[1]

    return init


def _run(words: list[str | Path], variables: Mapping[str, str], remedy: str = "") -> str:
    """What it printed; raises NotOfTheFolderError where there is a `remedy`, or it is to be tried again."""
    done = subprocess.run(  # noqa: S603 - the words are ours
        words, env={**os.environ, **variables}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no reason given"]
        told = lines[-1].removeprefix("attendance-backend: ")
        if remedy:
            raise NotOfTheFolderError(f"attendance-backend cannot be installed here ({told}): {remedy}")
        raise (NotOfTheFolderError if done.returncode == TRY_AGAIN else DeployError)(told)
    return done.stdout
