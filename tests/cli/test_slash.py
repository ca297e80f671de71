"""Lines with a slash: the verbs of the workbench, their options, their text, and sentences for what is wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from wsnotebook.cli.slash import TYPED, Slash, Wrong
from wsnotebook.lab import embedded_server
from wsnotebook.workbench import Workbench


@pytest.fixture
async def bench() -> AsyncIterator[Workbench]:
    bench = Workbench()
    async with embedded_server("echo") as server:
        session = await bench.connect(server.url, name="feed")
        yield bench
        await session.close()


@pytest.mark.parametrize(
    ("line", "sent"),
    [
        ("send hello  there", b"hello  there"),
        ('send {"price": 5} costs $5', b'{"price": 5} costs $5'),
        ("send -- --dash", b"--dash"),
        ("send -- hi --name a", b"hi --name a"),
        ('send {"run": "ls --all"}', b'{"run": "ls --all"}'),
        ("hex de ad", b"\xde\xad"),
        ("send --name feed it's", b"it's"),
        ('send --name "feed" "so"', b'"so"'),
        ("send --name='feed' 'so'", b"'so'"),
        ("send -5", b"-5"),
        ("send --", b""),
    ],
)
async def test_what_is_typed_is_sent(line: str, sent: bytes, bench: Workbench):
    """Options stand first; nothing is replaced in the text."""
    await Slash(bench).run(line)
    assert (await bench.receive()).data == sent


async def test_quotes_keep_the_value_of_an_option_whole(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """As in %ws: a name or a path may have blanks."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a b.txt").write_text("from a file")
    slash = Slash(bench)
    await slash.run('keep -m "to all" "hi" all')
    for line, sent in (('send --named "to all"', b'"hi" all'), (r"send --file a\ b.txt", b"from a file")):
        await slash.run(line)
        assert (await bench.receive()).data == sent


async def test_a_verb_answers(bench: Workbench):
    """/ping has the latency, /mask the new value, and /close ends the session."""
    slash = Slash(bench)
    assert (await slash.run("ping")).startswith("pong after ")
    assert await slash.run("mask off") == "masking is off for feed: a correct server answers 1002"
    await slash.run("mask on")
    assert "ping" not in await slash.run("log --filter -op:ping,pong")
    assert "closed by local: 1000 NORMAL: 'all done'" in await slash.run("close 1000 all done")


async def test_an_answer_names_the_verbs_of_the_prompt(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Where %ws would be sent as a text; what a peer says stays as it is."""
    monkeypatch.chdir(tmp_path)
    slash = Slash(bench)
    assert (await slash.run("keep -m q hi")).endswith(": /send --named q")
    assert (await slash.run("flush")).endswith("only /ping proves delivery")
    for _ in range(2):
        await slash.run("send %ws ping")
    await bench.ping()  # both echoes are there
    assert await slash.run("recv newest") == "'%ws ping'"
    assert capsys.readouterr().out == "passed over 1 older messages of feed: see /log\n"
    assert await Slash(Workbench()).run("list") == "no session yet: /connect ws://host:port/path"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("pong", "did you mean /ping?"),
        ("rec", "did you mean /recv, /receive, /recover or /reconnect?"),
        ("panel", "for a notebook"),
        ("ping --nosuch", "/ping --help"),
        ("send --nosuch x", "Put -- before a text"),
        ("send", "nothing to send: write /send TEXT; /send -- is the empty text"),
        ("send --hex ", "nothing to send: write /send TEXT"),
        ("json", "nothing to send: write /send TEXT"),
        ("keep -m name", "nothing to keep: write /keep --message NAME TEXT"),
        ("expect --timeout 1", "nothing to expect: write /expect TEXT"),
        ("send --to other x", "did you mean --name"),
        ("send hi --name a", "write it first, as /send --name … TEXT, or -- before the text"),
        ("sessions", "did you mean /list"),
        ("use 'half", "no closing quotation"),
        ("close 99", "99"),
        ("mask perhaps", "neither on nor off"),
        ("send --name other x", "no session is called 'other'"),
    ],
)
async def test_what_is_wrong_is_a_sentence(line: str, sentence: str, bench: Workbench):
    """It names the remedy."""
    with pytest.raises(Wrong, match=sentence):
        await Slash(bench).run(line)


async def test_help_lists_the_verbs_and_their_options(bench: Workbench):
    """As they are typed at the prompt."""
    slash = Slash(bench)
    assert "\n  /ping " in await slash.run("help")
    assert "--hex" in await slash.run("help send")


async def test_help_names_no_magic(bench: Workbench):
    """Which a terminal has not: neither in the list, nor in the help of a verb."""
    slash = Slash(bench)
    helps = [await slash.run("help"), *[await slash.run(f"help {verb}") for verb in TYPED]]
    assert not [text for text in helps if "%" in text]


def test_tab_completes_verbs_and_options():
    """What the declaration of a verb offers."""
    slash = Slash(Workbench())
    assert [*slash.complete("/pin")][0] == "/ping"
    assert "--hex" in [*slash.complete("/send --h")]
    assert [*slash.complete("/mask of")] == ["off"]
