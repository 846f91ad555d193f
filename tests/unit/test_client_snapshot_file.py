"""snapshot.json as a person sees it: its text, what else lies in the folder, and what it says when refused."""

import json
import logging
from datetime import date, datetime

import pytest

from attendance_client.errors import DiskError, SnapshotError
from attendance_client.fsm.snapshot import FileSnapshotStore, Snapshot, decode_snapshot, encode_snapshot
from attendance_contracts import ContractError, ReviewPeriod

NOVEMBER = ReviewPeriod("November 2026", date(2026, 11, 1), date(2026, 11, 30))
RELAYING = Snapshot(7, 2, "sheet", datetime(2026, 11, 2, 9), NOVEMBER, None)
STARTING = Snapshot(1, 0, None, None, None, None)
ORIGINAL = {"pi4_state": 1, "sys_flags": 0, "sheet_id": None, "last_stored_timestamp": None}
TEXT = """\
{
  "pi4_state": 7,
  "sys_flags": 2,
  "sheet_id": "sheet",
  "last_stored_timestamp": "2026-11-02T09:00:00",
  "review_period": {
    "name": "November 2026",
    "first_day": "2026-11-01",
    "last_day": "2026-11-30"
  },
  "previous_period": null,
  "checksum": "dd46da8bfe56a13896f95581b6fa1a801b46191ae1c911a044163e336ee16ac4"
}
"""


@pytest.fixture
def store(tmp_path):
    return FileSnapshotStore(tmp_path)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_the_file_is_text_that_a_person_can_read():
    assert encode_snapshot(RELAYING).decode() == TEXT
    assert decode_snapshot(TEXT.encode()) == RELAYING


def test_the_order_of_the_fields_means_nothing():
    fields = json.loads(TEXT)
    turned = {name: fields[name] for name in reversed(fields)}

    assert decode_snapshot(json.dumps(turned).encode()) == RELAYING


@pytest.mark.parametrize("name", ["review_period", "previous_period", "checksum"])
def test_with_any_field_of_ours_the_checksum_must_fit(name):
    """A file cut and fixed by a tool must not pass for one in the original format."""
    with pytest.raises(ContractError) as refusal:
        decode_snapshot(json.dumps({**ORIGINAL, name: None}).encode())
    assert str(refusal.value) == "the checksum does not fit: the file is torn or was edited"


@pytest.mark.parametrize(
    ("document", "reason"),
    [
        ([1], "expected an object"),
        ({**ORIGINAL, "pi4_state": 12}, "pi4_state 12 is no state's code"),
        ({**ORIGINAL, "sys_flags": 64}, "sys_flags 64 has bits without a meaning"),
        ({**ORIGINAL, "pi4_state": "7"}, "snapshot.pi4_state: expected int, not str"),
    ],
)
def test_a_refused_document_says_why(document, reason):
    with pytest.raises(ContractError) as refusal:
        decode_snapshot(json.dumps(document).encode())
    assert str(refusal.value) == reason


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16"])
def test_a_file_that_a_windows_editor_saved_is_read(encoding):
    assert decode_snapshot(TEXT.encode(encoding)) == RELAYING


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "the file is empty"),
        (b" \n", "the file is empty"),
        (TEXT[:20].encode(), "the file is cut off"),
        (TEXT[:30].encode(), "the file is cut off"),
        (TEXT[:-2].encode(), "the file is cut off"),
        (b"pi4_state: 1", "the file is no JSON"),
        (bytes(200), "the file is no JSON"),
        (b"{\x80\x81}", "the file is no JSON that the client writes"),
        (b"[" * 100_000, "the file is no JSON that the client writes"),
    ],
)
def test_a_file_that_holds_no_document_is_told_in_words_of_ours(data, reason):
    with pytest.raises(ContractError) as refusal:
        decode_snapshot(data)
    assert str(refusal.value) == reason


def test_two_refused_files_are_told_one_after_the_other_with_the_way_out(store):
    for path in (store.path, store.previous_path):
        path.write_text("[1]")

    with pytest.raises(SnapshotError) as refusal:
        store.load()
    assert str(refusal.value) == (
        f"{store.path}: expected an object; {store.previous_path}: expected an object. "
        "Delete snapshot.json (and snapshot.previous.json): the client then asks for the review period again; "
        "the ledger and the sheets keep it from storing anything twice"
    )


@pytest.mark.parametrize("torn", [b"", b"\0" * 200, b'{"pi4_state": 3, "sys', b"\xff\xfe"])
def test_what_a_disk_has_damaged_twice_is_begun_anew(store, caplog, torn):
    store.save(STARTING)
    store.save(RELAYING)
    for path in (store.path, store.previous_path):
        path.write_bytes(torn)

    assert store.load() is None
    assert "Beginning without them" in caplog.text
    store.save(STARTING)
    assert store.load() == STARTING


def test_a_file_of_ours_with_another_content_is_damaged_and_one_that_we_do_not_know_is_refused(store):
    store.save(STARTING)
    store.path.write_bytes(store.path.read_bytes().replace(b'"sys_flags": ', b'"sys_flags": 1'))
    assert store.load() is None

    store.previous_path.write_text('{"pi4_state": 4711}')
    with pytest.raises(SnapshotError):
        store.load()


def test_a_step_back_to_the_previous_file_is_told(store, caplog):
    store.save(STARTING)
    store.save(RELAYING)
    store.path.write_text("[1]")

    with caplog.at_level(logging.WARNING, "attendance_client"):
        assert store.load() == STARTING
    assert f"{store.path}: expected an object; resuming from snapshot.previous.json" in caplog.text


def test_the_previous_file_alone_is_enough(store):
    store.save(STARTING)
    store.save(RELAYING)
    store.path.unlink()

    assert store.load() == STARTING


def test_a_file_that_goes_bad_meanwhile_does_not_become_the_previous_one(store):
    store.save(STARTING)
    store.path.write_bytes(b"\x00" * 200)
    store.save(RELAYING)

    assert decode_snapshot(store.previous_path.read_bytes()) == STARTING
    assert decode_snapshot(store.path.read_bytes()) == RELAYING


def test_the_same_again_is_not_written(store):
    """A poll that finds nothing must not wear out the card, nor displace the snapshot of one step earlier."""
    store.save(STARTING)
    store.save(RELAYING)
    before = store.path.stat()
    store.save(RELAYING)

    after = store.path.stat()
    assert (after.st_ino, after.st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    assert decode_snapshot(store.previous_path.read_bytes()) == STARTING


def test_a_leftover_of_a_power_loss_is_used_up(store, tmp_path):
    (tmp_path / "snapshot.json.tmp").write_text("half a snap")
    store.save(STARTING)

    assert names(tmp_path) == ["snapshot.json"]


def test_a_write_that_fails_leaves_nothing_behind_and_says_where(store, tmp_path):
    store.save(STARTING)
    store.previous_path.mkdir()

    with pytest.raises(DiskError) as refusal:
        store.save(RELAYING)
    assert str(refusal.value).startswith(f"cannot write {store.path}: [Errno 21] Is a directory")
    assert "look at the disk" in str(refusal.value)
    assert names(tmp_path) == ["snapshot.json", "snapshot.previous.json"]
    assert store.load() == STARTING


def test_a_folder_that_has_gone_is_told(tmp_path):
    store = FileSnapshotStore(tmp_path / "gone")

    with pytest.raises(DiskError, match=r"cannot write .*snapshot\.json: \[Errno 2\] No such file"):
        store.save(STARTING)
