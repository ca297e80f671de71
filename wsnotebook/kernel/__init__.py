"""The notebook's side: the magic %ws, its awaiting in cells, its completion, and waiting that Interrupt can stop.

Here: everything that knows IPython, ipykernel or nest_asyncio. Not here: which verbs there are and what they do
(workbench/), and widgets (widgets/).
A new line: how a line is split or explained in line.py, what Tab offers in completion.py, what %load_ext registers in
magics.py, how a cell waits in loop.py.
"""

from __future__ import annotations

__all__: list[str] = []
