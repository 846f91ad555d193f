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
  last for days; it is found by Group, From and To;
- As Typed: Group, From, To and Time, and Kept: what that was when HR finalised the month.

Of two rows with the same key the upper one counts, and the other one says so. A waiver looks into ``Weekly Summary``
whether there was a penalty.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from attendance_backend.review import (
    daily_columns,
    formulas,
    guide_sheet,
    monthly_columns,
    sites_sheet,
    weekly_columns,
)
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import CORRECTIONS, CORRECTIONS_ID, DAILY, MONTHLY, WEEKLY
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import column_letters, row_part
from attendance_backend.sheet.changes import (
    Block,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    NewCell,
    OfferChoices,
)
from attendance_backend.sheet.grid import Worksheet
from attendance_backend.sheet.layout import Column, Layout, runs

STATUS = Column(
    "status",
    "Status",
    370,
    styles.ANSWER,
    note="applied: it counts. Anything else says what is wrong and what to type.",
)
DATE = Column("date", "Date", 95, styles.DAY_CELL, note="The day on which the shift began.")
UNTIL = Column(
    "until",
    "Until (leave)",
    95,
    styles.DAY_CELL,
    note="Only for leave: its last day. Empty for a single day.",
)
EMPLOYEE = Column(
    "employee",
    "Employee",
    190,
    styles.PLAIN,
    note="Choose from the list. If two people have the same name, type the user name.",
)
WHAT = Column(
    "what",
    "What",
    120,
    styles.PLAIN,
    note="check in and check out replace what was punched. leave: for Date, or Date to Until. waive penalty: no "
    "penalty in the week of Date. note: changes nothing, and settles what Exceptions says of that day.",
)
VALUE = Column(
    "value",
    "Value",
    80,
    styles.TIME_CELL,
    note="The time, such as 17:30. After midnight, too: 02:30 is the end of the shift that began on Date.",
)
REASON = Column("reason", "Reason", 300, styles.WRAPPED)
ENTERED_BY = Column("entered_by", "Entered By", 130, styles.PLAIN)
TYPED = (DATE, UNTIL, EMPLOYEE, WHAT, VALUE, REASON, ENTERED_BY)
"""What HR fills in."""
LOOKUP = Column("lookup", "Lookup", hidden=True)
PERSON = Column("person", "Person", hidden=True)
USER = Column("user", "User", hidden=True)
USER_LOOKUP = Column("user_lookup", "User Lookup", hidden=True)
KIND = Column("kind", "Kind", hidden=True)
FROM = Column("from", "From", hidden=True)
TO = Column("to", "To", hidden=True)
BOUNDARY = Column("boundary", "Boundary", hidden=True)
TIME = Column("time", "Time", hidden=True)
PROBLEM = Column("problem", "Problem", hidden=True)
GROUP = Column("group", "Group", hidden=True)
KEY = Column("key", "Key", hidden=True)
AS_TYPED = Column("as_typed", "As Typed", hidden=True)
STEPS = (LOOKUP, PERSON, USER, USER_LOOKUP, KIND, FROM, TO, BOUNDARY, TIME, PROBLEM, GROUP, KEY, AS_TYPED)
KEPT = Column("kept", "Kept", hidden=True)
LAYOUT = Layout(
    CORRECTIONS,
    CORRECTIONS_ID,
    (STATUS, *TYPED, *STEPS, KEPT),
    frozen_columns=1,
    tab_color=styles.HR_TAB,
    warning="Type into the columns Date to Entered By; the others answer.",
    free=TYPED,
)
PREPARED_ROWS = 1000
"""Rows with formulas; more corrections than these cannot be typed."""

CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE = "check in", "check out", "leave", "waive penalty", "note"
KINDS = (CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE)
APPLIED, NOTED = "applied", "noted"
NOT_KEPT = "no effect: this month is finalised"
NOTHING_TO_WAIVE = f"{NOTED}: that week has no penalty to waive"

_LONGEST_USER = 250
_EXAMPLE = re.compile(r'"type a date such as ([^" ]+) into Date"')


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


def create(at: Places, example: str, weeks: Weeks | None) -> list[Change]:
    """The whole worksheet, its rows prepared.

    Args:
        at: where the columns of all worksheets stand.
        example: a date that the answers show as one.
        weeks: in which waivers look for a penalty; None for none.
    """
    sheet, monthly = at.sheets[CORRECTIONS], at.sheets[MONTHLY]
    first, end = sheet.first_row, sheet.first_row + PREPARED_ROWS

    def cells(column: Column) -> Block:
        return Block(first, end, at[column], at[column] + 1)

    letters = column_letters(at[monthly_columns.EMPLOYEE])
    names = Formula(f"={at.sheet(MONTHLY)}!${letters}${monthly.first_row + 1}:${letters}")
    return [
        *LAYOUT.create(end, free_end=end),
        *prepared(sheet, PREPARED_ROWS, example, weeks, at),
        OfferChoices(CORRECTIONS_ID, cells(EMPLOYEE), names, strict=False),
        OfferChoices(CORRECTIONS_ID, cells(WHAT), KINDS, strict=True),
        *_highlights(at),
    ]


def prepared(sheet: Worksheet, count: int, example: str, weeks: Weeks | None, at: Places) -> list[Change]:
    """So many rows below the header, with their formulas; `example` and `weeks` as for `create`."""
    steps = {column: NewCell(Formula(text)) for column, text in _steps(example, at).items()}
    cells = {
        STATUS: STATUS.cell(Formula(_unless_finalised(_status(weeks, at), at))),
        **{each: each.cell() for each in TYPED},
        **steps,
    }
    return [
        FillCells(sheet.sheet_id, sheet.first_row, sheet.at(column), count, 1, cell)
        for column, cell in cells.items()
    ]


def earlier_cells(sheet: Worksheet, count: int, at: Places) -> list[Change]:
    """Those of so many rows that an earlier version filled with another formula, with that one.

    It called every waiver applied.
    """
    formula = NewCell(Formula(_status(None, at)))
    return [FillCells(sheet.sheet_id, sheet.first_row, sheet.at(STATUS), count, 1, formula)]


def example_in(formulas_of_rows: Iterable[str]) -> str | None:
    """The date that the answers of a worksheet show as an example: the period may have been another one then."""
    found = (_EXAMPLE.search(formula) for formula in formulas_of_rows)
    return next((match[1] for match in found if match), None)


def _own(at: Places) -> Callable[[Column], str]:
    """For formulas of the first row: its cell in a column."""
    return lambda column: at.own(column, at.sheets[CORRECTIONS].first_row)


def _steps(example: str, at: Places) -> dict[Column, str]:
    own = _own(at)
    names = at.column(monthly_columns.EMPLOYEE)
    users = at.column(monthly_columns.USER_NAME)
    tokens = at.column(monthly_columns.TOKEN)
    escaped_tokens = at.column(monthly_columns.TOKEN_LOOKUP)
    person_sites = at.column(monthly_columns.SITE)
    sites = at.column(sites_sheet.SITE)
    boundaries = at.column(sites_sheet.DAY_BOUNDARY)
    employee, value, lookup, person, kind, start, boundary = map(
        own, (EMPLOYEE, VALUE, LOOKUP, PERSON, KIND, FROM, BOUNDARY)
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
        KIND: f"=LOWER(TRIM({own(WHAT)}))",
        FROM: f'=IF(ISNUMBER({own(DATE)}),INT({own(DATE)}),"")',
        TO: (
            f'=IF(OR({kind}<>"{LEAVE}",{own(UNTIL)}=""),{start},'
            f'IF(ISNUMBER({own(UNTIL)}),INT({own(UNTIL)}),""))'
        ),
        BOUNDARY: (
            f'=IF({person}="","",IFERROR(INDEX({boundaries},MATCH(INDEX({person_sites},{person}),{sites},0))+0,'
            f"MIN({boundaries})))"
        ),
        TIME: (
            f'=IF(AND({is_time},ISNUMBER({value}),ISNUMBER({start}),{person}<>""),'
            f'IF({value}>=2,{value}-{start},IF({value}<{boundary},{value}+1,{value})),"")'
        ),
        PROBLEM: _problem(example, is_time, names, at),
        GROUP: f'=IF(OR({own(USER)}="",{own(PROBLEM)}<>""),"",{kind}&" "&{own(USER)})',
        KEY: f'=IF(OR({own(GROUP)}="",{kind}="{LEAVE}"),"",{own(GROUP)}&" "&{start})',
        AS_TYPED: f'=IF({own(GROUP)}="","",{own(GROUP)}&" "&{own(TIME)}&" "&{start}&" "&{own(TO)})',
    }


def _problem(example: str, is_time: str, names: str, at: Places) -> str:
    """The first thing that is wrong in the row."""
    own = _own(at)
    user, employee, lookup = own(USER), own(EMPLOYEE), own(LOOKUP)
    kind, start, end = own(KIND), own(FROM), own(TO)
    time, boundary = own(TIME), own(BOUNDARY)
    first_row = at.sheets[CORRECTIONS].first_row
    places = runs(at[column] for column in TYPED)
    typed = ",".join(row_part(first_row, *run, fixed=True) for run in places)
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
            f"OR({end}<{at.cell(guide_sheet.FIRST_DAY)},{start}>{at.cell(guide_sheet.LAST_DAY)})",
            f'"not a day of this period ("&{at.cell(guide_sheet.DAYS)}&")"',
        ),
        (f"NOT({is_time})", '""'),
        (f'{time}=""', '"type a time such as 17:30 into Value"'),
        (
            f"OR({time}<{boundary},{time}>=1+{boundary})",
            '"this time is on another day: type only the time, such as 17:30"',
        ),
    )
    return "=" + "".join(f"IF({test},{answer}," for test, answer in checks) + '""' + ")" * len(checks)


def _status(weeks: Weeks | None, at: Places) -> str:
    """The problem; or that another row says it already; or that the row counts."""
    own = _own(at)
    kind, start, key, user = own(KIND), own(FROM), own(KEY), own(USER_LOOKUP)
    keys = at.own_column(KEY)
    first = f'MATCH({kind}&" "&{user}&" "&{start},{keys},0)'
    leave = f'IF({kind}="{NOTE}","{NOTED}","{APPLIED}")'
    counts = f'IF({kind}="{NOTE}","{NOTED}",{_applied(weeks, at)})'
    other = f'IF({first}<>ROW(),"not used: row "&{first}&" is about the same",{counts})'
    return f'=IF({own(PROBLEM)}<>"",{own(PROBLEM)},IF({own(GROUP)}="","",IF({key}="",{leave},{other})))'


def _unless_finalised(status: str, at: Places) -> str:
    """The status of a row; in a finalised month only of one that counted then and is as it was, and of a note."""
    own = _own(at)
    typed, kept, closed = own(AS_TYPED), own(KEPT), at.cell(guide_sheet.KEPT_ON)
    is_late = f'AND({own(KIND)}<>"{NOTE}",{closed}<>"",{typed}<>"",{typed}<>{kept}&"")'
    return f'=IF({is_late},"{NOT_KEPT}",{status.removeprefix("=")})'


def _applied(weeks: Weeks | None, at: Places) -> str:
    """That the row counts; of a waiver, whether there was anything to waive."""
    own = _own(at)
    if weeks is None:
        return f'"{APPLIED}"'
    own_key = (
        f'MID({own(USER_LOOKUP)},2,{_LONGEST_USER})&"{daily_columns.key_of("", weekly_columns.PENALTIES)}"'
    )
    row = f"MATCH({own_key},{at.column(weekly_columns.KEY)},0)"
    first_day = f"{at.sheet(DAILY)}!${column_letters(weeks.monday)}${at.lines(DAILY)[0] + 1}"
    of_weeks = f"{at.sheet(WEEKLY)}!${column_letters(weeks.first)}:${column_letters(weeks.last)}"
    penalty = f"INDEX({of_weeks},{row},INT(({own(FROM)}-{first_day})/7)+1)"
    # A week that came later has its column elsewhere: what cannot be looked up is not denied.
    is_waived = f'IFERROR({penalty}="{weekly_columns.WAIVED_WORD}",TRUE)'
    return f'IF({own(KIND)}="{WAIVE}",IF({is_waived},"{APPLIED}","{NOTHING_TO_WAIVE}"),"{APPLIED}")'


def _highlights(at: Places) -> list[Change]:
    row, place = at.sheets[CORRECTIONS].first_row, at[STATUS]
    status = _own(at)(STATUS)

    def answers(test: str, background: str | None, color: str) -> Change:
        return HighlightWhen(
            CORRECTIONS_ID,
            row,
            place,
            Formula(f"={test}"),
            background,
            color,
            end_column=place + 1,
        )

    return [
        answers(f"LEN({status})>0", styles.LATE_BACKGROUND, styles.LATE_TEXT),
        answers(
            f'OR({status}="{APPLIED}",LEFT({status},{len(NOTED)})="{NOTED}")',
            styles.GOOD_BACKGROUND,
            styles.GOOD_TEXT,
        ),
    ]
