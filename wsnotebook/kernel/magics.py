"""The magics %ws and %%ws, and what %load_ext wsnotebook puts into a shell and takes out again.

What the verbs are is in vocabulary.py, what they do in verbs.py. Here is only how a line gets there, and who
waits: the cell, or the magic itself.
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
from wsnotebook.kernel.arguments import Command, parse
from wsnotebook.kernel.awaiting import AWAITED, MAGIC, AwaitingTransformer
from wsnotebook.kernel.completion import IDENTIFIER, ws_matcher
from wsnotebook.kernel.loop import NESTED_TIMEOUT, interruptible, wait
from wsnotebook.kernel.verbs import Answer
from wsnotebook.kernel.vocabulary import VERBS
from wsnotebook.safetext import safe_text
from wsnotebook.workbench import Workbench, workbench

__all__ = ["WsMagics", "load_ipython_extension", "unload_ipython_extension"]

_GRACE = 5.0  # seconds that a nested wait gives to a verb whose own --timeout has run out

F = TypeVar("F", bound=Callable[..., Any])


def _magic(name: str) -> Callable[[F], F]:
    """Make a method a line and cell magic that is given the caller's variables, and expands what it wants to."""

    def decorate(method: F) -> F:
        decorated: F = line_cell_magic(name)(needs_local_scope(no_var_expand(method)))
        return decorated

    return decorate


@magics_class
class WsMagics(Magics):  # type: ignore[misc]  # IPython's base has no types
    """The line and cell magic, once waiting by itself and once awaited.

    Args:
        shell: where it is registered.
        bench: the sessions that it speaks to.
    """

    def __init__(self, shell: InteractiveShell, bench: Workbench) -> None:
        super().__init__(shell)
        self._bench = bench

    @_magic(MAGIC)
    def ws(self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None) -> Any:
        """Talk to a WebSocket from a cell: %ws alone lists the verbs, %ws VERB --help explains one."""
        command = self._parse(line, cell, local_ns)
        result = self._start(command)
        if not inspect.iscoroutine(result):
            return result
        own = getattr(command.arguments, "timeout", None)
        with _on_one_line():
            return wait(
                result,
                timeout=NESTED_TIMEOUT if own is None else own + _GRACE,
                doing=f"%ws {command.verb.name}" if command.verb else "%ws",
            )

    @_magic(AWAITED)
    def ws_awaited(
        self, line: str, cell: str | None = None, local_ns: Mapping[str, Any] | None = None
    ) -> Awaitable[Any]:
        """Do what %ws does and return an awaitable; this is what %ws becomes where it can be awaited."""
        return _awaited(self._start(self._parse(line, cell, local_ns)))

    def _parse(self, line: str, cell: str | None, local_ns: Mapping[str, Any] | None) -> Command:
        def expand(text: str) -> str:
            try:
                return str(DollarFormatter().vformat(text, (), {**self.shell.user_ns, **(local_ns or {})}))
            except Exception:  # noqa: BLE001 - as IPython: what does not expand stays as it stands
                return text

        return parse(line, cell, VERBS, expand)

    def _start(self, command: Command) -> Any:
        if command.verb is None or command.help:
            return Answer(command.help)
        with _on_one_line():
            return command.verb.run(self._bench, command.arguments)


async def _awaited(result: Any) -> Any:
    if not inspect.iscoroutine(result):
        return result
    with _on_one_line():
        return await interruptible(result)


@contextlib.contextmanager
def _on_one_line() -> Iterator[None]:
    """Turn what a person can mend into UsageError, which IPython shows without a traceback."""
    try:
        yield
    except (WsNotebookError, ValueError, OSError) as error:  # TimeoutError is an OSError
        raise UsageError(safe_text(str(error) or type(error).__name__)) from error


def load_ipython_extension(shell: InteractiveShell, bench: Workbench = workbench) -> None:
    """Put %ws, its awaiting and its completion into ``shell``; loading twice changes nothing.

    Args:
        shell: IPython gives it.
        bench: the sessions that the magics speak to; without it those of the kernel.
    """
    unload_ipython_extension(shell)
    shell.register_magics(WsMagics(shell, bench))
    shell.input_transformers_post.append(AwaitingTransformer(shell))
    shell.Completer.custom_matchers.append(ws_matcher(bench))


def unload_ipython_extension(shell: InteractiveShell) -> None:
    """Take out what load_ipython_extension put in; sessions stay as they are."""
    for registered in shell.magics_manager.magics.values():
        for name in (MAGIC, AWAITED):
            registered.pop(name, None)
    shell.magics_manager.registry.pop(WsMagics.__name__, None)
    transformers, matchers = shell.input_transformers_post, shell.Completer.custom_matchers
    transformers[:] = [each for each in transformers if not isinstance(each, AwaitingTransformer)]
    matchers[:] = [each for each in matchers if getattr(each, "matcher_identifier", None) != IDENTIFIER]
