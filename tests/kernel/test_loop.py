from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.errors import NestedWaitError
from wsnotebook.kernel.loop import interruptible, make_reentrant, wait

ROOT = Path(__file__).parents[2]


def press_stop() -> None:
    os.kill(os.getpid(), signal.SIGINT)


async def forever(started: Callable[[], object] = lambda: None) -> None:
    started()
    await asyncio.Event().wait()


def in_a_process(code: str, *, timeout: float = 60) -> str:
    """What a Python process prints; in one of its own, because nesting patches asyncio for good."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code)],
        capture_output=True,
        text=True,
        timeout=timeout,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ---- where no loop runs: terminal IPython ----


def test_without_a_running_loop_nothing_is_patched(shell: InteractiveShell) -> None:
    """A wait in terminal IPython runs IPython's own loop, and asyncio stays what it was."""

    async def answer() -> int:
        await asyncio.sleep(0)
        return 42

    assert wait(answer()) == 42
    assert not hasattr(asyncio, "_nest_patched")


def test_the_time_that_runs_out_has_a_sentence(shell: InteractiveShell) -> None:
    """The sentence says what was waited for, how long, and what to do."""
    with pytest.raises(
        NestedWaitError, match=r"%ws recv was waited for .* within 0.01 s.*on a line of its own"
    ):
        wait(forever(), timeout=0.01, doing="%ws recv")


def test_a_timeout_of_the_coroutine_itself_is_its_own(shell: InteractiveShell) -> None:
    """A TimeoutError that comes from inside is not taken for the wait's."""

    async def impatient() -> None:
        raise TimeoutError("no frame came")

    with pytest.raises(TimeoutError, match="no frame came") as caught:
        wait(impatient())
    assert not isinstance(caught.value, NestedWaitError)


def test_an_interrupt_cancels_the_coroutine_and_nothing_else(shell: InteractiveShell) -> None:
    """The coroutine is cancelled and cleans up, the other task of the loop goes on, and the handler is back."""
    others: list[str] = []
    cleaned: list[bool] = []

    async def other() -> None:
        try:
            await asyncio.Event().wait()
        except BaseException as error:
            others.append(repr(error))
            raise

    async def cleans_up() -> None:
        background.append(asyncio.create_task(other()))
        try:
            await forever(lambda: asyncio.get_running_loop().call_soon(press_stop))
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    background: list[asyncio.Task[None]] = []
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(KeyboardInterrupt):
        wait(cleans_up())
    assert signal.getsignal(signal.SIGINT) is before
    assert cleaned == [True]
    assert others == []
    background[0].cancel()
    with pytest.raises(asyncio.CancelledError):
        wait(asyncio.wait_for(background[0], 1))


def test_an_interrupt_that_comes_too_late_to_cancel_is_not_swallowed(shell: InteractiveShell) -> None:
    """Where the coroutine ends in the very turn of the interrupt, the code around it is stopped all the same."""

    async def ends_at_once() -> int:
        press_stop()
        return 1

    with pytest.raises(KeyboardInterrupt):
        wait(ends_at_once())


def test_a_wait_that_will_not_be_cancelled_ends_at_the_third_interrupt(shell: InteractiveShell) -> None:
    """Two interrupts ask politely; the third is the old handler's, or a stuck loop could never be stopped."""

    async def stubborn() -> None:
        for _ in range(3):
            try:
                asyncio.get_running_loop().call_soon(press_stop)
                await asyncio.Event().wait()
            except asyncio.CancelledError:
                pass

    with pytest.raises(KeyboardInterrupt):
        wait(stubborn())
    wait(asyncio.sleep(0))  # lets the task that was left behind take its cancellation


def test_a_thread_without_a_loop_is_told_what_to_use(shell: InteractiveShell) -> None:
    """Another thread must not drive IPython's loop; the coroutine is closed, not forgotten."""
    errors: list[BaseException] = []

    def work() -> None:
        try:
            wait(forever())
        except NestedWaitError as error:
            errors.append(error)

    thread = threading.Thread(target=work, name="worker")
    thread.start()
    thread.join()
    assert "'worker'" in str(errors[0])
    assert "session.threadsafe" in str(errors[0])


# ---- awaiting ----


async def test_a_silent_loop_is_woken_while_something_is_awaited() -> None:
    """ipykernel notices an interrupt only when the loop turns: it does, though nothing arrives."""
    loop = asyncio.get_running_loop()
    turns = 0
    released = asyncio.Event()
    select = loop._selector.select  # the place where an idle loop stands still

    def counting(timeout: float | None) -> object:
        nonlocal turns
        turns += 1
        assert timeout is not None and timeout <= 0.1, "an idle loop would sleep for good"
        if turns == 5:
            released.set()
        return select(0)

    loop._selector.select = counting
    try:
        await interruptible(released.wait())
    finally:
        loop._selector.select = select
    assert turns >= 5


async def test_the_ticker_ends_with_what_was_awaited() -> None:
    """Nothing is left in the loop: an idle kernel does not wake ten times a second."""
    loop = asyncio.get_running_loop()
    await interruptible(asyncio.sleep(0))
    scheduled = [handle for handle in loop._scheduled if not handle.cancelled()]
    assert not any("tick" in repr(handle) for handle in scheduled)


CELL = """
import asyncio
log = []

async def other():
    try:
        await asyncio.Event().wait()
    except BaseException as error:
        log.append(type(error).__name__)
        raise

task = asyncio.create_task(other())
try:
    await interruptible(forever(lambda: asyncio.get_running_loop().call_soon(press_stop)))
except KeyboardInterrupt:
    log.append("interrupted")
log.append("other was hit" if task.done() else "other goes on")
task.cancel()
await asyncio.wait([task])
"""


@pytest.fixture
def plain_sigint() -> Iterator[None]:
    """The handler of terminal IPython, whatever pytest runs under."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("plain_sigint")
def test_ctrl_c_in_the_terminal_cancels_only_the_cell(shell: InteractiveShell) -> None:
    """KeyboardInterrupt comes out of the awaiting cell and of no other task, and the handler is back after it."""
    shell.user_ns.update(interruptible=interruptible, forever=forever, press_stop=press_stop)
    shell.run_cell(CELL).raise_error()
    assert shell.user_ns["log"] == ["interrupted", "other goes on", "CancelledError"]
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


@pytest.mark.usefixtures("plain_sigint")
def test_a_task_in_the_background_does_not_keep_the_handler(shell: InteractiveShell) -> None:
    """Between cells the loop stands still: a synchronous cell must be as interruptible as ever."""
    shell.user_ns.update(interruptible=interruptible, forever=forever)
    shell.run_cell(
        "import asyncio\n"
        "started = asyncio.Event()\n"
        "task = asyncio.create_task(interruptible(forever(started.set)))\n"
        "await started.wait()"
    ).raise_error()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    shell.run_cell("task.cancel()\nawait asyncio.wait([task])").raise_error()


# ---- nested, in a process of its own ----

NESTED = """
    import asyncio, os, signal, sys, threading, types
    from wsnotebook.errors import NestedWaitError
    from wsnotebook.kernel.loop import wait

    def pretend_ipykernel(major):  # 0: none is loaded, as in terminal IPython
        if major:
            sys.modules["ipykernel"] = types.SimpleNamespace(version_info=(major, 0, 0))
"""


def nested(code: str) -> str:
    return in_a_process(textwrap.dedent(NESTED) + textwrap.dedent(code))


def test_a_nested_wait_lets_other_tasks_go_on() -> None:
    """The inner wait returns its result, and what it needs from another task of the same loop happens meanwhile."""
    printed = nested("""
        async def main():
            ready = asyncio.Event()

            async def helper():
                ready.set()

            async def inner():
                await ready.wait()
                return 42

            tasks = [asyncio.create_task(helper())]
            print(hasattr(asyncio, "_nest_patched"), wait(inner()), wait(inner()))
            await tasks[0]

        asyncio.run(main())
    """)
    assert printed == "False 42 42\n"


OLD_PYTHON = sys.version_info < (3, 14)


@pytest.mark.parametrize(
    ("major", "second"), [(6, not OLD_PYTHON), (7, True), (8, True), (0, not OLD_PYTHON)], ids=[6, 7, 8, 0]
)
def test_the_patch_suits_the_kernel(major: int, second: bool) -> None:
    """nest_asyncio2 from ipykernel 7 and Python 3.14 on, nest_asyncio elsewhere; neither before the first nested wait."""
    printed = nested(f"""
        pretend_ipykernel({major})

        async def main():
            print("nest_asyncio" in sys.modules, "nest_asyncio2" in sys.modules)
            wait(asyncio.sleep(0))
            print(hasattr(asyncio, "_nest_patched"), hasattr(asyncio, "_nest_asyncio2"))

        asyncio.run(main())
    """)
    assert printed == f"False False\nTrue {second}\n"


def test_the_wrong_patch_applied_first_is_told() -> None:
    """nest_asyncio under ipykernel 7 loses cells: the sentence says so and says what to call instead."""
    printed = nested("""
        import nest_asyncio
        pretend_ipykernel(7)

        async def main():
            nest_asyncio.apply()
            try:
                wait(asyncio.sleep(0))
            except NestedWaitError as error:
                print(error)

        asyncio.run(main())
    """)
    assert "nest_asyncio.apply() was called" in printed
    assert "nest_asyncio2.apply() instead" in printed
    assert "restart the kernel" in printed


def test_nest_asyncio_is_wrong_on_python_3_14() -> None:
    """asyncio keeps the current task in C there: a task that was made before the patch could not run in a nested wait."""
    printed = nested("""
        import nest_asyncio
        nest_asyncio.apply(asyncio.new_event_loop())
        sys.version_info = (3, 14, 2, "final", 0)

        async def main():
            try:
                wait(asyncio.sleep(0))
            except NestedWaitError as error:
                print(error)

        asyncio.new_event_loop().run_until_complete(main())
    """)
    assert "on Python 3.14 it stops every other task while one waits" in printed
    assert "nest_asyncio2.apply() instead" in printed


def test_a_patch_that_is_not_installed_is_told() -> None:
    """ipykernel 7.0 to 7.2 do not install the package that they need: the sentence has the command."""
    printed = nested("""
        sys.modules["nest_asyncio2"] = None
        pretend_ipykernel(7)

        async def main():
            try:
                wait(asyncio.sleep(0))
            except NestedWaitError as error:
                print(error)

        asyncio.run(main())
    """)
    assert "pip install nest_asyncio2" in printed


@pytest.mark.parametrize(
    ("applied", "major"),
    [
        pytest.param(
            "nest_asyncio", 6, marks=pytest.mark.skipif(not OLD_PYTHON, reason="wrong on Python 3.14")
        ),
        ("nest_asyncio2", 7),
        ("nest_asyncio2", 6),
    ],
)
def test_a_right_patch_applied_first_is_used(applied: str, major: int) -> None:
    """Who called apply() before us and rightly is left in peace."""
    printed = nested(f"""
        import {applied}
        pretend_ipykernel({major})

        async def main():
            {applied}.apply()
            print(wait(asyncio.sleep(0, 42)))

        asyncio.run(main())
    """)
    assert printed == "42\n"


def test_ten_interrupts_of_nested_waits_break_nothing() -> None:
    """Each of ten interrupts ends its own wait; the task beside it never notices, and no coroutine is left over."""
    printed = nested("""
        async def main():
            turns, broken = 0, []

            async def beside():
                nonlocal turns
                try:
                    while True:
                        turns += sum(range(500)) > 0
                        await asyncio.sleep(0)
                except BaseException as error:
                    broken.append(repr(error))
                    raise

            def interrupted():
                # From a thread, so that it lands in whatever runs: nearly always the task beside.
                threading.Timer(0.02, os.kill, (os.getpid(), signal.SIGINT)).start()
                try:
                    wait(asyncio.Event().wait())
                except KeyboardInterrupt:
                    return True

            task = asyncio.create_task(beside())
            hits = sum(interrupted() for _ in range(10))
            before = turns
            await asyncio.sleep(0.01)
            others = asyncio.all_tasks() - {task, asyncio.current_task()}
            print(hits, broken, turns > before, others)
            task.cancel()
            await asyncio.wait([task])

        asyncio.run(main())
    """)
    assert printed == "10 [] True set()\n"


class ForeignLoop(asyncio.AbstractEventLoop):
    """A loop that is not asyncio's own, as uvloop's is not."""

    __module__ = "uvloop"


def test_a_loop_of_another_make_is_refused() -> None:
    """uvloop cannot be nested; the sentence names the loop and the two ways out."""
    with pytest.raises(
        NestedWaitError, match=r"uvloop\.ForeignLoop .* on a line of its own.* without uvloop"
    ):
        make_reentrant(ForeignLoop())
    assert not hasattr(asyncio, "_nest_patched")
