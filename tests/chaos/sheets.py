"""Sheets in a process of its own: prints what it made, and saves its books when it is told to stop."""

import json
import signal
import sys
import threading
from pathlib import Path

from attendance_sandbox.sheets.server import SheetsServer


def main() -> None:
    port, folder = int(sys.argv[1]), Path(sys.argv[2])
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    with SheetsServer(port, folder, owns_storage=False) as server:
        made = {
            "key": server.new_service_account("functions@chaos.iam.gserviceaccount.com"),
            "folder": server.new_shared_folder("Attendance"),
        }
        sys.stdout.write(json.dumps(made) + "\n")
        sys.stdout.flush()
        stop.wait()
        server.save()


if __name__ == "__main__":
    main()
