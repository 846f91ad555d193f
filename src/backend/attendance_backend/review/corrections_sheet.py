"""``Corrections``: what HR types. The program prepares the rows and never reads them; formulas look them up.

Status answers each row. Hidden columns behind say the same as formulas need it, one step a column:

- Lookup: the employee's name, so that MATCH takes it letter by letter;
- Person: the row of that name in ``Monthly Summary``, or of that user name;
- User, User Lookup: who that is, as formulas know people (`formulas.token_of`);
- What: in small letters;
- From, To: the first and the last day meant;
- Boundary: when a day begins at the person's site;
- Time: the value as a fraction of a day since that day's midnight: 02:30 with a boundary of 04:00 is the next morning;
- Problem: what is wrong, but for a second row about the same;
- Group: what is corrected for whom, ``check in @ann``; empty when there is a problem;
- Key: Group and day, ``check in @ann 46328``: by this the other worksheets find the row. Leave has none, for it may
  last for days; it is found by Group, From and To.

Of two rows with the same key the upper one counts, and the other one says so. A waiver looks into ``Weekly Summary``
whether there was a penalty.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from attendance_backend.review import (
    daily_columns,
    formulas,
    guide_sheet,
    monthly_columns,
    sites_sheet,
    weekly_columns,
)
from attendance_backend.review.names import CORRECTIONS, CORRECTIONS_ID, DAILY, MONTHLY, SITES, WEEKLY
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import cell_name, column_letters, quoted
from attendance_backend.sheet.changes import (
    AddNote,
    AddWorksheet,
    Block,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    OfferChoices,
    SetColumns,
    Style,
    WarnBeforeEdit,
    WriteCells,
)

STATUS, DATE, UNTIL, EMPLOYEE, WHAT, VALUE, REASON, ENTERED_BY = range(8)
LOOKUP, PERSON, USER, USER_LOOKUP, KIND, FROM, TO, BOUNDARY, TIME, PROBLEM, GROUP, KEY = range(8, 20)
HEADERS = (
    "Status",
    "Date",
    "Until (leave)",
    "Employee",
    "What",
    "Value",
    "Reason",
    "Entered By",
    "Lookup",
    "Person",
    "User",
    "User Lookup",
    "Kind",
    "From",
    "To",
    "Boundary",
    "Time",
    "Problem",
    "Group",
    "Key",
)
HEADER_ROWS = 1
PREPARED_ROWS = 1000
"""Rows with formulas; more corrections than these cannot be typed."""

CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE = "check in", "check out", "leave", "waive penalty", "note"
KINDS = (CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE)
APPLIED, NOTED = "applied", "noted"
NOTHING_TO_WAIVE = f"{NOTED}: that week has no penalty to waive"

GROUP_COLUMN, KEY_COLUMN, FROM_COLUMN, TO_COLUMN, TIME_COLUMN = (
    formulas.column_of(CORRECTIONS, column) for column in (GROUP, KEY, FROM, TO, TIME)
)
"""For formulas of other worksheets."""

_NOTES = {
    STATUS: "applied: it counts. Anything else says what is wrong and what to type.",
    DATE: "The day on which the shift began.",
    UNTIL: "Only for leave: its last day. Empty for a single day.",
    EMPLOYEE: "Choose from the list. If two people have the same name, type the user name.",
    WHAT: "check in and check out replace what was punched. leave: for Date, or Date to Until. waive penalty: no "
    "penalty in the week of Date. note: changes nothing, and settles what Exceptions says of that day.",
    VALUE: "The time, such as 17:30. After midnight, too: 02:30 is the end of the shift that began on Date.",
}
_LONGEST_USER = 250
_EXAMPLE = re.compile(r'"type a date such as ([^" ]+) into Date"')
_WIDTHS = (370, 95, 95, 190, 120, 80, 300, 130)


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks that stand side by side.

    Attributes:
        first: column of the first in ``Weekly Summary``.
        last: column of the last there.
        monday: column of the first one's Monday in ``Daily Attendance``.
    """

    first: int
    last: int
    monday: int


def group_of(kind: str, user: str) -> str:
    """How `GROUP` names what is corrected for whom; `user` is a `user_key`."""
    return f"{kind} {formulas.token_of(user)}"


def create(first_day_label: str = "17-11-2026", weeks: Weeks | None = None) -> list[Change]:
    """The whole worksheet, its rows prepared.

    Args:
        first_day_label: a date for the answers to show as an example.
        weeks: in which waivers look for a penalty; None for none.
    """
    header = tuple(NewCell(text, styles.HEADER) for text in HEADERS)
    rows = HEADER_ROWS + PREPARED_ROWS
    typed = Block(HEADER_ROWS, rows, DATE, ENTERED_BY + 1)
    names = Formula(f"={quoted(MONTHLY)}!$A${monthly_columns.HEADER_ROWS + 1}:$A")
    return [
        AddWorksheet(
            CORRECTIONS_ID,
            CORRECTIONS,
            row_count=rows,
            column_count=len(HEADERS),
            frozen_rows=HEADER_ROWS,
            frozen_columns=STATUS + 1,
            tab_color=styles.HR_TAB,
        ),
        WriteCells(CORRECTIONS_ID, 0, 0, (header,)),
        *prepared(PREPARED_ROWS, first_day_label, weeks),
        *(SetColumns(CORRECTIONS_ID, column, column + 1, pixels) for column, pixels in enumerate(_WIDTHS)),
        SetColumns(CORRECTIONS_ID, LOOKUP, len(HEADERS), hidden=True),
        OfferChoices(CORRECTIONS_ID, Block(HEADER_ROWS, rows, EMPLOYEE, EMPLOYEE + 1), names, strict=False),
        OfferChoices(CORRECTIONS_ID, Block(HEADER_ROWS, rows, WHAT, WHAT + 1), KINDS, strict=True),
        *(AddNote(CORRECTIONS_ID, 0, column, text) for column, text in _NOTES.items()),
        WarnBeforeEdit(
            CORRECTIONS_ID, "Type into the columns Date to Entered By; the others answer.", (typed,)
        ),
        *_highlights(),
    ]


def prepared(count: int, example: str, weeks: Weeks | None) -> list[Change]:
    """So many rows below the header, with their formulas; `example` and `weeks` as for `create`."""
    return [
        FillCells(CORRECTIONS_ID, HEADER_ROWS, column, count, 1, cell)
        for column, cell in _cells(example, weeks).items()
    ]


def earlier_cells(count: int) -> list[Change]:
    """Those of so many rows that an earlier version filled with another formula, with that one.

    It called every waiver applied.
    """
    return [FillCells(CORRECTIONS_ID, HEADER_ROWS, STATUS, count, 1, NewCell(Formula(_status(None))))]


def example_in(formulas_of_rows: Iterable[str]) -> str | None:
    """The date that the answers of a worksheet show as an example: the period may have been another one then."""
    found = (_EXAMPLE.search(formula) for formula in formulas_of_rows)
    return next((match[1] for match in found if match), None)


def _cells(example: str, weeks: Weeks | None) -> dict[int, NewCell]:
    """What is filled into the rows, by column; formulas as for the first of them."""
    typed: dict[int, Style] = {
        DATE: styles.DAY_CELL,
        UNTIL: styles.DAY_CELL,
        EMPLOYEE: styles.PLAIN,
        WHAT: styles.PLAIN,
        VALUE: styles.TIME_CELL,
        REASON: styles.WRAPPED,
        ENTERED_BY: styles.PLAIN,
    }
    cells = {column: NewCell(None, style) for column, style in typed.items()}
    cells[STATUS] = NewCell(Formula(_status(weeks)), styles.ANSWER)
    for column, formula in _steps(example).items():
        cells[column] = NewCell(Formula(formula))
    return cells


def _own(column: int) -> str:
    return formulas.own(column, HEADER_ROWS)


def _steps(example: str) -> dict[int, str]:
    names = formulas.column_of(MONTHLY, monthly_columns.EMPLOYEE)
    users = formulas.column_of(MONTHLY, monthly_columns.USER_NAME)
    tokens = formulas.column_of(MONTHLY, monthly_columns.TOKEN)
    escaped_tokens = formulas.column_of(MONTHLY, monthly_columns.TOKEN_LOOKUP)
    person_sites = formulas.column_of(MONTHLY, monthly_columns.SITE)
    sites = formulas.column_of(SITES, sites_sheet.SITE)
    boundaries = formulas.column_of(SITES, sites_sheet.DAY_BOUNDARY)
    employee, value, lookup, person, kind, start, boundary = map(
        _own, (EMPLOYEE, VALUE, LOOKUP, PERSON, KIND, FROM, BOUNDARY)
    )
    is_time = f'OR({kind}="{CHECK_IN}",{kind}="{CHECK_OUT}")'
    return {
        LOOKUP: f'=IF({employee}="","",{formulas.escaping(f"TRIM({employee})")})',
        PERSON: (
            f'=IF({lookup}="","",IF(COUNTIF({names},"="&{lookup})=1,MATCH({lookup},{names},0),'
            f'IFERROR(MATCH({lookup},{users},0),"")))'
        ),
        USER: f'=IF({person}="","",INDEX({tokens},{person})&"")',
        USER_LOOKUP: f'=IF({person}="","",INDEX({escaped_tokens},{person})&"")',
        KIND: f"=LOWER(TRIM({_own(WHAT)}))",
        FROM: f'=IF(ISNUMBER({_own(DATE)}),INT({_own(DATE)}),"")',
        TO: (
            f'=IF(OR({kind}<>"{LEAVE}",{_own(UNTIL)}=""),{start},'
            f'IF(ISNUMBER({_own(UNTIL)}),INT({_own(UNTIL)}),""))'
        ),
        BOUNDARY: (
            f'=IF({person}="","",IFERROR(INDEX({boundaries},MATCH(INDEX({person_sites},{person}),{sites},0))+0,'
            f"MIN({boundaries})))"
        ),
        TIME: (
            f'=IF(AND({is_time},ISNUMBER({value}),ISNUMBER({start}),{person}<>""),'
            f'IF({value}>=2,{value}-{start},IF({value}<{boundary},{value}+1,{value})),"")'
        ),
        PROBLEM: _problem(example, is_time, names),
        GROUP: f'=IF(OR({_own(USER)}="",{_own(PROBLEM)}<>""),"",{kind}&" "&{_own(USER)})',
        KEY: f'=IF(OR({_own(GROUP)}="",{kind}="{LEAVE}"),"",{_own(GROUP)}&" "&{start})',
    }


def _problem(example: str, is_time: str, names: str) -> str:
    """The first thing that is wrong in the row."""
    user, employee, lookup = _own(USER), _own(EMPLOYEE), _own(LOOKUP)
    kind, start, end = _own(KIND), _own(FROM), _own(TO)
    time, boundary = _own(TIME), _own(BOUNDARY)
    typed = f"{_own(DATE)}:{_own(ENTERED_BY)}"
    known = ",".join(f'{kind}="{one}"' for one in KINDS)
    checks = (
        (f"COUNTA({typed})=0", '""'),
        (f'{employee}=""', '"choose the employee"'),
        (
            f'AND({user}="",COUNTIF({names},"="&{lookup})>1)',
            '"several people have this name: type the user name instead"',
        ),
        (f'{user}=""', '"nobody here has this name: choose one from the list"'),
        (f'{start}=""', f'"type a date such as {example} into Date"'),
        (f"NOT(OR({known}))", '"choose from the list in What"'),
        (f'{end}=""', f'"type a date such as {example} into Until, or nothing"'),
        (f"{end}<{start}", '"Until lies before Date: correct one of them"'),
        (
            f"OR({end}<{guide_sheet.FIRST_CELL},{start}>{guide_sheet.LAST_CELL})",
            f'"not a day of this period ("&{guide_sheet.DAYS_CELL}&")"',
        ),
        (f"NOT({is_time})", '""'),
        (f'{time}=""', '"type a time such as 17:30 into Value"'),
        (
            f"OR({time}<{boundary},{time}>=1+{boundary})",
            '"this time is on another day: type only the time, such as 17:30"',
        ),
    )
    return "=" + "".join(f"IF({test},{answer}," for test, answer in checks) + '""' + ")" * len(checks)


def _status(weeks: Weeks | None) -> str:
    """The problem; or that another row says it already; or that the row counts."""
    kind, start, key, user = _own(KIND), _own(FROM), _own(KEY), _own(USER_LOOKUP)
    keys = formulas.own_column(KEY)
    first = f'MATCH({kind}&" "&{user}&" "&{start},{keys},0)'
    leave = f'IF({kind}="{NOTE}","{NOTED}","{APPLIED}")'
    counts = f'IF({kind}="{NOTE}","{NOTED}",{_applied(weeks)})'
    other = f'IF({first}<>ROW(),"not used: row "&{first}&" is about the same",{counts})'
    return f'=IF({_own(PROBLEM)}<>"",{_own(PROBLEM)},IF({_own(GROUP)}="","",IF({key}="",{leave},{other})))'


def _applied(weeks: Weeks | None) -> str:
    """That the row counts; of a waiver, whether there was anything to waive."""
    if weeks is None:
        return f'"{APPLIED}"'
    own_key = (
        f'MID({_own(USER_LOOKUP)},2,{_LONGEST_USER})&"{daily_columns.key_of("", weekly_columns.PENALTIES)}"'
    )
    row = f"MATCH({own_key},{formulas.column_of(WEEKLY, weekly_columns.KEY)},0)"
    first_day = f"{quoted(DAILY)}!${column_letters(weeks.monday)}${daily_columns.DATE_ROW + 1}"
    of_weeks = f"{quoted(WEEKLY)}!${column_letters(weeks.first)}:${column_letters(weeks.last)}"
    penalty = f"INDEX({of_weeks},{row},INT(({_own(FROM)}-{first_day})/7)+1)"
    # A week that came later has its column elsewhere: what cannot be looked up is not denied.
    is_waived = f'IFERROR({penalty}="{weekly_columns.WAIVED_WORD}",TRUE)'
    return f'IF({_own(KIND)}="{WAIVE}",IF({is_waived},"{APPLIED}","{NOTHING_TO_WAIVE}"),"{APPLIED}")'


def _highlights() -> list[Change]:
    status = cell_name(HEADER_ROWS, STATUS)

    def answers(test: str, background: str | None, color: str) -> Change:
        return HighlightWhen(
            CORRECTIONS_ID,
            HEADER_ROWS,
            STATUS,
            Formula(f"={test}"),
            background,
            color,
            end_column=STATUS + 1,
        )

    return [
        answers(f"LEN(${status})>0", styles.LATE_BACKGROUND, styles.LATE_TEXT),
        answers(
            f'OR(${status}="{APPLIED}",LEFT(${status},{len(NOTED)})="{NOTED}")',
            styles.GOOD_BACKGROUND,
            styles.GOOD_TEXT,
        ),
    ]
