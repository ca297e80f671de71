"""Words as bash splits them, held against a bash; comments and semicolons."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from wsnotebook.workbench.words import join_values, leading_options, split, statement

SPLIT = {
    "": [],
    "  a  b\t c\n": ["a", "b", "c"],
    "'a b'\"c d\"e": ["a bc de"],
    "'' \"\"": ["", ""],
    r"a\ b \'c\' \\": ["a b", "'c'", "\\"],
    r'"a \" b \\ \n \$x"': [r'a " b \ \n $x'],
    r"$'it\'s\n\u0021\x41\101\\'": ["it's\n!AA\\"],
    r"$'\xc3\xa9\303\251'": ["éé"],
    "a$ b$5x": ["a$", "b$5x"],
    "a \\\n  b": ["a", "b"],
    "a\\\nb": ["ab"],
    "a#b": ["a#b"],
    '"a\\\nb"': ["ab"],
}


@pytest.mark.parametrize("text", SPLIT)
def test_words_are_split(text: str) -> None:
    """Quotes of three kinds, escapes, and lines that go on."""
    assert split(text) == SPLIT[text]


@pytest.mark.parametrize("text", [r"\d{2}\.\w+", r"\(a\|b\)", r"C:\new\file.txt"])
def test_a_backslash_that_escapes_nothing_stays(text: str) -> None:
    """bash drops it, and a regular expression would silently be another one."""
    assert split(text) == [text]


def test_bytes_that_are_no_utf8_are_latin_1_or_kept() -> None:
    """A person means the letter; a line of curl the byte."""
    assert split(r"$'\xe9'") == ["é"]
    assert split(r"$'\xe9'", keeps_bytes=True) == [b"\xe9".decode("utf-8", "surrogateescape")]


@pytest.mark.skipif(shutil.which("bash") is None, reason="needs a bash to compare with")
@pytest.mark.parametrize("text", [text for text in SPLIT if "$5" not in text])
def test_bash_splits_the_same_words(text: str) -> None:
    """The same text as arguments of a command."""
    script = f"set -- {text}\nfor word; do printf '%s\\0' \"$word\"; done"
    done = subprocess.run(["bash", "-c", script], capture_output=True, check=True)
    assert done.stdout.decode().split("\0")[:-1] == SPLIT[text]


@pytest.mark.parametrize("text", ["it's", 'a "b', "$'a", "a\\"])
def test_a_quote_without_its_partner_is_refused(text: str) -> None:
    """With what to write."""
    with pytest.raises(ValueError, match="no closing quotation .* between double quotes"):
        split(text)


STATEMENTS = {
    "": ("", False),
    " # c": ("", False),
    "a b": ("a b", False),
    "a; # c": ("a", True),
    "a ;": ("a", True),
    "a#b;c": ("a#b;c", False),
    "a # b;": ("a", False),
    "'a;'": ("'a;'", False),
    "'a # b';": ("'a # b'", True),
    "a\\;": ("a\\;", False),
    "it's; # c": ("it's; # c", False),
}


@pytest.mark.parametrize("text", STATEMENTS)
def test_a_statement_ends_before_its_comment_and_its_semicolon(text: str) -> None:
    """Not inside of quotes, and not in the middle of a word."""
    assert statement(text) == STATEMENTS[text]


LEADING = {
    "": ([], ""),
    " -n a 'b'": (["-n"], " 'b'"),
    "-n 'a b'\"c\" d": (["-n"], " d"),
    "--name='a b' c": (["--name"], " c"),
    r"-n a\ b c": (["-n"], " c"),
    "-n it's so": (["-n"], " so"),
    "--hex -n": (["--hex", "-n"], ""),
    "-5 -n": ([], "-5 -n"),
    "-- -n a": ([], "-- -n a"),
}


@pytest.mark.parametrize("text", LEADING)
def test_the_options_of_a_text_stand_before_it(text: str) -> None:
    """With their values, whose quotes hold them together; the text is not looked at."""
    flags, end = leading_options(text, {"-n", "--name"})
    assert (flags, text[end:]) == LEADING[text]


JOINED = {
    "--name -5 -n": ["--name=-5", "-n"],
    "-n -op:ping x -y": ["-n=-op:ping", "x", "-y"],
    "-n '-a b' --name c": ["-n=-a b", "--name", "c"],
    "--name --hex -n --": ["--name", "--hex", "-n", "--"],
    "--name=-x -y": ["--name=-x", "-y"],
}


@pytest.mark.parametrize("text", JOINED)
def test_a_value_that_begins_with_a_dash_is_joined_to_its_flag(text: str) -> None:
    """Not another flag, and not behind one that has its value already."""
    assert join_values(split(text), {"-n", "--name"}, {"-n", "--name", "--hex"}) == JOINED[text]
