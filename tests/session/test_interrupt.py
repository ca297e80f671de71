"""■ in a real kernel: it reaches a cell that awaits a silent server, and no frame is half sent or half recorded."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import statistics
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from hashlib import sha256
from pathlib import Path
from random import Random
from typing import Any

import pytest
import pytest_asyncio
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from serverprocess import server_process
from websockets import ConnectionClosed
from websockets.asyncio.server import ServerConnection, serve

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PEERS = Path(__file__).parent / "peers"
PATIENCE = 60.0  # seconds for what normally takes none
STARVED = 2.0
"""Seconds after which a cell of plain websockets counts as one that cannot be interrupted; the record of it is no verdict."""


class Kernel:
    """A front end with one kernel behind it."""

    def __init__(self, manager: AsyncKernelManager, client: AsyncKernelClient) -> None:
        self.manager = manager
        self.client = client

    async def begin(self, code: str) -> str:
        """Send a cell and wait until it prints."""
        ident: str = self.client.execute(code)
        while (await self._said(ident))["msg_type"] != "stream":
            pass
        return ident

    async def end(self, ident: str) -> tuple[str, str]:
        """Wait until a cell is done; return the name of its error, if any, and what it printed."""
        printed = ""
        while True:
            message = await self._said(ident)
            if message["msg_type"] == "stream":
                printed += message["content"]["text"]
            if message["content"].get("execution_state") == "idle":
                break
        reply = await self.client.get_shell_msg(timeout=PATIENCE)
        while reply["parent_header"]["msg_id"] != ident:  # wait_for_ready has asked more than once
            reply = await self.client.get_shell_msg(timeout=PATIENCE)
        return reply["content"].get("ename", ""), printed

    async def run(self, code: str) -> str:
        """Run a cell that must succeed; return what it printed."""
        error, printed = await self.end(self.client.execute(code))
        assert not error, (error, code)
        return printed

    async def interrupt(self) -> None:
        """Press ■."""
        await self.manager.interrupt_kernel()

    async def _said(self, ident: str) -> dict[str, Any]:
        while True:
            message: dict[str, Any] = await self.client.get_iopub_msg(timeout=PATIENCE)
            if message["parent_header"].get("msg_id") == ident:
                return message


@pytest_asyncio.fixture
async def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Kernel]:
    """A kernel of this interpreter."""
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    path = os.pathsep.join((str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])))
    monkeypatch.setenv("PYTHONPATH", path)
    manager = AsyncKernelManager()
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"], language="python"
    )
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


class Peer:
    """A server in the test's process that keeps what it gets and speaks only when it is told to."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.url = ""
        self.gone = asyncio.Event()
        self.flooding: asyncio.Task[None] | None = None

    async def serve(self, connection: ServerConnection) -> None:
        async for message in connection:
            if message == "answer":
                await connection.send("answered")
            elif message == "flood":
                self.flooding = asyncio.create_task(self._flood(connection))
            else:
                assert isinstance(message, str)
                self.received.append(message)
        self.gone.set()

    async def _flood(self, connection: ServerConnection) -> None:
        """Send as fast as the peer takes it, until the connection is gone."""
        with contextlib.suppress(ConnectionClosed):
            while True:
                for _ in range(50):
                    await connection.send("x" * 100)
                await asyncio.sleep(0)


@pytest.fixture
def sink() -> Iterator[str]:
    """A server in a process of its own that receives as fast as it can."""
    with server_process(sys.executable, PEERS / "sink.py") as url:
        yield url


@pytest_asyncio.fixture
async def peer() -> AsyncIterator[Peer]:
    peer = Peer()
    async with serve(peer.serve, "127.0.0.1", 0, ping_interval=None, compression=None) as server:
        peer.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/"
        yield peer


OPEN = """
import json, wsnotebook
from hashlib import sha256
session = await wsnotebook.connect({url!r}, proxy=None, compression=None, io={io!r})
"""


@pytest.mark.parametrize(
    "wait",
    [
        "await session.receive()",
        "await session.incoming.receive()",
        "async for message in session: pass",
        "await session.close_reason",
    ],
)
async def test_an_interrupt_reaches_a_cell_that_waits_for_a_silent_server(
    kernel: Kernel, peer: Peer, io: str, wait: str, record_property: Callable[[str, object], None]
) -> None:
    """Nothing arrives that would wake the loop, and yet the cell ends; afterwards the session is as good as before."""
    await kernel.run(OPEN.format(url=peer.url, io=io))
    took = []
    for _ in range(5):
        cell = await kernel.begin(f"print('go', flush=True)\n{wait}")
        pressed = time.monotonic()
        await kernel.interrupt()
        async with asyncio.timeout(PATIENCE):  # without the ticker it takes for ever
            error, _ = await kernel.end(cell)
        took.append(time.monotonic() - pressed)
        assert error in ("CancelledError", "KeyboardInterrupt")
    record_property("median seconds", statistics.median(took))
    print(f"{wait}, io={io}: median {statistics.median(took):.3f} s, longest {max(took):.3f} s")
    answer = await kernel.run("await session.send('answer'); print(await session.receive())")
    assert answer.strip() == "answered"
    assert (await kernel.run("print((await session.close()).code)")).strip() == "1000"


@pytest.mark.parametrize("wait", ["await {connect}", "async for session in {connect}: pass"])
async def test_an_interrupt_reaches_a_cell_that_waits_for_a_connection(
    kernel: Kernel, byte_server: Any, io: str, wait: str
) -> None:
    """A server that takes the connection and says nothing: there is no session yet, and ■ works all the same."""
    connect = f"wsnotebook.connect({byte_server.url!r}, proxy=None, io={io!r}, open_timeout=None)"
    await kernel.run("import wsnotebook")
    for _ in range(3):
        cell = await kernel.begin(f"print('go', flush=True)\n{wait.format(connect=connect)}")
        await byte_server.accept()
        await kernel.interrupt()
        async with asyncio.timeout(PATIENCE):  # without the ticker it takes for ever
            error, _ = await kernel.end(cell)
        assert error in ("CancelledError", "KeyboardInterrupt")
    threads = await kernel.run(
        "import threading; print([t.name for t in threading.enumerate() if 'ws' in t.name])"
    )
    assert threads.strip() == "[]"


LIBRARIES = {
    "wsnotebook, kernel": OPEN.replace("{io!r}", "'kernel'"),
    "wsnotebook, thread": OPEN.replace("{io!r}", "'thread'"),
    "websockets": (
        "import websockets\n"
        "session = await websockets.connect({url!r}, proxy=None, compression=None)\n"
        "session.receive = session.recv\n"
    ),
}
FLOODED = {
    "for": "async for message in session:\n    {work}",
    "receive": "while True:\n    message = await session.receive()\n    {work}",
}
SENDING = "while True:\n    await session.send('x')\n    {work}"
SETUP = "import time\nasync def nothing(): pass\n"
WORK = {"none": "pass", "short": "time.sleep(0.005)", "awaited": "await nothing()"}


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("loop", FLOODED)
@pytest.mark.parametrize("work", WORK)
async def test_an_interrupt_reaches_a_cell_that_never_waits(
    kernel: Kernel,
    peer: Peer,
    library: str,
    loop: str,
    work: str,
    record_property: Callable[[str, object], None],
) -> None:
    """The feed is quicker than the cell; where plain websockets lets the cell be stopped, so does the session.

    Plain websockets stands beside it for the record: it starves the kernel where nothing of a message waits.
    """
    await kernel.run(LIBRARIES[library].format(url=peer.url))
    await kernel.run(SETUP + "await session.send('flood')\ntime.sleep(0.5)")
    shown = await interrupt_often(kernel, FLOODED[loop].format(work=WORK[work]), library)
    record_property("interrupt", shown)
    print(f"{loop}, work {work}, {library}: {shown}")
    if peer.flooding is not None:
        peer.flooding.cancel()


@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize("work", WORK)
async def test_an_interrupt_reaches_a_cell_that_sends_without_a_pause(
    kernel: Kernel, sink: str, library: str, work: str, record_property: Callable[[str, object], None]
) -> None:
    """The server is a process of its own, so that its work does not delay what the front end sees."""
    await kernel.run(LIBRARIES[library].format(url=sink))
    await kernel.run(SETUP)
    shown = await interrupt_often(kernel, SENDING.format(work=WORK[work]), library)
    record_property("interrupt", shown)
    print(f"send, work {work}, {library}: {shown}")


async def interrupt_often(kernel: Kernel, code: str, library: str) -> str:
    """Interrupt an endless cell three times; return how long it took. Only plain websockets may not end."""
    took: list[float] = []
    with contextlib.suppress(TimeoutError) if library == "websockets" else contextlib.nullcontext():
        for _ in range(3):
            cell = await kernel.begin(f"print('go', flush=True)\n{code}")
            await asyncio.sleep(0.2)
            pressed = time.monotonic()
            await kernel.interrupt()
            async with asyncio.timeout(STARVED if library == "websockets" else PATIENCE):
                error, _ = await kernel.end(cell)
            took.append(time.monotonic() - pressed)
            assert error in ("CancelledError", "KeyboardInterrupt")
    return f"median {statistics.median(took):.3f} s" if len(took) == 3 else f"not within {STARVED} s"


async def test_interrupts_during_sending_leave_the_log_and_the_peer_agreed(
    kernel: Kernel, peer: Peer, io: str, require_all: bool
) -> None:
    """Behaviour 35: no frame sent and not recorded, none recorded as sent and not sent, and the session is usable."""
    random = Random(35)
    await kernel.run(OPEN.format(url=peer.url, io=io) + "number = 0")
    sending = (
        "print('go', flush=True)\n"
        "while True:\n"
        "    await session.send(f'{number} ' + 'x' * (number % 500))\n"
        "    number += 1\n"
    )
    for _ in range(100 if require_all else 10):
        cell = await kernel.begin(sending)
        await asyncio.sleep(random.uniform(0, 0.03))  # anywhere in the sending
        await kernel.interrupt()
        error, _ = await kernel.end(cell)
        assert error in ("CancelledError", "KeyboardInterrupt")
    answer = await kernel.run("await session.send('answer'); print(await session.receive())")
    assert answer.strip() == "answered"
    printed = await kernel.run(
        "await session.close()\n"
        "df = session.df\n"
        "sent = df[(df.direction == 'out') & (df.opcode == 'text')]\n"
        "texts = '|'.join(sent.text[sent.status == 'ok'])\n"
        "print(json.dumps([number, sorted(set(sent.status)), sha256(texts.encode()).hexdigest()]))\n"
    )
    await peer.gone.wait()
    number, statuses, recorded = json.loads(printed)
    assert [int(text.split()[0]) for text in peer.received] == list(range(number))
    assert statuses == ["ok"]
    assert recorded == sha256("|".join([*peer.received, "answer"]).encode()).hexdigest()
