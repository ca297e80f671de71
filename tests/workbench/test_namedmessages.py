"""Named messages: what is kept comes back as it was typed, from a file that a person can read."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.workbench.namedmessages import (
    NamedMessage,
    forget_message,
    keep_message,
    message_called,
    read_messages,
)

SUBSCRIBE = NamedMessage("json", '{\n  "op": "subscribe",\n  "id": 9007199254740993\n}')


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A file that is not there yet."""
    return tmp_path / "ws-messages.toml"


def test_a_kept_message_is_readable_in_the_file(path: Path) -> None:
    """Its lines stand there as they were typed."""
    keep_message(path, "subscribe", SUBSCRIBE)
    keep_message(path, "log in", NamedMessage("hex", "ff 00"))
    text = path.read_text()
    assert f"[subscribe]\nkind = \"json\"\ntext = '''\n{SUBSCRIBE.text}'''\n" in text
    assert '["log in"]' in text
    assert list(tomllib.loads(text)) == ["subscribe", "log in"]
    assert [each.name for each in path.parent.iterdir()] == [path.name]


@given(
    st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8"), min_size=1).filter(str.strip)
)
def test_whatever_was_typed_comes_back(
    tmp_path_factory: pytest.TempPathFactory, text: str, name: str
) -> None:
    """Quotes, controls, line ends and every name."""
    path = tmp_path_factory.mktemp("kept") / "ws-messages.toml"
    keep_message(path, name, NamedMessage("text", text))
    assert read_messages(path) == {name: NamedMessage("text", text)}
    assert message_called(path, name).text == text


def test_a_message_with_variables_is_kept_before_they_are_known(path: Path) -> None:
    """It is no JSON before, and the file says what becomes of its braces."""
    order = NamedMessage("json", '{"n": {n}}', fills=True)
    keep_message(path, "order", order)
    assert message_called(path, "order") == order
    assert "\nfills = true\n" in path.read_text()
    path.write_text('[order]\ntext = "x"\nfills = "yes"\n')
    with pytest.raises(ValueError, match="fills = true or false"):
        read_messages(path)


def test_a_name_that_is_kept_again_has_the_new_text(path: Path) -> None:
    """And a forgotten one is gone; the others stay."""
    for text in ("one", "two"):
        keep_message(path, "a", NamedMessage("text", text))
    keep_message(path, "b", SUBSCRIBE)
    assert read_messages(path)["a"].text == "two"
    forget_message(path, "a")
    assert read_messages(path) == {"b": SUBSCRIBE}


def test_what_is_not_of_its_kind_is_not_kept(path: Path) -> None:
    """The sentence names the place, as that of sending does; nothing is written."""
    with pytest.raises(ValueError, match="line 1"):
        keep_message(path, "bad", NamedMessage("json", "{"))
    with pytest.raises(ValueError, match="under a name, .*: %ws keep --message subscribe TEXT"):
        keep_message(path, " ", NamedMessage("text", "x"))
    assert not path.exists() and read_messages(path) == {}


def test_an_unknown_name_is_answered_with_those_that_there_are(path: Path) -> None:
    """Or with how one is made."""
    with pytest.raises(ValueError, match="%ws keep --message 'to all' TEXT"):
        message_called(path, "to all")
    keep_message(path, "b", SUBSCRIBE)
    for call in (message_called, forget_message):
        with pytest.raises(ValueError, match="has no message 'a': it has b"):
            call(path, "a")


@pytest.mark.parametrize(
    ("written", "words"),
    [("[a\n", "not TOML.*line 1"), ("a = 1", r"\[a\] is no message"), ('[a]\nkind = "morse"\ntext = ""', "kind = one of"),
     ("[a]", "needs text"), ("\udcff", "not TOML")],
)  # fmt: skip
def test_a_file_that_a_person_has_spoilt_is_refused_and_not_overwritten(
    path: Path, written: str, words: str
) -> None:
    """The sentence names file and place."""
    path.write_bytes(written.encode("utf-8", "surrogateescape"))
    with pytest.raises(ValueError, match=words):
        keep_message(path, "b", SUBSCRIBE)
    assert path.read_bytes() == written.encode("utf-8", "surrogateescape")
