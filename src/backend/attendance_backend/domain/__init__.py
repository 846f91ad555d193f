"""What is true whatever spreadsheet holds it: people, days, clocks, periods, rules, completeness."""
