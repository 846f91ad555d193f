"""What of a user goes into a bug report."""

import struct

import pytest

from attendance_client.machine.zk.user_records import blanked

PASSWORD, NAME, CARD, GROUP = b"PASSWORD", b"Anna Example of Accounts", b"CARD", b"GROUP__"
USER_72 = struct.pack("<HB8s24s4sx7sx24s", 7, 14, PASSWORD, NAME, CARD, GROUP, b"1001")
USER_28 = struct.pack("<HB5s8s4sxBhI", 7, 14, PASSWORD[:5], NAME[:8], CARD, 9, 9, 1001)


@pytest.mark.parametrize(
    ("user", "left"),
    [
        (USER_72, struct.pack("<H46x24s", 7, b"1001")),
        (USER_28, struct.pack("<H22xI", 7, 1001)),
    ],
)
def test_nothing_but_number_and_user_id_is_left(user, left):
    """Neither password, name, card and group, nor who is an administrator."""
    head = struct.pack("<I", 2 * len(user))

    assert blanked(head + 2 * user, 2) == head + 2 * left


def test_of_a_form_that_nobody_knows_nothing_is_left():
    assert blanked(struct.pack("<I", 60) + 60 * b"x", 2) == b""
