"""What runs from `start` to `stop`, or as long as a ``with`` lasts."""

from typing import Self


class Running:
    """A stand-in, or a part of one."""

    def start(self) -> None:
        """Begin to run."""
        raise NotImplementedError

    def stop(self) -> None:
        """Run no more; harmless where it does not run."""
        raise NotImplementedError

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
