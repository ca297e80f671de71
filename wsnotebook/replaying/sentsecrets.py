"""check_secrets(): what a replay would send that is a secret, before it does."""

from __future__ import annotations

import warnings
from collections.abc import Iterable
from urllib.parse import urlsplit

from wsnotebook.jsonvalues import JsonValue, json_values, replace_spans, written_path
from wsnotebook.matching import Message
from wsnotebook.payloadsecrets import PayloadRules
from wsnotebook.redaction import MARK
from wsnotebook.replaying.rewriting import Rewriter
from wsnotebook.replaying.turns import Turn
from wsnotebook.wire.frames import Opcode

__all__ = ["check_marks", "check_secrets"]

_NAMED = 5  # secrets in a sentence
_MARK_BEGINS = "<redacted:"  # the rest of one may be cut off, where a control frame had no room for it


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
        texts = [_kept(turn.message, rewriter), *_other_texts(turn)]
        check_marks(turn.seq, texts[0])
        if any(_MARK_BEGINS in text for text in texts[1:]):
            raise ValueError(
                f"a control frame, or a part of a message, at seq {turn.seq} has a redacted secret, in the place of which "
                "nothing can be put: leave its row out"
            )
        if len(found) <= _NAMED:
            secrets = (each for text in texts for each in rules.redact(text)[1])
            found += (f"{each.where or each.rule} of seq {turn.seq}" for each in secrets)
    if found:
        more = ", …" if len(found) > _NAMED else ""
        warnings.warn(
            f"secrets of the recording are sent to {urlsplit(url).netloc.rpartition('@')[2]}: "
            f"{', '.join(found[:_NAMED])}{more}; rewrite={{path: value}} sends others",
            stacklevel=4,
        )


def check_marks(seq: int, text: str) -> None:
    """Refuse to send a request that has marks of redacted secrets.

    Raises:
        ValueError: it has; the sentence says where, and what to give.
    """
    if _has_mark(text):
        place = _place_of_mark(text)
        raise ValueError(
            f"the request of seq {seq} has a redacted secret{f' at {place}' if place else ''}: give the value, "
            f"rewrite={{{place or '$.path'!r}: …}}"
        )


def _other_texts(turn: Turn) -> list[str]:
    """Return the texts of the control frames of a turn, and of its fragments where they never became a message."""
    found = [each.frame.data for each in turn.frames if each.frame.opcode > Opcode.BINARY]
    if turn.message is None:
        found.append(b"".join(each.frame.data for each in turn.frames if each.frame.opcode <= Opcode.BINARY))
    return [data.decode("utf-8", "replace") for data in found if data]


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


def _has_mark(text: str) -> bool:
    """Return whether a text has a mark, also in JSON in which its characters are escaped."""
    return bool(MARK.search(text)) or ("\\u" in text and any(map(_is_marked, _values(text))))


def _is_marked(value: JsonValue) -> bool:
    texts = (each for each in (value.value, *value.path[-1:]) if isinstance(each, str))
    return any(map(_has_mark, texts))


def _place_of_mark(text: str) -> str:
    return next((written_path(each.path) for each in _values(text) if _is_marked(each)), "")


def _values(text: str) -> list[JsonValue]:
    try:
        return json_values(text)
    except ValueError:
        return []
