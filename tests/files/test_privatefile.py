"""make_private: nobody else reads a file that is written there, whatever stood there before."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from wsnotebook.files.privatefile import make_private


def test_the_file_is_empty_and_its_owners_alone(tmp_path: Path) -> None:
    """Also in place of one that all could read, whose readers keep what they have opened, and with a wide umask."""
    path = tmp_path / "x"
    path.write_text("old")
    path.chmod(0o666)
    umask = os.umask(0)
    try:
        with path.open() as reader:
            make_private(path)
            path.write_text("new")
            assert reader.read() == "old"
    finally:
        os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_text() == "new"
