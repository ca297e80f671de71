"""What a browser tells of its WebSockets as rows and events, event by event."""

from __future__ import annotations

from typing import Any

import pytest

from wsnotebook.files.framelog import FrameLog
from wsnotebook.middle.browsersockets import BrowserSockets
from wsnotebook.middle.targets import Target

OFFSET = 10**9  # ns between the browser's clock and the log's


def sockets_of(log: FrameLog, *followed: str) -> BrowserSockets:
    """Return the WebSockets of a browser, of which some pages are followed; each has one session, of its name."""
    return BrowserSockets(log, {name: page(name) for name in followed}.get)


def page(name: str, *sessions: str) -> Target:
    """Return a page that is followed."""
    return Target("page", name, "", name, sessions=[*sessions], is_chosen=True)


@pytest.fixture
def log() -> FrameLog:
    """A log whose clocks stand still."""
    return FrameLog(clock=lambda: 5 * 10**9 + OFFSET, monotonic=lambda: 5 * 10**9 - OFFSET)


def frame(data: str, *, at: float = 5.0, opcode: int = 1, mask: bool = False, number: str = "1") -> Any:
    """Return the parameters of a message."""
    return {
        "requestId": number,
        "timestamp": at,
        "response": {"opcode": opcode, "mask": mask, "payloadData": data},
    }


def open_one(sockets: BrowserSockets, target: str = "t", *, text: bool = True) -> None:
    """Tell of a WebSocket up to its handshake, with the heads as texts or as objects."""
    sockets.take("Network.webSocketCreated", {"requestId": "1", "url": "wss://h/p?token=abc"}, target)
    request = {"headers": {"Host": "h", "Cookie": "a=secret"}}
    values = {"requestId": "1", "timestamp": 5.0, "wallTime": 9.0, "request": request}
    sockets.take("Network.webSocketWillSendHandshakeRequest", values, target)
    response: dict[str, Any] = {"status": 101, "statusText": "Switching Protocols"}
    response["headers"] = {"Upgrade": "websocket", "Set-Cookie": "b=secret\nc=secret"}
    if text:
        response["headersText"] = (
            "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nSet-Cookie: b=secret\r\n"
            "Set-Cookie: c=secret\r\n\r\n"
        )
        response["requestHeadersText"] = "GET /p?token=abc HTTP/1.1\r\nHost: h\r\nCookie: a=secret\r\n\r\n"
    values = {"requestId": "1", "timestamp": 5.0, "response": response}
    sockets.take("Network.webSocketHandshakeResponseReceived", values, target)


def test_intervals_are_the_browsers_and_the_clocks_the_logs(log: FrameLog) -> None:
    """The first event sets them; each row has the time at which the browser had the message."""
    sockets = sockets_of(log, "t")
    open_one(sockets)
    for at in (5.0, 5.25):
        sockets.take("Network.webSocketFrameReceived", frame("x", at=at), "t")
    df = log.df
    assert df["monotonic"].tolist() == [5 * 10**9 - OFFSET, 5_250_000_000 - OFFSET]
    assert df["time"].astype("int64").tolist() == [5 * 10**9 + OFFSET, 5_250_000_000 + OFFSET]


@pytest.mark.parametrize("text", [True, False])
def test_the_handshake_is_redacted_and_each_value_of_a_name_is_a_line(log: FrameLog, text: bool) -> None:
    """Whether the browser tells its text or an object."""
    open_one(sockets_of(log, "t"), text=text)
    (connection,) = log.connections
    assert connection.request.startswith(b"GET /p?token=<redacted:") and connection.is_reported
    assert connection.response.count(b"Set-Cookie: <redacted:") == 2
    assert b"secret" not in connection.request + connection.response and "abc" not in connection.url


def test_secrets_are_kept_in_a_log_that_keeps_them() -> None:
    """The handshake is as the browser tells it."""
    log = FrameLog(include_secrets=True)
    open_one(sockets_of(log, "t"))
    (connection,) = log.connections
    assert connection.request == b"GET /p?token=abc HTTP/1.1\r\nHost: h\r\nCookie: a=secret\r\n\r\n"
    assert connection.has_secrets


def test_a_target_that_is_not_followed_leaves_no_trace(log: FrameLog) -> None:
    """Its WebSocket is known all the same, should the target be followed later."""
    target = Target("page", "t", "", "t")
    sockets = BrowserSockets(log, {"t": target}.get)
    open_one(sockets)
    sockets.take("Network.webSocketFrameSent", frame("before"), "t")
    assert not len(log) and not log.event_list and not sockets.recorded
    target.is_chosen = True
    sockets.take("Network.webSocketFrameSent", frame("after"), "t")
    assert log.df["text"].tolist() == ["after"] and log.connections[0].url.startswith("wss://h/p")


def test_two_targets_may_use_one_number(log: FrameLog) -> None:
    """As two processes of a browser do."""
    sockets = sockets_of(log, "t", "u")
    for target in ("t", "u"):
        open_one(sockets, target)
        sockets.take("Network.webSocketFrameSent", frame(target), target)
    assert log.df[["session", "text"]].values.tolist() == [["socket-1", "t"], ["socket-2", "u"]]


def test_two_browsers_may_share_a_log(log: FrameLog) -> None:
    """The numbers in the names of sessions go on."""
    for text in "ab":
        sockets = sockets_of(log, "t")
        open_one(sockets)
        sockets.take("Network.webSocketFrameSent", frame(text), "t")
    assert log.df[["session", "text"]].values.tolist() == [["socket-1", "a"], ["socket-2", "b"]]


def test_a_page_that_is_left_ends_its_websockets(log: FrameLog) -> None:
    """Those of other targets go on."""
    pages = {name: page(name) for name in ("t", "u")}
    sockets = BrowserSockets(log, pages.get)
    for name in pages:
        open_one(sockets, name)
    sockets.gone(pages["t"], "its page was left")
    assert [socket.is_open for socket in sockets.recorded] == [False, True]
    assert [event.detail for event in log.event_list if event.kind == "closed"] == ["its page was left"]


def test_an_opcode_other_than_text_is_base64(log: FrameLog) -> None:
    """A text that no UTF-8 can hold has a mark in place of what it cannot."""
    sockets = sockets_of(log, "t")
    sockets.take("Network.webSocketFrameReceived", frame("AP8=", opcode=2), "t")
    sockets.take("Network.webSocketFrameReceived", frame("a\ud800b"), "t")
    assert log.df["payload"].tolist() == [b"\0\xff", b"a?b"]


def test_an_empty_binary_that_was_sent_may_be_a_blob(log: FrameLog) -> None:
    """Chromium tells neither the bytes nor the size of a Blob, and the row says so; all else is as it is told."""
    sockets = sockets_of(log, "t")
    for event, data, opcode in (("Sent", "", 2), ("Received", "", 2), ("Sent", "", 1), ("Sent", "AA==", 2)):
        sockets.take(f"Network.webSocketFrame{event}", frame(data, opcode=opcode), "t")
    details = log.df["detail"].fillna("").tolist()
    assert "a Blob" in details[0] and details[1:] == ["", "", ""]
    assert {*log.df["status"]} == {"ok"}


def test_what_two_sessions_tell_of_one_websocket_is_recorded_once(log: FrameLog) -> None:
    """A service worker has a session of the browser's and one of its page's: either may be ahead, and may go away."""
    worker = page("w", "a", "b")
    sockets = BrowserSockets(log, dict.fromkeys(("a", "b"), worker).get)
    open_one(sockets, "a")
    open_one(sockets, "b")

    def tell(session: str, *texts: str) -> None:
        for text in texts:
            sockets.take("Network.webSocketFrameSent", frame(text), session)

    tell("a", "same", "same")
    tell("b", "same", "same", "ahead")
    worker.sessions.remove("b")
    sockets.detached(worker, "b")
    tell("a", "ahead", "alone")
    sockets.take("Network.webSocketClosed", {"requestId": "1", "timestamp": 5.0}, "a")
    worker.sessions.remove("a")
    sockets.detached(worker, "a")
    assert log.df["text"].tolist() == ["same", "same", "ahead", "alone"]
    assert [socket.name for socket in sockets.recorded] == ["socket-1"]
    kinds = [event.kind for event in log.event_list]
    assert kinds == ["connecting", "handshake", "open", "closed"]


def test_a_session_that_tells_after_the_end_opens_nothing_anew(log: FrameLog) -> None:
    """What it tells was told by the other one before."""
    sockets = BrowserSockets(log, dict.fromkeys(("a", "b"), page("w", "a", "b")).get)
    for session in ("a", "b"):
        open_one(sockets, session)
        sockets.take("Network.webSocketFrameSent", frame("x"), session)
        sockets.take("Network.webSocketClosed", {"requestId": "1", "timestamp": 5.0}, session)
    assert log.df["session"].tolist() == ["socket-1"]


def test_a_session_that_began_later_tells_on_where_it_is_the_last(log: FrameLog) -> None:
    """Until then it is passed over: which of the events it tells cannot be known."""
    worker = page("w", "a", "b")
    sockets = BrowserSockets(log, dict.fromkeys(("a", "b"), worker).get)
    open_one(sockets, "a")
    for session, text in (("a", "1"), ("b", "1"), ("b", "2"), ("a", "2")):
        sockets.take("Network.webSocketFrameSent", frame(text), session)
    worker.sessions.remove("a")
    sockets.detached(worker, "a")
    sockets.take("Network.webSocketFrameSent", frame("3"), "b")
    assert log.df["text"].tolist() == ["1", "2", "3"]
