"""Conversation: one client of a proxy and the upstream that was dialled for it, frame by frame."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Literal, Protocol
from urllib.parse import urlsplit, urlunsplit

from wsnotebook.errors import CallError, HandshakeError, SocketTimeout
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab.requesthead import RequestHead
from wsnotebook.log.connections import Connection
from wsnotebook.middle.answer import Answer, refuse, send_refusal, upgrade
from wsnotebook.middle.changes import Changes, Direction
from wsnotebook.middle.fields import Handed, to_client, to_upstream
from wsnotebook.middle.leg import Ending, Leg, Whole
from wsnotebook.middle.negotiation import Negotiation, Separate, Shared
from wsnotebook.middle.passage import Passage
from wsnotebook.redaction import redact_head, redact_url
from wsnotebook.session.call import HttpCall
from wsnotebook.session.connection import OpenConnection, ip_address
from wsnotebook.session.dialer import Dialer, Options
from wsnotebook.session.engine import drop_frames
from wsnotebook.wire.frames import CloseReason, Frame, Opcode
from wsnotebook.wire.serializer import Outgoing, outgoing
from wsnotebook.wire.wire import Wire

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Conversation"]

_CLOSE = 0x88  # first byte of a close frame
_DIALING, _OTHER = "dialing", "other leg"  # why a leg is held


class Listener(Protocol):
    """What a conversation tells: the proxy."""

    def conversation_ended(self, conversation: Conversation, /) -> None:
        """Both connections are gone, or the upstream did not open; called once."""

    def change_failed(self, error: BaseException, /) -> None:
        """A change raised an exception."""

    def refused(self, transport: asyncio.Transport, /) -> None:
        """A client was refused; its connection ends when it does, or with the proxy."""


class Conversation:
    """What one client and its upstream say to each other, with both of their connections.

    Args:
        number: of the conversation: its sessions in the log are "client-1" and "upstream-1".
        log: every frame of both connections is recorded here.
        options: of the upstream's connection; path, header and subprotocols of the client are put into them.
        changes: what happens to frames on their way.
        listener: is told of the end, and of changes that failed.
        is_transparent: hand on the offers of extensions, and then bytes in place of frames.
    """

    def __init__(
        self,
        number: int,
        log: FrameLog,
        options: Options,
        changes: Changes,
        listener: Listener,
        *,
        is_transparent: bool = False,
    ) -> None:
        self.name = f"client-{number}"
        """Name of the client's session, as in the column ``session``."""
        self.upstream_name = f"upstream-{number}"
        """Name of the upstream's."""
        self.log = log
        """The log of the proxy."""
        self.url = ""
        """The address that was dialled, redacted."""
        self.error: CallError | None = None
        """Why the upstream did not open; None where it did."""
        self.has_ended = False
        """Whether both connections are gone, or the upstream did not open."""
        self.arrived: dict[Direction, float] = {}
        """Seconds of the loop's clock at which the frame came that is on its way now, for callbacks; by direction."""
        self._options = options
        self._listener = listener
        self._negotiation: Negotiation = Shared() if is_transparent else Separate()
        self._client = Leg(log, self.name, "client", self, is_transparent=is_transparent)
        self._upstream = Leg(log, self.upstream_name, "server", self, is_transparent=is_transparent)
        self._passages = {
            leg.peer: Passage(self, leg, other, changes, self._change_failed)
            for leg, other in ((self._client, self._upstream), (self._upstream, self._client))
        }
        self._early: list[Callable[[], None]] | None = []
        # hands on what came with the upstream's 101; None once the client has its own
        self._lost: set[Leg] = set()
        self._has_failed = False

    def __repr__(self) -> str:
        return f"<Conversation {self.name} with {self.url}: {self.state}>"

    @property
    def state(self) -> Literal["connecting", "open", "closing", "closed", "refused"]:
        """As of a session; "refused" where the upstream did not open."""
        if self.has_ended:
            return "closed" if self.error is None else "refused"
        if self._early is not None:
            return "connecting"
        return "open" if self.is_open else "closing"

    @property
    def is_open(self) -> bool:
        """Whether frames can still be handed on in both directions."""
        return self._client.is_open and self._upstream.is_open

    @property
    def df(self) -> pd.DataFrame:
        """The client's frames: ``out`` was sent by the client, ``in`` was sent to it."""
        frames = self.log.df
        return frames[frames["session"] == self.name]

    # Opening

    async def open(
        self, transport: asyncio.Transport, head: RequestHead, rest: bytes, own_origins: Sequence[str]
    ) -> None:
        """Dial the upstream, answer the client, and begin to hand on.

        Args:
            transport: the client's.
            head: its request.
            rest: bytes that followed the request.
            own_origins: origins of the proxy itself.
        """
        transport.pause_reading()
        waiting = _Waiting()
        transport.set_protocol(waiting)
        options, handed = self._dialing(head, own_origins)
        self.url = redact_url(options.address.url)
        self.log.note("connecting", self.url, self._upstream.name)
        for change in handed.changes:
            self.log.note("changed", change, self._upstream.name)
        self._upstream.hold(_DIALING, True)  # until the client can take what comes
        try:
            make_call = await Dialer(options, self._upstream).dial()
        except CallError as error:
            self.error = error
            drop_frames(error)  # the error is kept, and they hold the connection that was refused
            self._refuse(transport, _answer_to(error))
        except BaseException:
            self._give_up(transport)
            raise
        else:
            if waiting.is_lost:
                self._give_up(transport)
            else:
                self._accept(transport, head, rest, make_call())

    def _give_up(self, transport: asyncio.Transport) -> None:
        """End without an answer: the client is gone, or the proxy stops."""
        transport.abort()
        self._lost.add(self._client)
        if self._upstream.is_open:
            self._upstream.reset()
        else:
            self._end()

    def _dialing(self, head: RequestHead, own_origins: Sequence[str]) -> tuple[Options, Handed]:
        url = _with_target(self._options.address.url, head.path_and_query)
        given = self._options.headers
        names = {name.lower() for name, _ in given}
        if "@" in urlsplit(url).netloc:
            names.add("authorization")
        handed = to_upstream(head.headers, own_origins, url, frozenset(names))
        options = self._options._replace(
            address=self._options.address._replace(url=url),
            headers=(*given, *handed.fields),
            origin=handed.origin,
            subprotocols=tuple(handed.subprotocols),
            extensions=self._negotiation.offer(head.headers),
        )
        return options, handed

    def _refuse(self, transport: asyncio.Transport, answer: Answer) -> None:
        cut = f", whose body is not whole: {answer.lack}" if answer.lack else ""
        self.log.note(
            "closed", f"the client was answered with {answer.status} {answer.reason}{cut}", self.name
        )
        send_refusal(transport, answer)
        self._listener.refused(transport)
        self._end()

    def _accept(self, transport: asyncio.Transport, head: RequestHead, rest: bytes, call: HttpCall) -> None:
        assert call.response is not None
        response = call.response.headers.raw_items()
        agreement = self._negotiation.agree(head.headers, response, self._upstream.extensions)
        answer = upgrade(head, to_client(response), call.subprotocol, agreement.fields)
        transport.write(answer.to_bytes())
        wire = Wire("client", raw=True, max_frame_size=self._options.max_frame_size)
        wire.negotiate(agreement.extensions)
        client = self._client
        client.open(transport, wire, self._describe(transport, head, answer))
        early, self._early = self._early, None
        for hand_on in early or ():
            hand_on()
        transport.set_protocol(OpenConnection(wire, client))
        if rest:
            client.intake.bytes_received(rest)
        client.intake.resume()
        self._upstream.hold(_DIALING, False)

    def _describe(self, transport: asyncio.Transport, head: RequestHead, answer: Answer) -> Connection:
        """Return the facts of the client's connection, as the client sees it."""
        first_line = f"{head.method} {head.target} HTTP/{head.http_version}"
        secrets = self.log.include_secrets
        scheme = "ws" if transport.get_extra_info("ssl_object") is None else "wss"
        return Connection(
            session=self.name,
            url=redact_url(f"{scheme}://{head.headers.get('host', '')}{head.path_and_query}"),
            request=head.raw if secrets else redact_head(first_line, head.headers),
            response=answer.to_bytes() if secrets else redact_head(answer.status_line, answer.fields),
            opened_ns=self.log.clock(),
            local_address=ip_address(transport.get_extra_info("peername")),
            remote_address=ip_address(transport.get_extra_info("sockname")),
            has_secrets=secrets,
        )

    # Handing on; called by the legs

    def _other(self, leg: Leg) -> Leg:
        return self._upstream if leg is self._client else self._client

    def received(self, leg: Leg, items: list[Outgoing]) -> None:
        """Hand frames on to the other leg."""
        self._hand_on(lambda: self._passages[leg.peer].put(items))

    def passed(self, leg: Leg, whole: list[Whole], data: bytes) -> None:
        """Record frames on the other leg, and hand the bytes on."""
        is_within = leg.is_within_frame  # now, and not when it is handed on
        self._hand_on(lambda: self._other(leg).mirror(whole, data, is_within_frame=is_within))

    def _hand_on(self, action: Callable[[], None]) -> None:
        if self._early is not None:
            self._early.append(action)
        elif not self._has_failed:
            action()

    def has_room(self, leg: Leg, room: bool) -> None:
        """Read no more from one peer than the other one takes."""
        self._other(leg).hold(_OTHER, not room)

    def failed(self, leg: Leg, why: str, code: int) -> None:
        """End both connections: the frames of one cannot be handed on any more."""
        if self._has_failed:
            return
        self._has_failed = True
        self.log.note("error", f"the {leg.peer}'s frames cannot be handed on: {why}", leg.name)
        self.close(code, "the proxy cannot hand this on")

    def ended(self, leg: Leg, ending: Ending) -> None:
        """Hand on the end of a connection as it came, behind its frames."""
        self._passages[leg.peer].then(lambda: self._hand_on_end(leg, ending))
        if ending != "eof":
            self._lost.add(leg)
            if len(self._lost) == 2:
                self._end()

    def _hand_on_end(self, leg: Leg, ending: Ending) -> None:
        other = self._other(leg)
        if ending == "reset":
            other.reset()
        elif ending == "closed" or other.has_eof:
            other.close()
            leg.close()
        else:
            other.finish()

    def _change_failed(self, name: str, error: BaseException) -> None:
        what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        self.log.note("error", f"{name} raised {what}; the frame went on unchanged", self.name)
        self._listener.change_failed(error)

    def inject(self, frame: Frame, to: Literal["client", "upstream"]) -> None:
        """Send a frame of the proxy's own.

        Raises:
            ValueError: it would break a message that passes in fragments.
        """
        leg = self._client if to == "client" else self._upstream
        if frame.opcode in (Opcode.TEXT, Opcode.BINARY) and not leg.is_between_messages:
            raise ValueError(
                f"a message is on its way to the {to} in fragments: inject a new one when it has ended, or a control frame"
            )
        leg.write([outgoing(frame)], "injected by the proxy")

    # Ending

    def _end(self) -> None:
        self.has_ended = True
        for passage in self._passages.values():
            passage.cancel()
        for leg in (self._client, self._upstream):
            leg.forget()
        self._listener.conversation_ended(self)

    def close(self, code: int = 1001, reason: str = "the proxy ends") -> None:
        """End both connections with a close frame of the proxy's own."""
        payload = CloseReason(code, reason).to_payload()
        self._has_failed = True
        for leg in (self._client, self._upstream):
            if not leg.is_between_frames:
                leg.reset()
            elif leg.is_open:
                self.log.note("closing", f"by the proxy: {code} {reason}", leg.name)
                leg.write([(_CLOSE, payload, 0, None)])
                leg.close()

    def abort(self) -> None:
        """End both connections with a reset."""
        self._client.reset()
        self._upstream.reset()


class _Waiting(asyncio.Protocol):
    """The client's protocol while its upstream is dialled."""

    is_lost = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True


def _with_target(upstream: str, target: str) -> str:
    """Return the address to dial: the upstream's, with the path and query of the client; ``/`` is the upstream's own."""
    if target == "/":
        return upstream
    scheme, netloc, *_ = urlsplit(upstream)
    path, _, query = target.partition("?")
    return urlunsplit((scheme, netloc, path, query, ""))


def _answer_to(error: CallError) -> Answer:
    """Return what a client is told when its upstream did not open: the upstream's own answer, where there was one."""
    response = getattr(error.call, "response", None)
    if isinstance(error, HandshakeError) and response is not None and response.status != 101:
        fields = to_client(response.headers.raw_items())
        return refuse(response.status, response.body, fields, response.reason, response.lack)
    return refuse(504 if isinstance(error, SocketTimeout) else 502, f"The upstream did not open: {error}")
