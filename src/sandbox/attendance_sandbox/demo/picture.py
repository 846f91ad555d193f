"""Pictures of a workbook, one for each worksheet, through LibreOffice where it is installed."""

import re
import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import load_workbook

TIMEOUT_S = 120
LINE_PX = 26
"""So high a line of text is in a picture, however small the page's width makes it on paper."""
MOST_DPI = 500
MARGIN_PT = 6.0
_POINTS_AN_INCH = 72
_WORD = re.compile(r'<word xMin="([\d.]+)" yMin="([\d.]+)" xMax="([\d.]+)" yMax="([\d.]+)">')
_PAGE = re.compile(r'<page width="([\d.]+)" height="([\d.]+)">')
_FOOTER = re.compile(r"(?P<title>\S.*?)\s+\d+ / \d+")
"""What the saved workbooks print at the foot of each page."""


def draw(workbook: Path, folder: Path) -> list[Path]:
    """Write a PNG of each visible worksheet's first page, named after it; empty where a program is missing.

    A picture shows what is printed and not the paper below it, at a size at which it can be read.

    Returns:
        The pictures in the order of the worksheets.
    """
    office, renderer, reader = (shutil.which(name) for name in ("soffice", "pdftoppm", "pdftotext"))
    if office is None or renderer is None or reader is None:
        return []
    with TemporaryDirectory() as scratch:
        profile = f"-env:UserInstallation=file://{scratch}/profile"
        _run([office, profile, "--headless", "--convert-to", "pdf", "--outdir", scratch, str(workbook)])
        pdf = Path(scratch) / f"{workbook.stem}.pdf"
        folder.mkdir(parents=True, exist_ok=True)
        pictures = []
        pages_of = _first_pages(_run([reader, "-layout", str(pdf), "-"]))
        for title in _visible(workbook):
            page = pages_of.get(title)
            if page is None:
                continue
            target = folder / file_name(title)
            one = ["-f", str(page), "-l", str(page)]
            part = part_to_show(_run([reader, *one, "-bbox", str(pdf), "-"]))
            command = [renderer, "-png", *one, "-singlefile", *part.options(), str(pdf)]
            _run([*command, str(target.with_suffix(""))])
            pictures.append(target)
    return pictures


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a page, in points, and the resolution at which it is drawn."""

    left: float
    top: float
    width: float
    height: float
    dpi: int

    def options(self) -> list[str]:
        """For pdftoppm, which counts in pixels."""
        told = {"-x": self.left, "-y": self.top, "-W": self.width, "-H": self.height}
        scale = self.dpi / _POINTS_AN_INCH
        return [
            "-r",
            str(self.dpi),
            *(text for name, at in told.items() for text in (name, str(round(at * scale)))),
        ]


def part_to_show(boxes: str) -> Part:
    """What of a page is printed, without its foot; `boxes` is what pdftotext -bbox says of that page."""
    page = _PAGE.search(boxes)
    if page is None:
        raise ValueError("pdftotext tells no page")
    width, height = map(float, page.groups())
    words = [tuple(map(float, word.groups())) for word in _WORD.finditer(boxes)]
    foot = max((top for _, top, _, _ in words), default=height)
    above = [word for word in words if word[1] < foot - MARGIN_PT]
    if not above:
        return Part(0, 0, width, height, LINE_PX * _POINTS_AN_INCH // 10)
    left = max(min(word[0] for word in above) - MARGIN_PT, 0)
    top = max(min(word[1] for word in above) - MARGIN_PT, 0)
    bottom = max(word[3] for word in above) + MARGIN_PT
    # Coloured cells reach beyond their words: to the right margin, which is as wide as the left one.
    return Part(left, top, width - 2 * left, bottom - top, _readable_dpi(above))


def _readable_dpi(words: Sequence[tuple[float, ...]]) -> int:
    heights = sorted(bottom - top for _, top, _, bottom in words)
    return min(round(LINE_PX * _POINTS_AN_INCH / heights[len(heights) // 2]), MOST_DPI)


def file_name(title: str) -> str:
    """A worksheet's picture: ``Raw Data - berlin`` becomes ``raw-data-berlin.png``."""
    return re.sub(r"[^\w]+", "-", title.casefold()).strip("-") + ".png"


def _visible(workbook: Path) -> list[str]:
    """The titles of the worksheets that a person sees; LibreOffice prints hidden ones, too."""
    book = load_workbook(workbook, read_only=True)
    titles = [sheet.title for sheet in book.worksheets if sheet.sheet_state == "visible"]
    book.close()
    return titles


def _first_pages(text: str) -> dict[str, int]:
    """Each worksheet's first page, counted from 1, by its title, from the text of all pages."""
    pages: dict[str, int] = {}
    for number, page in enumerate(text.split("\f"), 1):
        lines = [line.strip() for line in page.splitlines() if line.strip()]
        footer = _FOOTER.fullmatch(lines[-1]) if lines else None
        if footer is not None:
            pages.setdefault(footer["title"], number)
    return pages


def _run(command: list[str]) -> str:
    """What a program prints; its arguments are ours."""
    done = subprocess.run(command, check=True, timeout=TIMEOUT_S, capture_output=True, text=True)  # noqa: S603 - see above
    return done.stdout
