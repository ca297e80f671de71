"""check_upgrade: each way in which a 101 is wrong, by its section, and what a raw session accepts."""

from __future__ import annotations

import pytest

from wsnotebook.wire.extensions import DeflateExtension, PerMessageDeflate
from wsnotebook.wire.response import Oddity, Response
from wsnotebook.wire.upgrade import Offer, Upgrade, WrongUpgrade, check_upgrade

KEY, ACCEPT = "dGhlIHNhbXBsZSBub25jZQ==", "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="  # RFC 6455 §1.3
RIGHT = {"Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Accept": ACCEPT}


def judge(
    *more: tuple[str, str],
    raw: bool = False,
    oddities: tuple[Oddity, ...] = (),
    offers: bool = True,
    **changed: str | None,
) -> Upgrade:
    """Return what a right 101 with some changes negotiates."""
    fields = {**RIGHT, **{name.replace("_", "-"): value for name, value in changed.items()}}
    response = Response(
        "1.1",
        101,
        "Switching Protocols",
        [*((name, value) for name, value in fields.items() if value is not None), *more],
        oddities=list(oddities),
    )
    offer = Offer(KEY, [PerMessageDeflate()] if offers else [], ["chat", "superchat"] if offers else [])
    return check_upgrade(response, offer, raw=raw)


def test_the_101_of_the_rfc() -> None:
    """RFC 6455 §1.3, with its subprotocol; and a longer Connection field, in any case."""
    assert judge(("Sec-WebSocket-Protocol", "chat")) == Upgrade([], "chat", [])
    assert judge(Connection="keep-alive, uPGRADE", Upgrade="WebSocket") == Upgrade([], None, [])


@pytest.mark.parametrize("raw", [False, True])
@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"Connection": None}, "its Connection field is missing, not Upgrade"),
        ({"Connection": "keep-alive"}, "its Connection field is 'keep-alive', not Upgrade"),
        ({"Connection": "a b"}, "its Connection field is malformed"),
        ({"Upgrade": None}, "its Upgrade field is missing, not websocket"),
        ({"Upgrade": "h2c"}, "its Upgrade field is 'h2c', not websocket"),
        ({"Sec_WebSocket_Accept": None}, "its Sec-WebSocket-Accept field is missing, and one is needed"),
        ({"Sec_WebSocket_Accept": "x"}, "its Sec-WebSocket-Accept field is 'x', which does not belong to the key"),
    ],
)  # fmt: skip
def test_a_101_that_opens_no_websocket(changed: dict[str, str | None], problem: str, raw: bool) -> None:
    """Refused by the section; a raw session could do nothing with it either."""
    if "Sec_WebSocket_Accept" in changed:
        changed = {"Sec-WebSocket-Accept": changed["Sec_WebSocket_Accept"]}
    with pytest.raises(WrongUpgrade, match=r"\(RFC 6455 §4\.\d\)$") as caught:
        judge(raw=raw, **changed)
    assert caught.value.problem.startswith(problem)


def test_two_accepts_are_one_too_many() -> None:
    """Even if both are right."""
    with pytest.raises(WrongUpgrade, match="and one is needed"):
        judge(("Sec-WebSocket-Accept", ACCEPT))


@pytest.mark.parametrize(
    ("field", "problem"),
    [
        (("Sec-WebSocket-Protocol", "other"), "selects the subprotocol <redacted:.*, which was not offered"),
        (("Sec-WebSocket-Protocol", "mqtt"), "selects the subprotocol mqtt, which was not offered"),
        (("Sec-WebSocket-Protocol", "chat, superchat"), "selects several subprotocols"),
        (("Sec-WebSocket-Protocol", "a b"), "Sec-WebSocket-Protocol field is malformed"),
        (("Sec-WebSocket-Extensions", "x-bzip"), "uses the extension x-bzip, which was not offered"),
        (
            ("Sec-WebSocket-Extensions", "permessage-deflate; server_max_window_bits=99"),
            r"answers the offer of permessage-deflate wrongly: .*server_max_window_bits.*RFC 7692 §7.1",
        ),
        (
            ("Sec-WebSocket-Extensions", "permessage-deflate; surprise"),
            r"answers the offer of permessage-deflate wrongly: .*surprise.*RFC 7692 §7.1",
        ),
        (("Sec-WebSocket-Extensions", ";"), "Sec-WebSocket-Extensions field is malformed"),
    ],
)
def test_what_was_not_offered_is_refused_and_accepted_raw(field: tuple[str, str], problem: str) -> None:
    """By name and section; a raw session tells it, and uses no such extension."""
    with pytest.raises(WrongUpgrade, match=problem) as caught:
        judge(field)
    upgrade = judge(field, raw=True)
    assert upgrade.extensions == [] and upgrade.oddities == [caught.value.problem]
    assert "(RFC " in caught.value.problem


def test_the_extension_that_was_offered() -> None:
    """With the parameters of the answer; twice is once too many (RFC 6455 §9.1)."""
    (extension,) = judge(
        ("Sec-WebSocket-Extensions", "permessage-deflate; server_no_context_takeover")
    ).extensions
    assert isinstance(extension, DeflateExtension) and extension.server_no_context_takeover
    with pytest.raises(WrongUpgrade, match="duplicate"):
        judge(("Sec-WebSocket-Extensions", "permessage-deflate, permessage-deflate"))


@pytest.mark.parametrize("oddity", Oddity)
def test_an_odd_head_is_refused_by_name_and_accepted_raw(oddity: Oddity) -> None:
    """Each with its section."""
    with pytest.raises(WrongUpgrade, match=r"RFC 9\d\d\d §"):
        judge(oddities=(oddity,))
    assert judge(oddities=(oddity,), raw=True).oddities == [oddity]


def test_a_raw_session_that_offers_nothing_takes_a_subprotocol() -> None:
    """It is the session's, though nobody asked."""
    upgrade = judge(("Sec-WebSocket-Protocol", "chat"), raw=True, offers=False)
    assert upgrade.subprotocol == "chat"
    assert upgrade.oddities == ["it selects the subprotocol chat, which was not offered (RFC 6455 §4.1)"]
