"""Measurements: what the work costs in calls, cells, bytes and seconds."""
