"""The attendance machine: a stand-in for a ZKTeco terminal that pyzk cannot tell from one.

    machine = AttendanceMachine()
    machine.add_user("1001", "amara.okafor")
    machine.punch("1001")
    with DeviceServer(machine) as server:
        zk.ZK("127.0.0.1", server.port, ommit_ping=True).connect().get_attendance()

`server` tells what is faithful and what is not.
"""
