"""The table of verbs: complete, without a contradiction, and the same for a cell, the panel and the terminal."""

from __future__ import annotations

import argparse
import inspect
import shlex
from pathlib import Path
from typing import Any

import pytest

from wsnotebook.payload import KINDS
from wsnotebook.session.client import connect
from wsnotebook.workbench.arguments import Surface
from wsnotebook.workbench.connection import CONNECTION, connection_options
from wsnotebook.workbench.verb import Verb
from wsnotebook.workbench.verbs import VERBS

EACH = sorted({verb.name for verb in VERBS.values()})
NEED_AN_ARGUMENT = {
    name
    for name, verb in VERBS.items()
    for argument, form in verb.on("cell")
    if not form.flags and argument.count == "one"
}


def parsed(verb: Verb, surface: Surface, *words: str) -> argparse.Namespace:
    """The arguments that the words make on a surface."""
    parser = argparse.ArgumentParser(exit_on_error=False)
    for argument, form in verb.on(surface):
        argument.add_to(parser, form)
    return parser.parse_args(words)


@pytest.mark.parametrize("name", EACH)
def test_no_flag_stands_for_two_things(name: str) -> None:
    """argparse refuses a flag that is declared twice; a verb of one session lets it be named."""
    verb = VERBS[name]
    for surface in ("cell", "terminal"):
        parser = argparse.ArgumentParser()
        for argument, form in verb.on(surface):
            argument.add_to(parser, form)
    assert verb.of_bench or "--name" in verb.options


@pytest.mark.parametrize("name", [name for name in EACH if name not in NEED_AN_ARGUMENT])
def test_what_is_not_given_has_its_default_however_the_verb_is_reached(name: str) -> None:
    """A cell without options and a click without fields make the same arguments; some verbs need one."""
    verb = VERBS[name]
    clicked = verb.read({"text": ""} if verb.takes_text else {})
    typed = parsed(verb, "cell")
    assert {key: value for key, value in vars(clicked).items() if key != "text"} == vars(typed)


WITHOUT_OPTION = {
    "url": "it is the word after connect",
    "extensions": "factories are Python objects",
    "ping_timeout": "15 s fit whoever types --ping",
    "close_timeout": "10 s fit whoever waits for the end of a command",
    "channels": "capacities are Python objects",
    "ssl": "--ca, --cert, --key and --insecure make it",
    "converter": "a converter is a Python object",
    "log": "a log is a Python object",
}
"""Keywords of connect() that have no row, and why."""


def test_every_keyword_of_connect_has_an_option_or_a_reason_for_none() -> None:
    """And every option is a keyword, one of the four that make ``ssl``, or the way of dialling."""
    keywords = set(inspect.signature(connect).parameters)
    options = {option.name for option in CONNECTION} - {"ca", "cert", "key", "insecure", "reconnect"}
    assert options | WITHOUT_OPTION.keys() == keywords
    assert not options & WITHOUT_OPTION.keys()


def test_an_option_of_connect_has_the_same_flags_in_a_cell_and_in_the_terminal() -> None:
    """One word is one thing."""
    assert [option.name for option in CONNECTION if option.terminal is None or option.cell is None] == []
    assert [o.name for o in CONNECTION if o.cell and o.terminal and o.cell.flags != o.terminal.flags] == []


@pytest.mark.parametrize(
    ("surface", "words", "options"),
    [
        ("cell", "ws://x", {}),
        ("terminal", "ws://x", {}),
        ("cell", "ws://x --raw --no-mask -n feed", {"raw": True, "masking": False, "name": "feed"}),
        ("cell", "ws://x -H A:1 --header B:2", {"headers": [("A", "1"), ("B", "2")]}),
        ("terminal", "ws://x --header A:1 --header B:2", {"headers": [("A", "1"), ("B", "2")]}),
        ("cell", "ws://x -s a -s b -t 2.5", {"subprotocols": ["a", "b"], "open_timeout": 2.5}),
        (
            "terminal",
            "ws://x --subprotocol a --timeout 2.5",
            {"subprotocols": ["a"], "open_timeout": 2.5},
        ),
        ("terminal", "ws://x --no-compression --ping 20", {"compression": None, "ping_interval": 20.0}),
        ("terminal", "ws://x --no-pong", {"answers_pings": False}),
        ("terminal", "ws://x --origin http://y", {"origin": "http://y"}),
        ("cell", "ws://x --auth a:b:c --user-agent me", {"auth": ("a", "b:c"), "user_agent": "me"}),
        ("terminal", "ws://x --auth token -n a", {"auth": "token", "name": "a"}),
        ("cell", "ws://x --cookie a=1;b=2=3 --cookie c=", {"cookies": {"a": "1", "b": "2=3", "c": ""}}),
        ("cell", "ws://x --max-frame-size 1.5KiB --io thread", {"max_frame_size": 1536, "io": "thread"}),
        ("terminal", "ws://x --max-frame-size off --proxy off", {"max_frame_size": None, "proxy": None}),
        ("cell", "ws://x --proxy http://p:1 --record a/", {"proxy": "http://p:1", "record": "a/"}),
        ("terminal", "ws://x --raw --record a/", {"raw": True, "record": "a/"}),
    ],
)
def test_only_given_options_reach_connect(surface: Surface, words: str, options: dict[str, Any]) -> None:
    """Everything else is left to connect()'s own defaults, on both surfaces."""
    arguments = parsed(VERBS["connect"], surface, *words.split())
    assert arguments.url == "ws://x"
    assert connection_options(arguments, surface) == options


@pytest.mark.parametrize("surface", ["cell", "terminal"])
def test_the_kinds_of_payload_are_those_of_parse_payload(surface: Surface) -> None:
    """With the same words in a cell and in the terminal."""
    lines = ((), *((f"--{kind}",) for kind in KINDS[1:]))
    assert tuple(parsed(VERBS["send"], surface, *words).kind for words in lines) == KINDS


@pytest.mark.parametrize(
    ("verb", "before", "word", "words"),
    [
        ("mask", [], "", ["on", "off"]),
        ("mask", ["on"], "", []),
        ("mask", ["-n"], "", ["one", "two"]),
        ("mask", ["--name", "one"], "", ["on", "off"]),
        ("use", [], "", ["one", "two"]),
        ("use", ["one"], "", []),
        ("ping", ["--timeout"], "", []),
        ("ping", [], "-", ["-n", "--name", "-t", "--timeout", "--help"]),
        ("list", [], "", []),
    ],
)
def test_completion_comes_from_the_declaration(
    verb: str, before: list[str], word: str, words: list[str]
) -> None:
    """A value is offered where it may stand: after its flag, or at its position."""
    assert VERBS[verb].complete(["one", "two"], before, word) == words


def test_a_value_that_a_page_gives_is_read_as_in_a_line() -> None:
    """Texts are read, other values are kept, other fields are ignored."""
    assert VERBS["close"].read({"id": 1, "code": " 4002 ", "message": "a b"}) == argparse.Namespace(
        code=4002, message="a b", name=None
    )
    assert VERBS["mask"].read({"on": False}).on is VERBS["mask"].read({"on": "off"}).on is False
    with pytest.raises(KeyError):
        VERBS["send"].read({"kind": "text"})


def table() -> str:
    """The table of verbs of the README."""
    rows = [
        f"| `{verb.name}` | {verb.summary.replace('|', chr(92) + '|')} | `%ws {verb.example}` |"
        for verb in dict.fromkeys(VERBS.values())
    ]
    return "\n".join(["| verb | what it does | example |", "|---|---|---|", *rows])


def test_the_readme_has_the_table_of_verbs() -> None:
    """Copy it from the failure of this test."""
    assert table() in (Path(__file__).parents[2] / "README.md").read_text(), table()


@pytest.mark.parametrize("name", EACH)
def test_the_example_of_a_verb_is_a_line_of_it(name: str) -> None:
    """It is in the help, so it has to work as it stands."""
    verb = VERBS[name]
    first, *words = shlex.split(verb.example) if not verb.takes_text else verb.example.split(" ")
    assert first == name
    if not verb.takes_text:
        parsed(verb, "cell", *words)
