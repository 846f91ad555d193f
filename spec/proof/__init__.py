"""What is proved of the client, without bounds: its world, the promises and the invariants they follow from.

The client's own steps are emitted from `spec/fsm.yaml` by `generator/emit_smt.py`; `python -m generator.proof` puts
both together and asks the solver. docs/formal.md tells what it means.
"""
