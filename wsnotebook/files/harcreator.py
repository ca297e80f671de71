"""The programs that make a HAR, and how each is brought to write WebSocket messages into it."""

from __future__ import annotations

from wsnotebook.files.harmessage import text_of
from wsnotebook.safetext import safe_text

__all__ = ["SWITCHING_PROTOCOLS", "no_messages"]

SWITCHING_PROTOCOLS = 101.0
"""Status of a response that opens a WebSocket."""

_RECORD = "record in Chrome or Edge, with mitmdump --set hardump=x.har, or with wsnotebook.proxy(url)"
_LEFT_OUT = f"leaves WebSocket messages out of a HAR: {_RECORD}"
_FIREFOX = f"Firefox and browsers made of it leave WebSocket messages out of a HAR: {_RECORD}"
_ADVICE = {  # part of the name in lower case, the first that fits
    "webkit": f"Safari {_LEFT_OUT}",
    "webinspector": "in Chrome or Edge, open the Network panel before the page connects, reload the page, and export "
    "all as HAR from that panel",
    **dict.fromkeys(("firefox", "librewolf", "waterfox", "floorp", "tor browser"), _FIREFOX),
    "playwright": "with Playwright, use record_har_content='embed' or 'attach', not 'omit', close the context before "
    "reading, update it if it writes none, and keep the files beside the HAR",
    "mitmproxy": "with mitmproxy 10 or later, mitmdump --set hardump=x.har writes them",
    "charles": f"Charles {_LEFT_OUT}",
    "fiddler": f"Fiddler keeps WebSocket messages in a .saz, which only Fiddler reads, and {_LEFT_OUT}",
    "insomnia": f"Insomnia {_LEFT_OUT}",
    "postman": f"Postman {_LEFT_OUT}",
    "browsermob": f"BrowserMob Proxy {_LEFT_OUT}",
    "browsertime": f"Browsertime {_LEFT_OUT}",
    "chrome-har": f"chrome-har {_LEFT_OUT}",
    "proxyman": "update Proxyman for macOS to 2.28 or later, which writes them, and export again",
    "http toolkit": "update HTTP Toolkit, which writes them since August 2023, and export again",
}
_OTHER = f"{_RECORD}; in a browser, open the Network panel before the page connects"


def no_messages(creator: object, opened: int, entries: int) -> str:
    """Return a sentence for a HAR without messages: who made it, what is in it, and how to get one with them.

    Args:
        creator: value of ``creator`` in the log.
        opened: entries with the status that opens a WebSocket.
        entries: all of them.
    """
    values = creator if isinstance(creator, dict) else {}
    name, version = (safe_text(text_of(values.get(key))[:60]) for key in ("name", "version"))
    made = f"made by {name} {version}".rstrip() if name else "of an unnamed program"
    advice = next((advice for part, advice in _ADVICE.items() if part in name.lower()), _OTHER)
    return (
        f"a HAR {made}, with {opened} of {entries} entries of status 101, but no entry has "
        f"_webSocketMessages: {advice}"
    )
