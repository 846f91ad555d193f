"""What is generated, and where it lies below the project's root."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from generator import emit_dot, emit_machine, emit_mermaid, emit_promela, emit_table
from generator.spec import Spec

Emitter = Callable[[Spec], str]


@dataclass(frozen=True, slots=True)
class Text:
    """A file that holds what its emitter returns."""

    path: Path
    emit: Emitter


@dataclass(frozen=True, slots=True)
class Picture:
    """An SVG drawn from the DOT that its emitter returns."""

    path: Path
    emit_dot: Emitter


_DIAGRAMS = Path("docs/diagrams")

TEXTS = (
    Text(Path("src/client/attendance_client/fsm/generated.py"), emit_machine.emit),
    Text(_DIAGRAMS / "client-fsm.dot", emit_dot.emit),
    Text(_DIAGRAMS / "client-fsm-seed.dot", emit_dot.emit_seed),
    Text(_DIAGRAMS / "client-fsm.mmd", emit_mermaid.emit),
    Text(Path("docs/state-machine.md"), emit_table.emit),
    Text(Path("spec/formal/client.pml"), emit_promela.emit),
)

PICTURES = (
    Picture(_DIAGRAMS / "client-fsm.svg", emit_dot.emit),
    Picture(_DIAGRAMS / "client-fsm-seed.svg", emit_dot.emit_seed),
)
