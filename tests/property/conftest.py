"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev (the default, seconds) and ci (minutes)."""

import logging
import os

import pytest
from hypothesis import HealthCheck, settings

SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile("dev", deadline=None, print_blob=True, max_examples=50, suppress_health_check=SLOW_IS_FINE)
settings.register_profile("ci", settings.get_profile("dev"), database=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "dev"))


@pytest.fixture(autouse=True, scope="session")
def _silence():
    """Thousands of worlds have much to say; a failure tells its own story."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)
