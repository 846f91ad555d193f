"""The program: configuration, command line, what is built at its start, doctor and status."""
