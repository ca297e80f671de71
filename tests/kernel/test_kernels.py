"""The magics in real kernels, ipykernel 7 and 6, spoken to as a front end does."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.asynchronous.client import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager

pytestmark = pytest.mark.long

ROOT = Path(__file__).parents[2]
PATIENCE = 30.0  # seconds for what normally takes none; a kernel that lost a cell would never answer


@dataclass
class Cell:
    """What came back from one cell."""

    status: str
    ename: str = ""
    traceback: str = ""
    """What the page would show of an error; a UsageError is a line on stderr instead."""
    stdout: str = ""
    stderr: str = ""
    value: str = ""
    """The text/plain of the last expression."""
    kinds: frozenset[str] = frozenset()
    """The MIME types of the last expression."""


@dataclass
class Kernel:
    """A front end with one kernel behind it."""

    manager: AsyncKernelManager
    client: AsyncKernelClient
    cells: dict[str, Cell] = field(default_factory=dict)

    def queue(self, code: str) -> str:
        """Send a cell without waiting for those before it, as Run All does."""
        ident: str = self.client.execute(code)
        self.cells[ident] = Cell("queued")
        return ident

    async def finish(self, ident: str) -> Cell:
        """Read what the kernel says until this cell is done."""
        async with asyncio.timeout(PATIENCE):
            while not await self._read(ident):
                pass
            reply = await self.client.get_shell_msg(timeout=PATIENCE)
            while reply["parent_header"]["msg_id"] != ident:
                reply = await self.client.get_shell_msg(timeout=PATIENCE)
        cell = self.cells[ident]
        cell.status = reply["content"]["status"]
        cell.ename = reply["content"].get("ename", "")
        return cell

    async def started(self, ident: str) -> None:
        """Wait until the kernel prints the word go from this cell."""
        async with asyncio.timeout(PATIENCE):
            while "go" not in self.cells[ident].stdout:
                await self._read(ident)

    async def run(self, code: str) -> Cell:
        return await self.finish(self.queue(code))

    async def ok(self, code: str) -> Cell:
        cell = await self.run(code)
        assert cell.status == "ok", f"{code}: {cell}"
        return cell

    async def interrupt(self) -> None:
        await self.manager.interrupt_kernel()

    async def _read(self, ident: str) -> bool:
        """Take one message in; True where it says that this cell is done."""
        message: dict[str, Any] = await self.client.get_iopub_msg(timeout=PATIENCE)
        parent = message["parent_header"].get("msg_id")
        cell = self.cells.get(parent)
        if cell is None:
            return False
        content = message["content"]
        match message["msg_type"]:
            case "stream":
                setattr(cell, content["name"], getattr(cell, content["name"]) + content["text"])
            case "execute_result":
                cell.value = content["data"].get("text/plain", "")
                cell.kinds |= content["data"].keys()
            case "display_data":
                cell.kinds |= content["data"].keys()
            case "error":
                cell.traceback = "\n".join(content["traceback"])
            case "status":
                return bool(parent == ident and content["execution_state"] == "idle")
        return False


@pytest.fixture(params=[7, 6], ids=["ipykernel7", "ipykernel6"])
async def fresh(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Kernel]:
    """A kernel of its own that has run no cell."""
    path = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
    if request.param == 6:
        path.insert(0, str(request.getfixturevalue("ipykernel_6")))
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "tested",
        "language": "python",
        "env": {"PYTHONPATH": os.pathsep.join(path), "IPYTHONDIR": str(tmp_path / "ipython")},
    }
    (tmp_path / "kernels" / "tested").mkdir(parents=True)
    (tmp_path / "kernels" / "tested" / "kernel.json").write_text(json.dumps(spec))
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    specs = KernelSpecManager(kernel_dirs=[str(tmp_path / "kernels")], ensure_native_kernel=False)
    manager = AsyncKernelManager(kernel_name="tested", kernel_spec_manager=specs)
    await manager.start_kernel()
    client = manager.client()
    client.start_channels()
    try:
        await client.wait_for_ready(timeout=60)
        yield Kernel(manager, client)
    finally:
        client.stop_channels()
        await manager.shutdown_kernel(now=True)


@pytest.fixture
async def kernel(fresh: Kernel, request: pytest.FixtureRequest) -> Kernel:
    """A kernel with a silent and an echoing server in it, and the extension loaded."""
    version = await fresh.ok("import ipykernel; ipykernel.version_info[0]")
    wanted = request.node.callspec.params["fresh"]
    assert version.value == str(wanted), "the kernel is not of the version that this test is about"
    await fresh.ok(
        "import asyncio\n"
        "from wsnotebook.lab import embedded_server\n"
        "silent = await embedded_server('silent')\n"
        "echo = await embedded_server('echo')\n"
        "%load_ext wsnotebook\n"
    )
    return fresh


IN_A_DEF = "def now():\n    value = %ws {}\n    return value\n"
"""A synchronous function: there the magic cannot be awaited and waits by itself, nested in the kernel's loop."""

LATER = "asyncio.get_running_loop().call_later({}, {})\n"

WAYS = {
    "awaited": "message = %ws recv --timeout 20\nmessage",
    "nested": IN_A_DEF.format("recv --timeout 20") + "now()",
    "timed": "%time %ws recv --timeout 20",
}


@pytest.mark.parametrize("way", WAYS)
async def test_cells_that_are_queued_while_a_magic_waits_are_all_run(kernel: Kernel, way: str) -> None:
    """Three cells are sent at once and the first one waits for a message: none is lost, and they run in order."""
    await kernel.ok("%ws connect {echo.url}\nfrom wsnotebook.workbench import workbench")
    # The message comes half a second after the first cell began to wait: by then the others are in the kernel.
    late = LATER.format(0.5, "lambda: tasks.append(asyncio.ensure_future(workbench.send('late')))")
    idents = [kernel.queue(code) for code in (f"tasks = []\n{late}{WAYS[way]}", "order = [2]", "order + [3]")]
    cells = [await kernel.finish(ident) for ident in idents]
    assert [cell.status for cell in cells] == ["ok", "ok", "ok"], cells
    assert [cell.value for cell in cells] == ["'late'", "", "[2, 3]"]


async def test_an_interrupt_ends_an_awaited_receive_on_a_silent_server(kernel: Kernel) -> None:
    """■ is answered though nothing arrives that would wake the loop, and the session is as good as before."""
    await kernel.ok("%ws connect {silent.url}")
    waiting = kernel.queue(LATER.format(0.2, "print, 'go'") + "%ws recv")
    await kernel.started(waiting)
    await kernel.interrupt()
    cell = await kernel.finish(waiting)
    assert cell.status == "error"
    assert cell.ename in {"CancelledError", "KeyboardInterrupt"}
    assert "pong" in (await kernel.ok("%ws ping --timeout 10")).value
    assert "sent text, 5 bytes" in (await kernel.ok("%ws send still")).value


CHATTER = """
async def chatter():
    global rounds
    while True:
        await workbench.send(str(rounds), name="busy")
        assert (await workbench.receive(name="busy")).read_text() == str(rounds)
        rounds += 1
from wsnotebook.workbench import workbench
rounds = 0
task = asyncio.create_task(chatter())
"""


async def test_ten_interrupts_of_a_nested_receive_break_nothing(kernel: Kernel) -> None:
    """Ten of ten come out as KeyboardInterrupt where they belong: a second session talks on, and both are usable."""
    await kernel.ok("%ws connect {echo.url} --name busy\n%ws connect {silent.url} --name quiet")
    await kernel.ok(CHATTER + IN_A_DEF.format("recv"))
    for _ in range(10):
        waiting = kernel.queue(LATER.format(0.1, "print, 'go'") + "now()")
        await kernel.started(waiting)
        await kernel.interrupt()
        assert (await kernel.finish(waiting)).ename == "KeyboardInterrupt"
        assert (await kernel.ok("task.done()")).value == "False"
    assert "pong" in (await kernel.ok("%ws ping --timeout 10")).value
    assert (await kernel.ok("before = rounds\nawait asyncio.sleep(0.1)\nrounds > before")).value == "True"
    await kernel.ok("task.cancel()")


async def test_a_notebook_of_magics_runs_in_one_go(kernel: Kernel) -> None:
    """All cells are sent at once: connect, send, receive, loops, functions, the body of a cell, %time, close."""
    cells = {
        "%ws connect {echo.url} --name feed": None,
        "for i in range(3):\n    %ws send number {i}": None,
        "numbers = []\nfor i in range(3):\n    number = %ws recv\n    numbers.append(number)\nnumbers": (
            "['number 0', 'number 1', 'number 2']"
        ),
        "%%ws send\n{{'as': 'it is'}}\n$HOME": None,
        "%ws recv": repr("{'as': 'it is'}\n$HOME"),
        '%ws send --json {"a":1}': "sent text, 7 bytes, to feed",
        "async def answer():\n    value = %ws recv --json\n    return value": None,
        "await answer()": "{'a': 1}",
        "def echo_of(text):\n    %ws send {text}\n    value = %ws recv\n    return value": None,
        "[echo_of(text) for text in 'ab']": "['a', 'b']",
        "%ws send --hex 00 ff": "sent binary, 2 bytes, to feed",
        "%time %ws recv": repr(b"\x00\xff"),
        "%%capture captured\n%ws send captured": None,
        "x = %ws recv\nx": "'captured'",
        "%ws mask off": "masking is off for feed: a correct server answers 1002",
        "%ws mask": "masking is on for feed",
        "%ws close 4000 that is all": "feed closed by local: 4000: 'that is all'",
    }
    idents = [kernel.queue(code) for code in cells]
    done = [await kernel.finish(ident) for ident in idents]
    assert [cell.status for cell in done] == ["ok"] * len(cells), done
    for (code, expected), cell in zip(cells.items(), done, strict=True):
        assert expected is None or cell.value == expected, code


WIDGET = "application/vnd.jupyter.widget-view+json"


async def test_what_was_said_can_be_looked_at(kernel: Kernel) -> None:
    """Log, DataFrame, list, panel and session of a live session; a peer's escape sequence stays an escape."""
    await kernel.ok("%ws connect {echo.url} --name feed")
    await kernel.ok("evil = 'a\\x1b[2Jb'\n%ws send {evil}\nback = %ws recv")
    log = await kernel.ok("log = %ws log 1\nlog['text'].tolist()")
    assert log.value == repr(["a\\x1b[2Jb"])
    assert "text/html" in (await kernel.ok("%ws log")).kinds
    columns = await kernel.ok("' '.join(log.columns)")
    assert columns.value == "'time direction opcode fin masked length status text'", "nothing that is empty"
    await kernel.ok("%ws send --hex 00\nbinary = %ws recv")
    binary = await kernel.ok("log = %ws log 3\nlog['payload'].dropna().tolist()")
    assert binary.value == repr([b"\x00"] * 2), "a payload is shown where there is no text"
    assert (await kernel.ok("log = %ws log 0\nlen(log)")).value == "0"
    frames = await kernel.ok("df = %ws df\n[list(df['direction'][:2]), list(df['text'][:2]), back]")
    assert frames.value == repr([["out", "in"], ["a\x1b[2Jb"] * 2, "a\x1b[2Jb"])
    assert (await kernel.ok("table = %ws list\ntable.to_dict('list')['frames']")).value == "[4]"
    assert WIDGET in (await kernel.ok("%ws panel")).kinds
    same = await kernel.ok("session = %ws session\nlen(session.df)")
    assert same.value == "4"


async def test_a_refused_connect_of_a_cell_is_one_line_and_can_be_caught(kernel: Kernel) -> None:
    """As ``%ws connect`` shows it; the cell fails with the exception that it is."""
    cell = await kernel.run("import wsnotebook\nawait wsnotebook.connect('ws://127.0.0.1:1/')")
    assert cell.ename == "ConnectError" and cell.traceback.startswith("ConnectError: ws://127.0.0.1:1/")
    assert "\n" not in cell.traceback
    caught = "try:\n    await wsnotebook.connect('ws://127.0.0.1:1/')\nexcept ConnectionError as error:\n    caught = error"
    await kernel.ok(caught)
    assert (await kernel.ok("type(caught).__name__")).value == "'ConnectError'"


async def test_what_goes_wrong_on_the_way_is_one_line(kernel: Kernel) -> None:
    """No server, no WebSocket there, no such scheme, an ended session: a sentence each, and no traceback."""
    await kernel.ok("%ws connect {silent.url} --name quiet\n%ws close")
    wrong = {
        "%ws connect ws://127.0.0.1:1/": "ws://127.0.0.1:1/",
        "%ws connect http://127.0.0.1/": "is not a WebSocket URL",
        "%ws connect {echo.url} -H 'A\tB: x'": "",
        "%ws send hello": "the session is closed",
        "%ws recv": "the session is closed",
        "%ws ping": "the session is closed",
    }
    for code, sentence in wrong.items():
        cell = await kernel.run(code)
        verb = code.split()[1]
        assert cell.traceback.startswith(f"{cell.ename}: %ws {verb}: "), f"{code}: {cell}"
        assert "\n" not in cell.traceback
        assert sentence in cell.traceback
    assert "1000" in (await kernel.ok("%ws close")).value, "closing twice is no error"


async def test_the_first_cell_may_load_and_connect(kernel: Kernel) -> None:
    """In the cell of %load_ext itself the magics are not yet awaited: they wait by themselves."""
    await kernel.ok("%unload_ext wsnotebook")
    cell = await kernel.ok("%load_ext wsnotebook\n%ws connect {echo.url} --name first")
    assert cell.value.startswith("first is open: ws://127.0.0.1:")


async def test_what_a_person_can_mend_is_one_line(kernel: Kernel) -> None:
    """A wrong line and a command to nobody are UsageErrors without a traceback; the kernel lives on."""
    for code in ("%ws connect {echo.url} --nmae x", "def f():\n    %ws recv --nmae x\nf()"):
        cell = await kernel.run(code)
        assert (cell.ename, cell.traceback) == ("UsageError", "")
        assert cell.stderr.startswith("UsageError: ")
    for code in ("x = 1\n%ws recv", "def f():\n    %ws recv\nf()"):
        cell = await kernel.run(code)
        assert cell.traceback.startswith("WorkbenchError: line 2: %ws recv: there is no session yet")
        assert (cell.ename, "\n" in cell.traceback) == ("WorkbenchError", False)
    assert (await kernel.ok("1 + 1")).value == "2"


async def test_nest_asyncio_applied_by_somebody_else_is_seen(kernel: Kernel) -> None:
    """Under ipykernel 7 a nested wait is refused with what to do; under 6 it is right. Awaiting needs neither."""
    await kernel.ok("import nest_asyncio, ipykernel; nest_asyncio.apply()\n" + IN_A_DEF.format("ping"))
    await kernel.ok("%ws connect {echo.url}")
    cell = await kernel.run("now()")
    if "7" == (await kernel.ok("ipykernel.version_info[0]")).value:
        assert "call nest_asyncio2.apply() instead" in cell.traceback
    else:
        assert cell.value.startswith("pong after")
    assert "pong" in (await kernel.ok("%ws ping")).value


LOAD_AWAITED = "import asyncio\nawait asyncio.sleep(0)\n%load_ext wsnotebook"
"""A first cell that awaits, as one that starts a server does: ipykernel then has no traceback to answer with."""


async def test_the_first_slip_is_answered(fresh: Kernel) -> None:
    """Before any cell without an await has run; and the cells after it run."""
    await fresh.ok(LOAD_AWAITED)
    cell = await fresh.run("%ws send nobody is there")
    assert (cell.status, cell.ename) == ("error", "WorkbenchError")
    assert "there is no session yet" in cell.traceback
    bare = "from IPython.core.error import UsageError\nawait asyncio.sleep(0)\nraise UsageError('no')"
    assert (await fresh.run(bare)).status == "error"
    assert (await fresh.ok("1 + 1")).value == "2"


@pytest.mark.parametrize(
    ("slip", "sentence"),
    [
        ("%ws close", "WorkbenchError: %ws close: there is no session yet"),
        ("%ws nosuch", "UsageError: %ws has no verb"),
        ("%ws close --no 1", "UsageError: %ws close: there is no option --no"),
    ],
)
async def test_the_answer_to_a_slip_has_its_sentence_and_no_older_traceback(
    fresh: Kernel, slip: str, sentence: str
) -> None:
    """It is what programs show that run notebooks."""
    await fresh.ok(LOAD_AWAITED)
    assert (await fresh.run("1 / 0")).status == "error"
    ident = fresh.queue(slip)
    reply = await fresh.client.get_shell_msg(timeout=PATIENCE)
    while reply["parent_header"]["msg_id"] != ident:
        reply = await fresh.client.get_shell_msg(timeout=PATIENCE)
    assert len(reply["content"]["traceback"]) == 1
    assert reply["content"]["traceback"][0].startswith(sentence)


def test_a_notebook_with_a_slip_fails_with_the_sentence(tmp_path: Path) -> None:
    """``jupyter execute``, which is this function, neither hangs nor passes."""
    import nbformat  # here: it takes seconds, also of those who only collect this test
    from nbformat.v4 import new_code_cell, new_notebook

    cells = [new_code_cell(LOAD_AWAITED), new_code_cell("%ws send nobody is there"), new_code_cell("1")]
    path = tmp_path / "slip.ipynb"
    nbformat.write(new_notebook(cells=cells), path)
    command = [sys.executable, "-c", "from nbclient.cli import main; main()", "--timeout=60", str(path)]
    path_of_packages = os.pathsep.join([str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path_of_packages, "IPYTHONDIR": str(tmp_path / "ipython")}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=250)
    assert done.returncode != 0
    assert "WorkbenchError: %ws send: there is no session yet" in done.stderr


SCRIPT = """%%ws script
# a body is taken as it is: {braces} and $names too
> hello {
< /^hel(?P<rest>.*)$/
>json {"rest": "{rest}"}
<json {"rest": "{rest}"}
"""


async def test_a_forgotten_await_is_told(fresh: Kernel) -> None:
    """As the value of a cell the coroutine is a sentence, without %load_ext; elsewhere Python warns and names the verb."""
    await fresh.ok(
        "from wsnotebook import connect\n"
        "from wsnotebook.lab import embedded_server\n"
        "server = await embedded_server('echo')\n"
        "session = await connect(server.url)\n"
    )
    shown = await fresh.ok("session.send('x')")
    assert shown.value == "Nothing was sent: write await session.send('x')"
    assert (await fresh.ok("[session.ping()]")).value == "[No ping was sent: write await session.ping()]"
    assert "write session = await connect(…)" in (await fresh.ok("connect(server.url)")).value
    assert (await fresh.ok("import asyncio\nasyncio.sleep(0)")).value.startswith("<coroutine object sleep")
    lost = await fresh.ok("session.send('x')\nlen(session.log)")
    assert (lost.value, "'ClientWebSocketSession.send' was never awaited" in lost.stderr) == ("0", True)
    assert (await fresh.ok("await session.send('x')\nawait session.receive(timeout=60)")).value == "'x'"


async def test_a_script_runs_in_a_cell(kernel: Kernel) -> None:
    """Its steps are printed, its frames are the value of the cell, and a step that fails is one line."""
    await kernel.ok("%ws connect {echo.url}")
    cell = await kernel.ok(SCRIPT)
    assert [line.split()[:2] for line in cell.stdout.splitlines()] == [
        ["2", ">"], ["3", "<"], ["4", ">json"], ["5", "<json"],
    ]  # fmt: skip
    assert "hello {" in cell.value and '{"rest": "lo {"}' in cell.value
    failed = await kernel.run("%%ws script\ntimeout 0.1\n> hello\n< goodbye")
    assert failed.status == "error" and "line 3, < goodbye: expected 'goodbye'" in failed.traceback
    refused = await kernel.run("%%ws script\nsay hello")
    assert "line 1, say hello: this is no step" in refused.traceback


async def test_tab_is_answered_by_the_kernel(kernel: Kernel) -> None:
    """A complete_request offers verbs, values and names of sessions, also of one that connect() opened."""
    await kernel.ok("import wsnotebook\nopened = await wsnotebook.connect(echo.url, name='opened')")
    for line, offered in {
        "%ws lo": ["log", "load"],
        "%ws use ": ["opened"],
        "%ws mask ": ["on", "off"],
    }.items():
        ident = kernel.client.complete(line)
        reply = await kernel.client.get_shell_msg(timeout=PATIENCE)
        assert reply["parent_header"]["msg_id"] == ident and reply["content"]["matches"] == offered
