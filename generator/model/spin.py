"""Runs SPIN: the model's files and a run's switches in, a verdict with figures and a trail out."""

import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from generator.model.variants import Variant
from generator.spec import Spec

FORMAL = Path(__file__).resolve().parent.parent.parent / "spec" / "formal"

MEMORY_MB = 6000
DEPTH = 2_000_000
TABLE_BITS = 24
"""The hash table begins with this many bits' worth of slots, 8 bytes each."""


class ModelError(Exception):
    """SPIN or the compiler is missing, or refuses the model."""


class Verdict(StrEnum):
    """What a search found."""

    HOLDS = "holds"
    FALLS = "FALLS"
    UNKNOWN = "not decided"
    """The bounds of time, memory or depth were met before the search was complete."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What a search cost. States and transitions do not depend on the computer."""

    states: int
    transitions: int
    memory_mb: float
    seconds: float


NO_FIGURES = Figures(0, 0, 0.0, 0.0)


@dataclass(frozen=True, slots=True)
class Outcome:
    """A search's end. `fell` holds the numbers of the promises that a survey saw fall."""

    verdict: Verdict
    figures: Figures
    fell: frozenset[int] = frozenset()
    trail: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Build:
    """A compiled verifier in a directory of its own."""

    directory: Path
    switches: tuple[str, ...]

    def search(self, *options: str, seconds: float, depth: int = DEPTH) -> Outcome:
        """Run the verifier; the outcome's trail is empty unless a promise fell.

        Raises:
            ModelError: the verifier refuses to search.
        """
        for old in self.directory.glob("*.trail"):
            old.unlink()
        command = ["./pan", f"-m{depth}", f"-w{TABLE_BITS}", *options]
        try:
            finished = subprocess.run(  # noqa: S603 - the verifier that was just compiled here
                command, cwd=self.directory, capture_output=True, text=True, timeout=seconds, check=False
            )
        except subprocess.TimeoutExpired:
            return Outcome(Verdict.UNKNOWN, Figures(0, 0, 0.0, seconds))
        return self._outcome(finished.stdout + finished.stderr)

    def _outcome(self, output: str) -> Outcome:
        errors = re.search(r"errors: (\d+)", output)
        if errors is None:
            raise ModelError(f"SPIN's verifier ended without a result:\n{output.strip()}")
        figures = Figures(
            states=int(_number(r"(\S+) states, stored", output)),
            transitions=int(_number(r"(\S+) transitions \(", output)),
            memory_mb=_number(r"(\S+)\s+total actual memory usage", output),
            seconds=_number(r"elapsed time (\S+) seconds", output),
        )
        fell = frozenset(int(number) for number in re.findall(r"^FELL (\d+)$", output, re.MULTILINE))
        if int(errors[1]) > 0:
            return Outcome(Verdict.FALLS, figures, fell, self._replay())
        if "Search not completed" in output or "max search depth too small" in output:
            return Outcome(Verdict.UNKNOWN, figures, fell)
        return Outcome(Verdict.FALLS if fell else Verdict.HOLDS, figures, fell)

    def _replay(self) -> tuple[str, ...]:
        """What the model's own printing says on the way of the trail."""
        if not any(self.directory.glob("*.trail")):
            return ()
        replay = _run(["spin", "-t", "-T", "-B", *self.switches, "model.pml"], self.directory)
        return tuple(line.strip() for line in replay.splitlines())


def _number(pattern: str, output: str) -> float:
    found = re.search(pattern, output)
    return float(found[1]) if found else 0.0


@contextmanager
def built(
    spec: Spec, variant: Variant, switches: Mapping[str, int], compile_options: Iterable[str]
) -> Iterator[Build]:
    """A verifier of the variant, compiled; its directory is gone afterwards.

    Raises:
        ModelError: SPIN or gcc is missing, or refuses the model.
    """
    with tempfile.TemporaryDirectory(prefix="attendance-model-") as name:
        directory = Path(name)
        for file in FORMAL.glob("*.pml"):
            shutil.copy(file, directory)
        (directory / "client.pml").write_text(variant.emit(spec), encoding="utf-8")
        defines = tuple(f"-D{switch}={value}" for switch, value in switches.items())
        said = _run(["spin", "-a", *defines, "model.pml"], directory)
        if not (directory / "pan.c").exists():
            raise ModelError(f"SPIN refuses the model:\n{said}")
        options = ("-DNOREDUCE", f"-DMEMLIM={MEMORY_MB}", *compile_options)
        said = _run(["gcc", *options, "-o", "pan", "pan.c"], directory)
        if not (directory / "pan").exists():
            raise ModelError(f"gcc refuses SPIN's verifier:\n{said}")
        yield Build(directory, defines)


def _run(command: list[str], directory: Path) -> str:
    try:
        finished = subprocess.run(  # noqa: S603 - fixed programs, our own files
            command, cwd=directory, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ModelError(
            f"{command[0]} is not installed; the model needs SPIN and a C compiler (apt-get install spin gcc libc6-dev)"
        ) from None
    return finished.stdout + finished.stderr
