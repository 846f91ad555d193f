"""The hidden worksheets computed anew from all rows of the raw data: pure logic, no calls.

A row whose time stamp somebody spoilt counts as what ``Punch Index`` says of its record ID: user, site and moment. So
the punch is kept, and its row is complained of each time until it is fixed. Where the index does not know the ID
either, the punch cannot count.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from attendance_backend.domain.clocks import seconds_of
from attendance_backend.domain.days import Punch, SiteRules, business_day_of
from attendance_backend.domain.people import Labels, People, Person, of_period, site_key
from attendance_backend.domain.periods import whole_weeks
from attendance_backend.review import (
    book,
    day_header,
    days_sheet,
    punch_index,
    raw_data,
    sites_sheet,
    weekly_summary,
)
from attendance_backend.review.book import Want
from attendance_backend.review.days_sheet import PLAN, Days, Facts
from attendance_backend.review.facts import Stored
from attendance_backend.review.names import AMENDMENTS, DAYS, PUNCH_INDEX, SITES, WEEKLY, is_raw_title
from attendance_backend.review.punch_index import PunchIndex, Token
from attendance_backend.review.raw_data import StoredPunch, UnreadableRow
from attendance_backend.review.rules import rules_of
from attendance_backend.sheet.a1 import cell_name
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Spreadsheet
from attendance_backend.sheet.preview import after
from attendance_contracts import ReviewPeriod

_Place = tuple[str, str]
"""A punch among all: the key of its site, and its record ID. Machines of two sites may have the same number."""

COUNTS = "; the punch counts all the same"


@dataclass
class Rebuilt:
    """What a rebuild comes to.

    Attributes:
        changes: none for a healthy workbook.
        differences: what was wrong, one line each; as empty as the changes.
        unreadable: rows of the raw data that only people can fix, one line each.
        gone: punches that were stored, and whose rows somebody deleted: they do not count any more.
        newest: the newest punch of each site, its record ID by `site_key`.
        stored: all punches, each by these two.
    """

    changes: list[Change] = field(default_factory=list)
    differences: list[str] = field(default_factory=list)
    unreadable: list[str] = field(default_factory=list)
    gone: list[StoredPunch] = field(default_factory=list)
    newest: dict[str, str] = field(default_factory=dict)
    stored: Collection[tuple[str, str]] = ()


def fact_wants(present: Spreadsheet) -> list[Want]:
    """What `rebuild` needs of a workbook whose worksheets are known."""
    wants = [book.whole(title, optional=True) for title in (PUNCH_INDEX, DAYS, SITES)]
    wants.append(book.header(WEEKLY, optional=True))
    stored = (
        sheet for sheet in book.ours(present) if is_raw_title(sheet.role or "") or sheet.role == AMENDMENTS
    )
    return wants + [Want(book.raw(sheet.role or "").made, raw_data.stored_areas) for sheet in stored]


def rebuild(workbook: Spreadsheet, period: ReviewPeriod, people: Sequence[Person] = ()) -> Rebuilt:
    """What makes the hidden worksheets agree with the raw data.

    Args:
        workbook: with the cells of `fact_wants`.
        period: whose days must have columns.
        people: HR's list, as far as ``Days`` may lack somebody's rows.
    """
    rebuilt = Rebuilt()
    punches = _punches(workbook, rebuilt)
    rebuilt.stored = punches.keys()
    rebuilt.newest |= sorted(punches, key=lambda place: (punches[place].punch.moment, place))
    index = _rebuild_index(workbook, period, punches, rebuilt)
    _rebuild_days(workbook, period, people, index, rebuilt)
    return rebuilt


@dataclass(frozen=True, slots=True)
class _Kept:
    """A punch of the raw data, or of the amendments."""

    punch: StoredPunch
    amended: bool

    @property
    def day(self) -> date:
        return self.punch.moment.date()

    @property
    def token(self) -> Token:
        return Token(seconds_of(self.punch.moment), self.punch.record_id, self.amended)


def _punches(workbook: Spreadsheet, rebuilt: Rebuilt) -> Mapping[_Place, _Kept]:
    """All punches that are stored.

    A raw row goes before an amendment, and a row that can be read before one that cannot.
    """
    found: dict[_Place, _Kept] = {}
    spoilt: list[tuple[UnreadableRow, bool]] = []
    for amended in (False, True):
        for worksheet in workbook.worksheets:
            if worksheet.role == AMENDMENTS if amended else is_raw_title(worksheet.role or ""):
                punches, unreadable = raw_data.stored(worksheet)
                for punch in punches:
                    found.setdefault(_place(punch), _Kept(punch, amended or punch.elsewhere))
                spoilt += [(row, amended) for row in unreadable]
    indexed = _indexed(workbook)
    for row, amended in spoilt:
        place = site_key(row.site), row.record_id
        if place in indexed:
            found.setdefault(place, replace(indexed[place], amended=amended))
        counts = COUNTS if place in found else "; the punch does not count until it is corrected"
        rebuilt.unreadable.append(f"{row}{counts}")
    rebuilt.gone += [indexed[place].punch for place in sorted(indexed.keys() - found.keys())]
    return found


def _place(punch: StoredPunch) -> _Place:
    return site_key(punch.labels.site), punch.record_id


def _indexed(workbook: Spreadsheet) -> Mapping[_Place, _Kept]:
    """What ``Punch Index`` says of each punch; of two places the one that `_settle` lets stand."""
    worksheet = workbook.find(PUNCH_INDEX)
    if worksheet is None:
        return {}
    index = PunchIndex(worksheet)
    found: dict[_Place, _Kept] = {}
    for labels, day in _places(index):
        for token in index.tokens(labels, day):
            punch = StoredPunch(labels, token.moment(day), token.record_id)
            found.setdefault(_place(punch), _Kept(punch, token.amended))
    return found


def _places(index: PunchIndex) -> list[tuple[Labels, date]]:
    """In the order in which a punch that stands twice is looked for."""
    # A row with a serial number goes before one without.
    return [(labels, day) for labels in sorted(index.rows, reverse=True) for day in index.columns]


def _rebuild_index(
    workbook: Spreadsheet, period: ReviewPeriod, punches: Mapping[_Place, _Kept], rebuilt: Rebuilt
) -> PunchIndex:
    dates = punch_index.dates_of(period.first_day, period.last_day)
    dates += sorted({kept.day for kept in punches.values()} - set(dates))
    worksheet = workbook.find(PUNCH_INDEX)
    if worksheet is None:
        made = punch_index.create(sorted(dates))
        rebuilt.differences.append(f"the worksheet {PUNCH_INDEX!r} was missing")
        worksheet = book.made(made)
    else:
        made = day_header.missing_days(worksheet, dates)
        if made:
            rebuilt.differences.append(f"{PUNCH_INDEX!r} lacked days")
        worksheet = after(worksheet, made)
    index = PunchIndex(worksheet)
    known = _settle(index, punches, rebuilt)
    missing: dict[tuple[Labels, date], list[Token]] = {}
    for place, kept in punches.items():
        if place not in known:
            missing.setdefault((kept.punch.labels, kept.day), []).append(kept.token)
            if workbook.find(PUNCH_INDEX) is not None:
                rebuilt.differences.append(f"{PUNCH_INDEX!r} lacked the punch {place[1]}")
    for (labels, day), tokens in missing.items():
        index.add(labels, day, tokens)
    rebuilt.changes += [*made, *index.changes()]
    return index


def _settle(index: PunchIndex, punches: Mapping[_Place, _Kept], rebuilt: Rebuilt) -> set[_Place]:
    """Take out of the index what is not stored, or not there; returns the punches that stand where they belong."""
    known: set[_Place] = set()
    for labels, day in _places(index):
        wrong = set()
        for token in index.tokens(labels, day):
            place = site_key(labels.site), token.record_id
            kept = punches.get(place)
            if kept is None or place in known or not _belongs(labels, day, token, kept):
                wrong.add(token.record_id)
                rebuilt.differences.append(
                    f"{PUNCH_INDEX!r} held the punch {token.record_id} where it does not belong"
                )
            else:
                known.add(place)
        if wrong:
            index.remove(labels, day, frozenset(wrong))
    return known


def _belongs(labels: Labels, day: date, token: Token, kept: _Kept) -> bool:
    wanted = kept.punch.labels
    return (
        (token, day) == (kept.token, kept.day)
        # Raw data of an older workbook does not tell the machine.
        and wanted.serial_number in ("", labels.serial_number)
        and (labels.user_id, labels.user_name) == (wanted.user_id, wanted.user_name)
        and site_key(labels.site) == site_key(wanted.site)
    )


def _rebuild_days(
    workbook: Spreadsheet,
    period: ReviewPeriod,
    people: Sequence[Person],
    index: PunchIndex,
    rebuilt: Rebuilt,
) -> None:
    sites = workbook.find(SITES)
    rules = {} if sites is None else rules_of(sites_sheet.read(sites))
    worksheet, near = workbook.find(DAYS), (period.first_day + timedelta(days=each) for each in range(-6, 7))
    there = {*near} if worksheet is None else {*day_header.columns_by_day(worksheet)}
    begins_on = weekly_summary.begins_on(workbook.find(WEEKLY), there)
    wanted = whole_weeks(period.first_day, period.last_day, begins_on)
    if worksheet is None:
        expected = of_period(people, period, index.rows)
        made = days_sheet.create(expected, sorted({*wanted, *_business_days(index, rules)}))
        rebuilt.differences.append(f"the worksheet {DAYS!r} was missing")
        days = Days(book.made(made))
    else:
        made = day_header.missing_days(worksheet, wanted)
        known = Days(worksheet)
        made += known.missing_rows()
        expected = of_period(people, period, index.rows)
        absent = [person for person in expected if person.key not in known.members]
        made += days_sheet.add_people(after(worksheet, made), absent)
        made += Days(after(worksheet, made)).recount()
        if made:
            rebuilt.differences.append(f"{DAYS!r} lacked days or rows")
        days = Days(after(worksheet, made))
    stored = Stored(index, People(days.members.values()), rules, days.plan)
    cells = days.differences(_facts(days, stored))
    employment = days.employment(people)
    rebuilt.differences += [
        f"{DAYS!r}, cell {cell_name(row, column)}: not what Cut Off Times says"
        for row, column in sorted(employment)
    ]
    if worksheet is not None:
        rebuilt.differences += [
            f"{DAYS!r}, cell {cell_name(row, column)}: not what the punches say"
            for row, column in sorted(cells)
        ]
    rebuilt.changes += [*made, *write_cells(days.worksheet.sheet_id, {**cells, **employment})]
    if any(PLAN in rows for rows in days.rows.values()):
        _put_days_right(workbook, days, stored, rebuilt)


def _put_days_right(workbook: Spreadsheet, days: Days, stored: Stored, rebuilt: Rebuilt) -> None:
    """The day that raw data names, of people whose days HR plans or planned once."""

    def day_of(punch: StoredPunch) -> date | None:
        member = stored.people.whose(punch.labels, punch.moment.date())
        if member is None or PLAN not in days.rows.get(member.key, {}):
            return None
        return stored.day_of(member.key, Punch(punch.moment, site_key(punch.labels.site)))

    for worksheet in workbook.worksheets:
        if is_raw_title(worksheet.role or ""):
            changes = raw_data.days_put_right(worksheet, day_of)
            count = sum(len(change.rows) for change in changes)
            rebuilt.changes += changes
            if count:
                rebuilt.differences.append(
                    f"{worksheet.title!r} named other days than the plan, in {count} rows"
                )


def _facts(days: Days, stored: Stored) -> Facts:
    times = {
        (key, day): stored.times(key, day, stored.punches(key, day))
        for key in days.members
        for day in days.columns
    }
    return Facts(times, {key: stored.seen(key) for key in days.members})


def _business_days(index: PunchIndex, rules: Mapping[str, SiteRules]) -> set[date]:
    return {
        business_day_of(Punch(token.moment(day), site_key(labels.site)), rules)
        for labels in index.rows
        for day in index.columns
        for token in index.tokens(labels, day)
        if not token.amended
    }
