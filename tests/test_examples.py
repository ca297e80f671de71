"""Examples in docstrings: every public name has one, and each example of the package runs against a lab server."""

from __future__ import annotations

import ast
import asyncio
import contextlib
import importlib
import inspect
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType
from typing import Any, NamedTuple

import matplotlib
import pandas as pd
import pytest
from imports import MODULES, ROOT
from IPython.core.interactiveshell import InteractiveShell
from pagecode import run_cell

import wsnotebook
from wsnotebook import lab, redaction, widgets
from wsnotebook.analysis.accessor import FrameQuestions

NOT_RUN = {
    "wsnotebook/middle/attach.py": "needs a browser; tests/browser/ has one",
    "wsnotebook/cli/main.py": "ends the process",
    "wsnotebook/redaction.py:add": "changes the table for the tests that follow; test_secrets.py has a process for it",
    "wsnotebook/files/framelog.py:FrameLog.from_frames": "reads files of other services; test_framesof.py has them",
}
"""Beginnings of the names of docstrings whose examples are only compiled, and why."""
IN_A_THREAD = "wsnotebook/kernel/running.py:run"
"""Waits where no loop runs; in a loop it would patch asyncio for the tests that follow."""
_BLOCK = re.compile(r"\bExamples?\b[^:`\n]*::\n\n((?:(?:    .*)?\n)*    .*)")
_LINE = re.compile(r"\bExamples?\b[^:`]*:\s+((?:``[^`]+``(?:, or |, | or )?)+)")
_PEER = re.compile(r"wss?://(?:example\.org|127\.0\.0\.1:8765)")
"""An address that stands for a server of the reader's."""

_HANDLER = re.compile(r"except \w+ as error:\n( +)")
_OF_A_PROXY = re.compile(r"^(?:\w+ = )?(?:await )?@?p\.", re.MULTILINE)


class Example(NamedTuple):
    """One example of a docstring."""

    where: str
    """File and qualified name."""
    code: str


def examples_of(text: str) -> list[str]:
    """Return the examples of a docstring: ``Example: ``code`` ``, and blocks after ``Example::``."""
    blocks = ["\n".join(line[4:] for line in block.split("\n")) for block in _BLOCK.findall(text)]
    return blocks + [
        " ".join(code.split()) for line in _LINE.findall(text) for code in re.findall(r"``([^`]+)``", line)
    ]


def docstrings() -> dict[str, str]:
    """Return the docstrings of the package by file and qualified name."""
    found: dict[str, str] = {}

    def visit(node: ast.AST, place: str) -> None:
        for inner in ast.iter_child_nodes(node):
            if isinstance(inner, (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)):
                name = f"{place}{'.' if place[-1] != ':' else ''}{inner.name}"
                if text := ast.get_docstring(inner):
                    found.setdefault(name, text)
                visit(inner, name)

    for path in MODULES:
        visit(ast.parse((ROOT / path).read_text()), f"{path}:")
    return found


EXAMPLES = [Example(where, code) for where, text in docstrings().items() for code in examples_of(text)]


def test_the_examples_of_a_docstring_are_found() -> None:
    """On a line, several, and in a block."""
    assert examples_of("Do it. Example: ``f(1)``, ``g(\n  2)``. More ``x``.") == ["f(1)", "g( 2)"]
    assert examples_of("Do it. Example::\n\n    f(1)\n\n    g()\n\nArgs:\n    x: y.") == ["f(1)\n\ng()"]
    assert examples_of("For example: no code.") == []


def public() -> dict[str, str]:
    """Return the docstring of each public name: of packages, of questions, and the verbs of sessions and logs."""
    owners: list[tuple[str, Any, list[str]]] = [
        (module.__name__, module, module.__all__) for module in (wsnotebook, lab, widgets)
    ]
    owners += [
        (owner.__name__, owner, [name for name, _ in inspect.getmembers(owner, is_documented_verb)])
        for owner in (
            FrameQuestions,
            wsnotebook.FrameLog,
            wsnotebook.DefaultClientWebSocketSession,
            wsnotebook.Frame,
        )
    ]
    return {
        f"{place}.{name}": inspect.getdoc(getattr(owner, name)) or ""
        for place, owner, names in owners
        for name in names
        if callable(getattr(owner, name))
    }


def is_documented_verb(member: object) -> bool:
    """Whether a member of a class is one of its verbs that the reference lists."""
    name = getattr(member, "__name__", "_")
    return inspect.isroutine(member) and name in REFERENCE


REFERENCE = {
    word
    for page in sorted((ROOT / "notebooks" / "reference").glob("*.md"))
    for line in re.findall(r":members: (.*)", page.read_text())
    for word in line.split(", ")
} | {name for name in dir(FrameQuestions) if not name.startswith("_")}
"""Members of classes that the reference lists by name."""

WITHOUT = {
    "wsnotebook.lab.Behaviour": "an alias, without a docstring of its own",
    "wsnotebook.load_ipython_extension": "%load_ext calls it",
    "wsnotebook.unload_ipython_extension": "%unload_ext calls it",
}
"""Public names without an example, and why."""


def test_every_public_name_has_an_example() -> None:
    """In its docstring, as ``name?`` shows it."""
    assert not [name for name, text in public().items() if not examples_of(text) and name not in WITHOUT]


async def greet(session: lab.LabConnection) -> None:
    """Send trades and two texts."""
    for number in range(3):
        trade = {"type": "trade", "seq": number, "symbol": "ACME", "data": {"trade": {"price": "1.5"}}}
        await session.send(json.dumps(trade | {"params": {"channel": "trades"}}))
    await session.send("welcome")
    await session.send("42")


async def service(session: lab.LabConnection) -> None:
    """A server for all examples: it greets, answers requests, and ends a subscription."""
    await greet(session)
    async for message in session:
        if message == "subscribe":
            return
        if message == "greet":
            await greet(session)
        await session.send(REPLIES.get(str(message), message))


REPLIES = {
    '{"jsonrpc": "2.0", "id": 1, "method": "price"}': '{"jsonrpc": "2.0", "id": 1, "result": 7}',
    '{"op": "get", "req": 1}': '{"op": "value", "req": 1}',
}
"""Request → reply of the service, which sends everything else back."""


async def talk(session: wsnotebook.DefaultClientWebSocketSession) -> None:
    """Ask the service all that it knows."""
    for request, reply in REPLIES.items():
        await session.send(request)
        await session.expect(re.compile(re.escape(reply)))
    await session.ping()


@contextlib.asynccontextmanager
async def passed_orders(url: str) -> AsyncIterator[wsnotebook.proxy]:
    """A proxy that a client's orders pass."""
    async with wsnotebook.proxy(url) as p, wsnotebook.connect(p.url) as client:

        async def give_orders() -> None:
            with contextlib.suppress(wsnotebook.SessionClosed):
                while True:
                    await client.send('{"type": "order"}')
                    await client.receive()

        client.launch(give_orders())
        yield p
        p.clear()


@pytest.fixture
async def names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, Any]]:
    """What an example finds: every public name, some modules, an open session with its log, and files."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    matplotlib.use("agg")
    packages: list[ModuleType] = [wsnotebook, lab, widgets, redaction]
    found: dict[str, Any] = {name: getattr(each, name) for each in packages for name in each.__all__}
    found |= {
        name: importlib.import_module(name) for name in ("asyncio", "json", "re", "struct", "wsnotebook")
    }
    async with lab.embedded_server(service) as server:
        async with wsnotebook.connect(server.url, name="feed") as past:
            await talk(past)
        log = past.log
        for name in ("feed.parquet", "before.parquet", "graphql.jsonl"):
            log.save(name)
        session = await wsnotebook.connect(server.url, name="feed")
        await talk(session)
        await session.send("greet")
        found |= {"server": server, "url": server.url, "session": session, "log": log, "df": log.df}
        yield found | {"pd": pd, "Path": Path}
        session.terminate()


async def run_in_ipython(code: str, shell: InteractiveShell) -> None:
    """Run a cell that has magics."""
    wsnotebook.load_ipython_extension(shell)
    done = await shell.run_cell_async(code, transformed_cell=shell.transform_cell(code))
    done.raise_error()
    await stop(shell.user_ns)


async def stop(names: dict[str, Any]) -> None:
    """End what an example has left open, as a kernel that is shut down does."""
    for value in names.values():
        if isinstance(value, wsnotebook.ClientWebSocketSession):
            value.terminate()
        elif isinstance(value, (lab.EmbeddedServer, lab.HostileServer)):
            await value.stop()
        elif isinstance(value, asyncio.Server):
            value.close()


@pytest.mark.long
@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.where)
async def test_an_example_runs(
    example: Example, names: dict[str, Any], request: pytest.FixtureRequest
) -> None:
    """As a cell, within ten seconds; it finds the names of its module too."""
    code = _PEER.sub(names["url"], example.code)
    code = _HANDLER.sub(r"\g<0>handled = True\n\1", code)
    if example.where.startswith(tuple(NOT_RUN)):
        compile(code, example.where, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
        return
    module = example.where.partition(".py:")[0].removesuffix("/__init__").replace("/", ".")
    found = {**vars(importlib.import_module(module)), **names}
    async with asyncio.timeout(60):
        if example.where == IN_A_THREAD:
            await asyncio.to_thread(exec, code, found)
        elif "%ws" in code:
            await run_in_ipython(code, request.getfixturevalue("ipython"))
        elif _OF_A_PROXY.search(code) and " as p" not in code:
            async with passed_orders(names["url"]) as found["p"]:
                await run_cell(code, found, where=example.where)
        else:
            await run_cell(code, found, where=example.where)
    assert found.get("handled", "except " not in code), "nothing was raised"
    await stop({name: value for name, value in found.items() if value is not names.get(name)})
