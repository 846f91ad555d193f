"""Loads the Hypothesis profile (see profiles.py), keeps the worlds quiet, and tells what befell them."""

import logging

import pytest
from hypothesis import settings

from tests.property.counted import LINES, details, headline
from tests.property.faulty_world import FaultyWorld
from tests.property.profiles import PROFILE

settings.load_profile(PROFILE)


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
            more = details(world) if PROFILE in ("ci", "hunt") else ()
            session.config.stash[LINES] += [headline(world), *more]
