"""The magics %ws and %%ws, and everything that %load_ext wsnotebook adds to a shell.

The verbs are declared in workbench/. This module passes a line to its verb, and decides who waits for it: the cell,
or the magic itself.
"""

from __future__ import annotations

import contextlib
import inspect
import sys
from collections.abc import Awaitable, Iterator, Mapping
from typing import Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand

from wsnotebook.errors import WsNotebookError
from wsnotebook.kernel import completion, typedline
from wsnotebook.kernel.awaiting import MAGIC, AwaitedCalls, AwaitingTransformer
from wsnotebook.kernel.line import Command, parse
from wsnotebook.kernel.loop import NESTED_TIMEOUT, interruptible, wait
from wsnotebook.kernel.place import line_of_cell
from wsnotebook.safetext import safe_text
from wsnotebook.workbench import Workbench, workbench
from wsnotebook.workbench.answers import Sentence
from wsnotebook.workbench.verbs import VERBS

__all__ = ["WsMagics", "load_ipython_extension", "unload_ipython_extension"]

_GRACE = 5.0  # seconds that a nested wait gives to a verb whose own --timeout has run out


@magics_class
class WsMagics(Magics):  # type: ignore[misc]  # IPython's base has no types
    """The line and cell magic, once waiting by itself and once awaited.

    Args:
        shell: where it is registered.
        bench: the sessions that it acts on.
    """

    def __init__(self, shell: InteractiveShell, bench: Workbench) -> None:
        super().__init__(shell)
        self._bench = bench

    @line_cell_magic(MAGIC)  # type: ignore[untyped-decorator]  # as the base
    @needs_local_scope  # type: ignore[untyped-decorator]
    @no_var_expand  # type: ignore[untyped-decorator]
    def ws(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Use a WebSocket session from a cell: %ws alone lists the verbs, %ws VERB --help explains one.

        Example::

            server = %ws serve echo
            %ws connect {server.url}
            %ws send hello
            message = %ws recv
            %ws log 20 --grep error
            frames = %ws df
            %ws close 1000 done

        {server.url} stands for the value of an expression. Times are seconds, sizes are bytes or 64KiB. %%ws send and
        %%ws script take the lines below them. Results are values; Tab completes verbs, options and names.
        """
        command, place = self._parse(line, cell, local_ns)
        result = self._start(command, place)
        if not inspect.iscoroutine(result):
            return result
        assert command.verb is not None  # a help text is no coroutine
        own = getattr(command.arguments, command.verb.time_limit, None)
        with _on_one_line(self.shell, place):
            return wait(
                result,
                timeout=NESTED_TIMEOUT if own is None else own + _GRACE,
                doing=f"%ws {command.verb.name}",
            )

    def awaited(self, line: str, cell: str | None = None) -> Awaitable[Any]:
        """Run the verb and return an awaitable; AwaitedCalls calls it where an await stands."""
        command, place = self._parse(line, cell, sys._getframe(1).f_locals)
        return _awaited(self.shell, self._start(command, place), place)

    def _parse(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> tuple[Command, str]:
        """Return the command, and its place for the beginning of an error."""
        number = line_of_cell(self.shell)
        at = "" if number is None else f"line {number}: "
        with _on_one_line(self.shell, at):
            command = parse(line, cell, VERBS, {**self.shell.user_ns, **(local_ns or {})})
        return command, at if command.verb is None else f"{at}%ws {command.verb.name}: "

    def _start(self, command: Command, place: str) -> Any:
        if command.verb is None or command.help:
            return Sentence(command.help)
        with _on_one_line(self.shell, place):
            return command.verb.run(self._bench, command.arguments, command.variables)


async def _awaited(shell: InteractiveShell, result: Any, place: str) -> Any:
    if not inspect.iscoroutine(result):
        return result
    with _on_one_line(shell, place):
        return await interruptible(result)


@contextlib.contextmanager
def _on_one_line(shell: InteractiveShell, place: str) -> Iterator[None]:
    """Show errors that a person can correct on one line, with their place; they keep their type, for ``except``.

    IPython shows a UsageError without a traceback, and others by their ``_render_traceback_``. A kernel answers the
    cell with the last traceback, which is what a program that runs notebooks shows: for a UsageError IPython would
    leave that of an earlier cell.
    """
    try:
        yield
    except UsageError as error:
        sentence = safe_text(f"{place}{error}")
        error.args = (sentence,)
        shell._last_traceback = [f"UsageError: {sentence}"]
        raise
    except (WsNotebookError, ValueError, OSError) as error:  # TimeoutError is an OSError
        sentence = safe_text(f"{type(error).__name__}: {place}{str(error) or 'it failed'}")
        error._render_traceback_ = lambda: [sentence]  # type: ignore[union-attr]  # IPython asks the instance
        raise


def load_ipython_extension(shell: InteractiveShell, bench: Workbench = workbench) -> None:
    """Register %ws, its awaiting and its completion in ``shell``; loading twice changes nothing.

    Args:
        shell: passed by IPython.
        bench: the sessions that the magics act on; without it those of the kernel.
    """
    unload_ipython_extension(shell)
    shell.register_magics(WsMagics(shell, bench))
    shell.input_transformers_post.append(AwaitingTransformer(shell))
    shell.ast_transformers.append(AwaitedCalls())
    completion.register(shell.Completer, bench)
    typedline.register(shell.input_transformer_manager)
    if not hasattr(shell, "_last_traceback"):
        # ipykernel reads it to answer a cell that has failed, and sets it only when a cell runs without an await: the
        # first slip in an awaited cell would get no answer at all.
        shell._last_traceback = None


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove everything that load_ipython_extension has registered; sessions stay open."""
    for registered in shell.magics_manager.magics.values():
        registered.pop(MAGIC, None)
    shell.magics_manager.registry.pop(WsMagics.__name__, None)
    transformers = shell.input_transformers_post
    completion.unregister(shell.Completer)
    typedline.unregister(shell.input_transformer_manager)
    transformers[:] = [each for each in transformers if not isinstance(each, AwaitingTransformer)]
    shell.ast_transformers[:] = [
        each for each in shell.ast_transformers if not isinstance(each, AwaitedCalls)
    ]
