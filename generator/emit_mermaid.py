"""Emits the machine as a Mermaid state diagram, for pages that render Mermaid."""

from generator import palette
from generator.spec import Kind, Spec, Transition

HEADER = "%% GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit: change the spec instead."


def emit(spec: Spec) -> str:
    """The diagram's whole text."""
    lines = [HEADER, "stateDiagram-v2", "    direction LR"]
    for kind, paint in palette.STATES.items():
        lines.append(f"    classDef {kind} fill:{paint.fill},stroke:{paint.border},color:#222222")
    lines += [f"    [*] --> {state.name}" for state in spec.of_kind(Kind.ENTRY)]
    lines += [f"    {t.source} --> {t.target}: {_label(t)}" for t in spec.transitions]
    lines += [f"    class {','.join(s.name for s in spec.of_kind(kind))} {kind}" for kind in palette.STATES]
    return "\n".join(lines) + "\n"


def _label(transition: Transition) -> str:
    guard = f" [{transition.guard_text}]" if transition.guard else ""
    ours = " (ours)" if transition.ours is not None else ""
    return f"{transition.event}{guard}{ours}"
