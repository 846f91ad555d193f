"""Where arrows run: Bézier curves between ellipses, in pixels with y pointing down."""

import math
from dataclasses import dataclass
from typing import TypeAlias

Point: TypeAlias = tuple[float, float]

COMPASS = ("e", "ene", "ne", "nne", "n", "nnw", "nw", "wnw", "w", "wsw", "sw", "ssw", "s", "sse", "se", "ese")

ARROW_LENGTH = 5.0

# How far towards the corner a curve is pulled; 2/3 would be a quadratic curve.
CORNER_PULL = 0.72
U_TURN_HEIGHT = 52.0


@dataclass(frozen=True, slots=True)
class Ellipse:
    """A state on the page."""

    centre: Point
    width: float
    height: float

    def port(self, compass: str) -> Point:
        """The point of the edge in a direction of the compass."""
        angle = 2 * math.pi * COMPASS.index(compass) / len(COMPASS)
        x, y = self.centre
        return (x + self.width / 2 * math.cos(angle), y - self.height / 2 * math.sin(angle))

    def towards(self, other: Point) -> Point:
        """The point of the edge on the straight line to another point."""
        dx, dy = other[0] - self.centre[0], other[1] - self.centre[1]
        reach = math.hypot(dx / (self.width / 2), dy / (self.height / 2))
        return (self.centre[0] + dx / reach, self.centre[1] + dy / reach)


@dataclass(frozen=True, slots=True)
class Curve:
    """A cubic Bézier curve and the tip of the arrow that ends it."""

    points: tuple[Point, Point, Point, Point]
    tip: Point


def straight(tail: Ellipse, head: Ellipse) -> Curve:
    """The straight arrow between two states."""
    start, tip = tail.towards(head.centre), head.towards(tail.centre)
    return _tipped(start, _between(start, tip, 1 / 3), _between(start, tip, 2 / 3), tip)


def curved(tail: Ellipse, leaves: str, head: Ellipse, enters: str, via: tuple[Point, ...]) -> Curve:
    """The arrow that leaves and enters at points of the compass, pulled towards two points if `via` names them."""
    start, tip = tail.port(leaves), head.port(enters)
    if via:
        return _tipped(start, via[0], via[1], tip)
    out, into = _outward(leaves), _outward(enters)
    if out == into:
        rise = U_TURN_HEIGHT
        return _tipped(start, _moved(start, out, rise), _moved(tip, into, rise), tip)
    if out == (-into[0], -into[1]):
        reach = math.dist(start, tip) / 3
        return _tipped(start, _moved(start, out, reach), _moved(tip, into, reach), tip)
    corner = (tip[0], start[1]) if out[1] == 0 else (start[0], tip[1])
    return _tipped(start, _between(start, corner, CORNER_PULL), _between(tip, corner, CORNER_PULL), tip)


def _outward(compass: str) -> Point:
    """The direction of the axis in which an arrow leaves there."""
    return {"e": (1.0, 0.0), "w": (-1.0, 0.0), "n": (0.0, -1.0), "s": (0.0, 1.0)}[compass[0]]


def _tipped(start: Point, first: Point, second: Point, tip: Point) -> Curve:
    """The curve shortened so that the arrow's head fits before its tip."""
    length = math.dist(second, tip) or 1.0
    end = _between(tip, second, ARROW_LENGTH / length)
    return Curve((start, first, second, end), tip)


def _between(a: Point, b: Point, share: float) -> Point:
    return (a[0] + (b[0] - a[0]) * share, a[1] + (b[1] - a[1]) * share)


def _moved(point: Point, direction: Point, distance: float) -> Point:
    return (point[0] + direction[0] * distance, point[1] + direction[1] * distance)
