"""The state machine: what is generated of it, a step a state, what it remembers, and what drives it."""
