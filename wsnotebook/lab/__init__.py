"""Test peers on loopback: WebSocket and HTTP servers with chosen behaviour, correct or faulty.

A new behaviour is one function in behaviours.py (or a module, if it is long), a malformed frame one row in rude.py,
a fault below WebSocket one step in hostile.py. Nothing here imports session/, so that a fault of ours cannot exist
at both ends; log/ and wire/ are used for recording. The client is in session/.
"""

from __future__ import annotations

from wsnotebook.lab.behaviours import (
    BEHAVIOURS,
    chat,
    closer,
    echo,
    fragments,
    pings,
    silent,
    slow,
)
from wsnotebook.lab.certificate import Certificate, certificate
from wsnotebook.lab.chunked import decode_chunked
from wsnotebook.lab.connection import LabConnection
from wsnotebook.lab.hostile import (
    HOSTILE,
    Delay,
    Drip,
    HalfClose,
    HostilePeer,
    HostileServer,
    NeverAnswer,
    ReadBytes,
    ReadRequest,
    Reset,
    SendBytes,
    Upgrade,
    hostile_server,
)
from wsnotebook.lab.http import HttpServer, HttpServerSettings, http_server
from wsnotebook.lab.messages import Headers, HttpSyntaxError, Request, Response
from wsnotebook.lab.multipart import Epilogue, Part, Preamble, parse_multipart
from wsnotebook.lab.named import Behaviour
from wsnotebook.lab.pipeline import start_connection_pipeline, start_server_connection_pipeline
from wsnotebook.lab.playback import playback
from wsnotebook.lab.ranges import multiple_ranges_length, write_multiple_ranges
from wsnotebook.lab.rude import VIOLATIONS, rude
from wsnotebook.lab.script import Close, Expect, ExpectClose, Script, ScriptFailed, Send, Wait
from wsnotebook.lab.server import EmbeddedServer, embedded_server
from wsnotebook.lab.ticker import ticker

__all__ = [
    "BEHAVIOURS",
    "HOSTILE",
    "VIOLATIONS",
    "Behaviour",
    "Certificate",
    "Close",
    "Delay",
    "Drip",
    "EmbeddedServer",
    "Epilogue",
    "Expect",
    "ExpectClose",
    "HalfClose",
    "Headers",
    "HostilePeer",
    "HostileServer",
    "HttpServer",
    "HttpServerSettings",
    "HttpSyntaxError",
    "LabConnection",
    "NeverAnswer",
    "Part",
    "Preamble",
    "ReadBytes",
    "ReadRequest",
    "Request",
    "Reset",
    "Response",
    "Script",
    "ScriptFailed",
    "Send",
    "SendBytes",
    "Upgrade",
    "Wait",
    "certificate",
    "chat",
    "closer",
    "decode_chunked",
    "echo",
    "embedded_server",
    "fragments",
    "hostile_server",
    "http_server",
    "multiple_ranges_length",
    "parse_multipart",
    "pings",
    "playback",
    "rude",
    "silent",
    "slow",
    "start_connection_pipeline",
    "start_server_connection_pipeline",
    "ticker",
    "write_multiple_ranges",
]
