"""The program: settings, what a process is made of, events in and replies out, the operator's commands."""
