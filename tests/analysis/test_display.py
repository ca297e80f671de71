"""Display of frames in IPython: a peer's text is escaped and is no mathematics; other DataFrames are shown as before."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.analysis.display import register_display

PRICES = "price is $5 today and $6 tomorrow"
HIDDEN = "\u202egnp.exe\x00\u200b"
SHOWN = "\\u202egnp.exe\\x00\\u200b"


@pytest.fixture
def frames(talk: Any, ipython: InteractiveShell) -> pd.DataFrame:
    """The DataFrame of a hostile text and a hostile end, made in the shell."""
    talk.receive(1, (0x81, PRICES.encode()), (0x81, HIDDEN.encode()))
    return talk.log.df  # type: ignore[no-any-return]


def displayed(ipython: InteractiveShell, value: object) -> dict[str, str]:
    return ipython.display_formatter.format(value)[0]  # type: ignore[no-any-return,union-attr]


def test_frames_are_shown_escaped_and_not_typeset(ipython: InteractiveShell, frames: pd.DataFrame) -> None:
    """The whole DataFrame, a selection, rows after a sort, the answer of a question, the events; as HTML and as text."""
    frames_and_answers = (
        frames, frames[["text"]], frames.sort_values("time")[frames["length"] > 5], frames.ws.messages(),
    )  # fmt: skip
    for each in frames_and_answers:
        shown = displayed(ipython, each)
        assert "tex2jax_ignore" in shown["text/html"] and PRICES in shown["text/html"]
        assert SHOWN in shown["text/html"]
        assert not set(HIDDEN).difference("gnp.exe").intersection("".join(shown.values()))


def test_a_column_is_shown_escaped(ipython: InteractiveShell, frames: pd.DataFrame) -> None:
    """And so is a row."""
    assert SHOWN in displayed(ipython, frames["text"])["text/plain"]
    assert SHOWN in displayed(ipython, frames.iloc[1])["text/plain"]


def test_events_are_shown_escaped(ipython: InteractiveShell, talk: Any) -> None:
    """Their details may have a peer's words."""
    talk.log.note("closed", HIDDEN)
    assert SHOWN in displayed(ipython, talk.log.events)["text/html"]


def test_other_dataframes_are_shown_as_pandas_shows_them(
    ipython: InteractiveShell, frames: pd.DataFrame
) -> None:
    """In a list too; pandas' option is as it was."""
    other = pd.DataFrame({"text": [PRICES, HIDDEN]})
    shown = displayed(ipython, other)
    assert shown == {"text/plain": repr(other), "text/html": other._repr_html_()}  # type: ignore[operator]
    plain = displayed(ipython, [other, other["text"]])["text/plain"]
    InteractiveShell.clear_instance()
    assert plain == displayed(InteractiveShell.instance(), [other, other["text"]])["text/plain"]
    assert pd.get_option("display.html.use_mathjax") is True


def test_a_printer_of_someone_else_keeps_the_other_dataframes(ipython: InteractiveShell, talk: Any) -> None:
    """Registering again wraps it once."""
    formatter: Any = ipython.display_formatter.formatters["text/html"]  # type: ignore[union-attr]
    formatter.for_type(pd.DataFrame, lambda frames: "theirs")
    talk.receive(1, (0x81, b"x"))
    frames = talk.log.df
    register_display()
    assert displayed(ipython, pd.DataFrame({"x": [1]}))["text/html"] == "theirs"
    assert "tex2jax_ignore" in displayed(ipython, frames)["text/html"]


def test_without_a_shell_nothing_is_registered() -> None:
    """A script prints frames as pandas does."""
    register_display()
