"""What the APIs answer when they refuse.

ApiError
    the one error of this package's request handlers: an HTTP status with Google's JSON body.

Sheets answers ``{"error": {"code", "message", "status"}}``, Drive ``{"error": {"code", "message", "errors":
[{"message", "domain", "reason"}]}}``. An `ApiError` with a `reason` is written in Drive's form.
"""

from __future__ import annotations

from typing import Any

_BAD_REQUEST = "type.googleapis.com/google.rpc.BadRequest"


class ApiError(Exception):
    """A refusal: HTTP status `code`, canonical `status` name and a message for the caller."""

    def __init__(
        self,
        code: int,
        status: str,
        message: str,
        *,
        reason: str | None = None,
        domain: str = "global",
        field: str | None = None,
        details: list[dict[str, Any]] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.status = status
        self.message = message
        self.reason = reason
        self.domain = domain
        self.field = field
        self.details = details

    def to_json(self) -> dict[str, Any]:
        """The body of the answer."""
        if self.reason is None:
            error: dict[str, Any] = {"code": self.code, "message": self.message, "status": self.status}
            if self.details is not None:
                error["details"] = self.details
            if self.field is not None:
                violation = {"field": self.field, "description": self.message}
                error["details"] = [{"@type": _BAD_REQUEST, "fieldViolations": [violation]}]
            return {"error": error}
        detail = {"message": self.message, "domain": self.domain, "reason": self.reason}
        return {"error": {"code": self.code, "message": self.message, "errors": [detail]}}

    def within(self, where: str) -> ApiError:
        """The same error, naming the part of the request that caused it."""
        return ApiError(self.code, self.status, f"Invalid {where}: {self.message}")


def invalid_argument(message: str, field: str | None = None) -> ApiError:
    """400: the request cannot be carried out as it is written; `field` of its body is the reason."""
    return ApiError(400, "INVALID_ARGUMENT", message, field=field)


def permission_denied() -> ApiError:
    """403 of the Sheets API: the caller may not see or change this spreadsheet."""
    return ApiError(403, "PERMISSION_DENIED", "The caller does not have permission")


def not_found() -> ApiError:
    return ApiError(404, "NOT_FOUND", "Requested entity was not found.")


def file_not_found(file_id: str) -> ApiError:
    """404 of the Drive API, also for files that the caller may not see."""
    return ApiError(404, "NOT_FOUND", f"File not found: {file_id}.", reason="notFound")


def unimplemented(what: str) -> ApiError:
    """501: the real service knows this, the stand-in does not. Never a silent wrong answer."""
    return ApiError(501, "UNIMPLEMENTED", f"{what} is not implemented by this stand-in for Google Sheets")


def required(message: dict[str, Any], name: str) -> Any:
    """A field of a message that cannot be done without.

    Raises:
        ApiError: 400, it is missing.
    """
    if name not in message:
        raise invalid_argument(f"{name} is required but not specified")
    return message[name]
