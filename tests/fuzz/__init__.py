"""The client's device adapter and the simulated machine, on a wire in memory that spoils replies.

`wire` stands where sockets would, on a clock of its own: a time-out takes no time. `mutations` tells what can happen
to a reply.
"""
