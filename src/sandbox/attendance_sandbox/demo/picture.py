"""A picture of a workbook, through LibreOffice where it is installed."""

import shutil
import subprocess
from pathlib import Path
from tempfile import TemporaryDirectory

TIMEOUT_S = 120
RESOLUTION_DPI = 200
MOST_PAGES = 5
"""What HR looks at comes first; the raw data fills many pages more."""


def draw(workbook: Path, folder: Path) -> list[Path]:
    """Write a PNG for each of the workbook's first pages; empty where a program is missing."""
    office, renderer = shutil.which("soffice"), shutil.which("pdftoppm")
    if office is None or renderer is None:
        return []
    with TemporaryDirectory() as scratch:
        subprocess.run(  # noqa: S603 - fixed arguments; the workbook is ours
            [
                office,
                f"-env:UserInstallation=file://{scratch}/profile",
                "--headless",
                "--convert-to",
                "pdf",
                "--outdir",
                scratch,
                str(workbook),
            ],
            check=True,
            timeout=TIMEOUT_S,
            capture_output=True,
        )
        pdf = Path(scratch) / f"{workbook.stem}.pdf"
        folder.mkdir(parents=True, exist_ok=True)
        prefix = folder / "page"
        subprocess.run(  # noqa: S603 - as above
            [renderer, "-png", "-r", str(RESOLUTION_DPI), "-l", str(MOST_PAGES), str(pdf), str(prefix)],
            check=True,
            timeout=TIMEOUT_S,
        )
    return sorted(folder.glob("page*.png"))
