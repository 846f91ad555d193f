"""The cloud functions' entry points, one for each topic that a site publishes to, and one for the schedule's.

Run one of them on this machine with:

    functions-framework --source src/backend/main.py --target get_review_period --signature-type cloudevent
"""

from typing import Any

import flask
import functions_framework
from werkzeug.exceptions import InternalServerError

from attendance_backend.app.gate import Gate
from attendance_backend.app.service import serve
from attendance_backend.errors import BackendError
from attendance_contracts import (
    CreateReviewSheet,
    GetReviewPeriod,
    Message,
    RaiseFinalAlarm,
    SiteHealth,
    StoreAttendRecords,
    Topic,
    Watch,
)

if flask.has_app_context():  # always, but for who only looks whether everything is here
    flask.current_app.wsgi_app = Gate(flask.current_app.wsgi_app)  # type: ignore[method-assign]


@functions_framework.cloud_event
def get_review_period(event: Any) -> None:
    """A site asks for its next review period."""
    _serve(GetReviewPeriod, event)


@functions_framework.cloud_event
def create_review_sheet(event: Any) -> None:
    """A site asks for the review sheet of its period."""
    _serve(CreateReviewSheet, event)


@functions_framework.cloud_event
def store_attend_records(event: Any) -> None:
    """A site has punches to store; or tells how it is, where its topic's messages come here, too.

    That is how it is deployed: what waits for a workbook then has one writer.
    """
    is_health = str(event["source"]).endswith(f"/{Topic.SITE_HEALTH}")
    _serve(SiteHealth if is_health else StoreAttendRecords, event)


@functions_framework.cloud_event
def raise_final_alarm(event: Any) -> None:
    """A site has no review period to go on with."""
    _serve(RaiseFinalAlarm, event)


@functions_framework.cloud_event
def site_health(event: Any) -> None:
    """A site tells how it is: for a deployment by hand that has a function for each topic."""
    _serve(SiteHealth, event)


@functions_framework.cloud_event
def watch(event: Any) -> None:
    """The schedule says that it is time to look after the workbooks."""
    _serve(Watch, event)


def _serve(kind: type[Message], event: Any) -> None:
    try:
        serve(kind, event)
    except BackendError as error:
        # Status 500 without a traceback in the log: the log has its line already.
        raise InternalServerError(str(error)) from error
