from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas
import pytest
from IPython.core import async_helpers
from IPython.core.interactiveshell import ExecutionResult, InteractiveShell
from IPython.utils.capture import capture_output
from traitlets.config import Config
from websockets.asyncio.server import ServerConnection, serve

from wsnotebook.errors import SessionClosed
from wsnotebook.kernel.magics import load_ipython_extension, unload_ipython_extension
from wsnotebook.wire.frames import CloseReason, Frame
from wsnotebook.workbench import Workbench


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[InteractiveShell]:
    """An IPython of its own in this process, without history, as terminal IPython is one."""
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    config = Config()
    config.HistoryManager.enabled = False
    config.InteractiveShell.colors = "nocolor"
    config.Completer.use_jedi = False
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(config=config)
    yield shell
    InteractiveShell.clear_instance()
    atexit.unregister(shell.atexit_operations)  # each would collect all garbage of this process once more
    shell.restore_sys_module_state()
    runner = async_helpers._asyncio_runner  # it has the loop in IPython 7
    loop = runner._loop if hasattr(runner, "_loop") else async_helpers._asyncio_event_loop
    if loop is not None:
        loop.close()


class RecordingLog:
    """Rows that a test puts in, with the columns that the magics read."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def df(self) -> pandas.DataFrame:
        columns = (
            "time direction opcode fin masked length payload close_code status text close_reason detail rsv1"
        )
        return pandas.DataFrame(self.rows, columns=columns.split()).rename_axis("seq")

    def tail(self, n: int) -> pandas.DataFrame:
        return self.df.tail(n)


class RecordingSession:
    """What the workbench knows of a session; it remembers what it was told and receives what a test puts in."""

    def __init__(self, url: str, name: str = "one", **options: Any) -> None:
        self.url = url
        self.name = name
        self.options = options
        self.state = "open"
        self.masking = options.get("masking", True)
        self.subprotocol: str | None = next(iter(options.get("subprotocols", ())), None)
        self.close_initiator: str | None = None
        self.log = RecordingLog()
        self.outgoing = SimpleNamespace(check=lambda: None)
        self.pump = SimpleNamespace(outgoing=SimpleNamespace(marks=(0, 0), has_handed=lambda marks: True))
        self.sent: list[Frame] = []
        self.arrived: asyncio.Queue[Frame] = asyncio.Queue()
        self.pong: asyncio.Event | None = None

    @property
    def incoming(self) -> RecordingSession:
        return self

    @property
    def df(self) -> pandas.DataFrame:
        return self.log.df

    async def receive(self) -> Frame:
        return await self.arrived.get()

    async def send(self, frame: Frame) -> None:
        if self.state == "closed":
            raise SessionClosed(CloseReason(1000))
        self.sent.append(frame)

    async def ping(self) -> float:
        if self.pong is not None:
            await self.pong.wait()
        return 0.00125

    async def close(self, code: int, message: str) -> CloseReason:
        self.state = "closed"
        self.close_initiator = "local"
        return CloseReason(code, message)

    def terminate(self) -> None:
        self.state = "closed"


class Notebook:
    """A shell with the magics in it, and the bench they speak to."""

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.bench = Workbench(connect=self._connect)
        load_ipython_extension(shell, self.bench)

    async def _connect(self, url: str, **options: Any) -> Any:
        return RecordingSession(url, **options)

    @property
    def session(self) -> Any:
        """The current session: a RecordingSession."""
        return self.bench.get()

    def run(self, cell: str) -> Any:
        """Run a cell that must succeed and return the value of its last expression."""
        result: ExecutionResult = self.shell.run_cell(cell)
        result.raise_error()
        return result.result

    def shown(self, cell: str) -> str:
        """What the cell prints, its last expression included, in plain text."""
        with capture_output() as captured:
            self.run(cell)
        return str(captured.stdout)

    def refused(self, cell: str, kind: str = "UsageError") -> str:
        """The one line that a failing cell shows, without the type of the error before it."""
        with capture_output() as captured:
            result = self.shell.run_cell(cell)
        assert not result.success, f"{cell} was not refused"
        shown = captured.stderr if kind == "UsageError" else captured.stdout
        assert shown.startswith(f"{kind}: "), f"not {kind}: {captured.stdout}{captured.stderr}"
        assert shown.count("\n") == 1, f"not on one line: {shown}"
        return str(shown.removeprefix(f"{kind}: ").removesuffix("\n"))


@pytest.fixture
def notebook(shell: InteractiveShell) -> Iterator[Notebook]:
    """Magics loaded, no session yet."""
    notebook = Notebook(shell)
    yield notebook
    unload_ipython_extension(shell)


@pytest.fixture
def connected(notebook: Notebook) -> Notebook:
    """Magics loaded and a session called one."""
    notebook.run("%ws connect ws://lab/")
    return notebook


@pytest.fixture
def impatient_server() -> Iterator[str]:
    """Echo in a thread, and hang up on a client that does not answer a ping within 0.2 s."""
    urls: list[str] = []
    started, stop = threading.Event(), threading.Event()

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async def main() -> None:
        async with serve(echo, "127.0.0.1", 0, ping_interval=0.2, ping_timeout=0.2) as server:
            urls.append(f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
            started.set()
            await asyncio.to_thread(stop.wait)

    thread = threading.Thread(target=asyncio.run, args=(main(),))
    thread.start()
    started.wait()
    try:
        yield urls[0]
    finally:
        stop.set()
        thread.join()
