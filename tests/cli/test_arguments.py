"""Options of connect in the terminal: one table, one meaning, in every verb that opens a session."""

from __future__ import annotations

import pytest

from wsnotebook.cli import connect, record, replay, script, send
from wsnotebook.cli.arguments import LEFT_OUT
from wsnotebook.cli.main import VERBS, VerbModule, main
from wsnotebook.workbench.arguments import Argument
from wsnotebook.workbench.connection import CONNECTION

URL = "ws://127.0.0.1:1/"
LINES: dict[str, tuple[VerbModule, list[str]]] = {
    "connect": (connect, [URL]),
    "record": (record, [URL, "a.pcapng"]),
    "send": (send, [URL]),
    "replay": (replay, ["a.pcapng", URL]),
    "script": (script, ["a.ws", URL]),
}
"""Verbs that open a session, and the shortest line of each."""
TYPED = {
    "headers": "A: 1",
    "auth": "me:secret",
    "cookies": "a=1",
    "max_frame_size": "1MiB",
    "ping_interval": "20",
    "open_timeout": "5",
    "io": "thread",
}
"""A value of each option that has a form of its own; the others take any text."""


@pytest.mark.parametrize("option", [each for each in CONNECTION if each.terminal], ids=lambda each: each.name)
@pytest.mark.parametrize("verb", LINES)
def test_an_option_of_connect_means_the_same_in_every_verb(verb: str, option: Argument) -> None:
    """Each of its flags is read to the value that the table says; one that a verb lacks is refused with a reason."""
    module, line = LINES[verb]
    assert option.terminal is not None
    for flag in option.terminal.flags:
        words = [*line, flag] if option.is_switch else [*line, flag, TYPED.get(option.name, "x")]
        if option.name in LEFT_OUT.get(verb, {}):
            with pytest.raises(SystemExit):
                module.make_parser().read(words)
            continue
        read = option.value if option.is_switch else option.read(words[-1])
        expected = [read] if option.count == "repeated" else read
        assert getattr(module.make_parser().read(words), option.name) == expected
        assert not hasattr(module.make_parser().read(line), option.name)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_can_be_quiet(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """With one word."""
    with pytest.raises(SystemExit):
        main([verb, "--help"])
    assert "--quiet" in capsys.readouterr().out


def test_what_is_left_out_exists() -> None:
    """A reason for an option that is gone would mislead."""
    names = {option.name for option in CONNECTION}
    assert LEFT_OUT.keys() <= LINES.keys()
    assert all(left_out.keys() <= names for left_out in LEFT_OUT.values())
