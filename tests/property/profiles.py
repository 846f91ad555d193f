"""Hypothesis profiles, chosen by HYPOTHESIS_PROFILE: quick (a taste), dev (the default, seconds), ci (minutes) and
hunt (an hour).

With ci, Hypothesis draws the same each time, so that a failure is of the change at hand; the others draw anew.
"""

import os

from hypothesis import HealthCheck, settings

PROFILE = os.environ.get("HYPOTHESIS_PROFILE", "dev")
STEPS = 50
"""Rules in a sequence."""
HUNT = 10
"""So many times what ci draws."""
TASTE = 10
"""What dev draws is so many times a taste of it."""

_SLOW_IS_FINE = (HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large)

settings.register_profile(
    "dev", deadline=None, print_blob=True, max_examples=50, suppress_health_check=_SLOW_IS_FINE
)
settings.register_profile("quick", settings.get_profile("dev"), max_examples=5)
settings.register_profile("hunt", settings.get_profile("dev"), database=None, max_examples=HUNT * 500)
settings.register_profile(
    "ci", settings.get_profile("dev"), database=None, derandomize=True, max_examples=500
)


def draws(*, dev, ci):
    """How many of something to draw with the chosen profile."""
    return {"quick": max(1, dev // TASTE), "dev": dev, "ci": ci, "hunt": HUNT * ci}[PROFILE]


def limits(*, dev, ci):
    """Settings for sequences of rules, so many with each profile."""
    return settings(
        settings.get_profile(PROFILE), max_examples=draws(dev=dev, ci=ci), stateful_step_count=STEPS
    )
