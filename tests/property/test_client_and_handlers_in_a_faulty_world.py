"""The same faulty world with the real handlers of the backend, over spreadsheets in memory."""

from tests.handlers_backend import HandlersBackend
from tests.property.faulty_world import FaultyWorld
from tests.property.profiles import limits

PEOPLE = (
    ("Anna Weber", "name1001@example.com", 9 / 24),
    ("Bert Kunz", "name1002@example.com", "9:30 AM"),
    ("Carla Diaz", "anna@example.com", "08:00"),
)
"""Cut Off Times; the parts before the @ are names on the machine, one of them appears there later only."""


class FaultyWorldWithHandlers(FaultyWorld):
    """Handlers die before and after their effects on the spreadsheets, too."""

    def new_backend(self, seed):
        return HandlersBackend(PEOPLE, seed=seed, crash_chance=0.15)


TestFaultyWorldWithHandlers = FaultyWorldWithHandlers.TestCase
TestFaultyWorldWithHandlers.settings = limits(sequences={"dev": 10, "ci": 200})
