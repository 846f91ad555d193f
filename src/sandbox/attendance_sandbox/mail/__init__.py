"""A stand-in for a mail server."""
