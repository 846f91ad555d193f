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


def pytest_collection_modifyitems(items):
    """Files with slow tests first, so that no process is left alone with one at the end."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


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
