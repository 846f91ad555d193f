"""Proves the promises of safety without bounds, by invariants that the solver Z3 discharges."""
