"""What all tests share: the switch that turns a visible skip into a failure."""

from __future__ import annotations

import asyncio
import atexit
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import NoReturn

import pytest
import pytest_asyncio
from bytepeer import ByteServer
from chromium import find_chromium
from hypothesis import HealthCheck, settings
from IPython.core.interactiveshell import InteractiveShell
from serverprocess import server_process

PEERS = Path(__file__).parent / "peers"


def pytest_configure(config: pytest.Config) -> None:
    """Let Hypothesis try 20 examples where a test says no number, 100 with --require-all, and judge nothing by time; hear ^C."""
    examples = 100 if config.getoption("--require-all") else 20
    without_time = {"deadline": None, "suppress_health_check": [HealthCheck.too_slow]}
    settings.register_profile("ours", max_examples=examples, **without_time)
    settings.load_profile("ours")
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        # A script's shell lets what it runs in the background ignore it, and every process that a test starts.
        signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Share a whole run among all processors; run what was chosen here, where starting workers would cost more.

    One worker more than processors: many tests wait for other processes, for browsers and for clocks.
    """
    return (os.cpu_count() or 1) + 1 if config.args_source is config.ArgsSource.TESTPATHS else 0


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    if not config.getoption("--require-all"):
        for item in items:
            if item.get_closest_marker("long"):
                item.add_marker(pytest.mark.skip(reason="long: runs with --require-all"))


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--require-all",
        action="store_true",
        help="fail, instead of skipping, where a browser, tshark, node or another program is missing; run long tests whole",
    )


@pytest.fixture
def ipython() -> Iterator[InteractiveShell]:
    """An IPython shell in this process."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance()
    yield shell
    InteractiveShell.clear_instance()
    atexit.unregister(shell.atexit_operations)  # it would collect all garbage of this process once more
    shell.restore_sys_module_state()


@pytest.fixture(autouse=True)
def asyncio_is_not_patched() -> Iterator[None]:
    """No test leaves nest_asyncio's patch behind: with it the tests that follow run on another asyncio.

    A wait that is nested in a running loop needs a process of its own.
    """
    yield
    assert not hasattr(asyncio, "_nest_patched")


@pytest.fixture(scope="session")
def require_all(request: pytest.FixtureRequest) -> bool:
    """Whether everything has to be there: CI says --require-all."""
    return bool(request.config.getoption("--require-all"))


@pytest.fixture(scope="session")
def missing(require_all: bool) -> Callable[[str], NoReturn]:
    """Return what to call when a program is missing: it skips visibly, or fails with --require-all."""

    def say(what: str) -> NoReturn:
        if require_all:
            pytest.fail(f"{what} is missing, and --require-all was given", pytrace=False)
        pytest.skip(f"{what} is missing")

    return say


@pytest.fixture(scope="session")
def chromium(missing: Callable[[str], NoReturn]) -> str:
    """The path of a Chromium."""
    return find_chromium() or missing("chromium")


@pytest.fixture(scope="session")
def ipykernel_6(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Path:
    """A folder with ipykernel 6, to stand before the installed one on PYTHONPATH."""
    target = tmp_path_factory.mktemp("ipykernel6")
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--target", str(target), "ipykernel<7"]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        missing(f"ipykernel 6 from the package index ({done.stderr.strip()[-200:]})")
    return target


@pytest.fixture(scope="session")
def npm(tmp_path_factory: pytest.TempPathFactory, missing: Callable[[str], NoReturn]) -> Callable[..., Path]:
    """A function that puts packages of npm into a folder of their own, and returns it."""

    def install(*packages: str) -> Path:
        npm = shutil.which("npm")
        if shutil.which("node") is None or npm is None:
            missing("node with npm")
        folder = tmp_path_factory.mktemp("npm")
        command = [npm, "install", "--prefix", folder, "--no-audit", "--no-fund", "--silent", *packages]
        try:
            subprocess.run(command, check=True, capture_output=True, timeout=250)
        except (subprocess.CalledProcessError, subprocess.TimeoutExpired) as error:
            missing(f"{packages[0]} of npm ({error})")
        return folder

    return install


@pytest.fixture(scope="session")
def ws_folder(npm: Callable[..., Path]) -> Path:
    """A folder into which npm has put Node's ws."""
    return npm("ws@8")


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """A function that lets the loop run until a condition holds, for facts that no event tells."""

    async def wait(condition: Callable[[], object]) -> None:
        async with asyncio.timeout(60):
            while not condition():  # noqa: ASYNC110 - the facts that tests look at are told to nobody
                await asyncio.sleep(0.001)

    return wait


@pytest.fixture(scope="module", params=["ws", "aiohttp", "tornado"])
def maker(request: pytest.FixtureRequest) -> str:
    """Whose server it is."""
    return str(request.param)


@pytest.fixture(scope="module", params=["deflate", "plain"])
def compression(request: pytest.FixtureRequest) -> str:
    """Whether the server takes permessage-deflate."""
    return str(request.param)


@pytest.fixture(scope="module")
def peer_url(maker: str, compression: str, request: pytest.FixtureRequest) -> Iterator[str]:
    """The address of an echo server in a process of its own."""
    if maker == "ws":
        folder = request.getfixturevalue("ws_folder")
        command = ["node", PEERS / "echo.mjs", folder, compression]
    else:
        command = [sys.executable, PEERS / f"echo_{maker}.py", compression]
    with server_process(*command) as url:
        yield url


@pytest_asyncio.fixture
async def byte_server() -> AsyncIterator[ByteServer]:
    """A TCP server on loopback whose connections are read and written by the test."""
    server = ByteServer()
    await server.start()
    yield server
    await server.stop()


@pytest.fixture
def no_home(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user that the system does not know, as in a container that is started for a number."""
    pwd = pytest.importorskip("pwd")

    def unknown(number: int) -> NoReturn:
        raise KeyError(f"getpwuid(): uid not found: {number}")

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    for name in ("HOME", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
