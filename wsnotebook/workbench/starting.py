"""The actions of the verbs that start something in this kernel: a server of the lab, a proxy, an attachment to a browser."""

from __future__ import annotations

import os
from typing import Any

from wsnotebook.workbench.verb import Call

__all__ = ["attach", "proxy", "serve"]


def serve(call: Call) -> Any:
    """Start a server of the lab in this kernel; the result is the server."""
    # At the first use: %load_ext stays quick.
    from wsnotebook.files.loading import load
    from wsnotebook.lab.behaviours import BEHAVIOURS
    from wsnotebook.lab.playback import playback
    from wsnotebook.lab.server import embedded_server

    arguments = call.arguments
    name, path = arguments.behaviour, os.path.expanduser(arguments.behaviour)
    chosen = {"session": arguments.of, "connection": arguments.connection}
    if name not in BEHAVIOURS and os.path.exists(path):
        return _start(embedded_server(playback(load(path), **chosen), port=arguments.port))
    for option, value in chosen.items():
        if value is not None:
            raise ValueError(f"{name} is no recording: leave --{option} away.")
    return _start(embedded_server(name, port=arguments.port))


def proxy(call: Call) -> Any:
    """Start a proxy in this kernel; the result is the proxy."""
    from wsnotebook.middle.proxy import proxy  # as in serve

    arguments = call.arguments
    origins = () if arguments.origin is None else (arguments.origin,)
    record = None if arguments.record is None else os.path.expanduser(arguments.record)
    return _start(
        proxy(
            arguments.url,
            port=arguments.port,
            record=record,
            origins=origins,
            transparent=arguments.transparent,
            mitm=bool(arguments.mitm),
            allow=arguments.mitm or (),
        )
    )


def attach(call: Call) -> Any:
    """Attach to a browser; the result is the attachment."""
    from wsnotebook.middle.attach import attach  # as in serve

    arguments = call.arguments
    record = None if arguments.record is None else os.path.expanduser(arguments.record)
    return _start(attach(arguments.url, arguments.match, record=record))


async def _start(server: Any) -> Any:
    return await server
