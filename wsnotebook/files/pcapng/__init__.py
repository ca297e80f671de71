"""pcapng: files of ours, which hold all of a log as packets and private blocks, and captures by other programs.

format.py reads and writes; recording.py encodes, also for a journal; capture.py reads foreign captures. A rule for
frames is not here but in wire/rules.py; a new link layer is one line in segments.py.
"""

__all__: list[str] = []
