"""The real programs and libraries over sockets, against the stand-ins."""
