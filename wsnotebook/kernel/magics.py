"""The magics %ws and %%ws, and everything that %load_ext wsnotebook adds to a shell.

The verbs are declared in workbench/. This module passes a line to its verb, and decides who waits for it: the cell,
or the magic itself.
"""

from __future__ import annotations

import contextlib
import inspect
from collections.abc import Awaitable, Callable, Iterator, Mapping
from typing import Any, TypeVar

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell
from IPython.core.magic import Magics, line_cell_magic, magics_class, needs_local_scope, no_var_expand
from IPython.utils.text import DollarFormatter

from wsnotebook.errors import WsNotebookError
from wsnotebook.kernel import typedline
from wsnotebook.kernel.awaiting import AWAITED, MAGIC, AwaitingTransformer
from wsnotebook.kernel.completion import IDENTIFIER, ws_matcher
from wsnotebook.kernel.line import Command, parse
from wsnotebook.kernel.loop import NESTED_TIMEOUT, interruptible, wait
from wsnotebook.safetext import safe_text
from wsnotebook.workbench import Workbench, workbench
from wsnotebook.workbench.answers import Sentence
from wsnotebook.workbench.verbs import VERBS

__all__ = ["WsMagics", "load_ipython_extension", "unload_ipython_extension"]

_GRACE = 5.0  # seconds that a nested wait gives to a verb whose own --timeout has run out

F = TypeVar("F", bound=Callable[..., Any])


def _magic(name: str) -> Callable[[F], F]:
    """Make a method a line and cell magic that gets the caller's variables and the line unexpanded."""

    def decorate(method: F) -> F:
        decorated: F = line_cell_magic(name)(needs_local_scope(no_var_expand(method)))
        return decorated

    return decorate


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

    @_magic(MAGIC)
    def ws(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Use a WebSocket session from a cell: %ws alone lists the verbs, %ws VERB --help explains one."""
        command = self._parse(line, cell, local_ns)
        result = self._start(command)
        if not inspect.iscoroutine(result):
            return result
        assert command.verb is not None  # a help text is no coroutine
        own = getattr(command.arguments, command.verb.time_limit, None)
        with _on_one_line(self.shell):
            return wait(
                result,
                timeout=NESTED_TIMEOUT if own is None else own + _GRACE,
                doing=f"%ws {command.verb.name}",
            )

    @_magic(AWAITED)
    def ws_awaited(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Awaitable[Any]:
        """Run the verb and return an awaitable; AwaitingTransformer replaces %ws by this where an await may stand."""
        return _awaited(self.shell, self._start(self._parse(line, cell, local_ns)))

    def _parse(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> Command:
        def expand(text: str) -> str:
            try:
                return str(DollarFormatter().vformat(text, (), {**self.shell.user_ns, **(local_ns or {})}))
            except Exception:  # noqa: BLE001 - as in IPython, text that cannot be expanded is kept
                return text

        with _on_one_line(self.shell):
            return parse(line, cell, VERBS, expand)

    def _start(self, command: Command) -> Any:
        if command.verb is None or command.help:
            return Sentence(command.help)
        with _on_one_line(self.shell):
            return command.verb.run(self._bench, command.arguments)


async def _awaited(shell: InteractiveShell, result: Any) -> Any:
    if not inspect.iscoroutine(result):
        return result
    with _on_one_line(shell):
        return await interruptible(result)


@contextlib.contextmanager
def _on_one_line(shell: InteractiveShell) -> Iterator[None]:
    """Turn errors that a person can correct into UsageError, which IPython shows without a traceback.

    A kernel answers the cell with the last traceback, which is what a program that runs notebooks shows: here the
    sentence, where IPython would leave the traceback of an earlier cell.
    """
    try:
        yield
    except UsageError as error:
        shell._last_traceback = [f"UsageError: {safe_text(str(error))}"]
        raise
    except (WsNotebookError, ValueError, OSError) as error:  # TimeoutError is an OSError
        sentence = safe_text(str(error) or type(error).__name__)
        shell._last_traceback = [f"UsageError: {sentence}"]
        raise UsageError(sentence) from error


def load_ipython_extension(shell: InteractiveShell, bench: Workbench = workbench) -> None:
    """Register %ws, its awaiting and its completion in ``shell``; loading twice changes nothing.

    Args:
        shell: passed by IPython.
        bench: the sessions that the magics act on; without it those of the kernel.
    """
    unload_ipython_extension(shell)
    shell.register_magics(WsMagics(shell, bench))
    shell.input_transformers_post.append(AwaitingTransformer(shell))
    shell.Completer.custom_matchers.append(ws_matcher(bench))
    typedline.register(shell.input_transformer_manager)
    if not hasattr(shell, "_last_traceback"):
        # ipykernel reads it to answer a cell that has failed, and sets it only when a cell runs without an await: the
        # first slip in an awaited cell would get no answer at all.
        shell._last_traceback = None


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Remove everything that load_ipython_extension has registered; sessions stay open."""
    for registered in shell.magics_manager.magics.values():
        for name in (MAGIC, AWAITED):
            registered.pop(name, None)
    shell.magics_manager.registry.pop(WsMagics.__name__, None)
    transformers, matchers = shell.input_transformers_post, shell.Completer.custom_matchers
    typedline.unregister(shell.input_transformer_manager)
    transformers[:] = [each for each in transformers if not isinstance(each, AwaitingTransformer)]
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", None) != IDENTIFIER]
