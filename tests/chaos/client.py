"""`python -m tests.chaos.client run ...`: attendance-client, as its console script starts it."""

import sys

from attendance_client.app.cli import main

if __name__ == "__main__":
    sys.exit(main())
