"""Whatever happens to the files, the client resumes from a whole snapshot or refuses both."""

import json
import random
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import assume, given
from hypothesis import strategies as st

from attendance_client.fsm.snapshot import FileSnapshotStore, Snapshot, decode_snapshot, encode_snapshot
from tests.property import strategies
from tests.world.disk import Disk
from tests.world.power import Power, PowerLoss
from tests.world.snapshots import SnapshotModel
from tests.world.storage import WorldSnapshotStore

damages = st.one_of(
    st.tuples(st.just("cut"), st.integers(0, 2000), st.just(0)),
    st.tuples(st.just("zeroed"), st.integers(0, 2000), st.integers(1, 600)),
    st.tuples(st.just("flipped"), st.integers(0, 2000), st.integers(0, 7)),
)


def damaged(data, damage):
    """`data` after a cut, a block of zeros, or one flipped bit at a place."""
    kind, place, size = damage
    place %= len(data)
    match kind:
        case "cut":
            return data[:place]
        case "zeroed":
            return data[:place] + bytes(len(data[place : place + size])) + data[place + size :]
        case _:
            return data[:place] + bytes([data[place] ^ 1 << size]) + data[place + 1 :]


@given(snapshot=strategies.snapshots)
def test_a_snapshot_survives_its_file(snapshot):
    assert decode_snapshot(encode_snapshot(snapshot)) == snapshot


@given(snapshot=strategies.snapshots, damage=damages)
def test_a_damaged_file_is_refused_or_says_the_same(snapshot, damage):
    """It says the same where the damage hits what means nothing, such as the last line break."""
    data = damaged(encode_snapshot(snapshot), damage)

    try:
        decoded = decode_snapshot(data)
    except ValueError:
        return
    assert decoded == snapshot


@given(older=strategies.snapshots, newer=strategies.snapshots, damage=damages, current=st.booleans())
def test_one_damaged_file_costs_at_most_one_step(older, newer, damage, current):
    assume(older != newer)  # the same again is not written
    with TemporaryDirectory() as name:
        store = FileSnapshotStore(Path(name))
        store.save(older)
        store.save(newer)
        path = store.path if current else store.previous_path
        path.write_bytes(damaged(path.read_bytes(), damage))

        loaded = FileSnapshotStore(Path(name)).load()

    assert loaded in ({older, newer} if current else {newer})


@given(
    older=strategies.snapshots,
    newer=strategies.snapshots,
    place=st.integers(0, 2000),
    then=strategies.snapshots,
)
def test_a_torn_file_never_displaces_the_whole_one(older, newer, place, then):
    assume(older != newer)
    with TemporaryDirectory() as name:
        store = FileSnapshotStore(Path(name))
        store.save(older)
        store.save(newer)
        data = store.path.read_bytes()
        store.path.write_bytes(data[: place % (len(data) - 1)])
        again = FileSnapshotStore(Path(name))
        again.save(then)
        again.path.write_bytes(b"")

        assert FileSnapshotStore(Path(name)).load() == older


@given(one=strategies.snapshots, two=strategies.snapshots)
def test_two_damaged_files_are_begun_without(one, two):
    assume(one != two)
    with TemporaryDirectory() as name:
        store = FileSnapshotStore(Path(name))
        store.save(one)
        store.save(two)
        for path in (store.path, store.previous_path):
            path.write_bytes(path.read_bytes()[:-20])

        assert FileSnapshotStore(Path(name)).load() is None


@given(
    snapshots=st.lists(strategies.snapshots, min_size=1, max_size=5),
    instant=st.integers(0, 12) | st.integers(0, 60),
    seed=st.integers(0, 2**32 - 1),
)
def test_power_lost_at_any_instant_leaves_the_old_snapshot_or_the_new_one(snapshots, instant, seed):
    power = Power()
    disk = Disk(power)
    try:
        model = SnapshotModel()
        store = WorldSnapshotStore(disk.directory, power, model)
        power.fail_at(instant)
        try:
            with disk:
                for snapshot in snapshots:
                    store.save(snapshot)
        except PowerLoss:
            disk.power_lost(random.Random(seed))

        assert FileSnapshotStore(disk.directory).load() in model.loadable()
    finally:
        disk.remove()


@given(state=st.integers(1, 9), flags=st.integers(0, 3), sheet_id=st.none() | strategies.texts)
def test_a_file_in_the_original_format_loads(state, flags, sheet_id):
    document = {"pi4_state": state, "sys_flags": flags, "sheet_id": sheet_id, "last_stored_timestamp": None}

    assert decode_snapshot(json.dumps(document).encode()) == Snapshot(
        state, flags, sheet_id, None, None, None
    )
