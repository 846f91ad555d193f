"""Faulty months of a site, one after the other, for as long as one likes: `python -m tests.soak --help`.

The world is that of the property tests (tests/world), at the real polling interval; chance comes from a seed.
"""
