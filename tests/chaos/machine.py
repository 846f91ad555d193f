"""A machine in a process of its own, with people in front of it. Its memory is a file, as it survives a power cut.

The file is the truth that the sheets are held against: a line a punch, on the disk before anybody can read it.
"""

import json
import os
import random
import signal
import sys
import threading
from datetime import datetime
from pathlib import Path

from attendance_sandbox.device.machine import AttendanceMachine
from attendance_sandbox.device.server import DeviceServer


def main() -> None:
    serial_number, port, path, first_user, every_s = sys.argv[1:]
    machine = AttendanceMachine(serial_number=serial_number)
    for number in range(3):
        machine.add_user(str(int(first_user) + number), f"name{first_user}{number}")
    log = Path(path)
    for line in log.read_text().splitlines() if log.exists() else ():
        user, when, key = json.loads(line)
        machine.punch(user, datetime.fromisoformat(when), punch=key)
    enough = threading.Event()
    signal.signal(signal.SIGUSR1, lambda *_: enough.set())
    randomness = random.Random()
    with DeviceServer(machine, int(port)), log.open("a") as file:
        while True:
            if enough.wait(randomness.expovariate(1 / float(every_s))):
                signal.pause()
                continue
            if not machine.enabled:
                continue
            user = str(int(first_user) + randomness.randrange(3))
            when, key = machine.now(), randomness.randrange(2)
            file.write(json.dumps([user, when.isoformat(), key]) + "\n")
            file.flush()
            os.fsync(file.fileno())
            while not machine.punch(user, when, punch=key):
                enough.wait(0.05)  # disabled in that very moment


if __name__ == "__main__":
    main()
