"""``Settings`` in the control spreadsheet: how days are counted, with whom workbooks are shared, whom alarms reach.

    Setting | Site | Value | What it means

A row with a site holds for that site, one without for all others. In rows of sharing, Site may hold a workbook group
(`domain.groups`): the address is for that group's workbooks then, and for no other's. What no row sets has its
default. What a row sets in a way that is not understood stays as it was: it is None in the `Rules`, and so is
everything that such a row may be about.
"""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TypeVar

from attendance_backend.control.roster import site_in
from attendance_backend.domain.days import DEFAULT_DOUBLE_TAP_S, KeyPolicy
from attendance_backend.domain.plans import HALVES, SATURDAY_AND_SUNDAY
from attendance_backend.domain.rules import (
    DEFAULT_BALANCE_LEAVE,
    DEFAULT_KEEP_COPIES,
    DEFAULT_KEEP_NOTICES,
    DEFAULT_OVERTIME_AFTER_H,
    EXPECTED,
    Role,
    Rules,
    Share,
)
from attendance_backend.sheet import typed
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.table import BadCellError, Problem, Table
from attendance_backend.sheet.typed import Unit

T = TypeVar("T")

TITLE = "Settings"
SETTING, SITE, VALUE, MEANING = "Setting", "Site", "Value", "What it means"
HEADERS = (SETTING, SITE, VALUE)
ALL_HEADERS = (SETTING, SITE, VALUE, MEANING)

_DAY_S = 86_400
_MOST_GRACE_S = 4 * 3600
_MOST_DOUBLE_TAP_S = 900
_MOST_OVERTIME_S = 24 * 3600

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
    WEEKEND = "Weekend"
    WEEK = "Week begins on"
    NIGHT = "Night hours"
    OVERTIME_WEEK = "Overtime beyond (hours a week)"
    END_GRACE = "Grace at the end (minutes)"
    BALANCE_LEAVE = "Leave taken from the balance"
    KINDS = "Kinds of leave"
    HOLD = "Hold changes"
    MORNING = "Morning mail to"
    COPIES = "Keep copies (days)"
    NOTICES = "Keep notices (days)"
    WORKBOOKS = "Keep workbooks (months)"


ROLES = MappingProxyType(
    {Setting.VIEWERS: Role.VIEWER, Setting.COMMENTERS: Role.COMMENTER, Setting.EDITORS: Role.EDITOR}
)
OF_A_SITE = frozenset({Setting.KEY_POLICY, Setting.DOUBLE_TAP, Setting.WEEKEND, Setting.NIGHT})
"""What may differ from site to site."""

ADDRESSES = frozenset({*ROLES, Setting.ALARM_TO, Setting.MORNING})

_OF_HOURS = frozenset(
    {
        *(Setting.NIGHT, Setting.OVERTIME_WEEK, Setting.END_GRACE, Setting.BALANCE_LEAVE, Setting.KINDS),
        *(Setting.WEEKEND, Setting.WEEK),
    }
)

_LENGTHS: Mapping[Setting, tuple[Unit, int]] = MappingProxyType(
    {
        Setting.DOUBLE_TAP: (Unit.SECONDS, _MOST_DOUBLE_TAP_S),
        Setting.GRACE: (Unit.MINUTES, _MOST_GRACE_S),
        Setting.OVERTIME: (Unit.HOURS, _MOST_OVERTIME_S),
        Setting.OVERTIME_WEEK: (Unit.HOURS, 7 * _MOST_OVERTIME_S),
        Setting.END_GRACE: (Unit.MINUTES, _MOST_GRACE_S),
    }
)
"""Settings that are lengths of time: the unit of plain numbers, and the most that makes sense in seconds."""


_COUNTS: Mapping[Setting, tuple[int, int, int]] = MappingProxyType(
    {
        Setting.COPIES: (1, 400, DEFAULT_KEEP_COPIES),
        Setting.NOTICES: (62, 36_500, DEFAULT_KEEP_NOTICES),
        Setting.WORKBOOKS: (2, 1_200, 0),
    }
)
"""Settings that are numbers: the least and the most that makes sense, and what holds where none is set."""


def read_rules(
    worksheet: Worksheet, sites: Collection[str] | None = None, groups: Collection[str] = ()
) -> tuple[Rules, list[Problem]]:
    """The rules, and what is wrong. Without the worksheet, or without its headers, nothing is known of any rule.

    Args:
        worksheet: all of it.
        sites: that exist; None when nobody knows yet.
        groups: workbook groups that exist.
    """
    table, problems = Table.read(worksheet, HEADERS)
    if table is None:
        return Rules(), problems
    found = _Found()
    for row in table.rows():
        try:
            _read_row(table, row, (sites, groups), found, problems)
        except BadCellError as error:
            problems.append(error.problem(worksheet))
    return found.rules(), problems


_Named = tuple[Collection[str] | None, Collection[str]]
"""The sites that exist, None while nobody knows, and the workbook groups."""


@dataclass
class _Found:
    """The values of the rows, as far as they make sense. Sites are casefolded, "" is all.

    Attributes:
        unread: what has a row with a value that is not understood.
        elsewhere: settings with a row whose site is not understood: it may be any.
        has_stray: whether there is a row whose setting is not understood: it may be any.
    """

    seen: set[tuple[Setting, str]] = field(default_factory=set)
    addresses: dict[tuple[Setting, str], tuple[str, ...]] = field(default_factory=dict)
    seconds: dict[Setting, dict[str, int]] = field(default_factory=dict)
    policies: dict[str, KeyPolicy] = field(default_factory=dict)
    weekends: dict[str, frozenset[int]] = field(default_factory=dict)
    week_begins_on: int = 0
    counts: dict[Setting, int] = field(default_factory=dict)
    nights: dict[str, tuple[int, int]] = field(default_factory=dict)
    balance_leave: str = DEFAULT_BALANCE_LEAVE
    kinds_of_leave: tuple[str, ...] = ()
    unread: set[tuple[Setting, str]] = field(default_factory=set)
    elsewhere: set[Setting] = field(default_factory=set)
    has_stray: bool = False
    holds_changes: bool = False

    def rules(self) -> Rules:
        shares: dict[tuple[str, str], Share] = {}
        for setting, role in ROLES.items():
            for (other, group), addresses in self.addresses.items():
                for address in addresses if other is setting else ():
                    shares[address.casefold(), group] = Share(role, address, group)
        ranks = list(Role)
        return Rules(
            shares=tuple(sorted(shares.values(), key=lambda share: (ranks.index(share.role), share.address))),
            alarm_to=self.addresses.get((Setting.ALARM_TO, ""), ()),
            grace_s=self._lengths(Setting.GRACE, 0)[""],
            overtime_after_s=self._lengths(Setting.OVERTIME, DEFAULT_OVERTIME_AFTER_H * 3600)[""],
            key_policies=self._by_site(Setting.KEY_POLICY, self.policies, KeyPolicy.FIRST_AND_LAST),
            double_taps_s=self._lengths(Setting.DOUBLE_TAP, DEFAULT_DOUBLE_TAP_S),
            weekends=self._by_site(Setting.WEEKEND, self.weekends, SATURDAY_AND_SUNDAY),
            week_begins_on=None if self._is_week_unread() else self.week_begins_on,
            nights=self._of_nights(),
            overtime_after_week=self.seconds.get(Setting.OVERTIME_WEEK, {}).get(""),
            end_grace_s=self._lengths(Setting.END_GRACE, 0)[""],
            balance_leave=self.balance_leave,
            kinds_of_leave=self.kinds_of_leave,
            are_hours_read=_OF_HOURS.isdisjoint({*self.elsewhere, *(each for each, _ in self.unread)}),
            holds_changes=self.holds_changes,
            morning_to=self.addresses.get((Setting.MORNING, ""), ()),
            keep_copies=self._count(Setting.COPIES),
            keep_notices=self._count(Setting.NOTICES),
            keep_workbooks=self._count(Setting.WORKBOOKS) or None,
        )

    def _is_week_unread(self) -> bool:
        """Whether it is typed, or may be what nobody understands."""
        is_set = (Setting.WEEK, "") in self.seen
        return (Setting.WEEK, "") in self.unread or (not is_set and self.has_stray)

    def _of_nights(self) -> dict[str, tuple[int, int] | None]:
        """Without a row of them, of nobody."""
        found = self._by_site(Setting.NIGHT, self.nights, None)
        is_set = bool(self.nights) or any(each is Setting.NIGHT for each, _ in self.unread)
        return found if is_set or Setting.NIGHT in self.elsewhere else {}

    def _count(self, setting: Setting) -> int | None:
        counted = {"": self.counts[setting]} if setting in self.counts else {}
        return self._by_site(setting, counted, _COUNTS[setting][2])[""]

    def _lengths(self, setting: Setting, default: int) -> dict[str, int | None]:
        return self._by_site(setting, self.seconds.get(setting, {}), default)

    def _by_site(self, setting: Setting, read: Mapping[str, T], default: T) -> dict[str, T | None]:
        found: dict[str, T | None] = {site: None for each, site in self.unread if each is setting}
        found |= read
        is_set = (setting, "") in self.seen
        if setting in self.elsewhere and (setting in OF_A_SITE or not is_set):
            found[""] = None
        return {"": None if self.has_stray and not is_set else default, **found}


def _read_row(table: Table, row: int, named: _Named, found: _Found, problems: list[Problem]) -> None:
    setting, site = _setting_and_site(table, row, named, found)
    if (setting, site) in found.seen:
        raise BadCellError(row, table.columns[SETTING], f"{setting} stands here twice; remove one row")
    found.seen.add((setting, site))
    if table.worksheet.value(row, table.columns[VALUE]) in (None, ""):
        return
    if setting in ADDRESSES:
        found.addresses[setting, site] = _addresses(table, row, problems)
        return
    if setting is Setting.HOLD:
        found.holds_changes = True  # unless it is surely not meant
    try:
        _read_value(table, row, setting, site, found)
    except BadCellError as error:
        found.unread.add((setting, site))
        if setting is Setting.HOLD:
            raise
        raise error.kept() from None


def _read_value(table: Table, row: int, setting: Setting, site: str, found: _Found) -> None:
    match setting:
        case Setting.HOLD:
            found.holds_changes = _yes(table, row)
        case Setting.KEY_POLICY:
            found.policies[site] = _key_policy(table, row)
        case Setting.WEEKEND | Setting.WEEK:
            _read_days(table, row, setting, site, found)
        case Setting.NIGHT:
            if (night := _night(table, row)) is not None:
                found.nights[site] = night
        case Setting.BALANCE_LEAVE:
            found.balance_leave = _kind_of_leave(table, row, table.label(row, VALUE), "one kind of leave")
        case Setting.KINDS:
            parts = re.split("[,;]", table.label(row, VALUE))
            kinds = [_kind_of_leave(table, row, each, "kinds of leave between commas") for each in parts]
            found.kinds_of_leave = tuple(dict.fromkeys(filter(None, kinds)))
        case Setting.OVERTIME_WEEK if (hours := _hours_of_a_week(table, row)) is not None:
            found.seconds[setting] = hours
        case Setting.COPIES | Setting.NOTICES | Setting.WORKBOOKS:
            found.counts[setting] = _count(table, row, *_COUNTS[setting][:2])
        case _:
            found.seconds.setdefault(setting, {})[site] = table.duration(row, VALUE, *_LENGTHS[setting])


def runs_through_sunday(worksheet: Worksheet | None) -> bool:
    """Whether a period that ends on a Friday runs through the Sunday after it: as long as no week's begin is set.

    What is typed of it and not understood is meant to be one.
    """
    table, _ = Table.read(worksheet, HEADERS)
    return table is None or not any(
        named(table.label(row, SETTING)) is Setting.WEEK and not table.says_none(row, VALUE)
        for row in table.rows()
        if table.worksheet.value(row, table.columns[VALUE]) not in (None, "")
    )


def _setting_and_site(table: Table, row: int, named: _Named, found: _Found) -> tuple[Setting, str]:
    sites, groups = named
    try:
        setting = _setting(table, row)
    except BadCellError:
        found.has_stray = True
        raise
    if setting in ROLES and groups:
        return setting, _group(table, row, groups)
    try:
        site = site_in(table, row, SITE, sites).casefold()
        if site and setting not in OF_A_SITE:
            remedy = f"{setting} is the same for all sites; empty this cell"
            raise BadCellError(row, table.columns[SITE], remedy)  # noqa: TRY301 - as one that does not exist
    except BadCellError as error:
        found.elsewhere.add(setting)
        raise error.kept() from None
    return setting, site


def named(text: str) -> Setting | None:
    """The setting of a name, with or without its unit; None when there is none."""
    names = {typed.key(name): each for each in Setting for name in (each, each.partition(" (")[0])}
    return names.get(typed.key(text))


def _group(table: Table, row: int, groups: Collection[str]) -> str:
    """The group of a row of sharing; empty for all."""
    text = table.label(row, SITE)
    spelled = {typed.key(group): group for group in groups if group}
    if not text or typed.key(text) in spelled:
        return spelled.get(typed.key(text), "")
    listed = ", ".join(sorted(spelled.values()))
    raise BadCellError(
        row,
        table.columns[SITE],
        f"no workbook group is called {text!r} (there are: {listed}); nobody is shared with",
    )


def _setting(table: Table, row: int) -> Setting:
    text = table.text(row, SETTING)
    setting = named(text)
    if setting is not None:
        return setting
    names = ", ".join(repr(str(each)) for each in Setting)
    raise BadCellError(
        row, table.columns[SETTING], f"there is no setting {text!r}; the settings are: {names}"
    )


def _addresses(table: Table, row: int, problems: list[Problem]) -> tuple[str, ...]:
    """What stands between commas, semicolons and blanks, of ``Ann Archer <ann@example.com>`` the address.

    What is no address is complained of; the others count.
    """
    text = table.label(row, VALUE)
    if table.says_none(row, VALUE):
        return ()
    words = [word for word in re.split(r"[,;\s]+", text) if "@" in word or (word and "<" not in text)]
    addresses = [word.strip("<>").removeprefix("mailto:") for word in words]
    wrong = [address for address in addresses if not _ADDRESS.fullmatch(address)]
    if wrong:
        remedy = f"{wrong[0]!r} is no e-mail address; type addresses, separated by commas"
        problems.append(BadCellError(row, table.columns[VALUE], remedy).problem(table.worksheet))
    return tuple(address for address in addresses if address not in wrong)


def _key_policy(table: Table, row: int) -> KeyPolicy:
    words = re.sub(r"\W+|\band\b", " ", typed.key(table.label(row, VALUE))).split()
    if words == ["first", "last"]:
        return KeyPolicy.FIRST_AND_LAST
    if words in (["pairs"], ["pair"], ["in", "pairs"]):
        return KeyPolicy.PAIRS
    raise table.not_understood(row, VALUE, " or ".join(f'"{policy}"' for policy in KeyPolicy))


def _hours_of_a_week(table: Table, row: int) -> dict[str, int] | None:
    """What stands there in words, by site; None for a length of time."""
    if typed.key(table.label(row, VALUE)) == "expected":
        return {"": EXPECTED}
    return {} if table.says_none(row, VALUE) else None


def _night(table: Table, row: int) -> tuple[int, int] | None:
    """Begin and end; None for none."""
    if table.says_none(row, VALUE):
        return None
    begin, dash, end = re.sub(r"\s*[\u2013\u2014]\s*|\bto\b", "-", table.label(row, VALUE)).partition("-")
    try:
        first, last = (typed.time_of_day(each.strip()) for each in (begin, end))
    except typed.AskBackError:
        raise table.not_understood(row, VALUE, "two times such as 22:00-06:00") from None
    if not dash or first is None or last is None or first >= _DAY_S:
        raise table.not_understood(row, VALUE, "two times such as 22:00-06:00")
    return first, last if last > first else last + _DAY_S


def _kind_of_leave(table: Table, row: int, text: str, wanted: str) -> str:
    kind = "" if table.says_none(row, VALUE) else typed.key(text)
    if re.search(r"[^\w -]", kind) or kind.split(" ")[0] in ("half", *HALVES):
        raise table.not_understood(row, VALUE, f"{wanted}, such as time off, or none")
    return kind


def _yes(table: Table, row: int) -> bool:
    answer = typed.key(table.label(row, VALUE))
    if answer in ("yes", "y", "true"):
        return True
    if answer in ("no", "n", "false") or table.says_none(row, VALUE):
        return False
    raise BadCellError(row, table.columns[VALUE], "type yes or no; until then, changes are held")


def _count(table: Table, row: int, least: int, most: int) -> int:
    text = table.label(row, VALUE)
    if not text.isdecimal() or not least <= int(text) <= most:
        raise table.not_understood(row, VALUE, f"a number from {least} to {most}")
    return int(text)


def _read_days(table: Table, row: int, setting: Setting, site: str, found: _Found) -> None:
    is_none = table.says_none(row, VALUE)
    days = frozenset[int]() if is_none else typed.weekdays(table.label(row, VALUE))
    if setting is Setting.WEEKEND:
        if days is None:
            raise table.not_understood(row, VALUE, "days such as Sat, Sun")
        found.weekends[site] = days
    elif not is_none:
        if days is None or len(days) != 1:
            raise table.not_understood(row, VALUE, "one day, such as Sunday")
        (found.week_begins_on,) = days
