from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from wsnotebook.filtering import parse_filter
from wsnotebook.kernel.line import parse
from wsnotebook.wire.frames import Frame
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook


def test_fields_are_replaced_in_every_option(notebook: Notebook) -> None:
    """By the caller's variables; a value with blanks and quotes stays one word, and a dollar is a dollar."""
    notebook.run("url, token = 'ws://lab/x', 'it\\'s \"so\" --raw'")
    notebook.run(
        '%ws connect {url + "?limit=1"} -H "Authorization: Bearer {token}" --header "Price: $5 $token"'
    )
    assert notebook.session.url == "ws://lab/x?limit=1"
    headers = [("Authorization", 'Bearer it\'s "so" --raw'), ("Price", "$5 $token")]
    assert notebook.session.options["headers"] == headers
    notebook.run("def f(url):\n    %ws connect {url} --name two\nf('ws://lab/local')")
    assert notebook.session.url == "ws://lab/local"


ENCLOSED = """
symbol, ß = "global", "global"
def outer(symbol):
    ß = "local"
    {kind} inner():
        %ws send {{symbol}} {{ß.upper()}} {{min(symbol)}}
    return inner
"""


@pytest.mark.parametrize(
    ("kind", "call"), [("def", "outer('local')()"), ("async def", "await outer('local')()")]
)
def test_a_field_is_a_variable_of_an_enclosing_function(connected: Notebook, kind: str, call: str) -> None:
    """Also one that only the line mentions: Python keeps none that no code mentions, and a global would be sent."""
    connected.run(ENCLOSED.format(kind=kind) + call)
    assert connected.session.sent == [Frame.text("local LOCAL a")]


TEXTS = {
    "words": ("send hello  world", "hello  world"),
    "quotes": ("""send it's "so" """, """it's "so\""""),
    "JSON": ('send {"a":1}', '{"a":1}'),
    "JSON with blanks": ('send --json {"a": "{x}"}', '{"a": "{x}"}'),
    "JSON with an option in it": (
        'send {"command": "ls --name one -l x"}',
        '{"command": "ls --name one -l x"}',
    ),
    "expression": ("send {x + 1}!", "8!"),
    "dollar": ("send cost $5, $x of {x}", "cost $5, $x of 7"),
    "JSON with a variable": ('send {{"a": {x}, "b": {x:.1f}}}', '{"a": 7, "b": 7.0}'),
    "dashes after --": ("send -- --json", "--json"),
    "an option after --": ("send -- hello --name two", "hello --name two"),
    "empty after --": ("send --", ""),
    "number below zero": ("send -5", "-5"),
    "a dash alone": ("send 1 - 2", "1 - 2"),
    "backslash": (r"send a\nb", r"a\nb"),
    "semicolon": ("send hello;", "hello;"),
    "number sign": ("send hello # world", "hello # world"),
    "name": ("send --name=one hello", "hello"),
    "name apart": ("send -n one hello", "hello"),
    "name in quotes": ('send -n "one" hello', "hello"),
}


@pytest.mark.parametrize("case", TEXTS)
def test_the_text_is_sent_as_it_stands(connected: Notebook, case: str) -> None:
    """No shell rule touches it; JSON stays JSON though it is full of braces; fields are replaced elsewhere."""
    line, text = TEXTS[case]
    connected.run("x = 7")
    connected.run(f"%ws {line}")
    assert connected.session.sent == [Frame.text(text)]


def test_the_body_of_a_cell_follows_the_rule_of_the_line(connected: Notebook) -> None:
    """Only its last line end, which the notebook adds, does not count; options in it are text."""
    connected.run("x = 7\n")
    connected.run("%%ws send\n{x}\n  $x é --name two\n\n")
    connected.run('%%ws send --json\n{\n "a": "{x}"}\n')
    texts = ["7\n  $x é --name two\n", '{\n "a": "{x}"}']
    assert connected.session.sent == [Frame.text(text) for text in texts]


SHORT = {
    "%ws ping; # and now": None,
    "%ws ping # comment": "pong after 1.25 ms",
    "ws mask off # comment": "masking is off for one: a correct server answers 1002",
    "%ws close 1000 bye;": None,
    "%ws close 1000 bye # comment": "one closed by local: 1000 NORMAL: 'bye'",
    "%ws close 1000 'bye; # all'": "one closed by local: 1000 NORMAL: 'bye; # all'",
    "%ws close 1000 bye#1": "one closed by local: 1000 NORMAL: 'bye#1'",
    "x = %ws ping;": None,
}


@pytest.mark.parametrize("cell", SHORT)
def test_a_line_without_text_ends_as_a_line_of_python(connected: Notebook, cell: str) -> None:
    """A comment does not count, and a semicolon shows nothing."""
    # A history is what the display of IPython looks at.
    connected.shell.history_manager.input_hist_parsed.append(connected.shell.transform_cell(cell))
    shown = connected.shown(cell)
    assert SHORT[cell] is None or SHORT[cell] in shown
    assert (SHORT[cell] is None) == (shown == "")


def test_a_semicolon_after_an_assignment_keeps_the_value(connected: Notebook) -> None:
    """It is the display that it turns off."""
    assert connected.run("x = %ws ping;\nx") == 0.00125


WRONG = {
    "%ws send": "%ws send: nothing to send: write %ws send TEXT",
    "%ws keep": "nothing to keep: write %ws keep --message NAME TEXT, or %%ws keep --message NAME with the text",
    "%%ws send": "nothing to send: write %ws send TEXT",
    "%%ws\nhello": "there are lines below %%ws and no verb: write %%ws send",
    "%%ws send hello\nworld": "keep one of them",
    "%ws send --jsn {}": "%ws send: there is no option --jsn: did you mean --json? The options are --json, --hex,",
    "%ws send --bytes 00": "did you mean --hex?",
    "%ws send hi --name a": "the option --name stands after the text: write it first, as %ws send --name … TEXT, or --",
    "%ws send hi --name=a": "--name stands after the text",
    "%ws send git commit -m x": "the option -m stands after the text",
    "%ws send --json {'a': 1}": "neither JSON (Expecting property name enclosed in double quotes) nor a variable",
    "%ws send {nosuch}": "{nosuch} has no value: NameError: name 'nosuch' is not defined",
    "%%ws send\n{nosuch}": "{nosuch} has no value",
    "%ws send {json.dumps(1)}": "{json.dumps(1)} has no value: NameError",
    '%ws send {"p": price}': "neither JSON (Expecting value) nor a variable: {name} is replaced by a variable; write {{",
    "%ws connect {nosuch}": "%ws connect: {nosuch} has no value",
    "%ws conect ws://lab/": "did you mean connect? The verbs are connect, send,",
    "%ws disconnect": "did you mean close?",
    "%ws sessions": "did you mean list?",
    "%ws frobnicate": "has no verb 'frobnicate': The verbs are",
    "%ws connect": "%ws connect: the following arguments are required: url. Try %ws connect --help.",
    "%ws connect ws://lab/ -H nocolon": "'nocolon' has no colon: write it as -H \"Name: value\"",
    "%ws connect ws://lab/ --timeout -1": "number of seconds above 0",
    "%ws connect ws://lab/ --time 1": "there is no option --time: did you mean --timeout?",
    "%ws connect ws://lab/ --open-timeout 1": "did you mean --timeout?",
    "%ws recv --timeout soon": "%ws recv: argument -t/--timeout: 'soon' is no number of seconds above 0",
    "%ws mask maybe": "'maybe' is neither on nor off",
    "%ws close now": "'now' is no close code, such as 1000; a session is named with --name now",
    "%ws help conect": "%ws has no verb 'conect': did you mean connect?",
    "%ws close 1000 it's over": "between double quotes",
    "%ws log ten": "'ten' is no whole number",
    "%ws log 1.5": "0 or more",
    "%%ws ping\nbody": "it takes no cell body: write %ws ping on a line of its own.",
}


@pytest.mark.parametrize("cell", WRONG)
def test_a_mistake_is_one_line_that_says_what_to_write(connected: Notebook, cell: str) -> None:
    """No traceback, and nothing was sent."""
    assert WRONG[cell] in connected.refused(cell)
    assert connected.session.sent == []


FAILED = {
    "%ws send --hex 0g": ("ValueError", "%ws send: character 2, 'g', is not a hex digit"),
    "%ws send --name two hi": ("WorkbenchError", "no session is called 'two': there is one."),
    "%ws connect ws://lab/ --name one": (
        "WorkbenchError",
        "%ws connect: session 'one' is open: close it, or",
    ),
    "%ws recv --timeout 0.01": ("TimeoutError", "%ws recv: no message came from one within 0.01 s"),
    "%ws use two": ("WorkbenchError", "no session is called 'two'"),
    "x = 1\n%ws use two\ny = 2": ("WorkbenchError", "line 2: %ws use: no session is called 'two'"),
    "def f():\n    %ws send --hex 0\nf()": ("ValueError", "line 2: %ws send: 1 hex digits"),
}


@pytest.mark.parametrize("cell", FAILED)
def test_a_failure_is_one_line_with_its_type_its_place_and_its_verb(connected: Notebook, cell: str) -> None:
    """UsageError is for usage; what a verb raises keeps its type."""
    kind, sentence = FAILED[cell]
    assert sentence in connected.refused(cell, kind)
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


@pytest.mark.parametrize("verb", ["send", "expect"])
def test_the_help_of_a_text_has_the_rule_of_its_braces(notebook: Notebook, verb: str) -> None:
    """Of the fields, and of the quantifiers of a regular expression."""
    shown = notebook.shown(f"%ws {verb} --help")
    assert "{name} is replaced by the variable" in shown
    assert "{2}, {2,}, {,3}, {2,5} of a regular expression" in shown


@pytest.mark.parametrize("word", VERBS)
def test_every_verb_has_its_help(notebook: Notebook, word: str) -> None:
    """--help shows usage, sentence and every option; it runs nothing, though there is no session."""
    shown = notebook.shown(f"%ws {word} --help")
    verb = VERBS[word]
    assert f"usage: %ws {verb.name}" in shown
    assert verb.summary in shown
    for option in verb.options:
        assert option in shown or option == "--help"


@pytest.mark.parametrize(
    "line", ["log --filter -op:ping 5", "log 5 --filter '-op:ping'", "log --filter=-op:ping 5"]
)
def test_a_value_may_begin_with_a_dash(line: str) -> None:
    """As a filter that says not; quotes, which a person would try, are gone when argparse looks."""
    arguments = parse(line, None, VERBS, {}).arguments
    assert (arguments.filter, arguments.rows) == (parse_filter("-op:ping"), 5)
