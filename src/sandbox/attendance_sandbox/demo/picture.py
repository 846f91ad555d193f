"""Pictures of a workbook, one for each worksheet, through LibreOffice where it is installed."""

import re
import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

from openpyxl import load_workbook

from attendance_sandbox.demo.printed_page import parts_to_show

TIMEOUT_S = 120
_FOOTER = re.compile(r"(?P<title>\S.*?)\s+\d+ / \d+")
"""What the saved workbooks print at the foot of each page."""


def draw(workbook: Path, folder: Path) -> list[Path]:
    """Write PNGs of each visible worksheet's first page, named after it; none where a program is missing.

    A wide worksheet makes several, from left to right: ``monthly-summary.png``, ``monthly-summary-2.png``.

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
            one = ["-f", str(page), "-l", str(page)]
            boxes = _run([reader, *one, "-bbox", str(pdf), "-"])
            for number, part in enumerate(parts_to_show(boxes), 1):
                target = folder / file_name(title, number)
                command = [renderer, "-png", *one, "-singlefile", *part.options(), str(pdf)]
                _run([*command, str(target.with_suffix(""))])
                pictures.append(target)
    return pictures


def file_name(title: str, number: int = 1) -> str:
    """A worksheet's picture: ``Raw Data - berlin`` becomes ``raw-data-berlin.png``, a second one ends in ``-2.png``."""
    name = re.sub(r"[^\w]+", "-", title.casefold()).strip("-")
    return f"{name}.png" if number == 1 else f"{name}-{number}.png"


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
