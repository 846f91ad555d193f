"""What of a printed page becomes a picture, and how large."""

import itertools

import pytest

from attendance_sandbox.demo.printed_page import LINE_PX, MARGIN_PT, MOST_DPI, WIDEST_PX, parts_to_show

FOOT = (29, 556, 7)


def page(*words, width=30):
    """As pdftotext tells it; a word is its left, its top and its height."""
    lines = [
        f'    <word xMin="{left}" yMin="{top}" xMax="{left + width}" yMax="{top + height}">x</word>'
        for left, top, height in words
    ]
    return "\n".join(['  <page width="842.0" height="595.0">', *lines, "  </page>"])


def test_a_picture_ends_below_the_last_line_and_leaves_out_the_foot():
    (part,) = parts_to_show(page((29, 40, 9), (700, 40, 9), (29, 100, 9), FOOT))
    assert (part.left, part.top) == (29 - MARGIN_PT, 40 - MARGIN_PT)
    assert part.top + part.height == 109 + MARGIN_PT
    assert part.left + part.width == 842 - part.left, "as far as coloured cells may reach"


def test_small_print_is_drawn_larger():
    (large, *_), (small, *_) = (parts_to_show(page((29, 40, height), FOOT)) for height in (8, 4))
    assert small.dpi == 2 * large.dpi
    assert large.dpi * 8 / 72 == pytest.approx(LINE_PX, abs=0.1)
    assert parts_to_show(page((29, 40, 0.1), FOOT))[0].dpi == MOST_DPI


def test_a_wide_page_is_cut_between_its_columns():
    columns = [29 + 40 * n for n in range(20)]
    words = [(left, top, 4) for left in columns for top in (40, 60)]
    parts = parts_to_show(page(*words, FOOT, width=36))
    assert len(parts) == 2
    assert any(left < 842 / 2 < left + 36 for left in columns), "halves would cut a column in two"
    assert all(part.width * part.dpi / 72 < 1.1 * WIDEST_PX for part in parts)
    for before, after in itertools.pairwise(parts):
        assert before.left + before.width == pytest.approx(after.left)
        assert not any(left < after.left < left + 36 for left in columns)
    assert parts[-1].left + parts[-1].width == 842 - parts[0].left


def test_a_page_without_a_word_is_no_picture():
    assert parts_to_show(page()) == []
    assert parts_to_show(page(FOOT)) == []
