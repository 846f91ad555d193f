"""``Corrections``: what HR types. The program prepares the rows and never reads them; formulas look them up.

Status answers each row. Hidden columns behind say the same as formulas need it, one step a column:

- Lookup: the employee's name, so that MATCH takes it letter by letter;
- Person: the row of that name in ``Monthly Summary``, or of that user name;
- User, User Lookup: who that is, as formulas know people (`formulas.token_of`);
- What: in small letters, ``check-in`` as ``check in``;
- From, To: the first and the last day meant;
- Boundary: when a day begins at the person's site; of a day with a shift, marked, what its times are told by;
- Spelt, Hour, Minute: the value as people type a time, or in Minute the question that helps (`_minute`); of leave in
  Hour which half of a day, in Minute which kind;
- Time: of leave that has one of these the number of the row; else the value as a fraction of a day since that day's
  midnight, whole minutes: 02:30 with a boundary of 04:00 is the next morning, and so is a check-out before
  `daily_columns.NIGHT_ENDS_H` with any boundary;
- Problem: what is wrong, but for a second row about the same;
- Group: what is corrected for whom, ``check in @ann``; empty when there is a problem;
- Key: Group and day, ``check in @ann 46328``: by this the other worksheets find the row. Leave has none, for it may
  last for days; it is found by Group, From and To;
- Hours Row, Day Place: where ``Daily Attendance`` shows the person's day;
- Leave Days: on how many days leave can count, working days that is;
- Outcome: the hours, or the word, of the day there; of leave, how many days read so;
- Shown: the time that stands there; of leave of a kind, on how many days it is that kind;
- As Typed: Group, From, To and Time, and Kept: what that was when HR finalised the month;
- Carried Over: of leave from the workbook before, whose and what the program wrote (`carried_leave`).

Of two rows with the same key the upper one counts, and the other one says so. Status tells what ``Daily Attendance``
makes of the row, so that nothing that has no effect is called applied; a waiver looks into ``Weekly Summary`` whether
there was a penalty. None of what the other worksheets look up here looks into them.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial

from attendance_backend.review import (
    daily_columns,
    day_header,
    days_sheet,
    formulas,
    guide_sheet,
    monthly_columns,
    sites_sheet,
    weekly_columns,
)
from attendance_backend.review.formulas import Places
from attendance_backend.review.names import CORRECTIONS, CORRECTIONS_ID, DAILY, DAYS, MONTHLY, WEEKLY
from attendance_backend.sheet import styles
from attendance_backend.sheet.a1 import column_letters, row_part
from attendance_backend.sheet.changes import (
    AddRows,
    Block,
    Change,
    FillCells,
    Formula,
    HighlightWhen,
    InsertRows,
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
    note="applied: it counts, as far as it says. Anything else says what is wrong and what to type.",
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
    note="check-in and check-out replace what was punched. leave: for Date, or Date to Until. waive penalty: no "
    "penalty in the week of Date. note: changes nothing, and settles what Exceptions says of that day.",
)
VALUE = Column(
    "value",
    "Value",
    140,
    styles.TIME_CELL,
    note="The time, such as 17:30. After midnight, too: 02:30 is the end of the shift that began on Date. For leave "
    "nothing, or what it is: half, morning, afternoon, vacation, half vacation.",
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
SPELT = Column("spelt", "Spelt", hidden=True)
HOUR = Column("hour", "Hour", hidden=True)
MINUTE = Column("minute", "Minute", hidden=True)
HOURS_ROW = Column("hours_row", "Hours Row", hidden=True)
DAY_PLACE = Column("day_place", "Day Place", hidden=True)
LEAVE_DAYS = Column("leave_days", "Leave Days", hidden=True)
OUTCOME = Column("outcome", "Outcome", hidden=True)
SHOWN = Column("shown", "Shown", hidden=True)
STEPS = (
    *(LOOKUP, PERSON, USER, USER_LOOKUP, KIND, FROM, TO, BOUNDARY, TIME, PROBLEM, GROUP, KEY, AS_TYPED),
    *(SPELT, HOUR, MINUTE, HOURS_ROW, DAY_PLACE, LEAVE_DAYS, OUTCOME, SHOWN),
)
KEPT = Column("kept", "Kept", hidden=True)
CARRIED = Column("carried", "Carried Over", hidden=True)
LAYOUT = Layout(
    CORRECTIONS,
    CORRECTIONS_ID,
    (STATUS, *TYPED, *STEPS, KEPT, CARRIED),
    frozen_columns=1,
    tab_color=styles.HR_TAB,
    warning="Type into the columns Date to Entered By; the others answer.",
    free=TYPED,
)
PREPARED_ROWS = 200
"""Rows with formulas at first, and so many more when they run out; those that people add get theirs at a visit, too."""
SPARE_ROWS = 50
"""When fewer are blank below what is typed, they run out."""

CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE = "check in", "check out", "leave", "waive penalty", "note"
HALF, MORNING, AFTERNOON = PARTS = ("half", "morning", "afternoon")
"""Of a day of leave, before its kind."""
KINDS = (CHECK_IN, CHECK_OUT, LEAVE, WAIVE, NOTE)
"""As formulas know them."""
APPLIED, NOTED = "applied", "noted"
NOT_KEPT = "no effect: this month is finalised"
ANOTHER = "another line counts"
WHOLE_DAYS = "; for whole days: for half of one type half into Value"
NOTHING_TO_WAIVE = f"{NOTED}: that week has no penalty to waive"

_LONGEST_USER = 250
_EXAMPLE = re.compile(r'"type a date such as ([^" ]+) into Date"')


@dataclass(frozen=True, slots=True)
class Weeks:
    """Weeks that stand side by side.

    Attributes:
        first: column of the first in ``Weekly Summary``.
        last: column of the last there.
        day: column of the first one's first day in ``Daily Attendance``.
    """

    first: int
    last: int
    day: int


def spelt(kind: str) -> str:
    """The spelling that people read and choose from."""
    return kind.replace("check ", "check-")


def group_of(kind: str, user: str) -> str:
    """How `GROUP` names what is corrected for whom; `user` is a `user_key`."""
    return f"{kind} {formulas.token_of(user)}"


def create(at: Places, example: str, weeks: Weeks | None) -> list[Change]:
    """The whole worksheet, its rows prepared.

    Args:
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
        OfferChoices(CORRECTIONS_ID, cells(WHAT), tuple(map(spelt, KINDS)), strict=True),
        *_highlights(at),
    ]


def prepared(
    sheet: Worksheet, count: int, example: str, weeks: Weeks | None, at: Places, *, is_planned: bool = False
) -> list[Change]:
    """So many rows below the header, with their formulas.

    Args:
        is_planned: whether HR plans days of anybody here.
    """
    steps = {
        column: NewCell(Formula(text)) for column, text in _steps(example, at, is_planned=is_planned).items()
    }
    cells = {
        STATUS: STATUS.cell(Formula(_unless_finalised(_status(weeks, at), at))),
        **{each: each.cell() for each in TYPED},
        **steps,
    }
    return [
        FillCells(sheet.sheet_id, sheet.first_row, sheet.at(column), count, 1, cell)
        for column, cell in cells.items()
    ]


def more_rows(sheet: Worksheet) -> InsertRows | AddRows | None:
    """Rows below what is typed, when they run out.

    Between two rows where there is one below: choices, colours and what people may edit then reach over them, too.
    """
    if sheet.row_count - 1 - _last_typed(sheet) >= SPARE_ROWS:
        return None
    return rows_behind(sheet, PREPARED_ROWS)


def rows_behind(sheet: Worksheet, count: int) -> InsertRows | AddRows:
    """So many blank rows below what is typed."""
    last = _last_typed(sheet)
    if last == sheet.row_count - 1:
        return AddRows(sheet.sheet_id, count)
    return InsertRows(sheet.sheet_id, last + 1, count)


def _last_typed(sheet: Worksheet) -> int:
    """At least the first row: what is inserted takes choices and looks from the row above."""
    typed = {sheet.columns[column] for column in TYPED if column in sheet.columns}
    return max([sheet.first_row, *(row for row, column in sheet.cells if column in typed)])


def looked_up_anew(sheet: Worksheet, example: str, at: Places) -> list[Change]:
    """The columns that look into the days of ``Daily Attendance``, after days were added there at the end."""
    steps = _steps(example, at)
    return [
        FillCells(
            sheet.sheet_id,
            sheet.first_row,
            sheet.at(column),
            sheet.row_count - sheet.first_row,
            1,
            NewCell(Formula(steps[column])),
        )
        for column in (DAY_PLACE, LEAVE_DAYS, OUTCOME, SHOWN)
    ]


def example_in(formulas_of_rows: Iterable[str]) -> str | None:
    """The date that the answers of a worksheet show as an example: the period may have been another one then."""
    found = (_EXAMPLE.search(formula) for formula in formulas_of_rows)
    return next((match[1] for match in found if match), None)


def _own(at: Places) -> Callable[[Column], str]:
    """For formulas of the first row: its cell in a column."""
    return lambda column: at.own(column, at.sheets[CORRECTIONS].first_row)


def _steps(example: str, at: Places, *, is_planned: bool = False) -> dict[Column, str]:
    own = _own(at)
    planned = partial(_planned, at) if is_planned else None
    names = at.column(monthly_columns.EMPLOYEE)
    users = at.column(monthly_columns.USER_NAME)
    tokens = at.column(monthly_columns.TOKEN)
    escaped_tokens = at.column(monthly_columns.TOKEN_LOOKUP)
    person_sites = at.column(monthly_columns.SITE)
    sites = at.column(sites_sheet.SITE)
    boundaries = at.column(sites_sheet.DAY_BOUNDARY)
    employee, value, lookup, person, kind, start = map(own, (EMPLOYEE, VALUE, LOOKUP, PERSON, KIND, FROM))
    is_time = f'OR({kind}="{CHECK_IN}",{kind}="{CHECK_OUT}")'
    spelt, hour, minute, hours_row, place = map(own, (SPELT, HOUR, MINUTE, HOURS_ROW, DAY_PLACE))
    dates = _header_of_days(at, day_header.DATE)
    in_row, out_row = at.column(daily_columns.IN_ROW), at.column(daily_columns.OUT_ROW)
    boundary = (
        f"IFERROR(INDEX({boundaries},MATCH(INDEX({person_sites},{person}),{sites},0))+0,MIN({boundaries}))"
    )
    time_row = f'IF({kind}="{CHECK_OUT}",INDEX({out_row},{hours_row}),INDEX({in_row},{hours_row}))'
    # The first line that names a kind counts.
    of_kind = _whole_days(f'"{LEAVE} ("&{formulas.escaping(minute)}&")"', day_header.DATE, at)
    return {
        LOOKUP: f'=IF({employee}="","",{formulas.escaping(f"TRIM({employee})")})',
        PERSON: (
            f'=IF({lookup}="","",IF(COUNTIF({names},"="&{lookup})=1,MATCH({lookup},{names},0),'
            f'IFERROR(MATCH({lookup},{users},0),"")))'
        ),
        USER: f'=IF({person}="","",INDEX({tokens},{person})&"")',
        USER_LOOKUP: f'=IF({person}="","",INDEX({escaped_tokens},{person})&"")',
        KIND: f'=SUBSTITUTE(LOWER(TRIM({own(WHAT)})),"-"," ")',
        FROM: f'=IF(ISNUMBER({own(DATE)}),INT({own(DATE)}),"")',
        TO: (
            f'=IF(OR({kind}<>"{LEAVE}",{own(UNTIL)}=""),{start},'
            f'IF(ISNUMBER({own(UNTIL)}),INT({own(UNTIL)}),""))'
        ),
        BOUNDARY: f'=IF({person}="","",{boundary if planned is None else planned(boundary)})',
        SPELT: f'=IF(OR(ISNUMBER({value}),{value}=""),"",{_spelling(value)})',
        HOUR: f'=IF({kind}="{LEAVE}",{_part(value)},{_hour(is_time, value, spelt)})',
        MINUTE: f'=IF({kind}="{LEAVE}",{_kind(value, hour)},{_minute(value, hour, spelt, start)})',
        TIME: (
            f'=IF({kind}="{LEAVE}",IF(LEN({hour}&{minute})=0,"",ROW()),'
            f'IF(OR({hour}="",NOT(ISNUMBER({minute})),{start}="",{person}=""),"",{_minutes(own)}/1440+'
            f"IF(AND(N({value})<{_A_DATE},{_minutes(own)}/1440<{_night(own, is_planned=is_planned)}),1,0)))"
        ),
        PROBLEM: _problem(example, is_time, names, at, is_planned=is_planned),
        GROUP: f'=IF(OR({own(USER)}="",{own(PROBLEM)}<>""),"",{kind}&" "&{own(USER)})',
        KEY: f'=IF(OR({own(GROUP)}="",{kind}="{LEAVE}"),"",{own(GROUP)}&" "&{start})',
        # In seconds: of a fraction, spreadsheet programs write more or fewer digits.
        AS_TYPED: f'=IF({own(GROUP)}="","",{own(GROUP)}&" "&'
        f'IF({kind}="{LEAVE}","",IF(ISNUMBER({own(TIME)}),ROUND({own(TIME)}*86400,0),""))&" "&{start}&" "&{own(TO)}'
        f'&IF(AND({kind}="{LEAVE}",LEN({hour}&{minute})>0)," "&{hour}&" "&{minute},""))',
        HOURS_ROW: f'=IF({own(GROUP)}="","",INDEX({at.column(monthly_columns.HOURS_ROW)},{person}))',
        DAY_PLACE: f'=IF({own(GROUP)}="","",IFERROR(MATCH({start},{dates},0),""))',
        LEAVE_DAYS: f'=IF(AND({kind}="{LEAVE}",ISNUMBER({hours_row})),{_leave_days(at, day_header.WEEKDAY)},"")',
        OUTCOME: (
            f'=IF(NOT(ISNUMBER({hours_row})),"",IF({kind}="{LEAVE}",{_leave_days(at, day_header.DATE)},'
            f'IF({place}="","",INDEX({_days(at)},{hours_row},{place}))))'
        ),
        SHOWN: (
            f'=IF(NOT(ISNUMBER({hours_row})),"",IF({kind}="{LEAVE}",IF(AND({hour}="",{minute}<>""),{of_kind},""),'
            f'IF({place}="","",INDEX({_days(at)},{time_row},{place}))))'
        ),
    }


_A_DATE = 20_000
"""Numbers from here on are dates, with a time of day or without."""
_SHORT = "ROUND({0},2)={0}"
"""Whether a number was typed as one, such as 8.3; what was typed as 8:18 has more digits after the point."""


def _spelling(value: str) -> str:
    """A text in which hours and minutes stand around a colon, and am or pm behind them."""
    text = f"LOWER({value})"
    for old, new in (
        (" ", ""),
        ("p.m.", "pm"),
        ("a.m.", "am"),
        ("uhr", "h"),
        (".", ":"),
        (",", ":"),
        ("h", ":"),
    ):
        text = f'SUBSTITUTE({text},"{old}","{new}")'
    return text


def _digits(text: str) -> str:
    return f'SUBSTITUTE(SUBSTITUTE({text},"pm",""),"am","")'


def _hour(is_time: str, value: str, spelt: str) -> str:
    """The hours of what was typed, as it was typed; 0 where minutes say all, nothing where it is no time.

    A number is a part of a day, or a date with one, as spreadsheets hold 8:30; or 8.3, 17 or 1730, as typed.
    """
    short = _SHORT.format(value)
    number = (
        f'IF({value}<0,"",IF(OR({value}<1,{value}>={_A_DATE},AND({value}<2,NOT({short}))),0,'
        f"IF(AND({value}<25,{short}),INT({value}),"
        f'IF(AND({value}>=100,{value}<3600,INT({value})={value}),INT({value}/100),""))))'
    )
    digits = _digits(f'LEFT({spelt},FIND(":",{spelt}&":")-1)')
    text = f'IFERROR(IF(LEN({digits})>2,INT({digits}/100),{digits}+0),"")'
    return f'IF(NOT({is_time}),"",IF(ISNUMBER({value}),{number},IF({spelt}="","",{text})))'


def _leave_words(value: str) -> str:
    """What was typed of leave, in small letters, between blanks; a half is ``half``, however it is spelled."""
    text = f'" "&LOWER(TRIM(SUBSTITUTE({value},","," ")))&" "'
    for spelled in ("1/2", "\u00bd", "0.5", "0 5", "half-day", "half a day", "half day"):
        text = f'SUBSTITUTE({text}," {spelled} "," {HALF} ")'
    return text


def _part(value: str) -> str:
    """Which half of a day is leave; nothing for a whole one."""
    words = _leave_words(value)
    found = '""'
    for part in reversed(PARTS):
        found = f'IF(ISNUMBER(FIND(" {part} ",{words})),"{part}",{found})'
    return f'IF(ISNUMBER({value}),IF({value}=0.5,"{HALF}",""),{found})'


def _kind(value: str, part: str) -> str:
    """What kind of leave is meant, in small letters; nothing for none. Commas part the words of a day."""
    words = f'SUBSTITUTE({_leave_words(value)}," "&{part}&" "," ",1)'
    return f'IF(ISNUMBER({value}),"",LEFT(TRIM({words}),40))'


def _minute(value: str, hour: str, spelt: str, start: str) -> str:
    """The minutes of what was typed: beyond the hour, or of the whole day. Or a question: 8.5 is 8:30 or 8:50."""
    of_day = f"IF({value}<{_A_DATE},{value},{value}-{start})*86400"
    # 8.25 and 8.5 may be decimal; 8.75 is.
    part = f"ROUND(({value}-{hour})*100,0)"
    question = (
        f'"did you mean "&{hour}&":"&ROUND({part}*0.6,0)&" or "&{hour}&":"&{part}&"? Type it with a colon"'
    )
    after_point = f'IF(OR({part}=25,{part}=50),{question},IF({part}=75,45,IF({part}<60,{part},"")))'
    number = (
        f'IF({value}=1,"type 1:00, or 24 h for midnight",IF({value}={start},"",IF(OR({value}<1,{value}>={_A_DATE},'
        f"AND({value}<2,NOT({_SHORT.format(value)}))),INT(ROUND({of_day},0)/60),"
        f'IF({value}<25,{after_point},IF(MOD({value},100)<60,MOD({value},100),"")))))'
    )
    before, behind = (
        _digits(text)
        for text in (f'LEFT({spelt},FIND(":",{spelt}&":")-1)', f'MID({spelt},FIND(":",{spelt}&":")+1,9)')
    )
    typed = f'SUBSTITUTE({behind},":","")'
    text = (
        f'IF(OR(AND(RIGHT({spelt},2)="am",{hour}>12),LEN({behind})>3),"",IF(LEN({behind})>0,'
        f'IF(AND(LEN({typed})=2,{typed}+0<60),{typed}+0,""),IF(LEN({before})<3,0,IF(MOD({before},100)<60,'
        f'MOD({before},100),""))))'
    )
    return f'IF({hour}="","",IF(ISNUMBER({value}),{number},IFERROR({text},"")))'


def _minutes(own: Callable[[Column], str]) -> str:
    """Minutes since midnight of what was typed."""
    hour, half = own(HOUR), f"RIGHT({own(SPELT)},2)"
    shift = f'IF(AND({half}="pm",{hour}<12),12,IF(AND({half}="am",{hour}=12),-12,0))'
    return f"(({hour}+{shift})*60+{own(MINUTE)})"


_MARKED = 10
"""Days by which `BOUNDARY` is less where a shift is planned: it is then half a day before its start or its end."""
_LEAST = -_MARKED // 2
"""No boundary is less; a mark is, whenever the shift ends, which is 52 hours after midnight at the latest."""


def _planned(at: Places, boundary: str) -> str:
    """The boundary that makes of a time and the same a day later the one nearer to the plan, marked; or the other."""
    own, columns = _own(at), day_header.columns_by_day(at.sheets[DAYS])
    if not columns:
        return boundary
    first, last = (column_letters(end(columns.values())) for end in (min, max))
    line = at.lines(DAYS)[0] + 1
    key = f'MID({own(USER_LOOKUP)},2,{_LONGEST_USER})&"{days_sheet.key_of("", days_sheet.PLAN)}"'
    row = f"MATCH({key},{at.column(days_sheet.KEY)},0)"
    column = f"MATCH({own(FROM)},{at.sheet(DAYS)}!${first}${line}:${last}${line},0)"
    plan = f"INDEX({at.sheet(DAYS)}!${first}:${last},{row},{column})"
    start, end = (days_sheet.plan_part(plan, part) for part in (days_sheet.START, days_sheet.END))
    nearest = f'IF({own(KIND)}="{CHECK_OUT}",{end},{start})/86400-0.5-{_MARKED}'
    return f'IFERROR(IF(LEFT({plan},1)="{days_sheet.WITH_TIMES}",{nearest},{boundary}),{boundary})'


def _night(own: Callable[[Column], str], *, is_planned: bool) -> str:
    """Before this part of the day a time is of the morning after."""
    boundary = own(BOUNDARY)
    usual = f'IF({own(KIND)}="{CHECK_OUT}",MAX({boundary},{daily_columns.NIGHT_ENDS_H}/24),{boundary})'
    # To the minute: half a day from 17:00 is 5:00, of which fractions fall a little short, or exceed it.
    nearest = f"ROUND(({boundary}+{_MARKED})*1440,0)/1440"
    return f"IF({boundary}<{_LEAST},{nearest},{usual})" if is_planned else usual


def _problem(example: str, is_time: str, names: str, at: Places, *, is_planned: bool) -> str:
    """The first thing that is wrong in the row."""
    own = _own(at)
    user, employee, lookup = own(USER), own(EMPLOYEE), own(LOOKUP)
    kind, start, end = own(KIND), own(FROM), own(TO)
    time, minute = own(TIME), own(MINUTE)
    first_row = at.sheets[CORRECTIONS].first_row
    places = runs(at[column] for column in TYPED)
    typed = ",".join(row_part(first_row, *run, fixed=True) for run in places)
    known = ",".join(f'{kind}="{one}"' for one in KINDS)
    first, last = at.cell(guide_sheet.FIRST_DAY), at.cell(guide_sheet.LAST_DAY)
    swapped, words = _swapped(start)
    is_elsewhere = f"OR({time}<{own(BOUNDARY)},{time}>=1+{_night(own, is_planned=False)})"
    if is_planned:
        is_elsewhere = f"IF({own(BOUNDARY)}<{_LEAST},OR({time}<0,{time}>=2),{is_elsewhere})"
    checks = (
        (f"COUNTA({typed})=0", '""'),
        (f'{employee}=""', '"choose the employee"'),
        (
            f'AND({user}="",COUNTIF({names},"="&{lookup})>1)',
            '"several people have this name: type the user name instead"',
        ),
        (f'{user}=""', '"nobody here has this name: choose one from the list"'),
        (f'{start}=""', f'"type a date such as {example} into Date"'),
        (f"NOT(OR({known}))", '"choose from the list in What; sickness and vacation are leave"'),
        (f'{end}=""', f'"type a date such as {example} into Until, or nothing"'),
        (f"{end}<{start}", '"Until lies before Date: correct one of them"'),
        (
            f"OR({end}<{first},{start}>{last})",
            (
                f"IF(IFERROR(AND({swapped}>={first},{swapped}<={last}),FALSE),"
                f'"did you mean "&{words}&"? In this workbook the day comes first",'
                f'"not a day of this period ("&{at.cell(guide_sheet.DAYS)}&")")'
            ),
        ),
        (_is_told_before(at), f'"no effect: row "&{_same_leave(at)}&" is about the same"'),
        (f"NOT({is_time})", '""'),
        (f"AND(NOT(ISNUMBER({minute})),LEN({minute})>0)", minute),
        (f'{time}=""', '"type a time such as 17:30 into Value"'),
        (
            is_elsewhere,
            '"this time is on another day: type only the time, such as 17:30"',
        ),
    )
    return "=" + "".join(f"IF({test},{answer}," for test, answer in checks) + '""' + ")" * len(checks)


def _is_told_before(at: Places) -> str:
    """Whether a row above says that the same half of these days is leave: twice the morning makes no whole day."""
    own = _own(at)
    part = own(HOUR)
    is_named = f'OR({part}="{MORNING}",{part}="{AFTERNOON}")'
    # 0 where none is found, not even this row.
    is_above = f"AND({_same_leave(at)}>0,{_same_leave(at)}<ROW())"
    return f'IF({own(KIND)}="{LEAVE}",IF({is_named},{is_above},FALSE),FALSE)'


def _same_leave(at: Places) -> str:
    """The first row of this half of these days."""
    own = _own(at)
    user, days = f"{at.column(USER)},{own(USER_LOOKUP)}", f'"<="&{own(FROM)},{at.column(TO)},">="&{own(TO)}'
    return f"MINIFS({at.column(TIME)},{user},{at.column(HOUR)},{own(HOUR)},{at.column(FROM)},{days})"


def _swapped(day: str) -> tuple[str, str]:
    """A date with its day as the month, and the other way round; it is an error if there is none. And in words."""
    words = f'RIGHT("0"&MONTH({day}),2)&"-"&RIGHT("0"&DAY({day}),2)&"-"&YEAR({day})'
    return f"IF(DAY({day})<13,DATE(YEAR({day}),DAY({day}),MONTH({day})),0)", words


def _status(weeks: Weeks | None, at: Places) -> str:
    """The problem; or that another row says it already; or how far the row counts."""
    own = _own(at)
    kind, start, key, user = own(KIND), own(FROM), own(KEY), own(USER_LOOKUP)
    keys = at.own_column(KEY)
    first = f'MATCH({kind}&" "&{user}&" "&{start},{keys},0)'
    only = f'IF({own(UNTIL)}="",""," for Date only: Until is for leave")'
    of_day = f'IF({kind}="{NOTE}","{NOTED}",IF({kind}="{WAIVE}",{_waived(weeks, at)},{_time_applied(at)}))'
    other = f'IF({first}<>ROW(),"no effect: row "&{first}&" is about the same",{of_day}&{only})'
    return (
        f'=IF({own(PROBLEM)}<>"",{own(PROBLEM)},IF({own(GROUP)}="","",IF(NOT(ISNUMBER({own(HOURS_ROW)})),'
        f'"no effect: {DAILY} has no rows of this person",IF({key}="",{_leave_applied(at)},{other}))))'
    )


def _unless_finalised(status: str, at: Places) -> str:
    """The status of a row; in a finalised month only of one that counted then and is as it was, and of a note."""
    own = _own(at)
    typed, kept, closed = own(AS_TYPED), own(KEPT), at.cell(guide_sheet.KEPT_ON)
    is_late = f'AND({own(KIND)}<>"{NOTE}",{closed}<>"",{typed}<>"",{typed}<>{kept}&"")'
    return f'=IF({is_late},"{NOT_KEPT}",{status.removeprefix("=")})'


def _header_of_days(at: Places, line: int) -> str:
    """A header row of ``Daily Attendance``: dates of days in the first one, of their helper columns in the second."""
    (first, last), row = _span_of_days(at), at.lines(DAILY)[line] + 1
    return f"{at.sheet(DAILY)}!${first}${row}:${last}${row}"


def _days(at: Places) -> str:
    """All columns of ``Daily Attendance`` that `_header_of_days` heads."""
    first, last = _span_of_days(at)
    return f"{at.sheet(DAILY)}!${first}:${last}"


def _span_of_days(at: Places) -> tuple[str, str]:
    """The first and the last column of ``Daily Attendance`` that a date stands over."""
    sheet = at.sheets[DAILY]
    lines = (day_header.DATE, day_header.WEEKDAY)
    places = [place for line in lines for place in day_header.columns_by_day(sheet, line).values()]
    places = places or [sheet.at(daily_columns.KEY)]
    return column_letters(min(places)), column_letters(max(places))


def _time_applied(at: Places) -> str:
    """What became of a check-in or check-out, by what ``Daily Attendance`` shows."""
    own = _own(at)
    place, hours, shown, time, value = map(own, (DAY_PLACE, OUTCOME, SHOWN, TIME, VALUE))
    minutes = f"ROUND({time}*1440,0)"
    # Echoed where the cell itself does not show it: typed as 8.3, or of the night after.
    is_plain = f"AND({time}<1,N({value})>0,OR({value}<1,{value}>={_A_DATE}))"
    echo = (
        f'IF({is_plain},""," as "&INT(MOD({minutes},1440)/60)&":"&RIGHT("0"&MOD({minutes},60),2)&'
        f'IF({time}<1,""," of the night after"))'
    )
    most = daily_columns.MOST_HOURS
    long = f'IF(N({hours})>{most}/24,"; more than {most} hours on that day: check them","")'
    return (
        f'IF({place}="","{APPLIED}",IF(IFERROR(ROUND({shown}*1440,0)<>{minutes},TRUE),'
        f'"no effect: something else is typed over it in {DAILY}",IF({hours}="{daily_columns.CHECK_TIMES}",'
        f'"{daily_columns.CHECK_TIMES}: the check-out of that day is before the check-in","{APPLIED}"&{echo}&{long})))'
    )


def _leave_days(at: Places, line: int) -> str:
    """How many days of the row read *leave* in ``Daily Attendance``: as shown, or if nobody had punched.

    Of half days those that say so there; these count beside punches. Two of them make a day of leave.
    """
    own = _own(at)
    halves = _days_that_read(f'"*, "&{own(HOUR)}&" *"', day_header.WEEKDAY, at)
    days = (
        f'{at.column(GROUP)},{own(GROUP)},{at.column(FROM)},"<="&{own(TO)},{at.column(TO)},">="&{own(FROM)}'
    )
    are_halves = f'COUNTIFS({days})=COUNTIFS({days},{at.column(HOUR)},"?*")'
    word = f'"{LEAVE}*"'
    made_whole = f"IF({are_halves},{_days_that_read(word, line, at)},0)"
    return f'IF({own(HOUR)}="",{_whole_days(word, line, at)},{halves}+{made_whole})'


def _whole_days(word: str, line: int, at: Places) -> str:
    # Of a day of which half is a holiday all the leave is half a day, beside punches too.
    beside_holiday = _days_that_read(f'"{daily_columns.HOLIDAY}, {HALF} *"', day_header.WEEKDAY, at)
    return f"{_days_that_read(word, line, at)}+{beside_holiday}"


def _days_that_read(word: str, line: int, at: Places) -> str:
    own, dates = _own(at), _header_of_days(at, line)
    hours = f"INDEX({_days(at)},{own(HOURS_ROW)},0)"
    return f'COUNTIFS({hours},{word},{dates},">="&{own(FROM)},{dates},"<="&{own(TO)})'


def _leave_applied(at: Places) -> str:
    """On which days leave counts: on working days without punches and times."""
    own = _own(at)
    start, end, could, counted = own(FROM), own(TO), own(LEAVE_DAYS), own(OUTCOME)
    first, last, period = (
        at.cell(each) for each in (guide_sheet.FIRST_DAY, guide_sheet.LAST_DAY, guide_sheet.DAYS)
    )
    swapped, words = _swapped(end)
    slip = f"IFERROR(AND({end}>{last},{swapped}>={start},{swapped}<={last}),FALSE)"
    among = f'"; on "&{counted}&" of "&{could}&" working days: on the others are punches or times"'
    none = f'"no effect: none of it is a working day"&IF({own(HOUR)}="","",", or it is leave already")'
    named = f'" as "&TRIM({own(HOUR)}&" "&IF({own(MINUTE)}="","{LEAVE}",{own(MINUTE)}))'
    is_named = f"LEN({own(HOUR)}&{own(MINUTE)})>0"
    # Such as 4h, pm or vacation (half): no half, and perhaps meant to be less than a whole day.
    is_odd = (
        f'AND({own(HOUR)}="",OR(ISNUMBER(FIND(LEFT({own(MINUTE)},1),"0123456789")),{own(MINUTE)}="am",'
        f'{own(MINUTE)}="pm",ISNUMBER(FIND("{HALF}",{own(MINUTE)}))))'
    )
    others = f"IF(ISNUMBER({own(SHOWN)}),{counted}-{own(SHOWN)},0)"
    remarks = (
        f'IF({is_named},{named},"")',
        f'IF({start}<{first}," from "&LEFT({period},10),"")',
        f'IF({end}>{last}," to "&RIGHT({period},10)&"; carried over into the next workbook","")',
        f'IF({counted}<{could},{among},"")',
        f'IF(OR({own(VALUE)}="",AND({is_named},NOT({is_odd}))),"","{WHOLE_DAYS}")',
        f'IF({others}>0,"; on "&{others}&" of these days {ANOTHER}","")',
        f'IF({slip},"; or did you mean until "&{words}&"? In this workbook the day comes first","")',
    )
    return (
        f"IF({could}=0,{none},IF({counted}=0,"
        f'"no effect: there are punches or times, and they count",IF({others}={counted},"no effect: {ANOTHER}",'
        f'"{APPLIED}"&{"&".join(remarks)})))'
    )


def _waived(weeks: Weeks | None, at: Places) -> str:
    """Whether there was anything to waive."""
    own = _own(at)
    if weeks is None:
        return f'"{APPLIED}"'
    own_key = (
        f'MID({own(USER_LOOKUP)},2,{_LONGEST_USER})&"{daily_columns.key_of("", weekly_columns.PENALTIES)}"'
    )
    row = f"MATCH({own_key},{at.column(weekly_columns.KEY)},0)"
    first_day = f"{at.sheet(DAILY)}!${column_letters(weeks.day)}${at.lines(DAILY)[0] + 1}"
    of_weeks = f"{at.sheet(WEEKLY)}!${column_letters(weeks.first)}:${column_letters(weeks.last)}"
    penalty = f"INDEX({of_weeks},{row},INT(({own(FROM)}-{first_day})/7)+1)"
    # A week that came later has its column elsewhere: what cannot be looked up is not denied.
    is_waived = f'IFERROR({penalty}="{weekly_columns.WAIVED_WORD}",TRUE)'
    return f'IF({is_waived},"{APPLIED}","{NOTHING_TO_WAIVE}")'


def _highlights(at: Places) -> list[Change]:
    row, place = at.sheets[CORRECTIONS].first_row, at[STATUS]
    status = _own(at)(STATUS)
    is_noted = f'LEFT({status},{len(NOTED)})="{NOTED}"'
    looks = (
        (f"LEN({status})>0", styles.LATE_BACKGROUND, styles.LATE_TEXT),
        (f'LEFT({status},{len(APPLIED)})="{APPLIED}"', styles.OPEN_BACKGROUND, styles.OPEN_TEXT),
        (f'OR({status}="{APPLIED}",{is_noted})', styles.GOOD_BACKGROUND, styles.GOOD_TEXT),
    )
    return [
        HighlightWhen(
            CORRECTIONS_ID, row, place, Formula(f"={test}"), background, color, end_column=place + 1
        )
        for test, background, color in looks
    ]
