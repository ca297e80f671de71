"""What all tests share: the switch that turns a visible skip into a failure."""

from __future__ import annotations

from collections.abc import Callable
from typing import NoReturn

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-all",
        action="store_true",
        help="fail, instead of skipping, where a browser, tshark, node or another program is missing; run long tests whole",
    )


@pytest.fixture(scope="session")
def require_all(request: pytest.FixtureRequest) -> bool:
    """Whether everything has to be there: CI says --require-all."""
    return bool(request.config.getoption("--require-all"))


@pytest.fixture(scope="session")
def missing(require_all: bool) -> Callable[[str], NoReturn]:
    """Return what to call when a program is missing: it skips visibly, or fails with --require-all."""

    def say(what: str) -> NoReturn:
        if require_all:
            pytest.fail(f"{what} is missing, and --require-all was given", pytrace=False)
        pytest.skip(f"{what} is missing")

    return say
