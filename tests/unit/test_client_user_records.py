"""The machine's list of users: believed only where size and count add up."""

import struct

import pytest

from attendance_client.errors import MachineError
from attendance_client.machine.zk.buffered_read import WholeTable
from attendance_client.machine.zk.user_records import MachineUser, read_users


def user(number, width=72):
    if width == 28:
        return struct.pack("<HB5s8sIxBhI", number, 0, b"", b"anna", 0, 1, 0, 1000 + number)
    return struct.pack("<HB8s24sIx7sx24s", number, 0, b"", b"anna", 0, b"1", str(1000 + number).encode())


def table(*users, announced=None):
    body = b"".join(users)
    return WholeTable(struct.pack("<I", len(body) if announced is None else announced) + body)


@pytest.mark.parametrize("width", [28, 72])
def test_users(width):
    found = read_users(table(user(1, width), user(2, width)), 2, "utf-8")

    assert found == [MachineUser(1, "1001", "anna"), MachineUser(2, "1002", "anna")]


@pytest.mark.parametrize("data", [b"", struct.pack("<I", 0)])
def test_a_machine_that_knows_nobody(data):
    assert read_users(WholeTable(data), 0, "utf-8") == []


@pytest.mark.parametrize(
    ("found", "count", "complaint"),
    [
        (WholeTable(b""), 2, "2 users but sent none"),
        (table(user(1)), 2, "do not fit the machine's count of 2"),
        (table(user(1), user(2), user(3), announced=144), 2, "announced 144 bytes of users but sent 216"),
        (table(user(1), announced=144), 2, "announced 144 bytes of users but sent 72"),
        (table(bytes(60)), 1, "do not fit"),
    ],
)
def test_a_list_that_does_not_add_up_is_refused(found, count, complaint):
    with pytest.raises(MachineError, match=complaint):
        read_users(found, count, "utf-8")
