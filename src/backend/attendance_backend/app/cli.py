"""The command attendance-backend, for whoever looks after the system."""

import argparse
import logging
import os
import sys
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from attendance_backend.app.variables import Variables, read_settings_file
from attendance_backend.errors import TransientError, UserError
from attendance_backend.ports import Backend
from attendance_contracts import RELEASE
from attendance_trouble.command_line import EXIT_USER_ERROR, Commands, ended, parsed, say, say_findings

if TYPE_CHECKING:
    from attendance_backend.app.commands.export import Exported

EXIT_COMPLAINTS = 1
EXIT_TRY_AGAIN = 3
MOST_OVERLAP = 366
SETTINGS_HERE = Path("deploy/gcp/functions.yaml")
OF_ONE_OFFICE = ("REVIEW_SHEETS_FOLDER_ID", "REVIEW_PERIODS_SPREADSHEET_ID")
"""Where one of them is set, the settings are the environment's; Cloud Shell sets GOOGLE_CLOUD_PROJECT by itself."""

NO_FOLDER = (
    "REVIEW_SHEETS_FOLDER_ID is not set: what is made lies in the account's own storage, where nobody else sees it and "
    "most service accounts may store nothing; set it to the ID of a folder in a shared drive that HR can open"
)

DESCRIPTION = """\
Looks after the spreadsheets of the attendance system: the one in which HR keeps review periods, people, holidays
and settings, and the review workbooks.

Settings are environment variables, as the functions have them. --settings FILE, behind the command, names the file
that they are deployed with; what is in the environment counts before it. Where the current folder has
deploy/gcp/functions.yaml, as a checkout has after deploy/gcp/deploy, that file is read without being named, unless
the environment names a folder or spreadsheet. GOOGLE_APPLICATION_CREDENTIALS (in the environment) names the key file
of an account that may edit the spreadsheets.
"""
EPILOG = """\
Exit codes: 0 all is well, 1 there is something to fix (it is printed), 2 the command could not do it, 3 Google or
the network failed: try again.
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns its exit code."""
    options = parsed(_parser(), arguments)
    if getattr(options, "settings", None) is None:
        options.settings = _settings_here()
    logging.basicConfig(
        level=logging.INFO if options.verbose else logging.ERROR, format="%(levelname)s %(message)s"
    )
    return ended(
        "attendance-backend",
        "operator",
        lambda: int(options.command(options)),
        {
            UserError: (EXIT_USER_ERROR, ""),
            TransientError: (EXIT_TRY_AGAIN, "; try again"),
            KeyboardInterrupt: (EXIT_TRY_AGAIN, "stopped; the same command goes on where it stopped"),
        },
    )


def _parser() -> argparse.ArgumentParser:
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument(
        "--settings",
        type=Path,
        metavar="FILE",
        help=f"read settings from this file, too (default: {SETTINGS_HERE}, where there is one); the environment "
        "counts before it",
    )
    common.add_argument("--verbose", action="store_true", help="log each step")
    parser = argparse.ArgumentParser(
        prog="attendance-backend",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--version", action="version", version=f"%(prog)s {RELEASE}", help="show the release and end"
    )
    commands = Commands(parser, common)

    init = commands.add(
        "init",
        _init,
        "make the Review Periods spreadsheet, or complete it",
        "Make the Review Periods spreadsheet in the folder REVIEW_SHEETS_FOLDER_ID, unless "
        "REVIEW_PERIODS_SPREADSHEET_ID names one, and complete what it lacks: a worksheet for the year with twelve "
        "proposed periods, Cut Off Times, Holidays, Settings, Alarms. What stands in it is never touched; a second run "
        "does nothing.",
    )
    init.add_argument("--year", type=_year, help="for which periods are proposed (default: this year)")

    commands.add(
        "check",
        _check,
        "say what is wrong with the spreadsheets and settings",
        "Say what is wrong: cells that make no sense, periods that overlap or are missing, a folder in "
        "which nothing can be created, review sheets that are gone or not shared as set, numbers in them that are not "
        "to be trusted, a mail server that does not answer. What concerns HR is written into the worksheet Problems as "
        "well. Exit code 1 when anything is wrong.",
    )

    doctor = commands.add(
        "doctor",
        _doctor,
        "look whether all is in place, in the cloud as well, and say what to fix",
        "Look at all that check looks at, at each site's last message, at how long messages wait, at the "
        "quota, and at the installation as deploy/gcp/deploy doctor does (services, rights one by one, topics, "
        "subscriptions, the functions' revision, schedule, alerts), a line each: ok, warn (it works, and somebody "
        "should know) or FAIL, with what to do. Changes nothing but the worksheet Problems. Ends with 1 if anything "
        "failed.",
    )
    doctor.add_argument(
        "--checkout",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="of what was deployed (default: the current folder)",
    )

    commands.add(
        "selftest",
        _selftest,
        "try on your own project what is believed of Google's services",
        "Try each line of docs/believed-of-google.md, which could be tried on stand-ins only, on your own "
        "project: in a folder of its own within REVIEW_SHEETS_FOLDER_ID, and on topics of its own, all of which it "
        "removes. Two minutes. Prints a table, to be sent with a bug report; there is no name, address or ID of yours "
        "in it but what a refusal of Google's says. Ends with 1 if anything is otherwise, 2 if nothing could be tried.",
    )

    refresh = commands.add(
        "refresh",
        _refresh,
        "rebuild what is derived in the workbooks, and restore what is missing",
        "Bring the open workbook and the one before up to date: people, holidays and settings as HR "
        "keeps them now, worksheets, days and formulas that are missing, and whatever does not agree with the raw "
        "data. Prints each difference; a healthy workbook has none and is not written to. What HR typed is never "
        "changed; where that is over a formula, it is listed.",
    )
    _add_period(refresh, otherwise="the newest two")

    share = commands.add(
        "share",
        _share,
        "share the review workbooks as Settings says",
        "Share the review workbooks with the addresses in Settings, without an e-mail to them. Nobody "
        "loses a role that somebody gave by hand. New workbooks are shared when they are made.",
    )
    _add_period(share, otherwise="all that have a review sheet")

    restore = commands.add(
        "restore",
        _restore,
        "make a spreadsheet that was deleted for good again, from its newest copy",
        "Make a spreadsheet that was deleted for good again, from its newest copy: a period's workbook, or "
        "Review Periods itself. What lies in Drive's bin is better restored there. Copies are kept for 14 days by the "
        "function watch.",
    )
    which = restore.add_mutually_exclusive_group(required=True)
    which.add_argument("--period", metavar="NAME", help='whose workbook, such as "October 2026"')
    which.add_argument("--review-periods", action="store_true", help="the Review Periods spreadsheet")
    restore.add_argument(
        "--copy",
        type=_day,
        metavar="DAY",
        help="from the copy of this day, such as 2026-11-30 (default: the newest)",
    )

    key = commands.add(
        "site-key",
        _site_key,
        "print the key with which a site signs its messages",
        "Print the one line for the file site.key on a site's Pi. It is derived from the secret "
        "SIGNING_SECRET of the functions and the number of the site's key in the worksheet Registered Sites; without "
        "an option nothing is changed, and the same line comes again.",
    )
    key.add_argument(
        "site", metavar="SITE", help="its identifier, exactly as its biometric_device_config.json has it"
    )
    which = key.add_mutually_exclusive_group()
    which.add_argument(
        "--new",
        action="store_true",
        help="begin the next key; the one before is taken for 14 more days, or --overlap",
    )
    which.add_argument(
        "--revoke",
        action="store_true",
        help="begin the next key and end all others at once: the Pi, or its card, is in wrong hands",
    )
    key.add_argument(
        "--overlap", type=_days, default=14, metavar="DAYS", help="how long --new takes the key before"
    )

    _add_mail(commands)

    letters = commands.add(
        "dead-letters",
        _dead_letters,
        "list, show, send again or discard messages that never worked",
        "Messages that were set aside: what is unreadable, not signed as it should be, or failed again and "
        "again. They are kept for a week. Redrive one when its cause is fixed: it is handled as if it came just now.",
    )
    letters.add_argument(
        "action", metavar="list|show|redrive|discard", choices=("list", "show", "redrive", "discard")
    )
    letters.add_argument("ids", nargs="*", metavar="ID", help="as list prints it")
    letters.add_argument("--all", action="store_true", help="all of them, instead of IDs")

    _add_forget(commands)
    _add_results(commands)
    return parser


def _add_forget(commands: Commands) -> None:
    forget = commands.add(
        "forget",
        _forget,
        "take a person out of all workbooks, and keep the punches from coming back",
        "Take a person out of Review Periods, all workbooks that Review Sheets lists, finalised ones, too, "
        "and their copies. Without --yes nothing is changed: what would be is printed. What is left are marks of the "
        "punches in the worksheet Forgotten, in which nobody can be read, so that no machine brings them back. Run "
        "attendance-client forget on the Pis of the person's sites first, and delete the user on the machines. There "
        "is no way back; Drive's version history and bin keep what was for a while (docs/personal-data.md).",
    )
    forget.add_argument(
        "user",
        metavar="USER",
        help="user name or e-mail address; with --site a number on that site's machines",
    )
    forget.add_argument(
        "--site", metavar="SITE", help="of somebody whom HR does not keep, and who has no name there"
    )
    forget.add_argument("--yes", action="store_true", help="do it")


def _add_results(commands: Commands) -> None:
    export = commands.add(
        "export",
        _export,
        "write a period's results for payroll",
        "Write a period's results as Sheets computed them: a row a person (days present, late, absent, on "
        "leave, hours, overtime, penalties), and a row a person and day (state, check-in, check-out, hours, whether "
        "it was corrected). As CSV these are two files, as .xlsx two worksheets. Numbers that are not to be trusted "
        "(a time is missing, a site's data is not complete, more than 16 hours a day, typed over, a correction that "
        "does not count, changed after Finalised) are listed, and the column Doubts says why.",
    )
    _add_period(export, otherwise=None)
    export.add_argument("--format", choices=("csv", "xlsx"), default="csv", help="default: %(default)s")
    export.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help='file, or folder for "Payroll <period>" (default: the current folder)',
    )
    _add_strict(export)

    preview = commands.add(
        "preview",
        _preview,
        "say what HR's tables would change in the open workbooks, before they do",
        "Say whose numbers and which days people, shifts, roster, holidays and settings, as Review Periods "
        "has them now, would change in the workbooks that are not finalised: before and after. Worked out on a copy of "
        "each, which then goes into Drive's bin. What HR changes reaches workbooks within a quarter of an hour, unless "
        "Hold changes in Settings says yes; a change may also be tried in a copy of Review Periods (--tables).",
    )
    _add_period(preview, otherwise="all that are not finalised, the newest three")
    preview.add_argument(
        "--tables",
        metavar="ID",
        help="ID or link of a copy of Review Periods that has the change (default: the one in use)",
    )

    slips = commands.add(
        "slips",
        _slips,
        "write a page for each person of a period, to hand out or to sign",
        "Write what a period's workbook shows as a page for each person: days, times, corrections, totals, "
        "and lines for signatures. As HTML, a file for each person and one with all of them to print. Numbers that are "
        "not to be trusted are listed as export lists them, and marked on the page.",
    )
    _add_period(slips, otherwise=None)
    slips.add_argument(
        "--output", type=Path, metavar="FOLDER", help='default: "Slips <period>" in the current folder'
    )
    _add_strict(slips)


def _add_mail(commands: Commands) -> None:
    actions = commands.group(
        "mail",
        "send a test mail; ask a mailbox's owner for consent to send through Gmail",
        "The way on which alarms go out: SMTP, or with MAIL_TRANSPORT gmail the Gmail API.",
        metavar="test|consent",
    )
    test = actions.add(
        "test",
        _mail_test,
        "send a mail that says it is a test",
        "Send a mail that says it is a test, from MAIL_FROM to ALARM_TO. The secret must be in the "
        "environment: SMTP_PASSWORD, or GMAIL_CREDENTIALS.",
    )
    test.add_argument(
        "--to", action="append", metavar="ADDRESS", help="to this address instead; may be repeated"
    )
    consent = actions.add(
        "consent",
        _mail_consent,
        "ask the owner of the mailbox that alarms come from",
        "Print the address at which the owner of one mailbox allows it to send mail, and nothing else; "
        "take what comes of it, and write it into a file for deploy/gcp/deploy, which keeps it as a secret. No right "
        "over a domain is needed.",
        takes_common=False,
    )
    consent.add_argument(
        "--client",
        type=Path,
        required=True,
        metavar="FILE",
        help="of the OAuth client of the kind Desktop app, as https://console.cloud.google.com/auth/clients gives it",
    )
    consent.add_argument(
        "--output", type=Path, default=Path("gmail-consent.json"), metavar="FILE", help="default: %(default)s"
    )
    consent.set_defaults(verbose=False)


def _add_strict(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--strict",
        action="store_true",
        help="write nothing, and end with 1, where a number is not to be trusted",
    )


def _add_period(parser: argparse.ArgumentParser, *, otherwise: str | None) -> None:
    """`otherwise` says what is taken by default; without it a period must be named."""
    default = "" if otherwise is None else f" (default: {otherwise})"
    parser.add_argument(
        "--period", metavar="NAME", required=otherwise is None, help=f'such as "October 2026"{default}'
    )


def _year(text: str) -> int:
    if not text.isdecimal() or not 2000 <= int(text) <= 2100:
        raise argparse.ArgumentTypeError(f"expected a year such as 2026, not {text!r}")
    return int(text)


def _days(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) <= MOST_OVERLAP:
        raise argparse.ArgumentTypeError(f"expected 1 to {MOST_OVERLAP} days, not {text!r}")
    return int(text)


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"expected a day such as 2026-11-30, not {text!r}") from None


def _init(options: argparse.Namespace) -> int:
    from attendance_backend.app.bootstrap import build_operator_backend  # noqa: PLC0415 - see _backend
    from attendance_backend.app.settings import read_operator_settings  # noqa: PLC0415
    from attendance_backend.handlers.init_control import init_control  # noqa: PLC0415
    from attendance_backend.sheet.grid import spreadsheet_link  # noqa: PLC0415

    settings = read_operator_settings(_variables(options))
    backend = build_operator_backend(settings)
    year = options.year or datetime.now(UTC).year
    result = init_control(backend.spreadsheets, backend.drive, settings.control_id, year)
    for line in result.done:
        say(line)
    if not result.done:
        say("nothing was missing")
    say(spreadsheet_link(result.control_id))
    if settings.control_id is None:
        say(_next_after_init(options, result.control_id))
    if settings.folder_id is None:
        _note(NO_FOLDER)
    return 0


def _next_after_init(options: argparse.Namespace, control_id: str) -> str:
    if options.settings is None:
        return (
            f"next: set REVIEW_PERIODS_SPREADSHEET_ID to {control_id}, in the environment or in the file that "
            "--settings FILE reads, and run attendance-backend check"
        )
    return (
        f'next: write REVIEW_PERIODS_SPREADSHEET_ID: "{control_id}" into {options.settings}, and run '
        f"attendance-backend check --settings {options.settings}"
    )


def _check(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.check import check  # noqa: PLC0415
    from attendance_backend.app.commands.site_key import unsigned  # noqa: PLC0415
    from attendance_backend.app.settings import function_complaints, unknown_names  # noqa: PLC0415
    from attendance_backend.handlers import routing  # noqa: PLC0415

    variables = _variables(options)
    complaints = [*unknown_names(variables), *function_complaints(variables)]
    # Before the spreadsheets are opened: a name that is mistyped may be why that fails.
    for line in complaints:
        say(line)
    backend = _backend(options, asks_mail=True)
    in_sheets = check(backend)
    for line in in_sheets:
        say(line)
    if line := unsigned(routing.read(backend)):
        _note(line)
    complaints += in_sheets
    if not complaints:
        say("nothing to complain of")
    return EXIT_COMPLAINTS if complaints else 0


def _doctor(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.doctor import examine  # noqa: PLC0415

    findings = examine(_variables(options), lambda: _backend(options, asks_mail=True), options.checkout)
    return 0 if say_findings(findings) else EXIT_COMPLAINTS


def _selftest(options: argparse.Namespace) -> int:
    from attendance_backend.app.bootstrap import build_client  # noqa: PLC0415
    from attendance_backend.app.selftest.run import selftest  # noqa: PLC0415
    from attendance_backend.app.settings import read_operator_settings  # noqa: PLC0415
    from attendance_trouble.belief import Outcome, Tried  # noqa: PLC0415

    variables = _variables(options)
    project = variables.required("GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project")
    folder_id = variables.required("REVIEW_SHEETS_FOLDER_ID", "the ID of a folder in a shared drive")
    counts = dict.fromkeys(Outcome, 0)
    for line in selftest(build_client(read_operator_settings(variables)), project, folder_id):
        say(line)
        if isinstance(line, Tried):
            counts[line.outcome] += 1
    say(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    if counts[Outcome.OTHERWISE]:
        return EXIT_COMPLAINTS
    return 0 if counts[Outcome.AS_BELIEVED] else EXIT_USER_ERROR


def _refresh(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.refresh import refresh  # noqa: PLC0415

    count = refresh(_backend(options), options.period, say)
    say(f"{count} differences" if count != 1 else "1 difference")
    return 0


def _share(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.share import share  # noqa: PLC0415

    in_trouble = False
    for name, done in share(_backend(options), options.period).items():
        say(f"{name}:")
        for shared in done:
            say(f"  {shared}{' (new)' if shared.is_new else ''}")
            in_trouble = in_trouble or bool(shared.trouble)
        if not done:
            say("  Settings names nobody")
    return EXIT_COMPLAINTS if in_trouble else 0


def _site_key(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.site_key import site_key  # noqa: PLC0415
    from attendance_backend.app.settings import read_signing_secret, secret_command  # noqa: PLC0415

    variables = _variables(options)
    secret = read_signing_secret(variables)
    if secret is None:
        raise variables.missing(
            "SIGNING_SECRET",
            f"the functions' secret: export SIGNING_SECRET=$({secret_command('signing-secret')})",
        )
    overlap = options.overlap if options.new else 0 if options.revoke else None
    made = site_key(_backend(options), secret, options.site, overlap)
    say(made.key)
    for line in made.notes:
        _note(line)
    return 0


def _mail_test(options: argparse.Namespace) -> int:
    from attendance_backend.app.bootstrap import build_mailer  # noqa: PLC0415
    from attendance_backend.app.commands.mail import send_test  # noqa: PLC0415
    from attendance_backend.app.settings import read_mail  # noqa: PLC0415

    settings, sender, alarm_to = read_mail(_variables(options))
    recipients = options.to or alarm_to
    send_test(build_mailer(settings), sender, recipients)
    say(f"sent from {sender} to {', '.join(recipients)}: look whether it arrives, and not among spam")
    return 0


def _mail_consent(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.mail import consent  # noqa: PLC0415

    consent(options.client, options.output, input, say)
    return 0


def _dead_letters(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.dead_letters import act  # noqa: PLC0415

    project = _variables(options).required("GOOGLE_CLOUD_PROJECT", "the ID of the Google Cloud project")
    return EXIT_COMPLAINTS if act(project, options.action, options.ids, say, everything=options.all) else 0


def _restore(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.restore import restore_control, restore_workbook  # noqa: PLC0415

    backend = _backend(options)
    if options.period is None:
        restore_control(backend, options.copy, say)
    else:
        restore_workbook(backend, options.period, options.copy, say)
    return 0


def _forget(options: argparse.Namespace) -> int:
    from attendance_backend.handlers.forgetting import forget  # noqa: PLC0415
    from attendance_backend.review.forgetting import Whom  # noqa: PLC0415

    user = " ".join(options.user.split()).removeprefix("mailto:")
    key = user.partition("@")[0].casefold()
    if not key:
        raise UserError("whom? Name a user name or an e-mail address")
    address = user if "@" in user else ""
    whom = Whom(key, address=address) if options.site is None else Whom("", site=options.site, user_id=user)
    if not forget(whom, _backend(options), say, is_meant=options.yes):
        _note(f"nobody here is called {options.user!r}: no workbook and no list has anything of this person")
        return EXIT_COMPLAINTS
    if not options.yes:
        _note("nothing was changed; with --yes all of this goes, and there is no way back")
        return EXIT_COMPLAINTS
    say(
        "forgotten. Drive keeps what was in each file's version history, and the old copies in its bin for 30 days"
    )
    return 0


def _export(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.export import export  # noqa: PLC0415

    result = export(_backend(options), options.period, options.format, options.output, strict=options.strict)
    return _handed_over(result, result.paths)


def _preview(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.preview import preview  # noqa: PLC0415

    preview(_backend(options), options.period, options.tables, say)
    return 0


def _slips(options: argparse.Namespace) -> int:
    from attendance_backend.app.commands.slips import slips  # noqa: PLC0415

    result = slips(_backend(options), options.period, options.output, strict=options.strict)
    return _handed_over(result, result.paths[:1])


def _handed_over(result: "Exported", told: Sequence[Path]) -> int:
    """Say which files were written, and what HR should know before they are used."""
    for path in told:
        say(path)
    if result.paths:
        say(f"{result.people} people")
    for line in (*result.doubts, *result.notes):
        _note(line)
    if not result.paths:
        _note(
            f"nothing was written, as --strict says: {len(result.doubts)} of the lines above say what is in doubt"
        )
        return EXIT_COMPLAINTS
    return 0


def _settings_here() -> Path | None:
    """The checkout's settings file, in the current folder; None where the environment speaks of another office."""
    if not SETTINGS_HERE.is_file() or any(name in os.environ for name in OF_ONE_OFFICE):
        return None
    _note(f"settings: {SETTINGS_HERE}")
    return SETTINGS_HERE


def _variables(options: argparse.Namespace) -> Variables:
    """The environment variables, and the settings file where one is named."""
    if options.settings is None:
        there = (
            "" if SETTINGS_HERE.is_file() else f" ({Path.cwd()} has no {SETTINGS_HERE}, as a checkout has)"
        )
        return Variables(os.environ, hint=f"; --settings FILE reads settings from a file{there}")
    return Variables(os.environ, options.settings, read_settings_file(options.settings))


def _backend(options: argparse.Namespace, *, asks_mail: bool = False) -> Backend:
    # Imported late: --help needs neither gspread nor google-auth.
    from attendance_backend.app.bootstrap import build_operator_backend  # noqa: PLC0415
    from attendance_backend.app.settings import read_operator_settings  # noqa: PLC0415

    variables = _variables(options)
    settings = read_operator_settings(variables)
    if settings.control_id is None:
        raise variables.missing(
            "REVIEW_PERIODS_SPREADSHEET_ID",
            "the ID of the Review Periods spreadsheet, which attendance-backend init makes",
        )
    if asks_mail and settings.login_left_out:
        _note("SMTP_PASSWORD is not set, the mail server is asked without logging in")
    return build_operator_backend(settings)


def _note(text: str) -> None:
    print(f"attendance-backend: {text}", file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
