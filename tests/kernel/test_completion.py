from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from IPython.core.completer import provisionalcompleter

from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook


def offered(notebook: Notebook, text: str) -> list[str]:
    """What IPython offers at the end of ``text``: the words with which the rest of the line would be replaced."""
    with provisionalcompleter():
        completions = list(notebook.shell.Completer.completions(text, len(text)))
    return [text[: each.start].rsplit(" ", 1)[-1] + each.text for each in completions]


OFFERED = {
    "%ws ": [*VERBS, "help"],
    "%ws help lo": ["log", "load"],
    "%ws c": ["connect", "compress", "close"],
    "%%ws se": ["send", "serve", "session", "select"],
    "x = %ws rec": ["recv", "receive", "recover", "reconnect"],
    "%ws recv ": ["all", "newest"],
    "%ws log --opcode p": ["ping", "pong"],
    "%ws close 101": ["1010", "1011", "1012", "1013", "1014"],
    "%ws replay x.parquet --speed ": ["1", "10", "max"],
    "%ws serve ec": ["echo"],
    "for i in x:\n    %ws te": ["terminate"],
    "%ws connect --": [flag for flag in VERBS["connect"].options if flag.startswith("--")],
    "%ws connect --c": ["--cookie", "--ca", "--cert"],
    "%ws send --j": ["--json"],
    "%ws connect ws://x --ra": ["--raw"],
    "%ws mask ": ["on", "off"],
    "%ws mask of": ["off"],
    "%ws ping --name ": ["one", "127.0.0.1:80"],
    "%ws send -n 12": ["127.0.0.1:80"],
    "%ws use o": ["one"],
    "%ws select 127.0.0.1:8": ["127.0.0.1:80"],
}


@pytest.mark.parametrize("text", OFFERED)
def test_only_what_may_stand_there_is_offered(connected: Notebook, text: str) -> None:
    """Verbs, options and names of sessions, in the order in which they are taught; no files, no Python names."""
    connected.run("%ws connect ws://x/ --name 127.0.0.1:80")
    assert offered(connected, text) == OFFERED[text]


@pytest.mark.parametrize("text", ["%wsx c", "print('%ws c", "%time c", "ws c", "# %ws "])
def test_elsewhere_nothing_is_offered(connected: Notebook, text: str) -> None:
    """A line that is not of the magic gets none of its words."""
    assert not set(offered(connected, text)) & {"connect", "recv", "receive"}
