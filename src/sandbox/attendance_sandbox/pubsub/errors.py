"""What the broker refuses, and as which gRPC status the caller hears of it.

PubSubError
├── InvalidArgumentError      INVALID_ARGUMENT
├── NotFoundError             NOT_FOUND
├── AlreadyExistsError        ALREADY_EXISTS
├── FailedPreconditionError   FAILED_PRECONDITION
├── PermissionDeniedError     PERMISSION_DENIED
├── DeadlineExceededError     DEADLINE_EXCEEDED
└── UnavailableError          UNAVAILABLE
"""

from typing import ClassVar


class PubSubError(Exception):
    """A request that cannot be served. `status` is the name of a `grpc.StatusCode`."""

    status: ClassVar[str] = "INTERNAL"


class InvalidArgumentError(PubSubError):
    status = "INVALID_ARGUMENT"


class NotFoundError(PubSubError):
    status = "NOT_FOUND"


class AlreadyExistsError(PubSubError):
    status = "ALREADY_EXISTS"


class FailedPreconditionError(PubSubError):
    status = "FAILED_PRECONDITION"


class PermissionDeniedError(PubSubError):
    status = "PERMISSION_DENIED"


class DeadlineExceededError(PubSubError):
    status = "DEADLINE_EXCEEDED"


class UnavailableError(PubSubError):
    status = "UNAVAILABLE"
