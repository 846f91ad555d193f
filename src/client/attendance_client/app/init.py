"""`attendance-client init`: what a site's client needs, asked of a person or taken from the file of `deploy site add`.

Nothing is written before all of it is known and could be right.
"""

import json
import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from getpass import getpass
from pathlib import Path
from typing import Any

from attendance_client.app.config import (
    ENCODING,
    FILE_NAME,
    parse_config,
    parse_key,
    system_time_zone,
)
from attendance_client.app.locking import is_taken
from attendance_client.app.site_key import KEY_NAME
from attendance_client.errors import (
    ConfigError,
    DiskError,
    MachineError,
    UserError,
    disk_remedy,
    no_permission,
)
from attendance_client.machine.port import MachineAddress
from attendance_client.relay.ledger import LEDGER_NAME
from attendance_contracts import ContractError, SiteKey
from attendance_trouble import KEY_FILE

USUAL_PORT = 4370
SITE_FILE = "the file that deploy/gcp/deploy site add wrote"


@dataclass
class SiteFiles:
    """What is to be written.

    Attributes:
        config: the document of biometric_device_config.json.
        service_account: Google's key file; None to leave what is there.
        site_key: the line that signs messages; None to leave what is there.
    """

    config: dict[str, Any] = field(default_factory=dict)
    service_account: Mapping[str, Any] | None = None
    site_key: str | None = None


def read_site_file(path: Path) -> SiteFiles:
    """A file of a site, or a key file of Google's, whose config is then empty.

    Raises:
        ConfigError: it is neither.
    """
    try:
        document = json.loads(path.read_text(encoding=ENCODING))
    except OSError as error:
        raise ConfigError(f"{path} cannot be read ({error.strerror or error}): bring {SITE_FILE}") from error
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{path} is no file of a site, nor a key file: bring {SITE_FILE}") from error
    if isinstance(document, dict) and document.get("type") == "service_account":
        return SiteFiles(service_account=_service_account(path, document))
    if not isinstance(document, dict) or not isinstance(document.get("biometric_device_config"), dict):
        raise ConfigError(f"{path} is no file of a site: bring {SITE_FILE}")
    config = document["biometric_device_config"]
    try:
        site = parse_config(config).site.location
        key = document.get("site_key")
        signs = site if key is None else SiteKey.parse(str(key)).location
    except (ConfigError, ContractError) as error:
        raise ConfigError(f"{path}: {error}: bring {SITE_FILE}") from error
    if signs != site:
        raise ConfigError(f"{path}: its site_key is of {signs}, not of {site}: bring {SITE_FILE}")
    return SiteFiles(dict(config), _service_account(path, document.get("service_account")), key)


def _service_account(path: Path, document: object) -> Mapping[str, Any]:
    needed = ("client_email", "private_key", "token_uri")
    if not isinstance(document, dict) or not all(isinstance(document.get(name), str) for name in needed):
        raise ConfigError(f"{path} holds no key of a service account: bring {SITE_FILE}")
    return document


def write(directory: Path, files: SiteFiles) -> Iterator[str]:
    """Put the files in place, readable for the directory's owner only; says in a line each what was written.

    Settings that are there and that the new ones do not name are kept.

    Raises:
        ConfigError: the directory is another site's, or the settings cannot be.
        DiskError: they cannot be written now.
    """
    config = {**_known(directory), **files.config}
    site = parse_config(config).site.location
    _check_same_site(directory, site)
    if not directory.is_dir():
        raise ConfigError(f"{directory} is no folder; make it, or name the client's folder with --directory")
    account = Path(os.environ.get(KEY_FILE) or directory / "service-account.json")
    if files.service_account is not None:
        yield _put(account, json.dumps(files.service_account, indent=2), directory)
        if not os.environ.get(KEY_FILE):
            os.environ[KEY_FILE] = str(account.absolute())  # for the doctor, who comes next
            yield f"the client finds it by its environment: export {KEY_FILE}={account.absolute()}"
    if files.site_key is not None:
        yield _put(directory / KEY_NAME, files.site_key, directory)
    # At last: with it the client starts.
    yield _put(directory / FILE_NAME, json.dumps(config, indent=2, ensure_ascii=False), directory)


def _known(directory: Path) -> dict[str, Any]:
    try:
        document = json.loads((directory / FILE_NAME).read_text(encoding=ENCODING))
    except (OSError, ValueError, RecursionError):
        return {}
    return document if isinstance(document, dict) else {}


def _check_same_site(directory: Path, site: str) -> None:
    known = _known(directory).get("identifier")
    if known not in (None, site) and (directory / LEDGER_NAME).exists():
        raise ConfigError(
            f"{directory} holds the punches of {known}, which would be sent as those of {site}: put them aside first, "
            "with attendance-client reset --ledger"
        )


def _put(path: Path, text: str, directory: Path) -> str:
    """Whole or not at all, for the owner of `directory` alone; by root elsewhere, for root and its group to read."""
    owner = directory.stat()
    inside = path.parent == directory
    partial = path.with_name(f"{path.name}.new")
    try:
        partial.unlink(missing_ok=True)
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{text}\n")
            file.flush()
            if os.geteuid() == 0:
                os.fchown(descriptor, owner.st_uid if inside else 0, owner.st_gid)
                os.fchmod(descriptor, stat.S_IRUSR | stat.S_IWUSR | (0 if inside else stat.S_IRGRP))
            os.fsync(descriptor)
        partial.replace(path)
    except PermissionError as error:
        raise ConfigError(no_permission(path)) from error
    except OSError as error:
        raise DiskError(f"{path}: {error.strerror or error}; {disk_remedy(path)}") from error
    return f"wrote {path}"


@dataclass
class Person:
    """Who is asked.

    Attributes:
        find: machines on the network: where, and what is there.
        try_machine: what is at an address; raises MachineError.
    """

    ask: Callable[[str], str]
    ask_secret: Callable[[str], str]
    say: Callable[[str], None]
    find: Callable[[], list[tuple[str, str]]]
    try_machine: Callable[[MachineAddress], str]


def at_the_terminal(say: Callable[[str], None]) -> Person:
    """Raises UserError where nobody sits there."""
    from attendance_client.app.search import find_machines, what_is_at  # noqa: PLC0415

    if not sys.stdin.isatty():
        raise UserError(f"nobody can be asked here: attendance-client init --from FILE, {SITE_FILE}")
    return Person(input, getpass, say, find_machines, what_is_at)


def interview(directory: Path, person: Person) -> SiteFiles:
    """Ask for all that a client needs; what is there already is offered. Raises UserError."""
    if is_taken(directory):
        person.say("A client is running here; a machine that talks to one program at a time may not answer.")
    files = _ask_for_a_file(person)
    config = {**_known(directory), **files.config}
    if not files.config:
        _ask(person, config, "identifier", "This site's identifier, such as Head_Office")
        _ask(person, config, "project_id", "Google Cloud project", _project(files, config))
    _ask_for_the_machine(person, config)
    zone = config.get("time_zone") or system_time_zone()
    _ask(person, config, "time_zone", "Time zone of the machine's clock", zone)
    if files.service_account is None and not os.environ.get(KEY_FILE):
        person.say(
            f"Without a key file the client finds no way to Google: set {KEY_FILE}, or run init again."
        )
    if files.site_key is None and not (directory / KEY_NAME).exists():
        _ask_for_the_site_key(person, config["identifier"], files)
    files.config = config
    return files


def _project(files: SiteFiles, config: Mapping[str, Any]) -> str | None:
    named = config.get("project_id") or (files.service_account or {}).get("project_id")
    return None if named is None else str(named)


def _ask_for_a_file(person: Person) -> SiteFiles:
    person.say(
        f"Which key file? {SITE_FILE[0].upper()}{SITE_FILE[1:]}, or Google's key of the site's account."
    )
    while True:
        answer = person.ask("File (Enter: the key is in place already): ").strip()
        if not answer:
            return SiteFiles()
        try:
            return read_site_file(Path(answer).expanduser())
        except ConfigError as error:
            person.say(str(error))


def _ask(person: Person, config: dict[str, Any], key: str, question: str, offer: str | None = None) -> None:
    offer = config.get(key) or offer
    while True:
        answer = person.ask(f"{question}{f' [{offer}]' if offer else ''}: ").strip() or offer
        if not answer:
            person.say("  it has to be told: without it the client cannot run")
            continue
        try:
            parse_key(key, answer)
        except ConfigError as error:
            person.say(str(error))
        else:
            config[key] = answer
            return


def _ask_for_the_machine(person: Person, config: dict[str, Any]) -> None:
    """Until one answers, or the person says that it is to be this one all the same."""
    found: list[tuple[str, str]] = []
    if "ip" not in config:
        person.say("Looking for attendance machines on this network ...")
        found = person.find()
        for number, (host, what) in enumerate(found, start=1):
            person.say(f"  {number}  {host}  {what}")
        if not found:
            person.say("  none. Its menu shows its address: Comm. > Ethernet")
    while True:
        _ask_where(person, config, found)
        config.setdefault("port", USUAL_PORT)
        parsed = parse_config({**config, "identifier": config.get("identifier", "site")})
        try:
            person.say(f"  {person.try_machine(parsed.machine)}")
        except MachineError as error:
            person.say(f"  {error}")
            answer = person.ask("[a]nother address, [c]omm key, or [k]eep it so? ").strip().lower()
            if answer.startswith("k"):
                return
            if answer.startswith("c"):
                _ask_number(person, config, "comm_key", "Comm key, from its menu Comm. > Security")
            else:
                config.pop("ip")
        else:
            return


def _ask_where(person: Person, config: dict[str, Any], found: list[tuple[str, str]]) -> None:
    if "ip" in config:
        return
    offer = "1" if found else ""
    while True:
        answer = (
            person.ask(f"Machine: its number or address{f' [{offer}]' if offer else ''}: ").strip() or offer
        )
        if answer.isdecimal() and 0 < int(answer) <= len(found):
            answer = found[int(answer) - 1][0]
        host, _, port = answer.partition(":")
        try:
            parse_key("ip", host)
            if port:
                parse_key("port", int(port) if port.isdecimal() else port)
                config["port"] = int(port)
        except ConfigError as error:
            person.say(str(error))
        else:
            config["ip"] = host
            return


def _ask_number(person: Person, config: dict[str, Any], key: str, question: str) -> None:
    while True:
        answer = person.ask(f"{question}: ").strip()
        try:
            parse_key(key, int(answer) if answer.isdecimal() else answer)
        except ConfigError as error:
            person.say(str(error))
        else:
            config[key] = int(answer)
            return


def _ask_for_the_site_key(person: Person, site: str, files: SiteFiles) -> None:
    person.say(f"What signs this site's messages: the line that attendance-backend site-key {site} prints.")
    while True:
        answer = person.ask_secret("Site key (not shown; Enter: none): ").strip()
        if not answer:
            return
        try:
            key = SiteKey.parse(answer)
        except ContractError as error:
            person.say(str(error))
            continue
        if key.location == site:
            files.site_key = answer
            return
        person.say(f"this is the key of {key.location}, not of {site}")
