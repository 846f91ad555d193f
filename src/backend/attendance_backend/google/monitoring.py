"""What Cloud Monitoring has measured: how long messages wait, and how much of Google's quota is used."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from attendance_backend.errors import RefusedError, SpreadsheetGoneError
from attendance_backend.google.google_http import MONITORING_API_URL, GoogleHttpClient, Json

OLDEST_WAITS = "pubsub.googleapis.com/subscription/oldest_unacked_message_age"
UNDELIVERED = "pubsub.googleapis.com/subscription/num_undelivered_messages"
_QUOTA_USED = "serviceruntime.googleapis.com/quota/rate/net_usage"
_READS, _WRITES = "sheets.googleapis.com/read_requests", "sheets.googleapis.com/write_requests"
RECENT = timedelta(minutes=15)
"""Pub/Sub is measured each minute, and told some minutes later."""


@dataclass(frozen=True, slots=True)
class Used:
    """The most requests to Sheets within one minute of the last hour, of the whole project."""

    reads: int
    writes: int


class GoogleMonitoring:
    """The measures of one project."""

    def __init__(self, client: GoogleHttpClient, project: str) -> None:
        self._client = client
        self._project = project

    def newest(self, metric: str, now: datetime) -> Mapping[str, int]:
        """The newest value of a metric of Pub/Sub, by the name of the subscription.

        One that holds nothing may be missing. `now` is aware.

        Raises:
            RefusedError: the account may not look.
            GoogleError: try again.
        """
        found = {}
        for series in self._series(metric, now - RECENT, now, {}):
            name = str(series["resource"]["labels"]["subscription_id"])
            found[name] = _value(series["points"][0])
        return found

    def sheets_quota(self, now: datetime) -> Used:
        """How near the last hour came to what Sheets allows. Raises as `newest`."""
        minutes = {
            "aggregation.alignmentPeriod": "60s",
            "aggregation.perSeriesAligner": "ALIGN_SUM",
            "aggregation.crossSeriesReducer": "REDUCE_SUM",
            "aggregation.groupByFields": "metric.labels.quota_metric",
        }
        most: dict[str, int] = {}
        for series in self._series(_QUOTA_USED, now - timedelta(hours=1), now, minutes):
            of = series.get("metric", {}).get("labels", {}).get("quota_metric", "")
            most[of] = max(most.get(of, 0), *map(_value, series["points"]))
        return Used(most.get(_READS, 0), most.get(_WRITES, 0))

    def _series(self, metric: str, since: datetime, until: datetime, more: Mapping[str, str]) -> list[Json]:
        service = ' AND resource.labels.service = "sheets.googleapis.com"' if metric == _QUOTA_USED else ""
        params = {
            "filter": f'metric.type = "{metric}"{service}',
            "interval.startTime": _stamp(since),
            "interval.endTime": _stamp(until),
            **more,
        }
        url = f"{MONITORING_API_URL}/v3/projects/{self._project}/timeSeries"
        try:
            answer = self._client.ask(
                Json, "GET", url, what="Cloud Monitoring", repeatable=True, params=params
            )
        except (RefusedError, SpreadsheetGoneError) as error:
            raise RefusedError(
                f"Cloud Monitoring does not tell it of the project {self._project}: grant whoever asks "
                "roles/monitoring.viewer, and log in with the scope cloud-platform"
            ) from error
        return [each for each in answer.get("timeSeries", ()) if each.get("points")]


def _value(point: Json) -> int:
    value = point["value"]
    return int(value.get("int64Value") or value.get("doubleValue") or 0)


def _stamp(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
