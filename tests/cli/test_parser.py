"""Slips on a command line: one sentence each, with what was probably meant, and exit code 2."""

from __future__ import annotations

import pytest

from wsnotebook.cli.main import VERBS, main
from wsnotebook.cli.othertools import OTHER_TOOLS

URL = "ws://127.0.0.1:1/"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        # a verb
        ("", "the verb is missing: write wsnotebook VERB, as wsnotebook connect ws://127.0.0.1:8765/"),
        ("conect", "there is no verb conect: did you mean connect?"),
        ("publish", "there is no verb publish: did you mean send?"),
        ("re", "there is no verb re: did you mean record or replay?"),
        ("xyzzy", "there is no verb xyzzy: the verbs are connect, serve, "),
        ("ping", "ping is a verb of the prompt: write wsnotebook connect URL, and there /ping"),
        (URL, f"the verb is missing: write wsnotebook connect {URL}"),
        ("--name a connect", "the verb comes first: write wsnotebook VERB --name"),
        # an option
        (f"connect {URL} --headers A:1", "there is no option --headers: did you mean --header?"),
        (f"connect {URL} --user me", "there is no option --user: did you mean --auth?"),
        (f"record {URL} - --output a", "there is no option --output: FILE, the word after URL, is what it"),
        (f"connect {URL} --c", "there is no option --c: did you mean --cookie, --ca or --cert?"),
        (f"send {URL} x --wai 1", "there is no option --wai: did you mean --wait?"),
        (f"connect {URL} --open-timeout=1", "there is no option --open-timeout: did you mean --timeout?"),
        (f"send {URL} -Z x", "there is no option -Z: put -- before a message that begins with a dash"),
        (f"connect {URL} -Z", "there is no option -Z; 'wsnotebook connect --help' has examples"),
        (f"record {URL} a.har --record b.har", "FILE, the word after URL, is what it writes"),
        # an option of another tool
        ("connect -c URL", "there is no option -c: the address stands without one"),
        (f"connect {URL} --show-ping-pong", "did you mean --show-control?"),
        ("serve -l 8080", "there is no option -l: a server is wsnotebook serve echo --port PORT"),
        # a value
        (f"send {URL} x --wait", "--wait needs a value: write --wait S"),
        (f"record {URL} a.har --send -x", "there is no option -x: as a value of --send write --send=-x"),
        ("replay a.har URL --direction i", "'i' is no value of --direction: did you mean in?"),
        (f"send {URL} x --kind hex", "there is no option --kind: did you mean --hex, --json or --base64?"),
        (f"connect {URL} --io fiber", "'fiber' is no value of --io: write kernel or thread"),
        (f"connect {URL} --no-mask=1", "--no-mask takes no value"),
        # a word too few, a word too many
        ("send", "URL is missing: the line is wsnotebook send URL [MESSAGE ...]"),
        (f"record {URL}", "FILE is missing: the line is wsnotebook record URL FILE"),
        ("convert", "FROM and TO are missing: the line is wsnotebook convert FROM TO"),
        (f"record {URL} a.har b.har", "b.har is one word too many: the line is wsnotebook record URL FILE"),
        (f"connect {URL} hello there", "hello there are words too many: the line is wsnotebook connect URL"),
    ],
)
def test_a_slip_is_one_sentence_with_the_right_line(
    line: str, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """On stderr, with exit code 2; nothing is connected and nothing is on stdout."""
    with pytest.raises(SystemExit) as left:
        main(line.split())
    said = capsys.readouterr()
    assert (left.value.code, said.out) == (2, "")
    assert said.err.count("\n") == 1 and said.err.startswith("wsnotebook")
    assert sentence in said.err


@pytest.mark.parametrize("words", [["--", "-x"], ["-5"], ["- a dash and a blank"], ["--wait=1", "-nfeed"]])
def test_what_is_no_slip_is_read(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """A word after --, a negative number, a text with blanks, a value behind =, letters that are joined."""
    assert main(["send", URL, *words, "--proxy", "off"]) == 1  # nothing listens there
    assert "nothing listens" in capsys.readouterr().err


@pytest.mark.parametrize("verb", VERBS)
def test_no_slip_hides_the_help(verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whoever asks for help after a slip gets it."""
    with pytest.raises(SystemExit) as left:
        main([verb, "--help", "--xyzzy"])
    assert left.value.code == 0
    assert capsys.readouterr().out.startswith("usage: wsnotebook")


@pytest.mark.parametrize("flag", OTHER_TOOLS)
def test_a_flag_of_another_tool_is_none_of_ours(flag: str) -> None:
    """Where it were, it would never be suggested."""
    from wsnotebook.workbench.connection import CONNECTION

    ours = {each for option in CONNECTION if option.terminal for each in option.terminal.flags}
    assert flag not in ours
