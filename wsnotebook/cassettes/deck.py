"""Deck: the cassettes of one test: each plays its tape, or records one from the real server."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from wsnotebook.cassettes.background import Background
from wsnotebook.cassettes.tape import check_rules, read_tape, reel_of, write_tape
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.named import subprotocol_of
from wsnotebook.lab.playback import playback
from wsnotebook.lab.script import ScriptFailed
from wsnotebook.lab.server import EmbeddedServer, embedded_server
from wsnotebook.middle.conversation import Conversation
from wsnotebook.middle.proxy import proxy
from wsnotebook.payloadsecrets import PayloadRule, PayloadRules

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["Deck", "Mode"]

Mode: TypeAlias = Literal["once", "none", "all"]
"""``once`` records where there is no tape, ``none`` never, ``all`` always."""

_GRACE = 2.0  # seconds that a client, which the test has left, has to close


class _Playing:
    """A server that plays a tape: the first connection the first reel, and so on."""

    def __init__(self, path: Path, options: dict[str, Any]) -> None:
        self._path = path
        self._reels = read_tape(path)
        self._plays = [playback(reel.table, **options) for reel in self._reels]
        self._places: dict[LabConnection, int] = {}
        self._server: EmbeddedServer = embedded_server(self)

    async def __call__(self, connection: LabConnection) -> None:
        place = self._place(connection)
        if place >= len(self._plays):
            problem = f"the tape has {len(self._plays)} of them"
            raise ScriptFailed(str(self._path), f"connection {place + 1}", problem)
        await self._plays[place](connection)

    def select_subprotocol(self, connection: LabConnection, offered: Sequence[str]) -> str | None:
        """Return what the recorded server agreed to; as the lab does where the tape does not tell."""
        place = self._place(connection)
        agreement = self._reels[place].agreement if place < len(self._reels) else None
        return subprotocol_of(None, connection, offered) if agreement is None else agreement.select(offered)

    def _place(self, connection: LabConnection) -> int:
        return self._places.setdefault(connection, len(self._places))

    async def start(self) -> str:
        await self._server
        return self._server.url

    async def stop(self, is_failed: bool) -> list[str]:
        await self._server.stop(grace=_GRACE)
        problems = [f"{self._path}: {error}" for error in self._server.errors]
        opened, recorded = len(self._places), len(self._reels)
        if opened < recorded:
            problems.append(f"{self._path}: {opened} of {recorded} recorded connections were opened")
        return problems


class _Recording:
    """A proxy to the real server, whose conversations become a tape."""

    def __init__(self, path: Path, upstream: str, rules: PayloadRules) -> None:
        self._path = path
        self._rules = rules
        self._proxy = proxy(upstream)

    async def start(self) -> str:
        await self._proxy
        return self._proxy.url

    async def stop(self, is_failed: bool) -> list[str]:
        await self._proxy.stop()
        if is_failed:  # what a failing test did is not what it should do the next time
            return []
        if self._proxy.errors:
            return [f"{self._path} is not written: {error}" for error in self._proxy.errors]
        frames = self._proxy.log.df
        opened = {each.session for each in self._proxy.log.connections}
        rows = [_rows_of(each, frames) for each in self._proxy.conversations if each.name in opened]
        if not rows:
            return [f"{self._path} is not written: nothing connected to the URL that the cassette gave"]
        try:
            for each in self._proxy.conversations:
                check_rules(frames[frames["session"].isin([each.name, each.upstream_name])])
        except ValueError as error:
            return [f"{self._path} is not written: {error}"]
        write_tape(self._path, [reel_of(each, None, self._rules) for each in rows])
        return []


def _rows_of(conversation: Conversation, frames: pd.DataFrame) -> pd.DataFrame:
    """Return what a client sent and received, up to a close of the proxy's own: no server sent that."""
    client = frames[frames["session"] == conversation.name]
    closes = frames[(frames["opcode"] == "close") & (frames["direction"] == "in")]
    of_server = set()
    for seq, session, payload in zip(closes.index, closes["session"], closes["payload"], strict=True):
        if session == conversation.upstream_name:
            of_server.add(payload)
        elif session == conversation.name and payload not in of_server:
            client = client[client.index < seq]
            break
    return client


class Deck:
    """What the fixture ``ws_cassette`` gives to a test: call it with the URL of the real server.

    Args:
        folder: where tapes are kept.
        stem: name of the test, of which the tapes have theirs.
        mode: when a tape is recorded.
        background: runs the servers.
    """

    def __init__(self, folder: Path, stem: str, mode: Mode, background: Background) -> None:
        self._folder = folder
        self._stem = stem
        self._mode = mode
        self._background = background
        self._running: list[_Playing | _Recording] = []

    def __call__(
        self,
        upstream: str,
        *,
        match: Callable[[Any, Any], bool] | Literal["equal", "any"] | None = None,
        key: str | None = None,
        rewrite: bool = False,
        unordered: bool = False,
        ignore: Any = None,
        strict: bool = True,
        timeout: float | None = 30.0,
        redact: Iterable[PayloadRule] = (),
    ) -> str:
        """Return the URL to connect to in place of the real server: the server of a cassette.

        It plays the tape, as fast as the client asks; a client that asks for what was not recorded, or not for all that
        was, is an error of the test. Without a tape, and as ``--ws-record`` says, it records one from the real server,
        with marks in the places of secrets. A tape has whole messages and closes: where server or client broke a rule of the
        protocol none is written, which is an error of the test too. Example::

            def test_prices(ws_cassette):
                url = ws_cassette("wss://example.org/graphql", key="id", rewrite=True, unordered=True)
                assert prices(url) == [1, 2, 3]

        Args:
            upstream: URL of the real server.
            match, key, rewrite, unordered, ignore, strict, timeout: see ``wsnotebook.lab.playback``.
            redact: further rules for secrets, as ``df.ws.redact()`` takes them.

        Raises:
            FileNotFoundError: there is no tape, and none may be recorded.
            ValueError: the tape is damaged, or an argument is wrong.
        """
        count = len(self._running)
        path = self._folder / f"{self._stem}{f'-{count + 1}' if count else ''}.jsonl"
        is_there = path.exists()
        if self._mode == "none" and not is_there:
            raise FileNotFoundError(f"there is no cassette {path}: record it with --ws-record=once")
        options: dict[str, Any] = {
            "match": match or "equal",
            "key": key,
            "rewrite": rewrite,
            "unordered": unordered,
            "ignore": ignore,
        }
        options |= {"strict": strict, "timeout": timeout, "speed": None}
        running: _Playing | _Recording
        if is_there and self._mode != "all":
            running = _Playing(path, options)
        else:
            running = _Recording(path, upstream, PayloadRules(redact))
        url = self._background.run(running.start())
        self._running.append(running)
        return url

    def stop(self, *, is_failed: bool) -> list[str]:
        """Stop all servers and write what was recorded; return what went wrong, a sentence each.

        Args:
            is_failed: the test has failed: nothing is written.
        """
        return [each for running in self._running for each in self._background.run(running.stop(is_failed))]
