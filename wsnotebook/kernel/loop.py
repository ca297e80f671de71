"""Waiting in a notebook: synchronous code that runs a coroutine, and awaits that ■ Interrupt can cancel.

Only this module imports nest_asyncio and nest_asyncio2, and decides which and when. Nothing is patched at import, nor
by a wait that needs no nested loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import importlib
import inspect
import signal
import sys
import threading
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from typing import Any, TypeVar

from IPython.core import async_helpers
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.errors import NestedWaitError

__all__ = ["NESTED_TIMEOUT", "TICK", "interruptible", "make_reentrant", "wait"]

T = TypeVar("T")

NESTED_TIMEOUT = 60.0
"""Seconds after which a synchronous wait fails: the event it needs may come only from code that runs after it."""

TICK = 0.1
"""Seconds between two wake-ups of an idle loop: ipykernel handles ■ only when the loop wakes."""

_RUN_CELL = InteractiveShell.run_cell_async.__code__

_PATIENCE = (
    2  # interrupts that cancel the wait; the next one calls the previous handler, for a loop that is blocked
)

_WAY_OUT = "write the magic on a line of its own in a cell, or in an async def: there it is awaited"


def wait(
    coro: Coroutine[Any, Any, T], *, timeout: float | None = NESTED_TIMEOUT, doing: str = "this wait"
) -> T:
    """Run ``coro`` to completion from synchronous code and return its result.

    Where the event loop is already running, as in every notebook, the wait is nested in it: other tasks continue, and
    nested waits end in the reverse order of their start. ■ Interrupt cancels ``coro`` and no other task.

    Args:
        coro: the coroutine; it is closed where it cannot be started.
        timeout: seconds; None for no limit.
        doing: subject of the sentence in the error when the time runs out.

    Raises:
        NestedWaitError: the time ran out, or this loop or thread cannot wait; the sentence names the way out.
        KeyboardInterrupt: ■ was pressed.
    """
    try:
        loop = _loop_of_this_thread()
        if loop.is_running():
            make_reentrant(loop)
        return _run_guarded(loop, coro, timeout, doing)
    finally:
        if inspect.getcoroutinestate(coro) == inspect.CORO_CREATED:
            coro.close()


async def interruptible(awaitable: Awaitable[T]) -> T:
    """Await while a timer wakes the loop every 100 ms, so that ■ is handled on a silent connection.

    In a kernel ■ then cancels the cell. In terminal IPython Ctrl-C would be raised inside the task that happens to
    run; where a cell awaits this, Ctrl-C cancels the cell only.

    Raises:
        KeyboardInterrupt: Ctrl-C in terminal IPython. In a kernel ipykernel raises CancelledError.
    """
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    guard: contextlib.AbstractContextManager[list[int]] = contextlib.nullcontext([])
    if task is not None and _is_cell_of_terminal(task):
        guard = _sigint(loop, task.cancel)
    with _ticking(loop), guard as presses:
        try:
            return await awaitable
        except asyncio.CancelledError:
            if task is None or not presses:
                raise
            task.uncancel()
            raise KeyboardInterrupt from None


def make_reentrant(loop: asyncio.AbstractEventLoop) -> None:
    """Patch ``loop`` so that it can be run from within itself, with the package that fits this kernel.

    The patch replaces asyncio.Task by its pure-Python version in the whole process, so it is applied as late as
    possible.

    Raises:
        NestedWaitError: the loop cannot be patched, or another patch was applied before.
    """
    if not isinstance(loop, asyncio.BaseEventLoop):
        kind = f"{type(loop).__module__}.{type(loop).__qualname__}"
        raise NestedWaitError(
            f"a {kind} loop cannot wait for itself from synchronous code, only asyncio's own loops can: {_WAY_OUT}; "
            "or start the kernel without uvloop."
        )
    fault = _fault_of_nest_asyncio()
    first_was_nest_asyncio = hasattr(asyncio, "_nest_patched") and not hasattr(asyncio, "_nest_asyncio2")
    if fault and first_was_nest_asyncio:
        raise NestedWaitError(
            f"nest_asyncio.apply() was called in this kernel, and {fault}: restart the kernel and call "
            f"nest_asyncio2.apply() instead; or {_WAY_OUT}."
        )
    wanted = "nest_asyncio2" if fault else "nest_asyncio"
    try:
        patch = importlib.import_module(wanted)
    except ModuleNotFoundError as error:
        raise NestedWaitError(
            f"a wait within a running loop needs {wanted} in this kernel, and ipykernel brings it along from 7.3 on only: "
            f"pip install {wanted}; or {_WAY_OUT}."
        ) from error
    patch.apply(loop)


def _is_cell_of_terminal(task: asyncio.Task[Any]) -> bool:
    # Not a background task: the loop stops between cells, so its handler would still be set in the next cell.
    is_cell = getattr(task.get_coro(), "cr_code", None) is _RUN_CELL
    return is_cell and signal.getsignal(signal.SIGINT) is signal.default_int_handler  # a kernel has its own


def _fault_of_nest_asyncio() -> str:
    """Return what nest_asyncio breaks in this kernel, where nest_asyncio2 does not; empty for nothing."""
    ipykernel = sys.modules.get("ipykernel")  # None in terminal IPython and in other kernels
    version: tuple[int, ...] = getattr(ipykernel, "version_info", (0,))
    if version[0] >= 7:  # it runs all cells in one contextvars context, which cannot be entered twice
        return "under ipykernel 7 it loses the cells that are queued while one waits"
    if sys.version_info >= (3, 14):  # asyncio keeps the current task where nest_asyncio does not look
        return "on Python 3.14 it stops every other task while one waits"
    return ""


def _loop_of_this_thread() -> asyncio.AbstractEventLoop:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        if threading.current_thread() is threading.main_thread():
            return _loop_of_terminal()
    raise NestedWaitError(
        f"thread {threading.current_thread().name!r} has no event loop to wait in: use session.threadsafe there, "
        "whose verbs return a concurrent.futures.Future."
    )


def _loop_of_terminal() -> asyncio.AbstractEventLoop:
    """Return the loop in which terminal IPython runs async cells, and so the sessions; the first call makes it."""
    loop: asyncio.AbstractEventLoop
    if hasattr(async_helpers, "get_asyncio_loop"):
        loop = async_helpers.get_asyncio_loop()
    else:  # IPython 7
        loop = async_helpers._asyncio_runner.loop
    return loop


def _run_guarded(
    loop: asyncio.AbstractEventLoop, coro: Coroutine[Any, Any, T], timeout: float | None, doing: str
) -> T:
    tasks: list[asyncio.Task[T]] = []

    def cancel() -> None:
        for task in tasks:
            task.cancel()

    with _ticking(loop), _sigint(loop, cancel) as presses:
        # Inside the guard, so that no KeyboardInterrupt leaves a running coroutine without an owner.
        task = loop.create_task(_limited(coro, timeout, doing), name=f"wsnotebook: {doing}")
        tasks.append(task)
        try:
            result = loop.run_until_complete(task)
        except asyncio.CancelledError:
            if not presses:
                raise
        finally:
            task.cancel()  # a task that is not done would continue in the background
    if presses:
        raise KeyboardInterrupt
    return result


async def _limited(coro: Coroutine[Any, Any, T], timeout: float | None, doing: str) -> T:
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            return await coro
    except TimeoutError as error:
        if not limit.expired():
            raise
        raise NestedWaitError(
            f"{doing} was waited for in synchronous code and did not end within {timeout:g} s. If it needs what the "
            f"code after it does, it never will: {_WAY_OUT}; or give it more time with --timeout."
        ) from error


@contextlib.contextmanager
def _ticking(loop: asyncio.AbstractEventLoop) -> Iterator[None]:
    handle: asyncio.TimerHandle | None = None

    def tick() -> None:
        nonlocal handle
        handle = loop.call_later(TICK, tick)

    tick()
    try:
        yield
    finally:
        if handle is not None:
            handle.cancel()


@contextlib.contextmanager
def _sigint(loop: asyncio.AbstractEventLoop, cancel: Callable[[], object]) -> Iterator[list[int]]:
    """Call ``cancel`` in the loop on SIGINT, instead of raising in the running code; yield the list of interrupts.

    Signals exist only in the main thread; in any other nothing is done.
    """
    presses: list[int] = []
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield presses
        return

    def handle(signum: int, frame: Any) -> None:
        presses.append(signum)
        loop.call_soon_threadsafe(cancel)  # threadsafe, because it wakes the selector
        if len(presses) > _PATIENCE:
            previous(signum, frame)

    signal.signal(signal.SIGINT, handle)
    try:
        yield presses
    finally:
        signal.signal(signal.SIGINT, previous)
