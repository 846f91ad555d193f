"""``Settings`` in the control spreadsheet: how days are counted, with whom workbooks are shared, whom alarms reach.

    Setting | Site | Value | What it means

A row with a site holds for that site, one without for all others. What no row sets has its default.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

from attendance_backend.control.roster import known_site
from attendance_backend.domain.days import KeyPolicy
from attendance_backend.domain.rules import Role, Rules, Share
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table, header_problem

TITLE = "Settings"
SETTING, SITE, VALUE, MEANING = "Setting", "Site", "Value", "What it means"
HEADERS = (SETTING, SITE, VALUE)
ALL_HEADERS = (SETTING, SITE, VALUE, MEANING)

MOST_GRACE_MIN = 240
MOST_DOUBLE_TAP_S = 900

_ADDRESS = re.compile(r"[^@\s<>,;]+@[^@\s<>,;]+")


class Setting(StrEnum):
    """The settings there are, as they stand in their column."""

    VIEWERS = "Share with, to view"
    COMMENTERS = "Share with, to comment"
    EDITORS = "Share with, to edit"
    ALARM_TO = "Alarm to"
    KEY_POLICY = "Key policy"
    DOUBLE_TAP = "Double tap (seconds)"
    GRACE = "Grace (minutes)"
    OVERTIME = "Overtime beyond (hours a day)"


ROLES = MappingProxyType(
    {Setting.VIEWERS: Role.VIEWER, Setting.COMMENTERS: Role.COMMENTER, Setting.EDITORS: Role.EDITOR}
)
OF_A_SITE = frozenset({Setting.KEY_POLICY, Setting.DOUBLE_TAP})
"""What may differ from site to site."""

_SECONDS: Mapping[Setting, tuple[float, int]] = MappingProxyType(
    {
        Setting.DOUBLE_TAP: (MOST_DOUBLE_TAP_S, 1),
        Setting.GRACE: (MOST_GRACE_MIN, 60),
        Setting.OVERTIME: (24, 3600),
    }
)
"""Settings that are lengths of time: the most that makes sense, and the seconds of the unit."""


def read_rules(worksheet: Worksheet, sites: Collection[str] | None = None) -> tuple[Rules, list[Problem]]:
    """The rules, and what is wrong in the rows left out.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
    """
    if not worksheet.cells:
        return Rules(), []
    broken = header_problem(worksheet, HEADERS)
    if broken is not None:
        return Rules(), [broken]
    table = Table.of(worksheet, HEADERS)
    found = _Found()
    problems: list[Problem] = []
    for row in table.rows():
        try:
            _read_row(table, row, sites, found)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
    return found.rules(), problems


@dataclass
class _Found:
    """The values of the rows, as far as they make sense. Sites are casefolded, "" is all."""

    seen: set[tuple[Setting, str]] = field(default_factory=set)
    addresses: dict[Setting, tuple[str, ...]] = field(default_factory=dict)
    seconds: dict[Setting, dict[str, int]] = field(default_factory=dict)
    policies: dict[str, KeyPolicy] = field(default_factory=dict)

    def rules(self) -> Rules:
        shares: dict[str, Share] = {}
        for setting, role in ROLES.items():
            for address in self.addresses.get(setting, ()):
                shares[address.casefold()] = Share(role, address)
        ranks = list(Role)
        defaults = Rules()
        return Rules(
            shares=tuple(sorted(shares.values(), key=lambda share: (ranks.index(share.role), share.address))),
            alarm_to=self.addresses.get(Setting.ALARM_TO, ()),
            grace_s=self.seconds.get(Setting.GRACE, {}).get("", defaults.grace_s),
            overtime_after_s=self.seconds.get(Setting.OVERTIME, {}).get("", defaults.overtime_after_s),
            key_policies=self.policies,
            double_taps_s=self.seconds.get(Setting.DOUBLE_TAP, {}),
        )


def _read_row(table: Table, row: int, sites: Collection[str] | None, found: _Found) -> None:
    setting, site = _setting(table, row), _site(table, row, sites)
    if site and setting not in OF_A_SITE:
        raise BadCellError(row, table.columns[SITE], f"{setting} is the same for all sites; empty this cell")
    if (setting, site) in found.seen:
        raise BadCellError(row, table.columns[SETTING], f"{setting} stands here twice; remove one row")
    found.seen.add((setting, site))
    if table.worksheet.value(row, table.columns[VALUE]) in (None, ""):
        return
    if setting is Setting.KEY_POLICY:
        found.policies[site] = _key_policy(table, row)
    elif setting in _SECONDS:
        found.seconds.setdefault(setting, {})[site] = _number(table, row, *_SECONDS[setting])
    else:
        found.addresses[setting] = _addresses(table, row)


def _setting(table: Table, row: int) -> Setting:
    text = table.text(row, SETTING)
    for setting in Setting:
        if setting.casefold() == " ".join(text.split()).casefold():
            return setting
    names = ", ".join(repr(str(setting)) for setting in Setting)
    raise BadCellError(
        row, table.columns[SETTING], f"there is no setting {text!r}; the settings are: {names}"
    )


def _site(table: Table, row: int, sites: Collection[str] | None) -> str:
    site = table.label(row, SITE)
    if site and sites is not None:
        site = known_site(site, sites, row, table.columns[SITE])
    return site.casefold()


def _addresses(table: Table, row: int) -> tuple[str, ...]:
    addresses = tuple(part for part in re.split(r"[,;\s]+", table.label(row, VALUE)) if part)
    for address in addresses:
        if not _ADDRESS.fullmatch(address):
            raise BadCellError(
                row,
                table.columns[VALUE],
                f"{address!r} is no e-mail address; type addresses, separated by commas",
            )
    return addresses


def _key_policy(table: Table, row: int) -> KeyPolicy:
    try:
        return KeyPolicy(table.label(row, VALUE).casefold())
    except ValueError:
        wanted = " or ".join(f'"{policy}"' for policy in KeyPolicy)
        raise table.not_understood(row, VALUE, wanted) from None


def _number(table: Table, row: int, most: float, unit_s: int) -> int:
    number = table.worksheet.number(row, table.columns[VALUE])
    if number is None:
        try:
            number = float(table.label(row, VALUE))
        except ValueError:
            number = -1.0
    if not 0 <= number <= most:
        raise table.not_understood(row, VALUE, f"a number from 0 to {most:g}")
    return round(number * unit_s)
