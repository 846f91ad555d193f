"""What an earlier version wrote into workbooks, letter by letter: such workbooks are still in use."""

from attendance_backend.sheet.a1 import column_letters

_WITHOUT_PUNCHES = (
    '=IF({day}$3="other period","",IF(IF({day}$3="",FALSE,IF(ISERROR(SEARCH("[",{day}$3)),TRUE,'
    'ISNUMBER(SEARCH("["&$I{row}&"]",{day}$3)))),"holiday",IF(WEEKDAY({day}$1,2)>5,"weekend",'
    """IF(IF($N{row}="",0,COUNTIFS('Corrections'!$S:$S,$N{row},'Corrections'!$N:$N,"<="&{day}$1,"""
    """'Corrections'!$O:$O,">="&{day}$1))>0,"leave",IF($M{row}>={day}$1,"absent","no data yet")))))"""
)

_STATUS = (
    '=IF($R{row}<>"",$R{row},IF($S{row}="","",IF($T{row}="",IF($M{row}="note","noted","applied"),'
    'IF(MATCH($M{row}&" "&$L{row}&" "&$N{row},$T:$T,0)<>ROW(),"not used: row "&'
    'MATCH($M{row}&" "&$L{row}&" "&$N{row},$T:$T,0)&" is about the same",IF($M{row}="note","noted","applied")))))'
)


def status_of_correction(row):
    """The answer of Corrections in a row, from 0, before it said that there was nothing to waive."""
    return _STATUS.format(row=row + 1)


def without_punches(row, column):
    """The word for a day without punches, before there were first and last days.

    Args:
        row: of the hours in Daily Attendance, from 0.
        column: of the day, from 0; the formula stands in its helper column.
    """
    return _WITHOUT_PUNCHES.format(day=column_letters(column), row=row + 1)
