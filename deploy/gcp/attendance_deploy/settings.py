"""The settings, in the file that the functions are deployed with: asked for once, and kept. No secrets."""

import difflib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from attendance_backend.app.variables import read_settings_file
from attendance_backend.errors import SettingsError
from attendance_deploy.gcloud import DeployError

PROJECT, REGION = "GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_REGION"
TRANSPORT, SMTP, GMAIL = "MAIL_TRANSPORT", "smtp", "gmail"
FOLDER, CONTROL = "REVIEW_SHEETS_FOLDER_ID", "REVIEW_PERIODS_SPREADSHEET_ID"
_FOLDER_ADDRESS = re.compile(r"https://drive\.google\.com/.*/folders/([A-Za-z0-9_-]+).*")
_ADDRESSES = r"[^@\s<>,]+@[^@\s<>,]+(?:\s*,\s*[^@\s<>,]+@[^@\s<>,]+)*"
HEADER = "# Settings of the attendance system in Google Cloud, as deploy/gcp/deploy keeps them. No secrets in here.\n"


@dataclass(frozen=True)
class Setting:
    """One setting: what to ask for, what it must look like, and what is taken when nothing is typed."""

    question: str
    pattern: str
    default: str | None = None

    def checked(self, name: str, value: str) -> str:
        """The value; raises DeployError that says what is expected."""
        if name == FOLDER and (address := _FOLDER_ADDRESS.fullmatch(value)):
            value = address[1]
        if "~~" in value or not re.fullmatch(self.pattern, value):
            raise DeployError(f"{name} cannot be {value!r}: {self.question}")
        return value


ASKED = {
    PROJECT: Setting(
        "the project's ID, such as acme-attendance (6 to 30 lower-case letters, digits, dashes)",
        r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
    ),
    REGION: Setting(
        "where the functions run, such as europe-west3", r"[a-z]+(?:-[a-z]+)+[0-9]{1,2}", "europe-west3"
    ),
    FOLDER: Setting(
        "the address of a folder in a shared drive, in which the workbooks will lie, or its ID",
        r"[A-Za-z0-9_-]{10,}",
    ),
    "ALARM_TO": Setting("whom to tell of alarms: e-mail addresses, separated by commas", _ADDRESSES),
    "MAIL_FROM": Setting("the sender of alarms, an e-mail address", _ADDRESSES),
    TRANSPORT: Setting(
        "how mail goes out: smtp, by a mail server's account; or gmail, from one mailbox whose owner consents",
        "smtp|gmail",
        "smtp",
    ),
    "SMTP_HOST": Setting("the mail server's name, such as smtp.example.com", r"[A-Za-z0-9.-]+"),
    "SMTP_PORT": Setting("the port there, a number such as 587", r"[0-9]{1,5}", "587"),
    "SMTP_STARTTLS": Setting("whether it wants STARTTLS, 1 or 0", r"[01]|true|false", "1"),
    "SMTP_USERNAME": Setting("the user name there (empty: no login)", r"\S*", ""),
}


Recall = Callable[[str, str], Mapping[str, str]]
"""The settings with which the functions of a project and region were deployed; empty where there are none."""
ALL_NAMES = {*ASKED, CONTROL, "SMTP_PASSWORD", "GMAIL_CREDENTIALS", "SIGNING_SECRET"}


def load(
    path: Path,
    given: Mapping[str, str | None],
    ask: Callable[[str], str] | None,
    *,
    recall: Recall | None = None,
    of_project_only: bool = False,
) -> dict[str, str]:
    """The settings: those of the command line, then the file's; what is missing is asked for, and kept.

    `ask` is None where nobody is there to be asked. `recall` is asked where there is no file: it may have been lost.
    `of_project_only`: the project and its region will do.

    Raises:
        DeployError: names what is missing or makes no sense.
    """
    kept = _kept(path)
    chosen = {name: value for name, value in kept.items() if value} | _given(path, kept, given)
    if recall is not None and not path.exists():
        chosen |= _recalled(chosen, recall, ask)
        if FOLDER in chosen and "MAIL_FROM" in chosen:
            kept = dict.fromkeys(ASKED, "")  # what was not deployed was left empty
    if "SMTP_HOST" in chosen:
        kept = {TRANSPORT: "", **kept}  # as it was before there was a choice
    missing = [name for name in needed(chosen) if name not in chosen and name not in kept]
    if of_project_only:
        chosen.setdefault(REGION, ASKED[REGION].default or "")
        missing = [name for name in missing if name == PROJECT]
    if missing and ask is None:
        lines = "".join(f'\n{name}: ""  # {ASKED[name].question}' for name in missing)
        raise DeployError(
            f"settings are missing, and nobody is here to be asked. Write these lines into {path}, and what is asked "
            f"for between the quotes:{lines}"
        )
    for name in missing:
        assert ask is not None
        if name in needed(chosen):
            chosen[name] = _asked(name, ask)
    for name, setting in ASKED.items():
        if name in chosen:
            chosen[name] = setting.checked(name, chosen[name])
    return chosen


def _recalled(chosen: Mapping[str, str], recall: Recall, ask: Callable[[str], str] | None) -> dict[str, str]:
    """What is not chosen yet of what was deployed, with the project and the region, as far as they are known."""
    found: dict[str, str] = {}
    for name in (PROJECT, REGION):
        if name not in chosen and ask is not None:
            found[name] = _asked(name, ask)
    project = chosen.get(PROJECT) or found.get(PROJECT)
    region = chosen.get(REGION) or found.get(REGION) or ASKED[REGION].default
    if project and region and (deployed := recall(project, region)):
        names = {*ASKED, CONTROL} - chosen.keys()
        found |= {REGION: region} | {name: value for name, value in deployed.items() if name in names}
    return found


def _kept(path: Path) -> dict[str, str]:
    """What the file says."""
    try:
        kept = read_settings_file(path) if path.exists() else {}
    except SettingsError as error:
        raise DeployError(str(error)) from error
    for secret in ("SMTP_PASSWORD", "GMAIL_CREDENTIALS"):
        if secret in kept:
            raise DeployError(
                f"{path} holds {secret}: take it out; it is asked for once and kept as a secret"
            )
    for name in kept.keys() - ALL_NAMES:
        if near := difflib.get_close_matches(name, ALL_NAMES, n=1, cutoff=0.8):
            raise DeployError(f"there is no setting {name}, which stands in {path}; did you mean {near[0]}?")
    return kept


def _given(path: Path, kept: Mapping[str, str], given: Mapping[str, str | None]) -> dict[str, str]:
    """What the command line says, checked."""
    found = {name: ASKED[name].checked(name, typed) for name, typed in given.items() if typed is not None}
    project, before = found.get(PROJECT), kept.get(PROJECT)
    if project and before and project != before:
        raise DeployError(
            f"{path} is of the project {before}: name another file for {project} with --settings"
        )
    region, before = found.get(REGION), kept.get(REGION)
    if region and before and region != before:
        raise DeployError(
            f"functions and schedule in {before} would go on beside those in {region}: remove them first "
            f'(deploy/gcp/deploy --destroy), then write {REGION}: "{region}" into {path}'
        )
    return found


def needed(chosen: Mapping[str, str]) -> list[str]:
    """The names of the settings that there must be; those of a mail server only where one is used."""
    by_gmail = chosen.get(TRANSPORT) == GMAIL
    return [name for name in ASKED if not (by_gmail and name.startswith("SMTP_"))]


def _asked(name: str, ask: Callable[[str], str]) -> str:
    setting = ASKED[name]
    default = f" [{setting.default}]" if setting.default else ""
    question = f"{setting.question[0].upper()}{setting.question[1:]}{default}: "
    trouble = ""
    while True:
        answer = ask(trouble + question).strip()
        try:
            return setting.checked(name, answer or setting.default or "")
        except DeployError as error:
            trouble = f"{error}\n"


def keep(path: Path, chosen: Mapping[str, str]) -> bool:
    """Write the settings into the file, whole or not at all; other lines stay. Returns whether it changed."""
    before = path.read_text(encoding="utf-8") if path.exists() else ""
    lines = (before or HEADER).splitlines()
    for name, value in chosen.items():
        wanted = f'{name}: "{value}"'
        places = [place for place, line in enumerate(lines) if line.lstrip().startswith(f"{name}:")]
        if not places:
            lines.append(wanted)
        elif path.exists() and read_settings_file(path).get(name) != value:
            lines[places[-1]] = wanted
    after = "\n".join(lines) + "\n"
    if after == before:
        return False
    partial = path.with_name(f"{path.name}.partial")
    try:
        partial.write_text(after, encoding="utf-8")
        partial.replace(path)
    except OSError as error:
        raise DeployError(
            f"{path} cannot be written ({error.strerror}): name another with --settings"
        ) from error
    return True


def environment(chosen: Mapping[str, str]) -> dict[str, str]:
    """What the functions get of it, in a fixed order."""
    return {name: chosen[name] for name in sorted(chosen) if name != REGION and chosen[name]}
