"""The cloud functions between Pub/Sub and the review sheets.

From the outside in:

- ``main.py`` beside this package: one function a topic; `service`: event to message, reply to its topic.
- `bootstrap`, `settings`, `logs`: what a process is made of.
- `handlers`: a function a message (`get_period`, `create_sheet`, `store_records`, `raise_alarm`).
- `ports`: what they need of the world; `adapters`: Google Sheets and Drive, Pub/Sub, mail.
- What HR keeps: `control`, `periods`, `roster`, `table`. What is kept there for HR: `review_sheets`, `alarms`.
- A review sheet: `workbook`, `review_workbook`, `raw_data`, `daily_attendance`, `weekly_summary`,
  `exceptions_sheet`; what a message changes in it: `store_plan`, `hires`.
- Spreadsheets as values: `grid` (what was read), `changes` (what is to be written), `a1`, `serial`, `styles`.
"""
