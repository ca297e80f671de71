"""The history of the prompt: a private file without secrets."""

from __future__ import annotations

from pathlib import Path

import pytest
from prompt_toolkit.history import InMemoryHistory

from wsnotebook.cli.history import history, may_be_kept


@pytest.mark.parametrize(
    "line",
    [
        '{"token": "x"}',
        "/connect ws://me:pw@host",
        "/connect ws://h -H 'Authorization: Bearer abc'",
        "x" * 20_000,
    ],
)
def test_a_secret_is_not_kept(line: str):
    """Nor a file that was pasted."""
    assert not may_be_kept(line)


def test_lines_are_kept_in_a_private_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """In the user's state directory, readable for the user only."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    kept = history()
    kept.store_string("hello")
    kept.store_string('{"password": "hidden"}')
    file = tmp_path / "wsnotebook" / "history"
    assert file.stat().st_mode & 0o777 == 0o600
    assert [*history().load_history_strings()] == ["hello"]
    assert "hidden" not in file.read_text()


def test_without_a_home_lines_are_kept_in_memory(no_home: None):
    """For this run only."""
    assert isinstance(history(), InMemoryHistory)
