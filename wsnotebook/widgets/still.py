"""Still: the text of a view for pages without its kernel, in an output of its own below the live view.

The page hides it while the live view stands there. It is kept up to date, so that a notebook that is saved, exported or
opened again shows the last state. What it says is in static.py.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextvars import Context
from typing import Any

from IPython.display import display, update_display

from wsnotebook.widgets.static import Page

__all__ = ["STILL_SECONDS", "VIEW", "Still", "StillView"]

STILL_SECONDS = 5.0  # between two updates: each marks the notebook as changed
VIEW = "application/vnd.jupyter.widget-view+json"
"""Media type of a widget's view."""


class Still:
    """The output of one view; it may be shown several times, and is updated everywhere.

    Args:
        page: returns what it has to show now.
    """

    def __init__(self, page: Callable[[], Page]) -> None:
        self.name = f"wsn-still-{uuid.uuid4().hex[:12]}"
        """Class of its element, and its display_id."""
        self._page = page
        self._shown: Page | None = None

    def bundle(self) -> dict[str, str]:
        """Return its texts by media type."""
        return self._bundle(self._page())

    def show(self) -> None:
        """Make the output in the cell that runs."""
        self._shown = self._page()
        display(self._bundle(self._shown), raw=True, display_id=self.name)

    def update(self) -> None:
        """Bring every output of it up to date, if it was shown and something has changed."""
        if self._shown is None or (page := self._page()) == self._shown:
            return
        self._shown = page
        # Without a context it is a message of the cell that runs now. A task has the context of the cell that made it,
        # and who runs a notebook without a browser takes only messages of the running cell.
        Context().run(update_display, self._bundle(page), raw=True, display_id=self.name)

    def _bundle(self, page: Page) -> dict[str, str]:
        return {"text/plain": page.plain, "text/html": f"<div class='{self.name}'>{page.html}</div>"}


class StillView:
    """Mixin of a widget that is shown with a still below it; set ``_still`` before it is displayed."""

    _still: Still
    model_id: str | None  # of the widget

    def _ipython_display_(self) -> None:
        # Nothing for who knows no widgets: the still has it. A bundle without a known type would be a warning.
        display({**self._view(), "text/html": ""}, raw=True)
        self._still.show()

    def _repr_mimebundle_(self, **options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """Return both in one bundle, for front ends that make one output of it."""
        return {**self._view(), **self._still.bundle()}, {}

    def _view(self) -> dict[str, Any]:
        """Return the view by its media type; nothing of a widget that was closed, which no page finds.

        Written here, because ipywidgets 7 has no method that returns it. Colab adds its metadata when it is displayed.
        """
        if self.model_id is None:
            return {}
        return {VIEW: {"version_major": 2, "version_minor": 0, "model_id": self.model_id}}
