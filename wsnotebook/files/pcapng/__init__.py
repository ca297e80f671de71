"""pcapng: our own files, and captures by other programs."""

__all__: list[str] = []
