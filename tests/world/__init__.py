"""An attendance site and a cloud in memory, around the real client.

Everything here stands in for something outside the client (the attendance machine, Pub/Sub, the backend, the
disk, the power supply) and runs on one virtual clock. The client's own code (steps, runner, state machine,
snapshot store, ledger, decoder, codec) is the real one.
"""
