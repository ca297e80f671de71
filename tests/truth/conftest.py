"""What tests of the truth share: a witness of the wire, and a notebook page with a kernel behind it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from witness import Witness


@pytest.fixture(scope="session")
def make_witness(missing: Callable[[str], NoReturn]) -> Callable[[Path], Witness]:
    """``make_witness(path)``: skipped visibly where loopback cannot be captured."""
    from witness import Witness

    return lambda path: Witness(path, missing)
