"""A stand-in for Cloud Monitoring: the two measures of Pub/Sub that tell of what waits, and Sheets' used quota.

Faithful: path, filter by one metric's type, the JSON of time series with their newest point first, a 403 where somebody
may not look. Not faithful: nothing is measured beforehand, each question is answered as things stand; other
metrics have no series; aggregations are not read; nobody is authenticated.
"""

import json
import re
import time
from collections.abc import Callable
from typing import Any

from attendance_sandbox.pubsub.broker import Broker
from attendance_sandbox.sheets.http_server import HttpStandIn
from attendance_sandbox.sheets.routes import Answer, HttpRequest

_PATH = re.compile(r"/v3/projects/([^/]+)/timeSeries")
_METRIC = re.compile(r'metric\.type\s*=\s*"([^"]+)"')
_QUOTA = "serviceruntime.googleapis.com/quota/rate/net_usage"
_OF_SUBSCRIPTION = "pubsub.googleapis.com/subscription/"


class MonitoringServer(HttpStandIn):
    """Measures a broker; use it as a context manager.

    Attributes:
        used: requests to Sheets in each of the last minutes, newest first, by the name that the quota has.
    """

    def __init__(self, broker: Broker, port: int = 0, clock: Callable[[], float] = time.time) -> None:
        """Binds the port; raises OSError where it is in use. `clock` is the broker's."""
        self.denied = False
        self.used: dict[str, list[int]] = {}
        self._broker = broker
        self._clock = clock
        super().__init__(port)

    def respond(self, request: HttpRequest) -> Answer:
        path, query = _PATH.fullmatch(request.path), request.query
        if request.method != "GET" or path is None:
            return _refusal(404, "NOT_FOUND", "Requested entity was not found.")
        if self.denied:
            return _refusal(403, "PERMISSION_DENIED", "Permission monitoring.timeSeries.list denied.")
        metric = _METRIC.search(query.get("filter", [""])[0])
        if metric is None or not query.get("interval.endTime"):
            return _refusal(400, "INVALID_ARGUMENT", "Field filter or interval.endTime is missing.")
        if metric[1] == _QUOTA:
            return Answer.of_json(200, {"timeSeries": [_quota(*each) for each in self.used.items()]})
        values = self._values(f"projects/{path[1]}/", metric[1])
        series = [
            {
                "metric": {"type": metric[1]},
                "resource": {"type": "pubsub_subscription", "labels": {"subscription_id": name}},
                "points": [{"value": {"int64Value": str(value)}}],
            }
            for name, value in values.items()
        ]
        return Answer.of_json(200, {"timeSeries": series} if series else {})

    def _values(self, project: str, metric: str) -> dict[str, int]:
        found = {}
        for path in self._broker.subscription_names():
            if not path.startswith(project) or not metric.startswith(_OF_SUBSCRIPTION):
                continue
            waiting = self._broker.backlog(path)
            if metric.endswith("/num_undelivered_messages"):
                found[path.rpartition("/")[2]] = len(waiting)
            elif metric.endswith("/oldest_unacked_message_age"):
                oldest_s = waiting[0].publish_time_ms / 1000 if waiting else self._clock()
                found[path.rpartition("/")[2]] = max(0, round(self._clock() - oldest_s))
        return found


def _quota(name: str, minutes: list[int]) -> dict[str, Any]:
    return {
        "metric": {"labels": {"quota_metric": name}},
        "resource": {"type": "consumer_quota"},
        "points": [{"value": {"int64Value": str(count)}} for count in minutes],
    }


def _refusal(code: int, status: str, message: str) -> Answer:
    body: dict[str, Any] = {"error": {"code": code, "message": message, "status": status}}
    return Answer(code, json.dumps(body).encode())
