"""Checks the formal model: the emitted client in the world of spec/formal, by the model checker SPIN."""
