"""Replay: what is sent again, what it waits for, what is put into it, and how it ends."""

from __future__ import annotations

import asyncio
import json
import re
from typing import Any

import pandas as pd
import pytest
from recordings import CONVERSATION, recording, texts

import wsnotebook
from wsnotebook.errors import SessionClosed
from wsnotebook.files.framelog import FrameLog
from wsnotebook.lab import closer, embedded_server, silent, slow
from wsnotebook.log.connections import Connection
from wsnotebook.redaction import redacted
from wsnotebook.replaying.replay import replay
from wsnotebook.replaying.timedframes import TimedFrame, timed_frames
from wsnotebook.wire.batch import Batch, Flag
from wsnotebook.wire.frames import CloseReason, Frame

CLOSE = (9.0, "out", Frame.close(CloseReason(1000, "")))


async def test_a_server_sees_what_was_recorded():
    """Text, fragments, ping and the close code reach it in order; on_sent hears of each."""
    heard: list[TimedFrame] = []
    async with embedded_server(silent()) as server:
        session = await wsnotebook.connect(server.url, compression=None)
        done = await replay(recording(CONVERSATION), session, speed=None, wait="time", on_sent=heard.append)
        assert done.sent == 5 and done.unanswered == ()
        assert await session.close_reason == CloseReason(4002, "enough")
        seen = server.df.query("direction == 'in'")
    assert list(seen["opcode"]) == ["text", "binary", "ping", "continuation", "close"]
    assert list(seen["payload"])[:4] == [b"one", b"\x00", b"!", b"\x01"]
    assert list(seen["close_code"])[-1] == 4002
    assert [frame for _, frame in heard] == [frame for _, frame in timed_frames(recording(CONVERSATION))]


async def test_what_one_session_did_another_does_again():
    """A session's own log is replayed on a second one: the server sees the same frames twice."""
    async with embedded_server() as server:
        async with wsnotebook.connect(server.url, name="first") as first:
            for text in ("a", "b" * 1000, "c"):
                await first.send(text)
            await first.receive()
        async with wsnotebook.connect(server.url, name="second") as second:
            assert (await replay(first.log, second, speed=50.0)).sent == 4
        rows = server.df.query("direction == 'in'")
    ours, again = (list(frames["payload"]) for _, frames in rows.groupby("session", observed=True))
    assert ours == again


async def test_without_a_recorded_close_the_session_stays_open():
    """It can be used further."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        assert (await replay(recording([(0.0, "out", Frame.text("one"))]), session)).sent == 1
        assert await session.receive() == "one"
        await session.send("two")
        assert await session.receive() == "two"


async def test_a_bar_counts_the_frames(capsys: pytest.CaptureFixture[str]):
    """Where it is asked for."""
    log = recording([*texts(("out", "a"), ("in", "a"), ("out", "b"), ("in", "b")), CLOSE])
    async with embedded_server() as server:
        await replay(log, server.url, speed=None)
        assert capsys.readouterr().err == ""
        await replay(log, server.url, speed=None, progress=True)
    assert "3/3" in capsys.readouterr().err


async def test_rows_of_a_dataframe_are_replayed():
    """Selected and edited ones."""
    df = recording(texts(("out", "a"), ("in", "a"), ("out", "no"), ("in", "no"))).df
    df = df[df["text"] != "no"].drop(columns="payload").replace({"text": {"a": "b"}})
    async with embedded_server() as server:
        done = await replay(df, server.url, speed=None)
    assert done.log.df["text"].dropna().tolist() == ["b", "b"] and done.unanswered == ()


async def test_a_connection_of_a_dataframe_has_the_number_of_its_column():
    """Also where rows of others are left out; what is no connection, or more than one, is refused."""
    log = FrameLog()
    for attempt in range(4):
        log.register(Connection("feed", attempt=attempt))
        batch = Batch()
        batch.add(0x81, str(attempt).encode(), Flag.TEXT)
        log.append(batch, attempt, "out", attempt, attempt)
    df = log.df[log.df["connection"] != 1]
    async with embedded_server(silent()) as server:
        done = await replay(df, server.url, connection=2, speed=None)
        with pytest.raises(ValueError, match=r"no connection 1 of that session, but \[0, 2, 3\]"):
            await replay(df, server.url, connection=1)
        with pytest.raises(ValueError, match="connection 2, 3: choose one, connection=2"):
            await replay(df[df["connection"] > 1], server.url, name="feed")
        with pytest.raises(ValueError, match="no session 'other', but feed"):
            await replay(df[df["connection"] == 2], server.url, name="other")
        assert server.accepted == 1
        assert server.df["text"].dropna().tolist() == done.recorded.df["text"].tolist() == ["2"]
    assert "1 messages of both" in str(done.compare())


async def test_rows_that_are_there_twice_are_refused():
    """Before the server is dialled, as questions refuse them."""
    df = recording(CONVERSATION).df
    for rows in (pd.concat([df, df]), pd.concat([df, df], ignore_index=True)):
        with pytest.raises(ValueError, match="are there twice") as asked:
            rows.ws.counts()
        with pytest.raises(ValueError, match=re.escape(str(asked.value))):
            await replay(rows, "ws://127.0.0.1:1/")


async def test_a_cancel_names_the_request_as_it_was_sent():
    """With its new id, in the place where the recording has the old one."""
    rows = texts(
        ("out", '{"jsonrpc":"2.0","id":1,"method":"run"}'),
        ("out", '{"jsonrpc":"2.0","method":"$/cancelRequest","params":{"id":1}}'),
    )
    async with embedded_server(silent()) as server:
        await replay(recording(rows), server.url, speed=None, rewrite={"id": lambda id: id + 100})
        sent = list(server.df.query("opcode == 'text'")["text"])
    assert sent[0] == '{"jsonrpc":"2.0","id":101,"method":"run"}' and '"params":{"id":101}' in sent[1]


async def test_a_session_that_ends_in_a_pause_ends_the_replay():
    """An hour's pause is not waited for once the peer has closed."""
    rows = [(0.0, "out", Frame.text("one")), (3600.0, "out", Frame.text("two"))]
    async with embedded_server(closer(1013, "later", after=1)) as server:
        session = await wsnotebook.connect(server.url)
        async with asyncio.timeout(60):
            with pytest.raises(SessionClosed) as raised:
                await replay(recording(rows), session)
    assert raised.value.reason == CloseReason(1013, "later")


async def test_a_close_that_is_due_after_the_peers_is_no_fault():
    """The recorded close has nothing left to do."""
    rows = [(0.0, "out", Frame.text("one")), (3600.0, "out", Frame.close(CloseReason(1000, "")))]
    async with embedded_server(closer(1000, "first", after=1)) as server:
        session = await wsnotebook.connect(server.url)
        async with asyncio.timeout(60):
            assert (await replay(recording(rows), session)).sent == 1
        assert session.close_reason_now == CloseReason(1000, "first")


@pytest.mark.parametrize("speed", [None, 100.0])
async def test_the_close_waits_for_the_answers(speed: float | None):
    """Three requests at once, three late answers, the close: the server's answers all come before it."""
    rows = texts(
        ("out", "one"), ("out", "two"), ("out", "three"), ("in", "one"), ("in", "two"), ("in", "three")
    )
    async with embedded_server(slow(delay=0.02)) as server:
        done = await replay(recording([*rows, CLOSE]), server.url, speed=speed)
    df = done.log.df
    assert df[df["direction"] == "in"]["text"].dropna().tolist() == ["one", "two", "three"]
    closes = df.index[df["opcode"] == "close"]
    assert closes[0] > df.index[df["text"].notna()][-1] and done.unanswered == ()
    assert str(done) == "sent 4 frames; every recorded reply came"


async def by_id(session: Any) -> None:
    """Answer each request by its id, two at a time in the reverse order, with something unasked before."""
    waiting = []
    async for message in session:
        request = json.loads(message)
        waiting.append({"id": request["id"], "result": request})
        await session.send('{"event":"unasked"}')
        if request.get("last") or len(waiting) == 2:
            for answer in reversed(waiting):
                await session.send(json.dumps(answer))
            waiting.clear()


async def test_a_request_waits_for_the_replies_of_those_before():
    """By their ids: unasked messages and another order of replies do not count."""
    rows = texts(
        ("out", '{"id":1}'),
        ("out", '{"id":2}'),
        ("in", '{"id":1}'),
        ("in", '{"id":2}'),
        ("in", '{"event":"unasked"}'),
        ("in", '{"event":"unasked"}'),
        ("out", '{"id":3,"last":true}'),
        ("in", '{"id":3}'),
    )
    async with embedded_server(by_id) as server:
        done = await replay(recording([*rows, CLOSE]), server.url, speed=None)
    df = done.log.df[done.log.df["text"].notna()]
    order = [
        (direction, json.loads(text).get("id"))
        for direction, text in zip(df["direction"], df["text"], strict=True)
    ]
    answers = [id for direction, id in order if direction == "in" and id is not None]
    assert answers == [2, 1, 3] and order.index(("out", 3)) > order.index(("in", 1))
    assert done.unanswered == ()


async def test_replies_that_do_not_come_are_told():
    """The replay goes on after the timeout, and says which."""
    rows = texts(("out", "one"), ("in", "ONE"), ("out", "two"), ("in", "TWO"))
    async with embedded_server(silent()) as server:
        done = await replay(recording([*rows, CLOSE]), server.url, speed=None, timeout=0.01)
        assert done.sent == 3 and [each.message for each in done.unanswered] == ["ONE", "TWO"]
        assert [each.seq for each in done.unanswered] == [1, 3]
        assert "2 recorded replies did not come, the first at 0 s: 'ONE'" in str(done)


async def login(session: Any) -> None:
    """Give a token for a password; answer everything else with whether it has the token."""
    request = json.loads(await session.recv())
    await session.send(
        json.dumps({"id": request["id"], "result": {"token": "live", "user": request["password"]}})
    )
    async for message in session:
        request = json.loads(message)
        await session.send(json.dumps({"id": request["id"], "ok": request["params"]["token"] == "live"}))


@pytest.mark.parametrize(
    "rewrite",
    [
        {"password": "mine", "params.token": "$.result.token"},
        {"password": "mine", "$.params.token": lambda old: "live"},
    ],
)
@pytest.mark.parametrize(("wait", "speed"), [("reply", None), ("time", 10.0)])
async def test_values_of_live_replies_stand_in_later_requests(rewrite: Any, wait: Any, speed: float | None):
    """A token that the recorded reply had is sent as the live reply has it; a redacted password as it is given."""
    mark = redacted("recorded")
    rows = texts(
        ("out", json.dumps({"id": 1, "password": mark})),
        ("in", '{"id":1,"result":{"token":"recorded","user":"x"}}'),
        ("out", '{ "id":2, "params":{"token":"recorded","n":1e400} }'),
        ("in", '{"id":2,"ok":true}'),
        step=1.0,
    )
    async with embedded_server(login) as server:
        log = recording([*rows, CLOSE])
        done = await replay(log, server.url, speed=speed, wait=wait, rewrite=rewrite)
    sent = done.log.df.query("direction == 'out' and opcode == 'text'")["text"].tolist()
    assert sent == ['{"id": 1, "password": "mine"}', '{ "id":2, "params":{"token":"live","n":1e400} }']
    assert json.loads(done.log.df["text"].dropna().iloc[-1]) == {"id": 2, "ok": True}


async def test_a_redacted_secret_is_never_sent():
    """Nothing is: the sentence says where it stands, and what to give."""
    mark = redacted("recorded")
    rows = texts(("out", "hello"), ("out", json.dumps({"auth": {"key": f"k-{mark}"}})))
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        with pytest.raises(
            ValueError, match=r"seq 1 has a redacted secret at \$.auth.key: give .*'\$.auth.key'"
        ):
            await replay(recording(rows), session)
        with pytest.raises(ValueError, match="seq 0 has a redacted secret: give"):
            await replay(recording(texts(("out", f"LOGIN {mark}"))), session)
        assert len(session.log) == 0
        done = await replay(recording(rows), session, rewrite={"auth.key": "k-mine"}, timeout=0.01)
        assert done.sent == 2


@pytest.mark.parametrize(
    ("frame", "sentence"),
    [
        (Frame.text('{"token":"\\u003credacted:1a2b3c4d\\u003e"}'), r"at \$.token: give the value"),
        (Frame.text('{"a":"{\\"t\\":\\"\\\\u003credacted:1a2b3c4d>\\"}"}'), r"at \$.a: give the value"),
        (Frame.ping(b"token=<redacted:1a2b3c4d>"), "seq 0 has .* leave its row out"),
        (Frame.close(CloseReason(4001, "token=<redacted:1a2b")), "seq 0 has .* leave its row out"),
        (Frame.text("token=<redacted:1a2b3c4d>", fin=False), "seq 0 has .* leave its row out"),
    ],
    ids=["escaped", "escaped twice", "ping", "close", "part"],
)
async def test_a_redacted_secret_is_found_wherever_it_is(frame: Frame, sentence: str):
    """In JSON that has it in escapes, in a control frame, and in fragments that are no message."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        with pytest.raises(ValueError, match=sentence):
            await replay(recording([(0.0, "out", frame)]), session)
        assert len(session.log) == 0


async def test_a_redacted_secret_is_not_sent_where_no_reply_gave_a_value():
    """The path in replies that is to give it may not be in the live ones."""
    mark = redacted("recorded")
    rows = texts(("out", "hello"), ("in", f'{{"token":"{mark}"}}'), ("out", f'{{"token":"{mark}"}}'))
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        with pytest.raises(ValueError, match=r"seq 2 has a redacted secret at \$.token"):
            await replay(recording(rows), session, rewrite={"token": "$.token"}, timeout=0.01)
        assert mark not in "".join(session.df["text"].dropna())


async def test_secrets_of_control_frames_are_named():
    """As those of messages are."""
    rows = recording([(0.0, "out", Frame.ping(b"wss://h/?token=hunter2"))])
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        with pytest.warns(UserWarning, match="of seq 0;"):
            await replay(rows, session)


async def test_a_secret_is_named_before_it_is_sent():
    """Where it stands and to which host it goes; not the secret."""
    rows = recording(texts(("out", '{"password":"hunter2"}'), ("in", "ok")))
    async with embedded_server() as server:
        with pytest.warns(UserWarning) as warned:
            await replay(rows, server.url, speed=None)
        (sentence,) = map(str, (each.message for each in warned))
        assert "$.password of seq 0" in sentence and f"127.0.0.1:{server.port}:" in sentence
        assert "hunter2" not in sentence
        await replay(rows, server.url, speed=None, rewrite={"password": "other"})


async def test_the_recorded_subprotocols_are_offered():
    """Those that are known; one that may be a token is not."""
    request = b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: graphql-ws, abc123\r\nCookie: a=b\r\n\r\n"
    log = recording(texts(("out", "a"), ("in", "a")), request=request)
    async with embedded_server() as server:
        done = await replay(log, server.url, speed=None)
    head = done.log.connections[0].request.decode()
    assert "Sec-WebSocket-Protocol: graphql-ws\r\n" in head and "Cookie" not in head


async def test_the_subprotocols_are_those_of_the_connection():
    """And not those of the first in the log."""
    log = recording([], "first", request=b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n")
    log.register(Connection("second", request=b"GET / HTTP/1.1\r\nSec-WebSocket-Protocol: wamp\r\n\r\n"))
    async with embedded_server() as server:
        done = await replay(log, server.url, connection=1)
    assert "Sec-WebSocket-Protocol: wamp\r\n" in done.log.connections[0].request.decode()


async def test_a_recorded_close_of_the_server_is_waited_for():
    """The session that the replay opened is closed by the server, not before."""
    rows = [*texts(("out", "a"), ("in", "a")), (0.0, "in", Frame.close(CloseReason(4001, "done")))]
    async with embedded_server(closer(4001, "done", after=1)) as server:
        done = await replay(recording(rows), server.url, speed=None)
    assert done.log.df.query("opcode == 'close' and direction == 'in'")["close_code"].tolist() == [4001]


async def test_the_answers_stay_to_be_received():
    """The replay takes nothing from who reads the session."""
    async with embedded_server() as server, wsnotebook.connect(server.url) as session:
        await replay(recording(texts(("out", "a"), ("in", "a"))), session, speed=None)
        assert await session.receive() == "a"


async def test_what_the_server_says_first_is_waited_for():
    """Also where it said so before the replay began."""

    async def welcome(session: Any) -> None:
        await session.send("welcome")
        await session.send(str(await session.recv()))

    async with embedded_server(welcome) as server, wsnotebook.connect(server.url) as session:
        await session.receive()
        done = await replay(
            recording(texts(("in", "welcome"), ("out", "a"), ("in", "a"))), session, speed=None
        )
        assert done.unanswered == ()


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"wait": "answer"}, "'reply', 'time' or 'both'"),
        ({"speed": -1}, "None is without pauses"),
        ({"match": "a b"}, "no path"),
        ({"rewrite": {"a b": 1}}, "no path"),
        ({"direction": "up"}, "'in' or 'out'"),
        ({"name": "up"}, "no session 'up'"),
    ],
)
async def test_wrong_arguments_are_refused_before_anything_is_opened(options: Any, sentence: str):
    """Nothing listens at the URL."""
    with pytest.raises(ValueError, match=sentence):
        await replay(recording(texts(("out", "a"))), "ws://127.0.0.1:9/", **options)
