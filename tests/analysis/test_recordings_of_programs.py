"""Conversations of libraries that nobody here wrote: each protocol message read, each request with its reply and what came of it."""

from __future__ import annotations

import pytest
from programs import PROGRAMS, RECORDINGS, check_facts

import wsnotebook


@pytest.mark.parametrize("name", PROGRAMS)
def test_what_a_program_said_is_understood(name: str) -> None:
    """Without the name of its protocol."""
    check_facts(PROGRAMS[name], wsnotebook.load(RECORDINGS / f"{name}.jsonl").df)


def test_the_token_of_a_login_is_a_secret() -> None:
    """Of Home Assistant; what is left of its recording is understood as before."""
    df = wsnotebook.load(RECORDINGS / "homeassistant.jsonl").df
    frames, audit = df.ws.redact()
    assert audit[["where", "rule"]].to_numpy().tolist() == [["$.access_token", "field"]]
    assert not frames["text"].str.contains("a-long-lived-token").any()
    check_facts(PROGRAMS["homeassistant"], frames)


def test_each_recording_has_its_facts() -> None:
    """And is named with its programs."""
    names = {path.stem for path in RECORDINGS.glob("*.jsonl")}
    assert names == PROGRAMS.keys()
    text = (RECORDINGS / "README.md").read_text()
    assert all(f"`{name}`" in text for name in names)
