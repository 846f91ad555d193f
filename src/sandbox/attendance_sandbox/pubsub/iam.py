"""Who may do what: one caller, who may do everything but what a test denies.

Permissions are those of the service, such as `pubsub.subscriptions.create`, for all topics and subscriptions alike.
As the service does, `TestIamPermissions` answers about what does not exist, too: with no permission. Policies are
kept as they are set, and nothing follows from them.
"""

from typing import Any

from google.iam.v1 import iam_policy_pb2, policy_pb2

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
        self._policies: dict[str, Any] = {}
        self.unary = {
            "TestIamPermissions": (
                self.test_iam_permissions,
                iam_policy_pb2.TestIamPermissionsRequest,
                iam_policy_pb2.TestIamPermissionsResponse,
            ),
            "GetIamPolicy": (self.get_iam_policy, iam_policy_pb2.GetIamPolicyRequest, policy_pb2.Policy),
            "SetIamPolicy": (self.set_iam_policy, iam_policy_pb2.SetIamPolicyRequest, policy_pb2.Policy),
        }

    def check(self, method: str) -> None:
        """Raise PermissionDeniedError unless the caller may use `method`."""
        if _NEEDED.get(method) in self.denied:
            raise PermissionDeniedError("User not authorized to perform this action.")

    def test_iam_permissions(self, request: Any, context: Any) -> Any:
        del context
        held = set(request.permissions) - self.denied if self._exists(request.resource) else set()
        return iam_policy_pb2.TestIamPermissionsResponse(permissions=sorted(held))

    def get_iam_policy(self, request: Any, _context: Any) -> Any:
        self._find(request.resource)
        return self._policies.get(request.resource, policy_pb2.Policy())

    def set_iam_policy(self, request: Any, _context: Any) -> Any:
        self._find(request.resource)
        self._policies[request.resource] = request.policy
        return request.policy

    def _find(self, resource: str) -> None:
        find = self._broker.subscription if "/subscriptions/" in resource else self._broker.topic
        find(resource)

    def _exists(self, resource: str) -> bool:
        try:
            self._find(resource)
        except NotFoundError:
            return False
        return True
