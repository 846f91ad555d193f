"""deploy/gcp/deploy: what it makes, again and again, interrupted anywhere, and how it takes it away.

The stand-in for ``gcloud`` answers. The real one, where it is installed, parses each command, and brings the part of
Pub/Sub about on Google's emulator.
"""

import copy
import io
import json
import os
import re
import shlex
import shutil
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import pytest

from attendance_contracts import REPLY_TOPICS, REQUEST_TOPICS, SiteKey
from attendance_deploy import cli, gcloud, review_periods, settings, sites
from attendance_deploy.gcloud import DeployError, run_gcloud
from attendance_sandbox.running import free_port
from tests.integration.gcloud_stand_in import NUMBER, answer, new_project

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent / "gcp_golden"
CONTROL = "1ReviewPeriodsSpreadsheet"
SETTINGS = """\
# Kept by hand.
GOOGLE_CLOUD_PROJECT: "acme-attendance"
GOOGLE_CLOUD_REGION: "europe-west3"
REVIEW_SHEETS_FOLDER_ID: "0AbCdEfGhIjKl"
ALARM_TO: "hr@example.com,office@example.com"
MAIL_FROM: "attendance@example.com"
SMTP_HOST: "smtp.example.com"
SMTP_PORT: "587"
SMTP_STARTTLS: "1"
SMTP_USERNAME: "attendance@example.com"
"""
SIGNING = "5" * 64
READS = re.compile(r"^(?:.* )?(?:list|describe|get-iam-policy|print-access-token)(?: |$)")


class Power(BaseException):
    """The computer is switched off."""


class Terminal(io.StringIO):
    def isatty(self):
        return True


class Cloud:
    """A project in the stand-in, and somebody's computer."""

    def __init__(self, folder, monkeypatch, capsys):
        self.state = new_project()
        self.folder = folder
        self.settings = folder / "functions.yaml"
        self.settings.write_text(SETTINGS)
        self.capsys = capsys
        self.commands = []
        self.cut_after = None
        self.inits = []
        self.pauses_s = []
        self.monkeypatch = monkeypatch
        monkeypatch.setenv("SMTP_PASSWORD", "open sesame")
        monkeypatch.setenv("SIGNING_SECRET", SIGNING)
        monkeypatch.setattr(cli, "_bundle", lambda: "0" * 40)

    def runner(self, words, stdin):
        result = answer(self.state, words, stdin)
        if not READS.match(" ".join(each for each in words if not each.startswith("--"))):
            self.commands.append(words)
            if self.cut_after is not None:
                self.cut_after -= 1
                if self.cut_after < 0:
                    raise Power
        return result

    def init(self, variables):
        self.inits.append(dict(variables))
        return CONTROL

    def run(self, *arguments, typed="", stdin=io.StringIO):
        """Exit code, lines of output and of progress."""
        self.monkeypatch.setattr(sys, "stdin", stdin(typed))
        self.commands.clear()
        code = cli.main(
            ["--settings", str(self.settings), *arguments],
            runner=self.runner,
            init=self.init,
            sleep=self.pauses_s.append,
        )
        output = self.capsys.readouterr()
        assert "Traceback" not in output.err
        return code, output.out.splitlines(), output.err.splitlines()

    def site(self, action, *arguments):
        return self.run(
            "site", action, *arguments, *(() if action == "list" else ("--out", str(self.folder)))
        )

    def rights(self):
        """Every right there is: target, role, member."""
        return {
            (target, binding["role"], each)
            for target, policy in self.state["policies"].items()
            for binding in policy.get("bindings", ())
            for each in binding["members"]
        }


@pytest.fixture
def cloud(tmp_path, monkeypatch, capsys):
    return Cloud(tmp_path, monkeypatch, capsys)


def plain(state):
    """The state without what counts up, and without rights on nothing."""
    kept = {key: value for key, value in state.items() if key not in {"numbers", "keys"}}
    kept["policies"] = {key: each for key, each in kept["policies"].items() if each["bindings"]}
    return json.loads(re.sub(r"(notificationChannels|alertPolicies)/\d+", r"\1/N", json.dumps(kept)))


def test_a_second_run_changes_nothing(cloud):
    assert cloud.run()[0] == 0
    before = copy.deepcopy(cloud.state)
    code, _, told = cloud.run()
    assert (code, cloud.commands, cloud.state) == (0, [], before)
    assert "done: nothing was to be changed" in told


def test_the_spreadsheet_is_made_as_the_functions_account_and_kept(cloud):
    cloud.run()
    token = cloud.inits[0][review_periods.TOKEN]
    assert token == "token-of-attendance-functions@acme-attendance.iam.gserviceaccount.com"
    assert f'REVIEW_PERIODS_SPREADSHEET_ID: "{CONTROL}"' in cloud.settings.read_text()
    assert "# Kept by hand." in cloud.settings.read_text()
    assert not [each for each in cloud.rights() if "TokenCreator" in each[1]]
    for function in cloud.state["functions"].values():
        environment = function["serviceConfig"]["environmentVariables"]
        assert environment["REVIEW_PERIODS_SPREADSHEET_ID"] == CONTROL
    cloud.run()
    assert len(cloud.inits) == 1


def test_the_same_files_have_the_same_digest():
    first = cli._bundle()
    requirements = ROOT / "build/bundle/requirements.txt"
    assert "--hash=sha256:" in requirements.read_text()
    assert (cli._bundle(), len(first)) == (first, 40)


def test_a_dry_run_changes_nothing_at_all(cloud):
    state, text = copy.deepcopy(cloud.state), cloud.settings.read_text()
    code, shown, _ = cloud.run("--dry-run")
    assert (code, cloud.commands, cloud.state, cloud.settings.read_text()) == (0, [], state, text)
    assert shown


@pytest.mark.slow
def test_what_a_dry_run_prints_is_a_script_after_which_nothing_is_left_to_do(cloud, tmp_path, monkeypatch):
    cloud.settings.write_text(f'{SETTINGS}REVIEW_PERIODS_SPREADSHEET_ID: "{CONTROL}"\n')
    _, shown, _ = cloud.run("--dry-run")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/gcloud").symlink_to(Path(__file__).parent / "gcloud_stand_in.py")
    state = tmp_path / "state.json"
    state.write_text(json.dumps(cloud.state))
    script = "set -e\n" + "\n".join(shown)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    monkeypatch.setenv("GCLOUD_STATE", str(state))
    done = subprocess.run(
        ["sh", "-c", script], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
    )
    assert (done.returncode, done.stderr) == (0, "")
    cloud.state = json.loads(state.read_text())
    code, _, _ = cloud.run()
    assert (code, cloud.commands) == (0, [])
    # And the program itself, as a person calls it, with that gcloud on the path.
    command = [str(ROOT / "deploy/gcp/deploy"), "--settings", str(cloud.settings), "site", "list"]
    listed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (listed.returncode, listed.stdout) == (0, "")


def test_an_interruption_anywhere_is_finished_by_the_next_run(cloud):
    cloud.run()
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    whole, text, files = plain(cloud.state), cloud.settings.read_text(), sorted(cloud.folder.iterdir())
    cuts = 0
    while True:
        for path in cloud.folder.iterdir():
            path.unlink()
        cloud.settings.write_text(SETTINGS)
        cloud.state, cloud.cut_after = new_project(), cuts
        try:
            cloud.run()
            cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
        except Power:
            cloud.capsys.readouterr()
        else:
            break
        finally:
            cloud.cut_after = None
        assert cloud.run()[0] == 0
        code, _, told = cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
        assert code == 0, told
        assert not [each for each in cloud.rights() if "TokenCreator" in each[1]], cuts
        assert plain(cloud.state) == whole, cuts
        (key,) = cloud.state["keys"]["site-head-office-30a0fbcd@acme-attendance.iam.gserviceaccount.com"]
        file = json.loads((cloud.folder / "Head_Office.json").read_text())
        assert file["service_account"]["private_key_id"] == key
        assert cloud.settings.read_text() == text
        assert sorted(cloud.folder.iterdir()) == files
        cuts += 1
    assert cuts > 60


def test_destroy_asks_and_leaves_nothing_but_spreadsheets_and_services(cloud):
    cloud.run()
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    before = copy.deepcopy(cloud.state)
    code, _, told = cloud.run("--destroy", typed="yes\n")
    assert (code, cloud.state) == (1, before)
    assert told[-1] == "deploy: nothing was removed"
    assert cloud.run("--destroy", typed="acme-attendance\n")[0] == 0
    for kind in (
        "accounts",
        "keys",
        "topics",
        "subscriptions",
        "secrets",
        "functions",
        "jobs",
        "channels",
        "alerts",
    ):
        assert not cloud.state[kind], kind
    assert {role for _, role, _ in cloud.rights()} == {
        "roles/pubsub.serviceAgent",
        "roles/cloudscheduler.serviceAgent",
    }
    assert cloud.state["services"] == before["services"]
    assert CONTROL in cloud.settings.read_text()
    assert not any("drive" in " ".join(command) for command in cloud.commands)
    assert cloud.run("--destroy", typed="acme-attendance\n")[0] == 0
    assert cloud.commands == []


@pytest.mark.parametrize("command", [["--destroy"], ["site", "revoke", "hq"]])
def test_an_interrupted_removal_is_finished_by_the_next(cloud, command):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    before = copy.deepcopy(cloud.state)
    assert cloud.run(*command, typed="acme-attendance\n")[0] == 0
    whole, steps = plain(cloud.state), len(cloud.commands)
    assert steps > 10
    for cut in range(steps):
        cloud.state, cloud.cut_after = copy.deepcopy(before), cut
        with pytest.raises(Power):
            cloud.run(*command, typed="acme-attendance\n")
        cloud.cut_after = None
        code, _, told = cloud.run(*command, typed="acme-attendance\n")
        assert code == 0 or told[-1] == "deploy: there is no site hq; there are: none"
        assert plain(cloud.state) == whole, cut


@pytest.mark.parametrize("name", ["first", "second", "site-added", "site-revoked"])
def test_the_golden_dry_run(cloud, name):
    if name != "first":
        cloud.run()
    if name == "site-revoked":
        cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    if name == "site-added":
        _, shown, _ = cloud.site("add", "Head_Office", "--machine", "192.0.2.17", "--dry-run")
    elif name == "site-revoked":
        _, shown, _ = cloud.site("revoke", "Head_Office", "--dry-run")
    else:
        _, shown, _ = cloud.run("--dry-run")
    text = "".join(f"{line}\n" for line in shown).replace(str(cloud.folder), "SITES")
    text = re.sub(r"bundle=0{40}", "bundle=DIGEST", text)
    golden = GOLDEN / f"{name}.sh"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.parent.mkdir(exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text(), "if that is meant: UPDATE_GOLDEN=1, and look at the difference"


# -- rights


def test_nobody_may_more_than_they_need(cloud):
    cloud.run()
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    rights = cloud.rights()
    over_the_project = {(role, who) for target, role, who in rights if target.startswith("projects ")}
    builder = "serviceAccount:attendance-build@acme-attendance.iam.gserviceaccount.com"
    agent = f"serviceAccount:service-{NUMBER}@gcp-sa-{{}}.iam.gserviceaccount.com"
    assert over_the_project == {
        ("roles/cloudbuild.builds.builder", builder),
        ("roles/pubsub.serviceAgent", agent.format("pubsub")),
        ("roles/cloudscheduler.serviceAgent", agent.format("cloudscheduler")),
    }
    assert not [role for _, role, _ in rights if re.search("editor|admin|owner", role, re.IGNORECASE)]
    site = {(target, role) for target, role, who in rights if "site-head-office" in who}
    assert site == {
        *((f"pubsub topics {topic}", "roles/pubsub.publisher") for topic in REQUEST_TOPICS),
        *(
            (f"pubsub subscriptions {topic}-Head_Office", role)
            for topic in REPLY_TOPICS
            for role in ("roles/pubsub.subscriber", "roles/pubsub.viewer")
        ),
    }
    functions = {(target, role) for target, role, who in rights if "attendance-functions@" in who}
    assert functions == {
        *((f"pubsub topics {topic}", "roles/pubsub.publisher") for topic in REPLY_TOPICS),
        ("secrets smtp-password", "roles/secretmanager.secretAccessor"),
        ("secrets signing-secret", "roles/secretmanager.secretAccessor"),
        ("pubsub topics dead_letters", "roles/pubsub.publisher"),
    }


def test_each_right_that_is_taken_away_is_one_line_and_given_back_by_what_the_line_names(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    whole, rights = copy.deepcopy(cloud.state), cloud.rights()
    assert len(rights) > 30
    for target, role, who in sorted(rights):
        cloud.state = copy.deepcopy(whole)
        for binding in cloud.state["policies"][target]["bindings"]:
            if binding["role"] == role:
                binding["members"].remove(who)
        code, told, _ = cloud.run("doctor")
        (line,) = [each for each in told if each.startswith("FAIL")]
        assert code == 1
        if "serviceAgent" not in role:
            assert all(words in line for words in (role.removeprefix("roles/"), target, who)), line
        remedy = line.rpartition(": deploy/gcp/deploy")[2].removesuffix(" makes it").split()
        assert (cloud.site(*remedy[1:]) if remedy else cloud.run())[0] == 0
        assert cloud.rights() == rights, line
        assert cloud.run("doctor")[0] == 0


@pytest.mark.parametrize(
    "kind", ["topics", "subscriptions", "secrets", "functions", "jobs", "channels", "alerts"]
)
def test_each_thing_that_somebody_removed_is_told_and_made_again(cloud, kind):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    whole = copy.deepcopy(cloud.state)
    for place in range(len(whole[kind])):
        cloud.state = copy.deepcopy(whole)
        of_kind = cloud.state[kind]
        if isinstance(of_kind, dict):
            of_kind.pop(sorted(of_kind)[place])
        else:
            of_kind.pop(place)
        code, told, _ = cloud.run("doctor")
        assert (code, [line for line in told if "makes it" in line] != []) == (1, True)
        cloud.run()
        cloud.site("add", "hq")
        assert cloud.run("doctor")[0] == 0


def test_what_an_installation_by_hand_granted_too_much_is_taken_back(cloud):
    """And its functions, which Eventarc called, are made anew: such a trigger cannot be changed."""
    cloud.run()
    who = "serviceAccount:attendance-functions@acme-attendance.iam.gserviceaccount.com"
    policy = cloud.state["policies"]["projects acme-attendance"]
    policy["bindings"] += [
        {"role": f"roles/{role}", "members": [who]}
        for role in ("pubsub.publisher", "run.invoker", "eventarc.eventReceiver")
    ]
    cloud.state["functions"]["watch"]["eventTrigger"] = {"pubsubTopic": "…/topics/watch"}
    assert cloud.run()[0] == 0
    assert not [each for each in cloud.rights() if each[0].startswith("projects ") and each[2] == who]
    assert [command[:3] for command in cloud.commands][:2] == [
        ("functions", "delete", "watch"),
        ("functions", "deploy", "watch"),
    ]


def test_what_somebody_changed_is_put_right(cloud):
    cloud.run()
    whole = plain(cloud.state)
    subscription = cloud.state["subscriptions"]["store_attend_records-function"]
    subscription["expirationPolicy"] = {"ttl": "2678400s"}
    subscription.pop("deadLetterPolicy")
    cloud.state["jobs"]["watch"]["schedule"] = "0 0 * * *"
    cloud.state["jobs"]["watch"]["state"] = "PAUSED"
    cloud.state["functions"]["watch"]["serviceConfig"]["maxInstanceCount"] = 100
    cloud.state["alerts"].pop()
    assert cloud.run()[0] == 0
    assert len(cloud.commands) == 5
    assert plain(cloud.state) == whole
    cloud.state["jobs"]["watch"]["state"] = "PAUSED"
    assert cloud.run()[0] == 0
    assert [command[:3] for command in cloud.commands] == [("scheduler", "jobs", "resume")]
    assert plain(cloud.state) == whole


def test_a_function_that_another_one_replaces_is_removed_once_its_messages_go_there(cloud):
    cloud.run()
    whole = plain(cloud.state)
    functions, subscription = cloud.state["functions"], cloud.state["subscriptions"]["site_health-function"]
    functions["site-health"] = copy.deepcopy(functions["watch"])
    functions["site-health"]["name"] = functions["watch"]["name"].replace("watch", "site-health")
    push = subscription["pushConfig"]
    push["pushEndpoint"] = push["pushEndpoint"].replace("store-attend-records", "site-health")
    push["oidcToken"]["audience"] = push["oidcToken"]["audience"].replace(
        "store-attend-records", "site-health"
    )

    assert cloud.run()[0] == 0
    assert [" ".join(words[:3]) for words in cloud.commands] == [
        "pubsub subscriptions update",
        "functions delete site-health",
    ]
    assert plain(cloud.state) == whole


def test_a_new_password_is_a_new_deployment(cloud):
    cloud.run()
    _, shown, _ = cloud.run("--new-smtp-password", "--dry-run")
    assert sum("smtp-password:2" in line for line in shown) == 5
    cloud.monkeypatch.setenv("SMTP_PASSWORD", "open barley")
    cloud.run("--new-smtp-password")
    assert cloud.state["secrets"]["smtp-password"]["versions"] == ["open sesame", "open barley"]
    for function in cloud.state["functions"].values():
        assert function["serviceConfig"]["secretEnvironmentVariables"][0]["version"] == "2"


# -- sites


def test_a_site_gets_one_file_that_only_its_owner_reads(cloud):
    cloud.run()
    assert cloud.site("add", "Head_Office", "--machine", "192.0.2.17:4371")[0] == 0
    path = cloud.folder / "Head_Office.json"
    content = json.loads(path.read_text())
    assert content["biometric_device_config"] == {
        "identifier": "Head_Office",
        "ip": "192.0.2.17",
        "port": 4371,
        "project_id": "acme-attendance",
    }
    assert content["service_account"]["client_email"].startswith("site-head-office-")
    assert content["site_key"] == str(SiteKey.derived(SIGNING.encode(), "Head_Office", 1))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(each.name for each in cloud.folder.iterdir()) == ["Head_Office.json", "functions.yaml"]
    state = copy.deepcopy(cloud.state)
    assert cloud.site("add", "Head_Office")[0] == 0
    assert (cloud.state, json.loads(path.read_text())) == (state, content)


def test_the_client_takes_the_file_as_it_is(cloud):
    from attendance_client.app.init import read_site_file

    cloud.run()
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    for step in ([], ["rotate"]):
        if step:
            assert cloud.site(*step, "Head_Office")[0] == 0
        content = json.loads((cloud.folder / "Head_Office.json").read_text())
        taken = read_site_file(cloud.folder / "Head_Office.json")
        assert dict(taken.config) == content["biometric_device_config"]
        assert (taken.service_account, taken.site_key) == (content["service_account"], content["site_key"])


def test_sites_are_listed_and_revoked(cloud):
    cloud.run()
    whole = plain(cloud.state)
    for site in ("Head_Office", "head-office"):
        cloud.site("add", site, "--machine", "192.0.2.17")
    delete = (
        "pubsub",
        "subscriptions",
        "delete",
        "new_review_sheet-head-office",
        "--project=acme-attendance",
    )
    assert answer(cloud.state, delete)[0] == 0
    _, listed, _ = cloud.site("list")
    assert [line.split()[0] for line in listed] == ["Head_Office", "head-office"]
    assert "not whole" in listed[1]
    assert "not whole" not in listed[0]
    cloud.site("revoke", "head-office")
    assert [line.split()[0] for line in cloud.site("list")[1]] == ["Head_Office"]
    cloud.site("revoke", "Head_Office")
    first = cloud.commands[0]
    assert "remove-iam-policy-binding" in first, "a stolen key publishes nothing from the first command on"
    assert plain(cloud.state) == whole


def test_progress_names_what_is_made_and_whose_right_it_is(cloud):
    _, _, told = cloud.run()
    assert "  making rights: watch run.invoker for attendance-invoker" in told
    assert "  making alerts: Attendance: messages wait" in told
    assert "  making addresses for alerts: Attendance: hr@example.com" in told
    assert max(len(line) for line in told if line.startswith("  making")) <= 112


def test_an_id_that_is_mistyped_is_no_success(cloud):
    cloud.run()
    assert cloud.site("list")[2][-1] == cli.NO_SITE
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    for action in ("revoke", "rotate"):
        code, _, told = cloud.site(action, "head_office")
        assert (code, cloud.commands) == (1, [])
        assert told[-1] == "deploy: there is no site head_office; there are: Head_Office"
    code, _, told = cloud.site("add", "HEAD_OFFICE", "--machine", "192.0.2.18")
    assert (code, cloud.commands) == (1, [])
    assert told[-1].startswith("deploy: there is a site Head_Office")


def test_a_site_without_its_machines_address_is_refused_before_anything_is_made(cloud):
    cloud.run()
    code, _, told = cloud.site("add", "hq")
    assert (code, cloud.commands) == (1, [])
    assert "site add hq --machine" in told[-1]


def test_a_site_needs_of_the_settings_the_project_alone(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    cloud.settings.unlink()
    code, listed, _ = cloud.run("--project=acme-attendance", "site", "list")
    assert (code, len(listed)) == (0, 1)
    assert not cloud.settings.exists()


def test_answers_of_a_dry_run_are_kept(cloud, monkeypatch):
    folder = "https://drive.google.com/drive/folders/0AbCdEfGhIjKl?usp=sharing"
    mail = ["hr@example.com", "attendance@example.com", "", "smtp.example.com", "", "", ""]
    answers = iter(["Acme", "acme-attendance", "", folder, *mail])
    asked = []
    monkeypatch.setattr(cli, "_ask", lambda question: asked.append(question) or next(answers))
    cloud.settings.unlink()
    state = copy.deepcopy(cloud.state)
    code, _, told = cloud.run("--dry-run", stdin=Terminal)
    assert (code, cloud.state, next(answers, None)) == (0, state, None)
    assert told[-1].endswith("without --dry-run they are")
    assert asked[1].startswith("GOOGLE_CLOUD_PROJECT cannot be 'Acme'"), "asked again, with the reason"
    monkeypatch.setattr(cli, "_ask", pytest.fail)
    code, _, told = cloud.run(stdin=Terminal)
    assert code == 0
    assert told[-1] == cli.NO_SITE


def test_settings_that_were_lost_are_those_that_were_deployed(cloud, monkeypatch):
    cloud.run()
    before = settings.load(cloud.settings, {}, None)
    cloud.settings.unlink()
    code, _, told = cloud.run("--project=acme-attendance")
    assert (code, cloud.commands) == (0, [])
    assert "the settings are those with which the functions were deployed" in told[0]
    assert settings.load(cloud.settings, {}, None) == before
    # The project and the region are asked for, and nothing else.
    cloud.settings.unlink()
    answers = iter(["acme-attendance", ""])
    monkeypatch.setattr(cli, "_ask", lambda question: next(answers))
    assert cloud.run("--dry-run", stdin=Terminal)[:2] == (0, [])
    assert settings.load(cloud.settings, {}, None) == before


def test_questions_do_not_go_where_a_dry_run_is_written(monkeypatch, capsys):
    monkeypatch.setattr(sys, "stdin", io.StringIO("acme\n"))
    assert cli._ask("Which? ") == "acme"
    assert capsys.readouterr() == ("", "Which? ")


def test_answers_that_were_interrupted_change_nothing(cloud, monkeypatch):
    def interrupted(question):
        raise KeyboardInterrupt

    monkeypatch.setattr(cli, "_ask", interrupted)
    cloud.settings.unlink()
    code, _, told = cloud.run(stdin=Terminal)
    assert (code, told[-1]) == (1, "deploy: stopped: nothing was kept, nothing was changed")
    assert not cloud.settings.exists()


def test_a_secret_of_the_other_way_of_mail_is_not_asked_for(cloud):
    cloud.run()
    code, _, told = cloud.run("--new-gmail-consent")
    assert (code, cloud.commands) == (1, [])
    assert 'MAIL_TRANSPORT: "gmail"' in told[-1]


def test_a_setting_that_is_mistyped_does_not_go_out(cloud):
    cloud.settings.write_text(f'{SETTINGS}SMTP_PASWORD: "open sesame"\n')
    code, _, told = cloud.run()
    assert (code, cloud.commands) == (1, [])
    assert told[-1].endswith("did you mean SMTP_PASSWORD?")


def test_a_new_key_ends_the_old_one_first(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    (old,) = cloud.state["keys"]["site-hq@acme-attendance.iam.gserviceaccount.com"]
    assert cloud.site("add", "hq", "--new-key")[0] == 0
    (new,) = cloud.state["keys"]["site-hq@acme-attendance.iam.gserviceaccount.com"]
    assert new != old
    assert [command[3] for command in cloud.commands] == ["delete", "create", "latest"]
    assert SiteKey.parse(json.loads((cloud.folder / "hq.json").read_text())["site_key"]).number == 2
    assert json.loads((cloud.folder / "hq.json").read_text())["service_account"]["private_key_id"] == new


def test_a_site_moves_to_another_project_with_its_machine_and_its_signing_key(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    cloud.site("rotate", "hq")
    path = cloud.folder / "hq.json"
    before = json.loads(path.read_text())
    cloud.state = new_project("acme-two")
    cloud.settings.write_text(cloud.settings.read_text().replace("acme-attendance", "acme-two"))
    assert cloud.run()[0] == 0
    assert cloud.site("add", "hq")[0] == 0
    after = json.loads(path.read_text())
    assert after["site_key"] == before["site_key"]
    assert after["biometric_device_config"] == {**before["biometric_device_config"], "project_id": "acme-two"}
    address = "site-hq@acme-two.iam.gserviceaccount.com"
    assert after["service_account"]["client_email"] == address
    assert list(cloud.state["keys"][address]) == [after["service_account"]["private_key_id"]]


def test_another_region_is_told_to_leave_the_first_one_behind(cloud):
    cloud.run()
    code, _, told = cloud.run("--region=europe-west1")
    assert (code, cloud.commands) == (1, [])
    assert "--destroy" in told[-1]


def test_a_rotation_ends_the_old_key_once_the_pi_has_the_new_one(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    path = cloud.folder / "hq.json"
    keys = cloud.state["keys"]["site-hq@acme-attendance.iam.gserviceaccount.com"]
    (old,), before = keys, json.loads(path.read_text())
    cloud.cut_after = 0
    with pytest.raises(Power):
        cloud.site("rotate", "hq")
    cloud.cut_after = None
    cloud.capsys.readouterr()
    assert cloud.site("rotate", "hq")[0] == 0, "goes on where the first was cut off"
    content = json.loads(path.read_text())
    assert len(keys) == 2
    assert content["service_account"]["private_key_id"] in keys.keys() - {old}
    assert content["biometric_device_config"] == before["biometric_device_config"]
    assert SiteKey.parse(content["site_key"]).number == 2
    assert cloud.site("rotate", "hq", "--end-old")[0] == 0
    assert list(keys) == [content["service_account"]["private_key_id"]]
    assert json.loads(path.read_text()) == content
    path.unlink()
    code, _, told = cloud.site("rotate", "hq", "--end-old")
    assert (code, len(keys)) == (1, 1)
    assert "would have none" in told[-1]


def test_more_keys_than_google_allows_are_told(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    while cloud.site("rotate", "hq")[0] == 0:
        pass
    code, _, told = cloud.site("rotate", "hq")
    assert code == 1
    assert "--end-old" in told[-1]
    assert len(cloud.state["keys"]["site-hq@acme-attendance.iam.gserviceaccount.com"]) == 10


def test_a_key_that_somebody_ended_in_the_console_is_made_anew(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    keys = cloud.state["keys"]["site-hq@acme-attendance.iam.gserviceaccount.com"]
    keys.clear()
    assert cloud.site("add", "hq")[0] == 0
    assert json.loads((cloud.folder / "hq.json").read_text())["service_account"]["private_key_id"] in keys


def test_a_key_whose_file_is_elsewhere_is_told(cloud):
    cloud.run()
    cloud.site("add", "hq", "--machine", "192.0.2.17")
    (cloud.folder / "hq.json").unlink()
    code, _, told = cloud.site("add", "hq", "--machine", "192.0.2.17")
    assert code == 1
    assert "--new-key" in told[-1]


def test_where_keys_are_forbidden_all_else_is_made_and_the_way_out_told(cloud):
    cloud.run()
    cloud.state["keys_forbidden"] = True
    code, _, told = cloud.site("add", "hq", "--machine", "192.0.2.17")
    assert code == 1
    assert "iam.disableServiceAccountKeyCreation" in told[-1]
    assert "Keys where policy forbids them" in told[-1]
    assert "new_review_period-hq" in cloud.state["subscriptions"]
    assert "## Keys where policy forbids them" in (ROOT / "docs/deploying.md").read_text()
    cloud.state["keys_forbidden"] = False
    assert cloud.site("add", "hq", "--machine", "192.0.2.17")[0] == 0
    assert [command[3] for command in cloud.commands] == ["create", "latest"]


SITES = [
    "hq",
    "HQ",
    "Head_Office",
    "head-office",
    "head_office",
    "Head-Office",
    "x" * 50,
    "X" * 50,
    "a-",
    "a_",
    "a--b",
]
SITES += [
    "headquarters",
    "head-office-30a0fbcd",
    "y" * 25,
    "y" * 26,
    "A1",
    "b-_-_-",
    "a-b-c-d-e-f-g-h-i-j-k-l-m-n-o",
]


def test_every_site_has_an_account_name_of_its_own_that_google_takes():
    names = [sites.account_name(sites.checked(site)) for site in SITES]
    assert len(set(names)) == len(SITES)
    for name in names:
        assert re.fullmatch(r"[a-z](?:[-a-z0-9]{4,28}[a-z0-9])", name), name
    assert sites.account_name("headquarters") == "site-headquarters", "as the guide by hand had it"


def test_what_is_waited_for_is_told_before_it_is_there(tmp_path, monkeypatch):
    go_on, told = tmp_path / "go on", []
    program = tmp_path / "gcloud"
    program.write_text(
        f'#!/bin/sh\nread secret\nuntil [ -e "{go_on}" ]; do sleep 0.02; done\necho "$secret"\n'
    )
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(gcloud, "TOLD_AFTER_S", (0.05, 0.05))

    def say(line):
        told.append(line)
        if len(told) == 2:
            go_on.touch()

    monkeypatch.setattr(gcloud, "say", say)
    assert run_gcloud(["projects", "describe", "office", "--quiet"], "secret\n") == (0, "secret\n", "")
    first, second = told
    assert first == "waiting for gcloud projects describe office"
    assert "without a network gcloud gives up" in second


@pytest.mark.parametrize("site", ["", "x", "1st", "büro", "a b", "a.b", "x" * 51, "$(id)", 'a"'])
def test_what_is_no_site_is_refused(cloud, site):
    cloud.run()
    code, _, told = cloud.site("add", site, "--machine", "192.0.2.17")
    assert (code, cloud.commands) == (1, [])
    assert told[-1].startswith("deploy: the site's ID cannot be")


# -- what goes wrong


def test_a_right_that_google_is_not_ready_for_is_tried_again(cloud):
    cloud.state["late"] = 3
    assert cloud.run()[0] == 0
    assert cloud.pauses_s[:3] == [5, 10, 20]


@pytest.mark.parametrize(
    ("told", "remedy"),
    [
        (
            "ERROR: (gcloud.projects.describe) You do not currently have an active account selected.",
            "gcloud auth login",
        ),
        ("ERROR: (gcloud.x) PERMISSION_DENIED: The caller does not have permission", "Owner of the project"),
        (
            "ERROR: (gcloud.x) FAILED_PRECONDITION: Billing account for project is not found",
            "billing account",
        ),
        ("ERROR: (gcloud.x) unrecognized arguments: --x", "it goes on where it stopped"),
        ("", "it goes on where it stopped"),
    ],
)
def test_a_refusal_is_one_line_with_the_remedy(cloud, told, remedy):
    cloud.runner = lambda words, stdin: (1, "", told)
    code, _, lines = cloud.run()
    assert code == 1
    assert lines[-1].startswith("deploy: gcloud projects describe")
    assert remedy in lines[-1]


def test_a_folder_that_the_account_may_not_write_is_told_with_what_to_click(cloud):
    def init(variables):
        raise DeployError("nothing may be created in the folder")

    good, cloud.init = cloud.init, init
    code, _, told = cloud.run()
    assert code == 1
    assert "attendance-functions@acme-attendance" in told[-1]
    assert "Content manager" in told[-1]
    assert "drive/folders/0AbCdEfGhIjKl" in told[-1]
    assert not [each for each in cloud.rights() if "TokenCreator" in each[1]]
    cloud.init = good
    assert cloud.run()[0] == 0
    assert not [each for each in cloud.rights() if "TokenCreator" in each[1]]


def test_whoever_sits_there_may_share_the_folder_and_press_enter(cloud, monkeypatch):
    asked = []

    def init(variables):
        if not asked:
            raise DeployError("nothing may be created in the folder")
        return CONTROL

    cloud.init = init
    monkeypatch.setattr(cli, "_ask", lambda question: asked.append(question) or "")
    assert cloud.run(stdin=Terminal)[0] == 0
    assert len(asked) == 1
    assert "Content manager" in asked[0]


def test_what_sharing_does_not_mend_is_not_asked_for(cloud, monkeypatch):
    def init(variables):
        raise review_periods.NotOfTheFolderError("Google cannot be reached")

    cloud.init = init
    monkeypatch.setattr(cli, "_ask", pytest.fail)
    code, _, told = cloud.run(stdin=Terminal)
    assert (code, told[-1]) == (1, "deploy: Google cannot be reached")


@pytest.mark.parametrize(
    ("failing", "told"),
    [
        ("venv", "apt install python3-venv"),
        ("pip", "on the internet"),
        ("cli", "Google cannot be reached"),
    ],
)
def test_what_keeps_the_backends_command_from_running_is_told(tmp_path, monkeypatch, failing, told):
    bundle = tmp_path / "build/bundle"
    bundle.mkdir(parents=True)
    (bundle / "requirements.txt").write_text("gspread==6.2.1\n")
    (tmp_path / "build/operator").mkdir()

    def run(words, **_):
        fails = any(failing in str(word).split(".") for word in words)
        stderr = f"long story\nattendance-backend: {told}; try again\n" if failing == "cli" else "no luck\n"
        return subprocess.CompletedProcess(words, 3 if fails else 0, "", stderr)

    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(review_periods.NotOfTheFolderError, match=told):
        review_periods.run_init(tmp_path)({})


def test_gmail_is_asked_for_no_mail_server_and_its_consent_is_a_secret(cloud, tmp_path, monkeypatch):
    answers = iter(["gmail"])
    lines = [line for line in SETTINGS.splitlines() if not line.startswith("SMTP_")]
    cloud.settings.write_text("\n".join(lines) + "\n")
    chosen = settings.load(cloud.settings, {}, lambda question: next(answers))
    settings.keep(cloud.settings, {name: chosen[name] for name in settings.needed(chosen)})
    assert "SMTP" not in cloud.settings.read_text()
    code, _, told = cloud.run()
    assert (code, "GMAIL_CREDENTIALS is not set" in told[-1]) == (1, True)

    consent = tmp_path / "gmail-consent.json"
    consent.write_text("the consent")
    monkeypatch.setattr(cli, "_ask", lambda question: str(consent))
    assert cloud.run(stdin=Terminal)[0] == 0
    assert "gmail.googleapis.com" in cloud.state["services"]
    assert cloud.state["secrets"]["gmail-credentials"]["versions"] == ["the consent"]
    assert "smtp-password" not in cloud.state["secrets"]
    for function in cloud.state["functions"].values():
        service = function["serviceConfig"]
        assert service["environmentVariables"]["MAIL_TRANSPORT"] == "gmail"
        assert service["secretEnvironmentVariables"][0]["key"] == "GMAIL_CREDENTIALS"
        assert "the consent" not in json.dumps(function)
    assert cloud.run()[0] == 0
    assert cloud.commands == []
    consent.unlink()
    code, _, told = cloud.run("--new-gmail-consent", stdin=Terminal)
    assert (code, "mail consent makes one" in told[-1]) == (1, True)


def test_after_a_change_to_gmail_nothing_of_the_mail_server_is_left(cloud):
    cloud.run()
    cloud.settings.write_text(cloud.settings.read_text() + 'MAIL_TRANSPORT: "gmail"\n')
    cloud.monkeypatch.setenv("GMAIL_CREDENTIALS", "the consent")
    assert cloud.run()[0] == 0
    assert cloud.state["secrets"].keys() == {"gmail-credentials", "signing-secret"}
    words = [" ".join(command[:3]) for command in cloud.commands]
    assert words.index("secrets delete smtp-password") > words.index("functions deploy watch"), (
        "in use until then"
    )
    assert cloud.run("doctor")[0] == 0
    assert cloud.run("--destroy", typed="acme-attendance\n")[0] == 0
    assert cloud.state["secrets"] == {}


def test_settings_are_asked_for_once(tmp_path):
    answers = iter(["acme-attendance", "", "https://drive.google.com/drive/folders/0AbCdEfGhIjKl?usp=sharing",
                    "nobody", "", "hr@example.com", "a@example.com", "", "smtp.example.com", "", "", ""])  # fmt: skip
    path = tmp_path / "functions.yaml"
    chosen = settings.load(path, {}, lambda question: next(answers))
    assert chosen[settings.FOLDER] == "0AbCdEfGhIjKl"
    settings.keep(path, {name: chosen.get(name, "") for name in settings.ASKED})
    again = settings.load(path, {}, None)
    assert again == {name: value for name, value in chosen.items() if value}


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('GOOGLE_CLOUD_PROJECT: "Acme"', "GOOGLE_CLOUD_PROJECT cannot be 'Acme'"),
        ('GOOGLE_CLOUD_REGION: "Frankfurt"', "GOOGLE_CLOUD_REGION cannot be"),
        ('SMTP_PASSWORD: "open"', "take it out"),
        ('GMAIL_CREDENTIALS: "open"', "take it out"),
        ('MAIL_TRANSPORT: "pigeon"', "MAIL_TRANSPORT cannot be 'pigeon'"),
        ("nonsense", "line 11"),
    ],
)
def test_settings_that_make_no_sense_are_told(cloud, line, told):
    cloud.settings.write_text(f"{SETTINGS}{line}\n")
    code, _, lines = cloud.run()
    assert (code, cloud.commands) == (1, [])
    assert told in lines[-1]


def test_missing_settings_are_named_where_nobody_is_there_to_be_asked(cloud):
    cloud.settings.write_text("")
    code, _, lines = cloud.run()
    assert code == 1
    printed = [line for line in lines if '""' in line]
    assert [line.partition(":")[0] for line in printed] == [*settings.ASKED]
    values = dict(line.split(": ", 1) for line in SETTINGS.splitlines()[1:])
    filled = [line.replace('""', values.get(line.partition(":")[0], '""'), 1) for line in printed]
    cloud.settings.write_text("\n".join(filled))
    assert cloud.run()[0] == 0


ROLES = {
    "pubsub topics": {"pubsub.publisher"},
    "pubsub subscriptions": {"pubsub.subscriber", "pubsub.viewer"},
    "secrets": {"secretmanager.secretAccessor"},
    "run services": {"run.invoker"},
    "iam service-accounts": {"iam.serviceAccountTokenCreator"},
    "projects": {"cloudbuild.builds.builder", "pubsub.serviceAgent", "cloudscheduler.serviceAgent"},
}
"""Roles that Google has, on what each may be granted."""
NAMES = {
    "iam service-accounts create": r"[a-z][a-z0-9-]{4,28}[a-z0-9]",
    "pubsub topics create": r"(?!goog)[A-Za-z][A-Za-z0-9_.~+%-]{2,254}",
    "pubsub subscriptions create": r"(?!goog)[A-Za-z][A-Za-z0-9_.~+%-]{2,254}",
    "secrets create": r"[A-Za-z0-9_-]{1,255}",
    "functions deploy": r"[a-z](?:[a-z0-9-]{0,61}[a-z0-9])?",
    "services enable": r"[a-z]+\.googleapis\.com",
}
RANGES = {
    "ack-deadline": (10, 600),
    "message-retention-duration": (600, 31 * 86_400),
    "min-retry-delay": (0, 600),
    "max-retry-delay": (0, 600),
    "max-delivery-attempts": (5, 100),
    "max-instances": (1, 1000),
    "concurrency": (1, 1000),
    "timeout": (1, 3600),
}


@pytest.mark.parametrize("name", ["first", "site-added"])
def test_names_roles_and_numbers_are_those_that_google_takes(name):
    checked = 0
    for line in (GOLDEN / f"{name}.sh").read_text().splitlines():
        words = shlex.split(line, comments=True)
        if not words:
            continue
        words = words[words.index("gcloud") + 1 :]
        named = [word for word in words if not word.startswith("--")]
        flags = dict(word[2:].partition("=")[::2] for word in words if word.startswith("--"))
        for form, pattern in NAMES.items():
            if named[: len(form.split())] == form.split():
                assert all(re.fullmatch(pattern, each) for each in named[len(form.split()) :]), line
                checked += 1
        if "add-iam-policy-binding" in named:
            on = " ".join(named[: named.index("add-iam-policy-binding")])
            assert flags["role"].removeprefix("roles/") in ROLES[on], line
            checked += 1
        for flag, (least, most) in RANGES.items():
            if flag in flags:
                assert least <= int(flags[flag].removesuffix("s")) <= most, line
                checked += 1
        assert int(flags.get("concurrency", 1)) == 1 or int(flags["cpu"]) >= 1, "Google's rule"
        assert len(flags.get("message-filter", "")) <= 256
        assert len(flags.get("display-name", "")) <= 100
    assert checked > 20


# -- against Google's own programs


def gcloud_or_skip():
    path = shutil.which("gcloud")
    if path is None:
        pytest.skip("gcloud is not installed: its commands were parsed by the stand-in only")
    return path


@pytest.mark.slow
def test_gcloud_itself_parses_every_command(cloud, tmp_path, monkeypatch):
    """Spelling of words and flags; it is asked once for all, by its own linter, which runs nothing."""
    gcloud = gcloud_or_skip()
    asked = []
    answer_of = cloud.runner

    def runner(words, stdin):
        asked.append(words)
        return answer_of(words, stdin)

    cloud.runner = runner
    cloud.run()
    cloud.site("add", "Head_Office", "--machine", "192.0.2.17")
    cloud.state["jobs"]["watch"] |= {"schedule": "0 0 * * *", "state": "PAUSED"}
    cloud.state["subscriptions"]["watch-function"]["ackDeadlineSeconds"] = 10
    cloud.state["accounts"]["site-head-office-30a0fbcd@acme-attendance.iam.gserviceaccount.com"][
        "displayName"
    ] = ""
    cloud.state["accounts"]["site-head-office-30a0fbcd@acme-attendance.iam.gserviceaccount.com"][
        "disabled"
    ] = True
    cloud.state["alerts"][0]["userLabels"] = {}
    cloud.run()
    cloud.site("add", "Head_Office", "--new-key")
    cloud.run("--destroy", typed="acme-attendance\n")
    _, shown, _ = cloud.run("--dry-run")
    inner = {each for line in shown for each in re.findall(r"\$\((gcloud [^\"]*?\))\)[\"/]", line)}
    inner |= {each for line in shown for each in re.findall(r"\$\((gcloud [^\"]*?--filter=[^)]*)\)\"", line)}
    # The linter splits at blanks within quotes and at "#"; what stands in such values is no flag.
    lines = {f"gcloud {' '.join(re.sub(r'[ #].*', '', word) for word in words)}" for words in asked} | inner
    commands = tmp_path / "commands.json"
    unknown = "gcloud pubsub topics create watch --no-such-flag=1"
    commands.write_text(json.dumps([{"command_string": line} for line in [*sorted(lines), unknown]]))
    monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
    lint = [gcloud, "meta", "lint-gcloud-commands", f"--commands-file={commands}"]
    told = json.loads(subprocess.run(lint, capture_output=True, text=True, check=True).stdout)
    wrong = {each["command_string"]: each["error_message"] for each in told if not each["success"]}
    # "gcloud alpha monitoring" is the one group that the linter looks for elsewhere.
    assert [line for line in wrong if line != unknown] == []
    assert len(told) > 60
    assert unknown in wrong
    # The linter looks at no values: of the commands that have most of them one goes as far as the program takes it.
    for kind in (("functions", "deploy"), ("pubsub", "subscriptions", "create")):
        words = next(words for words in asked if words[: len(kind)] == kind and len(words) > 12)
        done = subprocess.run([gcloud, *words], capture_output=True, text=True, check=False)
        assert "active account" in done.stderr, done.stderr


@pytest.mark.slow
def test_the_topics_and_subscriptions_come_about_on_googles_emulator(cloud, tmp_path, monkeypatch):
    """Through gcloud itself; the stand-in has all but the topics and subscriptions."""
    gcloud_or_skip()
    jars = sorted(Path("/usr/lib/google-cloud-sdk/platform/pubsub-emulator/lib").glob("*emulator*.jar"))
    if not jars or shutil.which("java") is None:
        pytest.skip("Google's Pub/Sub emulator is not installed: topics were made on the stand-in only")
    port = free_port()
    command = ["java", "-jar", str(jars[-1]), "--host=127.0.0.1", f"--port={port}"]
    emulator = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(port)
        monkeypatch.setenv("CLOUDSDK_CONFIG", str(tmp_path / "gcloud"))
        monkeypatch.setenv("CLOUDSDK_API_ENDPOINT_OVERRIDES_PUBSUB", f"http://127.0.0.1:{port}/")
        monkeypatch.setenv("CLOUDSDK_AUTH_DISABLE_CREDENTIALS", "true")
        cloud.run()
        stand_in, asked = cloud.runner, []

        def runner(words, stdin):
            if words[0] != "pubsub" or any("iam-policy" in word for word in words):
                return stand_in(words, stdin)
            asked.append(words[1:3])
            stand_in(words, stdin)  # which keeps the rights, and wants to know what they are on
            return run_gcloud(words, stdin)

        cloud.runner = runner
        assert cloud.run()[0] == 0
        assert cloud.site("add", "Head_Office", "--machine", "192.0.2.17")[0] == 0
        assert asked.count(("subscriptions", "create")) == 10
        asked.clear()
        assert cloud.run()[0] == 0
        assert set(asked) == {("topics", "list"), ("subscriptions", "list")}, "a second run only looks"
    finally:
        emulator.terminate()
        emulator.wait()


def wait_for(port):
    until = time.monotonic() + 60
    while time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.2)
        else:
            return
    pytest.fail("the emulator does not answer")
