"""The registry: decoders of other packages, by their entry points."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.analysis.decoders.registry import decoder_names


def test_a_package_brings_its_decoder(talk: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its module is loaded when it is used; it cannot take the name of one that is shipped."""
    (tmp_path / "acme_ticks.py").write_text("def ticks(payload):\n    return payload.upper()\n")
    facts = tmp_path / "acme_ticks-1.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-ticks\nVersion: 1\n")
    (facts / "entry_points.txt").write_text(
        "[wsnotebook.decoders]\nacme = acme_ticks:ticks\njson = acme_ticks:ticks\n"
    )
    assert "acme" not in decoder_names()
    monkeypatch.syspath_prepend(str(tmp_path))
    talk.receive(1, (0x81, b'"a"'))
    assert "acme" in decoder_names() and "acme_ticks" not in sys.modules
    assert talk.log.decode("acme")["value"].tolist() == ['"A"']
    assert talk.log.decode("json")["value"].tolist() == ["a"]
