"""The table of README that compares the terminal with wscat and websocat: our lines work, theirs are answered."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from wsnotebook.cli.main import VERBS, load_verb

README = Path(__file__).parents[2] / "README.md"
NOT_OURS = ("/", "NO_COLOR")
"""Beginnings of what is typed at the prompt, or set in the environment."""


def rows() -> list[list[str]]:
    """The cells of each row."""
    table = README.read_text().partition("| to | wscat | websocat | `wsnotebook` |\n")[2].partition("\n\n")[0]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in table.splitlines()[1:]]


def code(cell: str) -> list[str]:
    return re.findall(r"`([^`]+)`", cell)


OURS = [line for row in rows() for line in code(row[3]) if not line.startswith(NOT_OURS)]
THEIRS = {
    flag.split()[0]
    for row in rows()
    if row[3] != "–"
    for flag in code(row[1] + row[2])
    if flag.startswith("-")
}


def test_the_table_is_there() -> None:
    """On one screen, and each row names us or a dash."""
    assert 20 < len(rows()) < 40
    assert all(len(row) == 4 and all(row) for row in rows())


@pytest.mark.parametrize("line", OURS)
def test_our_line_is_read(line: str) -> None:
    """A line with a verb as it stands; an option of a connection in connect."""
    words = shlex.split(line)
    verb, rest = (words[0], words[1:]) if words[0] in VERBS else ("connect", ["URL", *words])
    load_verb(verb).make_parser().read(rest)


@pytest.mark.parametrize("flag", sorted(THEIRS))
def test_their_flag_is_ours_or_is_answered_with_ours(flag: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever types it is told what to write; a dash alone would not help."""
    parser = load_verb("connect").make_parser()
    if flag in parser._option_string_actions:
        return
    with pytest.raises(SystemExit):
        parser.read(["URL", flag])
    assert f"there is no option {flag}: " in capsys.readouterr().err
