"""check_secrets(): what a replay would send that is a secret, before it does."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from urllib.parse import urlsplit

from wsnotebook.jsonvalues import json_values, replace_spans, written_path
from wsnotebook.matching import Message
from wsnotebook.payloadsecrets import PayloadRules
from wsnotebook.redaction import MARK
from wsnotebook.replaying.rewriting import Rewriter
from wsnotebook.replaying.turns import Turn

__all__ = ["check_secrets"]

_NAMED = 5  # secrets in a sentence


def check_secrets(requests: Iterable[Turn], rewriter: Rewriter, url: str) -> None:
    """Refuse to send the marks of redacted secrets, and name the secrets that are sent, but for what is rewritten.

    Args:
        requests: what is to be sent.
        rewriter: what it gives is no secret of the recording.
        url: where it is sent; only its host is told.

    Raises:
        ValueError: a request has a redacted secret; the sentence says where, and what to give.

    Warns:
        UserWarning: requests have secrets.
    """
    rules, found = PayloadRules(), list[str]()
    for turn in requests:
        text = _kept(turn.message, rewriter)
        if MARK.search(text):
            place = _place_of_mark(text)
            raise ValueError(
                f"the request of seq {turn.seq} has a redacted secret{f' at {place}' if place else ''}: give the value, "
                f"rewrite={{{place or '$.path'!r}: …}}"
            )
        if len(found) <= _NAMED:
            _, secrets = rules.redact(text)
            found += (f"{each.where or each.rule} of seq {turn.seq}" for each in secrets)
    if found:
        more = ", …" if len(found) > _NAMED else ""
        warnings.warn(
            f"secrets of the recording are sent to {urlsplit(url).netloc.rpartition('@')[2]}: "
            f"{', '.join(found[:_NAMED])}{more}; rewrite={{path: value}} sends others",
            stacklevel=4,
        )


def _kept(message: Message | None, rewriter: Rewriter) -> str:
    """Return the text of a request without the values that the rewriter gives."""
    if message is None:
        return ""
    text = message if isinstance(message, str) else message.decode("utf-8", "replace")
    try:
        values = json_values(text)
    except ValueError:
        return text
    changes: list[tuple[int, int, str]] = []
    for each in values:
        if rewriter.covers(each.path) and (not changes or changes[-1][1] <= each.start):
            changes.append((each.start, each.end, "null"))
    return replace_spans(text, changes)


def _place_of_mark(text: str) -> str:
    try:
        values = json_values(text)
    except ValueError:
        return ""
    marked = (each.path for each in values if isinstance(each.value, str) and MARK.search(each.value))
    return next(map(written_path, marked), "")
