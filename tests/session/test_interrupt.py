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


@contextlib.asynccontextmanager
async def running_kernel(folder: Path) -> AsyncIterator[AsyncKernelManager]:
    """A kernel of this interpreter. Its tracebacks are one line: to draw them took most of the time of an interrupt."""
    path = os.pathsep.join((str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])))
    command = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    manager = AsyncKernelManager(connection_file=str(folder / "kernel.json"))
    manager._kernel_spec = KernelSpec(argv=[*command, "--InteractiveShell.xmode=Minimal"], language="python")
    await manager.start_kernel(env={**os.environ, "PYTHONPATH": path, "IPYTHONDIR": str(folder / "ipython")})
    try:
        yield manager
    finally:
        await manager.shutdown_kernel(now=True)


@contextlib.asynccontextmanager
async def front_end(manager: AsyncKernelManager) -> AsyncIterator[Kernel]:
    """Speak to a kernel that runs."""
    client = AsyncKernelClient(parent=manager)  # whose process says whether it lives: a heartbeat may be late
    client.load_connection_info(manager.get_connection_info())
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=PATIENCE)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_kernel(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[AsyncKernelManager]:
    """The process behind ``kernel``."""
    async with running_kernel(tmp_path_factory.mktemp("kernel")) as manager:
        yield manager


@pytest_asyncio.fixture
async def kernel(shared_kernel: AsyncKernelManager) -> AsyncIterator[Kernel]:
    """A kernel in which other tests have opened, and closed, sessions of their own."""
    async with front_end(shared_kernel) as kernel:
        yield kernel


@pytest_asyncio.fixture
async def fresh_kernel(tmp_path: Path) -> AsyncIterator[Kernel]:
    """A kernel that has run no cell."""
    async with running_kernel(tmp_path) as manager, front_end(manager) as kernel:
        yield kernel


class Peer:
    """A server in the test's process that keeps what it gets and speaks only when it is told to."""

    def __init__(self) -> None:
        self.received: list[str] = []
        self.url = ""
        self.begun = asyncio.Event()
        """Set by a message that says so; that one is kept too."""
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
                if message == "begin":
                    self.begun.set()
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
    fresh_kernel: Kernel, byte_server: Any, io: str, wait: str
) -> None:
    """A server that takes the connection and says nothing: there is no session yet, and ■ works all the same."""
    connect = f"wsnotebook.connect({byte_server.url!r}, proxy=None, io={io!r}, open_timeout=None)"
    await fresh_kernel.run("import wsnotebook")
    for _ in range(3):
        cell = await fresh_kernel.begin(f"print('go', flush=True)\n{wait.format(connect=connect)}")
        await byte_server.accept()
        await fresh_kernel.interrupt()
        async with asyncio.timeout(PATIENCE):  # without the ticker it takes for ever
            error, _ = await fresh_kernel.end(cell)
        assert error in ("CancelledError", "KeyboardInterrupt")
    threads = await fresh_kernel.run(
        "import threading; print([t.name for t in threading.enumerate() if 'ws' in t.name])"
    )
    assert threads.strip() == "[]"


FLOODED = {
    "for": "async for message in session:\n    {work}",
    "receive": "while True:\n    message = await session.receive()\n    {work}",
}
SENDING = "while True:\n    await session.send('x')\n    {work}"
SETUP = "import time\nasync def nothing(): pass\n"
WORK = {"none": "pass", "short": "time.sleep(0.005)", "awaited": "await nothing()"}


@pytest.mark.parametrize("loop", FLOODED)
@pytest.mark.parametrize("work", WORK)
async def test_an_interrupt_reaches_a_cell_that_never_waits(
    kernel: Kernel, peer: Peer, io: str, loop: str, work: str
) -> None:
    """The feed is quicker than the cell. Afterwards the session can be closed."""
    await kernel.run(OPEN.format(url=peer.url, io=io) + SETUP)
    await kernel.run("await session.send('flood')\ntime.sleep(0.5)")
    await interrupt_often(kernel, FLOODED[loop].format(work=WORK[work]))
    assert peer.flooding is not None
    peer.flooding.cancel()
    assert (await kernel.run("print((await session.close()).code)")).strip() == "1000"


@pytest.mark.parametrize("work", WORK)
async def test_an_interrupt_reaches_a_cell_that_sends_without_a_pause(
    kernel: Kernel, sink: str, io: str, work: str
) -> None:
    """The server is a process of its own, so that its work does not delay what the front end sees."""
    await kernel.run(OPEN.format(url=sink, io=io) + SETUP)
    await interrupt_often(kernel, SENDING.format(work=WORK[work]))
    assert (await kernel.run("print((await session.close()).code)")).strip() == "1000"


async def interrupt_often(kernel: Kernel, code: str) -> None:
    """Interrupt an endless cell three times; it ends each time."""
    for _ in range(3):
        cell = await kernel.begin(f"print('go', flush=True)\n{code}")
        await asyncio.sleep(0.2)
        await kernel.interrupt()
        async with asyncio.timeout(PATIENCE):
            error, _ = await kernel.end(cell)
        assert error in ("CancelledError", "KeyboardInterrupt")


async def test_interrupts_during_sending_leave_the_log_and_the_peer_agreed(
    kernel: Kernel, peer: Peer, io: str, require_all: bool
) -> None:
    """Behaviour 35: no frame sent and not recorded, none recorded as sent and not sent, and the session is usable."""
    random = Random(35)
    await kernel.run(OPEN.format(url=peer.url, io=io) + "number = 0")
    sending = (
        "await session.send('begin')\n"
        "while True:\n"
        "    await session.send(f'{number} ' + 'x' * (number % 500))\n"
        "    number += 1\n"
    )
    for _ in range(100 if require_all else 10):
        peer.begun.clear()
        cell = kernel.client.execute(sending)
        await peer.begun.wait()
        await asyncio.sleep(random.uniform(0, 0.003))  # anywhere in the sending; longer would only send more
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
    numbers = [int(text.split()[0]) for text in peer.received if text != "begin"]
    assert numbers == list(range(number))
    assert statuses == ["ok"]
    assert recorded == sha256("|".join([*peer.received, "answer"]).encode()).hexdigest()
