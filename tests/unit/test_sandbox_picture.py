"""Which page of a printed workbook shows which worksheet, and what its picture is called."""

import pytest

from attendance_sandbox.demo.picture import (
    LINE_PX,
    MARGIN_PT,
    MOST_DPI,
    _first_pages,
    file_name,
    part_to_show,
)


def test_the_first_page_of_each_worksheet_by_its_footer():
    pages = [
        "When   Who\nmonday  ann\n\n Exceptions        1 / 4\n",
        "When   Who\n\n Exceptions        2 / 4\n",
        "a page without a footer\n",
        "Timestamp\n 3 / 4\n\n Raw Data - berlin   4 / 4\n",
        "",
    ]
    assert _first_pages("\f".join(pages)) == {"Exceptions": 1, "Raw Data - berlin": 4}


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Daily Attendance", "daily-attendance.png"),
        ("Raw Data - new_york", "raw-data-new_york.png"),
        ("../x", "x.png"),
    ],
)
def test_a_picture_is_named_after_its_worksheet(title, name):
    assert file_name(title) == name


def page(*words):
    lines = [
        f'    <word xMin="{left}" yMin="{top}" xMax="{left + 30}" yMax="{top + height}">x</word>'
        for left, top, height in words
    ]
    return "\n".join(['  <page width="842.0" height="595.0">', *lines, "  </page>"])


FOOT = (29.0, 556.0, 7.0)


def test_a_picture_ends_below_the_last_line_and_leaves_out_the_foot():
    part = part_to_show(page((29, 40, 8), (700, 40, 8), (29, 100, 8), FOOT))
    assert part.left == part.top - 11 == 29 - MARGIN_PT
    assert part.top + part.height == 108 + MARGIN_PT
    assert part.left + part.width == 842 - part.left, "as far as coloured cells may reach"


def test_small_print_is_drawn_larger():
    large, small = (part_to_show(page((29, 40, height), FOOT)) for height in (8, 4))
    assert small.dpi == 2 * large.dpi
    assert large.dpi * 8 / 72 == pytest.approx(LINE_PX, abs=0.1)
    assert part_to_show(page((29, 40, 0.1), FOOT)).dpi == MOST_DPI


def test_a_page_without_a_word():
    assert part_to_show(page()).height == 595
