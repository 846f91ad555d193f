"""Promises, whatever Hypothesis draws."""
