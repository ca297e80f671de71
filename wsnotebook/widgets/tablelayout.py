"""The columns and widths that a person has chosen last in a table of this kernel: the next table begins with them."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Any

__all__ = ["chosen_layout", "remember_layout"]

_NAMES = ("columns", "widths")

_chosen: dict[str, Any] = {}


def chosen_layout() -> dict[str, Any]:
    """Return the traits ``columns`` and ``widths`` of a new table, as far as a person has chosen any."""
    return deepcopy(_chosen)


def remember_layout(table: Any, changes: Mapping[str, Any]) -> None:
    """Keep the layout of a table whose page has sent changes of traits; code that sets them is about its own table."""
    _chosen.update({name: deepcopy(getattr(table, name)) for name in _NAMES if name in changes})
