"""The WebSocket protocol as pure functions and state: bytes in, judged frames out, and back.

No I/O, clock or thread. A rule of RFC 6455 or 7692 is a row in rules.py, what an endpoint accepts beyond it a field of
limits.py, what an endpoint does about an end a row of closing.py. Sockets, queues and time belong to session/.
"""

__all__: list[str] = []
