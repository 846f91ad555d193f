"""What machines call people, where one ID or name a person does not do: example 25."""

from datetime import date, timedelta
from itertools import permutations

import pytest

from attendance_backend.control.machine_ids import with_machine_ids
from attendance_backend.domain.people import Detail, Labels, MachineId, People, Person
from attendance_backend.handlers.dispatch import handle
from attendance_contracts import ReviewPeriod, Watch
from tests.review_book import ReviewBook, punch
from tests.unit.test_backend_control import said, sheet

OCTOBER = ReviewPeriod("October 2026", date(2026, 10, 1), date(2026, 10, 31))
HEADER = ("Email", "Site", "Device User ID", "Name on the Machine", "From", "Until")
ROWS = (
    ("ann@x.com", "Hamburg", "17", None, None, "2026-10-15"),
    ("ann@x.com", "Hamburg", "23", None, "2026-10-16"),
    ("ann@x.com", "Bremen", "4"),
    ("bob@x.com", "Hamburg", "4"),
    ("carl@x.com", "Hamburg", "17", None, "2026-10-16"),
    ("john1@x.com", "Hamburg", None, "john"),
    ("john2@x.com", "Bremen", None, "john"),
)
USERS = ("ann", "bob", "carl", "john1", "john2")


class Office(ReviewBook):
    def __init__(self):
        roster = [(user.title(), f"{user}@x.com", "09:00") for user in USERS]
        super().__init__(OCTOBER, roster, ("Hamburg", "Bremen"))
        self.world.type_worksheet(
            "2026", [("Month", "Start Date", "End Date"), ("October", "2026-10-01", "2026-10-31")]
        )

    def visit(self, *rows):
        self.world.type_worksheet("Machine IDs", [HEADER, *rows])
        self.world.clock.moment += timedelta(minutes=15)
        handle(Watch(), self.world.backend)

    def times(self, *days):
        return {(user, day): self.day(user, date(2026, 10, day)) for user in USERS for day in days}


def punches():
    of = {"user_name": None, "serial_number": "SN"}
    yield "Hamburg", punch(moment="2026-10-05 08:00", user_id="17", **of)
    yield "Bremen", punch(moment="2026-10-05 17:00", user_id="4", **of)
    yield "Hamburg", punch(moment="2026-10-05 09:00", user_id="4", **of)
    yield "Hamburg", punch(moment="2026-10-20 10:00", user_id="17", **of)
    yield "Hamburg", punch(moment="2026-10-20 11:00", user_id="23", **of)
    yield "Hamburg", punch("john", "2026-10-20 12:00", user_id="8")
    yield "Bremen", punch("john", "2026-10-20 13:00", user_id="8")


EXPECTED = {
    ("ann", 5): (8.0, 17.0, None),
    ("bob", 5): (9.0, None, None),
    ("carl", 20): (10.0, None, None),
    ("ann", 20): (11.0, None, None),
    ("john1", 20): (12.0, None, None),
    ("john2", 20): (13.0, None, None),
}


def in_order(order, before):
    office = Office()
    if not before:
        office.visit(*ROWS)
    for site, record in order:
        office.store(record, site=site)
    if before:
        office.visit(*ROWS)
    return {key: times for key, times in office.times(5, 20).items() if times != (None, None, None)}


@pytest.mark.parametrize("before", [False, True], ids=["rows first", "punches first"])
def test_25_whose_punches_are_whose(before):
    first, *_, last = (
        each for number, each in enumerate(permutations(punches())) if number in (0, 2500, 5039)
    )
    assert in_order(first, before) == in_order(last, before) == EXPECTED


def test_a_message_of_them_is_one_read_and_one_write():
    office = Office()
    office.visit(*ROWS)
    for day in (5, 6, 7):
        office.store(punch(None, f"2026-10-0{day} 08:00", user_id="17"), site="Hamburg")
    assert office.cost == (1, 1)


@pytest.mark.parametrize(
    ("row", "remedy"),
    [
        (("zoe@x.com", None, "17"), "A2: Email holds 'zoe@x.com'; nobody in Cut Off Times has this address"),
        (("ann@x.com",), "C2: type the Device User ID, or the Name on the Machine"),
        (("ann@x.com", "Rome", "17"), "B2: no site is called 'Rome'"),
        (("ann@x.com", None, "17", None, "soon"), "E2: From holds 'soon'"),
        (
            ("ann@x.com", None, "17", None, "2026-10-05", "2026-10-04"),
            "F2: Until (2026-10-04) is before From",
        ),
    ],
)
def test_a_row_that_is_not_understood_leaves_all_as_they_were(row, remedy):
    people = {"ann": Person("Ann", "ann", None)}
    known, problems = with_machine_ids(people, sheet("Machine IDs", HEADER, row), ("Hamburg",))
    (told,) = said(problems)
    assert told.endswith("until then all of these rows stay as they were")
    assert told.startswith(f"Machine IDs!{remedy}")
    assert known["ann"].unread == {Detail.MACHINE_IDS}


def test_two_rows_about_the_same_are_told():
    people = {user: Person(user, user, None) for user in ("ann", "bob")}
    rows = ("ann@x.com", None, "17", None, None, "2026-10-15"), ("bob@x.com", None, "17", None, "2026-10-15")
    _, problems = with_machine_ids(people, sheet("Machine IDs", HEADER, *rows))
    assert said(problems) == [
        "Machine IDs!C3: row 2 says the same of dates that overlap, and counts; correct one of them"
    ]


def test_ids_go_before_names_one_site_before_all_and_a_name_kept_for_a_site_is_nobody_elses_there():
    links = {
        "by_name": MachineId("", "", "kim", row=1),
        "everywhere": MachineId("", "7", "", row=2),
        "at_the_site": MachineId("bremen", "7", "", row=3),
        "later": MachineId("bremen", "", "lee", first=date(2026, 10, 16), row=4),
    }
    people = People.of(
        [
            *(Person(key, key, None, machine_ids=(link,)) for key, link in links.items()),
            Person("Lee", "lee", None),
        ]
    )

    def whose(user_id, name, site, day=5):
        member = people.whose(Labels("SN", user_id, name, site), date(2026, 10, day))
        return None if member is None else member.key

    assert whose("7", "kim", "Bremen") == "at_the_site"
    assert whose("7", "kim", "Hamburg") == "everywhere"
    assert whose("8", "Kim", "Hamburg") == "by_name"
    assert whose("8", "lee", "Hamburg") == "lee"
    assert (whose("8", "lee", "Bremen"), whose("8", "lee", "Bremen", 16)) == (None, "later")
