"""Shown: a mixin of what IPython, the front ends of Jupyter and marimo show as a widget."""

from __future__ import annotations

from typing import Any

__all__ = ["Shown"]


class Shown:
    """A thing that is shown as its panel when it is the last line of a cell, and as its repr where it has none."""

    def _panel(self) -> Any:
        """Return the widget that shows this; None where there is nothing to look at, and the repr says why."""
        raise NotImplementedError

    def _ipython_display_(self) -> None:
        panel = self._panel()
        if panel is None:
            raise NotImplementedError  # IPython shows the bundle
        panel._ipython_display_()

    def _display_(self) -> Any:  # of marimo
        panel = self._panel()
        return repr(self) if panel is None else panel

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        panel = self._panel()
        if panel is None:
            return {"text/plain": repr(self)}
        return panel._repr_mimebundle_(include=include, exclude=exclude)
