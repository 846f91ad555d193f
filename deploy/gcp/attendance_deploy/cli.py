"""The command ``deploy/gcp/deploy``."""

import argparse
import getpass
import hashlib
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

from attendance_deploy import examination, installation, review_periods, settings, sites
from attendance_deploy.change import Changes, look
from attendance_deploy.gcloud import ROOT, DeployError, Gcloud, Runner, run_gcloud
from attendance_deploy.kinds import TOPIC, Resource, find_function
from attendance_trouble.command_line import unprinted
from attendance_trouble.finding import Level

BESIDE = Path(__file__).resolve().parents[1]
BUNDLE = "build/bundle"

DESCRIPTION = """\
Sets up the attendance system's part in Google Cloud, and brings it up to date: services, accounts, topics, secrets,
rights, functions, subscriptions, the schedule, alerts, and the spreadsheet Review Periods. It looks at each of them and
changes what is not as it shall be; a second run changes nothing, and one that was interrupted is finished by the next.

You need: a project with billing, gcloud logged in as its Owner (gcloud auth login), a folder in a shared drive, and a
mail server's account, or a mailbox of Gmail. What is not given is asked for once, and kept in the settings file.
"""
EPILOG = """\
examples:
  deploy/gcp/deploy --dry-run    asks what it has to know, and prints what it would do
  deploy/gcp/deploy              does it; later, in a newer checkout, brings it up to date
  deploy/gcp/deploy site add Head_Office --machine 192.0.2.17
  deploy/gcp/deploy doctor       what is not as it shall be, a line each; changes nothing

Exit codes: 0 done, 1 something has to be fixed first (it is printed), 2 the command was mistyped.
"""


def main(
    arguments: Sequence[str] | None = None,
    *,
    runner: Runner = run_gcloud,
    init: review_periods.Init | None = None,
    sleep: Callable[[float], None] | None = None,
) -> int:
    """Run the command; returns its exit code."""
    options = _parser().parse_args(arguments)
    try:
        return _Run(options, runner, init or review_periods.run_init(ROOT), sleep).run()
    except DeployError as error:
        print(f"deploy: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        told = unprinted(error)
        if told is None:
            raise
        why = told or "nobody reads what it says"
        print(f"deploy: stopped: {why}; the same command goes on where it stopped", file=sys.stderr)
        return 1
    except (KeyboardInterrupt, EOFError):
        print("\ndeploy: stopped; the same command goes on where it stopped", file=sys.stderr)
        return 1


class _Run:
    """One run of the command."""

    def __init__(
        self,
        options: argparse.Namespace,
        runner: Runner,
        init: review_periods.Init,
        sleep: Callable[[float], None] | None,
    ) -> None:
        self.options = options
        self.init = init
        looks_only = options.command == "doctor"
        self.ask = ask = _ask if sys.stdin.isatty() and not looks_only else None
        given = {
            settings.PROJECT: options.project,
            settings.REGION: options.region,
            settings.FOLDER: options.folder,
        }
        more = {} if sleep is None else {"sleep": sleep}

        def recall(project: str, region: str) -> dict[str, str]:
            return _deployed(Gcloud(project, {}, runner, **more), region)

        of_site = options.command == "site"
        try:
            self.chosen = settings.load(
                options.settings,
                given,
                ask,
                recall=None if of_site else recall,
                of_project_only=of_site,
            )
        except (KeyboardInterrupt, EOFError):
            raise DeployError("stopped: nothing was kept, nothing was changed") from None
        if not looks_only and not of_site and (not options.dry_run or not options.settings.exists()):
            settings.keep(options.settings, self._kept())
        self.gcloud = Gcloud(
            self.chosen[settings.PROJECT],
            {
                "SMTP_PASSWORD": _password,
                "GMAIL_CREDENTIALS": _gmail_consent,
                "SIGNING_SECRET": _signing_secret,
            },
            runner,
            **more,
        )
        self.changes = Changes(self.gcloud, print, _say, dry_run=options.dry_run)

    def _kept(self) -> dict[str, str]:
        """What the settings file is to say; of a choice that was not there before, nothing unless it was made."""
        return {
            name: self.chosen.get(name, "")
            for name in (*settings.needed(self.chosen), settings.CONTROL)
            if name not in (settings.TRANSPORT, settings.CONTROL) or name in self.chosen
        }

    def run(self) -> int:
        it = self._installation()
        options = self.options
        if options.command == "site":
            return self._site(it)
        if options.command == "doctor":
            return self._doctor(it)
        if options.destroy:
            return self._destroy(it)
        self._check_mail_secret()
        self.changes.bring_about(installation.foundation(it))
        if not self.chosen.get(settings.CONTROL):
            it = self._review_periods(it)
        self.changes.bring_about(installation.program(it))
        known = sites.known(self.gcloud)
        for site in known:
            self.changes.bring_about(sites.stages(it, site))
        next_line = "" if known else f"\n{NO_SITE}"
        return self._done(_DONE.format(project=it.project, control=self.chosen[settings.CONTROL]) + next_line)

    def _check_mail_secret(self) -> None:
        """Whether the secret to be asked for is one that mail goes out with; raises DeployError."""
        transport = self.chosen.get(settings.TRANSPORT) or settings.SMTP
        if self.options.new_mail_secret not in (None, transport):
            raise DeployError(
                f"mail goes out by {transport}: to change that, write {settings.TRANSPORT}: "
                f'"{self.options.new_mail_secret}" into {self.options.settings}, and run deploy/gcp/deploy'
            )

    def _installation(self) -> installation.Installation:
        project = self.chosen[settings.PROJECT]
        _say(f"project {project}, settings in {self.options.settings}")
        described = self.gcloud.ask("projects", "describe", project)
        accounts = self.gcloud.ask("auth", "list", "--filter=status:ACTIVE")
        if not accounts:
            raise DeployError("nobody is logged in: gcloud auth login")
        return installation.Installation(
            project=project,
            number=str(described["projectNumber"]),
            region=self.chosen[settings.REGION],
            environment=settings.environment(self.chosen),
            bundle=_bundle() if self.options.command != "site" and not self.options.destroy else "",
            source=BUNDLE,
            operator=str(accounts[0]["account"]),
            new_mail_secret=self.options.new_mail_secret is not None,
            mail_secret_to_come=self.options.new_mail_secret is not None and self.options.dry_run,
        )

    def _review_periods(self, it: installation.Installation) -> installation.Installation:
        made = review_periods.make(self.changes, it, self.chosen[settings.FOLDER], self.init, self.ask)
        self.chosen[settings.CONTROL] = made or "ID-OF-REVIEW-PERIODS"
        if made:
            settings.keep(self.options.settings, {settings.CONTROL: made})
            _say(f"  Review Periods: https://docs.google.com/spreadsheets/d/{made}")
        return replace(it, environment=settings.environment(self.chosen))

    def _site(self, it: installation.Installation) -> int:
        options = self.options
        known = sites.known(self.gcloud)
        if options.action == "list":
            for site, whole in known.items():
                state = "" if whole else f"  (not whole: deploy/gcp/deploy site add {site})"
                print(f"{site}  {it.account(sites.account_name(site))}{state}")
            if not known:
                _say(NO_SITE)
            return 0
        site = sites.checked(options.id)
        if options.action != "add" and site not in known:
            raise DeployError(f"there is no site {site}; there are: {', '.join(known) or 'none'}")
        sites.check_owner(self.gcloud, it, site)
        file = sites.PiFile(options.out.resolve(), site)
        if options.action == "revoke":
            self.changes.bring_about(sites.removal(it, site))
            return self._done(f"{file.path} opens nothing any more: delete it, and on the Pi, too")
        if options.action == "rotate":
            return self._rotate(it, file)
        return self._add(it, file, known)

    def _add(self, it: installation.Installation, file: sites.PiFile, known: Collection[str]) -> int:
        options, site = self.options, file.site
        sites.machine_of(file, options.machine)  # before anything is made
        for other in known:
            if other != site and other.casefold() == site.casefold():
                raise DeployError(
                    f"there is a site {other}, and worksheets cannot differ in capitals alone: type it so, or choose "
                    "another ID"
                )
        if look(self.gcloud, Resource(TOPIC, installation.DEAD_LETTERS)) is None:
            raise DeployError(
                "the topics of the project are not there yet: run deploy/gcp/deploy first, then add sites"
            )
        self.changes.bring_about(sites.stages(it, site))
        keys = sites.Keys.ANEW if options.new_key else sites.Keys.KEPT
        sites.make_pi_file(self.changes, it, file, options.machine, keys)
        if options.new_key:
            _say(
                f"the old card may still sign, and the new file's key counts after this: attendance-backend site-key "
                f"{site} --revoke. It must print the file's site_key"
            )
        return self._done(
            f"next: bring {file.path} to the Pi, and there: sudo sh deploy/pi/install.sh --site {file.path.name}"
        )

    def _rotate(self, it: installation.Installation, file: sites.PiFile) -> int:
        command = f"deploy/gcp/deploy site rotate {file.site} --end-old"
        if self.options.end_old:
            sites.end_old_keys(self.changes, it, file)
            return self._done("the site's other keys open nothing any more")
        sites.make_pi_file(self.changes, it, file, None, sites.Keys.ROTATED)
        return self._done(
            f"next: attendance-backend site-key {file.site} --new, so that the functions take the file's new site_key, "
            f"which it must print; bring {file.path} to the Pi, and there: sudo attendance-client init --from "
            f"{file.path.name}; and when attendance-backend doctor has heard of it again: {command}"
        )

    def _doctor(self, it: installation.Installation) -> int:
        failed = False
        for finding in examination.examine(self.gcloud, it):
            print(finding, flush=True)
            failed = failed or finding.level is Level.FAIL
        return 1 if failed else 0

    def _destroy(self, it: installation.Installation) -> int:
        gone = [each for site in sites.known(self.gcloud) for each in sites.removal(it, site)]
        if not self.options.dry_run:
            _say(
                "This removes functions, topics, subscriptions, accounts and keys of all sites, the secret and the "
                "alerts. Spreadsheets, logs and services stay. Punches that no sheet has yet stay on the Pis."
            )
            if not sys.stdin.readable() or input(f"Type {it.project} to go on: ").strip() != it.project:
                raise DeployError("nothing was removed")
        self.changes.bring_about([*gone, *installation.removal(it)])
        return self._done("the spreadsheets are where they were")

    def _done(self, next_line: str) -> int:
        made = self.changes.made
        if self.options.dry_run:
            _say(
                f"a dry run: {_changes(made)} would be made, none was; without --dry-run they are"
                if made
                else "a dry run: nothing to change"
            )
        else:
            _say(f"done: {_changes(made)}" if made else "done: nothing was to be changed")
            _say(next_line)
        return 0


_DONE = (
    "for HR to fill in (docs/for-hr.md): https://docs.google.com/spreadsheets/d/{control}\n"
    "a budget tells you when it costs more than you think (docs/deploying.md, What it costs): "
    "https://console.cloud.google.com/billing/linkedaccount?project={project}"
)
NO_SITE = "there is no site yet; next, for each: deploy/gcp/deploy site add ID --machine ADDRESS"


def _changes(count: int) -> str:
    return "1 change" if count == 1 else f"{count} changes"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="deploy/gcp/deploy",
        parents=[_common()],
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.set_defaults(
        project=None,
        region=None,
        folder=None,
        settings=BESIDE / "functions.yaml",
        dry_run=False,
        command=None,
    )
    for flag, transport, what in (
        ("--new-smtp-password", settings.SMTP, "mail server's password"),
        ("--new-gmail-consent", settings.GMAIL, "mailbox's consent"),
    ):
        parser.add_argument(
            flag,
            dest="new_mail_secret",
            action="store_const",
            const=transport,
            help=f"ask once more for the {what}",
        )
    parser.add_argument(
        "--destroy", action="store_true", help="remove all of it but the spreadsheets, after asking"
    )
    common = _common()  # not the same: defaults set above would be those of whatever follows a subcommand
    commands = parser.add_subparsers(dest="command", metavar="site|doctor", title="commands")
    commands.add_parser(
        "doctor",
        parents=[common],
        help="say what is not as it shall be",
        description="Look at each service, account, right, topic, function, subscription, schedule and alert, and at "
        "those of the sites, and say what is missing or not as it shall be, with the remedy. Changes nothing. Ends "
        "with 1 if anything is. attendance-backend doctor runs it, and looks at spreadsheets and mail as well.",
    )
    site = commands.add_parser("site", help="add, list, rotate or revoke sites: site --help")
    actions = site.add_subparsers(dest="action", required=True, metavar="add|list|rotate|revoke")
    where = argparse.ArgumentParser(add_help=False)
    where.add_argument("id", help="the site's ID: 2 to 50 letters, digits, - and _")
    where.add_argument(
        "--out", type=Path, default=BESIDE / "sites", metavar="FOLDER", help="where the Pi's file lies"
    )
    add = actions.add_parser(
        "add",
        parents=[common, where],
        help="make what a site needs, and the file for its Pi",
        description="Make a site's account, subscriptions, rights and key, and the one file for its Pi. May run again.",
    )
    add.add_argument("--machine", metavar="ADDRESS[:PORT]", help="of the site's attendance machine")
    add.add_argument(
        "--new-key",
        action="store_true",
        help="end the site's keys, at once, and make another (a Pi was stolen)",
    )
    rotate = actions.add_parser(
        "rotate",
        parents=[common, where],
        help="make a site's next key, while the present one goes on",
        description="Make another key beside the site's present one, and its file anew; once the Pi has that, "
        "--end-old ends all other keys. For a Pi that was stolen: site add ID --new-key.",
    )
    rotate.add_argument(
        "--end-old", action="store_true", help="end all keys but that of the site's file, which its Pi has"
    )
    actions.add_parser("list", parents=[common], help="the sites, and their accounts")
    actions.add_parser(
        "revoke",
        parents=[common, where],
        help="remove a site's rights, subscriptions, account and keys",
        description="Remove a site's rights, subscriptions, account and keys. Its rows in the workbooks stay.",
    )
    return parser


def _common() -> argparse.ArgumentParser:
    """What may stand before ``site`` and after it."""
    common = argparse.ArgumentParser(add_help=False, argument_default=argparse.SUPPRESS)
    common.add_argument("--project", help="the project's ID")
    common.add_argument("--region", help="where the functions run (default: europe-west3)")
    common.add_argument(
        "--folder", metavar="ADDRESS", help="the shared drive's folder: its address, or its ID"
    )
    common.add_argument(
        "--settings", type=Path, metavar="FILE", help="default: functions.yaml beside this command"
    )
    common.add_argument(
        "--dry-run",
        action="store_true",
        help="print each change as the command that would make it, and change nothing; answers are kept",
    )
    return common


def _ask(question: str) -> str:
    print(
        question, end="", file=sys.stderr, flush=True
    )  # not into what a dry run prints, which may go into a file
    return input()


def _signing_secret() -> str:
    return os.environ.get("SIGNING_SECRET") or secrets.token_hex(32)


def _password() -> str:
    if password := os.environ.get("SMTP_PASSWORD"):
        return password
    if not sys.stdin.isatty():
        raise DeployError(
            "SMTP_PASSWORD is not set, and nobody is here to be asked: set it in the environment"
        )
    return getpass.getpass("The mail server's password (kept as a secret, never in a file): ")


def _gmail_consent() -> str:
    if text := os.environ.get("GMAIL_CREDENTIALS"):
        return text
    if not sys.stdin.isatty():
        raise DeployError(
            "GMAIL_CREDENTIALS is not set, and nobody is here to be asked: set it to the content of the file that "
            "attendance-backend mail consent writes"
        )
    path = Path(_ask("The file that attendance-backend mail consent wrote (kept as a secret): ").strip())
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DeployError(
            f"{path} cannot be read: attendance-backend mail consent makes one; then run the same again"
        ) from error


def _deployed(gcloud: Gcloud, region: str) -> dict[str, str]:
    """What the functions have of the settings; empty where none is there."""
    function = find_function(gcloud, "get-review-period", region) or {}
    environment = dict(function.get("serviceConfig", {}).get("environmentVariables", {}))
    if environment:
        _say("there is no settings file: the settings are those with which the functions were deployed")
    return environment


def _say(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


def _bundle() -> str:
    """Stage the bundle, and tell its digest: the same files, the same digest."""
    if shutil.which("make") is None:
        raise DeployError("make is not installed: install it (apt install make)")
    done = subprocess.run(  # noqa: S603 - the words are ours
        ["make", "--no-print-directory", "-C", str(ROOT), "bundle"],  # noqa: S607 - whichever stands on the path
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise DeployError(f"the bundle cannot be made: {done.stderr.strip()[-300:]}")
    digest = hashlib.sha256()
    folder = ROOT / BUNDLE
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        digest.update(f"{path.relative_to(folder)}\0".encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:40]
