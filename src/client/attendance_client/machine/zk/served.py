"""The other end of `machine.apart`: the process that holds pyzk and talks to one machine."""

import pickle
import signal
import sys
import time
from contextlib import ExitStack
from threading import Event
from types import FrameType
from typing import Any, BinaryIO

from attendance_client.errors import MachineError, StopRequested
from attendance_client.machine.apart import CLOSE, DONE, FAILED, GOES_ON, OPEN
from attendance_client.machine.zk.zk_machine import ZkMachine

TOLD_EACH_S = 1.0
"""That bytes have arrived."""


class _Teller:
    """Says what became of a call, and meanwhile that it goes on."""

    def __init__(self, told: BinaryIO) -> None:
        self._told = told
        self._at_s = 0.0

    def goes_on(self) -> None:
        if time.monotonic() - self._at_s > TOLD_EACH_S:
            self._at_s = time.monotonic()
            self.say(GOES_ON)

    def say(self, *outcome: object) -> None:
        pickle.dump(outcome, self._told)
        self._told.flush()


def serve(asked: BinaryIO, told: BinaryIO, stop: Event) -> None:
    """Do what is asked until nobody asks any more."""
    teller = _Teller(told)
    machine: ZkMachine | None = None
    session: Any = None
    with ExitStack() as stack:
        while True:
            try:
                name, arguments = pickle.load(asked)  # noqa: S301 - from this program's own process
            except EOFError:
                return
            try:
                found = None
                if name == OPEN:
                    machine = machine or ZkMachine(arguments[0], teller.goes_on, stop)
                    session = stack.enter_context(machine.session())
                elif name == CLOSE:
                    stack.close()
                else:
                    found = getattr(session, name)(*arguments)
            except (MachineError, StopRequested) as error:
                teller.say(FAILED, type(error).__name__, str(error))
            else:
                teller.say(DONE, found)


def main() -> None:
    stop = Event()

    def ask_to_stop(number: int, frame: FrameType | None) -> None:
        del number, frame
        stop.set()

    signal.signal(signal.SIGTERM, ask_to_stop)
    # Ctrl-C is for the client, which says what follows.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(sys.stdin.buffer, sys.stdout.buffer, stop)


if __name__ == "__main__":
    main()
