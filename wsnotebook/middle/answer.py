"""Answer: the response to a client's opening handshake (RFC 6455 §4.2), as the upstream has decided it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from http import HTTPStatus
from typing import NamedTuple

from websockets.exceptions import InvalidHeaderFormat, NegotiationError
from websockets.extensions.permessage_deflate import ServerPerMessageDeflateFactory
from websockets.headers import build_extension, parse_extension
from websockets.utils import accept_key

from wsnotebook.lab.messages import Headers
from wsnotebook.lab.opening import asks_for_websocket, check_opening
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.wire.extensions import DeflateExtension, PerMessageDeflate

__all__ = ["Answer", "negotiate_deflate", "refuse", "send_refusal", "upgrade", "why_not_upgraded"]


class Answer(NamedTuple):
    """The response to a client."""

    status: int
    reason: str
    fields: list[tuple[str, str]]
    body: bytes = b""
    lack: str = ""
    """Why the body is not whole; empty where it is."""

    @property
    def status_line(self) -> str:
        """The first line, without CR LF."""
        return f"HTTP/1.1 {self.status} {self.reason}"

    def to_bytes(self) -> bytes:
        """Return the response as it goes onto the wire."""
        lines = [self.status_line, *(f"{name}: {value}" for name, value in self.fields)]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1", "replace") + self.body


def why_not_upgraded(head: RequestHead) -> Answer | None:
    """Return the answer to a request that is no opening handshake (RFC 6455 §4.2.1); None for one that is."""
    if not asks_for_websocket(head.headers):
        wanted = [("Upgrade", "websocket"), ("Connection", "Upgrade")]
        return refuse(426, "This is a proxy for WebSockets: connect with a WebSocket client.", wanted)
    refusal = check_opening(head)
    return None if refusal is None else refuse(refusal.status, refusal.reason, refusal.fields)


def refuse(
    status: int,
    body: str | bytes,
    fields: Iterable[tuple[str, str]] = (),
    reason: str | None = None,
    lack: str = "",
) -> Answer:
    """Return an answer that refuses the upgrade.

    Args:
        status: HTTP status.
        body: a sentence of ours, or the bytes of the upstream's body.
        fields: further fields.
        reason: reason phrase; None for the usual one, of a status that has one.
        lack: why the body is not whole, if it is not; the client is to see that it is not (RFC 9112 §8).
    """
    all_fields = list(fields)
    if isinstance(body, str):
        body = f"{body}\n".encode()
        all_fields.append(("Content-Type", "text/plain; charset=utf-8"))
    if lack:  # a chunk, and no end behind it: the upstream may have told no length
        all_fields.append(("Transfer-Encoding", "chunked"))
        body = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
    else:
        all_fields.append(("Content-Length", str(len(body))))
    all_fields.append(("Connection", "close"))
    return Answer(status, HTTPStatus(status).phrase if reason is None else reason, all_fields, body, lack)


def send_refusal(transport: asyncio.Transport, answer: Answer) -> None:
    """Send an answer, and end the connection: half of it, so that a reset for unread bytes cannot overtake the answer."""
    transport.write(answer.to_bytes())
    if transport.can_write_eof():
        transport.write_eof()
        transport.set_protocol(asyncio.Protocol())
        transport.resume_reading()
    else:  # TLS
        transport.close()


def negotiate_deflate(headers: Headers) -> tuple[list[tuple[str, str]], tuple[DeflateExtension, ...]]:
    """Return the field of the response that accepts permessage-deflate, and the extension; nothing where it is not offered."""
    for value in headers.get_all("sec-websocket-extensions"):
        try:
            offers = parse_extension(value)
        except InvalidHeaderFormat:
            continue
        for name, parameters in offers:
            if name != "permessage-deflate":
                continue
            try:
                accepted, negotiated = ServerPerMessageDeflateFactory().process_request_params(parameters, [])
            except NegotiationError:
                continue
            field = ("Sec-WebSocket-Extensions", build_extension([(name, accepted)]))
            return [field], (DeflateExtension(PerMessageDeflate(), negotiated),)
    return [], ()


def upgrade(
    head: RequestHead,
    fields: Sequence[tuple[str, str]],
    subprotocol: str | None,
    extensions: Sequence[tuple[str, str]],
) -> Answer:
    """Return the 101.

    Args:
        head: the client's request.
        fields: of the upstream's response, to be handed on.
        subprotocol: the one that the upstream chose.
        extensions: field of the negotiated ones, if any.
    """
    own = [
        ("Upgrade", "websocket"),
        ("Connection", "Upgrade"),
        ("Sec-WebSocket-Accept", accept_key(head.headers.get("sec-websocket-key", ""))),
        *extensions,
    ]
    if subprotocol is not None:
        own.append(("Sec-WebSocket-Protocol", subprotocol))
    return Answer(101, "Switching Protocols", [*own, *fields])
