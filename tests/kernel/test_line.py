from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook


def test_variables_are_replaced_as_ipython_does(notebook: Notebook) -> None:
    """{expression} and $name, from the caller's variables, in every option."""
    notebook.run("url, token = 'ws://lab/x', 'abc'")
    notebook.run('%ws connect {url + "?q=1"} -H "Authorization: Bearer $token"')
    assert notebook.session.url == "ws://lab/x?q=1"
    assert notebook.session.options["headers"] == [("Authorization", "Bearer abc")]
    notebook.run("def f(url):\n    %ws connect $url --name two\nf('ws://lab/local')")
    assert notebook.session.url == "ws://lab/local"


TEXTS = {
    "words": ("send hello  world", "hello  world"),
    "quotes": ("""send it's "so" """, """it's "so\""""),
    "JSON": ('send {"a":1}', '{"a":1}'),
    "JSON with blanks": ('send --json {"a": "{x}"}', '{"a": "{x}"}'),
    "expression": ("send {x + 1}!", "8!"),
    "dollar": ("send $x of {x}", "7 of 7"),
    "JSON with a variable": ('send {{"a": {x}, "b": $x}}', '{"a": 7, "b": 7}'),
    "unknown variable": ("send {nobody} $nothing", "{nobody} $nothing"),
    "dashes after --": ("send -- --json", "--json"),
    "empty after --": ("send --", ""),
    "an option after the text is text": ("send hello --name two", "hello --name two"),
    "number below zero": ("send -5", "-5"),
    "backslash": (r"send a\nb", r"a\nb"),
    "semicolon": ("send hello;", "hello;"),
    "name": ("send --name=one hello", "hello"),
    "name apart": ("send -n one hello", "hello"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_the_text_is_sent_as_it_stands(connected: Notebook, case: str) -> None:
    """No shell rule touches it; JSON stays JSON though it is full of braces; variables are replaced elsewhere."""
    line, text = TEXTS[case]
    connected.run("x = 7")
    connected.run(f"%ws {line}")
    assert connected.session.sent == [Frame.text(text)]


def test_the_body_of_a_cell_is_sent_to_the_byte(connected: Notebook) -> None:
    """Nothing is replaced in it; only its last line end, which the notebook adds, does not count."""
    connected.run("x = 7\n")
    connected.run("%%ws send\n{x}\n  $x é\n\n")
    assert connected.session.sent == [Frame.text("{x}\n  $x é\n")]


WRONG = {
    "%ws send": "nothing to send: write %ws send TEXT",
    "%%ws send hello\nworld": "keep one of them",
    "%ws send --jsn {}": "has no option --jsn: it has --json, --hex, --base64, --binary",
    "%ws send --json {'a': 1}": "not JSON: Expecting property name",
    "%ws send --hex 0g": "character 2, 'g', is not a hex digit",
    "%ws send --name two hi": "no session is called 'two': there is one.",
    "%ws conect ws://lab/": "did you mean connect? The verbs are connect, send,",
    "%ws frobnicate": "has no verb 'frobnicate': The verbs are",
    "%ws connect": "the following arguments are required: url. Try %ws connect --help.",
    "%ws connect ws://lab/ -H nocolon": "'nocolon' has no colon: write it as -H \"Name: value\"",
    "%ws connect ws://lab/ --timeout -1": "number of seconds above 0",
    "%ws connect ws://lab/ --time 1": "unrecognized arguments: --time 1",
    "%ws connect ws://lab/ --name one": "session 'one' is open: close it, or take another name",
    "%ws recv --timeout soon": "'soon' is no number of seconds above 0",
    "%ws recv --timeout 0.01": "no message came from one within 0.01 s",
    "%ws mask maybe": "'maybe' is neither on nor off",
    "%ws close now": "argument code: invalid int value: 'now'",
    "%ws close 1000 it's over": "between double quotes",
    "%ws log ten": "'ten' is no number of rows",
    "%ws log 1.5": "0 or more",
    "%ws use two": "no session is called 'two'",
    "%%ws ping\nbody": "%%ws ping takes no cell body: write %ws ping on a line of its own.",
    "def f():\n    %ws send --hex 0\nf()": "write each byte with two digits",
}


@pytest.mark.parametrize("cell", WRONG)
def test_a_mistake_is_one_line_that_says_what_to_write(connected: Notebook, cell: str) -> None:
    """No traceback, and nothing was sent."""
    assert WRONG[cell] in connected.refused(cell)
    assert connected.session.sent == []


# ---- teaching ----


@pytest.mark.parametrize("line", ["", "help", "--help", "-h"])
def test_the_magic_alone_teaches(notebook: Notebook, line: str) -> None:
    """Every verb has its line, and there is an example."""
    shown = notebook.shown(f"%ws {line}")
    for verb in VERBS.values():
        assert f"  {verb.name} " in shown
        assert verb.summary in shown
    assert "%ws connect ws://" in shown


@pytest.mark.parametrize("word", VERBS)
def test_every_verb_has_its_help(notebook: Notebook, word: str) -> None:
    """--help shows usage, sentence and every option; it runs nothing, though there is no session."""
    shown = notebook.shown(f"%ws {word} --help")
    verb = VERBS[word]
    assert f"usage: %ws {verb.name}" in shown
    assert verb.summary in shown
    for option in verb.options:
        assert option in shown or option == "--help"
