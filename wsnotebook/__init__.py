"""Explore WebSocket services from a Jupyter notebook: every frame recorded, the record is a DataFrame.

    import wsnotebook
    session = await wsnotebook.connect("ws://127.0.0.1:8765/")
    session            # the panel
    session.df         # the conversation

Names are loaded when they are first used: importing this package loads neither numpy nor ipywidgets.
It gives each DataFrame ``df.ws``, the questions to frames, as soon as pandas is imported.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING, Any

from wsnotebook.whenimported import when_imported

if TYPE_CHECKING:
    from wsnotebook import lab as lab
    from wsnotebook import redaction as redaction
    from wsnotebook.analysis.compare import compare as compare
    from wsnotebook.analysis.decoders.registry import decoder as decoder
    from wsnotebook.errors import ChannelOverflow as ChannelOverflow
    from wsnotebook.errors import ConnectError as ConnectError
    from wsnotebook.errors import ConversionError as ConversionError
    from wsnotebook.errors import ConverterNotFound as ConverterNotFound
    from wsnotebook.errors import ExpectationFailed as ExpectationFailed
    from wsnotebook.errors import FileError as FileError
    from wsnotebook.errors import FragmentError as FragmentError
    from wsnotebook.errors import FrameTooBig as FrameTooBig
    from wsnotebook.errors import HandshakeError as HandshakeError
    from wsnotebook.errors import InvalidURL as InvalidURL
    from wsnotebook.errors import PingTimeout as PingTimeout
    from wsnotebook.errors import ProtocolViolation as ProtocolViolation
    from wsnotebook.errors import ScriptError as ScriptError
    from wsnotebook.errors import SessionClosed as SessionClosed
    from wsnotebook.errors import SessionFault as SessionFault
    from wsnotebook.errors import SocketTimeout as SocketTimeout
    from wsnotebook.errors import StepFailed as StepFailed
    from wsnotebook.errors import WrongThread as WrongThread
    from wsnotebook.errors import WsNotebookError as WsNotebookError
    from wsnotebook.files.datasetreader import compact as compact
    from wsnotebook.files.datasetreader import open_dataset as open_dataset
    from wsnotebook.files.framelog import FrameLog as FrameLog
    from wsnotebook.files.loading import load as load
    from wsnotebook.files.recovery import recover as recover
    from wsnotebook.kernel.running import run as run
    from wsnotebook.middle.attach import attach as attach
    from wsnotebook.middle.proxy import proxy as proxy
    from wsnotebook.replaying.replay import replay as replay
    from wsnotebook.session.capacity import Channels as Channels
    from wsnotebook.session.capacity import bounded as bounded
    from wsnotebook.session.capacity import unlimited as unlimited
    from wsnotebook.session.client import connect as connect
    from wsnotebook.session.client import ws as ws
    from wsnotebook.session.client import ws_raw as ws_raw
    from wsnotebook.session.client import wss as wss
    from wsnotebook.session.client import wss_raw as wss_raw
    from wsnotebook.session.converters import JsonConverter as JsonConverter
    from wsnotebook.session.default import DefaultClientWebSocketSession as DefaultClientWebSocketSession
    from wsnotebook.session.engine import map_engine_exceptions as map_engine_exceptions
    from wsnotebook.session.keepalive import pinger as pinger
    from wsnotebook.session.keepalive import ponger as ponger
    from wsnotebook.session.session import ClientWebSocketSession as ClientWebSocketSession
    from wsnotebook.session.state import SessionState as SessionState
    from wsnotebook.widgets.connectform import panel as panel
    from wsnotebook.wire.extensions import PerMessageDeflate as PerMessageDeflate
    from wsnotebook.wire.extensions import WebSocketExtension as WebSocketExtension
    from wsnotebook.wire.extensions import WebSocketExtensionFactory as WebSocketExtensionFactory
    from wsnotebook.wire.frames import CloseCode as CloseCode
    from wsnotebook.wire.frames import CloseReason as CloseReason
    from wsnotebook.wire.frames import Frame as Frame
    from wsnotebook.wire.frames import Opcode as Opcode

__version__ = "0.1.0"

_HOMES = {
    "analysis.compare": "compare",
    "analysis.decoders.registry": "decoder",
    "errors": (
        "ChannelOverflow ConnectError ConversionError ConverterNotFound ExpectationFailed FileError FragmentError "
        "FrameTooBig HandshakeError InvalidURL PingTimeout ProtocolViolation ScriptError SessionClosed SessionFault SocketTimeout "
        "StepFailed WrongThread WsNotebookError"
    ),
    "files.datasetreader": "compact open_dataset",
    "files.framelog": "FrameLog",
    "files.loading": "load",
    "files.recovery": "recover",
    "kernel.running": "run",
    "middle.attach": "attach",
    "middle.proxy": "proxy",
    "replaying.replay": "replay",
    "session.capacity": "Channels bounded unlimited",
    "session.client": "connect ws ws_raw wss wss_raw",
    "session.converters": "JsonConverter",
    "session.default": "DefaultClientWebSocketSession",
    "session.engine": "map_engine_exceptions",
    "session.keepalive": "pinger ponger",
    "session.session": "ClientWebSocketSession",
    "session.state": "SessionState",
    "widgets.connectform": "panel",
    "wire.extensions": "PerMessageDeflate WebSocketExtension WebSocketExtensionFactory",
    "wire.frames": "CloseCode CloseReason Frame Opcode",
}
_HOME_OF = {name: home for home, names in _HOMES.items() for name in names.split()}

__all__ = [  # noqa: PLE0604 - the names above, which __getattr__ loads
    "__version__",
    "lab",
    "load_ipython_extension",
    "redaction",
    "unload_ipython_extension",
    *sorted(_HOME_OF),
]


def __getattr__(name: str) -> Any:
    if name in ("lab", "redaction"):
        return importlib.import_module(f"wsnotebook.{name}")
    home = _HOME_OF.get(name)
    if home is None:
        raise AttributeError(f"module 'wsnotebook' has no attribute {name!r}")
    value = getattr(importlib.import_module(f"wsnotebook.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _questions(df: Any) -> Any:
    """Return ``df.ws``; the first call loads the questions, and their class takes the place of this function."""
    return importlib.import_module("wsnotebook.analysis.accessor").FrameQuestions(df)


def _register_questions() -> None:
    pandas = sys.modules["pandas"]
    if not hasattr(pandas.DataFrame, "ws"):
        pandas.api.extensions.register_dataframe_accessor("ws")(_questions)


when_imported("pandas", _register_questions)


def load_ipython_extension(ipython: Any) -> None:
    """Register the %ws magics: what ``%load_ext wsnotebook`` calls."""
    from wsnotebook.kernel.magics import load_ipython_extension as load

    load(ipython)


def unload_ipython_extension(ipython: Any) -> None:
    """Take the %ws magics away again."""
    from wsnotebook.kernel.magics import unload_ipython_extension as unload

    unload(ipython)
