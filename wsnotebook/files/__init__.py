"""Logs on disk: each format is a module with ``write(header, runs, path)`` and ``read(path) -> header, runs``.

FrameLog, saving, loading, journals and datasets live here. Rows in memory are the log's, bytes of frames the wire's.
A new format is one new module and one line in formats.py; a value that all formats keep is a field of Header.
"""

__all__: list[str] = []
