"""How cells look, in one place."""

from attendance_backend.sheet.changes import Align, NumberFormat, Style

DATE_TIME = NumberFormat("DATE_TIME", "dd-mm-yyyy hh:mm:ss")
DATE = NumberFormat("DATE", "dd-mm-yyyy")
DAY = NumberFormat("DATE", "dd mmm")
TIME = NumberFormat("TIME", "hh:mm")
EXACT_TIME = NumberFormat("TIME", "hh:mm:ss")
DURATION = NumberFormat("TIME", "[h]:mm")
COUNT = NumberFormat("NUMBER", "0")

NAVY = "#1f3a5f"
WHITE = "#ffffff"
GREY = "#8a8f98"
WEEKEND = "#eef1f6"
OUTSIDE = "#d5d8dd"
LATE_BACKGROUND, LATE_TEXT = "#fce4e4", "#b3261e"
OPEN_BACKGROUND, OPEN_TEXT = "#fff4ce", "#8a5a00"

HEADER = Style(bold=True, background=NAVY, color=WHITE)
DAY_HEADER = Style(DAY, bold=True, background=NAVY, color=WHITE, align=Align.CENTER)
WEEK_HEADER = Style(bold=True, background=NAVY, color=WHITE, align=Align.CENTER)
NAME = Style(bold=True)
REPEATED = Style(color=GREY)
"""A name that stands in the row above already."""
PLAIN = Style()
WRAPPED = Style(wrap=True)
MOMENT = Style(DATE_TIME, align=Align.LEFT)
DAY_CELL = Style(DATE, align=Align.LEFT)
CODE = Style(COUNT, align=Align.RIGHT)
TIME_CELL = Style(TIME, align=Align.CENTER)
AVERAGE_CELL = Style(EXACT_TIME, align=Align.CENTER)
"""With seconds, for they decide about a penalty."""
DURATION_CELL = Style(DURATION, align=Align.CENTER)
TOTAL_HOURS = Style(DURATION, bold=True, align=Align.CENTER)
PENALTY = Style(COUNT, align=Align.CENTER)
TOTAL_PENALTIES = Style(COUNT, bold=True, align=Align.CENTER)
