"""Reads HR's *Review Periods* spreadsheet.

Worksheets of HR: one a year (`periods`), ``Cut Off Times`` (`roster`), ``Holidays`` (`holidays`), ``Settings``
(`rules`), ``Shifts`` and ``Roster`` (`shifts`), ``Machine IDs`` (`machine_ids`). Worksheets of the program:
``Review Sheets`` (`review_sheets`), ``Alarms`` (`alarms`), ``Problems`` (`problems_sheet`).
"""

import logging
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from attendance_backend.control import (
    alarms,
    dead_letters,
    holidays,
    machine_ids,
    problems_sheet,
    program_sheets,
    registered_sites,
    review_sheets,
    roster,
    rules,
    shifts,
)
from attendance_backend.control.period_dates import year_of
from attendance_backend.control.periods import HEADERS as PERIOD_HEADERS
from attendance_backend.control.periods import doubts, read_periods
from attendance_backend.control.registered_sites import Registered
from attendance_backend.domain.groups import Groups
from attendance_backend.domain.people import Person, site_key
from attendance_backend.domain.periods import period_named
from attendance_backend.domain.plans import WHOLE_DAY, Plans
from attendance_backend.domain.rules import Holiday, Rules
from attendance_backend.ports import Spreadsheets
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.sheet.table import Problem, doubled_headers, header_problem
from attendance_contracts import ReviewPeriod

log = logging.getLogger(__name__)

MOST_NAMED = 5
_THESE_WEEKS = -14, 29
"""Days around today whose plans are looked at."""
NOBODY = (
    "nobody is entered: without a cut-off time nobody is late, and no punch can be told whose it is; type each "
    "person's name, e-mail address and cut-off time"
)


_HEADERS: Mapping[str, Sequence[str]] = {
    roster.TITLE: (*roster.HEADERS, *roster.OPTIONAL_HEADERS),
    holidays.TITLE: (*holidays.HEADERS, *holidays.OPTIONAL_HEADERS),
    rules.TITLE: rules.HEADERS,
    machine_ids.TITLE: machine_ids.ALL_HEADERS,
    shifts.SHIFTS: (*shifts.SHIFT_HEADERS, *shifts.OPTIONAL_SHIFT_HEADERS),
    shifts.ROSTER: shifts.ALL_ROSTER_HEADERS,
}
TABLES = tuple(_HEADERS)
"""Worksheets of HR's by which workbooks count."""


def read_people(spreadsheets: Spreadsheets, control_id: str) -> Mapping[str, Person]:
    """The people of ``Cut Off Times`` by `Person.key`, sorted by name."""
    worksheet = spreadsheets.read(control_id, [Area(roster.TITLE)]).worksheet(roster.TITLE)
    people, problems = roster.read_roster(worksheet)
    report(problems)
    return people


@dataclass(frozen=True)
class Control:
    """All that HR keeps, as far as it makes sense.

    Attributes:
        periods: in order of time, from the year before on.
        people: by `Person.key`, sorted by name.
        holidays: in order of time.
        knows_all_holidays: whether none can be missing because its row is not understood.
        review_sheets: which spreadsheet is which workbook, by name (`review_sheets`), oldest first.
        finalised: the names of those that HR had finalised at the last visit.
        problems: what does not make sense, and what is odd, in the order of the worksheets.
        problems_sheet: where they are written; None when there is no such worksheet.
        parts: period and group by name, of the workbooks of groups.
        sites: as registered, by `site_key`.
        newest_punches: those that were there at the last visit (`review_sheets.newest`).
    """

    periods: Sequence[ReviewPeriod]
    people: Mapping[str, Person]
    holidays: Sequence[Holiday]
    knows_all_holidays: bool
    rules: Rules
    review_sheets: Mapping[str, str]
    finalised: Collection[str]
    problems: Sequence[Problem]
    problems_sheet: Worksheet | None
    plans: Plans = field(default_factory=Plans)
    groups: Groups = field(default_factory=Groups)
    parts: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    newest_punches: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sites: Mapping[str, Registered] = field(default_factory=dict)

    def period_of(self, name: str) -> ReviewPeriod | None:
        """The period of a workbook; None where HR's table does not say its days."""
        return period_named(self.periods, self.parts.get(name, (name, ""))[0])

    def group_of(self, name: str) -> str:
        return self.parts.get(name, (name, ""))[1]

    def name_of(self, sheet_id: str) -> str:
        """The name of a workbook; empty for one that is not recorded."""
        return next((name for name, other in self.review_sheets.items() if other == sheet_id), "")

    def newest(self, periods: int) -> list[str]:
        """The names of the workbooks of so many periods, the oldest first."""
        found = [self.parts.get(name, (name, ""))[0] for name in self.review_sheets]
        wanted = list(dict.fromkeys(found))[-periods:]
        return [name for name, period in zip(self.review_sheets, found, strict=True) if period in wanted]

    def of_group(self, group: str) -> "Control":
        """What one group's workbooks are made by, as if there were no other: they bear their periods' names then."""
        if self.groups.are_none and not self.parts:
            return self
        own = {
            name: self.parts.get(name, (name, ""))[0]
            for name in self.review_sheets
            if site_key(self.group_of(name)) == site_key(group)
        }
        persons = self.groups.persons
        people = {
            key: person
            for key, person in self.people.items()
            if site_key(persons.get(key, "") or "") == site_key(group) and persons.get(key, "") is not None
        }
        shares = tuple(each for each in self.rules.shares if site_key(each.group) in ("", site_key(group)))
        return replace(
            self,
            people=people,
            rules=replace(self.rules, shares=shares),
            review_sheets={period: self.review_sheets[name] for name, period in own.items()},
            finalised={period for name, period in own.items() if name in self.finalised},
            parts={},
            groups=Groups(),
        )

    def of_book(self, sheet_id: str) -> "Control":
        """As `of_group`, of the group to which a workbook belongs."""
        return self.of_group(self.group_of(self.name_of(sheet_id)))


def read_control(
    spreadsheets: Spreadsheets, control_id: str, today: date, sites: Collection[str] | None = None
) -> Control:
    """All that HR keeps, in two calls. No fault of a cell or a worksheet raises; it is among the `problems`.

    Args:
        today: periods of earlier years than the last are left out.
        sites: that exist; None when nobody knows yet: no site is then called unknown.
    """
    return understood(read_book(spreadsheets, control_id, today), today, sites)


def read_book(spreadsheets: Spreadsheets, control_id: str, today: date) -> Spreadsheet:
    """The worksheets that `understood` and `watch` look at, in two calls."""
    present = spreadsheets.read(control_id)
    kept = (review_sheets, problems_sheet, registered_sites, alarms, dead_letters)
    tables = [*TABLES, *(each.TITLE for each in kept)]
    titles = [*_years(present, today), *(title for title in tables if present.find(title) is not None)]
    return spreadsheets.read(control_id, [Area(title) for title in titles]) if titles else present


def understood(book: Spreadsheet, today: date, sites: Collection[str] | None = None) -> Control:
    """As `read_control`, of a spreadsheet that was read: the same cells may be asked for several sets of sites."""
    years = _years(book, today)
    problems: list[Problem] = []
    year_sheets = [book.worksheet(title) for title in years]
    through_sunday = rules.runs_through_sunday(book.find(rules.TITLE))
    periods, found = read_periods(year_sheets, through_sunday=through_sunday)
    problems += [*found, *doubts(year_sheets, today, through_sunday=through_sunday)]
    if not years:
        remedy = f"there is no worksheet for {today.year}; add one, or run attendance-backend init"
        problems.append(Problem(str(today.year), "A1", remedy))
    for title in (*years, *TABLES):
        problems += doubled_headers(book.find(title), _HEADERS.get(title, PERIOD_HEADERS))
    registered, found = registered_sites.read(book.find(registered_sites.TITLE))
    problems += [*found, *_yet_to_come(registered, sites or (), today)]
    if sites is not None and any(site.group for site in registered.values()):
        # A workbook has the sites of its group alone.
        sites = {
            site_key(name): name for name in (*sites, *(site.name for site in registered.values()))
        }.values()
    people = people_in(book, sites, problems)
    groups = groups_of(registered, people.values(), today)
    free = holidays.read_holidays(_sheet(book, holidays.TITLE), sites)
    problems += free.problems
    chosen, found = rules.read_rules(_sheet(book, rules.TITLE), sites, groups.all_of_sites)
    problems += found
    plans, found = shifts.read_plans(
        _sheet(book, shifts.SHIFTS), _sheet(book, shifts.ROSTER), people, chosen, sites
    )
    problems += found
    whole_days = [each for each in free.found if not each.part]
    plans = replace(
        plans,
        holidays={(each.day, each.site.casefold()): each.part or WHOLE_DAY for each in free.found},
        nights=chosen.nights,
        end_grace_s=chosen.end_grace_s or 0,
        looks_at_weeks=chosen.overtime_after_week is not None,
        is_whole=plans.is_whole
        and chosen.are_hours_read
        and not any(person.terms and person.unread for person in people.values())
        and (free.is_whole or not _sheet(book, holidays.TITLE).cells),
    )
    if any(each.part for each in free.found) and not plans.rows:
        remedy = "half a day is free for people with a shift in Roster; type half leave for the others"
        problems.append(Problem(holidays.TITLE, "A1", remedy))
    problems += _meetings(plans, people, today)
    recorded, found = review_sheets.recorded(book.find(review_sheets.TITLE))
    problems += found
    problems += _without_group(people, groups)
    finalised = review_sheets.finalised(book.find(review_sheets.TITLE))
    sheet = book.find(problems_sheet.TITLE)
    return Control(
        *(periods, people, whole_days, free.is_whole, chosen, recorded, finalised, problems, sheet, plans),
        groups=groups,
        parts=review_sheets.parts(book.find(review_sheets.TITLE)),
        sites=registered,
        newest_punches=review_sheets.newest(book.find(review_sheets.TITLE)),
    )


def _yet_to_come(
    registered: Mapping[str, Registered], at_work: Collection[str], today: date
) -> list[Problem]:
    """Sites at work that do not count yet: somebody may have typed another year."""
    keys = set(map(site_key, at_work))
    remedy = (
        "{} counts from {} on: until then none of its punches are stored, and everybody there is absent; if that is "
        "not meant, correct its First Day"
    )
    return [
        Problem(registered_sites.TITLE, "A1", remedy.format(site.name, site.first_day))
        for key, site in registered.items()
        if key in keys and site.first_day > today
    ]


def _meetings(plans: Plans, people: Mapping[str, Person], today: date) -> list[Problem]:
    """Shifts of one person between which there is no time, in these weeks."""
    days = [today + timedelta(days=number) for number in range(*_THESE_WEEKS)]
    found = []
    for person in people.values() if plans.rows else ():
        meeting = plans.meeting(person, days)
        if meeting is not None:
            day, one, other = meeting
            found.append(f"{person.name} ({one.name} on {day:%a} {day:%Y-%m-%d}, then {other.name})")
    if not found:
        return []
    more = f" and {len(found) - MOST_NAMED} more" if found[MOST_NAMED:] else ""
    remedy = (
        f"less than an hour lies between shifts of {', '.join(found[:MOST_NAMED])}{more}: punches of one may count for "
        "the other; plan a day off in between, or look at these days and type their times into Corrections"
    )
    return [Problem(shifts.ROSTER, "A1", remedy)]


def groups_of(sites: Mapping[str, Registered], people: Iterable[Person], today: date) -> Groups:
    return Groups.of({key: site.group for key, site in sites.items()}, people, today)


def people_in(
    book: Spreadsheet, sites: Collection[str] | None, problems: list[Problem]
) -> Mapping[str, Person]:
    """The people by `Person.key` with their machine IDs; what is wrong is added to the `problems`."""
    people = _people(book, sites, problems)
    people, found = machine_ids.with_machine_ids(people, _sheet(book, machine_ids.TITLE), sites)
    problems += found
    return people


def _without_group(people: Mapping[str, Person], groups: Groups) -> list[Problem]:
    """Where every site names a group, who has no Site is in a workbook that nobody looks into."""
    if groups.are_none or any(group == "" for group in groups.all_of_sites):
        return []
    nobody = [person.name for key, person in people.items() if groups.persons.get(key) == ""]
    if not nobody:
        return []
    listed = ", ".join(nobody[:MOST_NAMED]) + (
        f" and {len(nobody) - MOST_NAMED} more" if nobody[MOST_NAMED:] else ""
    )
    remedy = (
        f"type the Site of {listed}: without one they are in a workbook of their own, which is of no group"
    )
    return [Problem(roster.TITLE, "A1", remedy)]


def write_problems(
    spreadsheets: Spreadsheets,
    control_id: str,
    control: Control,
    of_workbooks: Sequence[Problem] | None = None,
) -> None:
    """Let the worksheet ``Problems`` say what is wrong; no call when it does already.

    Args:
        of_workbooks: what is wrong with workbooks (`problems_sheet.of_workbook`); None for whoever did not look at
            them: what stands there of them stays.
    """
    if of_workbooks is None:
        of_workbooks = problems_sheet.reported_of_workbooks(control.problems_sheet)
    problems = [*control.problems, *of_workbooks]
    spreadsheets.apply(control_id, problems_sheet.changes(control.problems_sheet, problems))


def _years(book: Spreadsheet, today: date) -> list[str]:
    return [sheet.title for sheet in book.worksheets if (year_of(sheet.title) or 0) >= today.year - 1]


def read_rules(spreadsheets: Spreadsheets, control_id: str) -> Rules:
    """The rules of ``Settings`` alone, for whoever needs nothing else."""
    sheet = program_sheets.find(spreadsheets, control_id, rules.TITLE)
    if sheet is None:
        return Rules()
    chosen, problems = rules.read_rules(sheet)
    report(problems)
    return chosen


def _people(
    book: Spreadsheet, sites: Collection[str] | None, problems: list[Problem]
) -> Mapping[str, Person]:
    sheet = book.find(roster.TITLE)
    broken = header_problem(_sheet(book, roster.TITLE), roster.HEADERS)
    if sheet is None or broken is not None:
        remedy = f"there is no worksheet {roster.TITLE!r}: add it, or run attendance-backend init"
        problems.append(broken if sheet is not None and broken else Problem(roster.TITLE, "A1", remedy))
        return {}
    people, found = roster.read_roster(sheet, sites)
    problems += found
    if not people and not found:
        problems.append(Problem(roster.TITLE, "A2", NOBODY))
    return people


def _sheet(book: Spreadsheet, title: str) -> Worksheet:
    """A worksheet; an empty one when there is none."""
    return book.find(title) or Worksheet(-1, title, 0, 0)


def report(problems: Iterable[Problem]) -> None:
    """One log line for each cell that is not understood."""
    for problem in problems:
        log.warning("Review Periods spreadsheet, %s", problem)
