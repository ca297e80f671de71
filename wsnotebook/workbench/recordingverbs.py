"""RECORDING: the declarations of the verbs that look at what was recorded, keep it, and play it again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from wsnotebook.wire.frames import OPCODE_NAMES
from wsnotebook.workbench import actions, answers, starting
from wsnotebook.workbench.arguments import Form, option, switch
from wsnotebook.workbench.commonarguments import NAME
from wsnotebook.workbench.completing import one_of, paths
from wsnotebook.workbench.values import (
    read_count,
    read_filter,
    read_port,
    read_regex,
    read_seconds,
    read_speed,
)
from wsnotebook.workbench.verb import Verb

__all__ = ["RECORDING"]

_RECORDING = option("path", metavar="FILE", help="a recording", complete=paths)
_WHICH = (
    option("of", "--session", metavar="NAME", help="which one, where the recording has several"),
    option(
        "connection",
        "--connection",
        metavar="N",
        read=read_count,
        help="which one of the session, where it reconnected",
    ),
)
_PORT = option(
    "port", "--port", metavar="N", read=read_port, default=0, help="0, the default, takes a free one"
)
_OPCODES = ("text", "binary", "continuation", "close", "ping", "pong")
_QUANTITIES = ("frames", "bytes", "latency")


def _behaviours(sessions: Iterable[str], word: str) -> Iterable[str]:
    from wsnotebook.lab.behaviours import BEHAVIOURS  # at the first Tab: %load_ext stays quick

    return (*BEHAVIOURS, *paths(sessions, word))


def _decoders(sessions: Iterable[str], word: str) -> Iterable[str]:
    from wsnotebook.analysis.decoders.registry import decoder_names  # as in _behaviours

    before = word[: word.rfind("+") + 1]
    return tuple(before + name for name in decoder_names())


RECORDING = (
    Verb(
        "info",
        "Show the connection: handshake, extensions, TLS, addresses, state, how it ended.",
        actions.info,
        arguments=(NAME,),
        example="info",
    ),
    Verb(
        "stats",
        "Show counts, bytes, rates, stalls, latency and memory.",
        actions.stats,
        arguments=(NAME,),
        example="stats",
    ),
    Verb(
        "log",
        "Show the last frames for the eye: odd characters escaped, empty columns left out.",
        actions.log,
        answers.tail,
        arguments=(
            option("rows", metavar="N", count="optional", read=read_count, help="20 if not given"),
            option("number", "-n", metavar="N", read=read_count, help="the same, as tail has it"),
            switch("direction", "--in", value="in", help="only received frames"),
            switch("direction", "--out", value="out", help="only sent frames"),
            option(
                "opcode",
                "--opcode",
                metavar="TYPE",
                choices=OPCODE_NAMES,
                complete=one_of(*_OPCODES),
                help=f"only frames of this type: {', '.join(_OPCODES)}, or 0x3 …",
            ),
            option(
                "grep",
                "--grep",
                metavar="REGEX|/REGEX/",
                read=read_regex,
                help="only frames whose text, or close reason, has a match",
            ),
            option(
                "filter",
                "--filter",
                metavar="FILTER",
                read=read_filter,
                help="only frames that it matches, as in the panel: '-op:ping size>100 $.price>100'",
            ),
            option(
                "since",
                "--since",
                metavar="SECONDS",
                read=read_seconds,
                help="only those of the last SECONDS",
            ),
            replace(NAME, cell=Form(("--name",), "NAME")),  # -n is the number, as of tail
        ),
        more="print(wsnotebook.filtering.LANGUAGE) shows the terms of a filter.",
        example="log 50 --in --grep error",
    ),
    Verb(
        "df",
        "Return the DataFrame of all frames, exact.",
        actions.df,
        arguments=(NAME,),
        example="df",
    ),
    Verb(
        "decode",
        "Return one row per message of a protocol; without a name the protocol is guessed, and the reason said.",
        actions.decode,
        answers.decoded,
        arguments=(
            option(
                "decoder",
                metavar="NAME",
                count="optional",
                complete=_decoders,
                help="json, mqtt, socketio, …; gzip+json reads the JSON in what gzip has inflated",
            ),
            NAME,
        ),
        example="decode gzip+json",
        more="An error of a message is in the column error. @wsnotebook.decoder adds decoders of your own.",
    ),
    Verb(
        "plot",
        "Draw frames or bytes per interval, or the latency of pings; events are marked.",
        actions.plot,
        arguments=(
            option(
                "quantity",
                metavar="frames|bytes|latency",
                choices=_QUANTITIES,
                default="frames",
                count="optional",
                complete=one_of(*_QUANTITIES),
            ),
            option("every", "--every", metavar="DURATION", default="1s", help="interval, as 100ms or 1min"),
            NAME,
        ),
        example="plot bytes --every 100ms",
    ),
    Verb(
        "save",
        "Write the log to a file; the suffix names the format.",
        actions.save,
        answers.saved,
        arguments=(
            option(
                "path",
                metavar="FILE",
                complete=paths,
                help=".parquet, .jsonl, .har or .pcapng; or name/ for Parquet parts; an older file is replaced",
            ),
            switch("redact", "--redact", value=True, help="marks in the places of secrets, in messages too"),
            NAME,
        ),
        example="save feed.parquet --redact",
    ),
    Verb(
        "load",
        "Return the log that a file has: ours, a browser's, mitmproxy's, Wireshark's.",
        actions.load_log,
        arguments=(_RECORDING,),
        of_bench=True,
        example="load feed.parquet",
    ),
    Verb(
        "replay",
        "Send what a recorded client sent, in time with the replies.",
        actions.replay_log,
        answers.replayed,
        arguments=(
            _RECORDING,
            option(
                "speed",
                "--speed",
                metavar="X",
                read=read_speed,
                default=1.0,
                complete=one_of("1", "10", "max"),
                help="1 as recorded, 10 ten times faster, or max (default 1)",
            ),
            option(
                "direction",
                "--direction",
                metavar="out|in",
                choices=("out", "in"),
                default="out",
                complete=one_of("out", "in"),
                help="out: a client recorded it; in: a server did (default out)",
            ),
            option(
                "wait",
                "--wait",
                metavar="reply|time|both",
                choices=("reply", "time", "both"),
                default="reply",
                complete=one_of("reply", "time", "both"),
                help="for the replies recorded before a request (the default), for its recorded time, or for both",
            ),
            switch(
                "rewrite",
                "--rewrite",
                value=True,
                help="send the texts of live replies, such as tokens, in place of the recorded ones",
            ),
            *_WHICH,
            NAME,
        ),
        waits=True,
        example="replay feed.parquet --speed 10",
    ),
    Verb(
        "serve",
        "Start a server of the lab in this kernel, on this machine only, and return it.",
        starting.serve,
        arguments=(
            option(
                "behaviour",
                metavar="BEHAVIOUR|FILE",
                complete=_behaviours,
                help="echo, ticker, chat, slow, silent, closer, …; or a recording to play back",
            ),
            _PORT,
            *_WHICH,
        ),
        waits=True,
        of_bench=True,
        example="serve echo",
        more="server = %ws serve echo keeps it for server.url and await server.stop().",
    ),
    Verb(
        "proxy",
        "Start a proxy in this kernel that records what other programs and a server say, and return it.",
        starting.proxy,
        arguments=(
            option(
                "url",
                metavar="URL",
                count="optional",
                help="the server; programs connect to the proxy's url instead; without it: an HTTP proxy",
            ),
            _PORT,
            option(
                "record", "--record", metavar="FILE", complete=paths, help="write every frame to a new file"
            ),
            option(
                "origin",
                "--allow-origin",
                metavar="ORIGIN",
                help="let web pages of this origin connect, such as http://localhost:3000",
            ),
            option(
                "mitm",
                "--mitm",
                metavar="HOST",
                count="repeated",
                help="of an HTTP proxy: open the TLS of this host, whose clients have to trust p.ca_path; repeat for more",
            ),
            switch(
                "transparent",
                "--transparent",
                value=True,
                default=False,
                help="client and server negotiate compression with each other, and bytes pass untouched",
            ),
        ),
        waits=True,
        of_bench=True,
        example="proxy wss://example.org --port 9000",
        more="p = %ws proxy URL keeps it for p.df, p.on_frame, p.fault and await p.stop().",
    ),
    Verb(
        "attach",
        "Record the WebSockets of a browser's tabs, and return the attachment.",
        starting.attach,
        arguments=(
            option(
                "url",
                metavar="URL",
                complete=one_of("http://127.0.0.1:9222"),
                help="the debugging port of a browser that was started with --remote-debugging-port=9222",
            ),
            option(
                "match",
                "--match",
                metavar="TEXT",
                help="only tabs whose address or title has this text, or matches /this regular expression/",
            ),
            option(
                "record", "--record", metavar="FILE", complete=paths, help="write every message to a new file"
            ),
        ),
        waits=True,
        of_bench=True,
        example="attach http://127.0.0.1:9222 --match example.org",
        more="a = %ws attach URL keeps it for a.tabs, a.df and await a.stop().",
    ),
    Verb(
        "recover",
        "List the recordings of kernels that died; .load() reads one.",
        actions.recover_journals,
        answers.journals,
        of_bench=True,
        example="recover",
    ),
)
"""The verbs, in the order of the help."""
