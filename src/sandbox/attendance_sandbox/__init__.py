"""An office and a cloud on one machine: stand-ins that the real libraries talk to."""
