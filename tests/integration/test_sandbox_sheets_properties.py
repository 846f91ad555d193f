"""Whatever a request says, it is carried out or refused: good requests with parts spoilt at random."""

import io
import json
from collections.abc import Callable
from typing import Any

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from attendance_sandbox.sheets.call import Call
from attendance_sandbox.sheets.errors import ApiError
from attendance_sandbox.sheets.schema import messages
from attendance_sandbox.sheets.server import SheetsServer
from attendance_sandbox.sheets.view import spreadsheet_json
from attendance_sandbox.sheets.xlsx import workbook_bytes
from tests.integration.test_sandbox_sheets_requests import GOOD, SETUP, TABLE

TEXTS = st.sampled_from(
    [
        "",
        "Sheet1",
        "Second",
        "=A1+B2",
        "=SUM(Second!A1:B)",
        "=1/0",
        "5",
        "yyyy-mm-dd [h]",
        "#x",
        "(",
        "a\x00",
        "en_GB",
    ]
)
MASKS = st.sampled_from(
    [
        "*",
        "title",
        "userEnteredValue",
        "userEnteredFormat",
        "note,dataValidation",
        "pixelSize",
        "range",
        "name",
        "((",
        "",
    ]
)
INTEGERS = st.integers(-1, 6) | st.sampled_from([26, 999, 1000, 2**31])
DEPTH = 5


def message(name: str, depth: int) -> st.SearchStrategy[dict[str, Any]]:
    fields = {field: value(kind, depth) for field, kind in messages()[name].items() if "?" not in kind}
    if depth == 0:
        fields = {field: strategy for field, strategy in fields.items() if messages()[name][field] in SCALARS}
    return st.fixed_dictionaries({}, optional=fields)


SCALARS: dict[str, st.SearchStrategy[Any]] = {
    "string": TEXTS,
    "mask": MASKS,
    "integer": INTEGERS,
    "number": st.floats(-2, 50_000, allow_nan=False),
    "boolean": st.booleans(),
    "any": st.none() | TEXTS | st.integers(0, 5),
}


def value(kind: str, depth: int) -> st.SearchStrategy[Any]:
    if kind in SCALARS:
        return SCALARS[kind]
    if kind.startswith("enum:"):
        return st.sampled_from(kind.removeprefix("enum:").split("|"))
    if kind.startswith("[]"):
        return st.lists(value(kind[2:], depth), max_size=2)
    return st.deferred(lambda: message(kind, depth - 1))


def places(content: Any, kind: str, path: tuple[Any, ...] = ()) -> list[tuple[tuple[Any, ...], str]]:
    """The path and type of everything in a message."""
    found = [(path, kind)] if path else []
    if isinstance(content, dict):
        for name, inner in content.items():
            found += places(inner, messages()[kind][name], (*path, name))
    elif isinstance(content, list):
        for index, inner in enumerate(content):
            found += places(inner, kind[2:], (*path, index))
    return found


@st.composite
def requests(draw: st.DrawFn) -> dict[str, Any]:
    """A good request with up to two of its parts left out or replaced by any of the same type."""
    kind = draw(st.sampled_from(sorted(GOOD)))
    request = {kind: json.loads(json.dumps(GOOD[kind]))}
    for _ in range(draw(st.integers(0, 2))):
        path, part = draw(st.sampled_from(places(request, "Request")))
        holder: Any = request
        for step in path[:-1]:
            holder = holder[step]
        if len(path) > 1 and draw(st.booleans()):
            del holder[path[-1]]
        else:
            holder[path[-1]] = draw(value(part, DEPTH))
    return request


@pytest.fixture(scope="module")
def server() -> Any:
    running = SheetsServer()
    yield running
    running.stop()


def furnished(server: SheetsServer) -> str:
    made = server.new_spreadsheet("Book")
    server.write(made, "A1", [*TABLE, ["=A1", "=SUM(B1:B)", "2026-01-05"]])
    server.batch_update(made, SETUP)
    return made


def shown(server: SheetsServer, made: str) -> str:
    return json.dumps(spreadsheet_json(server.spreadsheet(made), Call(), grid_data=True))


def attempt(action: Callable[[], list[Any]]) -> tuple[list[Any], ApiError | None]:
    """What came of it, or the refusal."""
    try:
        return action(), None
    except ApiError as error:
        return [], error


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(batch=st.lists(requests(), min_size=1, max_size=3))
def test_every_batch_is_carried_out_whole_or_refused_whole(server: SheetsServer, batch: list[Any]) -> None:
    made = furnished(server)
    before = shown(server, made)
    replies, error = attempt(lambda: server.batch_update(made, batch))
    if error is not None:
        assert error.code in {400, 501}
        assert shown(server, made) == before
    else:
        assert len(replies) == len(batch)
        openpyxl.load_workbook(io.BytesIO(workbook_bytes(server.spreadsheet(made))))
    server.store.files.clear()


@settings(max_examples=100, deadline=None)
@given(
    st.text(max_size=20) | st.from_regex(r"('?[A-Z a-z]+'?!)?[A-Z]{0,3}[0-9]{0,4}(:[A-Z]{0,3}[0-9]{0,4})?")
)
def test_every_range_is_read_or_refused(server: SheetsServer, text: str) -> None:
    made = furnished(server)
    values, error = attempt(lambda: server.read(made, text))
    if error is not None:
        assert error.code == 400
    else:
        assert len(values) <= 4
    server.store.files.clear()
