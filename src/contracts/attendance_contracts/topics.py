"""Names of the Pub/Sub topics and of the subscriptions on them, and of sites, which are part of them.

Source: the architecture drawing of the project that this one grew from: three pairs of topics, a request
and its reply each; the alarm's, the health's and the schedule's topics have no reply.
"""

import re
from enum import StrEnum

from attendance_contracts.errors import ContractError

_LOCATION = re.compile(r"[A-Za-z][A-Za-z0-9_-]{1,49}")


class Topic(StrEnum):
    """A Pub/Sub topic's ID, without project."""

    GET_REVIEW_PERIOD = "get_review_period"
    NEW_REVIEW_PERIOD = "new_review_period"
    CREATE_REVIEW_SHEET = "create_review_sheet"
    NEW_REVIEW_SHEET = "new_review_sheet"
    STORE_ATTEND_RECORDS = "store_attend_records"
    LAST_STORED_TIMESTAMP = "last_stored_timestamp"
    RAISE_FINAL_ALARM = "raise_final_alarm"
    SITE_HEALTH = "site_health"
    WATCH = "watch"


REQUEST_TOPICS = (
    Topic.GET_REVIEW_PERIOD,
    Topic.CREATE_REVIEW_SHEET,
    Topic.STORE_ATTEND_RECORDS,
    Topic.RAISE_FINAL_ALARM,
    Topic.SITE_HEALTH,
)
"""What a site publishes; each triggers the function of the same name."""

FUNCTION_TOPICS = (*REQUEST_TOPICS, Topic.WATCH)
"""What triggers a function: the sites' requests, and the tick of a schedule, which no site publishes."""

REPLY_TOPICS = (Topic.NEW_REVIEW_PERIOD, Topic.NEW_REVIEW_SHEET, Topic.LAST_STORED_TIMESTAMP)
"""What a site waits for; each site has its own subscription on each."""


def topic_path(project: str, topic: Topic) -> str:
    """The full resource name of a topic."""
    return f"projects/{project}/topics/{topic}"


def subscription_path(project: str, topic: Topic, location: str) -> str:
    """The full resource name of a site's own subscription on a reply topic."""
    return f"projects/{project}/subscriptions/{topic}-{location}"


def subscription_filter(location: str) -> str:
    """The filter that lets only a site's own replies into its subscription.

    `location` has been checked (`validate_location`), so it holds neither quotes nor backslashes.
    """
    return f'attributes.location = "{location}"'


def validate_location(location: str) -> str:
    """Return `location` if it can name a site everywhere, raise ContractError otherwise."""
    if not _LOCATION.fullmatch(location):
        raise ContractError(
            f"location {location!r} must be 2 to 50 letters, digits, '-' or '_', beginning with a letter"
        )
    return location
