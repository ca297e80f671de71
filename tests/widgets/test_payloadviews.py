"""The views of a payload: what each shows, where it is cut, how it goes on."""

from __future__ import annotations

import pytest

from wsnotebook.widgets.payloadviews import (
    HEX_BYTES,
    JSON_BYTES,
    TEXT_BYTES,
    View,
    continued,
    hex_dump,
    views_of,
)


def test_hex_dump_has_offset_bytes_and_letters() -> None:
    """Sixteen bytes a line; what is not printable ASCII is a dot."""
    assert hex_dump(b"GET / HTTP/1.1\r\n\xff") == (
        "00000000  47 45 54 20 2f 20 48 54  54 50 2f 31 2e 31 0d 0a  GET / HTTP/1.1··\n"
        "00000010  ff                                                ·"
    )
    assert hex_dump(b"") == ""


def views(payload: bytes) -> dict[str, View]:
    return {view.name: view for view in views_of(memoryview(payload), is_binary=False)}


def test_a_long_payload_is_cut_and_says_by_how_much() -> None:
    """At the limit nothing is cut; one byte more is cut and counted."""
    whole = views(b"x" * TEXT_BYTES)["Text"]
    assert (len(whole.body), whole.note, whole.next) == (TEXT_BYTES, "", None)
    cut = views(b"x" * (TEXT_BYTES + 1))
    assert (len(cut["Text"].body), cut["Text"].note, cut["Text"].next) == (
        TEXT_BYTES,
        "first 65,536 of 65,537 bytes",
        TEXT_BYTES,
    )
    assert (cut["Hex"].note, cut["Hex"].next) == ("first 8,192 of 65,537 bytes", HEX_BYTES)


@pytest.mark.parametrize("name", ["Text", "Hex"])
def test_the_parts_are_the_whole(name: str) -> None:
    """However a cut divides a character."""
    payload = ("a" + "é€" * (TEXT_BYTES // 2)).encode()
    view = views(payload)[name]
    parts = [view.body]
    while view.next is not None:
        view = continued(memoryview(payload), name, view.next)
        parts.append(view.body)
    assert len(parts) > 2
    assert "".join(parts) == (payload.decode() if name == "Text" else hex_dump(payload))


def test_a_text_goes_on_where_it_is_no_utf8_any_more() -> None:
    """Each part says so for itself; the parts before and behind are as they came."""
    payload = b"a" * TEXT_BYTES + b"\xff" + b"b" * TEXT_BYTES
    second = continued(memoryview(payload), "Text", TEXT_BYTES)
    assert second.body == "\ufffd" + "b" * (TEXT_BYTES - 1) and second.next == 2 * TEXT_BYTES
    assert second.note.startswith("first 131,072 of 131,073 bytes; each \ufffd") and "Hex" in second.note
    assert continued(memoryview(payload), "Text", second.next) == View("Text", "b")


def test_other_views_do_not_go_on() -> None:
    """The sentence says which do."""
    with pytest.raises(ValueError, match="one of Text, Hex"):
        continued(memoryview(b"{}"), "JSON", 0)


def test_a_json_that_is_too_large_for_a_tree_says_so() -> None:
    """Its text is there all the same."""
    found = views(b"[" + b"1," * JSON_BYTES + b"1]")
    assert found["JSON"].body == "" and "too many for a tree" in found["JSON"].note and found["Text"].body
    assert "JSON" not in views(b"x" * (JSON_BYTES + 1))


def test_the_texts_are_escaped() -> None:
    """In a block of lines; that of the JSON is exact: its tree escapes what it shows, and copies what came."""
    found = views(b'{"a":\t"\xe2\x80\xae"}\n')
    assert found["Text"].body == '{"a":\t"\\u202e"}\n' and found["JSON"].body == '{\n  "a": "\u202e"\n}'
