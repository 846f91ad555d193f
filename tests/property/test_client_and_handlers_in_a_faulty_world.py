"""The same faulty world with the real handlers of the backend, over spreadsheets in memory."""

from collections import Counter

from attendance_backend.handlers import refresh
from attendance_backend.review import exceptions_sheet
from attendance_backend.review.daily_columns import ABSENT, LATE, MISSING_IN, MISSING_OUT
from attendance_backend.review.names import EXCEPTIONS
from tests.handlers_backend import HandlersBackend
from tests.property.faulty_world import FaultyWorld
from tests.property.profiles import limits

PEOPLE = (
    ("Anna Weber", "name1001@example.com", 9 / 24),
    ("Bert Kunz", "name1002@example.com", "9:30 AM"),
    ("Carla Diaz", "anna@example.com", "08:00"),
)
"""Cut Off Times; the parts before the @ are names on the machine, one of them appears there later only."""

AT = exceptions_sheet.LAYOUT.places()
TOLD_OF = (exceptions_sheet.SITE, exceptions_sheet.WHO, exceptions_sheet.DAY, exceptions_sheet.KIND)
ONCE = {ABSENT, LATE, MISSING_OUT, MISSING_IN}


class FaultyWorldWithHandlers(FaultyWorld):
    """Handlers die before and after their effects on the spreadsheets, too, and two instances serve at once."""

    def new_backend(self, seed):
        return HandlersBackend(PEOPLE, seed=seed, crash_chance=0.15)

    def settle(self):
        super().settle()
        backend = self.world.backend
        assert isinstance(backend, HandlersBackend)
        self.world.happened.update(backend.happened)
        for sheet_id, book, period in backend.workbooks():
            self.world.happened["lines of Exceptions"] += len(book.sheet(EXCEPTIONS).rows()) - 1
            assert not repeated(book), "told twice in Exceptions"
            differences = refresh.rebuild_facts(sheet_id, period, backend.world.backend).differences
            # Days that HR has put into the month since get their columns at the next visit.
            differences = [each for each in differences if not (self.world.edited and "lacked days" in each)]
            assert not differences, f"the facts had gone wrong: {differences}"


def repeated(book):
    """What stands in Exceptions more than once, although it concerns one day of one person."""
    rows = book.sheet(EXCEPTIONS).rows()[1:]
    told = Counter(
        tuple(row[AT[column]] for column in TOLD_OF) for row in rows if row[AT[exceptions_sheet.KIND]] in ONCE
    )
    return {line for line, times in told.items() if times > 1}


TestFaultyWorldWithHandlers = FaultyWorldWithHandlers.TestCase
TestFaultyWorldWithHandlers.settings = limits(dev=10, ci=180)
