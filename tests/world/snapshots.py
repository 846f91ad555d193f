"""What the snapshot files may hold, as a small model beside the real store."""

from dataclasses import dataclass, field

from attendance_client.fsm.snapshot import Snapshot


@dataclass
class SnapshotModel:
    """The two files by content; None is a file that is absent or damaged.

    Attributes:
        current: what snapshot.json holds.
        previous: what snapshot.previous.json may hold.
        pending: what was being saved when the power failed.
        written: what this run of the client has written last; the same again is not written.
        damaged: whether a file was damaged, rather than never written.
    """

    current: Snapshot | None = None
    previous: set[Snapshot | None] = field(default_factory=lambda: {None})
    pending: Snapshot | None = None
    written: Snapshot | None = None
    damaged: bool = False

    def begin(self, snapshot: Snapshot) -> None:
        self.pending = snapshot

    def end(self) -> None:
        if self.pending != self.written:
            if self.current is not None:
                self.previous = {self.current}
            self.current = self.written = self.pending
        self.pending = None

    def loadable(self) -> set[Snapshot | None]:
        """What the store may load now; None: nothing, or a refusal if a file was damaged."""
        loadable: set[Snapshot | None] = set()
        currents = {self.current} if self.pending is None else {self.current, self.pending}
        for current in currents:
            loadable |= self.previous if current is None else {current}
        return loadable

    def loaded(self, snapshot: Snapshot | None) -> None:
        """Learn what came through a power loss."""
        if self.pending is not None and self.current is not None:
            self.previous |= {self.current}
        if self.pending is not None or self.current is not None:
            self.current = snapshot if snapshot in {self.current, self.pending} else None
        self.pending = self.written = None

    def damage(self, name: str) -> None:
        """A file went bad while the client is off."""
        self.damaged = True
        if name == "snapshot.json":
            if self.pending is not None and self.current is not None:
                self.previous |= {self.current}  # the save that the power ended may have copied it by then
            self.current = self.pending = None
        else:
            self.previous = {None}
