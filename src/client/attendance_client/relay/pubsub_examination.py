"""What a site finds in the cloud project, and what its account is and may do there; nothing is published or fetched."""

from dataclasses import dataclass

import google.auth
from google.api_core import exceptions
from google.auth.exceptions import GoogleAuthError, RefreshError
from google.auth.transport.requests import Request
from google.cloud import pubsub_v1

from attendance_client.errors import AccessError, BusError, CredentialsError
from attendance_client.relay.pubsub import (
    CALL_TIMEOUT_S,
    NO_USE,
    PubSubBus,
    unreachable,
    unusable_credentials,
)
from attendance_contracts import Topic, subscription_filter, subscription_path, topic_path
from attendance_trouble import address_of, first_words, network_trouble

SCOPES = ("https://www.googleapis.com/auth/pubsub",)
PUBLISHING = "pubsub.topics.publish"
FETCHING = "pubsub.subscriptions.consume"
DELETED_TOPIC = "_deleted-topic_"
"""What Pub/Sub shows for the topic of a subscription whose topic was deleted."""


@dataclass(frozen=True, slots=True)
class SubscriptionFacts:
    """A subscription as it stands in the cloud project.

    Attributes:
        made_now: it did not exist, and was made.
        wrong: how it differs from what this site needs, so that replies stay away; empty where it does not.
        expires_after_s: without being asked so long, it is deleted; 0 for never.
        seen: whether the account may look at it; all of the above is unknown without.
    """

    made_now: bool
    wrong: str = ""
    expires_after_s: int = 0
    seen: bool = True


class PubSubExamination:
    """One site's view of Pub/Sub. Every method raises BusError where Pub/Sub does not answer."""

    def __init__(self, project: str, location: str) -> None:
        self._project = project
        self._location = location
        self._bus = PubSubBus(project, location)
        self._publisher = pubsub_v1.PublisherClient()
        self._subscriber = pubsub_v1.SubscriberClient()

    def may_publish(self, topic: Topic) -> bool | None:
        """Whether this account may publish to `topic`; None where Pub/Sub does not say."""
        return self._may(self._publisher, topic_path(self._project, topic), PUBLISHING)

    def may_fetch(self, topic: Topic) -> bool | None:
        """Whether this account may fetch replies from its subscription on `topic`; None as above."""
        name = subscription_path(self._project, topic, self._location)
        return self._may(self._subscriber, name, FETCHING)

    def exists(self, topic: Topic) -> bool | None:
        """Whether there is such a topic; None where the account may not look."""
        try:
            self._publisher.get_topic(
                request={"topic": topic_path(self._project, topic)}, timeout=CALL_TIMEOUT_S, retry=None
            )
        except exceptions.NotFound:
            return False
        except exceptions.PermissionDenied:
            return None
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise unreachable(error) from error
        return True

    def subscription(self, topic: Topic) -> SubscriptionFacts:
        """This site's subscription on `topic`, which is made if it is not there.

        Raises:
            AccessError: it is neither there, nor may this account make it.
        """
        made_now = self._bus.ensure_subscription(topic)
        name = subscription_path(self._project, topic, self._location)
        try:
            found = self._subscriber.get_subscription(
                request={"subscription": name}, timeout=CALL_TIMEOUT_S, retry=None
            )
        except exceptions.PermissionDenied:
            return SubscriptionFacts(made_now, seen=False)
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise unreachable(error) from error
        wrong = ""
        if found.topic == DELETED_TOPIC:
            wrong = "its topic was deleted, and one made since is another"
        elif found.topic != topic_path(self._project, topic):
            wrong = f"it is on {found.topic}"
        elif found.filter != subscription_filter(self._location):
            wrong = f"its filter is {found.filter or 'missing'}"
        elif found.push_config.push_endpoint:
            wrong = "it pushes its messages elsewhere"
        return SubscriptionFacts(made_now, wrong, int(found.expiration_policy.ttl.total_seconds()))

    def _may(
        self, client: pubsub_v1.PublisherClient | pubsub_v1.SubscriberClient, resource: str, permission: str
    ) -> bool | None:
        request = {"resource": resource, "permissions": [permission]}
        try:
            answer = client.test_iam_permissions(request=request, timeout=CALL_TIMEOUT_S, retry=None)
        except (exceptions.MethodNotImplemented, exceptions.PermissionDenied):
            return None
        except exceptions.NotFound:
            return False
        except (exceptions.GoogleAPIError, GoogleAuthError) as error:
            raise unreachable(error) from error
        return permission in answer.permissions


def tried_account() -> str:
    """The account that Google has just given a token to.

    Raises:
        CredentialsError: there are none.
        AccessError: Google refuses them.
        BusError: Google does not answer.
    """
    try:
        credentials, _ = google.auth.default(scopes=SCOPES)
    except NO_USE as error:
        raise CredentialsError(unusable_credentials()) from error
    try:
        credentials.refresh(Request())  # type: ignore[no-untyped-call]  # google-auth is untyped
    except RefreshError as error:
        raise AccessError(
            f"Google does not accept the credentials ({first_words(error)}); is this computer's clock right, and the "
            "key still one of the account's? If not, make a new key"
        ) from error
    except GoogleAuthError as error:
        raise BusError(
            f"Google cannot be reached at {address_of(error) or 'its token server'} ({network_trouble(error)}); is "
            "this computer on the internet, and may it use HTTPS?"
        ) from error
    return str(getattr(credentials, "service_account_email", "") or "an account that does not say its name")
