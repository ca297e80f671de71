"""Analysis of a DataFrame of frames: DataFrame in, DataFrame or figure out. The import registers ``df.ws``.

A new question is a function in a module of its own, a method in accessor.py, and, if Dask can answer it per
partition, one in partitions.py. Nothing here imports other packages of ours: the input is the columns alone.
"""

from __future__ import annotations

from wsnotebook.analysis.accessor import register

__all__ = ["register"]

register()
