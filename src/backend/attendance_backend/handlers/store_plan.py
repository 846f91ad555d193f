"""What storing the new records of messages to one workbook changes in it: pure logic, no calls."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import NamedTuple

from attendance_backend.domain.days import Flag, Punch, rules_of_day
from attendance_backend.domain.people import Labels, Member, People, Person, Seen, site_key, user_key
from attendance_backend.handlers import bounds
from attendance_backend.handlers.store_read import Book
from attendance_backend.review import book, exceptions_sheet, raw_data, rules, sites_sheet
from attendance_backend.review.days_sheet import Facts
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.facts import Stored, UserDay
from attendance_backend.review.names import SITES, raw_title
from attendance_backend.review.punch_index import Token
from attendance_backend.sheet import placing
from attendance_backend.sheet.changes import Change
from attendance_backend.sheet.grid import Worksheet
from attendance_contracts import AttendanceRecord, StoreAttendRecords

_FLAGGED = {
    Flag.DOUBLE_TAP: exceptions_sheet.double_tap,
    Flag.AMBIGUOUS_HOUR: exceptions_sheet.ambiguous_hour,
    Flag.TWO_TIME_ZONES: exceptions_sheet.two_time_zones,
}


class New(NamedTuple):
    """A record that is not stored yet, and the message that brought it."""

    record: AttendanceRecord
    part: StoreAttendRecords
    labels: Labels


def strangers(book: Book, new: Sequence[New]) -> list[Labels]:
    """The labels of the new records that are nobody's in the workbook."""
    people = People(book.days.members.values())
    found = dict.fromkeys((labels, record.timestamp.date()) for record, _, labels in new)
    return [*dict.fromkeys(labels for labels, day in found if people.whose(labels, day) is None)]


class _Arrival(NamedTuple):
    """A new record, and whose it is; None for a stranger's."""

    record: AttendanceRecord
    part: StoreAttendRecords
    labels: Labels
    member: Member | None


class Storing:
    """New records on their way into the workbook.

    Args:
        book: with all columns of the index if there are hires.
        new: each once; of messages to this workbook.
        hires: people who are to get their rows with these records.
    """

    def __init__(
        self,
        book: Book,
        new: Sequence[New],
        hires: Sequence[Person] = (),
    ) -> None:
        self._book = book
        self._hired = People.of(hires).members
        self._people = People([*book.days.members.values(), *self._hired.values()])
        self._new = self._arrivals(new)
        self._stored = Stored(book.index, self._people, book.rules, book.days.plan)
        self._entries: list[Entry] = []
        self.facts = Facts()
        """What the punches say of the people and days that the records touch, and of the hires."""

    def amend(self, worksheet: Worksheet | None) -> list[Change]:
        """Changes for a period that HR has finalised.

        Args:
            worksheet: ``Amendments`` as `placing.append` needs it; None when it is to be made.
        """
        self._index_records(amended=True)
        made = [] if worksheet is not None else raw_data.AMENDMENTS_LAYOUT.create(2)
        where = book.made(made) if worksheet is None else worksheet
        for arrivals in self._by_site().values():
            when, site = min(new.record.timestamp for new in arrivals), arrivals[0].part.location
            self._entries.append(exceptions_sheet.amended(when, site, len(arrivals)))
        return [
            *made,
            *placing.append(where, self._rows(self._new)),
            *self._book.index.changes(),
            *self._told(),
        ]

    def changes(self) -> list[Change]:
        """Changes for an open period, the rows of the hires left out."""
        touched = self._touched()
        self._report_strangers()
        self._report_moved_machines()
        self._index_records(amended=False)
        days = {*touched, *((key, day) for key in self._hired for day in self._stored.days_of(key))}
        punches = {(key, day): self._stored.punches(key, day) for key, day in sorted(days)}
        self._report_flags(touched, punches)
        self._report_hires()
        times = {(key, day): self._stored.times(key, day, found) for (key, day), found in punches.items()}
        self.facts = Facts(times, self._seen())
        return [
            *(
                change
                for arrivals in self._by_site().values()
                for change in placing.append(
                    self._book.worksheet(raw_title(arrivals[0].part.location)), self._rows(arrivals)
                )
            ),
            *self._book.index.changes(),
            *self._book.days.changes(self.facts),
            *self._told(),
        ]

    def _arrivals(self, found: Sequence[New]) -> list[_Arrival]:
        owners: dict[tuple[Labels, date], Member | None] = {}
        arrivals = []
        for record, part, labels in found:
            at = labels, record.timestamp.date()
            if at not in owners:
                owners[at] = self._people.whose(*at)
            arrivals.append(_Arrival(record, part, labels, owners[at]))
        return arrivals

    def _by_site(self) -> dict[str, list[_Arrival]]:
        sites: dict[str, list[_Arrival]] = {}
        for new in self._new:
            sites.setdefault(site_key(new.part.location), []).append(new)
        return sites

    def _touched(self) -> dict[UserDay, list[Punch]]:
        """The days that get new punches, and these."""
        touched: dict[UserDay, list[Punch]] = {}
        for record, part, _, member in self._new:
            if member is not None:
                punch = Punch(record.timestamp, site_key(part.location))
                touched.setdefault((member.key, self._stored.day_of(member.key, punch)), []).append(punch)
        return touched

    def _index_records(self, *, amended: bool) -> None:
        tokens: dict[tuple[Labels, date], list[Token]] = {}
        for record, _, labels, _ in self._new:
            tokens.setdefault((labels, record.timestamp.date()), []).append(Token.of(record, amended=amended))
        for (labels, day), found in tokens.items():
            self._book.index.add(labels, day, found)
            self._stored.note(labels)

    def _rows(self, arrivals: Sequence[_Arrival]) -> list[raw_data.Row]:
        rows = []
        for record, part, _, member in arrivals:
            employee = raw_data.user_id_label(record) if member is None else member.employee
            punch = Punch(record.timestamp, site_key(part.location))
            is_planned = member is not None and member.key in self._book.days.planned
            day = self._stored.day_of(member.key, punch) if member is not None and is_planned else None
            rows.append(raw_data.row_of(record, employee, part.location, part.day_boundary, day))
        return rows

    def _seen(self) -> Mapping[str, Seen]:
        """Where everybody in the messages was seen last: now, or before."""
        seen: dict[str, Seen] = {}
        for record, _, labels, member in self._new:
            if member is not None:
                known = seen.get(member.key, member.seen) or Seen(record.timestamp, labels.site)
                seen[member.key] = max(known, Seen(record.timestamp, labels.site))
        earlier = {key: self._stored.seen(key) for key in self._hired}
        return {**seen, **{key: found for key, found in earlier.items() if found is not None}}

    def _report_strangers(self) -> None:
        """Each user whom nobody knows, with the row of the index that is made: so it is told once."""
        reported = set(self._book.index.rows)
        told = Counter(site_key(labels.site) for labels in reported if not self._people.owners(labels))
        for record, part, labels, member in sorted(self._new, key=lambda new: new.record.timestamp):
            if labels in reported or member is not None:
                continue
            reported.add(labels)
            told[site_key(part.location)] += 1
            if told[site_key(part.location)] > bounds.MOST_STRANGERS:
                continue
            where = record.timestamp, part.location
            if labels.user_name:
                user = user_key(labels.user_name)
                self._entries.append(exceptions_sheet.unknown_user(*where, labels.user_name, user))
            else:
                self._entries.append(exceptions_sheet.unnamed_user(*where, record.user_id))

    def _report_moved_machines(self) -> None:
        """Each with the first punches that it brings: later ones find its rows in the index."""
        told = {(labels.serial_number, site_key(labels.site)) for labels in self._book.index.rows}
        for record, part, labels, _ in self._new:
            machine = labels.serial_number, site_key(part.location)
            if machine in told:
                continue
            if others := sorted({*self._book.index.sites_of(record)}):
                told.add(machine)
                self._entries.append(
                    exceptions_sheet.moved_machine(
                        record.timestamp, part.location, " and ".join(others), record.serial_number
                    )
                )

    def _report_hires(self) -> None:
        for member in self._hired.values():
            own = (new for new in self._new if new.member == member)
            first = min(own, key=lambda new: new.record.timestamp)
            self._entries.append(
                exceptions_sheet.hired(
                    first.record.timestamp, first.part.location, member.employee, member.key
                )
            )

    def _report_flags(
        self, touched: Mapping[UserDay, Collection[Punch]], punches: Mapping[UserDay, Collection[Punch]]
    ) -> None:
        """What was not worth a look on a day before these records: it never ceases to be, and so is told once.

        Args:
            touched: the new punches.
            punches: all of them.
        """
        names = {site_key(name): name for name in self._book.index.sites()}
        for (key, day), found in punches.items():
            member = self._people.members[key]
            flags = self._stored.flags(key, day, found)
            # Whoever holds the key of one site can write punches of anybody: HR is to see those of other sites' people.
            others = {punch.site for punch in found} - {member.home} if member.home else set()
            if (flags or others) and key not in self._hired:
                earlier = list((Counter(found) - Counter(touched[key, day])).elements())
                flags -= self._stored.flags(key, day, earlier)
                others -= {punch.site for punch in earlier}
            for other in sorted(others):
                where = day, names.get(other, other), member.employee, key
                self._entries.append(exceptions_sheet.elsewhere(*where, home=member.home))
            for flag in sorted(flags):
                site, _ = rules_of_day(found, member.home, self._book.rules)
                self._entries.append(_FLAGGED[flag](day, names.get(site, site), member.employee, key))

    def _told(self) -> list[Change]:
        sites, parts = self._book.worksheet(SITES), self._by_site()
        rows = sites_sheet.read(sites, parts.keys())
        told = {
            arrivals[0].part.location: rules.told(arrivals[0].part, rows.get(key))
            for key, arrivals in parts.items()
        }
        changes = sites_sheet.cells_of(sites, {site: values for site, values in told.items() if values})
        return [*changes, *book.tell(self._book.read, self._entries)]
