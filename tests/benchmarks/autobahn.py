"""Run the cases of the Autobahn test suite, and measure where their time goes: in the client or in the fuzzing server.

python tests/benchmarks/autobahn.py [--quick] [--cases 9.*,12.1.*] [--wstest COMMAND]

Each case is run by this package and by websockets in turn, from this process, so that both meet the same server. The suite
is a program of Python 2: `pip install autobahntestsuite==0.8.2 autobahn==0.10.9 twisted==20.3.0` there, and say with
--wstest how it is called. CPU is user and system time; of the server it is read from /proc.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shlex
import socket
import subprocess
import tempfile
from argparse import ArgumentParser, RawDescriptionHelpFormatter
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from measure import Meter
from peers import connect_websockets, connect_wsnotebook
from table import number, print_table

__all__ = ["main"]

COLUMNS = ("client", "group of cases", "passed", "wall s", "client CPU s", "server CPU s", "failed")
ALL = "*"
QUICK = "1.*,2.*,9.3.1,9.4.1,12.1.1,12.3.5,13.3.5"
PASSED = ("OK", "NON-STRICT", "INFORMATIONAL")
"""Verdicts that the suite itself counts as passed."""
TICKS = os.sysconf("SC_CLK_TCK")
PATIENCE = 60.0
"""Seconds in which the server accepts connections, and in which it ends."""


class Run(NamedTuple):
    """What one client did in one case."""

    case: str
    verdict: str
    wall: float
    client: float
    """CPU seconds of this process."""
    server: float
    """CPU seconds of the fuzzing server."""


class Fuzzer:
    """A fuzzing server that runs.

    Args:
        url: where it listens.
        process: the process.
    """

    def __init__(self, url: str, process: subprocess.Popen[bytes]) -> None:
        self.url = url
        self._process = process

    @property
    def cpu(self) -> float:
        """CPU seconds that it has used, with those of the children it has waited for."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return sum(map(int, fields[11:15])) / TICKS  # utime, stime, cutime, cstime of proc(5)

    async def ask(self, path: str) -> str:
        """Return the one message that the server sends on a path, and wait for its close."""
        async with connect_websockets(self.url + path) as connection:
            return str(await connection.recv())

    async def cases(self) -> dict[str, int]:
        """Return the number of each case by its name."""
        count = int(await self.ask("/getCaseCount"))
        infos = [await self.ask(f"/getCaseInfo?case={case}") for case in range(1, count + 1)]
        return {json.loads(info)["id"]: case for case, info in enumerate(infos, 1)}


@contextlib.contextmanager
def fuzzing(wstest: str, cases: Sequence[str]) -> Iterator[Fuzzer]:
    """Start the fuzzing server with some cases, and end it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    url = f"ws://127.0.0.1:{port}"
    with tempfile.TemporaryDirectory() as folder:
        spec = {
            "url": url,
            "outdir": folder,
            "cases": cases,
            "exclude-cases": [],
            "exclude-agent-cases": {},
        }
        path = Path(folder, "spec.json")
        path.write_text(json.dumps(spec))
        command = [*shlex.split(wstest), "-m", "fuzzingserver", "-u", "0", "-s", str(path)]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            try:
                yield Fuzzer(url, process)
            finally:
                process.terminate()


async def accepting(fuzzer: Fuzzer) -> None:
    """Wait until the server accepts connections."""
    async with asyncio.timeout(PATIENCE):
        while True:
            with contextlib.suppress(ConnectionRefusedError):
                await fuzzer.ask("/getCaseCount")
                return
            await asyncio.sleep(0.1)


async def echo_wsnotebook(url: str) -> None:
    """Send back each message, recorded both ways."""
    from wsnotebook import WsNotebookError

    with contextlib.suppress(WsNotebookError):  # half of the cases break a rule
        async with connect_wsnotebook(url, deflate=True, max_frame_size=None) as session:
            async for frame in session.incoming:
                await session.send(frame)


async def echo_websockets(url: str) -> None:
    """Send back each message."""
    from websockets.exceptions import ConnectionClosed

    with contextlib.suppress(ConnectionClosed):
        async with connect_websockets(url, deflate=True) as connection:
            async for message in connection:
                await connection.send(message)


CLIENTS: dict[str, Callable[[str], Awaitable[None]]] = {
    "websockets": echo_websockets,
    "wsnotebook, recorded": echo_wsnotebook,
}


async def run(fuzzer: Fuzzer, client: str, case: str, number: int) -> Run:
    """Let a client run a case."""
    query = f"?case={number}&agent={quote(client)}"
    before, meter = fuzzer.cpu, Meter()
    with meter:
        await CLIENTS[client](f"{fuzzer.url}/runCase{query}")
    server = fuzzer.cpu - before
    verdict = json.loads(await fuzzer.ask(f"/getCaseStatus{query}"))["behavior"]
    return Run(case, verdict, meter.wall, meter.cpu, server)


def row(client: str, group: str, runs: Sequence[Run]) -> list[str]:
    """Return the line of a client's runs of a group."""
    failed = [run.case for run in runs if run.verdict not in PASSED]
    sums = (sum(run.wall for run in runs), sum(run.client for run in runs), sum(run.server for run in runs))
    passed = f"{len(runs) - len(failed)} of {len(runs)}"
    return [client, group, passed, *map(number, sums), ", ".join(failed) or "-"]


def groups(wstest: str, cases: Sequence[str]) -> Iterator[list[list[str]]]:
    """Run the cases, and give a line for each client after each group."""
    with fuzzing(wstest, cases) as fuzzer, asyncio.Runner() as runner:
        runner.run(accepting(fuzzer))
        numbers = runner.run(fuzzer.cases())
        everything: dict[str, list[Run]] = {client: [] for client in CLIENTS}
        for group in dict.fromkeys(case.partition(".")[0] for case in numbers):
            runs: dict[str, list[Run]] = {client: [] for client in CLIENTS}
            for case in (case for case in numbers if case.partition(".")[0] == group):
                for client in CLIENTS:
                    runs[client].append(runner.run(run(fuzzer, client, case, numbers[case])))
            yield [row(client, group, runs[client]) for client in CLIENTS]
            for client in CLIENTS:
                everything[client] += runs[client]
        yield [row(client, "all", everything[client]) for client in CLIENTS]


def main(arguments: Sequence[str] | None = None) -> None:
    """Parse the command line, run the cases, print."""
    parser = ArgumentParser(description=__doc__, formatter_class=RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help=f"the cases {QUICK}")
    parser.add_argument("--cases", help=f"cases, with commas and asterisks (default {ALL}: half an hour)")
    parser.add_argument("--wstest", default="wstest", help="command of the suite (default wstest)")
    options = parser.parse_args(arguments)
    cases = options.cases or (QUICK if options.quick else ALL)
    print_table(f"Autobahn test suite: cases {cases}", COLUMNS, groups(options.wstest, cases.split(",")))


if __name__ == "__main__":
    main()
