"""MCP: python modelcontext.py serve | <url>. The server, the package mcp with Starlette, prints its port, and ends with its input.

The client, mcp too, lists tools, calls one that reports its progress, one that asks the model of the client, one that fails, and one
that it cancels, and prints what came. The package has WebSockets until its version 2.
"""

from __future__ import annotations

import asyncio
import json
import os
import socket
import sys
import threading
import warnings
from typing import Any

import uvicorn
from mcp import ClientSession, types
from mcp.client.websocket import websocket_client
from mcp.server.lowlevel import Server
from mcp.server.websocket import websocket_server
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute

warnings.filterwarnings("ignore", "The WebSocket")
TOOLS = ("count", "think", "fail", "sleep")


def server() -> Server[Any]:
    made: Server[Any] = Server("test", "1")

    @made.list_tools()
    async def tools() -> list[types.Tool]:
        return [types.Tool(name=name, inputSchema={"type": "object"}) for name in TOOLS]

    @made.call_tool()
    async def call(name: str, arguments: dict[str, Any]) -> list[types.TextContent]:
        context = made.request_context
        text = name
        if name == "count" and context.meta is not None and context.meta.progressToken is not None:
            for step in (1, 2):
                await context.session.send_progress_notification(context.meta.progressToken, step, 2)
        elif name == "think":
            content = types.TextContent(type="text", text="6 * 7?")
            asked = [types.SamplingMessage(role="user", content=content)]
            text = (await context.session.create_message(asked, max_tokens=5)).content.text
        elif name == "fail":
            raise ValueError("no")
        elif name == "sleep":
            await asyncio.sleep(60)
        return [types.TextContent(type="text", text=text)]

    return made


def serve() -> None:
    made = server()

    class Endpoint:
        async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
            async with websocket_server(scope, receive, send) as (incoming, outgoing):
                await made.run(incoming, outgoing, made.create_initialization_options())

    listening = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    print(listening.getsockname()[1], flush=True)
    app = Starlette(routes=[WebSocketRoute("/", Endpoint())])
    uvicorn.Server(uvicorn.Config(app, log_level="critical")).run(sockets=[listening])


async def ask(url: str) -> None:
    found: list[Any] = []

    async def sample(context: Any, params: types.CreateMessageRequestParams) -> types.CreateMessageResult:
        content = types.TextContent(type="text", text="42")
        return types.CreateMessageResult(role="assistant", content=content, model="none")

    async def progress(done: float, total: float | None, message: str | None) -> None:
        found.append([done, total])

    async with (
        websocket_client(url) as (incoming, outgoing),
        ClientSession(incoming, outgoing, sampling_callback=sample) as session,
    ):
        await session.initialize()
        found.append([tool.name for tool in (await session.list_tools()).tools])
        for name in TOOLS[:3]:
            answer = await session.call_tool(
                name, {}, progress_callback=progress if name == "count" else None
            )
            found.append([answer.isError, answer.content[0].text])
        sleeping = asyncio.ensure_future(session.call_tool("sleep", {}))
        await asyncio.sleep(1)
        params = types.CancelledNotificationParams(requestId=session._request_id - 1, reason="enough")
        cancel = types.CancelledNotification(params=params)
        await session.send_notification(types.ClientNotification(cancel))
        found.append(await outcome(sleeping))
    print(json.dumps(found), flush=True)


async def outcome(call: asyncio.Future[Any]) -> str:
    try:
        return str(await call)
    except Exception as error:
        return str(error)


if sys.argv[1] == "serve":
    serve()
else:
    asyncio.run(ask(sys.argv[1]))
