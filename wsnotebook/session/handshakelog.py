"""HANDSHAKE_LOGGER: what websockets says of a handshake at level DEBUG, with its secrets redacted."""

from __future__ import annotations

import logging
from collections.abc import MutableMapping
from typing import Any

from wsnotebook.redaction import redact_header, redact_text, redact_url

__all__ = ["HANDSHAKE_LOGGER"]


class _RedactingAdapter(logging.LoggerAdapter[logging.Logger]):
    """Redacts the arguments of a record before the record is made, so that no handler sees a secret.

    websockets logs a header as two arguments, name and value, and a request's target as one.
    """

    def log(self, level: int, msg: object, *args: Any, **kwargs: Any) -> None:
        """Log as a Logger does."""
        if self.isEnabledFor(level):
            self.logger.log(level, msg, *_redacted(args), **kwargs)

    def process(self, msg: Any, kwargs: MutableMapping[str, Any]) -> tuple[Any, MutableMapping[str, Any]]:
        """Add nothing."""
        return msg, kwargs


def _redacted(args: tuple[Any, ...]) -> tuple[Any, ...]:
    if len(args) == 2 and all(isinstance(each, str) for each in args):
        return args[0], redact_header(*args)
    return tuple(
        redact_url(each) if isinstance(each, str) and each.startswith("/")
        else redact_text(each) if isinstance(each, str)
        else each
        for each in args
    )  # fmt: skip


HANDSHAKE_LOGGER = _RedactingAdapter(logging.getLogger("websockets.client"), {})
"""For the dialling of websockets: the logger of the same name as its own."""
