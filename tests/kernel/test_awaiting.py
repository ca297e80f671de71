from __future__ import annotations

import ast

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from IPython.core.interactiveshell import InteractiveShell

from wsnotebook.kernel.awaiting import AwaitingTransformer, await_magics

AWAITED_LINE = "(await get_ipython().run_line_magic('ws', "
LINE = "get_ipython().run_line_magic('ws', "


def rewritten(cell: str) -> str:
    """What becomes of a cell as a person types it."""
    return await_magics(TransformerManager().transform_cell(cell))


def compiled(source: str) -> None:
    compile(source, "<cell>", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


AWAITED = {
    "plain": ("%ws recv\n", f"{AWAITED_LINE}'recv'))\n"),
    "assignment": ("x = %ws recv\n", f"x = {AWAITED_LINE}'recv'))\n"),
    "tuple target": ("a, b = %ws recv\n", f"a, b = {AWAITED_LINE}'recv'))\n"),
    "several": ("%ws recv\n1 + 1\n%ws ping\n", f"{AWAITED_LINE}'recv'))\n1 + 1\n{AWAITED_LINE}'ping'))\n"),
    "for": (
        "for i in range(3):\n    %ws send {i}\n",
        f"for i in range(3):\n    {AWAITED_LINE}'send {{i}}'))\n",
    ),
    "while else": (
        "while x:\n    x = %ws recv\nelse:\n    %ws ping\n",
        f"while x:\n    x = {AWAITED_LINE}'recv'))\nelse:\n    {AWAITED_LINE}'ping'))\n",
    ),
    "if": (
        "if x:\n    %ws recv\nelif y:\n    %ws ping\n",
        f"if x:\n    {AWAITED_LINE}'recv'))\nelif y:\n    {AWAITED_LINE}'ping'))\n",
    ),
    "try": (
        "try:\n    %ws recv\nfinally:\n    %ws close\n",
        f"try:\n    {AWAITED_LINE}'recv'))\nfinally:\n    {AWAITED_LINE}'close'))\n",
    ),
    "with": ("with a as b:\n    %ws recv\n", f"with a as b:\n    {AWAITED_LINE}'recv'))\n"),
    "match": (
        "match x:\n    case 1:\n        %ws recv\n",
        f"match x:\n    case 1:\n        {AWAITED_LINE}'recv'))\n",
    ),
    "async def": (
        "async def f():\n    x = %ws recv\n    return x\n",
        f"async def f():\n    x = {AWAITED_LINE}'recv'))\n    return x\n",
    ),
    "async def in def": (
        "def g():\n    async def f():\n        %ws recv\n    return f\n",
        f"def g():\n    async def f():\n        {AWAITED_LINE}'recv'))\n    return f\n",
    ),
    "async method": (
        "class C:\n    async def f(self):\n        %ws recv\n",
        f"class C:\n    async def f(self):\n        {AWAITED_LINE}'recv'))\n",
    ),
    "cell magic": (
        "%%ws send --json\n{\n 'a': 1}\n",
        "(await get_ipython().run_cell_magic('ws', 'send --json', \"{\\n 'a': 1}\\n\"))\n",
    ),
    "letters of two bytes before it": (
        "é = 'ß'; x = 1\nö = %ws recv\n",
        f"é = 'ß'; x = 1\nö = {AWAITED_LINE}'recv'))\n",
    ),
    "windows line ends": ("x = 1\r\n%ws recv\r\n", f"x = 1\r\n{AWAITED_LINE}'recv'))\n"),
    "inside another call": (
        "print(get_ipython().run_line_magic('ws', 'recv'))\n",
        f"print({AWAITED_LINE}'recv')))\n",
    ),
    "double quotes": (
        'get_ipython().run_line_magic("ws", "recv")\n',
        '(await get_ipython().run_line_magic("ws", "recv"))\n',
    ),
    "over several lines": (
        "get_ipython().run_line_magic(\n    'ws',\n    'recv',\n)\n",
        "(await get_ipython().run_line_magic(\n    'ws',\n    'recv',\n))\n",
    ),
    "one as the argument of another": (
        f"{LINE}{LINE}'recv'))\n",
        f"{AWAITED_LINE}{AWAITED_LINE}'recv'))))\n",
    ),
}


@pytest.mark.parametrize("case", AWAITED)
def test_a_magic_that_may_be_awaited_is(case: str) -> None:
    """Where an await may stand, the call is awaited, and the rest stays as it was."""
    cell, expected = AWAITED[case]
    source = rewritten(cell)
    assert source.splitlines() == expected.splitlines()
    compiled(source)


LEFT_ALONE = {
    "def": "def f():\n    %ws recv\n",
    "def in async def": "async def g():\n    def f():\n        %ws recv\n    return f\n",
    "class body": "class C:\n    x = %ws recv\n",
    "method": "class C:\n    def f(self):\n        %ws recv\n",
    "lambda": f"f = lambda: {LINE}'recv')\n",
    "list": f"[{LINE}'recv') for i in x]\n",
    "generator": f"g = ({LINE}'recv') for i in x)\n",
    "dict": f"{{i: {LINE}'recv') for i in x}}\n",
    "set": f"{{{LINE}'recv') for i in x}}\n",
    "f-string": f'x = f"{{{LINE}1)}}"\n',
    "default of a def": f"def f(x={LINE}'recv')):\n    pass\n",
    "default of an async def": f"def g():\n    async def f(x={LINE}'recv')):\n        pass\n",
    "decorator": f"@{LINE}'recv')\ndef f():\n    pass\n",
    "another magic": "%time x\n",
    "a magic of a similar name": "%wsx recv\n",
    "the awaited one": f"{AWAITED_LINE}'recv'))\n",
    "string": "x = \"%ws recv\"\ny = \"get_ipython().run_line_magic('ws', 'recv')\"\n",
    "docstring": f"'''\n%ws recv\n{LINE}'recv')\n'''\n",
    "comment": f"# {LINE}'recv')\n",
    "other object": "shell.run_line_magic('ws', 'recv')\nself.get_ipython().run_line_magic('ws', 'recv')\n",
    "name in a variable": "get_ipython().run_line_magic(ws, 'recv')\n",
    "no argument": "get_ipython().run_line_magic()\n",
    "syntax error": f"def f(:\n{LINE}'recv')\n",
    "open bracket": f"x = (\n{LINE}'recv'\n",
    "nested too deep": LINE + "(" * 5000 + ")" * 5000 + ")\n",
    "empty": "",
}


@pytest.mark.parametrize("case", LEFT_ALONE)
def test_what_cannot_be_awaited_or_is_no_magic_stays_as_it_is(case: str) -> None:
    """Not one character changes where an await cannot stand, or where something merely looks like the magic."""
    source = TransformerManager().transform_cell(LEFT_ALONE[case])
    assert await_magics(source) == source


def test_a_line_ends_where_python_says_so() -> None:
    """str.splitlines cuts at U+2028 and form feeds too; Python's own line numbers do not."""
    before = "s = '''a\u2028b\x0c\x85'''\n\x0c\n"
    assert await_magics(f"{before}{LINE}'recv')\n") == f"{before}{AWAITED_LINE}'recv'))\n"


@pytest.mark.parametrize(
    "source", [f"{LINE}'\udc80')\n", f"{LINE}'recv')\n\x00"], ids=["lone surrogate", "null byte"]
)
def test_what_is_no_text_of_python_stays_as_it_is(source: str) -> None:
    """What Python cannot even read is IPython's to complain about."""
    assert await_magics(source) == source


def test_rewriting_twice_changes_nothing_more() -> None:
    """A cell that was rewritten may go through the transformer again: ipykernel does that with synchronous cells."""
    once = rewritten("x = %ws recv\ndef f():\n    %ws ping\n")
    assert await_magics(once) == once


def test_an_await_beside_a_def_does_not_reach_into_it() -> None:
    """In one cell the magic at the top is awaited and the one in a def is not."""
    source = rewritten("def f():\n    %ws ping\n%ws recv\n")
    assert source == f"def f():\n    {LINE}'ping')\n{AWAITED_LINE}'recv'))\n"


@pytest.fixture
def transformer(shell: InteractiveShell) -> AwaitingTransformer:
    return AwaitingTransformer(shell)


def test_the_transformer_works_on_lines(transformer: AwaitingTransformer) -> None:
    """It takes and gives lines with their ends, as IPython hands them from one transformer to the next."""
    lines = ["x = 1\n", f"{LINE}'recv')\n"]
    assert transformer(lines) == ["x = 1\n", f"{AWAITED_LINE}'recv'))\n"]
    assert transformer(["x = 1\n"]) == ["x = 1\n"]


@pytest.mark.parametrize("way", ["off", "trio"])
def test_without_asyncio_autoawait_nothing_is_awaited(
    shell: InteractiveShell, transformer: AwaitingTransformer, way: str
) -> None:
    """After %autoawait off an await is a syntax error, and trio cannot run what asyncio awaits."""
    if way == "off":
        shell.autoawait = False
    else:
        shell.loop_runner = lambda coroutine: None
    lines = [f"{LINE}'recv')\n"]
    assert transformer(lines) == lines


def test_source_transformed_while_a_cell_runs_is_left_alone(
    shell: InteractiveShell, transformer: AwaitingTransformer
) -> None:
    """%time and %%capture transform their source in mid-cell and compile it without await."""
    shell.user_ns["seen"] = seen = []
    shell.user_ns["transform"] = lambda: seen.append(transformer([f"{LINE}'recv')\n"]))
    shell.run_cell("transform()").raise_error()
    shell.run_cell("import asyncio; await asyncio.sleep(0); transform()").raise_error()
    assert seen == [[f"{LINE}'recv')\n"]] * 2
    assert transformer([f"{LINE}'recv')\n"]) != [f"{LINE}'recv')\n"], "between cells it works again"
