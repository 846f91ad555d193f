"""One step, table or file at a time, in memory."""
