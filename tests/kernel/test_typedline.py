"""What follows %ws is text: a question mark at its end asks IPython for nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.kernel.magics import load_ipython_extension, unload_ipython_extension
from wsnotebook.wire.frames import Frame

if TYPE_CHECKING:
    from tests.kernel.conftest import Notebook


@pytest.mark.parametrize(
    "text",
    [
        "how are you?",
        "you?",
        "is it? or is it??",
        "?",
        "??",
        "is %ws?",
        "str?",
        "a.b*?",
        "what? #yes?",
        "who; where?",
    ],
)
@pytest.mark.parametrize(
    "cell", ["%ws send {}", "if True:\n    %ws send {}", "x = 1\n%ws send {}\ny = 2", "z = %ws send {}"]
)
def test_text_that_ends_in_a_question_is_sent(connected: Notebook, cell: str, text: str) -> None:
    """Alone, in a block, between other lines, and assigned."""
    connected.run(cell.replace("{}", text))
    assert connected.session.sent == [Frame.text(text)]


def test_a_line_that_goes_on_in_the_next_one_may_end_in_a_question(connected: Notebook) -> None:
    """The backslash joins lines as IPython joins them."""
    connected.run("%ws send how \\\n are you?")
    assert connected.session.sent == [Frame.text("how   are you?")]


@pytest.mark.parametrize("cell", ["%ws?", "%ws??", "?%ws"])
def test_a_question_of_the_magic_itself_shows_its_help(connected: Notebook, cell: str) -> None:
    """That is IPython's own syntax, and stays."""
    shown: list[object] = []
    connected.shell.set_hook("show_in_pager", lambda shell, data, start, screen_lines: shown.append(data))
    connected.run(cell)
    assert "%ws alone lists the verbs" in str(shown)
    assert connected.session.sent == []


def test_a_question_of_a_verb_shows_its_help(connected: Notebook) -> None:
    """``%ws send?`` has no text to send."""
    assert connected.shown("%ws send?") == connected.shown("%ws send --help")
    assert connected.session.sent == []


def test_a_string_that_looks_like_a_line_stays_as_it_is(connected: Notebook) -> None:
    """Only what IPython would take for a magic is a magic."""
    assert connected.run('"""\n%ws send you?\n"""') == "\n%ws send you?\n"
    assert connected.run("ws = 4\n7 %ws ") == 3
    assert connected.session.sent == []


def test_unloading_gives_the_question_back(shell: InteractiveShell) -> None:
    """The transformers of the shell are as before."""
    before = list(shell.input_transformer_manager.token_transformers)
    load_ipython_extension(shell)
    load_ipython_extension(shell)
    assert len(shell.input_transformer_manager.token_transformers) == len(before) + 2
    unload_ipython_extension(shell)
    assert shell.input_transformer_manager.token_transformers == before


def test_a_line_that_is_joined_leaves_the_numbers_of_the_others(connected: Notebook) -> None:
    """The line of an error is the line that a person sees."""
    source = connected.shell.transform_cell("%ws send a \\\n b\nx = %ws ping \\\n;\n1/0\n")
    assert source.splitlines()[4] == "1/0"
    assert connected.refused("%ws send a \\\n b\n\n%ws use two", "WorkbenchError").startswith("line 4: ")


@pytest.mark.parametrize(
    ("cell", "source"),
    [
        ("%ws ping;", "(await get_ipython().run_line_magic('ws', 'ping;'));\n"),
        ("x = %ws ping; # now", "x = (await get_ipython().run_line_magic('ws', 'ping; # now'));\n"),
        ("%ws send a;", "(await get_ipython().run_line_magic('ws', 'send a;'))\n"),
        ("%ws nosuch a;", "(await get_ipython().run_line_magic('ws', 'nosuch a;'))\n"),
    ],
)
def test_a_semicolon_stands_where_ipython_looks_for_it(connected: Notebook, cell: str, source: str) -> None:
    """After the call, unless the semicolon is text."""
    assert connected.shell.transform_cell(cell) == source
