"""In the middle: a server that dials another one for each of its clients, and records both connections."""

__all__: list[str] = []
