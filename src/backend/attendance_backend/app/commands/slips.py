"""`attendance-backend slips`: a page for each person, to hand out or to sign."""

from pathlib import Path

from attendance_backend.app.commands.export import Exported, Looked, looked_at
from attendance_backend.errors import LayoutError, UserError
from attendance_backend.export.slips import About, pages, plain
from attendance_backend.ports import Backend
from attendance_backend.review.names import GUIDE


def slips(backend: Backend, period: str, folder: Path | None, *, strict: bool = False) -> Exported:
    """Write a folder of slips: a file for each person, and one with all of them, to print.

    Args:
        folder: is made if it is not there; None for "Slips <period>" in the current folder.

    Returns:
        The file with all of them first.

    Raises:
        UserError: no such period, a workbook that lacks values, a file that cannot be written.
        GoogleError: try again.
    """
    found = looked_at(backend, period)
    made = [
        _slips(
            seen,
            backend,
            folder if len(found) == 1 or folder is None else folder / plain(seen.name),
            strict=strict,
        )
        for seen in found
    ]
    return Exported(
        tuple(path for each in made for path in each.paths),
        sum(each.people for each in made),
        tuple(line for each in made for line in each.doubts),
        tuple(line for each in made for line in each.notes),
    )


def _slips(seen: Looked, backend: Backend, folder: Path | None, *, strict: bool) -> Exported:
    days = seen.days
    if days is None:
        raise LayoutError(f"the worksheet {GUIDE!r} does not say any more of which days {seen.name} is")
    about = About(seen.name, days.first_day, days.last_day, backend.clock.now().date())
    documents = pages(seen.payroll, seen.corrections, about)
    paths: list[Path] = []
    notes = list(seen.notes)
    if not (strict and seen.told):
        into = folder or Path(f"Slips {plain(seen.name)}")
        try:
            into.mkdir(parents=True, exist_ok=True)
            earlier = sorted(path.name for path in into.glob("*.html") if path.name not in documents)
            paths = [into / name for name in documents]
            for path, document in zip(paths, documents.values(), strict=True):
                path.write_text(document, encoding="utf-8")
        except OSError as error:
            where = error.filename or into
            raise UserError(f"{where} cannot be written: {error.strerror}") from error
        if earlier:
            notes.append(
                f"{into} holds {len(earlier)} other pages, which are not of this run: {earlier[0]}, ..."
            )
    return Exported(tuple(paths), len(seen.payroll.people), seen.told, tuple(notes))
