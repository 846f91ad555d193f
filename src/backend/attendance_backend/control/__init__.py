"""The ``Review Periods`` spreadsheet, which HR keeps: settings, periods, people, alarms."""
