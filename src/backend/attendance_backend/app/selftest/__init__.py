"""`attendance-backend selftest`: what is believed of Google's services, each line of it tried on one's own project.

`attendance_trouble.belief` says what a belief is and runs them; `on_sheets`, `on_drive` and `on_pubsub` hold them, in
the order of docs/believed-of-google.md, which lists the same.
"""
