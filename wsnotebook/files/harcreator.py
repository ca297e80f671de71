"""The programs that make a HAR, and how each is brought to write WebSocket messages into it."""

from __future__ import annotations

from typing import Any

from wsnotebook.files.harmessage import number_of, text_of
from wsnotebook.safetext import safe_text

__all__ = ["SWITCHING_PROTOCOLS", "no_messages"]

SWITCHING_PROTOCOLS = 101.0
"""Status of a response that opens a WebSocket."""

_LEFT_OUT = (
    "leaves WebSocket messages out of a HAR: record in Chrome or Edge, or with mitmdump --set hardump=x.har"
)
_ADVICE = {  # part of the name in lower case, the first that fits
    "webkit": f"Safari {_LEFT_OUT}",
    "webinspector": "in Chrome or Edge, open the Network panel before the page connects, reload the page, and export "
    "all as HAR from that panel",
    "firefox": f"Firefox {_LEFT_OUT}",
    "playwright": "with Playwright, use record_har_content='embed' or 'attach', not 'omit', close the context before "
    "reading, update it if it writes none, and keep the files beside the HAR",
    "mitmproxy": "with mitmproxy 10 or later, mitmdump --set hardump=x.har writes them",
    "charles": f"Charles {_LEFT_OUT}",
    "fiddler": f"save the session of Fiddler as .saz to keep them; its HAR has none: {_LEFT_OUT.partition(': ')[2]}",
    "insomnia": f"Insomnia {_LEFT_OUT}",
    "postman": f"Postman {_LEFT_OUT}",
    "proxyman": "update Proxyman to 2.25 or later, which writes them",
    "http toolkit": "update HTTP Toolkit, which writes them since August 2023",
}
_OTHER = "record in Chrome or Edge with the Network panel open before the page connects, or with mitmdump --set hardump=x.har"


def no_messages(log: dict[str, Any], entries: list[Any]) -> str:
    """Return a sentence for a HAR without messages: who made it, what is in it, and how to get one with them."""
    creator = log.get("creator")
    values = creator if isinstance(creator, dict) else {}
    name, version = (safe_text(text_of(values.get(key))[:60]) for key in ("name", "version"))
    made = f"made by {name} {version}".rstrip() if name else "of an unnamed program"
    advice = next((advice for part, advice in _ADVICE.items() if part in name.lower()), _OTHER)
    opened = sum(_is_opened(entry) for entry in entries)
    return (
        f"a HAR {made}, with {opened} of {len(entries)} entries of status 101, but no entry has "
        f"_webSocketMessages: {advice}"
    )


def _is_opened(entry: Any) -> bool:
    response = entry.get("response") if isinstance(entry, dict) else None
    return isinstance(response, dict) and number_of(response.get("status")) == SWITCHING_PROTOCOLS
