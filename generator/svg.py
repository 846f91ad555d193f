"""DOT -> SVG through Graphviz, in a form that can be checked without Graphviz.

Another version of Graphviz draws the same DOT a little differently, so a picture is not compared with a fresh one.
Its first line holds two digests instead: of the DOT that it was drawn from, and of the drawing itself.
"""

import hashlib
import re

import graphviz

from generator.errors import RenderError

_ORIGIN = "GENERATED from spec/fsm.yaml by `python -m generator`. Do not edit."
_DIGESTS = re.compile(r"dot-sha256=([0-9a-f]{64}) svg-sha256=([0-9a-f]{64}) -->\Z")
_COMMENTS = re.compile(r"<!--.*?-->\n?", re.DOTALL)


def render(dot: str) -> str:
    """Draw the DOT with every place as it is given.

    Raises:
        RenderError: Graphviz is not installed, or refuses the DOT.
    """
    try:
        drawn = graphviz.pipe_string("dot", "svg", dot, encoding="utf-8", quiet=True)
    except graphviz.ExecutableNotFound:
        raise RenderError(
            "Graphviz is not installed, so no picture can be drawn: sudo apt-get install graphviz"
        ) from None
    except graphviz.CalledProcessError as error:
        raise RenderError(f"Graphviz refused to draw the picture: {error}") from error
    body = _COMMENTS.sub("", drawn[drawn.index("<svg") :]).rstrip("\n") + "\n"
    return f"<!-- {_ORIGIN} dot-sha256={_sha256(dot)} svg-sha256={_sha256(body)} -->\n{body}"


def is_drawn_from(svg: str, dot: str) -> bool:
    """Whether the picture was drawn from this very DOT and not touched since."""
    first, _, body = svg.partition("\n")
    digests = _DIGESTS.search(first)
    return digests is not None and digests.groups() == (_sha256(dot), _sha256(body))


def _sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
