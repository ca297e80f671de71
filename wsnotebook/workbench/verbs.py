"""VERBS: the declaration of every verb, for magics, panel and terminal; those of recordings are in recordingverbs.py."""

from __future__ import annotations

import argparse
from dataclasses import replace

from wsnotebook.script.parser import NOTATION
from wsnotebook.workbench import actions, answers, sendactions
from wsnotebook.workbench.arguments import Argument, Form, option, switch
from wsnotebook.workbench.commonarguments import NAME, TIMEOUT
from wsnotebook.workbench.completing import close_codes, message_names, one_of, paths, session_names
from wsnotebook.workbench.connection import CONNECTION
from wsnotebook.workbench.curl import curl_words
from wsnotebook.workbench.namedmessages import FILE
from wsnotebook.workbench.receiving import AMOUNTS, read_amount
from wsnotebook.workbench.recordingverbs import RECORDING
from wsnotebook.workbench.values import (
    UNCHANGED,
    read_close_code,
    read_count,
    read_fragments,
    read_on_or_off,
    read_seconds,
    read_seconds_or_off,
    read_size_or_off,
)
from wsnotebook.workbench.variables import RULE
from wsnotebook.workbench.verb import Verb

__all__ = ["VERBS"]

_KINDS = {
    "json": "send text that is checked to be JSON",
    "hex": "send bytes, written as 48 65 6c",
    "base64": "send bytes, written as SGVs",
}
"""Kinds of payload that are not the default, and their help."""

_PAYLOAD_KINDS = tuple(
    switch("kind", f"--{kind}", value=kind, default="text", help=help, terminal=Form((f"--{kind}",)))
    for kind, help in _KINDS.items()
)

_ON = option("on", metavar="on|off", read=read_on_or_off, count="optional", complete=one_of("on", "off"))

_ALL = (
    Verb(
        "connect",
        "Open a session and make it the current one.",
        actions.connect,
        answers.connected,
        arguments=(
            Argument(
                "url", "ws://host:port/path or wss://host/path", cell=Form(), terminal=Form(metavar="URL")
            ),
            *CONNECTION,
        ),
        waits=True,
        of_bench=True,
        pasted={"curl": curl_words, "curl.exe": curl_words},
        more="A line that a browser has copied as cURL is an address too: %%ws connect --name feed, and the line below.",
        time_limit="open_timeout",
        example="connect ws://127.0.0.1:8765/ --name feed",
    ),
    Verb(
        "send",
        "Send the rest of the line as a message.",
        sendactions.send,
        answers.sent,
        answers.send_note,
        (
            *_PAYLOAD_KINDS,
            switch("opcode", "--binary", value="binary", help="send the text in a binary frame"),
            switch("opcode", "--ping", value="ping", help="send it as a ping, and wait for nothing"),
            switch("opcode", "--pong", value="pong", help="send it as a pong that nobody asked for"),
            option("file", "--file", metavar="FILE", help="send a file in place of a text", complete=paths),
            option(
                "named",
                "--named",
                metavar="NAME",
                help="send a message that keep has kept",
                complete=message_names,
            ),
            option(
                "again",
                "--again",
                metavar="SEQ",
                read=read_count,
                help="send the payload of a frame of the log again",
            ),
            option(
                "every",
                "--every",
                metavar="SECONDS",
                read=read_seconds,
                help="send it again every so many seconds, until stop or the end of the session",
            ),
            option(
                "fragments", "--fragments", metavar="N", read=read_fragments, help="split it into N fragments"
            ),
            # Given by a page: the text of a cell is a template already.
            Argument("fills", default=argparse.SUPPRESS),
            NAME,
        ),
        waits=True,
        takes_text=True,
        text_instead=("file", "named", "again"),
        example='send --json {"op": "subscribe"}',
        more="Options stand before the text; -- ends them. The text keeps its quotes, and # and ; are text. %%ws send sends the lines below it.",
    ),
    Verb(
        "stop",
        "Stop what send --every sends again and again.",
        sendactions.stop,
        answers.stopped,
        answers.stop_note,
        (NAME,),
        waits=True,
        example="stop",
    ),
    Verb(
        "keep",
        "Keep a message under a name, in a file beside the notebook, for send --named.",
        sendactions.keep,
        answers.kept,
        answers.keep_note,
        (
            option(
                "message",
                "-m",
                "--message",
                metavar="NAME",
                default="",
                help="its name",
                complete=message_names,
            ),
            *_PAYLOAD_KINDS,
            switch(
                "fills", "--fill", value=True, default=False, help="put variables into it when it is sent"
            ),
        ),
        of_bench=True,
        takes_text=True,
        always="--message NAME",
        example='keep --message subscribe --json {"op": "subscribe"}',
        is_template=False,
        more=f"The file is {FILE}. With --fill, {RULE}.",
    ),
    Verb(
        "forget",
        "Remove a message that keep has kept.",
        sendactions.forget,
        answers.forgotten,
        answers.forget_note,
        (option("message", metavar="NAME", complete=message_names),),
        of_bench=True,
        example="forget subscribe",
    ),
    Verb(
        "messages",
        "List the messages that keep has kept.",
        sendactions.list_messages,
        answers.named,
        of_bench=True,
        example="messages",
    ),
    Verb(
        "recv",
        "Return the next message as str or bytes; a number of them, or all that are there, as a list.",
        actions.receive,
        answers.messages,
        arguments=(
            option(
                "amount",
                metavar="N|all|newest",
                read=read_amount,
                count="optional",
                complete=one_of(*AMOUNTS),
                help="N messages; all that came and were not received; or the newest, dropping the older ones",
            ),
            switch("json", "--json", value=True, help="decode them"),
            NAME,
            replace(
                TIMEOUT, help="give up after so many seconds; with all: also take what comes within them"
            ),
        ),
        aliases=("receive",),
        waits=True,
        example="recv 5 --timeout 10",
    ),
    Verb(
        "expect",
        "Pass over messages until one matches, and return it.",
        actions.expect,
        arguments=(
            switch(
                "json", "--json", value=True, help="the text is JSON, whose keys and values the message has"
            ),
            NAME,
            replace(TIMEOUT, default=10.0, help="give up after so many seconds (default 10)"),
        ),
        waits=True,
        takes_text=True,
        example='expect --json {"type": "ack"}',
        more="The text is a part of the message, or /a regular expression/.",
    ),
    Verb(
        "script",
        "Run the conversation in the lines below, and return its frames.",
        actions.script,
        arguments=(
            option(
                "url",
                "-u",
                "--url",
                metavar="URL",
                help="run it on a new session, which is closed afterwards and never the current one",
            ),
            NAME,
        ),
        waits=True,
        of_bench=True,
        takes_text=True,
        example="script --url ws://127.0.0.1:8765/",
        is_template=False,
        more=NOTATION,
    ),
    Verb(
        "ping",
        "Measure the latency.",
        actions.ping,
        answers.pong,
        answers.ping_note,
        (NAME, TIMEOUT),
        waits=True,
        example="ping --timeout 5",
    ),
    Verb(
        "mask",
        "Turn the masking of sent frames on or off; without an argument, toggle it.",
        actions.mask,
        answers.masking,
        answers.mask_note,
        (_ON, NAME),
        example="mask off",
    ),
    Verb(
        "compress",
        "Send messages compressed or as they are, where permessage-deflate was negotiated; without an argument, toggle it.",
        actions.compress,
        answers.of_session(answers.compress_note),
        answers.compress_note,
        (_ON, NAME),
        example="compress off",
    ),
    Verb(
        "pongs",
        "Answer the pings of the peer, or leave them unanswered; without an argument, toggle it.",
        actions.pongs,
        answers.of_session(answers.pongs_note),
        answers.pongs_note,
        (_ON, NAME),
        example="pongs off",
    ),
    Verb(
        "limit",
        "Show or set the size of the largest frame that is received.",
        actions.limit,
        answers.limited,
        answers.limit_note,
        arguments=(
            option(
                "size",
                metavar="BYTES|off",
                read=read_size_or_off,
                default=UNCHANGED,
                count="optional",
                complete=one_of("64KiB", "1MiB", "64MiB", "off"),
                help="such as 65536, 64KiB, 1MiB; off for no limit; a larger frame ends the session with 1009",
            ),
            NAME,
        ),
        example="limit 64KiB",
    ),
    Verb(
        "pings",
        "Show or set how often the session pings by itself.",
        actions.pings,
        answers.pinging,
        answers.pings_note,
        arguments=(
            option(
                "interval",
                metavar="SECONDS|off",
                read=read_seconds_or_off,
                default=UNCHANGED,
                count="optional",
                complete=one_of("20", "off"),
                help="between two pings; an unanswered one ends the session",
            ),
            NAME,
        ),
        waits=True,
        example="pings 20",
    ),
    Verb(
        "flush",
        "Wait until everything sent before was handed to the operating system.",
        actions.flush,
        answers.flushed,
        arguments=(NAME, TIMEOUT),
        waits=True,
        example="flush",
    ),
    *RECORDING,
    Verb(
        "panel",
        "Show the panel: send, close and the live table; without a session a form that opens one.",
        actions.panel,
        arguments=(NAME,),
        of_bench=True,
        example="panel",
    ),
    Verb(
        "session",
        "Return the session itself, for Python.",
        actions.session,
        arguments=(NAME,),
        example="session",
    ),
    Verb(
        "list",
        "List the sessions of this kernel, also those that connect() opened.",
        actions.list_sessions,
        answers.sessions,
        of_bench=True,
        example="list",
    ),
    Verb(
        "use",
        "Choose the session that verbs without --name speak to.",
        actions.use,
        answers.chosen,
        arguments=(option("session", metavar="NAME", complete=session_names),),
        aliases=("select",),
        of_bench=True,
        example="use feed",
    ),
    Verb(
        "reconnect",
        "Dial an ended session again, with the same arguments; name and log go on.",
        actions.reconnect,
        answers.reconnected,
        answers.reconnect_note,
        (NAME,),
        waits=True,
        example="reconnect",
    ),
    Verb(
        "close",
        "Close with a code and a message, and show how it ended.",
        actions.close,
        answers.closed,
        answers.close_note,
        (
            Argument(
                "code",
                "1000 if not given",
                cell=Form(refusal="{0!r} is no close code, such as 1000; a session is named with --name {0}"),
                read=read_close_code,
                default=1000,
                count="optional",
                complete=close_codes,
            ),
            option("message", default="", count="words", help="at most 123 bytes"),
            NAME,
        ),
        waits=True,
        example="close 1000 done",
    ),
    Verb(
        "terminate",
        "Abort the connection now, without a close frame.",
        actions.terminate,
        answers.aborted,
        answers.abort_note,
        (NAME,),
        example="terminate",
    ),
)

VERBS: dict[str, Verb] = {name: verb for verb in _ALL for name in (verb.name, *verb.aliases)}
"""Verbs by name and alias, in the order of the help."""
