"""Canaries: every secret of a handshake through every sink. Payloads of messages are recorded as they are, by decision.

A canary is looked for as it is, percent-encoded, in base64 at any offset, in hex, and escaped for JSON or HTML.
"""

from __future__ import annotations

import asyncio
import base64
import html
import json
import logging
import os
import re
import stat
import traceback
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any, Literal
from urllib.parse import quote

import pytest
import pytest_asyncio
from bytepeer import BytePeer, ByteServer
from IPython.core.ultratb import VerboseTB

from wsnotebook import FrameLog, connect, lab
from wsnotebook.errors import WsNotebookError
from wsnotebook.middle.proxy import proxy
from wsnotebook.widgets.logtable import LogTable
from wsnotebook.widgets.panel import panel_for
from wsnotebook.widgets.serverpanel import ServerPanel
from wsnotebook.workbench.facts import info_of

HEADERS = (
    "Authorization Cookie Proxy-Authorization X-Api-Key X-Auth-Token X-Vault-Token Private-Token X-CSRF-Token "
    "X-Access-Token X-Amz-Security-Token X-Goog-Iap-Jwt-Assertion Ocp-Apim-Subscription-Key Api-Key DD-API-KEY "
    "X-Shopify-Access-Token X-Xsrf-Token X-Session-Id Referer X-Forwarded-User"
).split()
QUERY = (
    "token access_token ticket sessionId secretKey listenKey hmac accessKeyId subscription-key api_key apikey key auth "
    "authorization password passwd pwd sig signature X-Amz-Signature X-Amz-Credential jwt code state nonce sid session "
    "secret client_secret refresh_token id_token bearer credential otp pin user uid hash"
).split()
ANSWERED = ("Set-Cookie", "Location", "X-Session-Token", "WWW-Authenticate-Info", "ETag", "X-Request-Id")


class Canaries:
    """Makes secrets, each with a number, and finds them."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def new(self, name: str) -> str:
        """Return a secret of letters and digits, so that it is a token of every grammar."""
        self.names.append(name)
        return f"CaNaRy{len(self.names) - 1:03d}s3cr3t"

    def found(self, said: str | bytes) -> set[str]:
        """Return the names of the secrets that are in something."""
        text = said.decode("latin-1") if isinstance(said, bytes) else said
        texts = (text, html.unescape(text), *_in_base64(text), *_in_hex(text))
        return {self.names[int(number)] for each in texts for number in re.findall(r"CaNaRy(\d{3})", each)}


def _in_base64(text: str) -> Iterator[str]:
    for word in re.findall(r"[A-Za-z0-9+/_-]{16,}", text):
        for start in range(4):
            part = word[start : start + (len(word) - start) // 4 * 4]
            yield base64.b64decode(part.replace("-", "+").replace("_", "/")).decode("latin-1")


def _in_hex(text: str) -> Iterator[str]:
    for word in re.findall(r"(?:[0-9a-fA-F]{2} ?){8,}", text):
        yield bytes.fromhex(word).decode("latin-1")


@pytest.fixture
def canaries(caplog: pytest.LogCaptureFixture) -> Canaries:
    """Secrets; every logger is at DEBUG."""
    caplog.set_level(logging.DEBUG)
    return Canaries()


def test_a_canary_is_found_in_every_encoding(canaries: Canaries) -> None:
    """A search that finds nothing would prove nothing."""
    secret = canaries.new("x")
    for padding in ("", "a", "ab"):
        whole = f"{padding}{secret}:more"
        for said in (
            whole,
            whole.encode(),
            quote(whole),
            json.dumps(whole),
            html.escape(whole),
            base64.b64encode(whole.encode()).decode(),
            base64.urlsafe_b64encode(whole.encode()),
            f"Basic {base64.b64encode(whole.encode()).decode()}",
            whole.encode().hex(),
            whole.encode().hex(" "),
        ):
            assert canaries.found(said) == {"x"}, said
    assert canaries.found("nothing of it") == set()


def asked(canaries: Canaries, byte_server: ByteServer) -> tuple[str, dict[str, Any]]:
    """Return a URL and options of connect() with a secret in every place that a request has."""
    query = "&".join(f"{name}={canaries.new(f'query {name}')}" for name in QUERY)
    url = f"ws://127.0.0.1:{byte_server.port}/path?{query}&limit=1;{canaries.new('query alone')}"
    headers = {name: canaries.new(f"header {name}") for name in HEADERS}
    headers["Referer"] = f"https://page.test/?a={headers['Referer']}"
    offered = ["chat", canaries.new("subprotocol"), f"base64url.bearer.{canaries.new('subprotocol bearer')}"]
    return url, {"headers": headers, "subprotocols": offered, "proxy": None, "name": "feed"}


def answered(canaries: Canaries) -> list[str]:
    """Return lines of an answer with a secret in each."""
    values = {name: canaries.new(f"answer {name}") for name in ANSWERED}
    values["Location"] = f"https://page.test/login?next={values['Location']}"
    return [f"{name}: {value}" for name, value in values.items()]


Sink = Callable[[Any, Path], Any]

SINKS: dict[str, Sink] = {
    "repr of the session": lambda session, folder: repr(session),
    "str of the session": lambda session, folder: str(session),
    "url": lambda session, folder: session.url,
    "repr of the call": lambda session, folder: repr(session.call),
    "repr of the request": lambda session, folder: repr(session.call.request),
    "repr of the response": lambda session, folder: repr(session.call.response),
    "repr of headers": lambda session, folder: f"{session.call.request.headers!r}{session.call.response.headers!r}",
    "repr of the log": lambda session, folder: repr(session.log),
    "connections": lambda session, folder: repr(session.log.connections),
    "attrs": lambda session, folder: repr(session.df.attrs),
    "frames": lambda session, folder: session.df.to_string(),
    "frames as HTML": lambda session, folder: session.df.to_html(),
    "events": lambda session, folder: session.log.events.to_string(),
    "facts": lambda session, folder: repr(info_of(session)),
    "state of the panel": lambda session, folder: repr(panel_for(session).get_state()),
    "saved panel": lambda session, folder: repr(panel_for(session)._repr_mimebundle_()),
    "state of the table": lambda session, folder: repr(LogTable(session.log).get_state()),
    "saved table": lambda session, folder: repr(session.log._repr_mimebundle_()),
    "Arrow": lambda session, folder: repr(session.log.__arrow_c_stream__()) if hasattr(session.log, "__arrow_c_stream__") else "",
    **{
        f"a file {suffix}": lambda session, folder, suffix=suffix: saved(session.log, folder / f"log{suffix}")
        for suffix in (".pcapng", ".parquet", ".jsonl", ".har")
    },
    "a dataset": lambda session, folder: saved(session.log, folder / "dataset", "/"),
    "pandas' Parquet": lambda session, folder: (session.df.to_parquet(folder / "x.parquet"), (folder / "x.parquet").read_bytes())[1],
}  # fmt: skip


def saved(log: FrameLog, path: Path, suffix: str = "") -> bytes:
    """Save a log; return every byte of it, and check that nobody else may read it."""
    log.save(f"{path}{suffix}")
    files = [path] if path.is_file() else [each for each in path.rglob("*") if each.is_file()]
    assert files
    for each in files:
        assert stat.S_IMODE(each.stat().st_mode) == 0o600, each
    return b"".join(each.read_bytes() for each in files)


@pytest_asyncio.fixture(params=["kernel", "thread"])
async def opened(
    request: pytest.FixtureRequest, canaries: Canaries, byte_server: ByteServer, tmp_path: Path
) -> AsyncIterator[tuple[Any, Canaries, Path]]:
    """A session whose handshake was full of secrets, some frames of it, and the journal that it is recorded to."""
    url, options = asked(canaries, byte_server)
    journal = tmp_path / "journal.pcapng"
    opening = asyncio.ensure_future(connect(url, io=request.param, record=journal, **options))
    peer = await byte_server.accept()
    await peer.send(b"HTTP/1.1 103 Early Hints\r\nLink: <%s>\r\n\r\n" % canaries.new("answer 103").encode())
    echoed = options["subprotocols"][1]
    await peer.upgrade(*answered(canaries), f"Sec-WebSocket-Protocol: {echoed}", early=b"\x81\x02hi")
    session = await opening
    assert await session.receive() == "hi"
    yield session, canaries, journal
    session.terminate()
    await session.close()


async def test_no_sink_of_a_session_shows_a_secret(
    opened: tuple[Any, Canaries, Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What a session shows, records, saves and logs; the journal when it is done."""
    session, canaries, journal = opened
    leaks = {name: canaries.found(str(sink(session, tmp_path))) for name, sink in SINKS.items()}
    session.terminate()
    await session.close()
    leaks["journal"] = canaries.found(journal.read_bytes())
    leaks["loggers"] = canaries.found(caplog.text)
    leaks["repr after the end"] = canaries.found(repr(session) + session.log.events.to_string())
    assert {name: found for name, found in leaks.items() if found} == {}
    assert len(canaries.names) > 60 and len(leaks) > 25
    assert stat.S_IMODE(journal.stat().st_mode) == 0o600


def said_by(error: BaseException) -> Iterator[str]:
    """Yield all that a person or a tool may see of an exception and those that led to it."""
    yield "".join(traceback.format_exception(error))
    verbose = VerboseTB(include_vars=True).text(type(error), error, error.__traceback__)
    yield re.sub(r"\x1b\[[0-9;]*m", "", verbose)
    link: BaseException | None = error
    while link is not None:
        # Attributes of ours are by decision what was given: call, url.
        attributes = {} if isinstance(link, WsNotebookError) else vars(link)
        yield f"{link} {link!r} {attributes!r} {link.args!r}"
        link = link.__cause__ or link.__context__


REFUSALS = {
    "401": "HTTP/1.1 401 Unauthorized",
    "101 without accept": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade",
    "101 with another accept": "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: x",
    "no HTTP": "SSH-2.0-{canary}",
    "a broken header": "HTTP/1.1 200 OK\r\n{canary}",
    "a redirect elsewhere": "HTTP/1.1 302 Found\r\nLocation: ftp://me:{canary}@h/?a={canary}",
    "a redirect to nobody": "HTTP/1.1 302 Found\r\nLocation: ws://127.0.0.1:1/?a={canary}",
}


@pytest.mark.parametrize("io", ["kernel", "thread"])
@pytest.mark.parametrize("refusal", REFUSALS)
async def test_no_error_of_an_opening_shows_a_secret(
    canaries: Canaries,
    byte_server: ByteServer,
    io: Literal["kernel", "thread"],
    refusal: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its text, its chain, %xmode Verbose with the variables of every frame, the log's events and all loggers."""
    url, options = asked(canaries, byte_server)
    log = FrameLog()
    opening = asyncio.ensure_future(connect(url, io=io, log=log, **options))
    peer = await byte_server.accept()
    await peer.reader.readuntil(b"\r\n\r\n")
    head = REFUSALS[refusal].format(canary=canaries.new("first lines"))
    await peer.send("\r\n".join([head, *answered(canaries), "Content-Length: 0", "", ""]).encode())
    peer.hang_up()
    with pytest.raises(WsNotebookError) as caught:
        await opening
    for said in (*said_by(caught.value), log.events.to_string(), repr(log), caplog.text):
        # The frames of this test are shown too, with its own variables.
        assert canaries.found(without_ours(said)) == set()


def without_ours(said: str) -> str:
    """Return a traceback without the frames of this file."""
    return re.sub(rf"(?ms)^File {re.escape(__file__)}.*?(?=^File |\Z)", "", said)


@pytest.mark.parametrize("io", ["kernel", "thread"])
@pytest.mark.parametrize(
    "answer", [b"", b"HTTP/1.1 407 No\r\n\r\n", b"HTTP/1.1 403 No\r\nX: %s\r\n\r\n", b"SSH"]
)
async def test_no_error_of_a_proxy_shows_its_password(
    canaries: Canaries,
    byte_server: ByteServer,
    io: Literal["kernel", "thread"],
    answer: bytes,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Of one in the environment, in every way in which it may fail."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    secret = canaries.new("password")
    monkeypatch.setenv("ws_proxy", f"http://me:{secret}@127.0.0.1:{byte_server.port}")
    log = FrameLog()
    url = f"ws://feed.test/?token={canaries.new('query')}"
    opening = asyncio.ensure_future(connect(url, io=io, log=log, auth=canaries.new("auth")))
    peer = await byte_server.accept()
    request = await peer.reader.readuntil(b"\r\n\r\n")
    assert base64.b64encode(f"me:{secret}".encode()) in request
    await peer.send(answer.replace(b"%s", canaries.new("answer").encode()))
    peer.hang_up()
    with pytest.raises(WsNotebookError, match="the proxy http://me:<redacted:") as caught:
        await opening
    for said in (*said_by(caught.value), log.events.to_string(), caplog.text):
        assert canaries.found(without_ours(said)) == set()


async def test_no_record_of_the_lab_or_the_proxy_shows_a_secret(
    canaries: Canaries, byte_server: ByteServer, caplog: pytest.LogCaptureFixture
) -> None:
    """What servers say of their clients."""
    async with lab.embedded_server("echo") as server:
        async with proxy(server.url, proxy=None) as between:
            for port in (server.port, between.port):
                url, options = asked(canaries, byte_server)
                options["headers"].pop("Proxy-Authorization")
                async with connect(url.replace(f":{byte_server.port}", f":{port}"), **options) as session:
                    await session.send("hi")
                    assert await session.receive() == "hi"
            shown = {
                "lab": repr(server) + repr(server.log.connections) + server.log.events.to_string(),
                "lab's frames": repr(server.df.attrs) + server.df.to_string(),
                "lab's panel": repr(ServerPanel(server).get_state()),
                "proxy": repr(between) + repr(between.log.connections) + between.log.events.to_string(),
                "proxy's frames": repr(between.log.df.attrs) + between.log.df.to_string(),
            }
    shown["loggers"] = caplog.text
    assert {name: found for name, said in shown.items() if (found := canaries.found(said))} == {}


async def test_what_stays_by_decision(byte_server: ByteServer, canaries: Canaries) -> None:
    """Payloads, and what is asked for: the call's own values, and a log with include_secrets=True."""
    url = f"{byte_server.url}?token={canaries.new('query')}"
    opening = asyncio.ensure_future(connect(url, proxy=None, log=FrameLog(include_secrets=True)))
    peer: BytePeer = await byte_server.accept()
    payload = canaries.new("payload").encode()
    await peer.upgrade(early=bytes((0x81, len(payload))) + payload)
    session = await opening
    assert canaries.found(await session.receive()) == {"payload"} == canaries.found(session.df.to_string())
    assert (
        canaries.found(session.call.request.url) == canaries.found(repr(session.log.connections)) == {"query"}
    )
    assert session.log.connections[0].has_secrets
    session.terminate()
    await session.close()
