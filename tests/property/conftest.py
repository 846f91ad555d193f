"""Loads the Hypothesis profile (see profiles.py), and keeps the worlds quiet."""

import logging

import pytest
from hypothesis import settings

from tests.property.profiles import PROFILE

settings.load_profile(PROFILE)


@pytest.fixture(autouse=True)
def _silence():
    """Thousands of worlds have much to say; a failure tells its own story."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
