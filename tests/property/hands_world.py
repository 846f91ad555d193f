"""HR at the spreadsheets of a small office, and what must be seen there; `test_backend_hands` says what befalls it.

The oracle knows punches, and what was typed: into Review Periods as it was meant, into the workbook as it stands there.
Nothing of the program's columns or state is in it.
"""

import csv
import tempfile
from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path

from attendance_backend.app.commands.export import export
from attendance_backend.app.commands.refresh import refresh
from attendance_backend.errors import UserError
from tests.integration.workbook_office import typed
from tests.integration.workbook_truth import Employee, Month
from tests.property.hands_office import JUNE, PEOPLE_HEADER, SITES, Edit, Hands, Office, punch
from tests.property.hands_seen import (
    CORRECTIONS,
    DAILY,
    MONTHLY,
    TOTALS,
    TYPED,
    WEEKLY,
    Look,
    corrections,
    differs,
    right,
    shown,
    typed_rows,
)

WEEK = "01 Jun - 07 Jun"
ROLES = (
    *("Exceptions", DAILY, WEEKLY, MONTHLY, CORRECTIONS, "Raw Data - berlin", "Raw Data - karachi"),
    *("Sites", "Guide", "Days", "Punch Index"),
)
RAW = "Raw Data - "
WORDS = {
    DAILY: {"Employee", "User Name", "Measure"},
    WEEKLY: {"Employee", "User Name", "Measure"},
    MONTHLY: {"Employee", "User Name"},
    CORRECTIONS: set(TYPED) | {"Status"},
    "Exceptions": {"When", "Who", "What"},
    "Guide": {"Grace (minutes)", "Finalised"},
    "Sites": {"Site", "Complete Through"},
}
RAW_WORDS = {"Timestamp", "Record ID"}
STAFF = {
    "ann": ("Ann Archer", "berlin"),
    "bob": ("Bob Baker", ""),
    "zoe": ("Zoe Young", "karachi"),
    "carl": ("Carl Cook", "berlin"),
}
NAMES = [name for name, _ in STAFF.values()]
PLACE = {"ann": "berlin", "bob": "berlin", "zoe": "karachi", "carl": "berlin", "guest": "berlin"}
"""Where somebody punches."""


@dataclass
class Rules:
    """By what a month counts.

    Attributes:
        cut_offs: seconds after midnight, or None; of those who are in HR's list.
        began, left: days that HR's list has.
    """

    grace_min: float = 0
    overtime_h: float = 8
    cut_offs: dict = field(default_factory=lambda: dict.fromkeys(("ann", "bob", "zoe"), 9 * 3600))
    began: dict = field(default_factory=dict)
    left: dict = field(default_factory=dict)
    holidays: tuple = ()

    def copy(self):
        return replace(self, cut_offs=dict(self.cut_offs), began=dict(self.began), left=dict(self.left))


@cache
def office():
    people = [
        (STAFF[user][0], f"{user}@example.com", 0.375, STAFF[user][1], None, None)
        for user in ("ann", "bob", "zoe")
    ]
    return Office(people)


class World:
    """One sequence.

    Attributes:
        listed: what HR's list and settings say, as meant.
        as_set: the same at the last visit.
        counts: by what the workbook counts: as set, or as typed into it.
        phase: "live", "closing" (yes is typed), "kept" (a visit has kept it), "opening" (yes is gone again).
        over: what was typed over a number that HR sees, by its key.
        problems: what the visit has told.
    """

    def __init__(self):
        self.office = office()
        self.office.begin()
        self.book, self.control = Hands(self.office), Hands(self.office, self.office.control_id)
        self.listed, self.as_set, self.counts = Rules(), Rules(), Rules()
        self.phase = "live"
        self.kept: dict = {}
        self.punches: dict[str, tuple] = {}
        self.late: set[str] = set()
        self.through: dict[str, date | None] = dict.fromkeys(SITES)
        self.over: dict = {}
        self.list = dict.fromkeys(("ann", "bob", "zoe"), (0.375, None, None))
        self.guide_spoilt = False
        self.sites_spoilt = False
        self.happened: Counter[str] = Counter()
        self.recall()

    # -- what people do

    def look(self, role, sheets=None):
        sheet = self.book.sheet(role, sheets)
        return (
            None
            if sheet is None
            else Look(sheet, RAW_WORDS if role.startswith(RAW) else WORDS.get(role, set()))
        )

    def recall(self):
        """Remember what stands typed, after people did something: from now on only people may change it."""
        look = self.look(CORRECTIONS)
        self.rows = [] if look is None else list(typed_rows(look).values())
        looks = {title: self.look(title) for title in (DAILY, WEEKLY, MONTHLY)}
        if self.over:
            seen = {} if None in looks.values() else shown(looks)[0]
            self.over = {
                key: value
                for key, value in self.over.items()
                if key in seen and not seen[key].computed and seen[key].value == value
            }

    def program(self, action, meanwhile=None):
        """Let the program do something; `meanwhile`, somebody edits after its so-many-th read of the workbook."""
        if meanwhile is not None:
            number, edit = meanwhile

            def look_over(entry, left=[number]):  # noqa: B006 - one for each call of this method
                if entry.kind == "read" and self.office.sheet_id in entry.path:
                    left[0] -= 1
                    if not left[0]:
                        edit()
                        self.recall()

            self.office.server.on_request = look_over
        try:
            result = action()
        finally:
            self.office.server.on_request = None
        self.nothing_typed_is_changed()
        self.each_punch_stands_once()
        return result

    def do(self, edit):
        """One of `EDITS`. Nobody takes away raw data, or in a finalised month what it says of that or of sites; or
        anything between the yes and the visit that keeps the month, which does not make it again.
        """
        is_kept = edit.role in ("Guide", "Sites") and self.phase != "live"
        if edit.destroys and (edit.role.startswith(RAW) or is_kept or self.phase == "closing"):
            return
        if self.book.sheet(edit.role) is None:
            return
        if edit.role == "Guide" and edit.destroys:
            self.guide_spoilt = True
        self.sites_spoilt |= edit.destroys and edit.role == "Sites"
        edit(self.book, self.first_row(edit.role))
        self.happened[edit.what] += 1
        self.recall()

    def first_row(self, role):
        """Below the headers."""
        look = self.look(role)
        return look.header + (3 if role in (DAILY, MONTHLY) else 1)

    def type_over(self, title, number, value):
        looks = {each: self.look(each) for each in (DAILY, WEEKLY, MONTHLY)}
        if None in looks.values():
            return
        keys = [
            key
            for key, each in shown(looks)[0].items()
            if key[0] == title and key[1] in NAMES and (each.computed or key in self.over)
        ]
        if keys and self.phase == "live":
            key = keys[number % len(keys)]
            row, column = shown(looks)[0][key].place
            self.book.put(title, row, column, value)
            self.over[key] = value
            self.happened["typed over"] += 1
            self.recall()

    def turn_round(self, title, word):
        """A column of labels upside down, while all else stays; then a visit, for numbers are found by labels here."""
        look = self.look(title)
        column = None if look is None else look.columns.get(word)
        if column is None:
            return
        rows = [row for row in range(self.first_row(title), look.end) if look.value(row, column) is not None]
        labels = [look.value(row, column) for row in rows]
        for row, label in zip(rows, reversed(labels), strict=True):
            self.book.put(title, row, column, label)
        self.happened["labels turned round"] += 1
        self.visit()

    def correct(self, cells):
        look, sheet = self.look(CORRECTIONS), self.book.sheet(CORRECTIONS)
        if look is None or not set(TYPED) <= look.columns.keys():
            return
        row = max(typed_rows(look), default=look.header) + 1
        if row < sheet.row_count:
            for word, value in zip(TYPED, cells, strict=True):
                if value is not None:
                    self.book.put(CORRECTIONS, row, look.columns[word], typed(value))
            self.happened["corrected"] += 1
            self.recall()

    def empty_correction(self, number):
        look = self.look(CORRECTIONS)
        rows = [] if look is None else list(typed_rows(look))
        if rows:
            for word in TYPED:
                if word in look.columns:
                    self.book.put(CORRECTIONS, rows[number % len(rows)], look.columns[word], None)
            self.recall()

    def type_into_guide(self, setting, name, value, meant):
        """What is typed into the workbook counts there alone; numbers only; for all else, what is set does."""
        if self.setting(setting) is None:
            return
        self.visited_as_listed()
        place = self.setting(setting)
        self.book.put("Guide", place[0], place[1], value)
        setattr(self.counts, name, meant if isinstance(value, float) else getattr(self.as_set, name))

    def setting(self, name):
        """Row and column of a value of Guide, as people find it: right of the name."""
        look = self.look("Guide")
        if look is None:
            return None
        for row, column in sorted(look.cells):
            if look.value(row, column) == name:
                return next(
                    (
                        (row, right)
                        for right in range(column + 1, column + 8)
                        if look.value(row, right) is not None
                    ),
                    None,
                )
        return None

    def type_cut_off(self, user, value, meant):
        self.visited_as_listed()
        look = self.look(WEEKLY)
        row = (
            None
            if look is None
            else next(
                (
                    row
                    for row in look.rows()
                    if look.at(row, "Employee") == STAFF[user][0] and look.at(row, "Cut Off Time") is not None
                ),
                None,
            )
        )
        if row is not None:
            self.book.put(WEEKLY, row, look.columns["Cut Off Time"], value)
            self.counts.cut_offs[user] = meant if isinstance(value, float) else self.as_set.cut_offs[user]

    def finalise(self, yes):
        place = self.setting("Finalised")
        if place is None or str(self.look("Guide").value(*place)).lower() not in ("yes", "no"):
            return
        if self.phase == "live" and (self.listed != self.as_set or self.guide_spoilt or self.sites_spoilt):
            self.visit()  # whether a site's first report of the day has brought it in nobody can tell
            place = self.setting("Finalised")
        self.book.put("Guide", place[0], place[1], "yes" if yes else "no")
        steps = {
            ("live", True): "closing",
            ("closing", False): "live",
            ("kept", False): "opening",
            ("opening", True): "kept",
        }
        self.phase = steps.get((self.phase, yes), self.phase)
        self.happened["finalised" if yes else "opened"] += 1

    # -- what HR keeps in Review Periods

    def visited_as_listed(self):
        """Before what nobody understands, what is listed is seen once: a good value that no visit saw never counts."""
        if self.listed != self.as_set:
            self.visit()

    def set_rules(self, grace, overtime):
        """Each a value as typed, and what it means; `...` where nobody knows, and what counted goes on."""
        if ... in (grace[1], overtime[1]):
            self.visited_as_listed()
        rows = [("Grace (minutes)", "", grace[0]), ("Overtime beyond (hours a day)", "", overtime[0])]
        self.control.keep("Settings", [("Setting", "Site", "Value"), *rows])
        for name, (_, meant) in (("grace_min", grace), ("overtime_h", overtime)):
            if meant is not ...:
                setattr(self.listed, name, meant)

    def list_cut_off(self, user, value, meant):
        if meant is ...:
            self.visited_as_listed()
        else:
            self.listed.cut_offs[user] = meant
        self.list[user] = value, *self.list[user][1:]
        self.keep_list()

    def list_employment(self, user, began, left):
        self.list[user] = self.list[user][0], began, left
        for of, day in ((self.listed.began, began), (self.listed.left, left)):
            of.pop(user, None)
            if day:
                of[user] = day
        self.keep_list()

    def hire(self, began):
        self.list.setdefault("carl", (0.375, None, None))
        self.listed.cut_offs["carl"] = 32_400
        self.list_employment("carl", began, None)

    def keep_list(self):
        rows = [
            (STAFF[user][0], f"{user}@example.com", cut_off, STAFF[user][1], began, left)
            for user, (cut_off, began, left) in self.list.items()
        ]
        self.control.keep("Cut Off Times", [PEOPLE_HEADER, *rows])

    # -- what the program does

    def delivered(self, action, meanwhile):
        """Pub/Sub delivers a message again that a function refused, as a worksheet is gone until the next visit."""
        try:
            return self.program(action, meanwhile)
        except UserError:
            self.happened["redelivered"] += 1
            self.program(self.office.tick)
            if self.phase != "live":  # that visit has kept the month, or opened it
                self.visited()
            else:
                self.does_as_it_is_told(self.office.problems())
            return self.program(action)

    def punch(self, user, moments, meanwhile=None):
        site = PLACE[user]
        moments = [each for each in moments if site == "berlin" or each.date() <= JUNE.last_day]
        if not moments:
            return
        records = [punch(user, moment, site) for moment in moments]
        reply = self.delivered(lambda: self.office.store(site, records), meanwhile)
        assert set(reply.confirmed) == {record.identity for record in records}
        for record in records:
            if record.identity not in self.punches and self.phase != "live":
                self.late.add(record.identity)
            self.punches.setdefault(record.identity, (user, site, record.timestamp))
        self.each_punch_stands_once()

    def report(self, site, through, meanwhile=None):
        through = max(through, self.through[site] or through)
        self.delivered(lambda: self.office.report(site, through), meanwhile)
        self.through[site] = through

    def visit(self, meanwhile=None):
        self.hear_of_sites()
        self.program(self.office.tick, meanwhile)
        if meanwhile is not None:
            self.program(self.office.tick)
        self.visited()

    def hear_of_sites(self):
        """How far data is complete only the sites know, which report each quarter of an hour."""
        if self.sites_spoilt:
            try:
                for site, through in self.through.items():
                    self.program(lambda site=site, through=through: self.office.report(site, through))
            except UserError:
                return  # the visit says why, and the sites report again
            self.sites_spoilt = False

    def refresh(self):
        self.hear_of_sites()
        lines = []
        self.program(lambda: refresh(self.office.backend, JUNE.name, lines.append))
        count = self.program(lambda: refresh(self.office.backend, JUNE.name, lines.append))
        assert count == 0, lines
        self.visited(lines)

    def visited(self, lines=None):
        """A visit or a refresh brings in what HR changed, and all that is seen is right, or told."""
        was = self.phase
        if was == "opening":
            self.phase = "live"
        if self.phase == "live":
            self.guide_spoilt = False
            self.sync()
        if was == "closing":
            self.phase = "kept"
        said = [*self.office.problems(), *(lines or ())]
        if self.does_as_it_is_told(said):
            return
        self.everything_is_right_or_told(said, first=was == "closing")

    def does_as_it_is_told(self, said):
        """Where only people can mend something, what they are told mends it: all is judged at the visit after that."""
        lost = [
            title
            for title in (DAILY, WEEKLY, MONTHLY)
            if any(f"the worksheet {title!r} has lost its column" in line for line in said)
        ]
        cannot = [line for line in said if "cannot be finalised" in line and "empty the cell" in line]
        if not lost and not cannot:
            return False
        assert all("or delete the worksheet" in line for line in said if "has lost its column" in line)
        if self.phase != "live":
            place = self.setting("Finalised")
            assert place is not None
            self.book.put("Guide", place[0], place[1], None)
            self.phase = "live"
        for title in lost:
            self.do(Edit("drop", title, 0, 0, 1))
        self.happened["did as it was told"] += 1
        self.visit()
        return True

    def sync(self):
        """What was changed in Review Periods counts, unless something else was typed into the workbook."""
        for name in ("grace_min", "overtime_h"):
            now, before = getattr(self.listed, name), getattr(self.as_set, name)
            if now != before and getattr(self.counts, name) == before:
                setattr(self.counts, name, now)
        for user, now in self.listed.cut_offs.items():
            if (
                user not in self.as_set.cut_offs
                or self.counts.cut_offs.get(user) == self.as_set.cut_offs[user]
            ):
                self.counts.cut_offs[user] = now
        self.counts.began, self.counts.left = dict(self.listed.began), dict(self.listed.left)
        self.counts.holidays = self.listed.holidays
        self.as_set = self.listed.copy()

    # -- what must be seen

    def month(self, looks, rules):
        month = Month(
            JUNE.first_day,
            JUNE.last_day,
            [
                replace(site, complete_through=self.through[name], heard=datetime(2026, 6, 1))
                for name, site in SITES.items()
            ],
            [],
            grace_min=rules.grace_min,
            overtime_h=rules.overtime_h,
        )
        month.holidays = list(rules.holidays)
        for user, (name, site) in STAFF.items():
            if user in rules.cut_offs:
                cut_off = rules.cut_offs[user]
                month.employees.append(
                    Employee(
                        name,
                        user,
                        None if cut_off is None else (datetime.min + timedelta(seconds=cut_off)).time(),
                        site,
                        punches=tuple(
                            (where, moment)
                            for identity, (whose, where, moment) in self.punches.items()
                            if whose == user and identity not in self.late
                        ),
                        began=rules.began.get(user),
                        left=rules.left.get(user),
                    )
                )
        month.corrections = corrections(looks[CORRECTIONS])
        users = {name: user for user, (name, _) in STAFF.items()}
        for (title, who, label, what), value in self.over.items():
            if title == DAILY:
                number = isinstance(value, int | float)
                month.typed[users[who], label, what] = round(value * 86_400) if number else value
        return month

    def everything_is_right_or_told(self, said, first=False):
        sheets = self.office.computed()
        looks = {role: self.look(role, sheets) for role in ROLES}
        missing = [role for role, look in looks.items() if look is None]
        assert not missing, f"{missing} are gone"
        seen, wrong = shown(looks)
        if self.phase == "kept" and not first:
            self.nothing_paid_has_changed(seen, looks)
            return
        wanted, statuses = right(self.month(looks, self.counts), WEEK)
        has_total = any(key[3] == "Total" for key in seen)  # a column that people may remove
        wrong += [
            f"{key}: not there" for key in wanted if key not in seen and (has_total or key[3] != "Total")
        ]
        skipped = self.follow_what_is_typed_over()
        for key, each in seen.items():
            wrong += self.judged(key, each, wanted, said, is_skipped=key in skipped)
        look = looks[CORRECTIONS]
        if self.phase == "live":
            wrong += [
                f"Status of row {row + 1}: shows {stands!r}, should be {statuses[row - 1]!r}"
                for row in typed_rows(look)
                if (stands := look.at(row, "Status")) != statuses[row - 1]
            ]
        assert not wrong, "\n".join([*wrong[:12], f"({len(wrong)})", *said])
        if first:
            self.happened["kept"] += 1
            self.kept = {key: each.value for key, each in seen.items()}

    def judged(self, key, each, wanted, said, *, is_skipped):
        """What is wrong with a number that HR sees."""
        if key[3] == "Cut Off Time":
            return
        if key in self.over:
            told = [line for line in said if each.cell.split("!")[1] in line]
            if not told and self.phase != "kept":
                yield f"{each} is typed over, and nobody told"
        elif not each.computed and each.value is not None and self.phase == "live":
            yield f"{each}: a value, where nobody typed one"
        elif key not in wanted:
            if each.value is not None:
                yield f"{each}: what is it?"
        elif not is_skipped and differs(key, each.value, wanted[key]):
            yield f"{key}: shows {each.value!r}, should be {wanted[key]!r}"

    def follow_what_is_typed_over(self):
        """Keys of numbers that are made of what was typed over another one of their worksheet, which is told there."""
        skipped = set()
        for title, who, label, what in self.over:
            if title == WEEKLY:
                skipped |= {(WEEKLY, who, label, "Total"), (MONTHLY, who, "", "Penalties")}
            elif title == MONTHLY and isinstance(what, date):
                skipped |= {
                    (MONTHLY, who, "", word)
                    for word in ("Days Present", "Late", "Absent", "On Leave", "Incomplete")
                }
        return skipped

    def nothing_paid_has_changed(self, seen, looks):
        since = self.look("Since Finalised")
        lines = [] if since is None else [str(since.value(row, column)) for row, column in since.cells]
        wrong = []
        for key, value in self.kept.items():
            if key not in seen:
                if not any("gone" in line for line in lines):
                    wrong.append(f"{key} is gone, and nobody told")
            elif seen[key].value != value and not any("reads" in line for line in lines):
                wrong.append(f"{key}: shows {seen[key].value!r}, and was {value!r}")
        assert not wrong, "\n".join([*wrong[:12], *lines])

    def nothing_typed_is_changed(self):
        look = self.look(CORRECTIONS)
        if look is not None and self.rows:
            assert list(typed_rows(look).values()) == self.rows
        if self.over:
            looks = {title: self.look(title) for title in (DAILY, WEEKLY, MONTHLY)}
            if None not in looks.values():
                seen = shown(looks)[0]
                changed = {
                    key: seen.get(key)
                    for key, value in self.over.items()
                    if key not in seen or seen[key].value != value
                }
                assert not changed, changed

    def each_punch_stands_once(self):
        there = Counter()
        for sheet in self.office.sheets():
            role = next(
                (role for role, title in self.book.titles.items() if title == sheet.title), sheet.title
            )
            if (role.startswith(RAW) or role == "Amendments") and not sheet.title.startswith("Copy"):
                look = Look(sheet, RAW_WORDS)
                there.update(
                    str(look.at(row, "Record ID")) for row in look.rows() if look.at(row, "Record ID")
                )
        doubled = [identity for identity, number in there.items() if number > 1]
        assert not doubled, doubled
        lost = self.punches.keys() - there.keys()
        assert not lost, [self.punches[identity] for identity in lost]

    def exports(self):
        """What payroll gets is right, or marked."""
        sheets = self.office.computed()
        looks = {role: self.look(role, sheets) for role in ROLES}
        with tempfile.TemporaryDirectory() as folder:
            try:
                result = export(self.office.backend, JUNE.name, "csv", Path(folder) / "pay.csv")
            except UserError as error:
                return str(error)
            people, days = (_read(Path(folder) / name) for name in ("pay.csv", "pay-days.csv"))
        if self.phase in ("kept", "opening") or looks[CORRECTIONS] is None:
            return None
        rules = self.counts.copy()
        for name in ("began", "left", "holidays"):
            setattr(rules, name, getattr(self.listed, name))
        return self.export_is_right_or_marked(people, days, looks, result)

    def export_is_right_or_marked(self, people, days, looks, result):
        if any(line.startswith(("this workbook", "Guide")) for line in result.doubts):
            return
        was = self.counts, self.as_set
        self.counts, self.as_set = self.counts.copy(), self.as_set.copy()
        if self.phase == "live":
            self.sync()
        wanted, _ = right(self.month(looks, self.counts), WEEK)
        self.counts, self.as_set = was
        assert len(people) == len({row["User Name"] for row in people})
        wrong = [*_people_wrong(people, wanted), *_days_wrong(days, wanted, result.doubts)]
        assert not wrong, "\n".join([*wrong[:12], *result.doubts])
        absent = {STAFF[user][0] for user in self.counts.cut_offs} - {row["Employee"] for row in people}
        assert not absent or result.doubts, f"{absent} are not in the export"


def _people_wrong(people, wanted):
    minutes = {"Hours": "Minutes", "Overtime": "Overtime Minutes"}
    for row in people:
        for word in TOTALS:
            right_one = wanted.get((MONTHLY, row["Employee"], "", word))
            if row["Doubts"] or right_one is None:
                continue
            value = float(row[minutes.get(word, word)] or "nan") * (60 if word in minutes else 1)
            if not abs(value - right_one) <= 0.01:  # nor a blank
                yield f"export, {row['Employee']}, {word}: {value}, should be {right_one}"


def _days_wrong(days, wanted, doubts):
    for row in days:
        who, day = row["Employee"], date.fromisoformat(row["Date"])
        hours, word = wanted.get((DAILY, who, "Hours Worked", day)), wanted.get((MONTHLY, who, "", day))
        if row["Doubts"] or any(line.startswith(who) for line in doubts):
            continue
        if isinstance(hours, int | float) and row["Minutes"] != f"{round(hours / 60)}":
            yield f"export, {who}, {day}: {row['Minutes']} minutes, should be {hours / 60}"
        if (row["State"] or None) != word:
            yield f"export, {who}, {day}: {row['State']!r}, should be {word!r}"


def _read(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))
