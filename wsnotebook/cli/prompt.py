"""Prompt: the interactive client. Lines go out, frames are drawn above the line that is being typed.

The verbs are in slash.py, the look of a frame in frameline.py. Nothing is drawn more than ten times a second, and at most
some lines each time: a fast feed neither stops the typing nor collects in memory.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
from collections.abc import Coroutine, Iterable
from typing import Any

from prompt_toolkit import PromptSession
from prompt_toolkit.completion import CompleteEvent, Completer, Completion
from prompt_toolkit.document import Document
from prompt_toolkit.patch_stdout import patch_stdout

from wsnotebook.cli.console import write_lines
from wsnotebook.cli.feed import Feed
from wsnotebook.cli.following import PAUSE
from wsnotebook.cli.frameline import MOST_LINES, drawn
from wsnotebook.cli.history import history
from wsnotebook.cli.slash import Slash, Wrong, sentence_of
from wsnotebook.cli.style import paint
from wsnotebook.errors import WsNotebookError
from wsnotebook.log.waking import waking
from wsnotebook.safetext import safe_text
from wsnotebook.workbench import Workbench

__all__ = ["Prompt"]

_ENDING = {"close", "terminate", "quit", "exit"}
"""Verbs after which a session is not connected again."""


class Prompt:
    """The interactive client of the sessions of a workbench.

    Args:
        bench: its sessions, at least one; ``/connect`` adds more.
        control: draw control frames too.
    """

    def __init__(self, bench: Workbench, *, control: bool) -> None:
        self._bench, self._control = bench, control
        self._slash = Slash(bench)
        self._feeds: dict[str, Feed] = {}
        self._arrived = asyncio.Event()
        self._running: set[asyncio.Task[None]] = set()

    async def run(self, following: Coroutine[Any, Any, None]) -> None:
        """Read lines until the person or the last session ends; cancelling ends it too.

        Args:
            following: ends when the session of the command line, or the last that follows it, has ended.
        """
        typed: PromptSession[str] = PromptSession(history=history(), completer=_Offers(self._slash))
        with patch_stdout(raw=True):
            drawing = asyncio.create_task(self._keep_drawing(), name="draw")
            self._following = asyncio.create_task(following, name="follow")
            ended = asyncio.create_task(self._all_ended(), name="ended")
            try:
                await self._read(typed, ended)
            finally:
                tasks = (drawing, ended, self._following, *self._running)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
                self.draw()

    async def _read(self, typed: PromptSession[str], ended: asyncio.Task[None]) -> None:
        refused = ""
        while not ended.done():
            line = asyncio.create_task(_ask(typed, refused), name="prompt")
            try:
                await asyncio.wait((line, ended), return_when=asyncio.FIRST_COMPLETED)
            finally:
                if not line.done():
                    line.cancel()
                    await asyncio.gather(line, return_exceptions=True)
            text = None if line.cancelled() else line.result()
            if text is None:
                return
            refused = "" if await self._obey(text) else text

    async def _obey(self, line: str) -> bool:
        """Send a line or run its verb: ``/verb``, ``//text`` for a text with a slash, anything else is text.

        Returns:
            False for a text that could not be sent; it stands at the prompt again.
        """
        if line.startswith("/") and not line.startswith("//"):
            # In a task: the next line can be typed while /recv waits.
            task = asyncio.create_task(self._run_verb(line[1:]), name=line.split(" ")[0])
            self._running.add(task)
            task.add_done_callback(self._running.discard)
        elif line:
            try:
                await self._bench.get().send(line.removeprefix("/") if line.startswith("//") else line)
            except (WsNotebookError, ValueError) as error:
                self._say("fault", f"not sent: {sentence_of(error)}")
                return False
        return True

    async def _run_verb(self, line: str) -> None:
        try:
            answer = await self._slash.run(line)
        except Wrong as error:
            self._say("fault", str(error))
            return
        self._arrived.set()  # a session that /connect has opened is followed
        if line.split(" ")[0] in _ENDING and self._bench.get().close_reason_now is not None:
            self._following.cancel()  # also while it is being connected again
        if answer:
            write_lines(answer.split("\n"))

    def _say(self, style: Any, sentence: str) -> None:
        write_lines([paint(style, safe_text(sentence))])

    async def _all_ended(self) -> None:
        await asyncio.wait((self._following,))
        while open_ := [each for each in self._bench.sessions.values() if each.close_reason_now is None]:
            await open_[0].close_reason

    async def _keep_drawing(self) -> None:
        with contextlib.ExitStack() as logs:
            while True:
                for name, session in self._bench.sessions.items():
                    known = self._feeds.get(name)
                    if known is None or known.session.log is not session.log:
                        self._feeds[name] = Feed(session, control=self._control)
                        logs.enter_context(waking(session.log, self._arrived))
                self.draw()
                await asyncio.sleep(PAUSE)
                await self._arrived.wait()
                self._arrived.clear()

    def draw(self) -> None:
        """Draw what has come since the last drawing."""
        width = shutil.get_terminal_size().columns
        for feed in self._feeds.values():
            lines = drawn(*feed.read(MOST_LINES), width, names=len(self._feeds) > 1)
            if lines:
                write_lines(lines)


async def _ask(typed: PromptSession[str], text: str) -> str | None:
    """Return the next line, of which ``text`` is there already; None where the person ends."""
    try:
        # SIGINT is handled by running.py, because another program may send it; here Ctrl-C is a key.
        return await typed.prompt_async("> ", default=text, handle_sigint=False)
    except (EOFError, KeyboardInterrupt):  # caught here: from a task, KeyboardInterrupt would end the loop
        return None


class _Offers(Completer):
    """Completion of verbs and options for prompt_toolkit."""

    def __init__(self, slash: Slash) -> None:
        self._slash = slash

    def get_completions(self, document: Document, complete_event: CompleteEvent) -> Iterable[Completion]:
        """Yield the offers for the word before the cursor."""
        text = document.text_before_cursor
        if text.startswith("/") and not text.startswith("//"):
            start = -len(text.rpartition(" ")[2])
            yield from (Completion(offer, start) for offer in self._slash.complete(text))
