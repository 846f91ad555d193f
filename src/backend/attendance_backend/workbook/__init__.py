"""The review sheet of a period: a module for each of its worksheets."""
