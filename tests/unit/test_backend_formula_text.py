"""Formulas as texts: moved with their cells, compared whatever their spelling, recognised when they are broken."""

import pytest

from attendance_backend.sheet.formula_text import is_broken, moved, same


@pytest.mark.parametrize(
    ("formula", "below", "beside"),
    [
        ("=A1", "=A3", "=D1"),
        ("=$A1+A$1+$A$1", "=$A3+A$1+$A$1", "=$A1+D$1+$A$1"),
        ("=SUM(Y9:AA10)", "=SUM(Y11:AA12)", "=SUM(AB9:AD10)"),
        ("=INDEX(Days!Z:Z,$E4)", "=INDEX(Days!Z:Z,$E6)", "=INDEX(Days!AC:AC,$E4)"),
        ("=INDEX('My Days'!$H:AA,1)", "=INDEX('My Days'!$H:AA,1)", "=INDEX('My Days'!$H:AD,1)"),
        ('=IF(A1="A1:B2","B""2",LOG10(B2))', '=IF(A3="A1:B2","B""2",LOG10(B4))', '=IF(D1="A1:B2","B""2",LOG10(E2))'),
        ("='A1 and B:B'!C3&'it''s D4'!E5", "='A1 and B:B'!C5&'it''s D4'!E7", "='A1 and B:B'!F3&'it''s D4'!H5"),
        ("=IF(TRUE,9999999,A1_B2)", "=IF(TRUE,9999999,A1_B2)", "=IF(TRUE,9999999,A1_B2)"),
    ],
)  # fmt: skip
def test_what_is_not_fixed_moves(formula, below, beside):
    assert moved(formula, 2, 0) == below
    assert moved(formula, 0, 3) == beside
    assert moved(below, -2, 0) == moved(beside, 0, -3) == moved(formula, 0, 0) == formula


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("='Sheet1'!a1", "=Sheet1!A1"),
        ("=INDEX('Days'!K:K,$E4)", "=index( Days!K:K , $E4 )"),
        ("='it''s'!A1", "=it's!A1"),
        ('=IF(A1="",1,2)', '=If( a1 = "" ,1, 2)'),
        ("=SUM(I3:I3,$K$3:$K$3)", "=SUM(I3,$K$3)"),
    ],
)
def test_spelling_makes_no_difference(one, other):
    assert same(one, other)
    assert same(other, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("=A1", "=A2"),
        ("=A1", "=$A1"),
        ('=IF(A1="open",1)', '=IF(A1="Open",1)'),
        ('=IF(A1="a b",1)', '=IF(A1="ab",1)'),
        ("='Daily Attendance'!A1", "='DailyAttendance'!A1"),
        ("=SUM(A1)", "=SUM(A1)+1"),
        ("=SUM(I3:I33)", "=SUM(I33)"),
        ("=SUM(I3:$I3)", "=SUM($I3)"),
    ],
)
def test_what_says_something_else_is_another_formula(one, other):
    assert not same(one, other)
    assert not is_broken(one, other)


WHOLE = "=IF(ISNUMBER(INDEX('Days'!K:K,$E4)),INDEX('Days'!K:K,$E4),\"\")"


@pytest.mark.parametrize(
    "formula",
    [
        '=IF(ISNUMBER(INDEX(#REF!,$E4)),INDEX(#REF!,$E4),"")',
        '=IF(ISNUMBER(INDEX(Days!#REF!,$E4)),INDEX(Days!#REF!,$E4),"")',
        '=if(ISNUMBER(INDEX(#REF!K:K, $E4)),INDEX(#REF!K:K,$E4),"")',
    ],
)
def test_a_formula_that_lost_what_it_refers_to(formula):
    assert is_broken(formula, WHOLE)
    assert not same(formula, WHOLE)


@pytest.mark.parametrize(
    "formula",
    [
        WHOLE,
        "=INDEX(#REF!,$E4)",
        '=IF(ISNUMBER(INDEX(#REF!,$E5)),INDEX(#REF!,$E4),"")',
        '=IF(ISNUMBER(INDEX(#REF!,$E4)),INDEX(#REF!,$E4),"#REF!")',
        "=#REF!",
        "#REF!",
    ],
)
def test_a_formula_of_somebody_elses_that_is_broken_is_not_ours(formula):
    assert not is_broken(formula, WHOLE)
