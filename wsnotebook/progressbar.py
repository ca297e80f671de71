"""progress_bar(): how far a long piece of work has come, drawn by tqdm."""

from __future__ import annotations

from typing import Any, Self

__all__ = ["progress_bar"]


def progress_bar(is_wanted: bool | None, **options: Any) -> Any:
    """Return a bar of tqdm, a context manager; its ``disable`` is true if nothing is drawn.

    Args:
        is_wanted: None draws it where tqdm is installed.
        options: options of tqdm.

    Raises:
        ImportError: a bar is wanted and tqdm is not installed.
    """
    if is_wanted is False:
        return _NoBar()
    try:
        from tqdm.auto import tqdm
    except ImportError as error:
        if is_wanted:
            raise ImportError("a progress bar needs tqdm: pip install 'wsnotebook[tqdm]'") from error
        return _NoBar()
    return tqdm(**options)


class _NoBar:
    """A bar that draws nothing."""

    disable = True
    total: float | None = None
    n: float = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def _nothing(self, *arguments: Any, **options: Any) -> None:
        pass

    update = set_description = set_postfix_str = refresh = _nothing
