from __future__ import annotations

import ast
import asyncio
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from wsnotebook.kernel.magics import load_ipython_extension, unload_ipython_extension
from wsnotebook.wire.frames import Frame

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook

ROOT = Path(__file__).parents[2]


# ---- loading ----


def parts(shell: InteractiveShell) -> tuple[list[Any], ...]:
    """Everything the extension may touch."""
    return (
        sorted(shell.magics_manager.magics["line"]),
        sorted(shell.magics_manager.magics["cell"]),
        sorted(shell.magics_manager.registry),
        list(shell.input_transformers_post),
        list(shell.ast_transformers),
        # The second are where IPython before 8.6 has ours.
        [*shell.Completer.custom_matchers, *getattr(shell.Completer, "magic_arg_matchers", [])],
    )


def test_unloading_leaves_the_shell_as_it_was(shell: InteractiveShell) -> None:
    """Magics, transformer and matcher go as they came, and those of others stay."""
    shell.input_transformers_post.append(lambda lines: lines)
    before = parts(shell)
    load_ipython_extension(shell)
    assert all(now != then for now, then in zip(parts(shell), before, strict=True))
    unload_ipython_extension(shell)
    assert parts(shell) == before


def test_loading_twice_does_not_double(shell: InteractiveShell) -> None:
    """After two loads one unload is enough."""
    before = parts(shell)
    load_ipython_extension(shell)
    loaded_once = [len(part) for part in parts(shell)]
    load_ipython_extension(shell)
    assert [len(part) for part in parts(shell)] == loaded_once
    unload_ipython_extension(shell)
    assert parts(shell) == before


def test_unloading_what_was_never_loaded_does_nothing(shell: InteractiveShell) -> None:
    """%unload_ext in a fresh kernel is no error."""
    before = parts(shell)
    unload_ipython_extension(shell)
    assert parts(shell) == before


def test_loading_costs_neither_pandas_nor_widgets_nor_a_patch() -> None:
    """What a verb needs is imported when the verb is used."""
    code = (
        "import sys, asyncio, wsnotebook.kernel.magics\n"
        "print({'pandas', 'ipywidgets', 'pyarrow', 'nest_asyncio', 'nest_asyncio2'} & set(sys.modules),"
        " hasattr(asyncio, '_nest_patched'))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout == "set() False\n"


# ---- who waits ----


def test_in_a_cell_the_magic_is_awaited(connected: Notebook) -> None:
    """The rest of the loop goes on while the cell waits: here the task that makes the message."""
    connected.shell.user_ns["session"] = connected.session
    value = connected.run(
        "import asyncio\n"
        "from wsnotebook.wire.frames import Frame\n"
        "task = asyncio.create_task(session.arrived.put(Frame.text('hello')))\n"
        "for _ in range(1):\n"
        "    message = %ws recv\n"
        "message"
    )
    assert value == "hello"
    assert not hasattr(asyncio, "_nest_patched")


def test_in_a_def_of_a_plain_cell_the_magic_waits_by_itself(connected: Notebook) -> None:
    """No loop runs in terminal IPython, so nothing has to be nested, and nothing is patched."""
    connected.session.arrived.put_nowait(Frame.text("hello"))
    assert connected.run("def f():\n    message = %ws recv\n    return message\nf()") == "hello"
    assert connected.run("value = %time %ws ping\nvalue") == 0.00125
    assert not hasattr(asyncio, "_nest_patched")


def test_a_verb_that_does_not_wait_never_nests(connected: Notebook) -> None:
    """%ws mask and its like work from a def inside a running loop without a patch."""
    connected.run("def f():\n    %ws mask off\nimport asyncio\nawait asyncio.sleep(0)\nf()")
    assert connected.session.masking is False
    assert not hasattr(asyncio, "_nest_patched")


def test_a_word_without_percent_is_awaited_too(connected: Notebook) -> None:
    """IPython's automagic makes a magic of `ws send hi`."""
    connected.run("ws send hi")
    assert connected.session.sent == [Frame.text("hi")]


def test_without_a_session_the_sentence_says_how_to_open_one(notebook: Notebook) -> None:
    """Every verb that needs a session says so."""
    for verb in ("send x", "recv", "ping", "mask", "log", "df", "session", "close", "terminate"):
        assert "open one with %ws connect URL" in notebook.refused(f"%ws {verb}", "WorkbenchError")


def test_a_verb_to_a_session_that_has_ended_is_one_line(connected: Notebook) -> None:
    """The sentence of the exception is shown."""
    connected.run("%ws close")
    assert "what was recorded is still in session.log" in connected.refused("%ws send hello", "SessionClosed")
    assert connected.shown("%ws list")


def test_the_names_in_the_list_of_sessions_are_no_mathematics(notebook: Notebook) -> None:
    """Nor are their addresses: a page with MathJax would typeset what stands between two dollars."""
    notebook.run(r"%ws connect ws://lab/ --name $\href$")
    made, _ = notebook.shell.display_formatter.format(notebook.run("%ws list"))
    assert r"$\href$" in made["text/html"] and "tex2jax_ignore" in made["text/html"]


CATCH = """
def waits():
    %ws recv --timeout 0.01
caught = []
try:
    %ws recv --timeout 0.01
except TimeoutError as error:
    caught.append(str(error))
try:
    waits()
except TimeoutError as error:
    caught.append(str(error))
try:
    %ws close
    %ws send hello
except wsnotebook.SessionClosed as error:
    caught.append(error.reason.code)
caught
"""


def test_an_error_of_a_session_can_be_caught() -> None:
    """By its type, with its own sentence and attributes, awaited and not; in a process whose asyncio may be patched."""
    cells = (
        "%load_ext wsnotebook",
        "from wsnotebook.lab import embedded_server\nserver = await embedded_server('silent')",
        "%ws connect {server.url} --name one",
        f"import wsnotebook\n{CATCH}",
        "await server.stop()",
        "print(caught)",
    )
    code = (
        "from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance()\n"
        f"for cell in {cells!r}:\n"
        "    shell.run_cell(cell).raise_error()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    late, nested, code_of_close = ast.literal_eval(done.stdout.splitlines()[-1])
    assert (
        late
        == nested
        == "no message came from one within 0.01 s; what came before is in its log: see %ws log."
    )
    assert code_of_close == 1000


def test_no_name_of_ours_is_seen(connected: Notebook) -> None:
    """The list of magics, history, tracebacks and %%ws without a body show only what a person typed."""
    shell = connected.shell
    assert [name for name in shell.magics_manager.magics["line"] if "ws" in name.split("_")] == ["ws"]
    source = shell.transform_cell("x = 1\n%ws recv\n")
    assert source == "x = 1\n(await get_ipython().run_line_magic('ws', 'recv'))\n"
    assert "did you mean the line magic" not in connected.refused("%%ws send").lower()
    with capture_output() as captured:
        shell.run_cell("%ws recv --timeout {0/0}\n1/0")
    assert "awaited" not in captured.stdout + captured.stderr


def test_the_docstring_leads_to_the_help(notebook: Notebook) -> None:
    """%ws? shows it."""
    assert "%ws alone lists the verbs" in notebook.shell.find_line_magic("ws").__doc__
