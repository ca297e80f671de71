"""What is shown as its panel, and as its repr where it has none, in IPython, in the front ends of Jupyter and in marimo."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import wsnotebook
from wsnotebook.lab import embedded_server
from wsnotebook.shown import Shown

NOT_STARTED: dict[str, Callable[[], Shown]] = {
    "server": lambda: embedded_server("echo"),
    "proxy": lambda: wsnotebook.proxy("ws://127.0.0.1:1/"),
    "attach": lambda: wsnotebook.attach("http://127.0.0.1:1"),
}


@pytest.mark.parametrize("name", NOT_STARTED)
def test_what_has_not_started_is_its_repr_in_each_front_end(name: str) -> None:
    """The repr says what to write; IPython asks for the bundle when told that there is no display of its own."""
    thing = NOT_STARTED[name]()
    assert "not started" in thing._display_()
    assert thing._repr_mimebundle_() == {"text/plain": repr(thing)}
    with pytest.raises(NotImplementedError):
        thing._ipython_display_()


def test_what_has_a_panel_is_the_panel_in_each_front_end() -> None:
    """Of a log, which needs no event loop; the second look is the same widget."""
    log = wsnotebook.FrameLog()
    panel = log._display_()
    assert panel is log._panel() is log._display_()
    assert log._repr_mimebundle_() == panel._repr_mimebundle_()
