"""A site: its account, its subscriptions, its rights for exactly these, its key, and the one file for its Pi."""

import hashlib
import ipaddress
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from attendance_contracts import (
    REPLY_TOPICS,
    REQUEST_TOPICS,
    ContractError,
    SiteKey,
    subscription_filter,
    subscription_path,
    validate_location,
)
from attendance_deploy.change import Changes, look
from attendance_deploy.gcloud import Command, DeployError, Gcloud, KeysForbiddenError, NotThereError
from attendance_deploy.installation import (
    DEAD_LETTERS,
    KEEP_S,
    MOST_ATTEMPTS,
    SIGNING_SECRET,
    Installation,
    Stage,
    account,
    member,
    setting_aside,
)
from attendance_deploy.kinds import SUBSCRIPTION, Resource, enabled_services, newest_version, right

TITLE = "Attendance site "
_PLAIN = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_DERIVED = re.compile(r".*-[0-9a-f]{8}")
LONGEST_ACCOUNT = 30
ACK_S = 30
"""As the client makes its subscriptions, where it may."""
PORT = 4370
MOST_KEYS = 10
"""Of one account."""


def account_name(site: str) -> str:
    """A name of 6 to 30 lower-case letters, digits and dashes for any site's account, different for each site.

    A site's ID that is such a name already is kept; any other becomes what is left of it and a digest of the whole.
    IDs that look as if they were derived are derived as well, so that neither kind can meet the other.
    """
    name = f"site-{site}"
    if _PLAIN.fullmatch(site) and len(name) <= LONGEST_ACCOUNT and not _DERIVED.fullmatch(name):
        return name
    digest = hashlib.sha256(site.encode()).hexdigest()[:8]
    left = re.sub(r"[^a-z0-9]+", "-", site.casefold()).strip("-")
    return f"site-{left[: LONGEST_ACCOUNT - len('site--') - len(digest)].rstrip('-')}-{digest}"


def checked(site: str) -> str:
    """The ID, as the client and its messages take it; raises DeployError."""
    try:
        return validate_location(site)
    except ContractError as error:
        raise DeployError(f"the site's ID cannot be {site!r}: {error}") from error


def subscriptions(site: str) -> list[str]:
    """The names of a site's subscriptions."""
    return [subscription_path("", topic, site).rpartition("/")[2] for topic in REPLY_TOPICS]


def stages(it: Installation, site: str) -> Iterator[Stage]:
    """What a site needs but for its key, in order."""
    name, names = account_name(site), subscriptions(site)
    who = member(it.account(name))
    wanted = {
        "filter": subscription_filter(site),
        "keep_s": KEEP_S,
        "ack_s": ACK_S,
        "expires": False,
        "dead_letters": DEAD_LETTERS,
        "attempts": MOST_ATTEMPTS,
    }
    reading = [
        right("pubsub subscriptions", each, role, who)
        for each in names
        for role in ("pubsub.subscriber", "pubsub.viewer")
    ]
    publishing = [right("pubsub topics", topic, "pubsub.publisher", who) for topic in REQUEST_TOPICS]
    yield Stage(f"account of {site}", lambda _: [account(it, name, f"{TITLE}{site}")])
    yield Stage(
        f"subscriptions of {site}",
        lambda _: [
            Resource(SUBSCRIPTION, each, {"topic": str(topic), **wanted})
            for topic, each in zip(REPLY_TOPICS, names, strict=True)
        ],
    )
    yield Stage(f"rights of {site}", lambda _: [*publishing, *reading, *setting_aside(it, names)])


def removal(it: Installation, site: str) -> Iterator[Stage]:
    """The same, as it is taken away: the rights first, so that a stolen key can do nothing from then on."""
    for stage in reversed(list(stages(it, site))):
        yield Stage(stage.title, stage.resources, absent=True)


def known(gcloud: Gcloud) -> dict[str, bool]:
    """The sites that have an account or a subscription, and whether they have all of them."""
    if not {"iam.googleapis.com", "pubsub.googleapis.com"} <= enabled_services(gcloud):
        return {}
    listed = gcloud.ask("pubsub", "subscriptions", "list") or ()
    made = {each["name"].rpartition("/")[2] for each in listed}
    accounts = {
        each["email"].partition("@")[0]: each.get("displayName", "")
        for each in gcloud.ask("iam", "service-accounts", "list") or ()
    }
    prefix = f"{REPLY_TOPICS[0]}-"
    sites = {name.removeprefix(prefix) for name in made if name.startswith(prefix)}
    sites |= {title.removeprefix(TITLE) for title in accounts.values() if title.startswith(TITLE)}
    return {
        site: account_name(site) in accounts and made.issuperset(subscriptions(site))
        for site in sorted(sites)
    }


def check_owner(gcloud: Gcloud, it: Installation, site: str) -> None:
    """Whether the account of that name is another site's; raises DeployError."""
    found = look(gcloud, account(it, account_name(site), ""))
    title = found["title"] if found else ""
    if title.startswith(TITLE) and title != f"{TITLE}{site}":
        raise DeployError(
            f"the account {account_name(site)} belongs to the site {title.removeprefix(TITLE)}: choose another ID"
        )


@dataclass(frozen=True)
class PiFile:
    """The one file for a site's Pi, with its key: readable for its owner only."""

    folder: Path
    site: str

    @property
    def path(self) -> Path:
        """Where it lies."""
        return self.folder / f"{self.site}.json"

    @property
    def key_path(self) -> Path:
        """Where ``gcloud`` writes the key, for a moment."""
        return self.folder / f"{self.site}.key.partial"

    def read(self) -> dict[str, Any]:
        """What it says; empty where there is none."""
        try:
            return dict(json.loads(self.path.read_text(encoding="utf-8")))
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            raise DeployError(
                f"{self.path} cannot be read: move it away and run this again ({error})"
            ) from error

    def write(self, content: dict[str, Any]) -> None:
        """Whole or not at all."""
        self.folder.mkdir(parents=True, exist_ok=True)
        partial = self.path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(content, file, indent=2)
            file.write("\n")
        partial.replace(self.path)


def machine_address(text: str) -> tuple[str, int]:
    """``ADDRESS`` or ``ADDRESS:PORT`` of the attendance machine; raises DeployError."""
    host, _, port = text.partition(":")
    try:
        ipaddress.IPv4Address(host)
    except ValueError:
        raise DeployError(f"--machine {text!r}: expected the machine's address, such as 192.0.2.17") from None
    if port and not (port.isdecimal() and 0 < int(port) < 65536):
        raise DeployError(f"--machine {text!r}: {port!r} is no port; without one, {PORT} is taken")
    return host, int(port or PORT)


def machine_of(file: PiFile, machine: str | None) -> dict[str, Any]:
    """`ip` and `port` of the site's machine: as given, else the file's; raises DeployError."""
    if machine is not None:
        host, port = machine_address(machine)
        return {"ip": host, "port": port}
    config = file.read().get("biometric_device_config", {})
    if "ip" not in config:
        raise DeployError(
            f"the address of {file.site}'s attendance machine is not known, since {file.path} is not here: bring it, "
            f"or deploy/gcp/deploy site add {file.site} --machine 192.0.2.17"
        )
    return {name: config[name] for name in ("ip", "port") if name in config}


class Keys(Enum):
    """What becomes of a site's keys."""

    KEPT = "the file's goes on"
    ANEW = "all end first, then another is made: with a Pi that was stolen, each minute counts"
    ROTATED = "another is made beside those that are in force, until the Pi has the new file"


def make_pi_file(
    changes: Changes, it: Installation, file: PiFile, machine: str | None, keys: Keys = Keys.KEPT
) -> None:
    """The site's key and its file, where they are not there already, or anew.

    Raises:
        DeployError: a key is there whose file is not, or keys are forbidden; the line says what to do.
    """
    content = file.read()
    config = {**content.get("biometric_device_config", {}), "identifier": file.site, "project_id": it.project}
    config |= machine_of(file, machine)
    key = _key(changes, it.account(account_name(file.site)), file, keys)
    wanted: dict[str, Any] = {"biometric_device_config": config, "service_account": key}
    if (signing := _site_key(changes, file, keys)) is not None:
        wanted["site_key"] = signing
    if content != wanted:
        changes.tell(f"writing {file.path}")
    if not changes.dry_run:
        if content != wanted:
            file.write(wanted)
        file.key_path.unlink(missing_ok=True)


def end_old_keys(changes: Changes, it: Installation, file: PiFile) -> None:
    """All keys of the site but its file's end. Raises DeployError where the file's is not in force."""
    address = it.account(account_name(file.site))
    keys = _keys(changes.gcloud, address)
    own = (file.read().get("service_account") or {}).get("private_key_id")
    if own not in keys:
        raise DeployError(
            f"{file.path} holds no key that is in force, and {file.site} would have none: bring the file that its Pi "
            "has"
        )
    for each in keys:
        if each != own:
            changes.carry_out(_key_command("delete", each, address), f"ending the key {each}")


def _site_key(changes: Changes, file: PiFile, keys: Keys) -> str | None:
    """What the site signs its messages with: the file's, else its first; the next one where keys are made anew.

    None where there is no secret to derive it from, as in a dry run before the first deployment.
    """
    try:
        known = SiteKey.parse(file.read().get("site_key", ""))
    except ContractError:
        known = None
    if known is not None and keys is Keys.KEPT:
        return str(known)
    if changes.dry_run or newest_version(changes.gcloud, SIGNING_SECRET) is None:
        return None
    words = ("secrets", "versions", "access", "latest", f"--secret={SIGNING_SECRET}")
    secret = changes.gcloud.change(Command(words)).strip().encode()
    return str(SiteKey.derived(secret, file.site, 1 if known is None else known.number + 1))


def _key(changes: Changes, address: str, file: PiFile, wanted: Keys) -> dict[str, Any]:
    """A key that is in force: the file's, or one that was made just now."""
    keys = _keys(changes.gcloud, address)
    if wanted is Keys.ANEW:
        for each in keys:
            changes.carry_out(_key_command("delete", each, address), f"ending the key {each}")
    elif wanted is Keys.ROTATED:
        if (begun := _partial_key(file)).get("private_key_id") in keys:
            return begun  # an earlier rotation was interrupted before its file was written
        if len(keys) >= MOST_KEYS:
            raise DeployError(
                f"{file.site} has {len(keys)} keys, and more Google does not allow: end those that no Pi uses with "
                f"deploy/gcp/deploy site rotate {file.site} --end-old"
            )
    else:
        for key in (file.read().get("service_account") or {}, _partial_key(file)):
            if key.get("private_key_id") in keys:
                return key
        if keys:
            raise DeployError(
                f"{file.site} has a key, and its file {file.path} is not here: bring it, or make another key, which "
                "ends that one, with --new-key"
            )
    _make_key(changes, file, address)
    return _partial_key(file)


def _keys(gcloud: Gcloud, address: str) -> list[str]:
    """The IDs of an account's keys that somebody may hold."""
    if "iam.googleapis.com" not in enabled_services(gcloud):
        return []
    try:
        listed = gcloud.ask(
            "iam", "service-accounts", "keys", "list", f"--iam-account={address}", "--managed-by=user"
        )
    except NotThereError:
        return []
    return [each["name"].rpartition("/")[2] for each in listed or ()]


def _make_key(changes: Changes, file: PiFile, address: str) -> None:
    if not changes.dry_run:
        file.folder.mkdir(parents=True, exist_ok=True)
        file.key_path.unlink(missing_ok=True)
    try:
        changes.carry_out(_key_command("create", str(file.key_path), address), "making the key")
    except KeysForbiddenError as error:
        raise KeysForbiddenError(
            f"{file.site} is ready but for its key, which a policy of your organisation forbids "
            '(iam.disableServiceAccountKeyCreation): docs/deploying.md, "Keys where policy forbids '
            'them", tells the one command that makes an exception; then run the same again'
        ) from error


def _key_command(verb: str, what: str, address: str) -> Command:
    return Command(("iam", "service-accounts", "keys", verb, what, f"--iam-account={address}"))


def _partial_key(file: PiFile) -> dict[str, Any]:
    """The key as ``gcloud`` wrote it; nothing where it was interrupted in the middle."""
    try:
        return dict(json.loads(file.key_path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return {}
