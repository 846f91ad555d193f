"""Google: credentials, topics, and this site's subscriptions."""

import os
from collections.abc import Iterator

from attendance_client.app.bootstrap import project_of
from attendance_client.app.config import Config
from attendance_client.errors import AccessError, BusError, CredentialsError
from attendance_client.relay.pubsub import STAND_IN
from attendance_client.relay.pubsub_examination import PubSubExamination, SubscriptionFacts, tried_account
from attendance_contracts import REPLY_TOPICS, REQUEST_TOPICS, Topic
from attendance_trouble import KEY_FILE
from attendance_trouble.finding import Finding, fail, ok, warn

DAY_S = 86_400


def examine_cloud(config: Config | None) -> Iterator[Finding]:
    """Credentials first: without any, nothing else can be asked. Google not answering ends it."""
    try:
        yield _credentials()
        if config is None:
            return
        project = project_of(config)
        yield ok("project", project)
        examination = PubSubExamination(project, config.site.location)
    except (AccessError, CredentialsError) as error:
        yield fail("credentials" if "credentials" in str(error).lower() else "project", error)
        return
    except BusError as error:
        yield fail("credentials", error)
        return
    try:
        for topic in REQUEST_TOPICS:
            yield _request_topic(examination, topic)
        for topic in REPLY_TOPICS:
            yield _subscription(examination, topic, f"{topic}-{config.site.location}")
    except BusError as error:
        yield fail("Pub/Sub", f"{error}; is this computer on the internet?")


def _credentials() -> Finding:
    stand_in = os.environ.get(STAND_IN)
    if stand_in and not os.environ.get(KEY_FILE):
        return warn("credentials", f"none needed: {STAND_IN} is set, and {stand_in} is no Google")
    account = tried_account()
    if stand_in:
        return warn("credentials", f"{account}; but {STAND_IN} is set, and {stand_in} is no Google")
    return ok("credentials", account)


def _request_topic(examination: PubSubExamination, topic: Topic) -> Finding:
    may_publish = examination.may_publish(topic)
    if may_publish:
        return ok("publishing", f"to {topic}")
    exists = examination.exists(topic)
    # An installation without health messages stores its punches all the same.
    bad = warn if topic is Topic.SITE_HEALTH else fail
    if exists is False:
        return bad(
            "publishing",
            f"the topic {topic} does not exist: create it (docs/deploying.md), or correct 'project_id'",
        )
    if may_publish is None:
        return warn("publishing", f"whether this account may publish to {topic} cannot be told")
    return bad(
        "publishing",
        f"this account may not publish to {topic}, if there is such a topic: gcloud pubsub topics "
        f"add-iam-policy-binding {topic} --role=roles/pubsub.publisher --member=serviceAccount:ITS-ADDRESS",
    )


def _subscription(examination: PubSubExamination, topic: Topic, name: str) -> Finding:
    try:
        facts = examination.subscription(topic)
        may_fetch = examination.may_fetch(topic)
    except AccessError as error:
        return fail("subscription", error)
    if facts.wrong:
        return fail(
            "subscription",
            f"{name} brings no replies: {facts.wrong}. Delete it, and the client makes it anew: gcloud pubsub "
            f"subscriptions delete {name}",
        )
    if may_fetch is False:
        return fail(
            "subscription",
            f"this account may not fetch from {name}: gcloud pubsub subscriptions add-iam-policy-binding {name} "
            "--role=roles/pubsub.subscriber --member=serviceAccount:ITS-ADDRESS",
        )
    return _sound(facts, name)


def _sound(facts: SubscriptionFacts, name: str) -> Finding:
    if not facts.seen:
        return warn(
            "subscription",
            f"this account may not look at {name}, so that its filter is not known: gcloud pubsub subscriptions "
            f"add-iam-policy-binding {name} --role=roles/pubsub.viewer --member=serviceAccount:ITS-ADDRESS",
        )
    if facts.expires_after_s:
        return warn(
            "subscription",
            f"{name} is deleted when this computer is off for {facts.expires_after_s // DAY_S} days: gcloud pubsub "
            f"subscriptions update {name} --expiration-period=never",
        )
    return ok("subscription", f"{name}{', just made' if facts.made_now else ''}")
