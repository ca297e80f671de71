"""A bar is drawn where it is wanted, and its absence stops nothing that did not ask for it."""

from __future__ import annotations

import io
import sys

import pytest

from wsnotebook.progressbar import progress_bar


def test_a_bar_is_drawn() -> None:
    """Its last line has what was done."""
    drawn = io.StringIO()
    with progress_bar(True, total=3, file=drawn) as bar:
        bar.update(3)
        assert not bar.disable
    assert "3/3" in drawn.getvalue()


def test_without_tqdm_only_a_bar_that_is_wanted_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """The sentence has the command that installs it."""
    monkeypatch.setitem(sys.modules, "tqdm.auto", None)
    for wanted in (False, None):
        with progress_bar(wanted, total=3) as bar:
            bar.update()
            bar.set_description("x")
            assert bar.disable
    with pytest.raises(ImportError, match=r"pip install 'wsnotebook\[tqdm\]'"):
        progress_bar(True)
