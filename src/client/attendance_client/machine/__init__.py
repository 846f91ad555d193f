"""The attendance machine on the wall: its port, how it is read, its clock, the final read of a period."""
