"""Who may do what: one caller, who may do everything but what a test denies.

Permissions are those of the service, such as `pubsub.subscriptions.create`, for all topics and subscriptions alike.
As the service does, `TestIamPermissions` answers about what does not exist, too: with no permission.
"""

from typing import Any

from google.iam.v1 import iam_policy_pb2

from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.pubsub.errors import NotFoundError, PermissionDeniedError

_NEEDED = {
    "CreateTopic": "pubsub.topics.create",
    "GetTopic": "pubsub.topics.get",
    "Publish": "pubsub.topics.publish",
    "CreateSubscription": "pubsub.subscriptions.create",
    "GetSubscription": "pubsub.subscriptions.get",
    "Pull": "pubsub.subscriptions.consume",
    "Acknowledge": "pubsub.subscriptions.consume",
}


class IamService:
    """The RPC of google.iam.v1.IAMPolicy that tells a caller what it may do.

    Attributes:
        denied: permissions that the caller lacks; may be changed while the server runs.
    """

    SERVICE = "google.iam.v1.IAMPolicy"

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.denied: set[str] = set()
        self.unary = {
            "TestIamPermissions": (
                self.test_iam_permissions,
                iam_policy_pb2.TestIamPermissionsRequest,
                iam_policy_pb2.TestIamPermissionsResponse,
            )
        }

    def check(self, method: str) -> None:
        """Raise PermissionDeniedError unless the caller may use `method`."""
        if _NEEDED.get(method) in self.denied:
            raise PermissionDeniedError("User not authorized to perform this action.")

    def test_iam_permissions(self, request: Any, context: Any) -> Any:
        del context
        held = set(request.permissions) - self.denied if self._exists(request.resource) else set()
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=sorted(held))

    def _exists(self, resource: str) -> bool:
        find = self._broker.subscription if "/subscriptions/" in resource else self._broker.topic
        try:
            find(resource)
        except NotFoundError:
            return False
        return True
