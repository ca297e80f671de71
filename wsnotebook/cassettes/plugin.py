"""The plugin of pytest: the fixture ``ws_cassette`` and the option ``--ws-record``."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Generator, Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from wsnotebook.cassettes.deck import Deck

__all__ = [
    "pytest_addoption",
    "pytest_collection_modifyitems",
    "pytest_runtest_makereport",
    "stem_of",
    "ws_cassette",
]

_FAILED = pytest.StashKey[bool]()
_SHARED = pytest.StashKey[str]()
"""A test with the same tape, of a test that has one."""

_PLAIN = re.compile(
    r"[\w.-]+(\[[\w.-]*\])?"
)  # a test's name that is known by its characters that a file may have
_LONGEST = 246  # bytes of a stem: a file's name may have 255, and "-10.jsonl" follows


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add --ws-record."""
    parser.getgroup("wsnotebook").addoption(
        "--ws-record",
        choices=("once", "none", "all"),
        default="once",
        help="cassettes of ws_cassette: record those that are missing (once, the default), none, or all anew",
    )


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Note which tests have the same tape: before some are deselected, so that any choice of them has the same result."""
    firsts: dict[tuple[Path, str], pytest.Item] = {}
    for item in items:
        if "ws_cassette" not in getattr(item, "fixturenames", ()):
            continue
        # Tapes are committed, also to where the names of files do not differ by the case of letters alone.
        first = firsts.setdefault((item.path.parent, _stem(item).casefold()), item)
        if first.nodeid != item.nodeid:
            item.stash[_SHARED], first.stash[_SHARED] = first.nodeid, item.nodeid


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether a test has failed, for its cassettes."""
    report = yield
    item.stash[_FAILED] = item.stash.get(_FAILED, False) or report.failed
    return report


@pytest.fixture
def ws_cassette(request: pytest.FixtureRequest) -> Iterator[Deck]:
    """Give a function that returns, for the URL of a real server, the URL of its recording: ``ws_cassette(url)``.

    Tapes are in the folder ``cassettes`` beside the test's file, named after file, class, test and parameters; see
    ``wsnotebook.cassettes.deck.Deck``.
    """
    from wsnotebook.cassettes.background import Background  # only for tests that have a cassette
    from wsnotebook.cassettes.deck import Deck

    other = request.node.stash.get(_SHARED, None)
    if other is not None:
        pytest.fail(
            f"its cassette has the same file as that of {other}: give one of them another name, "
            "or other ids to its parameters",
            pytrace=False,
        )
    mode = request.config.getoption("--ws-record")
    with Background() as background:
        deck = Deck(request.path.parent / "cassettes", _stem(request.node), mode, background)
        yield deck
        is_failed = request.node.stash.get(_FAILED, False)
        problems = deck.stop(is_failed=is_failed)
    if problems and is_failed:  # they may be why; pytest prints the sections of a failed test
        request.node.add_report_section("teardown", "by ws_cassette", "\n".join(problems))
    elif problems:
        pytest.fail("\n".join(problems), pytrace=False)


def _stem(item: pytest.Item) -> str:
    classes = (each.name for each in item.listchain() if isinstance(each, pytest.Class))
    return stem_of(item.path.stem, classes, item.name)


def stem_of(module: str, classes: Iterable[str], name: str) -> str:
    """Return the name of a test's tapes, without their suffix.

    Where characters are replaced, or it is too long, it has a hash: names that differ there would be the same.

    Args:
        module: name of the test's file, without its suffix.
        classes: the classes that the test is in, the outer first.
        name: the test's name, with the id of its parameters.
    """
    whole = ".".join((module, *classes, name))
    stem = re.sub(r"[^\w.-]+", "_", whole)
    if _PLAIN.fullmatch(whole) and len(stem.encode()) <= _LONGEST:
        return stem
    digest = hashlib.sha256(whole.encode()).hexdigest()[:8]
    return f"{stem.encode()[: _LONGEST - 9].decode(errors='ignore')}-{digest}"
