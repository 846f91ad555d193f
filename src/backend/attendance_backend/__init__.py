"""The cloud functions between Pub/Sub and the review sheets.

From the outside in; nothing imports what stands above it:

- ``main.py`` beside this package: one function a topic.
- `app`: settings, what a process is made of, events in and replies out, the operator's commands.
- `handlers`: a function a message. `export`: a period for payroll.
- `notify`: mail. `google`: Sheets, Drive and Pub/Sub through Google's libraries.
- `control`: the *Review Periods* spreadsheet, which HR keeps. `review`: the review workbook, a module a worksheet.
- `ports`: what all of these need of the world.
- `sheet`: what any spreadsheet is: cells read, changes to be written, tables, dates as people type them.
- `domain`: people, days, clocks, periods, rules, completeness: true whatever spreadsheet holds them.
"""
