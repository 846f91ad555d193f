"""What there shall be in the project: the table of resources, in the order in which they are made."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from attendance_contracts import FUNCTION_TOPICS, REPLY_TOPICS, Topic, topic_path
from attendance_deploy.gcloud import Gcloud
from attendance_deploy.kinds import (
    ACCOUNT,
    AGENT,
    ALERT,
    CHANNEL,
    FUNCTION,
    JOB,
    SECRET,
    SECRET_VERSION,
    SERVICE,
    SUBSCRIPTION,
    TOPIC,
    Resource,
    find_channel,
    find_function,
    newest_version,
    right,
)
from attendance_deploy.settings import GMAIL, TRANSPORT

SERVICES = (
    "iam.googleapis.com",
    "iamcredentials.googleapis.com",
    "cloudresourcemanager.googleapis.com",
    "pubsub.googleapis.com",
    "cloudfunctions.googleapis.com",
    "run.googleapis.com",
    "cloudbuild.googleapis.com",
    "artifactregistry.googleapis.com",
    "secretmanager.googleapis.com",
    "cloudscheduler.googleapis.com",
    "logging.googleapis.com",
    "monitoring.googleapis.com",
    "sheets.googleapis.com",
    "drive.googleapis.com",
)
ACCOUNTS = {
    "attendance-functions": "Attendance: the functions",
    "attendance-invoker": "Attendance: what Pub/Sub calls the functions as",
    "attendance-build": "Attendance: what builds the functions",
}
AGENTS = {
    "pubsub.googleapis.com": ("gcp-sa-pubsub", "roles/pubsub.serviceAgent"),
    "cloudscheduler.googleapis.com": ("gcp-sa-cloudscheduler", "roles/cloudscheduler.serviceAgent"),
}
DEAD_LETTERS = "dead_letters"
SMTP_SECRET = "smtp-password"  # noqa: S105 - its name
GMAIL_SECRET = "gmail-credentials"  # noqa: S105 - its name
SIGNING_SECRET = "signing-secret"  # noqa: S105 - as above
"""Behind the keys with which sites sign their messages."""
SCHEDULE = "*/15 * * * *"

RUNTIME = "python312"
"""3.13 keeps 90 MB more for the same messages (`test_backend_process.py`): look at that before going on to it."""
MEMORY = "512Mi"
MORE_MEMORY = dict.fromkeys((Topic.STORE_ATTEND_RECORDS, Topic.WATCH), "1Gi")
"""Of those that read whole workbooks, which of some hundred people take half of it."""
INSTANCES = 1
CONCURRENCY = 1
"""One instance that serves one message at a time: correct without, but Google's 60 reads a minute go further."""
TOGETHER = dict.fromkeys(
    (Topic.GET_REVIEW_PERIOD, Topic.CREATE_REVIEW_SHEET, Topic.STORE_ATTEND_RECORDS), 240
)
"""So many messages are in flight in the one instance of a function that takes in together what waits."""
SERVED_BY = {Topic.SITE_HEALTH: Topic.STORE_ATTEND_RECORDS}
"""Topics without a function of their own: a workbook has one writer."""
TIMEOUT_S = {Topic.WATCH: 540, **dict.fromkeys(TOGETHER, 300)}
"""That of what is taken in together holds the wait, the batch, and what is done alone after it."""
DEFAULT_TIMEOUT_S = 120
LONGEST_ACK_S = 600
KEEP_S = 7 * 86_400
KEEP_TICKS_S = 900
"""A tick of the schedule that was not served before the next one is worth nothing."""
WAITS_S = (10, 600)
MOST_ATTEMPTS = 100
"""Pub/Sub's own limit. A function that is busy refuses, which counts: with these pauses it takes most of a day."""


@dataclass(frozen=True)
class Installation:
    """One installation, as its settings describe it.

    Attributes:
        number: the project's, which Google's own accounts are named by.
        environment: of the functions.
        bundle: digest of what is deployed.
        source: the bundle's folder.
        new_mail_secret: whether the SMTP password, or the mailbox's consent, is to be asked for again.
        mail_secret_to_come: whether that was left undone, as in a dry run.
    """

    project: str
    number: str
    region: str
    environment: Mapping[str, str]
    bundle: str
    source: str
    operator: str
    new_mail_secret: bool = False
    mail_secret_to_come: bool = False

    def account(self, name: str) -> str:
        """The address of one of the project's service accounts."""
        return f"{name}@{self.project}.iam.gserviceaccount.com"

    def agent(self, service: str) -> str:
        """Google's own account behind a service, as a member."""
        return f"serviceAccount:service-{self.number}@{AGENTS[service][0]}.iam.gserviceaccount.com"

    @property
    def mail_secret(self) -> tuple[str, str] | None:
        """The secret by which mail goes out, and the variable that holds it; None for a server that asks for none."""
        if self.environment.get(TRANSPORT) == GMAIL:
            return GMAIL_SECRET, "GMAIL_CREDENTIALS"
        return (SMTP_SECRET, "SMTP_PASSWORD") if "SMTP_USERNAME" in self.environment else None

    @property
    def alarm_to(self) -> tuple[str, ...]:
        """The addresses that alerts go to."""
        return tuple(part.strip() for part in self.environment["ALARM_TO"].split(",") if part.strip())


@dataclass(frozen=True)
class Stage:
    """What is looked at together, after what came before it is in place.

    Attributes:
        resources: asked for only then: they may be named by what was made before.
        absent: whether they shall not be there.
    """

    title: str
    resources: Callable[[Gcloud], Sequence[Resource]]
    absent: bool = False


def foundation(it: Installation) -> Iterator[Stage]:
    """What the functions stand on, in order."""
    by_gmail = it.environment.get(TRANSPORT) == GMAIL
    services = (*SERVICES, "gmail.googleapis.com") if by_gmail else SERVICES
    yield Stage("services", lambda _: [Resource(SERVICE, name) for name in services])
    yield Stage("Google's own accounts", lambda _: list(_agents(it)))
    yield Stage("accounts", lambda _: [account(it, name, title) for name, title in ACCOUNTS.items()])
    yield Stage("topics", lambda _: [Resource(TOPIC, name) for name in topics()])
    if it.mail_secret is not None:
        secret, variable = it.mail_secret
        title = "the mailbox's consent" if by_gmail else "the mail server's password"
        yield Stage(title, lambda _: _secret(it, secret, variable, anew=it.new_mail_secret))
    signing = (SIGNING_SECRET, "SIGNING_SECRET")
    yield Stage("the secret behind the sites' keys", lambda _: _secret(it, *signing, anew=False))
    yield Stage("rights", lambda _: _rights(it))


def program(it: Installation) -> Iterator[Stage]:
    """The functions, and what calls and watches them, in order. The foundation and *Review Periods* come first."""
    yield Stage("functions", lambda gcloud: _functions(it, gcloud))
    yield Stage("rights to call the functions", lambda _: _invoking(it))
    yield Stage("subscriptions", lambda gcloud: _subscriptions(it, gcloud))
    yield Stage("rights of dead letters", lambda _: setting_aside(it, function_subscriptions()))
    yield Stage("the schedule", lambda _: [_schedule(it)])
    yield Stage("addresses for alerts", lambda _: [Resource(CHANNEL, address) for address in it.alarm_to])
    yield Stage("alerts", lambda gcloud: _alerts(it, gcloud))
    yield Stage("functions that are not needed any more", lambda _: _replaced(it), absent=True)
    yield Stage("rights that are not needed any more", lambda _: _outdated(it), absent=True)
    yield Stage("secrets that are not needed any more", lambda _: _unused(it), absent=True)


def removal(it: Installation) -> Iterator[Stage]:
    """The same, as it is taken away; services stay enabled, and spreadsheets are not ours to remove."""
    kept = {"services", "Google's own accounts", "rights that are not needed any more"}
    for stage in reversed([*foundation(it), *program(it)]):
        if stage.title not in kept:
            yield Stage(stage.title, stage.resources, absent=True)


def topics() -> tuple[str, ...]:
    """All topics."""
    return (*map(str, FUNCTION_TOPICS), *map(str, REPLY_TOPICS), DEAD_LETTERS)


def function_name(topic: str) -> str:
    """The function that serves a topic's messages; Google allows no underscores in it."""
    return str(SERVED_BY.get(Topic(topic), topic)).replace("_", "-")


def served_topics() -> tuple[Topic, ...]:
    """The topics that have functions of their own."""
    return tuple(topic for topic in FUNCTION_TOPICS if topic not in SERVED_BY)


def function_subscriptions() -> tuple[str, ...]:
    """The subscriptions by which messages are pushed to functions."""
    return tuple(f"{topic}-function" for topic in FUNCTION_TOPICS)


def account(it: Installation, name: str, title: str) -> Resource:
    """A service account that is in force."""
    return Resource(ACCOUNT, name, {"title": title, "disabled": False}, {"address": it.account(name)})


def member(address: str) -> str:
    """An account as rights name it."""
    return f"{'serviceAccount' if address.endswith('.gserviceaccount.com') else 'user'}:{address}"


def _agents(it: Installation) -> Iterator[Resource]:
    for service, (_, role) in AGENTS.items():
        about = {"on": ("projects",), "id": it.project, "role": role, "member": it.agent(service)}
        yield Resource(AGENT, service, about=about)


def _secret(it: Installation, name: str, variable: str, *, anew: bool) -> list[Resource]:
    reader = member(it.account("attendance-functions"))
    return [
        Resource(SECRET, name),
        Resource(SECRET_VERSION, name, about={"variable": variable, "anew": anew}),
        right("secrets", name, "secretmanager.secretAccessor", reader),
    ]


def _rights(it: Installation) -> list[Resource]:
    functions = member(it.account("attendance-functions"))
    builder = member(it.account("attendance-build"))
    pubsub = it.agent("pubsub.googleapis.com")
    return [
        *(right("pubsub topics", topic, "pubsub.publisher", functions) for topic in REPLY_TOPICS),
        right("pubsub topics", DEAD_LETTERS, "pubsub.publisher", functions),
        right("pubsub topics", DEAD_LETTERS, "pubsub.publisher", pubsub),
        right("projects", it.project, "cloudbuild.builds.builder", builder),
    ]


def _functions(it: Installation, gcloud: Gcloud) -> list[Resource]:
    secrets = {}
    if it.mail_secret is not None:
        secret, variable = it.mail_secret
        number = (newest_version(gcloud, secret) or 1) + it.mail_secret_to_come
        # By its number: a new password is a new deployment, and a dry run shows it.
        secrets[variable] = f"{secret}:{number}"
    secrets["SIGNING_SECRET"] = f"{SIGNING_SECRET}:{newest_version(gcloud, SIGNING_SECRET) or 1}"
    return [
        Resource(
            FUNCTION,
            function_name(topic),
            {
                "state": "ACTIVE",
                "event_trigger": False,
                "bundle": it.bundle,
                "entry": str(topic),
                "runtime": RUNTIME,
                "built_by": it.account("attendance-build"),
                "account": it.account("attendance-functions"),
                "memory": MORE_MEMORY.get(topic, MEMORY),
                "timeout_s": _timeout_s(topic),
                "instances": INSTANCES,
                "concurrency": TOGETHER.get(topic, CONCURRENCY),
                "ingress": "ALLOW_INTERNAL_ONLY",
                "environment": {**it.environment, **process_of(topic)},
                "secrets": secrets,
                # Several requests at a time take a whole processor.
                **({"cpu": "1"} if topic in TOGETHER else {}),
            },
            {"region": it.region, "source": it.source, "project": it.project},
        )
        for topic in served_topics()
    ]


def _timeout_s(topic: Topic) -> int:
    return TIMEOUT_S.get(SERVED_BY.get(topic, topic), DEFAULT_TIMEOUT_S)


def process_of(topic: Topic) -> dict[str, str]:
    """What functions-framework and the C library read.

    Each request has a thread, and some are left for who is sent away. The memory of large messages is given back at
    once, where each thread would keep some for itself.
    """
    threads = {"THREADS": str(TOGETHER[topic] + 10)} if topic in TOGETHER else {}
    return {**threads, "MALLOC_MMAP_THRESHOLD_": "131072"}


def _replaced(it: Installation) -> list[Resource]:
    """Functions of topics that another one serves by now."""
    return [Resource(FUNCTION, topic.replace("_", "-"), about={"region": it.region}) for topic in SERVED_BY]


def _invoking(it: Installation) -> list[Resource]:
    invoker, region = member(it.account("attendance-invoker")), f"--region={it.region}"
    return [
        right("run services", function_name(topic), "run.invoker", invoker, region)
        for topic in served_topics()
    ]


def _subscriptions(it: Installation, gcloud: Gcloud) -> list[Resource]:
    pushed = []
    for topic, name in zip(FUNCTION_TOPICS, function_subscriptions(), strict=True):
        address = _address(it, gcloud, function_name(topic))
        wanted = {
            "topic": str(topic),
            "ack_s": min(_timeout_s(topic) + 60, LONGEST_ACK_S),
            "keep_s": KEEP_TICKS_S if topic == "watch" else KEEP_S,
            "expires": False,
            "waits_s": WAITS_S,
            "dead_letters": DEAD_LETTERS,
            "attempts": MOST_ATTEMPTS,
            # The path tells the function which topic a message is of.
            "push_to": f"{address}/{topic_path(it.project, topic)}",
            "push_as": it.account("attendance-invoker"),
            "audience": address,
        }
        pushed.append(Resource(SUBSCRIPTION, name, wanted))
    kept = {"topic": DEAD_LETTERS, "keep_s": KEEP_S, "expires": False}
    return [Resource(SUBSCRIPTION, DEAD_LETTERS, kept), *pushed]


def _address(it: Installation, gcloud: Gcloud, function: str) -> str:
    """Where a function is called; of one that is only to be made, in a dry run, the words that tell it then."""
    found = find_function(gcloud, function, it.region)
    if found is not None and found.get("serviceConfig", {}).get("uri"):
        return str(found["serviceConfig"]["uri"])
    return (
        f"$(gcloud functions describe {function} --gen2 --region={it.region} --project={it.project} "
        "--format='value(serviceConfig.uri)')"
    )


def setting_aside(it: Installation, subscriptions: Sequence[str]) -> list[Resource]:
    """The rights of whoever sets messages aside: it takes them from their subscriptions."""
    agent = it.agent("pubsub.googleapis.com")
    return [right("pubsub subscriptions", name, "pubsub.subscriber", agent) for name in subscriptions]


def _schedule(it: Installation) -> Resource:
    # With its path: of a name alone, gcloud does not see which project it is in, --project or not.
    wanted = {"schedule": SCHEDULE, "zone": "Etc/UTC", "topic": topic_path(it.project, Topic.WATCH)}
    wanted["state"] = "ENABLED"
    return Resource(JOB, "watch", wanted, {"region": it.region, "message": "tick"})


def _outdated(it: Installation) -> list[Resource]:
    """Rights over the whole project, as installations by hand had them, and one that is lent for minutes."""
    functions = member(it.account("attendance-functions"))
    return [
        *(
            right("projects", it.project, role, functions)
            for role in ("pubsub.publisher", "run.invoker", "eventarc.eventReceiver")
        ),
        lent(it),
    ]


def _unused(it: Installation) -> list[Resource]:
    """What mail went out by before it went another way."""
    used = it.mail_secret[0] if it.mail_secret else ""
    return [Resource(SECRET, name) for name in (SMTP_SECRET, GMAIL_SECRET) if name != used]


def lent(it: Installation) -> Resource:
    """What lets the operator make *Review Periods* as the functions' account, which alone may write the folder."""
    functions = it.account("attendance-functions")
    return right("iam service-accounts", functions, "iam.serviceAccountTokenCreator", member(it.operator))


def _alerts(it: Installation, gcloud: Gcloud) -> list[Resource]:
    channels = [
        find_channel(gcloud, address)
        or f"$(gcloud beta monitoring channels list --project={it.project} --format='value(name)' "
        f"--filter=labels.email_address={address})"
        for address in it.alarm_to
    ]
    made = []
    for title, policy in policies().items():
        told = json.dumps([policy, sorted(it.alarm_to)], sort_keys=True)
        digest = hashlib.sha256(told.encode()).hexdigest()[:40]
        made.append(Resource(ALERT, title, {"digest": digest}, {"policy": policy, "channels": channels}))
    return made


def policies() -> dict[str, dict[str, object]]:
    """The alerts of Cloud Monitoring, by their titles."""
    names = "|".join(function_name(topic) for topic in served_topics())
    return {
        "Attendance: a message that never worked": _policy(
            "More than none lies in dead_letters. docs/deploying.md tells how to look at it.",
            conditionThreshold={
                "filter": _metric("subscription", "dead_letters", "subscription/num_undelivered_messages"),
                "comparison": "COMPARISON_GT",
                "thresholdValue": 0,
                "duration": "0s",
                "aggregations": [{"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MAX"}],
            },
        ),
        "Attendance: a function tells of an error": {
            **_policy(
                "The line in the log says what it is, and what to do.",
                conditionMatchedLog={
                    "filter": 'resource.type="cloud_run_revision" AND severity>=ERROR AND '
                    f'resource.labels.service_name=~"^({names})$"'
                },
            ),
            "alertStrategy": {"notificationRateLimit": {"period": "3600s"}, "autoClose": "86400s"},
        },
        "Attendance: messages wait": _policy(
            "A function has not served a message for an hour; its log says why.",
            conditionThreshold={
                "filter": _metric("subscription", None, "subscription/oldest_unacked_message_age")
                + ' AND resource.labels.subscription_id = ends_with("-function")',
                "comparison": "COMPARISON_GT",
                "thresholdValue": 3600,
                "duration": "300s",
                "aggregations": [{"alignmentPeriod": "300s", "perSeriesAligner": "ALIGN_MAX"}],
            },
        ),
        "Attendance: no site is heard of": _policy(
            "Each site tells hourly how it is. For four hours none did: is a key, the project or a network gone?",
            conditionAbsent={
                "filter": _metric("topic", "site_health", "topic/send_request_count"),
                "duration": "14400s",
                "aggregations": [{"alignmentPeriod": "3600s", "perSeriesAligner": "ALIGN_DELTA"}],
            },
        ),
    }


def _policy(content: str, **condition: object) -> dict[str, object]:
    return {
        "combiner": "OR",
        "conditions": [{"displayName": content.partition(".")[0], **condition}],
        "documentation": {"content": content, "mimeType": "text/markdown"},
    }


def _metric(kind: str, name: str | None, metric: str) -> str:
    named = f' AND resource.labels.{kind}_id = "{name}"' if name else ""
    return f'resource.type = "pubsub_{kind}" AND metric.type = "pubsub.googleapis.com/{metric}"{named}'
