"""A stand-in for Google Sheets, Drive and the OAuth token endpoint. What is faithful and what is not: `server.py`."""
