"""The notation of scripts: what each line means, and how a wrong one is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.errors import ScriptError
from wsnotebook.script.parser import NOTATION, parse_script
from wsnotebook.script.steps import Close, Expect, ExpectClose, Mask, Ping, Send, Step, Timeout, Wait


@pytest.mark.parametrize(
    ("line", "action"),
    [
        ("> hello  you ", Send("plain", "hello  you ")),
        (">", Send("plain", "")),
        (">   two blanks", Send("plain", "  two blanks")),
        ('>json {"a": 1.10}', Send("json", '{"a": 1.10}')),
        ('>text "a\\n{b}"', Send("text", '"a\\n{b}"')),
        (">hex 00 fF", Send("hex", "00 fF")),
        ("<", Expect("plain", "")),
        ("< hel", Expect("plain", "hel")),
        ("  < indented", Expect("plain", "indented")),
        (r"< /a{2}(?P<n>\d+)/", Expect("plain", r"/a{2}(?P<n>\d+)/")),
        ('<json {"a": "{b}"}', Expect("json", '{"a": "{b}"}')),
        ("<json null", Expect("json", "null")),
        ('<text ""', Expect("text", '""')),
        ("<hex", Expect("hex", "")),
        ("<close", ExpectClose(None, "")),
        ("<close 4000 too  much", ExpectClose(4000, "too  much")),
        ("ping", Ping()),
        ("wait 0.5", Wait(0.5)),
        ("timeout 2", Timeout(2.0)),
        ("mask off", Mask(False)),
        ("mask on", Mask(True)),
        ("close", Close(1000, "")),
        ("close 4000 bye bye", Close(4000, "bye bye")),
    ],
)
def test_a_line_is_a_step(line: str, action: object):
    """Each form of the notation, and a line end of Windows is not part of it."""
    assert parse_script(f"# comment\n\n{line}\r\n") == (Step(3, line.lstrip(), action),)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (">hello", "A blank follows the sign: > TEXT"),
        ("<hello", "A blank follows the sign"),
        (">json{}", "this is no step"),
        ("hello", "The steps begin with >, >json"),
        ("Ping", "this is no step"),
        (">json {", "not JSON"),
        (">json {'a': 1}", "line 1, column 2"),
        (">hex 0", "do not make whole bytes"),
        (">text hello", "no JSON string"),
        ("<text 5", "no JSON string"),
        ('>text "\\ud800"', "half of a surrogate pair"),
        ("< /(/", "no regular expression"),
        ("<json {", "not JSON"),
        ("wait soon", "'soon' is no number of seconds"),
        ("wait -1", "no number of seconds"),
        ("timeout inf", "no number of seconds"),
        ("timeout", "no number of seconds"),
        ("mask maybe", "mask on, or mask off"),
        ("ping hello", "write ping"),
        ("close bye", "no close code"),
        ("<close 1e3", "no close code"),
        ("> hello {token}", r"no line before captures {token}"),
        ("< {token}", r"no line before captures {token}"),
        ('<json {"a": "user {token}"}', r"no line before captures {token}"),
        ('>json {"a": "{token}"}', r"no line before captures {token}"),
    ],
)
def test_a_wrong_line_is_named_before_anything_runs(line: str, words: str):
    """Number, text, and what to write instead."""
    with pytest.raises(ScriptError) as caught:
        parse_script(f"> first\n{line}")
    assert (caught.value.line, caught.value.text) == (2, line)
    assert words in str(caught.value)


def test_a_name_is_known_after_the_line_that_captures_it():
    """By a group, or by a whole value of JSON; the name _ is never known."""
    parse_script('< /(?P<a>x)/\n<json {"k": ["{b}", "{a}"]}\n> {a} {b}')
    with pytest.raises(ScriptError, match=r"\{_\}"):
        parse_script('<json {"k": "{_}"}\n> {_}')


@pytest.mark.parametrize("text", ["", "\n# nothing\n"])
def test_a_script_without_a_step_is_refused(text: str):
    """It would pass whatever the server does."""
    with pytest.raises(ScriptError, match="no step"):
        parse_script(text)


def test_the_help_names_every_step():
    """And each of its examples can be read."""
    examples = [line[:29].strip() for line in NOTATION.splitlines() if line.startswith("  ")]
    assert len(parse_script("\n".join(examples))) == len(examples) == 15


@given(st.text())
def test_any_text_is_a_script_or_a_script_error(text: str):
    """No other exception reaches the person."""
    try:
        parse_script(text)
    except ScriptError as error:
        assert str(error).startswith("line ")
