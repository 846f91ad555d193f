"""The page that the demo ends with: what was reconciled, what the sites did, the mails, and all workbooks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from email.message import EmailMessage
from zoneinfo import ZoneInfo

from attendance_sandbox.demo.office import TIME_ZONE
from attendance_sandbox.demo.people import Punch
from attendance_sandbox.demo.reconciliation import SiteResult
from attendance_sandbox.sheets.page import Screen, escaped

Said = Sequence[tuple[datetime, str]]
"""What happened and when: aware, in the offices' time."""
States = Mapping[str, Sequence[tuple[datetime, str]]]
"""Since when each site was in which state; an empty one is a site without power."""
NUMBERS = ("punches made", "rows stored", "lost", "twice", "wrong period")
_PAINT = {"working": "#8cc7a1", "waiting": "#9cc3ef", "sleep": "#8fa3b3", "off": "#c0392b"}
"""As in the drawing of the machine: green, blue and slate."""
_WORDS = {
    "working": "relays punches",
    "waiting": "waits for an answer",
    "sleep": "sleeps: no review period yet",
    "off": "power cut",
}
_OFF = _PAINT["off"]
_LEFT, _DAY_PX, _LANE_PX, _TOP = 110, 30, 74, 58


def numbers_of(results: Sequence[SiteResult]) -> list[tuple[str | int, ...]]:
    """The rows of the reconciliation: site, machine, numbers; the sums last."""
    numbers = [(r.punches, r.rows, r.lost, r.twice, r.wrong_period) for r in results]
    rows = [(r.site, r.machine, *counted) for r, counted in zip(results, numbers, strict=True)]
    return [*rows, ("all", "", *map(sum, zip(*numbers, strict=True)))]


def overview(
    results: Sequence[SiteResult],
    states: States,
    recorded: Sequence[Punch],
    periods: Mapping[str, tuple[date, date]],
    *,
    said: Said,
    files: Iterable[str],
    until: datetime,
) -> Screen:
    """The first screen. `files` lie beside the page, `until` is the end of the demo (aware)."""
    rows = "".join(
        f"<tr{' class=all' if site == 'all' else ''}><td>{escaped(str(site))}</td>"
        f"<td class=name>{escaped(str(machine))}</td>"
        + "".join(
            f"<td{' class=bad' if number and place > 1 else ''}>{number:,}</td>"
            for place, number in enumerate(numbers)
        )
        + "</tr>"
        for site, machine, *numbers in numbers_of(results)
    )
    heads = "<th>site</th><th class=name>machine</th>" + "".join(f"<th>{name}</th>" for name in NUMBERS)
    faultless = all(result.faultless for result in results)
    verdict = (
        "Every punch is in its month's workbook, once."
        if faultless
        else "Something is lost, twice or astray."
    )
    events = "".join(f"<li><time>{when:%a %d %b %H:%M}</time> {escaped(text)}</li>" for when, text in said)
    links = "".join(f'<li><a href="{escaped(name)}">{escaped(name)}</a></li>' for name in files)
    return Screen(
        "Overview",
        f'<main class="report"><h1>A month of three offices</h1><p class="lead">{verdict}</p>'
        f"<h2>Machines against workbooks</h2><table><tr>{heads}</tr>{rows}</table>"
        f"<h2>The sites over time</h2><figure>{picture(states, recorded, periods, until)}</figure>"
        f"<h2>What happened</h2><ol>{events}</ol>"
        f"<h2>For payroll, beside this page</h2><ul>{links}</ul></main>",
    )


def mails(messages: Sequence[EmailMessage]) -> Screen:
    """The mails that were sent."""
    letters = "".join(
        f"<pre><b>{escaped(' '.join(str(message['Subject']).split()))}</b>to {escaped(message['To'])}\n\n"
        f"{escaped(_text(message))}</pre>"
        for message in messages
    )
    return Screen("Mails", f'<main class="report"><h1>Mails</h1>{letters or "<p>None was sent.</p>"}</main>')


def _text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    return "" if body is None else str(body.get_content()).strip()


def picture(
    states: States,
    recorded: Sequence[Punch],
    periods: Mapping[str, tuple[date, date]],
    until: datetime,
) -> str:
    """An SVG: a lane a site with its states, and the punches of each day below."""
    zone = ZoneInfo(TIME_ZONE)
    first = min(when for history in states.values() for when, _ in history).astimezone(zone).date()
    days = (until.astimezone(zone).date() - first).days + 1
    width, height = _LEFT + days * _DAY_PX + 10, _TOP + len(states) * _LANE_PX + 26
    made = Counter((punch.site, punch.when.date()) for punch in recorded)
    most = max(made.values(), default=1)

    def x(when: datetime) -> float:
        wall = when.astimezone(zone).replace(tzinfo=None)
        return _LEFT + (wall - datetime.combine(first, datetime.min.time())) / timedelta(days=1) * _DAY_PX

    parts = [*_days(first, days, height), *_periods(periods, first, days)]
    for number, (site, history) in enumerate(states.items()):
        top = _TOP + number * _LANE_PX
        parts.append(f'<text x="0" y="{top + 15}" font-weight="600">{escaped(site)}</text>')
        ends = [*(when for when, _ in history[1:]), until]
        for (begin, state), end in zip(history, ends, strict=True):
            if end > begin and state:
                since = f"{escaped(state)} since {begin.astimezone(zone):%a %d %b %H:%M}"
                parts.append(
                    f'<rect x="{x(begin):.1f}" y="{top}" width="{x(end) - x(begin):.2f}" height="20" '
                    f'fill="{_PAINT[_kind(state)]}"><title>{since}</title></rect>'
                )
            elif end > begin:
                shape = f'd="M{x(begin):.1f} {top + 20}v-20l-5 -9h10l-5 9" fill="{_OFF}" stroke="{_OFF}"'
                parts.append(
                    f"<path {shape}><title>power cut {begin.astimezone(zone):%a %d %b %H:%M}</title></path>"
                )
        for place in range(days):
            count = made[site, first + timedelta(days=place)]
            tall = count / most * 32
            parts.append(
                f'<rect x="{_LEFT + place * _DAY_PX + 4}" y="{top + 58 - tall:.1f}" width="{_DAY_PX - 8}" '
                f'height="{tall:.1f}" fill="#4a6785" opacity=".55"><title>{count} punches</title></rect>'
            )
        parts.append(f'<text x="0" y="{top + 52}" fill="#66717d" font-size="11">punches a day</text>')
    parts += _legend(height - 8, {_kind(state) for history in states.values() for _, state in history})
    return (
        f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="The states of the sites over time" '
        f'font-size="13" fill="#1f2933">{"".join(parts)}</svg>'
    )


def _kind(state: str) -> str:
    if not state:
        return "off"
    return "waiting" if state.startswith("AWAIT") else "sleep" if state == "DEEP_SLEEP" else "working"


def _days(first: date, days: int, height: int) -> list[str]:
    parts = []
    for place in range(days):
        day, left = first + timedelta(days=place), _LEFT + place * _DAY_PX
        if day.weekday() >= 5:
            parts.append(f'<rect x="{left}" y="28" width="{_DAY_PX}" height="{height - 54}" fill="#f1f3f5"/>')
        parts.append(
            f'<text x="{left + _DAY_PX / 2}" y="44" text-anchor="middle" fill="#66717d" font-size="11">{day.day}</text>'
        )
    return parts


def _periods(periods: Mapping[str, tuple[date, date]], first: date, days: int) -> list[str]:
    """HR's periods, above the days; one that ends on a Friday ends on the Sunday after."""
    parts = []
    for month, (begin, end) in periods.items():
        last = end + timedelta(days=2 if end.weekday() == 4 else 0)
        start, stop = max((begin - first).days, 0), min((last - first).days + 1, days)
        left, wide = _LEFT + start * _DAY_PX, (stop - start) * _DAY_PX
        if wide > 0:
            parts.append(f'<rect x="{left + 1}" y="2" width="{wide - 2}" height="22" rx="4" fill="#dfe7ee"/>')
            parts.append(f'<text x="{left + wide / 2}" y="17" text-anchor="middle">{escaped(month)}</text>')
    return parts


def _legend(y: int, kinds: set[str]) -> list[str]:
    parts, left = [], _LEFT
    for kind, words in _WORDS.items():
        if kind in kinds:
            parts.append(
                f'<rect x="{left}" y="{y - 10}" width="12" height="12" rx="2" fill="{_PAINT[kind]}"/>'
            )
            parts.append(f'<text x="{left + 18}" y="{y}" fill="#66717d" font-size="12">{words}</text>')
            left += 34 + 7 * len(words)
    return parts
