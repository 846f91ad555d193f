"""Each kind of thing in Google Cloud: how it is looked at, made, changed and removed.

A `Resource` says what there shall be. A kind's `look` gives the facts that are there, under the same keys as the
resource's `wanted`; what differs is changed, what is not named in `wanted` is left as somebody made it.
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from attendance_deploy.gcloud import Command, DeployError, Gcloud, NotThereError

Facts = Mapping[str, Any]


class Kind(ABC):
    """One kind of resource.

    Attributes:
        title: in the plural, for progress lines.
        service: without which there can be none, and none can be asked for.
    """

    title: ClassVar[str]
    service: ClassVar[str | None]

    @abstractmethod
    def look(self, gcloud: Gcloud, resource: "Resource") -> Facts | None:
        """The facts that are there; None where it does not exist."""

    @abstractmethod
    def make(self, missing: Sequence["Resource"]) -> list[Command]:
        """The changes that make what is missing."""

    def change(self, resource: "Resource", present: Facts) -> list[Command]:
        """The changes where the facts differ from what is wanted."""
        raise DeployError(
            f"{resource.name} is not as wanted and cannot be changed: remove it and run this again"
        )

    @abstractmethod
    def remove(self, resource: "Resource", present: Facts) -> list[Command]:
        """The changes that remove it."""


@dataclass(frozen=True)
class Resource:
    """What there shall be.

    Attributes:
        name: unique within its kind, as ``gcloud`` takes it.
        wanted: facts that shall hold.
        about: what else its commands need.
    """

    kind: Kind
    name: str
    wanted: Facts = field(default_factory=dict)
    about: Facts = field(default_factory=dict)


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _by_last(items: Sequence[Facts] | None, name: str) -> Facts | None:
    return next((item for item in items or () if _last(item["name"]) == name), None)


class Service(Kind):
    """An API that is enabled. Removed never: others may use it."""

    title, service = "services", None

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        return {} if resource.name in enabled_services(gcloud) else None

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [Command(("services", "enable", *(each.name for each in missing)))]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return []


def enabled_services(gcloud: Gcloud) -> set[str]:
    """The APIs that may be asked."""
    listed = gcloud.ask("services", "list", "--enabled")
    return {each["config"]["name"] for each in listed or ()}


class ServiceAgent(Kind):
    """Google's own account behind a service, with the role that Google gives it as a rule, and late at times."""

    title, service = "Google's service agents", "iam.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        policy = gcloud.ask("projects", "get-iam-policy", gcloud.project)
        return {} if _holds(policy, resource.about["role"], resource.about["member"]) else None

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        commands = []
        for each in missing:
            commands += [
                Command(("beta", "services", "identity", "create", f"--service={each.name}")),
                _binding("add", each.about),
            ]
        return commands

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return []


class Account(Kind):
    """A service account; its name is the part of its address before the ``@``."""

    title, service = "accounts", "iam.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        address = resource.about["address"]
        for each in gcloud.ask("iam", "service-accounts", "list") or ():
            if each["email"] == address:
                return {"title": each.get("displayName", ""), "disabled": each.get("disabled", False)}
        return None

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [
            Command(
                ("iam", "service-accounts", "create", each.name, f"--display-name={each.wanted['title']}")
            )
            for each in missing
        ]

    def change(self, resource: Resource, present: Facts) -> list[Command]:
        accounts, address = ("iam", "service-accounts"), resource.about["address"]
        commands = []
        if present["title"] != resource.wanted["title"]:
            commands.append(
                Command((*accounts, "update", address, f"--display-name={resource.wanted['title']}"))
            )
        if present["disabled"]:
            commands.append(Command((*accounts, "enable", address)))
        return commands

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("iam", "service-accounts", "delete", resource.about["address"]))]


class Topic(Kind):
    """A topic of Pub/Sub."""

    title, service = "topics", "pubsub.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        found = _by_last(gcloud.ask("pubsub", "topics", "list"), resource.name)
        return None if found is None else {}

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [Command(("pubsub", "topics", "create", *(each.name for each in missing)))]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("pubsub", "topics", "delete", resource.name))]


class Subscription(Kind):
    """A subscription of Pub/Sub: pulled, or pushed to a function that only Google's own token opens.

    `wanted` has ``topic``, and of the others what it needs: ``filter``, ``ack_s``, ``keep_s``, ``attempts`` and
    ``dead_letters`` (together), ``push_to``, ``push_as`` and ``audience`` (together), ``waits_s`` (shortest and
    longest pause before another delivery). It never expires.
    """

    title, service = "subscriptions", "pubsub.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        found = _by_last(gcloud.ask("pubsub", "subscriptions", "list"), resource.name)
        if found is None:
            return None
        dead, push, retry = (
            found.get(key) or {} for key in ("deadLetterPolicy", "pushConfig", "retryPolicy")
        )
        token = push.get("oidcToken") or {}
        return {
            "topic": _last(found["topic"]),
            "filter": found.get("filter", ""),
            "ack_s": int(found.get("ackDeadlineSeconds", 10)),
            "keep_s": _seconds(found.get("messageRetentionDuration")),
            "expires": bool((found.get("expirationPolicy") or {}).get("ttl"))
            or "expirationPolicy" not in found,
            "dead_letters": _last(dead.get("deadLetterTopic", "")),
            "attempts": dead.get("maxDeliveryAttempts"),
            "push_to": push.get("pushEndpoint", ""),
            "push_as": token.get("serviceAccountEmail", ""),
            "audience": token.get("audience", ""),
            "waits_s": (_seconds(retry.get("minimumBackoff")), _seconds(retry.get("maximumBackoff"))),
        }

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        commands = []
        for each in missing:
            fixed = [f"--topic={each.wanted['topic']}"]
            if each.wanted.get("filter"):
                fixed.append(f"--message-filter={each.wanted['filter']}")
            commands.append(
                Command(
                    (
                        "pubsub",
                        "subscriptions",
                        "create",
                        each.name,
                        *fixed,
                        *_subscription_flags(each.wanted),
                    )
                )
            )
        return commands

    def change(self, resource: Resource, present: Facts) -> list[Command]:
        for key in ("topic", "filter"):
            if key in resource.wanted and present[key] != resource.wanted[key]:
                raise DeployError(
                    f"the subscription {resource.name} has another {key} ({present[key] or 'none'!r}), which cannot be "
                    f"changed: remove it (gcloud pubsub subscriptions delete {resource.name}) and run this again"
                )
        flags = _subscription_flags(resource.wanted)
        return [Command(("pubsub", "subscriptions", "update", resource.name, *flags))]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("pubsub", "subscriptions", "delete", resource.name))]


def _subscription_flags(wanted: Facts) -> list[str]:
    flags = ["--expiration-period=never"]
    if "ack_s" in wanted:
        flags.append(f"--ack-deadline={wanted['ack_s']}")
    if "keep_s" in wanted:
        flags.append(f"--message-retention-duration={wanted['keep_s']}s")
    if "waits_s" in wanted:
        shortest, longest = wanted["waits_s"]
        flags += [f"--min-retry-delay={shortest}s", f"--max-retry-delay={longest}s"]
    if "attempts" in wanted:
        flags += [
            f"--dead-letter-topic={wanted['dead_letters']}",
            f"--max-delivery-attempts={wanted['attempts']}",
        ]
    if "push_to" in wanted:
        flags += [
            f"--push-endpoint={wanted['push_to']}",
            f"--push-auth-service-account={wanted['push_as']}",
            f"--push-auth-token-audience={wanted['audience']}",
        ]
    return flags


def _seconds(duration: str | None) -> int | None:
    return None if duration is None else int(float(duration.removesuffix("s")))


class Right(Kind):
    """A role on one thing for one member. `about`: ``on`` (words before the verb), ``id``, ``role``, ``member``."""

    title, service = "rights", "iam.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        on, about = resource.about["on"], resource.about
        if (needed := _SERVICE_OF.get(on[0])) and needed not in enabled_services(gcloud):
            return None
        try:
            policy = gcloud.ask(*on, "get-iam-policy", about["id"], *about.get("flags", ()))
        except NotThereError:
            return None
        return {} if _holds(policy, about["role"], about["member"]) else None

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [_binding("add", each.about) for each in missing]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [_binding("remove", resource.about)]


_SERVICE_OF = {
    "pubsub": "pubsub.googleapis.com",
    "secrets": "secretmanager.googleapis.com",
    "run": "run.googleapis.com",
}


def right(on: str, target: str, role: str, member: str, *flags: str) -> Resource:
    """The role ``roles/<role>`` on ``target``, which ``gcloud <on>`` knows, for ``member``."""
    about = {"on": tuple(on.split()), "id": target, "role": f"roles/{role}", "member": member, "flags": flags}
    return Resource(RIGHT, f"{role} on {on} {target} for {member}", about=about)


def _holds(policy: Facts | None, role: str, member: str) -> bool:
    return any(
        each["role"] == role and member in each.get("members", ()) and "condition" not in each
        for each in (policy or {}).get("bindings", ())
    )


def _binding(verb: str, about: Facts) -> Command:
    condition = ("--condition=None",) if about["on"] == ("projects",) else ()
    words = (*about["on"], f"{verb}-iam-policy-binding", about["id"], *about.get("flags", ()))
    return Command((*words, f"--role={about['role']}", f"--member={about['member']}", *condition))


class Secret(Kind):
    """A secret of Secret Manager, without content."""

    title, service = "secrets", "secretmanager.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        return None if _by_last(gcloud.ask("secrets", "list"), resource.name) is None else {}

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [
            Command(("secrets", "create", each.name, "--replication-policy=automatic")) for each in missing
        ]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("secrets", "delete", resource.name))]


class SecretVersion(Kind):
    """The content of a secret, which is asked for when there is none. `about`: ``variable``, which may hold it."""

    title, service = "contents of secrets", "secretmanager.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        number = newest_version(gcloud, resource.name)
        return None if number is None or resource.about["anew"] else {"number": number}

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [
            Command(("secrets", "versions", "add", each.name, "--data-file=-"), secret=each.about["variable"])
            for each in missing
        ]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return []  # goes with its secret


def newest_version(gcloud: Gcloud, secret: str) -> int | None:
    """The number of a secret's newest version that is in force."""
    if "secretmanager.googleapis.com" not in enabled_services(gcloud):
        return None
    try:
        versions = gcloud.ask("secrets", "versions", "list", secret, "--filter=state=ENABLED")
    except NotThereError:
        return None
    return max((int(_last(each["name"])) for each in versions or ()), default=None)


class Function(Kind):
    """A function of the 2nd generation, called by HTTP from within Google only, with a token.

    `about`: ``region``, ``source``. `wanted`: everything that a deployment of it sets.
    """

    title, service = "functions", "cloudfunctions.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        found = find_function(gcloud, resource.name, resource.about["region"])
        if found is None:
            return None
        run, build = found.get("serviceConfig", {}), found.get("buildConfig", {})
        environment = dict(run.get("environmentVariables", {}))
        environment.pop("LOG_EXECUTION_ID", None)  # Google's own
        return {
            "state": found.get("state"),
            "event_trigger": bool(found.get("eventTrigger")),
            "bundle": found.get("labels", {}).get("bundle"),
            "entry": build.get("entryPoint"),
            "runtime": build.get("runtime"),
            "built_by": _last(build.get("serviceAccount", "")),
            "account": run.get("serviceAccountEmail"),
            "memory": run.get("availableMemory"),
            "timeout_s": run.get("timeoutSeconds"),
            "instances": run.get("maxInstanceCount"),
            "concurrency": run.get("maxInstanceRequestConcurrency", 1),
            "cpu": run.get("availableCpu"),
            "ingress": run.get("ingressSettings"),
            "environment": environment,
            "secrets": {
                each["key"]: f"{each['secret']}:{each['version']}"
                for each in run.get("secretEnvironmentVariables", ())
            },
        }

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [_deployment(each) for each in missing]

    def change(self, resource: Resource, present: Facts) -> list[Command]:
        # One that Eventarc calls, as installations by hand had it, cannot become one that is pushed to.
        first = self.remove(resource, present) if present["event_trigger"] else []
        return [*first, _deployment(resource)]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [
            Command(("functions", "delete", resource.name, "--gen2", f"--region={resource.about['region']}"))
        ]


def find_function(gcloud: Gcloud, name: str, region: str) -> Facts | None:
    """What Google tells of a function; None where there is none."""
    if "cloudfunctions.googleapis.com" not in enabled_services(gcloud):
        return None
    return _by_last(gcloud.ask("functions", "list", "--v2", f"--regions={region}"), name)


def _deployment(resource: Resource) -> Command:
    wanted, about = resource.wanted, resource.about
    environment = "~~".join(f"{name}={value}" for name, value in wanted["environment"].items())
    secrets = ",".join(f"{name}={version}" for name, version in wanted["secrets"].items())
    return Command(
        (
            "functions",
            "deploy",
            resource.name,
            "--gen2",
            f"--region={about['region']}",
            f"--runtime={wanted['runtime']}",
            f"--source={about['source']}",
            f"--entry-point={wanted['entry']}",
            "--trigger-http",
            "--no-allow-unauthenticated",
            "--ingress-settings=internal-only",
            f"--max-instances={wanted['instances']}",
            f"--concurrency={wanted['concurrency']}",
            *([f"--cpu={wanted['cpu']}"] if "cpu" in wanted else ()),
            f"--memory={wanted['memory']}",
            f"--timeout={wanted['timeout_s']}s",
            f"--service-account={wanted['account']}",
            f"--build-service-account=projects/{about['project']}/serviceAccounts/{wanted['built_by']}",
            f"--update-labels=bundle={wanted['bundle']}",
            f"--set-env-vars=^~~^{environment}",
            f"--set-secrets={secrets}" if secrets else "--clear-secrets",
        )
    )


class Job(Kind):
    """A schedule that publishes to a topic. `about`: ``region``, ``message``."""

    title, service = "schedules", "cloudscheduler.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        listed = gcloud.ask("scheduler", "jobs", "list", f"--location={resource.about['region']}")
        found = _by_last(listed, resource.name)
        if found is None:
            return None
        target = found.get("pubsubTarget", {})
        return {
            "schedule": found.get("schedule"),
            "zone": found.get("timeZone"),
            "topic": target.get("topicName"),
            "state": found.get("state"),
        }

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [self._command("create", each) for each in missing]

    def change(self, resource: Resource, present: Facts) -> list[Command]:
        where = f"--location={resource.about['region']}"
        paused = [key for key, value in resource.wanted.items() if present[key] != value] == ["state"]
        resume = [Command(("scheduler", "jobs", "resume", resource.name, where))]
        update = [] if paused else [self._command("update", resource)]
        return [*update, *(resume if present["state"] != resource.wanted["state"] else ())]

    def _command(self, verb: str, resource: Resource) -> Command:
        wanted, about = resource.wanted, resource.about
        return Command(
            (
                "scheduler",
                "jobs",
                verb,
                "pubsub",
                resource.name,
                f"--location={about['region']}",
                f"--schedule={wanted['schedule']}",
                f"--time-zone={wanted['zone']}",
                f"--topic={wanted['topic']}",
                f"--message-body={about['message']}",
            )
        )

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [
            Command(("scheduler", "jobs", "delete", resource.name, f"--location={resource.about['region']}"))
        ]


class Channel(Kind):
    """An e-mail address that alerts go to; `name` is the address."""

    title, service = "addresses for alerts", "monitoring.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        found = find_channel(gcloud, resource.name)
        return None if found is None else {"id": found}

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [
            Command(
                (
                    *("beta", "monitoring", "channels", "create", "--type=email"),
                    f"--display-name={CHANNEL_TITLE}{each.name}",
                    f"--channel-labels=email_address={each.name}",
                )
            )
            for each in missing
        ]

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("beta", "monitoring", "channels", "delete", present["id"], "--force"))]


CHANNEL_TITLE = "Attendance: "


def find_channel(gcloud: Gcloud, address: str) -> str | None:
    """The full name of our channel for an address; None where there is none."""
    if "monitoring.googleapis.com" not in enabled_services(gcloud):
        return None
    for each in gcloud.ask("beta", "monitoring", "channels", "list") or ():
        if each.get("displayName") == f"{CHANNEL_TITLE}{address}":
            return str(each["name"])
    return None


class Alert(Kind):
    """A policy of Cloud Monitoring; `name` is its title.

    `wanted`: ``digest`` of the whole, which the policy bears as a label. `about`: ``policy`` (without channels), and
    ``channels``, full names.
    """

    title, service = "alerts", "monitoring.googleapis.com"

    def look(self, gcloud: Gcloud, resource: Resource) -> Facts | None:
        for each in gcloud.ask("alpha", "monitoring", "policies", "list") or ():
            if each.get("displayName") == resource.name:
                return {"id": each["name"], "digest": each.get("userLabels", {}).get("digest")}
        return None

    def make(self, missing: Sequence[Resource]) -> list[Command]:
        return [
            Command(
                (
                    *("alpha", "monitoring", "policies", "create", f"--policy={self._text(each)}"),
                    *(f"--notification-channels={channel}" for channel in each.about["channels"]),
                )
            )
            for each in missing
        ]

    def change(self, resource: Resource, present: Facts) -> list[Command]:
        channels = ",".join(resource.about["channels"])
        words = (
            "alpha",
            "monitoring",
            "policies",
            "update",
            present["id"],
            f"--policy={self._text(resource)}",
        )
        return [Command((*words, f"--set-notification-channels={channels}"))]

    def _text(self, resource: Resource) -> str:
        return json.dumps(
            {**resource.about["policy"], "displayName": resource.name, "userLabels": dict(resource.wanted)}
        )

    def remove(self, resource: Resource, present: Facts) -> list[Command]:
        return [Command(("alpha", "monitoring", "policies", "delete", present["id"]))]


SERVICE, AGENT, ACCOUNT, TOPIC, SUBSCRIPTION = Service(), ServiceAgent(), Account(), Topic(), Subscription()
RIGHT, SECRET, SECRET_VERSION, FUNCTION = Right(), Secret(), SecretVersion(), Function()
JOB, CHANNEL, ALERT = Job(), Channel(), Alert()
