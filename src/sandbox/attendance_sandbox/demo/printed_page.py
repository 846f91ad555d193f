"""What of a printed page is worth a picture: not the paper below the last line, and no more at once than can be read.

Lengths are in points, as pdftotext tells them.
"""

import itertools
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

LINE_PX = 26
"""So high a line of text is in a picture, however small the page's width makes it on paper."""
WIDEST_PX = 2_600
MOST_DPI = 500
MARGIN_PT = 6.0
_POINTS_AN_INCH = 72
_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">')
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">')


class _Box(NamedTuple):
    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page, and the resolution at which it is drawn."""

    left: float
    top: float
    width: float
    height: float
    dpi: int

    def options(self) -> list[str]:
        """For pdftoppm, which counts in pixels."""
        scale = self.dpi / _POINTS_AN_INCH
        told = {"-x": self.left, "-y": self.top, "-W": self.width, "-H": self.height}
        places = (text for name, at in told.items() for text in (name, str(round(at * scale))))
        return ["-r", str(self.dpi), *places]


def parts_to_show(boxes: str) -> list[Part]:
    """The parts of a page, from left to right, without its foot; none of an empty one.

    Args:
        boxes: what pdftotext -bbox says of that page.
    """
    page = _PAGE.search(boxes)
    words = [_Box(*map(float, word.groups())) for word in _WORD.finditer(boxes)]
    foot = max((word.top for word in words), default=0)
    words = [word for word in words if word.top < foot - MARGIN_PT]
    if page is None or not words:
        return []
    left = min(word.left for word in words) - MARGIN_PT
    top = min(word.top for word in words) - MARGIN_PT
    bottom = max(word.bottom for word in words) + MARGIN_PT
    # Coloured cells reach beyond their words: to the right margin, which is as wide as the left one.
    right = float(page[1]) - left
    dpi = _readable_dpi(words)
    count = math.ceil((right - left) * dpi / _POINTS_AN_INCH / WIDEST_PX)
    cuts = [left, *(_gap_near(left + (right - left) * n / count, words) for n in range(1, count)), right]
    return [Part(one, top, other - one, bottom - top, dpi) for one, other in itertools.pairwise(cuts)]


def _readable_dpi(words: Sequence[_Box]) -> int:
    heights = sorted(word.bottom - word.top for word in words)
    return min(round(LINE_PX * _POINTS_AN_INCH / heights[len(heights) // 2]), MOST_DPI)


def _gap_near(at: float, words: Sequence[_Box]) -> float:
    """The place nearest to `at` where a cut from top to bottom goes through no word."""
    reach = 0.0
    best = at
    nearest = math.inf
    for word in sorted(words):
        middle = (reach + word.left) / 2
        if word.left > reach and abs(middle - at) < nearest:
            best, nearest = middle, abs(middle - at)
        reach = max(reach, word.right)
    return best
