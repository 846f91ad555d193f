"""The payroll export: what Sheets computed, as rows and as files."""
