"""Page: what a notebook page does with a kernel: it runs cells, and its panel asks for the rows that it shows.

No browser: the messages are those of JupyterLab, ipywidgets and table.mjs.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, NamedTuple

from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.manager import AsyncKernelManager

__all__ = ["CellFailed", "Page", "Reply", "open_page"]

PATIENCE = 60.0  # seconds for what normally takes none
ROWS = 45  # a screen of some fifteen rows, and as many on each side

_ROOT = Path(__file__).parents[2]


class CellFailed(Exception):
    """A cell raised; the text is its traceback."""


class Reply(NamedTuple):
    """What came of a cell."""

    value: str
    """The text/plain of ``_`` as the cell left it."""
    seconds: float
    """From sending the cell to the kernel's answer."""


class Page:
    """A page with one kernel.

    Args:
        client: its channels are open.
    """

    def __init__(self, client: AsyncKernelClient) -> None:
        self._client = client
        self._tables: set[str] = set()  # comms of frame tables
        self._asking: set[str] = set()  # of those, which have not answered the last request
        self._ids = itertools.count()
        self.told = 0
        """Times that the kernel told a table how long the log is."""
        self.rows_got = 0
        """Rows that tables were given."""
        self.errors: list[str] = []
        """What tables were refused, and what came out on stderr."""

    async def run(self, code: str, value: str = "None") -> Reply:
        """Run a cell, then evaluate ``value`` in the same turn.

        Raises:
            CellFailed: either failed.
            TimeoutError: the kernel does not answer.
        """
        began = time.perf_counter()
        asked = {"code": code, "silent": False, "user_expressions": {"value": value}, "allow_stdin": False}
        ident = await self._send("execute_request", asked)
        while True:
            try:
                async with asyncio.timeout(PATIENCE):
                    reply = await self._client.get_shell_msg()
            except TimeoutError:
                raise TimeoutError(
                    f"no answer in {PATIENCE:g} s to {code!r}; on stderr: {self.errors}"
                ) from None
            if reply["parent_header"].get("msg_id") == ident:
                break
        seconds = time.perf_counter() - began
        content = reply["content"]
        if content["status"] != "ok":
            raise CellFailed("\n".join(content.get("traceback") or [content["status"]]))
        found = content["user_expressions"]["value"]
        if found["status"] != "ok":
            raise CellFailed("\n".join(found["traceback"]))
        return Reply(found["data"]["text/plain"], seconds)

    async def listen(self) -> None:
        """Take what the kernel publishes, and act as the panel's page does, until cancelled."""
        while True:
            message = await self._client.get_iopub_msg()
            content = message["content"]
            match message["msg_type"]:
                case "comm_open":
                    if "span" in content["data"].get("state", {}):
                        self._tables.add(content["comm_id"])
                        await self._ask(content["comm_id"], {"verb": "hello"})
                case "comm_msg" if content["comm_id"] in self._tables:
                    await self._hear(content["comm_id"], content["data"], message["buffers"])
                case "stream" if content["name"] == "stderr":
                    self.errors.append(content["text"])

    async def _hear(self, comm: str, data: dict[str, Any], buffers: list[memoryview]) -> None:
        span = data.get("state", {}).get("span")
        if span is not None:
            self.told += 1
            if comm not in self._asking:  # one request at a time, as table.mjs does
                self._asking.add(comm)
                await self._ask(
                    comm, {"verb": "rows", "start": max(span[0], span[1] - ROWS), "stop": span[1]}
                )
        elif data["method"] == "custom":
            answer = data["content"]
            if not answer["ok"]:
                self.errors.append(answer["error"])
            elif "start" in answer:
                self._asking.discard(comm)
                self.rows_got += answer["stop"] - answer["start"]
                assert len(buffers[0]) == 5 * 8 * (answer["stop"] - answer["start"])

    async def _ask(self, comm: str, verb: dict[str, Any]) -> None:
        content = {"id": str(next(self._ids)), **verb}
        await self._send("comm_msg", {"comm_id": comm, "data": {"method": "custom", "content": content}})

    async def _send(self, kind: str, content: dict[str, Any]) -> str:
        """Send a message on the shell channel; return its id."""
        message = self._client.session.msg(kind, content)
        # not by the channel's send(): that goes past pyzmq's loop, and a reply that comes in meanwhile is not noticed
        await self._client.shell_channel.socket.send_multipart(self._client.session.serialize(message))
        return str(message["header"]["msg_id"])


@asynccontextmanager
async def open_page() -> AsyncIterator[Page]:
    """Start a kernel of this interpreter, with this tree's package, and open a page on it."""
    with tempfile.TemporaryDirectory() as folder:
        manager = AsyncKernelManager(kernel_name="python3")
        assert manager.kernel_spec is not None
        manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        path = os.pathsep.join(filter(None, [str(_ROOT), os.environ.get("PYTHONPATH")]))
        await manager.start_kernel(env={**os.environ, "PYTHONPATH": path, "IPYTHONDIR": folder})
        client = manager.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=PATIENCE)
            page = Page(client)
            listening = asyncio.create_task(page.listen(), name="page")
            yield page
            listening.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listening
        finally:
            client.stop_channels()
            await manager.shutdown_kernel(now=True)
