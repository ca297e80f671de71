"""run(): the same sentence of code waits in scripts, threads, cells and callbacks."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time

import pytest

import wsnotebook
from wsnotebook import connect, run

SCRIPT = """
import sys, time, wsnotebook
from wsnotebook import run
session = run(wsnotebook.connect(sys.argv[1]))
print(session.thread is not None, flush=True)
"""


def test_a_session_lives_from_one_call_to_the_next(impatient_server: str) -> None:
    """Nothing runs the loop meanwhile, and the server's pings are answered."""
    session = run(connect(impatient_server, proxy=None))
    time.sleep(1)
    run(session.send("hello"))
    assert run(session.receive(timeout=60)) == "hello"
    assert session.close_reason_now is None
    assert "kernel stall" not in set(session.log.events["kind"])
    run(session.close())


def test_each_thread_has_a_loop_of_its_own(impatient_server: str) -> None:
    """A callback on a foreign thread can wait too, and a session says whose it is."""
    found: list[object] = []

    def work() -> None:
        session = run(connect(impatient_server, proxy=None))
        run(session.send("from a thread"))
        found.append(run(session.receive(timeout=60)))
        run(session.close())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found == ["from a thread"]


def test_what_it_does_not_take_is_said() -> None:
    """The usual slips: the function itself, or a result that was awaited already."""
    for wrong in (asyncio.sleep, 1, None):
        with pytest.raises(TypeError, match="run\\(\\) takes what await takes"):
            run(wrong)  # type: ignore[arg-type,type-var]  # that is the point


def test_an_exception_is_raised_as_it_is() -> None:
    """No wrapper around it."""
    with pytest.raises(wsnotebook.ConnectError, match="nothing listens"):
        run(connect("ws://127.0.0.1:1/", proxy=None))


@pytest.mark.long
def test_inside_a_running_loop_the_wait_is_nested() -> None:
    """As in a function that a cell, or a coroutine of a script, calls; other tasks go on."""
    code = """
import asyncio, wsnotebook
async def main():
    ticks = []
    async def tick():
        while True:
            ticks.append(1)
            await asyncio.sleep(0.01)
    task = asyncio.create_task(tick())
    print(wsnotebook.run(asyncio.sleep(0.2, "slept")), len(ticks) > 5)
    task.cancel()
asyncio.run(main())
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True)
    assert done.stdout == "slept True\n", done.stderr


@pytest.mark.long
@pytest.mark.skipif(sys.platform == "win32", reason="SIGINT cannot be sent there")
def test_ctrl_c_cancels_the_wait_and_the_session_goes_on(impatient_server: str) -> None:
    """The next call finds the session as it was."""
    code = SCRIPT + (
        "try:\n    run(session.receive())\nexcept KeyboardInterrupt:\n    print('interrupted', flush=True)\n"
        "run(session.send('still here'))\nprint(run(session.receive(timeout=60)))\nrun(session.close())\n"
    )
    command = [sys.executable, "-c", code, impatient_server]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as script:
        assert script.stdout is not None
        assert script.stdout.readline() == "True\n"
        time.sleep(0.3)  # it waits by then
        os.kill(script.pid, signal.SIGINT)
        assert script.stdout.read() == "interrupted\nstill here\n"
    assert script.returncode == 0


@pytest.mark.long
def test_a_script_that_ends_with_an_open_session_ends(impatient_server: str) -> None:
    """Without a warning and without a hang."""
    done = subprocess.run(
        [sys.executable, "-X", "dev", "-c", SCRIPT, impatient_server],
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (0, "True\n")
    assert "Warning" not in done.stderr and "Traceback" not in done.stderr
