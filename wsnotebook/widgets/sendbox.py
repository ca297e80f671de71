"""SendBox: the widget that sends: typed payloads, files, named messages, once or again and again."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Future
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import traitlets
from IPython import get_ipython

from wsnotebook.widgets.esm import join_modules
from wsnotebook.widgets.sessionwidget import SessionWidget
from wsnotebook.widgets.verbs import Answer, shown
from wsnotebook.workbench.namedmessages import FILE, read_messages
from wsnotebook.workbench.verbs import VERBS

if TYPE_CHECKING:
    from wsnotebook.session.session import ClientWebSocketSession

__all__ = ["SendBox"]


class SendBox(SessionWidget):
    """A box for a payload, its kind, and every way to send it.

    Example: ``SendBox(session)``.

    Args:
        session: as in SessionWidget.
        follows: as in SessionWidget.
        variables: what {names} in a message stand for where that is switched on; None for the variables of the notebook.
            Give {} on a page for others, who could send any of them.
    """

    _esm = join_modules(Path(__file__).with_name("sendbox.mjs"))

    offered: ClassVar[tuple[str, ...]] = ("send", "stop", "keep", "forget")

    repeating = shown(traitlets.Unicode())
    """What is sent again and again, and how often it was; empty for nothing."""

    def __init__(
        self,
        session: ClientWebSocketSession,
        *,
        follows: bool = True,
        variables: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(session, follows=follows)
        self._variables = _of_notebook() if variables is None else variables
        self._verbs["named"] = self._verb_named

    def _verb_named(self, content: dict[str, Any]) -> Answer:
        """Return the named messages: name, kind, text, and whether variables are put into it."""
        return {"messages": [[name, *message] for name, message in read_messages(Path(FILE)).items()]}, ()

    def send_again(self, seq: int) -> Answer | Future[Answer]:
        """Send the payload of a frame of the log again; return the answer to the page."""
        return self._run(VERBS["send"], {"text": "", "again": seq})


def _of_notebook() -> Mapping[str, Any]:
    shell = get_ipython()
    return {} if shell is None else shell.user_ns
