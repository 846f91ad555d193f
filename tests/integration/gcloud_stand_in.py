#!/usr/bin/env python3
"""A stand-in for ``gcloud`` that keeps a project in a dictionary, or, run as a program, in the file GCLOUD_STATE.

Faithful in what deploy/gcp/deploy uses: which words and flags there are (others end with exit code 2), the shape of
what ``--format=json`` prints, services that must be enabled first, names that are taken (ALREADY_EXISTS) or unknown
(NOT_FOUND), rights only for accounts that exist, a build that needs its account's role, a functions' secret that must
be readable, a token only for whom may act as an account, keys that a policy forbids (``"keys_forbidden": true``).

Not faithful: nothing takes time, unless ``"late"`` says how often a right for a new account is refused first; rights
are not asked for but for the token and the build; nothing is built or called; filters of lists are read for one
address, ``--format`` other than JSON knows two fields; deleting an account leaves no ``deleted:`` members behind.
"""

import json
import os
import sys
from pathlib import Path

OWNER = "owner@example.com"
NUMBER = "123456789012"
AGENTS = {"pubsub.googleapis.com": "gcp-sa-pubsub", "cloudscheduler.googleapis.com": "gcp-sa-cloudscheduler"}
NEEDED = {
    "iam": "iam.googleapis.com",
    "pubsub": "pubsub.googleapis.com",
    "functions": "cloudfunctions.googleapis.com",
    "run": "run.googleapis.com",
    "secrets": "secretmanager.googleapis.com",
    "scheduler": "cloudscheduler.googleapis.com",
    "monitoring": "monitoring.googleapis.com",
}


def new_project(project="acme-attendance"):
    """A project as it is on its first day."""
    kinds = ("accounts", "keys", "topics", "subscriptions", "policies", "secrets", "functions", "jobs")
    return {"project": project, "services": [], "channels": [], "alerts": [], "numbers": 0} | {
        kind: {} for kind in kinds
    }


class Refused(Exception):  # noqa: N818
    def __init__(self, told, code=1):
        super().__init__(told)
        self.code = code


def answer(state, words, stdin=None):
    """What ``gcloud`` does with `words`: exit code, output, complaints. Changes `state`."""
    try:
        result, form = _answered(state, words, stdin)
    except Refused as error:
        return error.code, "", f"ERROR: (gcloud.{'.'.join(words[:2])}) {error}\n"
    if "value(serviceConfig.uri)" in form:
        return 0, result["serviceConfig"]["uri"] + "\n", ""
    if "value(name)" in form:
        return 0, "".join(f"{each['name']}\n" for each in result), ""
    return 0, result if isinstance(result, str) else json.dumps(result) if form == "json" else "", ""


def _answered(state, words, stdin):
    positional = [word for word in words if not word.startswith("--")]
    flags = Flags()
    for word in words:
        if word.startswith("--"):
            name, _, value = word[2:].partition("=")
            flags.setdefault(name, []).append(value)
    if flags.pop("project") != [state["project"]]:
        raise Refused("PERMISSION_DENIED: The caller does not have permission")
    flags.pop("quiet", None)
    form = flags.pop("format", ["none"])[0]
    known = [length for length in range(1, 6) if " ".join(positional[:length]) in FORMS]
    if not known:
        raise Refused(f"(gcloud) Invalid choice: {' '.join(positional)}", 2)
    length = known[-1]
    handler, allowed = FORMS[" ".join(positional[:length])]
    if unknown := flags.keys() - set(allowed.split()):
        raise Refused(f"(gcloud) unrecognized arguments: {unknown}", 2)
    services = [NEEDED[word] for word in positional[:2] if word in NEEDED]
    if services:
        _need(state, services[0])
    return handler(state, positional[length:], flags, stdin), form


class Flags(dict):
    """Flags by name; the last of one that was given more than once."""

    def one(self, name, default=None):
        return self[name][-1] if name in self else default


def _need(state, service):
    if service not in state["services"]:
        raise Refused(
            f"PERMISSION_DENIED: {service} has not been used in project {state['project']} before or it is disabled. "
            f"Enable it by visiting the console [reason: SERVICE_DISABLED]"
        )


def _new(items, name, value):
    if name in items:
        raise Refused(f"ALREADY_EXISTS: Resource already exists in the project (resource={name}).")
    items[name] = value
    return value


def _there(items, name):
    if name not in items:
        raise Refused(f"NOT_FOUND: Resource not found (resource={name}).")
    return items[name]


def _enable(state, names, flags, stdin):
    for name in names:
        if not name.endswith(".googleapis.com"):
            raise Refused(f"NOT_FOUND: {name}")
    state["services"] = sorted({*state["services"], *names})


def _identity(state, names, flags, stdin):
    state["agents"] = sorted({*state.get("agents", ()), AGENTS[flags.one("service")]})


def _account_create(state, names, flags, stdin):
    address = f"{names[0]}@{state['project']}.iam.gserviceaccount.com"
    account = {"email": address, "displayName": flags.one("display-name", ""), "uniqueId": str(len(names[0]))}
    _new(state["accounts"], address, account)
    state["keys"][address] = {}
    if state.get("late"):
        account["late"] = state["late"]


def _account_update(state, names, flags, stdin):
    _there(state["accounts"], names[0])["displayName"] = flags.one("display-name")


def _account_delete(state, names, flags, stdin):
    _there(state["accounts"], names[0])
    del state["accounts"][names[0]], state["keys"][names[0]]


def _number(state):
    state["numbers"] += 1
    return state["numbers"]


def _key_create(state, names, flags, stdin):
    address = flags.one("iam-account")
    keys = _there(state["keys"], address)
    if state.get("keys_forbidden"):
        raise Refused(
            "FAILED_PRECONDITION: Key creation is not allowed on this service account. - '@type': "
            "type.googleapis.com/google.rpc.PreconditionFailure violations: - type: "
            "constraints/iam.disableServiceAccountKeyCreation"
        )
    name = f"{_number(state):040x}"
    keys[name] = {"name": f"projects/{state['project']}/serviceAccounts/{address}/keys/{name}"}
    content = {"type": "service_account", "client_email": address, "private_key_id": name, "private_key": "…"}
    content["token_uri"] = "https://oauth2.googleapis.com/token"
    Path(names[0]).write_text(json.dumps(content))


def _key_delete(state, names, flags, stdin):
    keys = _there(state["keys"], flags.one("iam-account"))
    _there(keys, names[0])
    del keys[names[0]]


def _topics_create(state, names, flags, stdin):
    for name in names:
        _new(state["topics"], name, {"name": f"projects/{state['project']}/topics/{name}"})


def _remove(kind):
    def remove(state, names, flags, stdin):
        _there(state[kind], names[0])
        del state[kind][names[0]]
        for target in [key for key in state["policies"] if key.endswith(f" {names[0]}")]:
            del state["policies"][target]

    return remove


def _listed(kind):
    return lambda state, names, flags, stdin: list(state[kind].values())


def _subscription(state, names, flags, stdin, *, new):  # noqa: C901 - a flag a line
    project = state["project"]
    if new:
        topic = flags.one("topic")
        _there(state["topics"], topic)
        found = {
            "name": f"projects/{project}/subscriptions/{names[0]}",
            "topic": f"projects/{project}/topics/{topic}",
            "ackDeadlineSeconds": 10,
            "messageRetentionDuration": "604800s",
            "expirationPolicy": {"ttl": "2678400s"},
            "pushConfig": {},
            "state": "ACTIVE",
        }
        if "message-filter" in flags:
            found["filter"] = flags.one("message-filter")
        _new(state["subscriptions"], names[0], found)
    found = _there(state["subscriptions"], names[0])
    if flags.one("expiration-period") == "never":
        found["expirationPolicy"] = {}
    if "ack-deadline" in flags:
        found["ackDeadlineSeconds"] = int(flags.one("ack-deadline"))
        if not 10 <= found["ackDeadlineSeconds"] <= 600:
            raise Refused("INVALID_ARGUMENT: ack deadline")
    if "message-retention-duration" in flags:
        found["messageRetentionDuration"] = flags.one("message-retention-duration")
    if "dead-letter-topic" in flags:
        _there(state["topics"], flags.one("dead-letter-topic"))
        found["deadLetterPolicy"] = {
            "deadLetterTopic": f"projects/{project}/topics/{flags.one('dead-letter-topic')}",
            "maxDeliveryAttempts": int(flags.one("max-delivery-attempts")),
        }
        if not 5 <= found["deadLetterPolicy"]["maxDeliveryAttempts"] <= 100:
            raise Refused("INVALID_ARGUMENT: max delivery attempts")
    if "min-retry-delay" in flags:
        found["retryPolicy"] = {
            "minimumBackoff": flags.one("min-retry-delay"),
            "maximumBackoff": flags.one("max-retry-delay"),
        }
    if "push-endpoint" in flags:
        address = flags.one("push-endpoint")
        if not address.startswith("https://"):
            raise Refused(f"INVALID_ARGUMENT: Invalid push endpoint given (endpoint={address})")
        _there(state["accounts"], flags.one("push-auth-service-account"))
        found["pushConfig"] = {
            "pushEndpoint": address,
            "oidcToken": {
                "serviceAccountEmail": flags.one("push-auth-service-account"),
                "audience": flags.one("push-auth-token-audience"),
            },
        }


def _target(on):
    def exists(state, name):
        if on == "projects":
            return name == state["project"]
        kind = {"pubsub topics": "topics", "pubsub subscriptions": "subscriptions", "secrets": "secrets"}
        kind |= {"iam service-accounts": "accounts", "run services": "functions"}
        return name in state[kind[on]]

    return exists


def _get_policy(on):
    def get(state, names, flags, stdin):
        if not _target(on)(state, names[0]):
            raise Refused(f"NOT_FOUND: Resource not found (resource={names[0]}).")
        return state["policies"].get(f"{on} {names[0]}", {"etag": "ACAB"})

    return get


def _bind(on, *, add):
    def bind(state, names, flags, stdin):
        policy = _get_policy(on)(state, names, flags, stdin)
        role, member = flags.one("role"), flags.one("member")
        kind, _, address = member.partition(":")
        if add and kind == "serviceAccount":
            account = state["accounts"].get(address)
            agent = any(f"service-{NUMBER}@{each}." in address for each in state.get("agents", ()))
            if not account and not agent:
                raise Refused(f"INVALID_ARGUMENT: Service account {address} does not exist.")
            if account and account.get("late"):
                account["late"] -= 1
                raise Refused(f"INVALID_ARGUMENT: Service account {address} does not exist.")
        bindings = {each["role"]: list(each["members"]) for each in policy.get("bindings", ())}
        members = bindings.setdefault(role, [])
        if add:
            members.extend({member} - set(members))
        elif member not in members:
            raise Refused(f"Policy binding with the specified principal and role not found: {member}")
        else:
            members.remove(member)
        state["policies"][f"{on} {names[0]}"] = {
            "bindings": [{"role": each, "members": who} for each, who in bindings.items() if who]
        }

    return bind


def _secret_create(state, names, flags, stdin):
    _new(state["secrets"], names[0], {"name": f"projects/{NUMBER}/secrets/{names[0]}", "versions": []})


def _version_add(state, names, flags, stdin):
    secret = _there(state["secrets"], names[0])
    if not stdin:
        raise Refused("INVALID_ARGUMENT: the secret's payload is empty")
    secret["versions"].append(stdin)


def _version_access(state, names, flags, stdin):
    return _there(state["secrets"], flags.one("secret"))["versions"][-1]


def _versions(state, names, flags, stdin):
    secret = _there(state["secrets"], names[0])
    return [{"name": f"{secret['name']}/versions/{place}"} for place, _ in enumerate(secret["versions"], 1)]


def _holds(state, target, role, address):
    bindings = state["policies"].get(target, {}).get("bindings", ())
    return any(each["role"] == role and address in " ".join(each["members"]) for each in bindings)


def _deploy(state, names, flags, stdin):
    project, name = state["project"], names[0]
    builder = flags.one("build-service-account").rpartition("/")[2]
    if not _holds(state, f"projects {project}", "roles/cloudbuild.builds.builder", builder):
        raise Refused("Build failed with status: FAILURE. The build account lacks permissions")
    _there(state["accounts"], flags.one("service-account"))
    secrets = []
    for each in filter(None, flags.one("set-secrets", "").split(",")):
        key, _, named = each.partition("=")
        secret, _, version = named.partition(":")
        if not _holds(
            state, f"secrets {secret}", "roles/secretmanager.secretAccessor", flags.one("service-account")
        ):
            raise Refused(f"Permission denied on secret {secret}")
        if int(version) > len(state["secrets"][secret]["versions"]):
            raise Refused(f"NOT_FOUND: {secret}/versions/{version}")
        secrets.append({"key": key, "secret": secret, "version": version, "projectId": project})
    found = state["functions"].get(name, {})
    if found.get("eventTrigger"):
        raise Refused("INVALID_ARGUMENT: the trigger of a function cannot be changed")
    delimiter, _, values = flags.one("set-env-vars").removeprefix("^").partition("^")
    region = flags.one("region")
    state["functions"][name] = {
        "name": f"projects/{project}/locations/{region}/functions/{name}",
        "environment": "GEN_2",
        "state": "ACTIVE",
        "labels": {"deployment-tool": "cli-gcloud", **dict([flags.one("update-labels").split("=")])},
        "buildConfig": {
            "runtime": flags.one("runtime"),
            "entryPoint": flags.one("entry-point"),
            "serviceAccount": flags.one("build-service-account"),
        },
        "serviceConfig": {
            "uri": f"https://{name}-abcdefghij-ey.a.run.app",
            "serviceAccountEmail": flags.one("service-account"),
            "availableMemory": flags.one("memory"),
            "timeoutSeconds": int(flags.one("timeout").removesuffix("s")),
            "maxInstanceCount": int(flags.one("max-instances")),
            "maxInstanceRequestConcurrency": int(flags.one("concurrency")),
            "availableCpu": flags.one("cpu", "0.3333"),
            "ingressSettings": f"ALLOW_{flags.one('ingress-settings').upper().replace('-', '_')}",
            "environmentVariables": {
                "LOG_EXECUTION_ID": "true",
                **dict(each.split("=", 1) for each in values.split(delimiter)),
            },
            "secretEnvironmentVariables": secrets,
        },
    }


def _describe_function(state, names, flags, stdin):
    return _there(state["functions"], names[0])


def _job(state, names, flags, stdin, *, new):
    name = names[0]
    if not new:
        _there(state["jobs"], name)
    elif name in state["jobs"]:
        raise Refused("ALREADY_EXISTS: Job already exists")
    project, _, topic = flags.one("topic").rpartition("/topics/")
    if project != f"projects/{state['project']}":
        raise Refused("value for field [projectsId] in collection [pubsub.projects.topics] is required")
    _there(state["topics"], topic)
    state["jobs"][name] = {
        "name": f"projects/{state['project']}/locations/{flags.one('location')}/jobs/{name}",
        "schedule": flags.one("schedule"),
        "timeZone": flags.one("time-zone"),
        "pubsubTarget": {"topicName": flags.one("topic")},
        "state": "ENABLED" if new else state["jobs"][name]["state"],
    }


def _resume(state, names, flags, stdin):
    _there(state["jobs"], names[0])["state"] = "ENABLED"


def _channel_create(state, names, flags, stdin):
    key, _, value = flags.one("channel-labels").partition("=")
    state["channels"].append(
        {
            "name": f"projects/{state['project']}/notificationChannels/{_number(state)}",
            "displayName": flags.one("display-name"),
            "type": flags.one("type"),
            "labels": {key: value},
        }
    )


def _channels(state, names, flags, stdin):
    address = flags.one("filter", "").removeprefix("labels.email_address=")
    return [each for each in state["channels"] if address in {"", each["labels"]["email_address"]}]


def _delete_named(kind):
    def delete(state, names, flags, stdin):
        before = len(state[kind])
        state[kind] = [each for each in state[kind] if each["name"] != names[0]]
        if len(state[kind]) == before:
            raise Refused(f"NOT_FOUND: {names[0]}")

    return delete


def _alert_create(state, names, flags, stdin):
    channels = flags.get("notification-channels", [])
    _check_channels(state, channels)
    name = f"projects/{state['project']}/alertPolicies/{_number(state)}"
    state["alerts"].append(
        {**json.loads(flags.one("policy")), "notificationChannels": channels, "name": name}
    )


def _alert_update(state, names, flags, stdin):
    channels = flags.one("set-notification-channels").split(",")
    _check_channels(state, channels)
    for place, each in enumerate(state["alerts"]):
        if each["name"] == names[0]:
            policy = json.loads(flags.one("policy"))
            state["alerts"][place] = {**policy, "notificationChannels": channels, "name": names[0]}
            return
    raise Refused(f"NOT_FOUND: {names[0]}")


def _check_channels(state, channels):
    if missing := set(channels) - {each["name"] for each in state["channels"]}:
        raise Refused(f"NOT_FOUND: {missing}")


def _token(state, names, flags, stdin):
    address = flags.one("impersonate-service-account")
    if not _holds(
        state, f"iam service-accounts {address}", "roles/iam.serviceAccountTokenCreator", f"user:{OWNER}"
    ):
        raise Refused("PERMISSION_DENIED: Permission 'iam.serviceAccounts.getAccessToken' denied")
    return f"token-of-{address}\n"


_PUSH = "push-endpoint push-auth-service-account push-auth-token-audience"
_WAITS = "ack-deadline message-retention-duration expiration-period min-retry-delay max-retry-delay"
_DEAD = "dead-letter-topic max-delivery-attempts"
_RUNS = "max-instances concurrency memory timeout service-account build-service-account update-labels ingress-settings"
_RUNS += " cpu set-env-vars set-secrets clear-secrets"
FORMS = {
    "projects describe": (lambda s, n, f, i: {"projectId": n[0], "projectNumber": NUMBER}, ""),
    "auth list": (lambda s, n, f, i: [{"account": OWNER, "status": "ACTIVE"}], "filter"),
    "auth print-access-token": (_token, "impersonate-service-account scopes"),
    "services list": (lambda s, n, f, i: [{"config": {"name": each}} for each in s["services"]], "enabled"),
    "services enable": (_enable, ""),
    "beta services identity create": (_identity, "service"),
    "iam service-accounts list": (_listed("accounts"), ""),
    "iam service-accounts create": (_account_create, "display-name"),
    "iam service-accounts update": (_account_update, "display-name"),
    "iam service-accounts delete": (_account_delete, ""),
    "iam service-accounts keys list": (
        lambda s, n, f, i: list(_there(s["keys"], f.one("iam-account")).values()),
        "iam-account managed-by",
    ),
    "iam service-accounts keys create": (_key_create, "iam-account"),
    "iam service-accounts keys delete": (_key_delete, "iam-account"),
    "pubsub topics list": (_listed("topics"), ""),
    "pubsub topics create": (_topics_create, ""),
    "pubsub topics delete": (_remove("topics"), ""),
    "pubsub subscriptions list": (_listed("subscriptions"), ""),
    "pubsub subscriptions create": (
        lambda *given: _subscription(*given, new=True),
        f"topic message-filter {_WAITS} {_DEAD} {_PUSH}",
    ),
    "pubsub subscriptions update": (
        lambda *given: _subscription(*given, new=False),
        f"{_WAITS} {_DEAD} {_PUSH}",
    ),
    "pubsub subscriptions delete": (_remove("subscriptions"), ""),
    "secrets list": (_listed("secrets"), ""),
    "secrets create": (_secret_create, "replication-policy"),
    "secrets delete": (_remove("secrets"), ""),
    "secrets versions add": (_version_add, "data-file"),
    "secrets versions list": (_versions, "filter"),
    "secrets versions access": (_version_access, "secret"),
    "functions list": (_listed("functions"), "v2 regions"),
    "functions describe": (_describe_function, "gen2 region"),
    "functions deploy": (
        _deploy,
        f"gen2 region runtime source entry-point trigger-http no-allow-unauthenticated {_RUNS}",
    ),
    "functions delete": (_remove("functions"), "gen2 region"),
    "scheduler jobs list": (_listed("jobs"), "location"),
    "scheduler jobs create pubsub": (
        lambda *given: _job(*given, new=True),
        "location schedule time-zone topic message-body",
    ),
    "scheduler jobs update pubsub": (
        lambda *given: _job(*given, new=False),
        "location schedule time-zone topic message-body",
    ),
    "scheduler jobs resume": (_resume, "location"),
    "scheduler jobs delete": (_remove("jobs"), "location"),
    "beta monitoring channels list": (_channels, "filter"),
    "beta monitoring channels create": (_channel_create, "type display-name channel-labels"),
    "beta monitoring channels delete": (_delete_named("channels"), "force"),
    "alpha monitoring policies list": (lambda s, n, f, i: s["alerts"], ""),
    "alpha monitoring policies create": (_alert_create, "policy notification-channels"),
    "alpha monitoring policies update": (_alert_update, "policy set-notification-channels"),
    "alpha monitoring policies delete": (_delete_named("alerts"), ""),
}
for _on in (
    "projects",
    "pubsub topics",
    "pubsub subscriptions",
    "iam service-accounts",
    "secrets",
    "run services",
):
    FORMS[f"{_on} get-iam-policy"] = (_get_policy(_on), "region")
    FORMS[f"{_on} add-iam-policy-binding"] = (_bind(_on, add=True), "role member condition region")
    FORMS[f"{_on} remove-iam-policy-binding"] = (_bind(_on, add=False), "role member condition region")


if __name__ == "__main__":
    _path = Path(os.environ["GCLOUD_STATE"])
    _state = json.loads(_path.read_text())
    _code, _out, _told = answer(_state, sys.argv[1:], None if sys.stdin.isatty() else sys.stdin.read())
    _path.write_text(json.dumps(_state))
    sys.stdout.write(_out)
    sys.stderr.write(_told)
    sys.exit(_code)
