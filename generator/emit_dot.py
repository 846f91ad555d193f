"""Emits the picture as DOT, laid out as the seed drew it.

Every place is given, so Graphviz has nothing to lay out: its layout "nop2" draws what it is told.
"""

import graphviz

from generator import palette
from generator.geometry import Curve, Ellipse, Point, curved, straight
from generator.spec import Colour, Drawn, Kind, Spec, State, Transition

COMMENT = "GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit. To draw: dot -Tpng"

# Pixels become points one to one, and DOT's y points up.
POINTS_PER_INCH = 72.0
PAGE_HEIGHT = 850.0

TITLE_AT: Point = (609, 70)
LEGEND_AT: Point = (925, 62)
LEGEND_ROW = 24.0
LEGEND_TEXT = 245.0

SIZES = {Kind.ENTRY: (110.0, 48.0), Kind.SLEEP: (120.0, 60.0)}
USUAL_SIZE = (140.0, 70.0)
LETTER_WIDTH = 6.0

OURS_STYLE = "dashed"


def emit(spec: Spec) -> str:
    """The machine with what is ours, and a legend."""
    return _draw(spec, spec.states, spec.transitions)


def emit_seed(spec: Spec) -> str:
    """The machine as the seed drew it: without the states and transitions that are ours."""
    states = tuple(state for state in spec.states if state.ours is None)
    return _draw(spec, states, tuple(t for t in spec.transitions if t.ours is None))


def ellipse(state: State) -> Ellipse:
    """The state's place and size, wide enough for its name."""
    width, height = SIZES.get(state.kind, USUAL_SIZE)
    return Ellipse(state.at, max(width, LETTER_WIDTH * len(state.name) + 14), height)


def curve(spec: Spec, transition: Transition) -> Curve:
    """The way of a transition's arrow."""
    tail, head = ellipse(spec.state(transition.source)), ellipse(spec.state(transition.target))
    drawn = transition.drawn
    if drawn is None and tail == head:
        drawn = Drawn("e", "ne", ())
    if drawn is None:
        return straight(tail, head)
    return curved(tail, drawn.leaves, head, drawn.enters, drawn.via)


def two_lines(label: str) -> str:
    """The label in at most two lines of about the same length."""
    words = label.split(" ")
    splits = [(" ".join(words[:i]), " ".join(words[i:])) for i in range(1, len(words))]
    if not splits or len(label) <= 12:
        return label
    return "\n".join(min(splits, key=lambda lines: max(map(len, lines))))


def _draw(spec: Spec, states: tuple[State, ...], transitions: tuple[Transition, ...]) -> str:
    graph = graphviz.Digraph(
        "client_fsm",
        comment=COMMENT,
        graph_attr={"layout": "nop2", "bgcolor": palette.PAGE, "pad": "0.3", "outputorder": "edgesfirst"},
        node_attr={
            "shape": "ellipse",
            "style": "filled",
            "fixedsize": "true",
            "fontname": "Courier",
            "fontsize": "9.5",
        },
        edge_attr={
            "fontname": "Helvetica",
            "fontsize": "11",
            "fontcolor": palette.TEXT,
            "arrowsize": "0.8",
            "arrowhead": "vee",
        },
    )
    _text(graph, "title", TITLE_AT, spec.title, width=960, fontname="Courier-Bold", fontsize="22")
    for state in states:
        _state(graph, state)
    for transition in transitions:
        _arrow(graph, spec, transition)
    own = [*(s.ours for s in states), *(t.ours for t in transitions)]
    _legend(graph, with_ours=any(own))
    return str(graph.source)


def _state(graph: graphviz.Digraph, state: State) -> None:
    paint = palette.STATES[state.kind]
    shape = ellipse(state)
    code = "" if state.pi4_state is None else f" (pi4_state {state.pi4_state})"
    ours = {} if state.ours is None else {"style": f"filled,{OURS_STYLE}"}
    why = "" if state.ours is None else f" - ours: {state.ours}"
    graph.node(
        state.name,
        pos=_pinned(shape.centre),
        width=_inches(shape.width),
        height=_inches(shape.height),
        fillcolor=paint.fill,
        color=paint.border,
        tooltip=f"{state.name}{code}: {state.meaning}{why}",
        **ours,
    )


def _arrow(graph: graphviz.Digraph, spec: Spec, transition: Transition) -> None:
    attributes = {"color": palette.ARROWS[transition.colour][0], "pos": _spline(curve(spec, transition))}
    attributes["tooltip"] = (
        f"{transition.event} [{transition.guard_text}]" if transition.guard else transition.event
    )
    if transition.ours is not None:
        attributes["style"] = OURS_STYLE
        attributes["tooltip"] += f" - ours: {transition.ours}"
    if transition.label is not None and transition.label_at is not None:
        attributes |= {"label": two_lines(transition.label), "lp": _at(transition.label_at)}
        attributes["labeltooltip"] = attributes["tooltip"]
    graph.edge(transition.source, transition.target, **attributes)


def _legend(graph: graphviz.Digraph, *, with_ours: bool) -> None:
    x, y = LEGEND_AT
    for paint in palette.STATES.values():
        name = f"legend_{paint.meaning.split(' ')[0].strip(':')}"
        graph.node(
            name,
            label="",
            pos=_pinned((x, y)),
            width=_inches(34),
            height=_inches(16),
            fillcolor=paint.fill,
            color=paint.border,
        )
        _legend_text(graph, name, (x, y), paint.meaning)
        y += LEGEND_ROW
    arrows = [(str(colour), *palette.ARROWS[colour], "solid") for colour in Colour]
    if with_ours:
        arrows.append(("ours", palette.ARROWS[Colour.TEAL][0], palette.OURS, OURS_STYLE))
    for name, paint_of_arrow, meaning, style in arrows:
        _legend_arrow(graph, f"legend_{name}", (x, y), paint_of_arrow, style)
        _legend_text(graph, f"legend_{name}", (x, y), meaning)
        y += LEGEND_ROW


def _legend_arrow(graph: graphviz.Digraph, name: str, at: Point, colour: str, style: str) -> None:
    tail, head = Ellipse((at[0] - 19, at[1]), 4, 4), Ellipse((at[0] + 19, at[1]), 4, 4)
    for end, shape in (("from", tail), ("to", head)):
        graph.node(
            f"{name}_{end}", label="", pos=_pinned(shape.centre), style="invis", width="0.05", height="0.05"
        )
    graph.edge(f"{name}_from", f"{name}_to", pos=_spline(straight(tail, head)), color=colour, style=style)


def _legend_text(graph: graphviz.Digraph, name: str, at: Point, text: str) -> None:
    place = (at[0] + 26 + LEGEND_TEXT / 2, at[1])
    _text(graph, f"{name}_text", place, f"{text}\\l", width=LEGEND_TEXT, fontname="Helvetica", fontsize="11")


def _text(graph: graphviz.Digraph, name: str, at: Point, text: str, *, width: float, **font: str) -> None:
    graph.node(
        name,
        label=text,
        shape="plaintext",
        style="",
        pos=_pinned(at),
        width=_inches(width),
        height="0.4",
        fontcolor=palette.TEXT,
        **font,
    )


def _spline(line: Curve) -> str:
    return " ".join([f"e,{_at(line.tip)}", *(_at(point) for point in line.points)])


def _pinned(point: Point) -> str:
    return f"{_at(point)}!"


def _at(point: Point) -> str:
    return f"{point[0]:.1f},{PAGE_HEIGHT - point[1]:.1f}"


def _inches(pixels: float) -> str:
    return f"{pixels / POINTS_PER_INCH:.4f}"
