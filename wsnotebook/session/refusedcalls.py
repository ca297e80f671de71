"""show_refused_calls(): below a cell that ends with the error of a connect(), IPython shows the call: what was asked and answered.

What it shows is in widgets/refusedpanel.py.
"""

from __future__ import annotations

import sys
from typing import Any

from wsnotebook.errors import CallError

__all__ = ["show_refused_calls"]


def show_refused_calls() -> None:
    """Let IPython, where it runs, show the call of a CallError that ends a cell; calling it again changes nothing."""
    ipython = sys.modules.get("IPython")
    shell = None if ipython is None else ipython.get_ipython()
    if shell is not None:
        shell.events.register("post_run_cell", _show)  # which keeps one of each


def _show(result: Any) -> None:
    error = result.error_in_exec
    if isinstance(error, CallError):
        from wsnotebook.widgets.refusedpanel import RefusedPanel  # only for who looks: it loads ipywidgets

        RefusedPanel(error)._ipython_display_()
