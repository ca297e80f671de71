"""WAMP: python wamp.py serve | <url> <json | msgpack | cbor>. The server, xconn's router, prints its port, and ends with its input.

The client, Autobahn, registers a procedure that gives its result in parts, calls it, is refused, subscribes, publishes, and prints
what came.
"""

from __future__ import annotations

import asyncio
import json
import socket
import sys
from typing import Any


async def serve() -> None:
    from aiohttp import web
    from xconn.router import Router
    from xconn.server import Server

    router = Router()
    router.add_realm("realm1")
    app = web.Application()
    app.router.add_get("/", Server(router)._websocket_handler)
    runner = web.AppRunner(app)
    await runner.setup()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        await web.SockSite(runner, listening).start()
        print(listening.getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
        await runner.cleanup()


async def ask(url: str, serializer: str) -> None:
    from autobahn.asyncio.component import Component
    from autobahn.wamp.exception import ApplicationError
    from autobahn.wamp.types import PublishOptions

    component = Component(
        transports=[{"type": "websocket", "url": url, "serializers": [serializer], "max_retries": 0}],
        realm="realm1",
    )
    found: list[Any] = []

    @component.on_join
    async def joined(session: Any, details: Any) -> None:
        registration = await session.register(lambda one, other: one + other, "com.example.add")
        found.append(await session.call("com.example.add", 40, 2))
        try:
            await session.call("com.example.nothing")
        except ApplicationError as error:
            found.append(error.error)
        subscription = await session.subscribe(lambda text: None, "com.example.news")
        options = PublishOptions(acknowledge=True, exclude_me=False)
        await session.publish("com.example.news", "é", options=options)
        session.publish("com.example.news", "unconfirmed")
        await subscription.unsubscribe()
        await registration.unregister()
        await session.leave()

    await component.start()
    print(json.dumps(found))


asyncio.run(serve() if sys.argv[1] == "serve" else ask(*sys.argv[1:]))
