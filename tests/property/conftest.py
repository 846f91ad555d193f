"""Loads the Hypothesis profile (see profiles.py), keeps the worlds quiet, and tells what befell them."""

import logging

import pytest
from hypothesis import settings

from tests.property.counted import LINES, details, headline
from tests.property.faulty_world import FaultyWorld
from tests.property.profiles import PROFILE
from tests.world.traced import RELATORS

settings.load_profile(PROFILE)

TELLS_ALL = PROFILE in ("ci", "hunt")


@pytest.fixture(autouse=True)
def _silence():
    """Thousands of worlds have much to say; a failure tells its own story."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session):
    """Tell what the sequences of rules were made of; in full where they are many."""
    for world in FaultyWorld.__subclasses__():
        if world.tally["sequences"]:
            more = details(world) if TELLS_ALL else ()
            session.config.stash[LINES] += [headline(world), *more]
    for relator in RELATORS:
        session.config.stash[LINES] += _of_the_relation(relator)


def _of_the_relation(relator):
    """How many of its steps were taken by runs of the real client, and which never were."""
    never = relator.never_taken()
    kind = "clears the log" if relator.clearing else "keeps the log"
    yield f"Traces of a client that {kind}: {len(relator.steps) - len(never)} of {len(relator.steps)} steps taken"
    if TELLS_ALL:
        yield from (f"  never: {name}" for name in never)
