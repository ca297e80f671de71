"""The plugin in a pytest of its own: what is recorded, what is played, and what is an error of the test."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from imports import ROOT
from serverprocess import server_process

from wsnotebook.cassettes.plugin import stem_of

Run = Callable[..., "subprocess.CompletedProcess[str]"]

CONFTEST = """
import asyncio, sys
import pytest
from websockets.sync.client import connect

@pytest.fixture
def talk():
    def talk(url, *messages):
        with connect(url, proxy=None) as client:
            answers = []
            for message in messages:
                client.send(message)
                answers.append(client.recv())
            return answers
    return talk
"""
TEST = """
def test_talk(ws_cassette, talk):
    url = ws_cassette({url!r})
    assert talk(url, *{messages!r}) == {messages!r}
"""


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """A function that writes test_x.py and runs pytest on it, with the plugin and no other."""
    (tmp_path / "conftest.py").write_text(CONFTEST)

    def run(text: str, *words: str) -> subprocess.CompletedProcess[str]:
        (tmp_path / "test_x.py").write_text(text)
        plugins = ("-p", "wsnotebook.cassettes.plugin", "-p", "no:cacheprovider")
        command = [sys.executable, "-m", "pytest", "-q", *plugins, *words, "test_x.py"]
        environment = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


def test_the_entry_point_is_the_plugin() -> None:
    """pytest finds it where the package is installed."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    plugin = importlib.import_module(project["entry-points"]["pytest11"]["wsnotebook"])
    assert plugin.ws_cassette and plugin.pytest_addoption


@pytest.mark.parametrize(
    ("classes", "name", "stem"),
    [
        ([], "test_price", "test_x.test_price"),
        ([], "test_price[BTC-1.5]", "test_x.test_price_BTC-1.5_"),
        (["TestA", "TestB"], "test_price", "test_x.TestA.TestB.test_price"),
        ([], "test_op[==]", "test_x.test_op_-f65a4019"),
        ([], "test_op[!=]", "test_x.test_op_-fb2ff4c1"),
    ],
)
def test_a_tape_has_the_name_of_its_test(classes: list[str], name: str, stem: str) -> None:
    """The names do not change from version to version, so that no tape is lost."""
    assert stem_of("test_x", classes, name) == stem


def test_a_long_name_is_cut_where_a_file_may_not_have_it() -> None:
    """A file's name may have 255 bytes; what was cut is in the hash."""
    one, other = (stem_of("test_x", [], f"test_{'é' * 200}{end}") for end in "ab")
    assert one != other and len(f"{one}-10.jsonl".encode()) <= 255


@pytest.mark.long
def test_no_two_tests_share_a_tape(run: Run, tmp_path: Path) -> None:
    """Nor where the names of files do not differ by the case of letters: both say so, also where one is chosen alone."""
    text = """
class TestA:
    def test_talk(self, ws_cassette, talk):
        assert talk(ws_cassette({url!r}), "a") == ["a"]

class TestB:
    def test_talk(self, ws_cassette, talk):
        assert talk(ws_cassette({url!r}), "b") == ["b"]
"""
    with server_process(sys.executable, ROOT / "tests/peers/echo_aiohttp.py", "plain") as url:
        assert run(text.format(url=url)).returncode == 0
    tapes = sorted(path.name for path in (tmp_path / "cassettes").iterdir())
    assert tapes == ["test_x.TestA.test_talk.jsonl", "test_x.TestB.test_talk.jsonl"]
    text = "import pytest\n@pytest.mark.parametrize('id', 'aAb')\ndef test_talk(id, ws_cassette): pass"
    both, alone = run(text), run(text, "--deselect", "test_x.py::test_talk[A]")
    assert "1 passed, 2 errors" in both.stdout and "1 passed, 1 deselected, 1 error" in alone.stdout
    assert "its cassette has the same file as that of test_x.py::test_talk[A]" in alone.stdout


@pytest.mark.long
def test_a_test_is_recorded_once_and_played_without_the_server(run: Run, tmp_path: Path) -> None:
    """The tape is text that somebody can read; a second recording of the same is the same file."""
    secret = '{"password": "hunter2"}'
    with server_process(sys.executable, ROOT / "tests/peers/echo_aiohttp.py", "plain") as url:
        text = TEST.format(url=url, messages=["hello", b"\x00\xff", secret])
        recorded = run(text)
        assert recorded.returncode == 0, recorded.stdout
        tape = tmp_path / "cassettes" / "test_x.test_talk.jsonl"
        first = tape.read_text()
        assert run(text, "--ws-record=all").returncode == 0 and tape.read_text() == first
    assert first.splitlines() == [
        '{"cassette": 1}',
        '{"connection": 1}',
        '{"out": "hello"}',
        '{"in": "hello"}',
        '{"out": {"base64": "AP8="}}',
        '{"in": {"base64": "AP8="}}',
        '{"out": "{\\"password\\": \\"<redacted:00000001>\\"}"}',
        '{"in": "{\\"password\\": \\"<redacted:00000001>\\"}"}',
        '{"out": {"close": 1000, "reason": ""}}',
        '{"in": {"close": 1000, "reason": ""}}',
    ]
    played = run(TEST.format(url=url, messages=["hello", b"\x00\xff"]) + "\n", "--ws-record=none")
    assert played.returncode == 1 and "left after 2 of 3 recorded requests" in played.stdout


@pytest.mark.long
def test_what_was_not_recorded_is_an_error(run: Run, tmp_path: Path) -> None:
    """A message, a connection more or less, a tape that is missing: each with what to do."""
    folder = tmp_path / "cassettes"
    folder.mkdir()
    tape = folder / "test_x.test_talk.jsonl"
    tape.write_text('{"cassette": 1}\n{"connection": 1}\n{"out": "a"}\n{"in": "a"}\n{"connection": 2}\n')
    text = TEST.format(url="ws://127.0.0.1:9/", messages=["a"])
    missing = run(text)
    assert missing.returncode == 1 and "1 of 2 recorded connections were opened" in missing.stdout
    tape.write_text('{"cassette": 1}\n{"connection": 1}\n{"out": "a"}\n{"in": "a"}\n')
    assert run(text).returncode == 0
    other = run(TEST.format(url="ws://127.0.0.1:9/", messages=["a", "b"]))
    assert other.returncode == 1 and "1011" in other.stdout
    again = run(text + "    assert talk(url, 'a') == ['a']\n")
    assert again.returncode == 1 and "connection 2: the tape has 1 of them" in again.stdout
    tape.unlink()
    none = run(text, "--ws-record=none")
    assert none.returncode == 1 and "record it with --ws-record=once" in none.stdout


@pytest.mark.long
def test_a_test_that_fails_records_nothing(run: Run, tmp_path: Path) -> None:
    """Nor one that never connects, which says so."""
    with server_process(sys.executable, ROOT / "tests/peers/echo_aiohttp.py", "plain") as url:
        failing = run(TEST.format(url=url, messages=["a"]) + "    assert False\n")
        unused = run(f"def test_talk(ws_cassette):\n    ws_cassette({url!r})\n")
    assert failing.returncode == 1 and unused.returncode == 1
    assert "nothing connected to the URL" in unused.stdout and not (tmp_path / "cassettes").exists()
