"""The operator's commands: what each does, through the ports; `attendance_backend.app.cli` only translates."""
