"""How a verb of the terminal ends: the exit codes, and the exceptions that lead to them."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from enum import IntEnum

from wsnotebook.wire.frames import CloseCode, CloseReason

__all__ = ["EXIT_CODES", "ExitCode", "Failed", "WrongUsage", "is_clean", "wrong_usage"]


class ExitCode(IntEnum):
    """What the shell is told."""

    DONE = 0
    FAILED = 1
    WRONG_USAGE = 2
    INTERRUPTED = 130  # 128 + SIGINT, as shells have it


EXIT_CODES = """\
exit codes:
  0    done
  1    the connection or the peer failed, or the disk
  2    wrong usage: an argument or a file that cannot be; nothing was sent
  130  interrupted by Ctrl-C or SIGTERM; what was recorded until then is saved
"""
"""The part of every ``--help`` about them."""


class WrongUsage(Exception):
    """The command line asks for what cannot be; the sentence names the remedy."""


class Failed(Exception):
    """The peer, the connection or the disk did not do what the command line asked for."""


@contextlib.contextmanager
def wrong_usage(*kinds: type[Exception], about: str = "") -> Iterator[None]:
    """Turn exceptions of these kinds, raised in the block, into WrongUsage.

    Args:
        kinds: what the package raises for such an argument.
        about: the argument, where the exception's sentence does not name it.
    """
    try:
        yield
    except kinds as error:
        sentence = error.strerror or str(error) if isinstance(error, OSError) else str(error)
        raise WrongUsage(f"{about}: {sentence}" if about else sentence) from error


def is_clean(reason: CloseReason | None) -> bool:
    """Tell whether a peer that ended a session so has nothing to complain of."""
    return reason is not None and reason.code in (
        CloseCode.NORMAL,
        CloseCode.GOING_AWAY,
        CloseCode.NO_STATUS_RCVD,
    )
