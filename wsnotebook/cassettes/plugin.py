"""The plugin of pytest: the fixture ``ws_cassette`` and the option ``--ws-record``."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wsnotebook.cassettes.deck import Deck

__all__ = ["pytest_addoption", "pytest_runtest_makereport", "ws_cassette"]

_FAILED = pytest.StashKey[bool]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --ws-record."""
    parser.getgroup("wsnotebook").addoption(
        "--ws-record",
        choices=("once", "none", "all"),
        default="once",
        help="cassettes of ws_cassette: record those that are missing (once, the default), none, or all anew",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test has failed, for its cassettes."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def ws_cassette(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """Give a function that returns, for the URL of a real server, the URL of its recording: ``ws_cassette(url)``.

    Tapes are in the folder ``cassettes`` beside the test's file; see ``wsnotebook.cassettes.deck.Deck``.
    """
    from wsnotebook.cassettes.background import Background  # only for tests that have a cassette
    from wsnotebook.cassettes.deck import Deck

    stem = re.sub(r"[^\w.-]+", "_", f"{request.path.stem}.{request.node.name}")
    with Background() as background:
        deck = Deck(
            request.path.parent / "cassettes", stem, request.config.getoption("--ws-record"), background
        )
        yield deck
        is_failed = request.node.stash.get(_FAILED, False)
        problems = deck.stop(is_failed=is_failed)
    if problems and is_failed:  # they may be why; pytest prints the sections of a failed test
        request.node.add_report_section("teardown", "by ws_cassette", "\n".join(problems))
    elif problems:
        pytest.fail("\n".join(problems), pytrace=False)
