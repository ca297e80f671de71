"""main: the command line's first word chooses a verb; how it ends becomes the exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import TextIO

from wsnotebook import __version__
from wsnotebook.cli import convert, record, replay, send, serve
from wsnotebook.cli.arguments import Parser
from wsnotebook.cli.console import complain
from wsnotebook.cli.outcome import ExitCode, Failed, WrongUsage
from wsnotebook.errors import CallError, SessionClosed, SessionFault
from wsnotebook.redaction import redact_url

__all__ = ["VERBS", "main"]

VERBS = {
    "serve": "run a lab server: echo, ticker, chat, … or a recording played back",
    "record": "keep every frame of a connection in a file",
    "convert": "turn a recording into another format",
    "replay": "send what a recorded client sent, at the recorded times",
    "send": "send messages, print what comes back",
}
"""Verbs, each a module of this folder with ``make_parser()`` and ``run(arguments)``, and what they do."""

_EXAMPLES = [
    ("serve echo --port 8765", "a server to try things on; leave it running"),
    ("send ws://127.0.0.1:8765/ hello --expect 1", "in another terminal: one message there and back"),
    (
        "record wss://example.org/feed feed.pcapng --seconds 60",
        "a minute of a feed, for Wireshark and for pandas",
    ),
    ("convert feed.pcapng feed.parquet", "the same for pandas, Dask and DuckDB"),
]

_MODULES = {"serve": serve, "record": record, "convert": convert, "replay": replay, "send": send}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb that a command line names, and return the exit code.

    Args:
        argv: the words after the program's name; those of this process where None.
    """
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in VERBS:
        _explain(words)
    module = _MODULES[words[0]]
    # Options may stand before, between and behind messages: `send URL --expect 1 hello`.
    arguments = module.make_parser().parse_intermixed_args(words[1:])
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return int(_outcome(module.run, arguments, words[0]))


def _explain(words: list[str]) -> None:
    """Answer --help, --version, and a first word that is no verb; exits."""
    verbs = "".join(f"  {verb:<9}{what}\n" for verb, what in VERBS.items())
    parser = Parser(
        "",
        "Explore WebSocket services: the verbs of the wsnotebook package, for a terminal and for CI.",
        _EXAMPLES,
        f"verbs ('wsnotebook VERB --help' explains each):\n{verbs}",
    )
    parser.add_argument("--version", action="version", version=f"wsnotebook {__version__}")
    parser.add_argument("verb", metavar="VERB", choices=VERBS, help="what to do, see below")
    parser.parse_args(words)
    parser.error(f"the verb comes first: write {words[-1]} before its options")


def _outcome(
    run: Callable[[argparse.Namespace], ExitCode], arguments: argparse.Namespace, verb: str
) -> ExitCode:
    """Run a verb; turn what it raises into one sentence and a code."""
    try:
        return run(arguments)
    except WrongUsage as error:
        complain(_sentence(error, arguments), verb)
        return ExitCode.WRONG_USAGE
    except SessionClosed as error:
        complain(f"the session ended: {error.reason or 'no reason is known'}", verb)
    except (CallError, SessionFault, Failed) as error:
        complain(_sentence(error, arguments), verb)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # Whoever read our output has left. Python would complain once more when it flushes at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.INTERRUPTED
    except OSError as error:
        complain(f"{error.filename or 'the disk'}: {error.strerror or error}", verb)
    return ExitCode.FAILED


def _sentence(error: Exception, arguments: argparse.Namespace) -> str:
    """Return what an exception says, without the secrets of the address: stderr ends in the logs of a CI."""
    sentence, url = str(error), getattr(arguments, "url", "")
    with contextlib.suppress(ValueError):  # an address that cannot be taken apart
        return sentence.replace(url, redact_url(url)) if url else sentence
    return sentence


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Say a warning as a sentence, without the place in our source."""
    complain(f"warning: {message}")
