"""The review workbook of a period: a module for each of its worksheets."""
