"""Who is enrolled: the machine's slots for users."""

import threading

from attendance_sandbox.device.records import MAX_UID, User, check_user_id


class UserSlots:
    """Users by slot (uid) and by user ID. Safe to use from any thread.

    Args:
        numeric: whether user IDs are numbers only.
    """

    def __init__(self, capacity: int, *, numeric: bool) -> None:
        self.capacity = capacity
        self._numeric = numeric
        self._lock = threading.RLock()
        self._users: dict[int, User] = {}
        self._uids: dict[str, int] = {}
        self._lowest_free_uid = 1

    def __len__(self) -> int:
        return len(self._users)

    def all(self) -> tuple[User, ...]:
        """A copy, in the order of the uids."""
        with self._lock:
            return tuple(self._users[uid] for uid in sorted(self._users))

    def find(self, user_id: str) -> User | None:
        with self._lock:
            uid = self._uids.get(user_id)
            return None if uid is None else self._users[uid]

    def free_uid(self) -> int:
        """The lowest slot that nobody has."""
        with self._lock:
            while self._lowest_free_uid in self._users:
                self._lowest_free_uid += 1
            return self._lowest_free_uid

    def write(self, user: User) -> None:
        """Put `user` into its slot, whoever was there before.

        Raises:
            ValueError: the user ID does not fit this machine or has another slot, or the machine is full.
        """
        check_user_id(user.user_id, numeric=self._numeric)
        if not 1 <= user.uid <= MAX_UID:
            raise ValueError(f"a uid is a number from 1 to {MAX_UID}, not {user.uid}")
        with self._lock:
            if user.uid not in self._users and len(self._users) >= self.capacity:
                raise ValueError(f"the machine holds {self.capacity:,} users and is full")
            if self._uids.get(user.user_id, user.uid) != user.uid:
                raise ValueError(f"user {user.user_id!r} has slot {self._uids[user.user_id]} already")
            self.empty(user.uid)
            self._users[user.uid] = user
            self._uids[user.user_id] = user.uid

    def empty(self, uid: int) -> bool:
        """Forget whoever has that slot; False when nobody has."""
        with self._lock:
            user = self._users.pop(uid, None)
            if user is None:
                return False
            del self._uids[user.user_id]
            self._lowest_free_uid = min(self._lowest_free_uid, uid)
            return True
