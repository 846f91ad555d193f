"""Runs the real client of one site on the demo's virtual clock: `attendance-client run`, but for the clock."""

import argparse
import logging
import sys
import threading
from pathlib import Path

from attendance_client.app.bootstrap import bootstrap
from attendance_client.app.cli import install_stop_signals
from attendance_client.app.config import load_config
from attendance_client.errors import StopRequested, UserError
from attendance_sandbox.demo.virtual_clock import VirtualClock
from attendance_trouble.command_line import EXIT_USER_ERROR


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--timeline", required=True, metavar="HOST:PORT")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(levelname)-7s %(message)s")
    stop = threading.Event()
    install_stop_signals(stop)
    try:
        site = load_config(options.directory).site
        clock = VirtualClock(site.location, options.timeline, site.time_zone, stop)
        with bootstrap(options.directory, stop, clock) as runner:
            clock.state = lambda: str(runner.state)
            runner.run()
    except StopRequested:
        return 0
    except UserError as error:
        logging.getLogger(__name__).error("%s", error)  # noqa: TRY400 - one line, no traceback
        return EXIT_USER_ERROR
    return 0


if __name__ == "__main__":
    sys.exit(main())
