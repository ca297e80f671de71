"""LSP: python lsp.py serve | <url>. The server, pygls, prints its port, and ends with its input.

The client, pygls too, asks for a command that reports its progress and asks back, for one that reports it by the token of the
request, for one that fails, for one that it cancels, and prints what came.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

from lsprotocol import types
from pygls.exceptions import JsonRpcInvalidParams
from pygls.lsp.client import LanguageClient
from pygls.lsp.server import LanguageServer


def serve() -> None:
    server = LanguageServer("test", "1")

    @server.command("count")
    async def count(to: int) -> str:
        await server.work_done_progress.create_async("t1")
        server.work_done_progress.begin("t1", types.WorkDoneProgressBegin(title="counting"))
        server.work_done_progress.report("t1", types.WorkDoneProgressReport(percentage=50))
        server.work_done_progress.end("t1", types.WorkDoneProgressEnd())
        return f"counted to {to}"

    @server.command("steps")
    async def steps(token: str) -> str:
        server.work_done_progress.begin(token, types.WorkDoneProgressBegin(title="stepping"))
        server.work_done_progress.end(token, types.WorkDoneProgressEnd())
        return "stepped"

    @server.command("fail")
    def fail() -> None:
        raise JsonRpcInvalidParams("no")  # which tells no traceback

    @server.command("sleep")
    async def sleep() -> None:
        await asyncio.sleep(60)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        port = listening.getsockname()[1]
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()

    threading.Timer(1.0, lambda: print(port, flush=True)).start()  # start_ws does not say when it listens
    server.start_ws("127.0.0.1", port)


async def ask(url: str) -> None:
    client = LanguageClient("test", "1")

    @client.feature(types.WINDOW_WORK_DONE_PROGRESS_CREATE)
    def created(params: Any) -> None: ...

    found: list[Any] = []

    @client.feature(types.PROGRESS)
    def progressed(params: Any) -> None:
        found.append("progress")

    parts = urlsplit(url)
    await client.start_ws(str(parts.hostname), int(parts.port or 0))
    root = types.InitializeParams(capabilities=types.ClientCapabilities())
    await client.initialize_async(root)
    client.initialized(types.InitializedParams())
    execute = client.workspace_execute_command_async
    found.append(await execute(types.ExecuteCommandParams(command="count", arguments=[3])))
    steps = types.ExecuteCommandParams(command="steps", arguments=["t2"], work_done_token="t2")
    found.append(await execute(steps))
    try:
        await execute(types.ExecuteCommandParams(command="fail"))
    except Exception as error:
        found.append(type(error).__name__)
    sleep = types.ExecuteCommandParams(command="sleep")
    client.protocol.send_request("workspace/executeCommand", sleep, msg_id="sleeping")
    await asyncio.sleep(0.2)
    client.cancel_request(types.CancelParams(id="sleeping"))
    await asyncio.sleep(0.5)
    print(json.dumps(sorted(found)), flush=True)  # reports are taken by another thread
    os._exit(0)


if sys.argv[1] == "serve":
    serve()
else:
    asyncio.run(ask(sys.argv[1]))
