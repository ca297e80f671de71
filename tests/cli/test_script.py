"""The verb script of the terminal: what is printed, the exit codes, and the report for CI."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

import wsnotebook

pytestmark = pytest.mark.long  # a process for each call

Call = Callable[..., Any]


def test_a_script_that_passes(run: Call, serve: Call, tmp_path: Path):
    """A line for each step, a summary, exit code 0, a report and the recording."""
    (tmp_path / "a.ws").write_text('# login\n> hello\x1b\n< hell\n>json {"a": 1}\n<json {"a": "{a}"}\n')
    done = run("script", "a.ws", serve("echo"), "--junit", "out.xml", "--record", "out.jsonl")
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[0] == "   2  > hello\\x1b"
    assert lines[1].split(maxsplit=3) == ["3", "<", "hell", "'hello\\x1b'"]
    assert lines[-1].startswith("a.ws: passed, 4 of 4 steps in ")
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.attrib["tests"], suite.attrib["failures"]) == ("4", "0")
    assert wsnotebook.load(tmp_path / "out.jsonl").df["text"].dropna().tolist()[:2] == ["hello\x1b"] * 2


def test_a_script_that_fails(run: Call, serve: Call, tmp_path: Path):
    """Exit code 1; the line, what was expected, what came, and each path that differs."""
    text = 'timeout 0.1\n>json {"a": 1, "b": [2]}\n<json {"a": 2, "b": [3]}\n> never\n'
    done = run("script", "-", serve("echo"), "--junit", "out.xml", stdin=text)
    assert done.returncode == 1
    lines = done.stdout.splitlines()
    assert lines[2].endswith("FAILED") and "came within 0.1 s: $.a is 1" in lines[3]
    assert lines[4:6] == ["      - $.a is 1, expected 2", "      - $.b[0] is 2, expected 3"]
    assert "failed, 2 of 4 steps" in lines[-1]
    assert done.stderr.startswith("wsnotebook script: line 3, <json")
    suite = ElementTree.parse(tmp_path / "out.xml").getroot()[0]
    assert (suite.attrib["failures"], suite.attrib["skipped"]) == ("1", "1")


def test_quiet_prints_only_what_fails(run: Call, serve: Call):
    """Nothing where all steps pass."""
    url = serve("echo")
    done = run("script", "-", url, "--quiet", stdin="> one\n< one\n")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = run("script", "-", url, "--quiet", stdin="timeout 0.1\n> one\n< two\n")
    assert done.returncode == 1 and "3  < two" in done.stdout and "> one" not in done.stdout


def test_wrong_usage(run: Call, tmp_path: Path):
    """A file that is not there, and a line that cannot be read: exit code 2, before anything is connected."""
    done = run("script", "none.ws", "ws://127.0.0.1:9/")
    assert (done.returncode, done.stderr) == (2, "wsnotebook script: none.ws: No such file or directory\n")
    (tmp_path / "a.ws").write_text("> hello\nsay hello\n")
    done = run("script", "a.ws", "ws://127.0.0.1:9/")
    assert done.returncode == 2 and "a.ws: line 2, say hello: this is no step." in done.stderr


def test_a_wrong_address_is_no_success_of_the_report(run: Call, tmp_path: Path):
    """Exit code 2, and an error in the report, not only skipped cases."""
    (tmp_path / "a.ws").write_text("> hello\n")
    done = run("script", "a.ws", "http//x", "--junit", "out.xml")
    assert done.returncode == 2 and 'errors="1"' in (tmp_path / "out.xml").read_text()


def test_nobody_listens(run: Call, tmp_path: Path, unused_tcp_port: int):
    """Exit code 1, and the report has the error without the secret of the address."""
    (tmp_path / "a.ws").write_text("> hello\n")
    done = run("script", "a.ws", f"ws://127.0.0.1:{unused_tcp_port}/?token=secret", "--junit", "out.xml")
    assert done.returncode == 1
    report = (tmp_path / "out.xml").read_text()
    assert 'errors="1"' in report and "secret" not in report + done.stderr + done.stdout
