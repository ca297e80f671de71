"""Controls: the controls of the panel, which are those of every widget of a session, and its settings and handshake.

Layout is in controls.mjs and controls.css, the tick that updates the traits in panel.py, the verbs in workbench/.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets

from wsnotebook.session.attempts import attempts_of
from wsnotebook.widgets.closebutton import CloseButton
from wsnotebook.widgets.counters import Counters
from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.maskingtoggle import MaskingToggle
from wsnotebook.widgets.sendbox import SendBox
from wsnotebook.widgets.verbs import Answer
from wsnotebook.workbench.facts import handshake_of, refusal_of

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["Controls"]


class Controls(SendBox, MaskingToggle, CloseButton, Counters):
    """State, counters and verbs of one session.

    ``masking``, ``answers_pings``, ``compresses``, ``max_frame_size`` and ``ping_interval`` are the session's own: setting
    one here sets it there, and what the session refuses raises. All other traits are read-only.

    Args:
        session: as in SessionWidget.
        follows: as in SessionWidget.
    """

    _esm = join_modules(Path(__file__).with_name("controls.mjs"))

    offered: ClassVar[tuple[str, ...]] = tuple(
        name for widget in (SendBox, MaskingToggle, CloseButton, Counters) for name in widget.offered
    ) + ("limit", "pings", "pongs", "compress")

    answers_pings = traitlets.Bool(None, allow_none=True).tag(sync=True)
    """Whether pings of the peer are answered; may be set."""
    max_frame_size = traitlets.Int(None, allow_none=True).tag(sync=True)
    """Payload bytes that a received frame may have, None for no limit; may be set."""
    ping_interval = traitlets.Float(None, allow_none=True).tag(sync=True)
    """Seconds between pings, None for none; may be set, but not of a raw session."""

    compresses = traitlets.Bool(None, allow_none=True).tag(sync=True)
    """Whether the next message is sent compressed; may be set. None where permessage-deflate was not negotiated."""

    def __init__(self, session: ClientWebSocketSession, *, follows: bool = True) -> None:
        super().__init__(session, follows=follows)
        self._verbs.update(handshake=self._verb_handshake, refusal=self._verb_refusal)

    def _verb_handshake(self, content: dict[str, Any]) -> Answer:
        """Return the handshake as text, to be shown and not kept: secrets are in no trait."""
        return {"text": handshake_of(self._session, secrets=content.get("secrets") is True)}, ()

    def _verb_refusal(self, content: dict[str, Any]) -> Answer:
        """Return the call of the last attempt that failed, with its secrets; in no trait either."""
        attempts = attempts_of(self._session)
        failure = None if attempts is None else attempts.failure
        return {"text": refusal_of(failure, secrets=True)}, ()
