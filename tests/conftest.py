"""Order and report of all tests, also where several processes share them, a file each (pytest-xdist)."""

import gc
import logging

import pytest

from tests.property.counted import LINES

WORKERS_LINES = "lines"
"""By which a process hands its lines to the one that reports."""


@pytest.fixture(autouse=True)
def logging_level_as_it_was():
    """Programs that a test starts in this process set it, and other tests look at what is logged."""
    root = logging.getLogger()
    level = root.level
    yield
    root.setLevel(level)


def pytest_configure(config):
    # Workbooks and worlds are many objects that live as long as a module, and no garbage: looked through less often.
    gc.set_threshold(50_000, 20, 50)
    config.stash[LINES] = []


LONGEST = (
    "test_demo",
    "test_client_and_handlers_in_a_faulty_world",
    "test_backend_workbook",
    "test_backend_request_sizes",
    "test_client_in_a_faulty_world",
    "test_gcp_deploy",
    "test_backend_hands",
    "test_device_two_months",
    "test_deploy",
    "test_backend_workbook_anything",
    "test_backend_any_order",
    "test_client_that_signs",
    "test_client_that_clears",
    "test_backend_carried_leave",
    "test_release_0_1_0",
    "test_backend_working_time",
    "test_backend_weeks",
)
"""The files that take longest in continuous integration, as pytest's --durations say, the longest first."""


def pytest_collection_modifyitems(items):
    """Longest files first, then those with slow tests, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    rank = {name: number for number, name in enumerate(LONGEST)}
    items.sort(key=lambda item: (rank.get(item.path.stem, len(rank)), item.path not in slow))


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput[WORKERS_LINES] = session.config.stash[LINES]


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.stash[LINES] += getattr(node, "workeroutput", {}).get(WORKERS_LINES, [])


def pytest_terminal_summary(terminalreporter, config):
    if config.stash[LINES]:
        terminalreporter.section("faulty worlds")
    for line in config.stash[LINES]:
        terminalreporter.write_line(line)
