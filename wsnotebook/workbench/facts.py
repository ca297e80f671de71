"""Facts: named values that a cell shows as a table; those of one session for the verbs info and stats.

No text of a peer is shown as it came: safe_text() escapes characters, html.escape markup.
"""

from __future__ import annotations

import html
import re
from itertools import islice
from typing import Any

from wsnotebook.jsonlayout import laid_out
from wsnotebook.redaction import redact_header, redact_subprotocol, redact_url
from wsnotebook.safetext import safe_text

__all__ = ["Facts", "handshake_of", "info_of", "refusal_of", "stats_of"]

_BODY_SHOWN = 4000  # characters of the body of a refusal; error.call has the whole
_JSON_READ = 64 * 1024  # characters of a body that is laid out: read whole in the kernel's loop, 10 ms
_BYTES_SHOWN = 64  # of a body that is no text


class Facts(dict[str, Any]):
    """Values by name: ``facts["state"]``. What is None or empty is kept, and not shown."""

    def __repr__(self) -> str:
        shown = self._shown()
        width = max((len(name) for name, _ in shown), default=0)
        below = "\n" + " " * (width + 2)
        return "\n".join(f"{name:<{width}}  {text.replace(chr(10), below)}" for name, text in shown)

    def _repr_html_(self) -> str:
        rows = (
            f"<tr><th style='text-align: left; vertical-align: top'>{html.escape(name)}</th>"
            f"<td style='text-align: left; white-space: pre-wrap'>{html.escape(text)}</td></tr>"
            for name, text in self._shown()
        )
        return f"<table class='tex2jax_ignore mathjax_ignore'>{''.join(rows)}</table>"

    def _shown(self) -> list[tuple[str, str]]:
        return [
            (safe_text(name), safe_text(_written(value), keep="\n"))
            for name, value in self.items()
            if value is not None and _written(value)
        ]


def _written(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:,.6g}"
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, dict):
        return "\n".join(f"{name}: {each}" for name, each in value.items())
    if isinstance(value, tuple):
        return "\n".join(map(str, value))
    return str(value)


def info_of(session: Any) -> Facts:
    """Return name, state, settings, addresses, TLS, handshake and end of a session; secrets are redacted."""
    call = session.call
    return Facts(
        session=session.name,
        kind="raw" if session.pump.raw else "default",
        state=str(session.state),
        url=session.url,
        subprotocol=session.subprotocol and redact_subprotocol(session.subprotocol),
        extensions=tuple(map(str, session.extensions)),
        local_address=_address(call.local_address),
        remote_address=_address(call.remote_address),
        tls=_tls(call.tls),
        masking="on" if session.masking else "off",
        pings_of_the_peer="answered" if session.answers_pings else "not answered",
        max_frame_size="no limit" if session.max_frame_size is None else session.max_frame_size,
        ping_interval=getattr(session, "ping_interval", None),  # a raw session has no pinger of its own
        recorded_to=None if session.log.recording is None else str(session.log.recording),
        **_end(session),
        request=_request(call.request),
        response=_response(call.response),
    )


def _end(session: Any) -> dict[str, Any]:
    return {
        "ended_by": session.close_initiator,
        "close_reason": _reason(session.close_reason_now),
        "close_sent": _reason(session.close_sent),
        "close_received": _reason(session.close_received),
    }


def _reason(reason: Any) -> str | None:
    return None if reason is None else str(reason)


def _address(address: Any) -> str | None:
    if isinstance(address, tuple):
        host, port = address[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return None if address is None else str(address)


def _tls(tls: dict[str, Any] | None) -> dict[str, Any] | None:
    return None if tls is None else {name: value for name, value in tls.items() if value}


def handshake_of(session: Any, *, secrets: bool = False) -> str:
    """Return the addresses, TLS, request and response that opened a session, as lines.

    Args:
        session: the session.
        secrets: show header values, cookies and tokens that are redacted everywhere else.
    """
    call = session.call
    heads = (_request(call.request, secrets=secrets), _response(call.response, secrets=secrets))
    return "\n\n".join(filter(None, (*_connection(call), *heads)))


def _connection(call: Any) -> tuple[str, str]:
    """Return the addresses of both ends and the facts of TLS, as lines; empty for what there was not."""
    tls = "\n".join(f"{name}: {value}" for name, value in (_tls(call.tls) or {}).items())
    remote = _address(call.remote_address)
    between = "" if remote is None else f"{_address(call.local_address)} to {remote}"
    return safe_text(between), safe_text(tls, keep="\n")


def refusal_of(error: Any, *, secrets: bool = False) -> str:
    """Return the call of a CallError as lines: addresses, TLS, request and response, as far as it came to them, and the body.

    Args:
        error: the CallError; of None, which failed nothing, there is no line.
        secrets: show header values, cookies and tokens that are redacted everywhere else.
    """
    if error is None:
        return ""
    call, response = error.call, error.call.response
    asked = _request(call.request, secrets=secrets) if call.request.headers else ""
    answered = _response(response, secrets=secrets) or "(no response was received)"
    parts = [
        *_connection(call),
        safe_text(asked, keep="\n") or "(no request was sent)",
        answered if asked else "",
    ]
    if response is not None:
        parts += [
            _body(response),
            f"(the body is not whole: {safe_text(response.lack)})" if response.lack else "",
        ]
    return "\n\n".join(filter(None, parts))


def _body(response: Any) -> str:
    """Return the beginning of a body that refuses a session, decoded, laid out where it is JSON, and escaped; bytes where it is no text."""
    body, size = response.text.strip(), len(response.body)
    if "\0" in body or body.count("\ufffd") * 10 > len(body):
        shown = response.body[:_BYTES_SHOWN].hex(" ")
        return (
            f"({size:,} bytes that are no text{', beginning with' if size > _BYTES_SHOWN else ''}: {shown})"
        )
    if len(body) <= _JSON_READ:
        body = laid_out(body) or body
    shown = body[:_BODY_SHOWN].rstrip()
    rest = _rest(response.text, shown) if len(body) > _BODY_SHOWN else 0
    more = f"\n(and {rest:,} characters more: error.call.response.text has all)" if rest else ""
    return safe_text(shown, keep="\n") + more


def _rest(text: str, shown: str) -> int:
    """Return how many characters of a body, as it came, follow its begin that is shown, which has other white space."""
    letters = re.finditer(r"\S", text)
    last = next(islice(letters, len(re.findall(r"\S", shown)) - 1, None))
    return len(text) - last.end()


def _request(request: Any, *, secrets: bool = False) -> str:
    url = request.url if secrets else redact_url(request.url)
    return _head(f"{request.method} {url}", request.headers, secrets=secrets)


def _response(response: Any, *, secrets: bool = False) -> str:
    if response is None:
        return ""
    first = f"HTTP/{response.http_version} {response.status} {response.reason}"
    return _head(f"{first}  (after {response.elapsed * 1000:.3g} ms)", response.headers, secrets=secrets)


def _head(first: str, headers: Any, *, secrets: bool) -> str:
    fields = [
        f"{name}: {value if secrets else redact_header(name, value)}" for name, value in headers.raw_items()
    ]
    # A peer's line break stays inside its line: only ours separate lines.
    return "\n".join(safe_text(line) for line in (first, *fields))


def stats_of(session: Any) -> Facts:
    """Return counts, bytes, rates, stalls, latency and memory of a session; ``stats["counts"]`` is a DataFrame."""
    log = session.log
    df = session.df
    mine = df[df["session"] == session.name]
    counts = mine.ws.counts()
    seconds = (mine["monotonic"].max() - mine["monotonic"].min()) / 1e9 if len(mine) else 0.0
    latencies = mine.ws.pings().query("direction == 'out'")["latency"].dropna()
    facts = Facts(session=session.name, state=str(session.state), seconds=float(seconds))
    for direction, label in (("in", "received"), ("out", "sent")):
        rows = counts[counts.index.get_level_values("direction") == direction]
        frames, size = int(rows["frames"].sum()), int(rows["bytes"].sum())
        facts[f"{label}_frames"], facts[f"{label}_bytes"] = frames, size
        facts[f"{label}_wire_bytes"] = int(rows["wire_bytes"].sum())
        facts[f"{label}_per_second"] = frames / seconds if seconds > 0 else None
    facts["unread"] = session.pump.incoming.waiting
    stalls = mine.ws.stalls()
    facts |= {"stalls": len(stalls), "stalled_seconds": float(stalls["duration"].sum())}
    facts["pings_answered"] = len(latencies)
    if len(latencies):
        facts |= {"latency_median": float(latencies.median()), "latency_max": float(latencies.max())}
    facts |= {"log_memory_bytes": log.memory, "log_rows": len(log), "dropped": log.dropped}
    facts |= {"truncated_bytes": log.truncated, "counts": counts}
    return facts
