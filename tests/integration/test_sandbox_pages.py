"""The pages of the Sheets stand-in and of the demo, as a browser shows them."""

import re
from datetime import UTC, date, datetime, timedelta
from email.message import EmailMessage

import pytest
import requests

from attendance_sandbox.demo.people import Punch
from attendance_sandbox.demo.reconciliation import SiteResult
from attendance_sandbox.demo.report import mails, overview
from attendance_sandbox.sheets import page
from attendance_sandbox.sheets.server import SheetsServer
from tests.integration.browser import asked, opened

HOSTILE = '<img src="http://127.0.0.1:9/x" onerror="document.title=1"></td></table><script>document.title=2</script>'
TITLE = "</title><script>document.title=3</script>"
TEXTS = "[...document.querySelectorAll('section')].find(one => getComputedStyle(one).display != 'none')"
"""The screen that is shown."""


def area(rows, columns, sheet_id=0):
    names = ("startRowIndex", "endRowIndex", "startColumnIndex", "endColumnIndex")
    return {"sheetId": sheet_id, **dict(zip(names, (*rows, *columns), strict=True))}


def formatted(rows, columns, fmt):
    return {
        "repeatCell": {
            "range": area(rows, columns),
            "cell": {"userEnteredFormat": fmt},
            "fields": ",".join(f"userEnteredFormat.{name}" for name in fmt),
        }
    }


def colored(rows, formula, color):
    rule = {"condition": {"type": "CUSTOM_FORMULA", "values": [{"userEnteredValue": formula}]}}
    rule["format"] = {"backgroundColor": color}
    ranges = [area(rows, (1, 2))]
    return {"addConditionalFormatRule": {"rule": {"ranges": ranges, "booleanRule": rule}, "index": 0}}


@pytest.fixture(scope="module")
def server():
    with SheetsServer() as running:
        yield running


@pytest.fixture(scope="module")
def book(server):
    """150 people with hours; the last row sums them up. Hours above nine are red."""
    made = server.new_spreadsheet(TITLE)
    grid = {"rowCount": 200, "columnCount": 20, "frozenRowCount": 1, "frozenColumnCount": 1}
    properties = {"sheetId": 0, "title": HOSTILE[:90], "gridProperties": grid}
    server.batch_update(
        made,
        [
            {"updateSheetProperties": {"properties": properties, "fields": "title,gridProperties"}},
            {"addSheet": {"properties": {"sheetId": 2, "title": "Other"}}},
            {"addSheet": {"properties": {"sheetId": 3, "title": "Facts", "hidden": True}}},
        ],
    )
    title = "'" + HOSTILE[:90] + "'"
    rows: list[list[object]] = [[f"person {number}", number / 240, None, "unseen"] for number in range(150)]
    rows[0][0], rows[1][0] = HOSTILE, "=1+1 & <b>bold</b>"
    header: list[list[object]] = [["Name", "Hours", "What to say", "Secret", *("day",) * 16]]
    cells = [
        {"values": [{"userEnteredValue": {kind(value): value}} if value is not None else {} for value in row]}
        for row in header + rows
    ]
    columns = {"sheetId": 0, "dimension": "COLUMNS"}
    server.batch_update(
        made,
        [
            {"updateCells": {"range": area((0, 151), (0, 20)), "rows": cells, "fields": "userEnteredValue"}},
            formatted((1, 152), (1, 2), {"numberFormat": {"type": "TIME", "pattern": "[h]:mm"}}),
            formatted((0, 1), (0, 20), {"textFormat": {"bold": True, "fontFamily": "x;}body{display:none"}}),
            colored((1, 200), "=$B2>9/24", {"red": 1}),
            {
                "updateDimensionProperties": {
                    "range": {**columns, "startIndex": 3, "endIndex": 4},
                    "properties": {"hiddenByUser": True},
                    "fields": "hiddenByUser",
                }
            },
            {
                "updateCells": {
                    "range": area((2, 3), (0, 1)),
                    "rows": [{"values": [{"note": '" onmouseover="document.title=4'}]}],
                    "fields": "note",
                }
            },
        ],
    )
    server.write(made, f"{title}!B152", [["=SUM(B2:B151)"]])
    server.write(made, f"{title}!C3", [["a long text that runs over the empty cells to its right"]])
    server.write(made, f"{title}!C4:E4", [["a long text that stops at the next one", "", "here"]])
    return made


def kind(value):
    return "stringValue" if isinstance(value, str) else "numberValue"


@pytest.fixture(scope="module")
def html(server, book):
    answer = requests.get(f"{server.url}/books/{book}", timeout=60)
    assert answer.headers["Content-Type"] == "text/html; charset=utf-8"
    return answer.text


def test_a_page_says_nothing_in_the_console_and_asks_nobody(server, book):
    for path in ("/", f"/books/{book}"):
        before = len(server.log)
        dom, console = opened(server.url + path)
        assert console == []
        assert "<section" in dom
        assert [entry.path for entry in server.log[before:]] == [path]


def test_hostile_texts_are_shown_and_do_nothing(tmp_path, html):
    shown = f"[document.title, {TEXTS}.innerText, document.images.length, document.scripts.length]"
    title, text, images, scripts = asked(tmp_path, html, shown)
    assert title == TITLE
    assert HOSTILE in text
    assert "=1+1 & <b>bold</b>" in text
    assert (images, scripts) == (0, 1), "the one script is that of the test"


def cell(row, column):
    return f"{TEXTS}.querySelectorAll('tr')[{row}].cells[{column}]"


def test_values_are_computed_formatted_and_coloured(tmp_path, html):
    colors = ",".join(f"getComputedStyle({cell(*at)}).backgroundColor" for at in ((3, 2), (150, 2)))
    said = asked(
        tmp_path,
        html,
        f"[{cell(152, 2)}.innerText, {cell(25, 2)}.innerText, getComputedStyle(document.body).display, {colors}]",
    )
    # 0 + 1 + … + 149 tenths of an hour.
    assert said[:3] == ["1117:30", "2:18", "block"]
    assert said[3:] == ["rgb(255, 255, 255)", "rgb(255, 0, 0)"]


def test_spreadsheets_whose_worksheets_have_the_same_ids_keep_their_colours(tmp_path, server):
    books = []
    for color in ("red", "blue"):
        made = server.new_spreadsheet(f"All {color}")
        server.write(made, "A1", [["x"]])
        server.batch_update(made, [formatted((0, 1), (0, 1), {"backgroundColor": {color: 1}})])
        books.append(page.book(server.spreadsheet(made), server.engine))
    html = page.document("Two", books)
    question = f"getComputedStyle({cell(1, 1)}).backgroundColor"
    assert asked(tmp_path, html, question) == "rgb(255, 0, 0)"
    assert asked(tmp_path, html, question, "#all-blue-sheet1") == "rgb(0, 0, 255)"


def test_what_is_hidden_is_not_in_the_page(html):
    assert "unseen" not in html
    assert "Secret" not in html
    assert "Facts" not in html


def test_notes_can_be_read(tmp_path, html):
    said = asked(tmp_path, html, f"[{cell(3, 1)}.title, {cell(3, 1)}.getAttribute('onmouseover')]")
    assert said == ['" onmouseover="document.title=4', None]


def test_long_texts_run_over_empty_cells_only(tmp_path, html):
    """What can be seen of both: to its right stand a hidden column and an empty cell, or one that says something."""
    seen = f"{cell(3, 3)}.firstElementChild.getBoundingClientRect().right"
    edges = ",".join(f"{cell(3, column)}.getBoundingClientRect().right" for column in (3, 4))
    stopped = f"getComputedStyle({cell(4, 3)}).overflow, {cell(4, 3)}.scrollWidth > {cell(4, 3)}.clientWidth"
    run_over, own, following, overflow, cut = asked(tmp_path, html, f"[{seen},{edges},{stopped}]")
    assert run_over > following > own
    assert (overflow, cut) == ("hidden", True)


def test_frozen_rows_and_columns_stay_where_they_are(tmp_path, html):
    question = (
        f"(() => {{ const main = {TEXTS}.querySelector('main'); const at = one => {{ const b ="
        " one.getBoundingClientRect(); return [Math.round(b.left), Math.round(b.top)]; };"
        f" const cells = [{cell(1, 1)}, {cell(1, 5)}, {cell(60, 1)}, {cell(60, 5)}]; const before ="
        " cells.map(at); main.scrollTo(300, 900); return [before, cells.map(at), main.scrollLeft,"
        " main.scrollTop]; })()"
    )
    before, after, left, top = asked(tmp_path, html, question)
    assert (left, top) == (300, 900), "there is more than fits"
    corner, header, name, other = before
    assert after == [
        corner,
        [header[0] - left, header[1]],
        [name[0], name[1] - top],
        [other[0] - left, other[1] - top],
    ]


def test_the_address_names_the_worksheet_that_is_shown(tmp_path, html):
    ids = re.findall(r'<section id="([^"]*)"', html)
    assert len(ids) == 2
    shown = f"[{TEXTS}.id, {TEXTS}.querySelector('.tabs .shown').innerText]"
    assert asked(tmp_path, html, shown)[1] == HOSTILE[:90]
    other = next(one for one in ids if one.endswith("other"))
    assert asked(tmp_path, html, shown, f"#{other}") == [other, "Other"]


def test_the_list_leads_to_each_spreadsheet_and_an_unknown_one_is_told(server, book):
    listed = requests.get(server.url + "/", timeout=10).text
    assert f'href="/books/{book}"' in listed
    assert "<script" not in listed
    answer = requests.get(f"{server.url}/books/none", timeout=10)
    assert answer.status_code == 404
    assert "lists those there are" in answer.json()["error"]["message"]


def test_the_demo_page_tells_what_is_lost_and_when_power_was(tmp_path):
    begin = datetime(2026, 10, 1, tzinfo=UTC)
    states = {
        "north": [
            (begin, "RELAY_ATTENDANCE_RECORDS"),
            (begin + timedelta(days=3), ""),
            (begin + timedelta(days=3, hours=1), "DEEP_SLEEP"),
        ]
    }
    made = [Punch("north", "1", datetime(2026, 10, 2, 9), 0)]
    first = overview(
        [SiteResult("north", "front door, N-1", 3, 2, 1, 0, 0), SiteResult("south", "S-1", 4, 4, 0, 0, 0)],
        states,
        made,
        {"October": (date(2026, 10, 1), date(2026, 10, 30))},
        said=[(begin, "HR types <b>")],
        files=["Payroll October 2026.csv"],
        until=begin + timedelta(days=6),
    )
    mail = EmailMessage()
    mail["Subject"], mail["To"] = "A period is missing", "hr@example.com"
    mail.set_content("Please enter <it>.")
    html = page.document("A month", [page.Group("The month", [first, mails([mail])])])
    question = (
        f"[[...document.querySelectorAll('td.bad')].map(one => one.innerText), {TEXTS}.innerText,"
        " [...document.querySelectorAll('svg title')].map(one => one.textContent),"
        " document.querySelector('svg').getBoundingClientRect().width]"
    )
    bad, text, titles, width = asked(tmp_path, html, question)
    assert bad == ["1", "1"], "of the site, and of all"
    assert "Something is lost" in text
    assert "HR types <b>" in text
    assert "front door, N-1" in text
    assert [title for title in titles if "punches" not in title] == [
        "RELAY_ATTENDANCE_RECORDS since Thu 01 Oct 02:00",
        "power cut Sun 04 Oct 02:00",
        "DEEP_SLEEP since Sun 04 Oct 03:00",
    ]
    assert titles.count("1 punches") == 1
    assert 600 < width < 1200
    assert "Please enter <it>." in asked(tmp_path, html, f"{TEXTS}.innerText", "#the-month-mails")
