"""The values of RFC 6455: Frame, CloseReason, CloseCode, Opcode."""

from __future__ import annotations

import pytest

from wsnotebook.wire.frames import CloseCode, CloseReason, Frame, Opcode, is_close_code, truncate_utf8


def test_b14_a_message_of_123_bytes_makes_a_close_payload_of_125() -> None:
    """Two bytes of code and 123 of message fill a control frame (RFC 6455 §5.5)."""
    frame = Frame.close(CloseReason(1000, "m" * 123))
    assert frame.data == b"\x03\xe8" + b"m" * 123
    assert len(frame.data) == 125


@pytest.mark.parametrize("message", ["m" * 124, "é" * 62], ids=["124 ASCII bytes", "62 letters of two bytes"])
def test_b14_a_longer_message_is_refused_with_its_length(message: str) -> None:
    """The limit counts UTF-8 bytes, not characters, and the sentence says what to do."""
    with pytest.raises(ValueError, match="at most 123 UTF-8 bytes, this one has 124: shorten it"):
        Frame.close(CloseReason(1000, message))


def test_b14_61_letters_of_two_bytes_fit() -> None:
    """122 bytes are one under the limit."""
    assert Frame.close(CloseReason(1000, "é" * 61)).read_reason() == CloseReason(1000, "é" * 61)


@pytest.mark.parametrize("letter", ["a", "é", "€", "😀"])
@pytest.mark.parametrize("limit", range(10))
def test_b15_cutting_never_splits_a_code_point(letter: str, limit: int) -> None:
    """As many whole characters stay as fit, none more and none less."""
    cut = truncate_utf8(letter * 10, limit)
    assert cut == letter * (limit // len(letter.encode()))


def test_b15_cutting_leaves_a_text_that_fits_as_it_is() -> None:
    """Equal to the limit is within it."""
    assert truncate_utf8("héllo", 6) == "héllo"


@pytest.mark.parametrize("payload", [b"", b"\x03"])
def test_b16_a_close_of_under_two_bytes_has_no_reason(payload: bytes) -> None:
    """read_reason() is None and does not raise."""
    assert Frame(Opcode.CLOSE, payload).read_reason() is None


def test_b16_a_close_without_a_reason_is_empty() -> None:
    """No code is invented."""
    assert Frame.close() == Frame.close(None) == Frame(Opcode.CLOSE, b"")


def test_a_close_message_that_is_not_utf8_is_read_with_replacement() -> None:
    """read_reason() never raises."""
    assert Frame(Opcode.CLOSE, b"\x03\xe8ok\xff").read_reason() == CloseReason(1000, "ok\ufffd")


def test_b17_the_text_of_a_frame_that_is_not_final_is_not_read() -> None:
    """It may end inside a character; read_bytes() is named as the way."""
    frame = Frame.text("part", fin=False)
    with pytest.raises(ValueError, match=r"read_bytes\(\)"):
        frame.read_text()
    assert frame.read_bytes() == b"part"


@pytest.mark.parametrize(
    "data",
    [text.encode()[:cut] for text in ("é", "€", "😀") for cut in range(1, len(text.encode()))],
    ids=lambda data: data.hex(),
)
def test_b18_truncated_utf8_raises_and_keeps_the_bytes(data: bytes) -> None:
    """1, 2 or 3 of the bytes of a character are no text, with or without others before."""
    for frame in (Frame.text(data), Frame.text(b"before " + data)):
        with pytest.raises(UnicodeDecodeError) as caught:
            frame.read_text()
        assert caught.value.object == frame.read_bytes()
        assert frame.read_bytes().endswith(data)


def test_b19_a_code_of_ones_own_has_no_known_reason() -> None:
    """4321 is nobody's; 1000 is NORMAL."""
    assert CloseReason(4321).known_reason is None
    assert CloseReason(1000).known_reason is CloseCode.NORMAL


def test_codes_that_may_be_sent_are_those_of_the_registry_and_of_applications() -> None:
    """Every border of RFC 6455 §7.4.2, both sides."""
    allowed = {code for code in range(0x10000) if is_close_code(code)}
    assert allowed == {1000, 1001, 1002, 1003, *range(1007, 1015), *range(3000, 5000)}


def test_codes_that_never_cross_the_wire_are_known_by_name() -> None:
    """1005, 1006 and 1015 can be received as facts and not be sent."""
    for code in (CloseCode.NO_STATUS_RCVD, CloseCode.ABNORMAL_CLOSURE, CloseCode.TLS_HANDSHAKE):
        assert not code.may_be_sent
        assert CloseReason(code).known_reason is code


@pytest.mark.parametrize("make", [Frame.ping, Frame.pong, lambda data: Frame(Opcode.CLOSE, data)])
def test_a_control_frame_has_at_most_125_bytes(make: object) -> None:
    """125 pass and 126 do not (RFC 6455 §5.5)."""
    assert callable(make)
    assert len(make(bytes(125)).data) == 125
    with pytest.raises(ValueError, match="at most 125 bytes"):
        make(bytes(126))


def test_a_frame_that_breaks_rules_has_a_maker_of_its_own() -> None:
    """nonstandard() holds no rule against a frame; copy() of it does again."""
    frame = Frame.nonstandard(Opcode.PING, bytes(126), False, rsv3=True)
    assert (len(frame.data), frame.fin, frame.rsv3) == (126, False, True)
    with pytest.raises(ValueError, match="at most 125 bytes"):
        frame.copy(fin=True)


@pytest.mark.parametrize("opcode", [Opcode.CLOSE, Opcode.PING, Opcode.PONG])
def test_by_type_makes_control_frames_final_with_clear_rsv_bits(opcode: Opcode) -> None:
    """What is asked for otherwise does not count for them."""
    frame = Frame.by_type(opcode, b"\x03\xe8", fin=False, rsv1=True, rsv2=True, rsv3=True)
    assert frame == Frame(opcode, b"\x03\xe8")


def test_by_type_keeps_the_bits_of_data_frames() -> None:
    """Fragments and extensions need them."""
    frame = Frame.by_type(Opcode.TEXT, b"x", fin=False, rsv1=True)
    assert (frame.fin, frame.rsv1, frame.rsv2) == (False, True, False)


def test_a_frame_is_a_frozen_value() -> None:
    """Equal where all six fields are equal, hashable, no attribute can be set or added."""
    frame = Frame.text("x")
    assert frame == Frame(Opcode.TEXT, b"x")
    assert hash(frame) == hash(Frame(Opcode.TEXT, b"x"))
    assert (
        len({frame, Frame.text("x"), Frame.binary(b"x"), Frame.text("x", fin=False), frame.copy(rsv1=True)})
        == 4
    )
    assert frame != (1, b"x", True, False, False, False)
    with pytest.raises(AttributeError):
        frame.data = b"y"  # type: ignore[misc]  # that is what is tried
    with pytest.raises(AttributeError):
        frame.note = "y"  # type: ignore[attr-defined]  # the same


def test_a_mutable_buffer_is_copied() -> None:
    """What the user changes afterwards is not in the frame."""
    buffer = bytearray(b"before")
    frame, view = Frame.binary(buffer), Frame.binary(memoryview(buffer))
    buffer[:] = b"after!"
    assert frame.data == view.data == b"before"


def test_a_str_is_encoded_and_nothing_else_is_taken_for_data() -> None:
    """Text is UTF-8; other objects are a TypeError that names the maker of texts."""
    assert Frame.text("é").data == b"\xc3\xa9"
    with pytest.raises(TypeError, match=r"Frame\.text\(\) takes a str"):
        Frame(Opcode.TEXT, "é")  # type: ignore[arg-type]  # that is what is tried


def test_copy_changes_named_fields_only() -> None:
    """An unknown field is a TypeError."""
    frame = Frame.text("x", fin=False).copy(data=b"y")
    assert frame == Frame.text("y", fin=False)
    with pytest.raises(TypeError):
        frame.copy(mask=b"")


def test_reserved_opcodes_are_plain_ints_and_five_bits_do_not_fit() -> None:
    """0x3 to 0x7 and 0xB to 0xF can be made; 16 cannot."""
    assert Frame(0x3).opcode == 3
    assert not isinstance(Frame(0xB).opcode, Opcode)
    assert isinstance(Frame(0x9).opcode, Opcode)
    with pytest.raises(ValueError, match="four bits"):
        Frame(16)


def test_repr_escapes_and_cuts_the_payload() -> None:
    """A hostile or huge payload does no harm where a frame is shown."""
    assert repr(Frame.text("a\x1b[2J")) == "Frame(TEXT, b'a\\x1b[2J')"
    shown = repr(Frame.binary(bytes(10_000)))
    assert len(shown) < 400
    assert "10000 bytes" in shown


def test_str_of_a_reason_says_code_name_and_message() -> None:
    """As it stands in sentences of exceptions."""
    assert str(CloseReason(1013, "later")) == "1013 TRY_AGAIN_LATER: 'later'"
    assert str(CloseReason(4000)) == "4000"
