"""What `attendance-client timeline` draws: the last days, a row each, of what the service noted in its diary."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

from attendance_client.app.config import load_config
from attendance_client.app.diary import Span, read_diary
from attendance_client.app.locking import is_taken
from attendance_client.fsm.generated import KIND, Kind, StateId

CELL = timedelta(minutes=30)
WORST_FIRST = "!.?z~#"
LEGEND = "# works   ~ waits for an answer   z sleeps: HR has entered no review period   ! trouble   . off   ? not known"
MOST_TOLD = 40
DAY = "%a %Y-%m-%d  "
SHORT = timedelta(minutes=1)
"""An installer or a person starts the service anew: nothing to look at."""
ASLEEP = (StateId.DEEP_SLEEP, StateId.NO_REVIEW_PERIOD)


def draw(directory: Path, days: int, now: datetime | None = None) -> str:
    """The last `days` days, then what was not well, the latest last. Raises ConfigError."""
    zone = ZoneInfo(load_config(directory).site.time_zone)
    now = now or datetime.now(UTC).replace(tzinfo=None, microsecond=0)
    diary = read_diary(directory)
    if diary is None or not diary.spans:
        return "nothing is noted yet: the service has not run here, or diary.json was lost"
    parts = list(_parts(diary.spans, now, runs=is_taken(directory)))
    today = _local(now, zone).replace(hour=0, minute=0, second=0)
    begins = [today - timedelta(days=back) for back in reversed(range(days))]
    hours = "".join(f"{hour:02}    " for hour in range(0, 24, 3)).rstrip()
    rows = [" " * len(f"{today:{DAY}}") + hours]
    rows += [f"{begin:{DAY}}{_row(begin, parts, now)}" for begin in begins]
    rows += ["", LEGEND]
    since = begins[0].astimezone(UTC).replace(tzinfo=None)
    told = [_told(part, zone) for part in parts if part[1] > since and (part[2] in "!." or part[3])]
    if told:
        rows += ["", *told[-MOST_TOLD:]]
    return "\n".join(rows)


_Part = tuple[datetime, datetime, str, str]
"""From, until, how it was, and what troubled it."""


def _parts(spans: Sequence[Span], now: datetime, *, runs: bool) -> Iterator[_Part]:
    """What is known of each moment since the first span; where none was due, the service was off."""
    for span, following in pairwise((*spans, None)):
        if span is None:
            continue
        end = span.until if following is None else min(span.due, following.since)
        if following is None:
            end = now if runs else min(span.due, now)
        yield span.since, max(end, span.since), _how(span), span.problem
        off_until = now if following is None else following.since
        if off_until - end > SHORT:
            yield max(end, span.since), off_until, ".", ""


def _how(span: Span) -> str:
    if span.problem:
        return "!"
    if span.state in ASLEEP:
        return "z"
    try:
        return "~" if KIND[StateId(span.state)] is Kind.WAITING else "#"
    except ValueError:
        return "#"


def _row(begin: datetime, parts: Sequence[_Part], now: datetime) -> str:
    cells = []
    for number in range(timedelta(days=1) // CELL):
        start = (begin + number * CELL).astimezone(UTC).replace(tzinfo=None)
        end = start + CELL
        seen = {how for since, until, how, _ in parts if since < end and (until > start or since >= start)}
        if start > now:
            cells.append(" ")
        else:
            cells.append(min(seen, key=WORST_FIRST.index) if seen else "?")
    return "".join(cells).rstrip()


def _told(part: _Part, zone: ZoneInfo) -> str:
    since, until, how, problem = part
    what = problem or ("off" if how == "." else "")
    return f"{_local(since, zone):%Y-%m-%d %H:%M} to {_local(until, zone):%Y-%m-%d %H:%M}  {what}"


def _local(moment: datetime, zone: ZoneInfo) -> datetime:
    return moment.replace(tzinfo=UTC).astimezone(zone)
