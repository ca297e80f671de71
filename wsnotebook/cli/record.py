"""The verb record: connects and writes every frame of the connection to a file."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Any, Literal

from wsnotebook.cli.arguments import add_connection_options, count, pattern, seconds
from wsnotebook.cli.console import write_error
from wsnotebook.cli.opening import Sessions, TellingLog, dialled
from wsnotebook.cli.outcome import ExitCode, Failed, is_clean
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_progress_option, progress, write_summary
from wsnotebook.cli.recording import check_new, summary
from wsnotebook.cli.running import run as run_to_end
from wsnotebook.cli.stdout import STDOUT, add_to_option, check_to, kept
from wsnotebook.errors import SessionClosed, SessionFault
from wsnotebook.files.framelog import FrameLog
from wsnotebook.session.expecting import Expectation
from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["make_parser", "run"]

Ending = Literal["enough", "match", "time", "peer"]

_REFRESH = 0.2  # seconds between two updates of the progress bar


def make_parser() -> Parser:
    """Return the parser of the arguments after ``record``."""
    parser = Parser(
        "record",
        "Connect, and write every frame of both directions to a file, until the peer closes, a limit is reached, or "
        "Ctrl-C. A .pcapng file and a directory (name/) are written during the session and survive a kill; .parquet, "
        ".jsonl and .har are written at the end.",
        [
            ("wss://example.org/feed feed.pcapng", "until Ctrl-C"),
            ("wss://example.org/feed feed.parquet --seconds 60 --ping 20", "for a minute"),
            (
                """ws://127.0.0.1:8765/ ticks.parquet --send '{"subscribe": ["ACME"]}' --frames 1000""",
                "subscribe first",
            ),
            ("wss://example.org/feed - | jq -r .text", "each text as it comes"),
            ("""ws://127.0.0.1:8765/ job.jsonl --until '{"state": "done"}'""", "until a message says so"),
        ],
    )
    add_connection_options(parser)
    parser.add_argument(
        "path", metavar="FILE", help="a new file: .pcapng, .parquet, .jsonl, .har, or name/; or - for stdout"
    )
    add_to_option(parser, "a line for each frame, soon after it; the others are written at the end")
    parser.add_argument(
        "--send", action="append", default=[], metavar="TEXT", help="send this first; repeat for more"
    )
    parser.add_argument(
        "--until",
        type=pattern,
        metavar="PATTERN",
        help="stop when a received message matches: a part of it, /a regular expression/, or JSON that it has; exit code "
        "1 if none does",
    )
    parser.add_argument("--seconds", type=seconds, metavar="S", help="stop after S seconds")
    parser.add_argument(
        "--frames",
        type=count,
        metavar="N",
        help="stop when N frames of both directions are recorded; the close follows",
    )
    add_progress_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Record a session, and print how many frames."""
    to = check_to(arguments, arguments.path)
    if to is None:
        check_new(arguments.path)
    return run_to_end(_record(arguments, to))


async def _record(arguments: argparse.Namespace, to: str | None) -> None:
    def tell(sentence: str) -> None:
        if not arguments.quiet:
            write_error(sentence, "record")

    log = TellingLog(tell)
    watch = _Watch(arguments, log)
    try:
        async with dialled(arguments, log, kept(log, arguments.path, to)) as sessions:
            ending = await watch.run(sessions)
    finally:
        if watch.session is not None:
            result = f"{arguments.path}: {summary(log)} ({watch.session.close_reason_now})"
            write_summary(arguments, result, aside="record" if to else "")
    watch.check(ending)


class _Watch:
    """Waits for what ends a recording.

    Args:
        arguments: those of the verb.
        log: the log of all sessions.
    """

    def __init__(self, arguments: argparse.Namespace, log: FrameLog) -> None:
        self._arguments, self._log = arguments, log
        self._until = None if arguments.until is None else Expectation(arguments.until)
        self.session: ClientWebSocketSession | None = None
        """The last session; None before the first."""

    async def run(self, sessions: Sessions) -> Ending:
        """Wait for the first of: enough frames, a message that matches, the time limit, the end of the last session."""
        arguments, log, loop = self._arguments, self._log, asyncio.get_running_loop()
        enough = asyncio.Event()

        def has_enough() -> bool:
            return arguments.frames is not None and len(log) >= arguments.frames

        def check_count() -> None:
            if has_enough():
                loop.call_soon_threadsafe(enough.set)  # with --io thread the log grows there

        log.add_tap(check_count)
        check_count()
        start = loop.time()
        ended = loop.create_task(self._ended(sessions), name="ended")
        counted = loop.create_task(enough.wait(), name="counted")
        try:
            with _bar(arguments) as bar:
                while True:
                    left = None if arguments.seconds is None else start + arguments.seconds - loop.time()
                    pause = left if bar.disable else _REFRESH if left is None else min(_REFRESH, left)
                    done, _ = await asyncio.wait(
                        (ended, counted), timeout=pause, return_when=asyncio.FIRST_COMPLETED
                    )
                    elapsed = loop.time() - start
                    _advance(bar, arguments, len(log), elapsed)
                    if done:
                        return "enough" if has_enough() else ended.result()
                    if arguments.seconds is not None and elapsed >= arguments.seconds:
                        return "time"
        finally:
            log.remove_tap(check_count)
            ended.cancel()
            counted.cancel()
            await asyncio.gather(ended, counted, return_exceptions=True)

    async def _ended(self, sessions: Sessions) -> Ending:
        """Return when a message matches, or the last session has ended; all that came before its end is compared."""
        async for session in sessions:
            self.session = session
            try:
                for text in self._arguments.send:
                    await session.send(text)
                if await self._has_match(session):
                    return "match"
            except SessionClosed:
                if not hasattr(self._arguments, "reconnect"):
                    raise
        return "peer"

    async def _has_match(self, session: ClientWebSocketSession) -> bool:
        """Wait for the end of a session, or for a message that matches."""
        if self._until is not None:
            with contextlib.suppress(SessionFault):  # its close reason tells
                async for message in session:
                    if self._until.is_met_by(message):
                        return True
        await session.close_reason
        return False

    def check(self, ending: Ending) -> None:
        """Check that the recording ended as it was to end.

        Raises:
            Failed: no message matched, or the peer ended the session too early or with a fault.
        """
        arguments = self._arguments
        reason = None if self.session is None else self.session.close_reason_now
        where = "" if arguments.path == STDOUT else f" What came is in {arguments.path}"
        if self._until is not None and ending in ("time", "peer"):
            failed = self._until.failed(arguments.seconds, reason if ending == "peer" else None)
            raise Failed(f"{failed.came_instead}{where}")
        is_limited = arguments.seconds is not None or arguments.frames is not None
        if ending == "peer" and (is_limited or not is_clean(reason)):
            early = " before the limit was reached" if is_limited else ""
            raise Failed(f"the session ended{early}: {reason}.{where}")


def _bar(arguments: argparse.Namespace) -> Any:
    if arguments.seconds is None or arguments.frames is not None:
        return progress(arguments, total=arguments.frames, unit=" frames")
    layout = "{percentage:3.0f}% |{bar}| {n:.1f}/{total:.1f} s{postfix}"
    return progress(arguments, total=arguments.seconds, bar_format=layout)


def _advance(bar: Any, arguments: argparse.Namespace, frames: int, elapsed: float) -> None:
    if arguments.seconds is None or arguments.frames is not None:
        bar.n = frames if bar.total is None else min(frames, bar.total)
    else:
        bar.n = min(elapsed, arguments.seconds)
        bar.set_postfix_str(f"{frames:,} frames", refresh=False)
    bar.refresh()
