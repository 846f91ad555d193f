# GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead.
"""Code generated from the specification of the state machine."""
