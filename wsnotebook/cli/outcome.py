"""The exit codes of the terminal's verbs, and the exceptions that lead to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum

from wsnotebook.wire.frames import CloseCode, CloseReason

__all__ = ["EXIT_CODES", "ExitCode", "Failed", "WrongUsage", "is_clean", "wrong_usage"]


class ExitCode(IntEnum):
    """Exit code of the process; EXIT_CODES explains each."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    INTERRUPTED = 130  # 128 + SIGINT, the convention of shells
    PIPE_CLOSED = 141  # 128 + SIGPIPE, as of a tool that the signal ends


EXIT_CODES = """\
exit codes:
  0    done
  1    the connection or the peer failed, or the disk
  2    wrong usage: an invalid argument or file; nothing was sent
  130  interrupted by Ctrl-C or SIGTERM; frames recorded until then are saved
  141  the reader of stdout has left, as in … | head; quietly
"""
"""Explanation of the exit codes, part of every ``--help``."""


class WrongUsage(Exception):
    """An argument or a file is invalid; the message names the remedy."""


class Failed(Exception):
    """The peer, the connection or the disk failed, so that the command was not carried out."""


@contextlib.contextmanager
def wrong_usage(*kinds: type[Exception], about: str = "") -> Iterator[None]:
    """Turn exceptions of these kinds, raised in the block, into WrongUsage.

    Args:
        kinds: exceptions that the package raises for an invalid argument.
        about: prefix of the message, for an exception whose own message does not name the argument.

    Raises:
        WrongUsage: the block raised one of ``kinds``.
    """
    try:
        yield
    except kinds as error:
        sentence = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise WrongUsage(f"{about}: {sentence}" if about else sentence) from error


def is_clean(reason: CloseReason | None) -> bool:
    """Return whether a session that ended with ``reason`` ended without a fault: close code 1000, 1001 or 1005."""
    return reason is not None and reason.code in (
        CloseCode.NORMAL,
        CloseCode.GOING_AWAY,
        CloseCode.NO_STATUS_RCVD,
    )
