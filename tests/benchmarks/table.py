"""The printed table of a benchmark, and the line above it that says where it was made."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from importlib import metadata

__all__ = ["number", "print_table"]

PACKAGES = ("wsnotebook", "websockets", "aiohttp", "picows", "pandas", "pyarrow")
NAME_WIDTHS = (34, 20)
FIGURE_WIDTH = 13


def number(value: float | None, digits: int = 2) -> str:
    """Format a figure; one that was not measured is a dash."""
    return "-" if value is None else f"{value:,.{digits}f}"


def version(package: str) -> str:
    """Return name and installed version of a package."""
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return f"{package} not installed"


def print_table(title: str, columns: Sequence[str], groups: Iterable[Sequence[Sequence[str]]]) -> None:
    """Print rows under columns, each group as soon as it comes, a line before it.

    The first two columns stand to the left, figures to the right.
    """
    widths = [*NAME_WIDTHS, *(max(len(column), FIGURE_WIDTH) for column in columns[2:])]
    machine = f"{platform.python_implementation()} {platform.python_version()}, {os.cpu_count()} cores"
    print(title, f"{machine}, " + ", ".join(map(version, PACKAGES)), sep="\n", end="\n\n")
    print(line(columns, widths), flush=True)
    for group in groups:
        print("  ".join("-" * width for width in widths))
        for row in group:
            print(line(row, widths), flush=True)


def line(cells: Sequence[str], widths: Sequence[int]) -> str:
    """Return one line of the table."""
    aligned = [
        cell.ljust(width) if i < 2 else cell.rjust(width)
        for i, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return "  ".join(aligned).rstrip()
