"""The program on the Raspberry Pi beside an attendance machine."""
