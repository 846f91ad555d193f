"""`never_silently_wrong`: whatever people do to a workbook or type into it, what they see is right, or it is told.

Rules are what people do in the browser, at any moment, also between a function's read and its write, and what sites and
the schedule send. What must be seen is worked out in `hands_world` from punches and from what was typed.
"""

from collections import Counter
from datetime import datetime, time
from typing import ClassVar

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition

from attendance_backend.review import corrections_sheet
from tests.integration.workbook_truth import DAY
from tests.property.counted import counted_rule as rule
from tests.property.counted import rules_of
from tests.property.hands_office import EDITS, JUNE, ROWS, Edit
from tests.property.hands_seen import CORRECTIONS, DAILY, MONTHLY, TYPED, WEEKLY, shown
from tests.property.hands_world import NAMES, ROLES, World
from tests.property.profiles import PROFILE, draws

DAYS = [JUNE.first_day + number * DAY for number in range(7)]
FEW_STEPS = 10
"""Rules in a sequence, each of which may take a visit's time."""
days = st.sampled_from(DAYS)
perhaps_days = st.one_of(st.none(), days)
some = st.integers(0, 40)
edits = st.builds(Edit, st.sampled_from(EDITS), st.sampled_from(ROLES), some, some, st.integers(1, 3))
moves = st.builds(
    Edit,
    st.sampled_from(("insert columns", "insert rows", "move columns", "delete rows")),
    st.sampled_from(("Raw Data - berlin", "Days", "Punch Index", "Exceptions", "Sites")),
    some,
    some,
    st.integers(1, 3),
)
users = st.sampled_from(("ann", "bob", "zoe"))
times = st.sampled_from(
    [
        time(7, 50),
        time(8, 59, 59),
        time(9),
        time(9, 10),
        time(12),
        time(16),
        time(17, 30, 30),
        time(23, 50),
        time(2),
    ]
)

CUT_OFFS = ((0.375, 32_400), ("9h15", 33_300), ("9:00 pm", 75_600), ("17.30", 63_000), ("none", None))
"""What HR types, and what it means, in seconds."""
GRACES = ((10.0, 10), ("5 min", 5), ("90 s", 1.5))
OVERTIMES = ((8.0, 8), ("7 h 30 min", 7.5), ("0.5 h", 0.5))
VALUES = (0.375, 17 / 24, 17.0, 8.3, 8.5, 1730.0, "17h30", "5 pm", "soon", 0.02, 1.02, None)
ASKED_BACK = (("soon", ...),)


@pytest.fixture(scope="module", autouse=True)
def few_rows():
    """For corrections; other tests in this process have as many as people do."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(corrections_sheet, "PREPARED_ROWS", ROWS)
        patch.setattr(corrections_sheet, "SPARE_ROWS", 2)
        yield


class HandsMachine(RuleBasedStateMachine):
    """People at the workbook and at Review Periods; messages, visits and exports in between."""

    tally: ClassVar[Counter[str]] = Counter()
    fired: ClassVar[Counter[str]] = Counter()

    @initialize(
        first=st.lists(edits, min_size=1, max_size=3), ends_with=st.sampled_from(("exports", "visit"))
    )
    def begin(self, first, ends_with):
        self.world, self.ends_with = World(), ends_with
        # A sequence leaves most rules out, and repeats few: of edits each is to have its share.
        for edit in first:
            self.world.do(edit)

    def teardown(self):
        if hasattr(self, "world"):
            getattr(self.world, self.ends_with)()
            self.tally["sequences"] += 1
            self.tally.update(self.world.happened)

    # -- sites and the schedule

    @rule(
        user=st.sampled_from(("ann", "ann", "bob", "zoe", "carl", "guest")),
        day=days,
        moments=st.lists(times, min_size=1, max_size=3, unique=True),
    )
    def punches_come(self, user, day, moments):
        self.world.punch(user, [datetime.combine(day + DAY * (each < time(4)), each) for each in moments])

    @rule(number=some)
    def a_punch_comes_twice(self, number):
        if self.world.punches:
            user, _, moment = list(self.world.punches.values())[number % len(self.world.punches)]
            self.world.punch(user, [moment])

    @rule(site=st.sampled_from(("berlin", "karachi")), through=days)
    def a_site_reports(self, site, through):
        self.world.report(site, through)

    @rule(number=st.integers(1, 4))
    def days_pass(self, number):
        self.world.office.wait(days=number)

    @rule(what=st.sampled_from(("visit", "refresh", "exports")))
    def the_program_is_run(self, what):
        getattr(self.world, what)()

    # -- hands at the workbook

    @rule(edit=edits)
    def somebody_edits(self, edit):
        self.world.do(edit)

    @rule(several=st.lists(edits, min_size=2, max_size=4))
    def somebody_edits_much(self, several):
        for edit in several:
            self.world.do(edit)

    @rule(edit=moves, number=st.integers(1, 2), user=st.sampled_from(("ann", "carl", "guest")), day=days)
    def somebody_edits_while_a_punch_is_stored(self, edit, number, user, day):
        self.world.punch(user, [datetime.combine(day, time(9, 5))], (number, lambda: self.world.do(edit)))

    @rule(edit=moves, number=st.integers(1, 3), day=days)
    def somebody_edits_while_a_site_reports(self, edit, number, day):
        self.world.report("berlin", day, (number, lambda: self.world.do(edit)))

    @rule(edit=edits, number=st.integers(1, 9))
    def somebody_edits_during_a_visit(self, edit, number):
        self.world.visit((number, lambda: self.world.do(edit)))

    @rule(
        title=st.sampled_from((DAILY, DAILY, WEEKLY, MONTHLY)),
        number=st.integers(0, 200),
        value=st.sampled_from((6.0, 0.375, 0.75, 22.0, "sick")),
    )
    def somebody_types_over_a_number(self, title, number, value):
        self.world.type_over(title, number, value)

    @precondition(lambda self: self.world.phase == "live")
    @rule(title=st.sampled_from((DAILY, WEEKLY, MONTHLY)), word=st.sampled_from(("Employee", "Measure")))
    def somebody_sorts_names_by_themselves(self, title, word):
        self.world.turn_round(title, word)

    @rule(
        who=st.sampled_from([*NAMES, "ann", "Nobody"]),
        what=st.sampled_from(("check in", "check out", "check out", "leave", "waive penalty", "note", "ill")),
        day=st.one_of(days, days, st.sampled_from((DAYS[0] - 3 * DAY, "someday"))),
        value=st.sampled_from(VALUES),
        until=perhaps_days,
    )
    def somebody_corrects(self, who, what, day, value, until):
        self.world.correct((day, until, who, what, value, "asked", None))

    @rule(number=some)
    def somebody_empties_a_correction(self, number):
        self.world.empty_correction(number)

    @precondition(lambda self: self.world.phase == "live")
    @rule(typed=st.sampled_from((*GRACES, *ASKED_BACK)))
    def somebody_types_grace_into_guide(self, typed):
        self.world.type_into_guide("Grace (minutes)", "grace_min", *typed)

    @precondition(lambda self: self.world.phase == "live")
    @rule(typed=st.sampled_from((*OVERTIMES, *ASKED_BACK)))
    def somebody_types_overtime_into_guide(self, typed):
        self.world.type_into_guide("Overtime beyond (hours a day)", "overtime_h", *typed)

    @precondition(lambda self: self.world.phase == "live")
    @rule(user=users, typed=st.sampled_from((*CUT_OFFS[:-1], *ASKED_BACK)))
    def somebody_types_a_cut_off_time_into_weekly_summary(self, user, typed):
        self.world.type_cut_off(user, *typed)

    @rule(yes=st.booleans())
    def hr_finalises_or_opens(self, yes):
        self.world.finalise(yes)

    # -- hands at Review Periods

    @rule(user=users, typed=st.sampled_from((*CUT_OFFS, *ASKED_BACK, (8.5, ...), (0.0, ...))))
    def hr_changes_a_cut_off_time(self, user, typed):
        self.world.list_cut_off(user, *typed)

    @rule(user=users, began=perhaps_days, left=perhaps_days)
    def hr_says_who_begins_and_leaves(self, user, began, left):
        if not (began and left and left < began):
            self.world.list_employment(user, began, left)

    @rule(began=days)
    def hr_hires(self, began):
        self.world.hire(began)

    @rule(
        chosen=st.lists(
            st.tuples(days, st.sampled_from(("Feast", "Fair")), st.sampled_from(("", "berlin"))),
            max_size=2,
            unique_by=lambda each: (each[0], each[2]),
        ),
        form=st.sampled_from(("{}", "{:%d %B %Y}", "{:%A, %d %b %Y}")),
    )
    def hr_declares_holidays(self, chosen, form):
        rows = [(form.format(day), name, site) for day, name, site in chosen]
        self.world.control.keep("Holidays", [("Date", "Name", "Site"), *rows])
        self.world.listed.holidays = tuple(chosen)

    @rule(
        grace=st.sampled_from((*GRACES, (None, 0), *ASKED_BACK)),
        overtime=st.sampled_from((*OVERTIMES, (None, 8), *ASKED_BACK)),
    )
    def hr_sets_rules(self, grace, overtime):
        self.world.set_rules(grace, overtime)


TestHands = HandsMachine.TestCase
TestHands.settings = settings(
    settings.get_profile(PROFILE), max_examples=draws(dev=6, ci=300), stateful_step_count=FEW_STEPS
)


def test_a_day_moved_to_the_end_counts_on_there_and_back_again():
    """Our own formula over another number of areas is no person's, and the visit replaces it."""
    world = World()
    world.punch("ann", [datetime.combine(DAYS[0], each) for each in (time(8), time(17))])
    world.punch("ann", [datetime.combine(DAYS[3], each) for each in (time(8), time(18))])
    world.office.wait(days=4)
    columns = list(world.look(DAILY).days.values())
    end = world.book.sheet(DAILY).column_count
    for day, to in ((columns[0], end), (columns[2], end), (end - 1, columns[0])):
        world.book.dimension(DAILY, "moveDimension", "COLUMNS", day, 1, destinationIndex=to)
        world.visit()
        sheets = world.office.computed()
        seen, _ = shown({title: world.look(title, sheets) for title in (DAILY, WEEKLY, MONTHLY)})
        assert round(seen[MONTHLY, "Ann Archer", "", "Overtime"].value * 1440) == 60 + 120
        assert world.office.problems() == []


def test_every_rule_was_followed_and_everything_done():
    """Runs after the sequences, and only says something after many."""
    if HandsMachine.tally["sequences"] < 300:
        pytest.skip("too few sequences; set HYPOTHESIS_PROFILE=hunt")

    assert rules_of(HandsMachine) - HandsMachine.fired.keys() == set()
    wanted = {*EDITS, "typed over", "finalised", "opened", "kept", "corrected"}
    assert wanted - HandsMachine.tally.keys() == set()
    assert TYPED[0] == "Date", CORRECTIONS
