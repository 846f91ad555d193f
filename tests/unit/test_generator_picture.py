"""The picture can be read: no arrow runs through a state, no label lies on anything, and it has the seed's colours."""

import math
import re
import struct
import subprocess
from itertools import combinations
from pathlib import Path
from shutil import which
from xml.etree import ElementTree as ET

import pytest

from generator import emit_dot, emit_table, palette
from generator.geometry import Curve, Ellipse, Point, straight
from generator.load import load, loads
from generator.spec import Spec

needs_graphviz = pytest.mark.skipif(which("dot") is None, reason="drawing needs Graphviz")

ROOT = Path(__file__).resolve().parents[2]

# Roughly what a letter and a line of a label take up, in pixels, at its size of font.
LETTER, LINE = 6.2, 13.0

SVG = "{http://www.w3.org/2000/svg}"

Box = tuple[float, float, float, float]


@pytest.fixture(scope="module")
def spec() -> Spec:
    return load(ROOT / "spec" / "fsm.yaml")


@pytest.fixture(scope="module", params=["client-fsm.svg", "client-fsm-seed.svg"])
def svg(request) -> ET.Element:
    return ET.parse(ROOT / "docs" / "diagrams" / request.param).getroot()


def points(curve: Curve) -> list[Point]:
    return [bezier(curve, step / 60) for step in range(61)]


def bezier(curve: Curve, t: float) -> Point:
    weights = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    x, y = (sum(w * p[axis] for w, p in zip(weights, curve.points, strict=True)) for axis in (0, 1))
    return x, y


def depth(shape: Ellipse, point: Point) -> float:
    """Below 1 the point lies inside."""
    dx, dy = point[0] - shape.centre[0], point[1] - shape.centre[1]
    return math.hypot(dx / (shape.width / 2), dy / (shape.height / 2))


def box(at: Point, label: str) -> Box:
    lines = emit_dot.two_lines(label).split("\n")
    width, height = LETTER * max(map(len, lines)), LINE * len(lines)
    return at[0] - width / 2, at[1] - height / 2, at[0] + width / 2, at[1] + height / 2


def inside(point: Point, area: Box) -> bool:
    return area[0] < point[0] < area[2] and area[1] < point[1] < area[3]


def labels(spec: Spec) -> dict[str, Box]:
    return {t.label: box(t.label_at, t.label) for t in spec.transitions if t.label and t.label_at}


def test_no_arrow_runs_through_a_state(spec):
    for t in spec.transitions:
        for point in points(emit_dot.curve(spec, t)):
            for state in spec.states:
                margin = 0.97 if state.name in (t.source, t.target) else 1.05
                assert depth(emit_dot.ellipse(state), point) > margin, (
                    t.event,
                    t.source,
                    t.target,
                    state.name,
                )


def test_every_arrow_ends_on_the_edge_of_its_state(spec):
    for t in spec.transitions:
        curve = emit_dot.curve(spec, t)
        assert depth(emit_dot.ellipse(spec.state(t.target)), curve.tip) == pytest.approx(1, abs=0.02)
        assert depth(emit_dot.ellipse(spec.state(t.source)), curve.points[0]) == pytest.approx(1, abs=0.02)


def test_no_label_lies_on_a_state_or_an_arrow(spec):
    assert len(labels(spec)) == 8
    for label, area in labels(spec).items():
        for state in spec.states:
            x = min(max(state.at[0], area[0]), area[2])
            y = min(max(state.at[1], area[1]), area[3])
            assert depth(emit_dot.ellipse(state), (x, y)) > 1, (label, state.name)
        for t in spec.transitions:
            assert not any(inside(p, area) for p in points(emit_dot.curve(spec, t))), (
                label,
                t.event,
                t.source,
            )


def test_states_and_labels_lie_apart(spec):
    for one, other in combinations(labels(spec).values(), 2):
        assert one[2] < other[0] or other[2] < one[0] or one[3] < other[1] or other[3] < one[1]
    for one, other in combinations(spec.states, 2):
        assert math.dist(one.at, other.at) > 80


def test_a_transition_that_says_nothing_of_its_way_is_drawn_straight():
    curve = straight(Ellipse((0, 0), 100, 50), Ellipse((300, 0), 100, 50))
    assert curve.points[0] == pytest.approx((50, 0))
    assert curve.tip == pytest.approx((250, 0))


def test_the_svg_shows_every_state_in_its_colour(svg, spec):
    drawn = {
        group.find(f"{SVG}title").text: group for group in svg.iter(f"{SVG}g") if group.get("class") == "node"
    }
    for state in spec.states:
        paint = palette.STATES[state.kind]
        ellipse = next(drawn[state.name].iter(f"{SVG}ellipse"))
        assert (ellipse.get("fill"), ellipse.get("stroke")) == (paint.fill, paint.border)


def test_the_svg_has_title_legend_and_no_trace_of_the_version(svg, spec):
    texts = [text.text for text in svg.iter(f"{SVG}text")]
    assert spec.title in texts
    for _, meaning in palette.ARROWS.values():
        assert meaning in texts
    assert not re.search(r"graphviz version", ET.tostring(svg, encoding="unicode"))


def test_ours_is_dashed_with_us_and_absent_from_the_seeds(spec):
    ours = [t for t in spec.transitions if t.ours is not None]
    assert emit_dot.emit(spec).count("style=dashed") == len(ours) + 1
    assert "dashed" not in emit_dot.emit_seed(spec)
    assert palette.OURS in emit_dot.emit(spec)
    assert palette.OURS not in emit_dot.emit_seed(spec)
    arrows = re.findall(r"^\t([A-Z_]+) -> ([A-Z_]+) ", emit_dot.emit_seed(spec), flags=re.MULTILINE)
    assert len(arrows) == len(spec.transitions) - len(ours)


@needs_graphviz
@pytest.mark.parametrize("name", ["client-fsm.dot", "client-fsm-seed.dot"])
def test_the_dot_file_is_drawn_by_dot_alone(name):
    """As anybody would do it: every place is kept, and the picture is of a size that one can look at."""
    file = ROOT / "docs" / "diagrams" / name
    png = subprocess.run(["dot", "-Tpng", file], check=True, capture_output=True).stdout
    width, height = struct.unpack(">II", png[16:24])
    assert 1000 < width < 2500
    assert 700 < height < 2000


def test_a_state_of_ours_is_drawn_as_such_and_is_not_in_the_seeds_picture():
    text = (ROOT / "spec" / "fsm.yaml").read_text(encoding="utf-8")
    why = "    ours: Punches are few at night."
    text = text.replace("    kind: sleep\n", f"    kind: sleep\n{why}\n")
    for arrow in ("from: DEEP_SLEEP", "to: DEEP_SLEEP"):
        text = text.replace(f"    {arrow}\n", f"    {arrow}\n{why}\n")
    spec = loads(text, "fsm.yaml")
    (node,) = [line for line in emit_dot.emit(spec).splitlines() if line.startswith("\tDEEP_SLEEP [")]
    assert 'style="filled,dashed"' in node
    assert "ours: Punches are few at night." in node
    assert "DEEP_SLEEP" not in emit_dot.emit_seed(spec)
    assert "| state `DEEP_SLEEP` | Punches are few at night. |" in emit_table.emit(spec)
