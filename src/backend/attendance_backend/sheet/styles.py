"""How cells look, in one place."""

from attendance_backend.sheet.changes import Align, NumberFormat, Style

DATE_TIME = NumberFormat("DATE_TIME", "dd-mm-yyyy hh:mm:ss")
DATE = NumberFormat("DATE", "dd-mm-yyyy")
DAY = NumberFormat("DATE", "dd mmm")
TIME = NumberFormat("TIME", "hh:mm")
EXACT_TIME = NumberFormat("TIME", "hh:mm:ss")
DURATION = NumberFormat("TIME", "[h]:mm")
COUNT = NumberFormat("NUMBER", "0")
PERCENT = NumberFormat("PERCENT", "0%")

NAVY = "#1f3a5f"
WHITE = "#ffffff"
GREY = "#8a8f98"
WEEKEND, WEEKEND_HEADER = "#eef1f6", "#5b6f8c"
OUTSIDE = "#d5d8dd"
LATE_BACKGROUND, LATE_TEXT = "#fce4e4", "#b3261e"
OPEN_BACKGROUND, OPEN_TEXT = "#fff4ce", "#8a5a00"
LEAVE_BACKGROUND, LEAVE_TEXT = "#e3edfb", "#1c4f91"
GOOD_BACKGROUND, GOOD_TEXT = "#e4f3e6", "#1e6b34"
HOLIDAY, HOLIDAY_HEADING, HOLIDAY_TEXT = "#efeaf8", "#6a4fa3", "#5a4391"
FADED = "#a3a8b1"

LOOK_TAB, TIMES_TAB, HR_TAB, QUIET_TAB = "#b3261e", "#1f3a5f", "#1e6b34", "#8a8f98"
"""Colours of the tabs: what to look at first, the month, what HR types, the rest."""

USER_NAME_PIXELS = 150
"""Wide enough for a first and a last name with a dot between them, as user names are."""

HEADER_WRAPPED = Style(bold=True, background=NAVY, color=WHITE, wrap=True, top=True)
HEADER = Style(bold=True, background=NAVY, color=WHITE)
DAY_HEADER = Style(DAY, bold=True, background=NAVY, color=WHITE, align=Align.CENTER)
WEEK_HEADER = Style(bold=True, background=NAVY, color=WHITE, align=Align.CENTER)
NAME = Style(bold=True, top=True)
REPEATED = Style(color=GREY, top=True)
"""A name that stands in the row above already."""
PLAIN = Style(top=True)
WRAPPED = Style(wrap=True, top=True)
MOMENT = Style(DATE_TIME, align=Align.LEFT, top=True)
DAY_CELL = Style(DATE, align=Align.LEFT, top=True)
SHARE = Style(PERCENT, align=Align.CENTER, top=True)
CODE = Style(COUNT, align=Align.CENTER, top=True)
TIME_CELL = Style(TIME, align=Align.CENTER, top=True)
"""With seconds, for they decide about a penalty."""
DURATION_CELL = Style(DURATION, align=Align.CENTER, top=True)
TOTAL_HOURS = Style(DURATION, bold=True, align=Align.CENTER, top=True)
PENALTY = Style(COUNT, align=Align.CENTER, top=True)
TOTAL_PENALTIES = Style(COUNT, bold=True, align=Align.CENTER, top=True)
TITLE = Style(bold=True, color=NAVY, size=14)
HINT = Style(color=GREY, italic=True)
VALUE = Style(align=Align.LEFT, top=True, wrap=True)
DAY_VALUE = Style(DATE, align=Align.LEFT, top=True, wrap=True)
HR_NUMBER = Style(
    NumberFormat("NUMBER", "0.##"), background=GOOD_BACKGROUND, align=Align.LEFT, top=True, bold=True
)
HR_VALUE = Style(background=GOOD_BACKGROUND, align=Align.LEFT, top=True, bold=True)
LATE_WORD = Style(bold=True, background=LATE_BACKGROUND, color=LATE_TEXT, top=True)
OPEN_WORD = Style(bold=True, background=OPEN_BACKGROUND, color=OPEN_TEXT, top=True)
LEAVE_WORD = Style(bold=True, background=LEAVE_BACKGROUND, color=LEAVE_TEXT, top=True)
HOLIDAY_WORD = Style(bold=True, background=HOLIDAY, top=True)
QUIET_WORD = Style(color=GREY, top=True)
ANSWER = Style(top=True, wrap=True)
NAME_ABOVE = Style(bold=True, line_above=True, top=True)
PLAIN_ABOVE = Style(line_above=True, top=True)
TIME_CELL_ABOVE = Style(TIME, align=Align.CENTER, line_above=True, top=True)
HOURS_CELL = Style(DURATION, align=Align.CENTER, color=NAVY, top=True)
HOLIDAY_HEADER = Style(background=NAVY, color=WHITE, align=Align.CENTER, wrap=True)
AVERAGE_CELL_ABOVE = Style(EXACT_TIME, align=Align.CENTER, line_above=True, top=True)
HR_TIME = Style(TIME, background=GOOD_BACKGROUND, align=Align.CENTER, bold=True, line_above=True, top=True)
COUNTED = Style(COUNT, align=Align.CENTER, top=True)
COUNTED_BY_HALVES = Style(align=Align.CENTER, top=True)
"""Without a format 0.5 reads 0.5, and 2 has no point behind it."""
STATE_CELL = Style(align=Align.CENTER, wrap=True, top=True)
