"""By what rules a company counts and shares: what HR sets, and which days are free."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from attendance_backend.domain.days import KeyPolicy

DEFAULT_OVERTIME_AFTER_H = 8
DEFAULT_KEEP_COPIES = 14
DEFAULT_KEEP_NOTICES = 400
DEFAULT_BALANCE_LEAVE = "time off"
EXPECTED = -1
"""In place of the hours of a week: what shifts expect of it."""


class Role(StrEnum):
    """What somebody may do with a workbook, in Drive's words; the least first."""

    VIEWER = "reader"
    COMMENTER = "commenter"
    EDITOR = "writer"


@dataclass(frozen=True, slots=True)
class Share:
    """Somebody with whom workbooks are shared; `group` is whose, empty for all."""

    role: Role
    address: str
    group: str = ""


@dataclass(frozen=True)
class Rules:
    """All settings. None is what HR typed in a way that nobody understands: it stays as it is in the workbooks.

    Attributes:
        shares: the least role first; an address has the greatest of the roles it is given.
        alarm_to: e-mail addresses; empty when the deployment's hold.
        grace_s: a check-in so long after the cut-off time is not late.
        overtime_after_s: what is worked beyond it on a day is overtime.
        key_policies, double_taps_s, weekends (weekdays, 0 is Monday): by site, casefolded; "" for all sites that have
            none of their own.
        week_begins_on: the first weekday of weeks, 0 is Monday.
        nights: when night hours begin and end (`domain.plans.Plans.nights`), by site; empty where HR sets none.
        overtime_after_week: what is worked beyond so many seconds of a week is overtime; `EXPECTED`; None for none.
        end_grace_s: a check-out so long before the end of a shift is not early.
        balance_leave: a kind of leave, in small letters, whose hours are expected all the same; empty for none.
        kinds_of_leave: in small letters, of which each has a column of its own.
        are_hours_read: whether all that HR typed of weekends, nights, weeks, and the two before is understood.
        holds_changes: what is changed of people, plans, holidays and these rules reaches no workbook until it is false.
        morning_to: addresses that get yesterday's open exceptions by mail; nobody by default.
        keep_copies: days of which a copy of each workbook is kept; None for all that there are.
        keep_notices: days after which a row of what was told or set aside goes; None for never.
        keep_workbooks: months after which HR is told to delete a workbook; None for never.
    """

    shares: tuple[Share, ...] = ()
    alarm_to: tuple[str, ...] = ()
    grace_s: int | None = None
    overtime_after_s: int | None = None
    key_policies: Mapping[str, KeyPolicy | None] = field(default_factory=dict)
    double_taps_s: Mapping[str, int | None] = field(default_factory=dict)
    weekends: Mapping[str, frozenset[int] | None] = field(default_factory=dict)
    week_begins_on: int | None = 0
    nights: Mapping[str, tuple[int, int] | None] = field(default_factory=dict)
    overtime_after_week: int | None = None
    end_grace_s: int | None = 0
    balance_leave: str = DEFAULT_BALANCE_LEAVE
    kinds_of_leave: tuple[str, ...] = ()
    are_hours_read: bool = True
    holds_changes: bool = False
    morning_to: tuple[str, ...] = ()
    keep_copies: int | None = DEFAULT_KEEP_COPIES
    keep_notices: int | None = DEFAULT_KEEP_NOTICES
    keep_workbooks: int | None = None

    def key_policy(self, site: str) -> KeyPolicy | None:
        """By which a site's punches count."""
        return self.key_policies.get(site.casefold(), self.key_policies.get(""))

    def double_tap_s(self, site: str) -> int | None:
        """Within how many seconds a second punch at a site is the same one."""
        return self.double_taps_s.get(site.casefold(), self.double_taps_s.get(""))


@dataclass(frozen=True, slots=True, order=True)
class Holiday:
    """A day that is free, or half of one.

    Attributes:
        site: for whom; empty for everybody.
        part: of the day, `domain.plans.MORNING` or `AFTERNOON`; empty for all of it.
    """

    day: date
    name: str
    site: str = ""
    part: str = ""
