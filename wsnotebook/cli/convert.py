"""The verb convert: writes a recording in another format."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

from wsnotebook.cli.outcome import ExitCode, WrongUsage, wrong_usage
from wsnotebook.cli.parser import Parser
from wsnotebook.cli.progress import add_progress_option, progress, refreshing, write_summary
from wsnotebook.cli.recording import check_writable, summary
from wsnotebook.cli.running import interruptible
from wsnotebook.cli.stdout import add_to_option, check_to, write_whole
from wsnotebook.errors import FileError
from wsnotebook.files.framelog import FrameLog
from wsnotebook.files.loading import open_log, to_log
from wsnotebook.files.paths import is_url
from wsnotebook.files.saving import Watch, save
from wsnotebook.log.rows import Rows

__all__ = ["make_parser", "run"]

_FORMATS = """\
formats, by suffix:
  .parquet  all of a log, for pandas, Dask, DuckDB
  .jsonl    all of a log, one line a frame, for jq
  .har      for and from a browser's developer tools
  .pcapng   for and from Wireshark; .pcap is read too
  name/     a directory of Parquet parts, or its URL, such as s3://bucket/name/
"""


def make_parser() -> Parser:
    """Return the parser of the arguments after ``convert``."""
    parser = Parser(
        "convert",
        "Convert a recording to another format; the suffixes of the two names choose the formats. "
        "An existing target is replaced when the new file is complete.",
        [
            ("browser.har frames.parquet", "what a browser's developer tools have exported, for pandas"),
            ("capture.pcap frames.jsonl", "what tcpdump has captured, to read with jq"),
            ("frames.parquet frames.pcapng", "for Wireshark"),
            ("frames.parquet shared.jsonl --redact", "without the secrets"),
            ("feed.pcapng - | jq -r 'select(.direction == \"in\").text'", "for jq, without a file"),
        ],
        _FORMATS,
    )
    parser.add_argument("source", metavar="FROM", help="a recording")
    parser.add_argument("target", metavar="TO", help="the file to write, or - for stdout")
    parser.add_argument(
        "--redact", action="store_true", help="write marks in the places of secrets, in messages too"
    )
    parser.add_argument(
        "--port", type=int, metavar="N", help="of the server, where a capture begins after the handshake"
    )
    parser.add_argument("--keylog", metavar="FILE", help="the keys of the TLS in a capture, for tshark")
    add_to_option(parser, "what a .jsonl file has: a line about the recording, then one for each frame")
    add_progress_option(parser)
    return parser


def run(arguments: argparse.Namespace) -> ExitCode:
    """Convert the recording, and print one line about the result."""
    source, target = arguments.source, arguments.target
    to = check_to(arguments, target)
    if to is None and not is_url(target):
        check_writable(target)
    if Path(target).exists() and Path(source).exists() and Path(target).samefile(source):
        raise WrongUsage(f"{source} is both: give the converted recording another name")
    layout = "{desc}{percentage:3.0f}% [{elapsed}]"
    with interruptible(), progress(arguments, bar_format=layout) as bar, refreshing(bar):

        def count(runs: Iterator[Rows]) -> Iterator[Rows]:
            for rows in runs:
                yield rows
                bar.update(len(rows))

        bar.set_description(f"reading {source}")
        with wrong_usage(FileError, ValueError), wrong_usage(OSError, about=source):
            header, runs = open_log(source, port=arguments.port, keylog=arguments.keylog)
            bar.total = 2 * header.rows  # each is read and written
            log = to_log(header, count(runs))
        bar.set_description(f"writing {target}")
        if arguments.redact:
            from wsnotebook.analysis.tolog import redacted_log  # it loads pandas

            log = redacted_log(log)
        with wrong_usage(ValueError):
            size = _write(log, target, to, count)
    write_summary(arguments, f"{source} -> {target}: {summary(log)}{size}", aside="convert" if to else "")
    return ExitCode.DONE


def _write(log: FrameLog, target: str, to: str | None, watch: Watch) -> str:
    """Write a log to its target, and return the size for a sentence, where it is known."""
    if to is not None:
        write_whole(log, to, watch)
        return ""
    written = Path(save(log, target, watch))
    return f" ({written.stat().st_size:,} bytes)" if written.is_file() else ""
