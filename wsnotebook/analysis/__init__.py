"""Analysis of a DataFrame of frames: DataFrame in, DataFrame or figure out. The import registers ``df.ws``.

Here: one module per question. Not here: how the DataFrame is made (log/), files (files/), anything of a session; nothing
of ours is imported, the input is the columns alone.
A new line: a question is a function in a module of its own and one entry in questions.py, which says whether Dask
answers it too.
"""

from __future__ import annotations

from wsnotebook.analysis.accessor import register

__all__ = ["register"]

register()
