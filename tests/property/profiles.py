"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: dev (the default, seconds) and ci (minutes)."""

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
STEPS = 50
"""Rules in a sequence."""

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "dev", deadline=None, print_blob=True, max_examples=50, suppress_health_check=_SLOW_IS_FINE
)
settings.register_profile("ci", settings.get_profile("dev"), database=None, max_examples=500)


def limits(sequences):
    """Settings for sequences of rules; `sequences` says how many by profile."""
    return settings(settings.get_profile(PROFILE), max_examples=sequences[PROFILE], stateful_step_count=STEPS)
