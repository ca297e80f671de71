"""The pages of the documentation: their code runs, prints what they say, and their commands are read by the terminal."""

from __future__ import annotations

import os
import re
import shlex
import socket
import subprocess
import sys
import tomllib
from itertools import pairwise
from pathlib import Path

import pytest
from pagecode import Fence, check, fences, run_cell

import wsnotebook
from wsnotebook.analysis.accessor import FrameQuestions
from wsnotebook.analysis.decoders.registry import SHIPPED
from wsnotebook.analysis.pairrules import PROTOCOLS
from wsnotebook.cli.main import VERBS, load_verb
from wsnotebook.workbench.verbs import VERBS as TYPED

SITE = Path(__file__).parents[1] / "notebooks"
PAGES = {path.relative_to(SITE).as_posix(): fences(path) for path in sorted(SITE.rglob("*.md"))}
RUN = ("python", "output", "console", "sh")
"""Languages whose blocks are checked here; each other one is only shown."""
SHOWN = ("text", "json", "toml", "yaml", "kotlin", "js")


LONG = {"howto/slow-reader.md", "howto/record-all-night.md", "facts/files.md"}
"""Pages that take a second or more."""


def having(language: str) -> list[str]:
    return [name for name, blocks in PAGES.items() if any(block.language == language for block in blocks)]


def after(blocks: list[Fence], block: Fence) -> str | None:
    """What a page says that a block prints."""
    following = next((second for first, second in pairwise(blocks) if first is block), None)
    return following.text if following and following.language == "output" else None


def test_each_decoder_has_an_example() -> None:
    """And each protocol that pairs() knows; the extras that are named are there."""
    page = (SITE / "howto" / "protocols.md").read_text()
    assert [name for name in (each.name for each in SHIPPED) if f"`{name}`" not in page] == []
    assert [name for name in PROTOCOLS if f'("{name}")' not in page] == []
    extras = tomllib.loads((SITE.parent / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    assert set(re.findall(r"wsnotebook\[(\w+)\]", page)) <= extras.keys()


def test_no_block_is_left_out() -> None:
    """A language that no test knows would be code that nobody runs."""
    assert {block.language for blocks in PAGES.values() for block in blocks} <= {*RUN, *SHOWN}


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[pytest.mark.long] if name in LONG else []) for name in having("python")],
)
async def test_the_python_of_a_page_runs(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The blocks of a page are the cells of one notebook, in an empty folder."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    names: dict[str, object] = {"__name__": "__main__"}
    for block in PAGES[name]:
        if block.language == "python":
            printed = await run_cell(block.text, names, where=str(SITE / name), line=block.line)
            expected = after(PAGES[name], block)
            if expected is not None:
                check(expected, printed, f"{name}:{block.line}")


def transcript(text: str) -> list[tuple[str, str]]:
    """Return the commands of a console, and what each prints."""
    parts = re.split(r"^\$ ", text, flags=re.MULTILINE)[1:]
    return [(command, printed) for command, _, printed in (part.partition("\n") for part in parts)]


@pytest.mark.long
@pytest.mark.parametrize("name", having("console"))
def test_the_console_of_a_page_prints_what_it_says(name: str, tmp_path: Path) -> None:
    """The commands of a page are typed into one shell, in an empty folder; servers have a free port in place of 8765."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = str(probe.getsockname()[1])
    (tmp_path / "bin").mkdir()
    for program, arguments in (("python", ""), ("wsnotebook", "-m wsnotebook")):
        path = tmp_path / "bin" / program
        path.write_text(f'#!/bin/sh\nexec "{sys.executable}" {arguments} "$@"\n')
        path.chmod(0o700)
    said = [pair for block in PAGES[name] if block.language == "console" for pair in transcript(block.text)]
    lines = [f"{command.replace('8765', port)}\necho '{END}'" for command, _ in said]
    lines.insert(1, f"until (: < /dev/tcp/127.0.0.1/{port}) 2> /dev/null; do :; done")  # the server listens
    environment = {**os.environ, "PATH": f"{tmp_path / 'bin'}:{os.environ['PATH']}", "PYTHONUTF8": "1"}
    environment |= {"PYTHONPATH": str(SITE.parent), "XDG_STATE_HOME": str(tmp_path / "state")}
    shell = ["bash", "-c", "\n".join([*lines, "kill %1", "wait"])]
    done = subprocess.run(
        shell, cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=250, check=False
    )
    printed = done.stdout.split(f"{END}\n")
    for (command, expected), got in zip(said, printed, strict=False):
        check(expected, got, f"{name}: {command} {done.stderr}")
    assert len(printed) == len(said) + 1, done.stderr


END = "-- the next command --"
"""A line between what two commands print."""


NAMES = {
    r"\bsession\.(?!df|log)([a-z_]+)": wsnotebook.DefaultClientWebSocketSession,
    r"\bwsnotebook\.([a-z]\w+)": wsnotebook,
    r"\bdf\.ws\.(\w+)": FrameQuestions,
    r"\blog\.(\w+)\(": wsnotebook.FrameLog,
    r"\bp\.(\w+)": wsnotebook.proxy,
}
"""What a page calls a thing, and the class that has the names behind the dot."""
OURS = {"incoming", "outgoing", "pinger", "lab", "widgets", "redaction", "kernel", "decoders"}
"""Names that an instance, or a module that was imported, has."""


@pytest.mark.parametrize("name", PAGES)
def test_the_names_of_a_page_are_there(name: str) -> None:
    """In code between words, and in tables: each attribute exists, and each verb of %ws."""
    words = re.findall(r"(?<!`)`([^`\n]+)`", (SITE / name).read_text())
    for word in words:
        for pattern, owner in NAMES.items():
            for found in re.findall(pattern, word):
                assert found in OURS or hasattr(owner, found), f"{name}: {word}"
        for verb in re.findall(r"%ws ([a-z]+)", word):
            assert verb in {*TYPED, "help"}, f"{name}: {word}"


def commands() -> list[tuple[str, str]]:
    """Each line of a shell that calls us, without its redirections, and the page that has it."""
    found = []
    for name, blocks in PAGES.items():
        for block in blocks:
            if block.language in ("sh", "console"):
                for line in block.text.replace("\\\n", " ").splitlines():
                    words = line.removeprefix("$ ")
                    if words.startswith("wsnotebook "):
                        found.append((name, words))
    return found


@pytest.mark.parametrize("name, line", commands())
def test_a_command_of_a_page_is_read(name: str, line: str) -> None:
    """Each verb has its parser, and no option is misspelt."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars="|&;<>")
    lexer.whitespace_split = True
    words: list[str] = []
    for word in lexer:
        if word[0] in "|&;<>":
            break
        words.append(word)
    assert words[1] in VERBS, f"{name}: there is no verb {words[1]}"
    if "--help" not in words:
        load_verb(words[1]).make_parser().read(words[2:])
