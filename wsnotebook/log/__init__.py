"""Rows of frames in memory and on spill: one column a fact, as DataFrames, windows and cursors show them.

A file format is a module of files/, which loads rows through restore.py; a question to a DataFrame is a module of
analysis/. A new column is one row of columns.py; memory and spill are segment.py and store.py.
"""

__all__: list[str] = []
