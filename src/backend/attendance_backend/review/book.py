"""The worksheets of a review workbook as they were read: which is which, and where their columns stand.

A worksheet is known by its tag (`sheet.layout`); without one, as an earlier version made it, by its ID or its title. So
a person may rename it. A copy of one bears the ID of the original in its tag, and is none of ours.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from attendance_backend.domain.people import user_key
from attendance_backend.errors import LayoutError
from attendance_backend.review import (
    corrections_sheet,
    daily_columns,
    days_sheet,
    exceptions_sheet,
    guide_sheet,
    kept_sheets,
    monthly_columns,
    plan_columns,
    punch_index,
    raw_data,
    sites_sheet,
    weekly_columns,
    working_time_columns,
)
from attendance_backend.review.exceptions_sheet import Entry
from attendance_backend.review.formulas import Places, token_of
from attendance_backend.review.names import (
    AMENDMENTS,
    DAILY,
    DAYS,
    EXCEPTIONS,
    GUIDE,
    KEPT,
    MONTHLY,
    RAW_PREFIX,
    SINCE,
    WEEKLY,
    is_raw_title,
)
from attendance_backend.sheet import placing
from attendance_backend.sheet.blocks import write_cells
from attendance_backend.sheet.changes import Change, NewCell
from attendance_backend.sheet.grid import Area, Spreadsheet, Worksheet
from attendance_backend.sheet.layout import VERSION, Layout
from attendance_backend.sheet.placing import LOOK, as_made, fixes, lost_rows, missing, placed, unknown
from attendance_backend.sheet.preview import made_by

LAYOUTS = {
    layout.title: layout
    for layout in (
        exceptions_sheet.LAYOUT,
        daily_columns.LAYOUT,
        weekly_columns.LAYOUT,
        monthly_columns.LAYOUT,
        working_time_columns.LAYOUT,
        plan_columns.LAYOUT,
        corrections_sheet.LAYOUT,
        raw_data.AMENDMENTS_LAYOUT,
        sites_sheet.LAYOUT,
        guide_sheet.LAYOUT,
        days_sheet.LAYOUT,
        punch_index.LAYOUT,
        kept_sheets.KEPT_LAYOUT,
        kept_sheets.SINCE_LAYOUT,
    )
}


_BY_ID = {layout.sheet_id: role for role, layout in LAYOUTS.items()}
_BY_TITLE = {role.casefold(): role for role in LAYOUTS}


def layout_of(role: str) -> Layout:
    """The layout of one of our worksheets."""
    return LAYOUTS.get(role) or raw_data.layout_of(role[len(RAW_PREFIX) :])


@dataclass(frozen=True)
class Want:
    """A part of a worksheet that is to be read; its header rows are always.

    Attributes:
        made: the worksheet as it is made: where things stand unless somebody moved them.
        areas: what else must be read, by where things stand.
    """

    made: Worksheet
    areas: Callable[[Worksheet], list[Area]] = lambda _: []
    optional: bool = False

    @property
    def title(self) -> str:
        return self.made.role or self.made.title

    def all_areas(self, sheet: Worksheet) -> list[Area]:
        if not sheet.lines:
            return [Area.of_rows(sheet.title, 0, LOOK)]
        return [Area.of_rows(sheet.title, sheet.lines[0], sheet.first_row), *self.areas(sheet)]


def header(title: str, *, optional: bool = False) -> Want:
    """The header rows of a worksheet."""
    return Want(as_made(layout_of(title)), optional=optional)


def columns(title: str) -> Want:
    return Want(as_made(layout_of(title)), lambda sheet: Area.of_places(sheet.title, sheet.columns.values()))


def whole(title: str, *, optional: bool = False) -> Want:
    """All cells of a worksheet."""
    return Want(as_made(layout_of(title)), lambda sheet: [Area(sheet.title)], optional)


def raw(title: str) -> Want:
    """The areas to read of raw data or amendments before rows are appended."""
    return Want(as_made(layout_of(title)), placing.append_areas)


GUIDE_VALUES = Want(guide_sheet.as_made(), guide_sheet.areas)
EXCEPTIONS_END = Want(as_made(exceptions_sheet.LAYOUT), placing.append_areas)
STATE_HEADERS = (
    header(monthly_columns.LAYOUT.title),
    header(corrections_sheet.LAYOUT.title),
)
"""Where State of ``Exceptions`` looks."""


def recognised(view: Spreadsheet) -> Spreadsheet:
    """The workbook with the roles of its worksheets, and the places of the columns of ours.

    Raises:
        LayoutError: a later version of the program changed it.
    """
    roles: dict[int, str] = {}
    for sheet in view.worksheets:
        version, number, role = _of_tag(sheet.tag)
        if role and number == sheet.sheet_id:
            if version > VERSION:
                raise _newer(view, f"layout {version}, and this one knows {VERSION}")
            roles[sheet.sheet_id] = role
    _claim(roles, ((sheet, _BY_ID.get(sheet.sheet_id, "")) for sheet in view.worksheets))
    _claim(roles, ((sheet, _role_of_title(sheet.title)) for sheet in view.worksheets))
    return replace(
        view,
        worksheets=tuple(_in_role(view, sheet, roles.get(sheet.sheet_id, "")) for sheet in view.worksheets),
    )


def _claim(roles: dict[int, str], found: Iterable[tuple[Worksheet, str]]) -> None:
    """Roles for worksheets without a tag, as far as nobody has them."""
    for sheet, role in found:
        if role and not sheet.tag and sheet.sheet_id not in roles and role not in roles.values():
            roles[sheet.sheet_id] = role


def _in_role(view: Spreadsheet, sheet: Worksheet, role: str) -> Worksheet:
    if not role:
        return replace(sheet, role="")
    layout = layout_of(role)
    if unknown(sheet, layout):
        raise _newer(view, f"{sheet.title!r} has columns that this one does not know")
    return replace(placed(sheet, layout), role=role)


def _newer(view: Spreadsheet, why: str) -> LayoutError:
    return LayoutError(
        f"spreadsheet {view.spreadsheet_id} was changed by a later release of this program ({why}): deploy that "
        "release; nothing was written"
    )


def _of_tag(tag: str) -> tuple[int, int, str]:
    """Version of the layout, ID of the worksheet, and role."""
    version, _, rest = tag.partition(" ")
    number, _, role = rest.partition(" ")
    if not (version.isdecimal() and number.isdecimal()):
        return 0, -1, ""
    return int(version), int(number), role


def _role_of_title(title: str) -> str:
    if is_raw_title(title):
        return RAW_PREFIX + title[len(RAW_PREFIX) :]
    return _BY_TITLE.get(title.casefold(), "")


def ours(view: Spreadsheet) -> list[Worksheet]:
    return [sheet for sheet in view.worksheets if sheet.role]


def raw_sheets(view: Spreadsheet) -> list[Worksheet]:
    """The raw data of all sites."""
    return [sheet for sheet in ours(view) if is_raw_title(sheet.role or "")]


PROTECTED = "is protected against the program"
LOST_ROWS = "rows of its header"


def locked(view: Spreadsheet) -> list[str]:
    """What is wrong with worksheets of the program that somebody protected against it; read without cells."""
    return [
        f"the worksheet {sheet.title!r} {PROTECTED}, which can write nothing there: in Data > "
        "Protect sheets and ranges delete the protection, or let the program's account edit"
        for sheet in ours(view)
        if sheet.locked
    ]


def sites_of(view: Spreadsheet) -> set[str]:
    """The sites that have raw data in a workbook."""
    return {(sheet.role or "")[len(RAW_PREFIX) :] for sheet in raw_sheets(view)}


_APART = (AMENDMENTS, KEPT, SINCE)
"""No formula names them."""


def places_of(view: Spreadsheet, coming: Sequence[str] = ()) -> Places:
    """Places of columns, for formulas; of worksheets that do not exist yet, the places that they will have."""
    stand = [sheet for sheet in ours(view) if sheet.role in LAYOUTS and sheet.role not in _APART]
    lacking = [title for title in {*view.absent, *coming} if title in LAYOUTS]
    stand += [guide_sheet.as_made() if title == GUIDE else as_made(LAYOUTS[title]) for title in lacking]
    guide = next((sheet for sheet in stand if sheet.role == GUIDE), None)
    return Places(stand, {} if guide is None else guide_sheet.cells(guide))


def tell(view: Spreadsheet, entries: Sequence[Entry]) -> list[Change]:
    """Rows for ``Exceptions``; of `EXCEPTIONS_END` and `STATE_HEADERS`."""
    if not entries:
        return []
    return exceptions_sheet.append(view.worksheet(EXCEPTIONS), entries, places_of(view))


def made(changes: Iterable[Change]) -> Worksheet:
    sheet = made_by(changes)
    return replace(placed(sheet, layout_of(sheet.title)), role=sheet.title)


_KEYS = {
    DAYS: (days_sheet.KEY, days_sheet.USER_NAME, days_sheet.MEASURE),
    DAILY: (daily_columns.KEY, daily_columns.USER_NAME, daily_columns.LABEL),
    WEEKLY: (weekly_columns.KEY, weekly_columns.USER_NAME, weekly_columns.LABEL),
    MONTHLY: (monthly_columns.TOKEN, monthly_columns.USER_NAME, None),
}
"""Where rows are found by a key: its column, and the columns that tell the same to people."""


def fixes_of(sheet: Worksheet) -> tuple[list[Change], list[str]]:
    """What gives a worksheet, which was read whole if it `lacks_key`, what it lacks, and in words what that was.

    Raises:
        LayoutError: nobody but Google knows what stood in a column that is gone.
    """
    role = sheet.role or ""
    layout = layout_of(role)
    lacking = missing(sheet, layout)
    lost = [column for column in lacking if column in raw_data.FACTS]
    if lacks_key(sheet) and role != DAYS:
        lost += [column for column in _KEYS[role][1:] if column in lacking]
    if lost:
        again = ", or delete the worksheet: the next visit makes it again" if role in _KEYS else ""
        raise LayoutError(
            f"the worksheet {sheet.title!r} has lost its column {lost[0].header!r}: restore it through File > Version "
            f"history{again}"
        )
    if inserted := lost_rows(sheet, layout):
        return list(inserted), [f"{sheet.title!r} lacked {len(inserted)} {LOST_ROWS}"]
    changes, told = fixes(sheet, layout, role)
    if lacks_key(sheet):
        key, *others = _KEYS[role]
        place = sheet.column_count + lacking.index(key)
        cells = {
            (row, place): NewCell(_key(*(sheet.text(row, column) for column in others if column)))
            for row in sheet.data_rows()
            if all(column is None or column in sheet.columns for column in others)
        }
        changes += write_cells(sheet.sheet_id, {at: cell for at, cell in cells.items() if cell.value})
    return changes, told


def lost_keys(view: Spreadsheet) -> list[Change]:
    """Keys that somebody emptied, from what stands beside them; rows without one would be made a second time."""
    changes: list[Change] = []
    for role, (key, *others) in _KEYS.items():
        sheet = view.find(role)
        if sheet is None or not {key, *filter(None, others)} <= sheet.columns.keys():
            continue
        there = {sheet.text(row, key) for row in sheet.data_rows()}
        cells = {
            (row, sheet.at(key)): NewCell(made)
            for row in sheet.data_rows()
            if not sheet.text(row, key)
            and (made := _key(*(sheet.text(row, column) for column in others if column)))
            and made not in there
        }
        changes += write_cells(sheet.sheet_id, cells)
    return changes


def _key(user_name: str, measure: str | None = None) -> str | None:
    """What stands in the column of keys, by what people read of the row; None in a row of nobody."""
    user = user_key(user_name)
    if not user:
        return None
    return token_of(user) if measure is None else daily_columns.key_of(user, measure)


def lacks_key(sheet: Worksheet) -> bool:
    """Whether the column of row keys is gone."""
    known = _KEYS.get(sheet.role or "")
    return known is not None and known[0] not in sheet.columns


def lacks(sheet: Worksheet) -> bool:
    """Whether a worksheet, of which the header rows were read, lacks tags, columns or rows of its header."""
    return placing.lacks(sheet, layout_of(sheet.role or ""), sheet.role or "")
