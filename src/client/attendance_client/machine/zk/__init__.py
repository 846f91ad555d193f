"""ZKTeco's machines, through pyzk and by our own reading of their tables."""
