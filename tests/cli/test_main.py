"""The command line as a whole: help that teaches, one sentence for what is wrong, exit codes."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.cli.console import write_line, write_lines
from wsnotebook.cli.main import VERBS, main
from wsnotebook.cli.outcome import ExitCode

CODES = ["0    done", "1    the connection or the peer", "2    wrong usage", "130  interrupted"]


@pytest.mark.parametrize("words", [["--help"], *([verb, "--help"] for verb in VERBS)], ids=" ".join)
def test_help_has_examples_and_exit_codes(words: list[str], capsys: pytest.CaptureFixture[str]):
    """Every --help ends with 0, shows command lines that can be copied, and the meaning of each code."""
    with pytest.raises(SystemExit) as left:
        main(words)
    text = capsys.readouterr().out
    assert left.value.code == 0
    assert f"\n  wsnotebook {words[0] if words[0] in VERBS else 'send'} " in text
    assert all(code in text for code in CODES)


def test_the_help_names_every_verb(capsys: pytest.CaptureFixture[str]):
    """And what it does."""
    with pytest.raises(SystemExit):
        main(["--help"])
    text = capsys.readouterr().out
    assert all(f"  {verb:<9}{what}" in text for verb, what in VERBS.items())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["send", "http://127.0.0.1/", "x"], "the scheme is http, a WebSocket's is ws"),
        (["send", "ws://127.0.0.1/", "x", "--count", "0"], "'0' is not a whole number from 1 on"),
        (["send", "ws://127.0.0.1/", "x", "--wait", "nan"], "'nan' is not a number of seconds"),
        (["send", "ws://127.0.0.1/", "x", "--header", "X-Token"], "write 'Name: value'"),
        (["send", "ws://127.0.0.1/", "x", "--header", "a b: c"], "cannot be the name of a header"),
        (["send", "ws://127.0.0.1/", "zz", "--hex"], "hex"),
        (["connect", "ws://127.0.0.1/", "--record", "out.csv"], "out.csv: cannot write .csv"),
        (["serve", "sing"], "no behaviour 'sing': choose one of chat, closer, echo"),
        (["serve", "none.parquet"], "none.parquet"),
        (["serve", "echo", "--port", "70000"], "port 70000"),
        (["serve", "echo", "--allow-origin", "here"], "here"),
        (["serve", "ticker", "--set", "rat=1"], "no parameter 'rat'; its parameters are rate, size"),
        (["record", "ws://127.0.0.1/", "out.csv"], "out.csv: cannot write .csv; use .parquet"),
        (["record", "ws://127.0.0.1/", "nowhere/out.har"], "the folder nowhere is not there"),
        (["convert", "none.har", "out.jsonl"], "none.har: No such file"),
        (["convert", "none.txt", "out.jsonl"], "cannot load .txt"),
        (["replay", "none.har", "ws://127.0.0.1/"], "none.har: No such file"),
        (["replay", "none.har", "ws://127.0.0.1/", "--speed", "0"], "'0' is not a factor over 0"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_sentence_and_2(
    words: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
):
    """Nothing on stdout, one line on stderr that names what is wrong, no traceback."""
    try:
        code = main(words)
    except SystemExit as left:
        code = left.code  # type: ignore[assignment]  # argparse leaves by itself
    said = capsys.readouterr()
    assert (code, said.out) == (2, "")
    assert said.err.count("\n") == 1 and said.err.startswith("wsnotebook")
    assert sentence in said.err


@pytest.mark.parametrize("scheme", ["ws", "http"])
def test_secrets_of_an_address_are_not_printed(scheme: str, capsys: pytest.CaptureFixture[str]):
    """Neither a token nor a password stands in the sentence, whether the address is wrong or nobody listens."""
    assert main(["send", f"{scheme}://me:hidden1@127.0.0.1:1/?token=hidden2", "x"]) == (
        1 if scheme == "ws" else 2
    )
    assert "hidden" not in capsys.readouterr().err


@pytest.mark.long
@pytest.mark.parametrize("verb", ["connect", "send", "record", "replay"])
def test_nobody_listens_is_1(verb: str, run: Callable[..., Any], serve: Callable[..., str], tmp_path: Path):
    """A refused connection is one sentence and code 1, and leaves no file."""
    run("record", serve("echo"), "source.jsonl", "--send", "x", "--frames", "2")
    words = {"send": ["x"], "record": ["out.pcapng"]}.get(verb, [])
    first = ["source.jsonl"] if verb == "replay" else []
    done = run(verb, *first, "ws://127.0.0.1:1/", *words)
    assert (done.returncode, done.stdout) == (1, "")
    assert "nothing listens there" in done.stderr and done.stderr.count("\n") == 1
    assert not (tmp_path / "out.pcapng").exists()


def test_what_stdout_cannot_write_is_escaped(monkeypatch: pytest.MonkeyPatch):
    """As in a pipe on Windows; a peer's text ends no program."""
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(written := io.BytesIO(), encoding="cp1252"))
    assert main(["convert", "missing.jsonl", "x.jsonl"]) == ExitCode.WRONG_USAGE
    write_line("é日")
    write_lines(["😀"])
    assert written.getvalue() == b"\xe9\\u65e5\n\\U0001f600\n"


@pytest.mark.parametrize("name", ["stdin", "stdout", "stderr"])
def test_a_closed_stream_is_the_null_device(name: str, monkeypatch: pytest.MonkeyPatch):
    """As with >&- in a shell, where Python has None in its place: nothing is read or written, without a traceback."""
    monkeypatch.setattr(sys, name, None)
    assert main(["convert", "missing.jsonl", "x.jsonl"]) == ExitCode.WRONG_USAGE
    number = getattr(sys, name).fileno()
    assert os.path.samestat(os.fstat(number), os.stat(os.devnull))
    os.close(number)
