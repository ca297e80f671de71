"""main: runs the verb that the first word of the command line names, and turns its result into an exit code."""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import warnings
from collections.abc import Callable, Sequence
from typing import NoReturn, Protocol, TextIO

from wsnotebook import __version__
from wsnotebook.cli.console import escape_unwritable, open_closed_streams, write_error
from wsnotebook.cli.outcome import ExitCode, Failed, WrongUsage
from wsnotebook.cli.parser import Parser
from wsnotebook.errors import CallError, SessionClosed, SessionFault
from wsnotebook.redaction import redact_url
from wsnotebook.workbench.suggestions import nearest_verb

__all__ = ["VERBS", "load_verb", "main"]

VERBS = {
    "connect": "talk to a server: type lines, see what comes, use the verbs of the notebook as /verb",
    "serve": "run a lab server: echo, ticker, chat, … or a recording played back",
    "proxy": "stand between another program and a server, and record both",
    "attach": "record the WebSockets of a browser's tabs",
    "record": "write every frame of a connection to a file",
    "convert": "convert a recording to another format",
    "replay": "send the frames of a recorded client, in time with the replies",
    "send": "send messages and print the answers",
    "script": "run a conversation that is written as text, and say where it differs",
}
"""Verb → its line in the help. Each verb is a module of this folder with ``make_parser()`` and ``run(arguments)``."""

_EXAMPLES = [
    ("serve echo --port 8765", "a server for experiments; leave it running"),
    ("connect ws://127.0.0.1:8765/", "in another terminal: type to it"),
    ("send ws://127.0.0.1:8765/ hello --count 1", "one message and its answer"),
    (
        "record wss://example.org/feed feed.pcapng --seconds 60",
        "a minute of a feed, for Wireshark and for pandas",
    ),
    ("convert feed.pcapng feed.parquet", "the same for pandas, Dask and DuckDB"),
]


class VerbModule(Protocol):
    """A module of this folder that is a verb."""

    def make_parser(self) -> Parser:
        """Return the parser of the verb's arguments."""

    def run(self, arguments: argparse.Namespace, /) -> ExitCode:
        """Run the verb."""


def _serve() -> VerbModule:
    from wsnotebook.cli import serve

    return serve


def _proxy() -> VerbModule:
    from wsnotebook.cli import proxy

    return proxy


def _attach() -> VerbModule:
    from wsnotebook.cli import attach

    return attach


def _record() -> VerbModule:
    from wsnotebook.cli import record

    return record


def _convert() -> VerbModule:
    from wsnotebook.cli import convert

    return convert


def _replay() -> VerbModule:
    from wsnotebook.cli import replay

    return replay


def _send() -> VerbModule:
    from wsnotebook.cli import send

    return send


def _script() -> VerbModule:
    from wsnotebook.cli import script

    return script


def _connect() -> VerbModule:
    from wsnotebook.cli import connect

    return connect


_LOADERS: dict[str, Callable[[], VerbModule]] = {
    "connect": _connect,
    "serve": _serve,
    "proxy": _proxy,
    "attach": _attach,
    "record": _record,
    "convert": _convert,
    "replay": _replay,
    "send": _send,
    "script": _script,
}
"""Verb → what imports its module: all of them together would cost a quarter of the start."""


def load_verb(verb: str) -> VerbModule:
    """Return the module of a verb."""
    return _LOADERS[verb]()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb of a command line, and return the exit code; outcome.EXIT_CODES lists the codes.

    Example: ``main(["convert", "feed.pcapng", "feed.parquet"])``.

    Args:
        argv: the arguments after the program's name; None uses those of this process.

    Raises:
        SystemExit: wrong usage (2), ``--help`` or ``--version`` (0), from argparse.
    """
    open_closed_streams()
    escape_unwritable()
    words = list(sys.argv[1:] if argv is None else argv)
    if not words or words[0] not in VERBS:
        _explain(words)
    module = load_verb(words[0])
    arguments = module.make_parser().read(words[1:])
    with warnings.catch_warnings():
        warnings.showwarning = _show_warning
        return int(_run_verb(module.run, arguments, words[0]))


def _explain(words: list[str]) -> NoReturn:
    """Handle --help, --version, and a line without a verb; always exits."""
    verbs = "".join(f"  {verb:<9}{what}\n" for verb, what in VERBS.items())
    parser = Parser(
        "",
        "Explore WebSocket services: the verbs of the wsnotebook package, for a terminal and for CI.",
        _EXAMPLES,
        f"verbs ('wsnotebook VERB --help' explains each):\n{verbs}",
    )
    parser.add_argument("--version", action="version", version=f"wsnotebook {__version__}")
    parser.add_argument("verb", metavar="VERB", help="what to do, see below")
    if words and words[0] in {"-h", "--help", "--version"}:
        parser.parse_args(words)
    parser.error(_without_a_verb(words))


def _without_a_verb(words: list[str]) -> str:
    """Return the sentence for a line whose first word is no verb of the terminal."""
    from wsnotebook.workbench.verbs import VERBS as OF_NOTEBOOK

    if not words:
        return "the verb is missing: write wsnotebook VERB, as wsnotebook connect ws://127.0.0.1:8765/"
    word = words[0]
    if word.startswith("-"):
        return f"the verb comes first: write wsnotebook VERB {word}"
    if "://" in word:
        return f"the verb is missing: write wsnotebook connect {word}"
    if word in OF_NOTEBOOK:
        return f"{word} is a verb of the prompt: write wsnotebook connect URL, and there /{word}"
    near = nearest_verb(word, VERBS)
    remedy = f"did you mean {near}?" if near else f"the verbs are {', '.join(VERBS)}"
    return f"there is no verb {word}: {remedy}"


def _run_verb(
    run: Callable[[argparse.Namespace], ExitCode], arguments: argparse.Namespace, verb: str
) -> ExitCode:
    """Run a verb; turn its exception into one line on stderr and an exit code."""
    try:
        return run(arguments)
    except WrongUsage as error:
        write_error(_sentence(error, arguments), verb)
        return ExitCode.WRONG_USAGE
    except SessionClosed as error:
        write_error(f"the session ended: {error.reason or 'no reason is known'}", verb)
    except (CallError, SessionFault, Failed) as error:
        write_error(_sentence(error, arguments), verb)
    except UnicodeDecodeError as error:  # only of a raw session: another one fails with 1007
        write_error(f"the peer sent a text that is not UTF-8: {error.reason} at byte {error.start}", verb)
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    except BrokenPipeError:
        # The reader of stdout has closed the pipe. Python would report it again when it flushes stdout at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return ExitCode.PIPE_CLOSED
    except OSError as error:
        write_error(f"{error.filename or 'the disk'}: {error.strerror or error}", verb)
    return ExitCode.FAILED


def _sentence(error: Exception, arguments: argparse.Namespace) -> str:
    """Return the message of an exception with the address redacted: stderr is stored in the logs of a CI."""
    sentence, url = str(error), getattr(arguments, "url", "")
    with contextlib.suppress(ValueError):  # an address that cannot be parsed
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
    """Write a warning as one line, without file name and line number of our source."""
    write_error(f"warning: {message}")
