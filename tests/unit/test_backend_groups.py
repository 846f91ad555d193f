"""Workbook groups: a period has one workbook a group, a person is in one of them, and nothing is lost between them."""

from datetime import UTC, date, datetime, time, timedelta

import pytest

from attendance_backend.app.commands.export import export
from attendance_backend.app.commands.share import share
from attendance_backend.control.reading import read_control
from attendance_backend.errors import LayoutError
from attendance_backend.handlers import routing, watch
from attendance_backend.handlers.dispatch import handle
from attendance_backend.handlers.store_records import FORGOTTEN
from attendance_backend.handlers.together import handle_together
from attendance_backend.review.names import drive_properties
from attendance_backend.sheet import serial
from attendance_contracts import (
    CreateReviewSheet,
    GetReviewPeriod,
    Outcome,
    ReviewPeriod,
    StoreAttendRecords,
    Watch,
)
from tests.fakes_backend import Crash, World
from tests.health_message import health_message
from tests.review_book import punch

WEEK = ReviewPeriod("November 2026", date(2026, 11, 2), date(2026, 11, 8))
NEXT = ReviewPeriod("December 2026", date(2026, 11, 9), date(2026, 11, 15))
YEAR = [
    ("Month", "Start Date", "End Date"),
    ("November", "2026-11-02", "2026-11-08"),
    ("December", "2026-11-09", "2026-11-15"),
]
ROSTER = ("Name", "Email", "Cut Off Time", "Site")
ANN, BOB = ("Ann Archer", "ann@example.com", 0.375, "berlin"), ("Bob Baker", "bob@example.com", 0.375, "lyon")
NOBODYS = ("Zoe Young", "zoe@example.com", 0.375, None)
SITES = {"berlin": "North", "hamburg": "north", "lyon": "South"}


class Company:
    """Three sites in two groups."""

    def __init__(self, sites=SITES, people=(ANN, BOB)):
        self.world = World()
        self.world.type_worksheet("2026", YEAR)
        self.keeps(*people)
        self.registers(sites)

    @property
    def backend(self):
        return self.world.backend

    def keeps(self, *people):
        self.world.type_worksheet("Cut Off Times", [ROSTER, *people])

    def registers(self, sites):
        header = ("Site", "First Day", "Time Zone", "Day Boundary", "Workbook Group")
        first = serial.from_date(WEEK.first_day)
        rows = [(site, first, "Europe/Berlin", 4 / 24, group) for site, group in sites.items()]
        self.world.type_worksheet("Registered Sites", [header, *rows])

    def later(self, **passed):
        self.world.clock.moment += timedelta(**passed)
        return self

    def create(self, site, period=WEEK):
        return handle(CreateReviewSheet(location=site, request_id="r", period=period), self.backend).sheet_id

    def message(self, site, *records, sheet_id="any", period=WEEK, other_sheets=()):
        return StoreAttendRecords(
            location=site,
            request_id="r",
            sheet_id=sheet_id,
            period=period,
            time_zone="Europe/Berlin",
            day_boundary=time(4),
            records=records,
            routed=True,
            other_sheets=other_sheets,
        )

    def store(self, site, *records, **options):
        return handle(self.message(site, *records, **options), self.backend)

    def tells(self, site, through, sheet_id="any"):
        message = health_message(
            location=site,
            sheet_id=sheet_id,
            period=WEEK,
            at=datetime.combine(through, time(9)) + timedelta(days=1),
            complete_through=through,
        )
        handle(message, self.backend)

    def tick(self):
        handle(Watch(), self.later(minutes=15).backend)

    def books(self):
        return {book.title.removeprefix("Attendance Review - "): book for book in self.world.review_books()}

    def where(self, *, counting=True):
        """In which workbooks the punches stand that count, by their IDs."""
        found = {}
        for title, book in self.books().items():
            for sheet in book.sheets:
                for row in sheet.rows()[1:] if sheet.title.startswith("Raw Data - ") else ():
                    if len(row) > 8 and row[8] and counting != str(row[3]).startswith("counts in"):
                        found.setdefault(row[8], []).append((title, sheet.title))
        return found

    def people(self, title):
        rows = self.books()[title].sheet("Monthly Summary").rows()[1:]
        return [row[0] for row in rows if row and isinstance(row[0], str)]

    def site(self, title, site):
        sheet = self.books()[title].sheet("Sites")
        return next(row for row in sheet.rows()[1:] if row[0] == site)


NORTH, SOUTH = f"{WEEK.name} - North", f"{WEEK.name} - South"


def test_each_group_has_a_workbook_and_its_people():
    company = Company()
    ids = {site: company.create(site) for site in SITES}
    assert ids["berlin"] == ids["hamburg"] != ids["lyon"]
    assert company.books().keys() == {NORTH, SOUTH}
    assert (company.people(NORTH), company.people(SOUTH)) == (["Ann Archer"], ["Bob Baker"])
    rows = company.world.control.sheet("Review Sheets").rows()
    assert [(row[0], row[1], row[5]) for row in rows[1:]] == [
        (WEEK.name, ids["berlin"], "North"),
        (WEEK.name, ids["lyon"], "South"),
    ]
    assert ids == {site: company.create(site) for site in SITES}


def test_a_persons_punches_go_home_from_wherever_they_are_made_and_a_strangers_stay():
    company = Company()
    ann, bob, stranger = (punch(user, "2026-11-03 09:00") for user in ("ann", "bob", "eve"))
    reply = company.store("berlin", ann, bob, stranger)
    assert {answer.outcome for answer in reply.answers} == {Outcome.STORED}
    assert company.where() == {
        ann.identity: [(NORTH, "Raw Data - berlin")],
        bob.identity: [(SOUTH, "Raw Data - berlin")],
        stranger.identity: [(NORTH, "Raw Data - berlin")],
    }
    again = company.store("berlin", ann, bob, stranger)
    assert sorted(again.confirmed) == sorted(each.identity for each in (ann, bob, stranger))
    assert all(len(places) == 1 for places in company.where().values())
    marks = [row for row in company.books()[SOUTH].sheet("Exceptions").rows()[1:] if "Bob Baker" in row]
    assert any("lyon" in str(row) for row in marks), "punched elsewhere than at the Site"


@pytest.mark.parametrize("before", [None, "bob", "ann", "eve"])
@pytest.mark.parametrize("now", [None, "bob", "ann", "eve"])
@pytest.mark.parametrize("is_same_process", [True, False])
def test_a_punch_that_is_read_once_more_under_another_name_counts_where_it_was_first(
    before, now, is_same_process
):
    """A machine gives no names for a while, or its user is renamed; and a Pi with a new card sends its log again."""
    company = Company()
    company.store("lyon", punch("bob", "2026-11-02 09:00"), punch("eve", "2026-11-02 09:00"))
    company.store("berlin", punch("ann", "2026-11-02 09:00"), punch("bob", "2026-11-02 09:00"))
    first, again = (punch(name, "2026-11-03 09:00", user_id="7") for name in (before, now))
    (stored,) = company.store("berlin", first).answers
    there = company.where()[first.identity]
    if not is_same_process:
        company.backend.remembered.clear()
    # Beside one that is new, as the machine's log holds more by then.
    new = punch("bob", "2026-11-04 09:00")
    # Days later the workbooks are looked at anew; within a minute what was stored is remembered.
    passed = {"seconds": 1} if is_same_process else {"days": 2}
    answers = company.later(**passed).store("berlin", new, again).answers
    assert {answer.sheet_id for answer in answers if first.identity in answer.identities} == {stored.sheet_id}
    assert company.where()[first.identity] == there
    assert company.where()[new.identity] == [(SOUTH, "Raw Data - berlin")]
    company.tick()
    assert company.where()[first.identity] == there


def test_a_guest_who_is_known_costs_no_further_read():
    company = Company()
    for hour in ("09:00", "12:00"):
        company.store("berlin", punch("ann", f"2026-11-03 {hour}"), punch("bob", f"2026-11-03 {hour}"))
    company.world.effects.reads = 0
    company.store("berlin", punch("ann", "2026-11-03 17:00"), punch("bob", "2026-11-03 17:00"))
    assert company.world.effects.reads == 2


def test_a_batch_of_several_groups_is_stored_in_one_write_a_workbook():
    company = Company()
    for site in SITES:
        company.create(site)
    records = {site: punch(user, "2026-11-03 09:00") for site, user in (("berlin", "ann"), ("lyon", "bob"))}
    messages = [company.message(site, record) for site, record in records.items()]
    messages.append(company.message("hamburg", punch("ann", "2026-11-04 09:00", serial_number="SN9")))
    routing.read(company.backend)
    company.world.effects.count = 0
    replies = answered(messages, company)
    assert all(reply.confirmed for reply in replies)
    assert company.world.effects.count == 2
    assert len(company.where()) == 3


@pytest.mark.parametrize("with_its_row", [True, False])
def test_a_site_is_told_of_another_groups_workbook_that_is_gone(with_its_row):
    company = Company()
    ann, bob, later = (
        punch(*of) for of in (("ann", "2026-11-03 09"), ("bob", "2026-11-03 09"), ("ann", "2026-11-04 09"))
    )
    own, other = (answer.sheet_id for answer in company.store("berlin", ann, bob).answers)
    asked = {"sheet_id": own, "other_sheets": (other, FORGOTTEN)}
    assert company.store("berlin", later, **asked).others_gone == ()

    del company.world.spreadsheets.books[other]
    # While its row is there nothing could be stored in another one; whoever writes to it hears of it.
    assert company.store("berlin", bob, **asked).others_gone == (other,)
    assert company.store("hamburg", later, **asked).others_gone == ()
    if with_its_row:
        recorded = company.world.control.sheet("Review Sheets")
        for column in range(6):
            recorded.put(2, column, None)
        company.later(minutes=2)
        reply = company.store("berlin", later, **asked)
        assert (reply.others_gone, reply.gone) == ((other,), False)
        assert company.store("berlin", bob, sheet_id=own).confirmed


def test_whoever_names_sheets_that_are_none_has_few_of_them_looked_for():
    company = Company()
    company.store("berlin", punch("ann", "2026-11-03 09"))
    company.world.effects.reads = 0
    for number in range(10):
        names = tuple(f"invented {number}-{each}" for each in range(10))
        company.store("berlin", punch("ann", "2026-11-03 09"), other_sheets=names)
    assert company.world.effects.reads <= 10 + 20


def test_who_changes_the_site_takes_the_punches_along_and_who_is_found_later_too():
    company = Company()
    ann, eve = punch("ann", "2026-11-03 09:00"), punch("eve", "2026-11-03 10:00")
    company.store("berlin", ann, eve)
    company.keeps((*ANN[:3], "lyon"), BOB, ("Eve Eden", "eve@example.com", 0.375, "lyon"))
    company.later(minutes=2).tick()
    assert company.where() == {
        ann.identity: [(SOUTH, "Raw Data - berlin")],
        eve.identity: [(SOUTH, "Raw Data - berlin")],
    }
    assert {*company.where(counting=False)} == {ann.identity, eve.identity}, "their rows stay, marked"
    books = company.world.spreadsheets.books
    south = next(sheet_id for sheet_id, book in books.items() if book is company.books()[SOUTH])
    assert {answer.sheet_id for answer in company.store("berlin", ann, eve).answers} == {south}
    assert {"Ann Archer", "Eve Eden"} <= {*company.people(SOUTH)}
    company.tick()
    before = {title: book.content() for title, book in company.books().items()}
    company.tick()
    assert {title: book.content() for title, book in company.books().items()} == before
    company.keeps(ANN, BOB)
    company.later(minutes=2).tick()
    assert company.where()[ann.identity] == [(NORTH, "Raw Data - berlin")]


def test_who_changes_the_site_from_a_date_on_is_in_the_other_workbook_since_that_day():
    office = Company()
    header = (*ROSTER, "From")
    rows = [(*ANN, None), (*ANN[:3], "lyon", serial.from_date(date(2026, 11, 4))), (*BOB, None)]
    office.world.type_worksheet("Cut Off Times", [header, *rows])
    office.world.clock.moment = datetime(2026, 11, 3, 12, tzinfo=UTC)
    for site in ("berlin", "lyon"):
        office.create(site)
    one = punch("ann", "2026-11-03T09:00")
    office.store("berlin", one)
    assert office.where() == {one.identity: [(NORTH, "Raw Data - berlin")]}
    office.later(days=1).tick()
    assert office.where() == {one.identity: [(SOUTH, "Raw Data - berlin")]}
    two = punch("ann", "2026-11-04T09:00", serial_number="SN2")
    office.store("lyon", two)
    assert office.where()[two.identity] == [(SOUTH, "Raw Data - lyon")]


@pytest.mark.parametrize("typed", ["Brelin", "?"])
def test_a_site_that_nobody_understands_moves_nobody(typed):
    company = Company()
    first, second = punch("ann", "2026-11-03 09:00"), punch("ann", "2026-11-03 17:00")
    company.store("berlin", first)
    company.keeps((*ANN[:3], typed), BOB)
    company.later(minutes=2).store("berlin", second)
    company.tick()
    assert {*map(tuple, company.where().values())} == {((NORTH, "Raw Data - berlin"),)}
    problems = str(company.world.control.sheet("Problems").rows())
    assert typed in problems
    assert "until then it stays as it was" in problems


def test_a_guest_site_is_complete_in_both_workbooks_and_its_own_health_goes_home():
    company = Company()
    company.store("lyon", punch("bob", "2026-11-03 09:00"))
    company.store("berlin", punch("bob", "2026-11-04 09:00"))
    company.world.clock.moment = company.world.clock.moment.replace(day=6)
    north = company.create("berlin")
    company.tells("berlin", date(2026, 11, 4), sheet_id=company.create("lyon"))
    assert company.site(NORTH, "berlin")[3] == serial.from_date(date(2026, 11, 4))
    assert len(company.site(SOUTH, "berlin")) < 4 or not company.site(SOUTH, "berlin")[3]
    company.tick()
    assert company.site(SOUTH, "berlin")[3] == serial.from_date(date(2026, 11, 4))
    assert company.create("hamburg") == north


def test_who_has_no_site_is_in_the_workbook_without_a_group_and_hr_is_told():
    company = Company(people=(ANN, BOB, NOBODYS))
    zoe = punch("zoe", "2026-11-03 09:00")
    company.store("berlin", zoe)
    assert company.where() == {zoe.identity: [(WEEK.name, "Raw Data - berlin")]}
    assert company.people(WEEK.name) == ["Zoe Young"]
    control = read_control(company.world.spreadsheets, company.backend.control_id, WEEK.first_day)
    assert [problem for problem in control.problems if "type the Site of Zoe Young" in problem.remedy]


def test_without_groups_one_workbook_holds_all_and_nothing_says_group():
    company = Company(dict.fromkeys(SITES, None))
    ids = {company.create(site) for site in SITES}
    company.store("berlin", punch("bob", "2026-11-03 09:00"))
    assert len(ids) == 1
    assert company.books().keys() == {WEEK.name}
    assert company.people(WEEK.name) == ["Ann Archer", "Bob Baker"]
    assert company.world.control.sheet("Review Sheets").rows()[0] == [
        *("Period", "Spreadsheet ID", "Link", "Created On", "Finalised")
    ]
    (book,) = company.books().values()
    assert book.properties.keys() == {"attendance_review_period", "attendance_control_id"}


def test_an_office_that_names_groups_later_has_its_punches_moved_by_the_next_visits():
    company = Company(dict.fromkeys(SITES, None))
    ann, bob = punch("ann", "2026-11-03 09:00"), punch("bob", "2026-11-03 09:00")
    company.store("berlin", ann)
    company.store("lyon", bob)
    company.registers(SITES)
    company.later(minutes=2).tick()
    assert company.where() == {
        ann.identity: [(NORTH, "Raw Data - berlin")],
        bob.identity: [(SOUTH, "Raw Data - lyon")],
    }


def test_a_column_that_is_gone_makes_messages_wait_and_no_second_workbook():
    company = Company()
    company.store("berlin", punch("ann", "2026-11-03 09:00"))
    company.registers(dict.fromkeys(SITES, None))
    company.later(minutes=2)
    with pytest.raises(LayoutError, match="column 'Workbook Group'"):
        company.store("berlin", punch("ann", "2026-11-03 17:00"))
    company.tick()
    assert company.books().keys() == {NORTH}
    company.registers(SITES)
    late = punch("ann", "2026-11-03 17:00")
    company.later(minutes=2).store("berlin", late)
    assert company.where()[late.identity] == [(NORTH, "Raw Data - berlin")]


def test_a_finalised_group_closes_for_itself_alone():
    company = Company()
    company.create("berlin")
    company.create("lyon")
    guide = company.books()[NORTH].sheet("Guide")
    ((row, column),) = [place for place, value in guide.cells.items() if value == "Finalised"]
    guide.put(row, column + 1, "yes")
    ann, bob = punch("ann", "2026-11-03 09:00"), punch("bob", "2026-11-03 09:00")
    company.store("berlin", ann, bob)
    titles = {title: [sheet.title for sheet in book.sheets] for title, book in company.books().items()}
    assert "Amendments" in titles[NORTH]
    assert "Amendments" not in titles[SOUTH]
    assert company.where() == {bob.identity: [(SOUTH, "Raw Data - berlin")]}


def test_addresses_of_a_group_see_its_workbooks_and_no_other():
    company = Company()
    settings = [
        ("Setting", "Site", "Value"),
        ("Share with, to view", None, "board@example.com"),
        ("Share with, to edit", "NORTH", "north@example.com"),
        ("Share with, to edit", "South", "south@example.com"),
        ("Share with, to comment", "West", "west@example.com"),
    ]
    company.world.type_worksheet("Settings", settings)
    ids = {company.create("berlin"): "north@example.com", company.create("lyon"): "south@example.com"}
    for sheet_id, own in ids.items():
        assert company.world.drive.shared[sheet_id].keys() == {"board@example.com", own}
    done = share(company.backend, WEEK.name)
    assert {name: len(each) for name, each in done.items()} == {NORTH: 2, SOUTH: 2}
    control = read_control(company.world.spreadsheets, company.backend.control_id, WEEK.first_day)
    assert any(
        "no workbook group is called 'West' (there are: North, South)" in str(each)
        for each in control.problems
    )


def test_a_site_begins_with_the_period_that_its_own_workbook_lacks():
    company = Company()
    for site in ("berlin", "lyon"):
        company.create(site)
    company.world.clock.moment = datetime.fromisoformat("2026-11-10T09:00+00:00")
    company.tells("berlin", WEEK.last_day)
    asked = {
        site: handle(
            GetReviewPeriod(location=site, request_id="g", after=None, on=date(2026, 11, 10)), company.backend
        ).period.name
        for site in ("berlin", "lyon")
    }
    assert asked == {"berlin": NEXT.name, "lyon": WEEK.name}


def test_an_attempt_that_died_is_gone_on_with_in_the_groups_own_file():
    company = Company()
    lyon = company.create("lyon")
    berlin = company.create("berlin")
    company.world.control.sheets = [s for s in company.world.control.sheets if s.title != "Review Sheets"]
    assert (company.create("berlin"), company.create("lyon")) == (berlin, lyon)
    zoe = Company(people=(ANN, NOBODYS))
    zoe.create("berlin")
    zoe.store("berlin", punch("zoe", "2026-11-03 09:00"))
    assert zoe.books().keys() == {NORTH, WEEK.name}


def test_a_long_name_of_a_group_is_one_that_drive_keeps_and_no_other_groups():
    """Drive keeps 124 bytes of a property's key and value in UTF-8."""
    names = ["Ж" * 100 + "Я", "Ж" * 101, "Office " * 20 + "A", "Office " * 20 + "B", "North"]
    made = [drive_properties("November 2026", "control", name) for name in names]
    assert len({tuple(each.items()) for each in made}) == len(names)
    assert all(len((key + value).encode()) <= 124 for each in made for key, value in each.items())


def test_of_more_workbooks_than_a_tick_visits_all_have_their_turn(monkeypatch):
    monkeypatch.setattr("attendance_backend.handlers.watch.MOST_VISITS", 1)
    company = Company()
    company.create("berlin")
    company.create("lyon")
    for book in company.books().values():
        book.sheet("Monthly Summary").cells = {
            place: value for place, value in book.sheet("Monthly Summary").cells.items() if place[0] < 1
        }
    for _ in range(2):
        company.tick()
    assert (company.people(NORTH), company.people(SOUTH)) == (["Ann Archer"], ["Bob Baker"])


def test_a_tick_that_takes_long_begins_no_further_workbook_and_the_next_one_begins_with_another(monkeypatch):
    """A function may run for nine minutes: one that is ended by force would write down nothing that it found."""
    company = Company()
    company.create("berlin")
    company.create("lyon")
    visit, visited = watch._Round._visit, []

    def slowly(self, name, sheet_id):
        visit(self, name, sheet_id)
        visited[-1].append(name)
        company.world.clock.moment += timedelta(minutes=7)

    monkeypatch.setattr(watch._Round, "_visit", slowly)
    began = datetime.fromisoformat("2026-11-04T09:00+00:00")
    for number in range(2):
        company.world.clock.moment = began + timedelta(minutes=15 * number)
        visited.append([])
        handle(Watch(), company.backend)
    assert sorted(visited) == [[NORTH], [SOUTH]]


def test_an_export_needs_one_group_or_takes_all(tmp_path):
    company = Company()
    company.create("berlin")
    with pytest.raises(Exception, match="there are: 'November 2026 - North'"):
        export(company.backend, "November 2026 - West", "csv", tmp_path)


def test_hidden_worksheets_made_anew_hold_the_groups_own_people():
    company = Company()
    company.store("berlin", punch("ann", "2026-11-03 09:00"))
    north = company.books()[NORTH]
    north.sheets = [sheet for sheet in north.sheets if sheet.title not in ("Days", "Punch Index")]
    company.store("berlin", punch("ann", "2026-11-03 17:00"))
    users = {row[1] for row in company.books()[NORTH].sheet("Days").rows()[1:]}
    assert users == {"ann"}
    company.keeps(ANN, BOB, ("Eve Eden", "eve@example.com", 0.375, "hamburg"))
    company.later(minutes=2).store(
        "berlin", punch("eve", "2026-11-03 09:00"), punch("bob", "2026-11-03 09:00")
    )
    assert (company.people(NORTH), company.people(SOUTH)) == (["Ann Archer", "Eve Eden"], ["Bob Baker"])


@pytest.mark.parametrize("side", ["crash_before", "crash_after"])
def test_a_batch_for_two_workbooks_that_dies_at_any_effect_is_whole_after_its_next_delivery(side):
    records = {
        "berlin": [punch("ann", "2026-11-03 09:00"), punch("bob", "2026-11-03 17:00")],
        "hamburg": [punch("ann", "2026-11-04 09:00"), punch("eve", "2026-11-04 09:10")],
        "lyon": [punch("bob", "2026-11-04 09:00"), punch("eve", "2026-11-04 18:00")],
    }
    for number in range(1, 99):
        company = Company()
        for site in SITES:
            company.create(site)
        messages = [company.message(site, *punches) for site, punches in records.items()]
        effects = company.world.effects
        effects.count = 0
        setattr(effects, side, number)
        try:
            answered(messages, company)
        except Crash:
            pass
        else:
            assert number > 2
            return
        finally:
            effects.crash_before = effects.crash_after = None
        replies = answered([*messages, messages[0]], company)

        assert {outcome.outcome for reply in replies for outcome in reply.answers} == {Outcome.STORED}
        where = company.where()
        assert {identity: [title for title, _ in places] for identity, places in where.items()} == {
            records["berlin"][0].identity: [NORTH],
            records["berlin"][1].identity: [SOUTH],
            records["hamburg"][0].identity: [NORTH],
            records["hamburg"][1].identity: [NORTH],
            records["lyon"][0].identity: [SOUTH],
            records["lyon"][1].identity: [SOUTH],
        }


def answered(messages, company):
    return [reply() for served in handle_together(messages, company.backend) for _, reply in served]
