"""A Pub/Sub server on one machine. What is faithful and what is not: `server.py`."""
