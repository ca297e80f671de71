"""pcapng: our own files, which hold all of a log as packets and blocks of ours, and captures by other programs.

format.py reads and writes; recording.py makes the bytes, also for a journal; capture.py reads what is not ours. A rule
for frames is the wire's; a link layer or a protocol below TCP is one line in packets.py.
"""

__all__: list[str] = []
