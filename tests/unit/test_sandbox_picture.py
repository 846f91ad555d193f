"""Which page of a printed workbook shows which worksheet, and what its picture is called."""

import pytest

from attendance_sandbox.demo.picture import _first_pages, file_name


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


def test_further_pictures_of_a_worksheet_are_numbered():
    assert file_name("Monthly Summary", 2) == "monthly-summary-2.png"
