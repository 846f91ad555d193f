"""The power supply, which can fail before or after any effect that the client has on the world."""

from collections import Counter


class PowerLoss(BaseException):
    """The Raspberry Pi is off; nothing of the program runs on."""


class Power:
    """Counts effects and fails at the one that was chosen.

    From then on nothing has any effect, what a program does on its way out included, until the power is back.

    Attributes:
        losses: how often it failed, by the effect at which it did.
    """

    def __init__(self) -> None:
        self.restored = 0
        self._left: int | None = None
        self._lost = False
        self._awaited: str | None = None
        self.losses: Counter[str] = Counter()

    def fail_at(self, effects: int | None) -> None:
        """Fail at the instant that lies `effects` instants ahead (0 is the next one); None: not at all."""
        self._left, self._awaited = effects, None

    def fail_when(self, name: str) -> None:
        """Fail at the next instant of this name, such as "after snapshot"."""
        self._awaited = name

    def restore(self) -> None:
        """The power is back."""
        self._lost = False
        self.restored += 1

    def effect(self, name: str) -> "_Effect":
        """An effect on the world: the power may fail just before it and just after it."""
        return _Effect(self, name)

    def instant(self, name: str) -> None:
        """An instant at which the power may fail."""
        if self._lost:
            raise PowerLoss(name)
        if self._left == 0 or self._awaited == name:
            self.fail_at(None)
            self.losses[name] += 1
            self._lost = True
            raise PowerLoss(name)
        if self._left is not None:
            self._left -= 1


class _Effect:
    """A context that is left by way of the instant after it only if nothing went wrong in it."""

    def __init__(self, power: Power, name: str) -> None:
        self._power = power
        self._name = name

    def __enter__(self) -> None:
        self._power.instant(f"before {self._name}")

    def __exit__(self, kind: object, error: object, trace: object) -> None:
        if kind is None:
            self._power.instant(f"after {self._name}")
