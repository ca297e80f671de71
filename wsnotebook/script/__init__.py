"""Scripts: a conversation as text, the same for a cell, for the terminal and for CI.

parser.py reads the text (its docstring is the notation), steps.py has the values, runner.py runs them on a session,
report.py and junit.py tell what happened. Scripts of the lab's servers are lab/script.py.
"""

from __future__ import annotations

from wsnotebook.script.parser import parse_script
from wsnotebook.script.runner import run_script

__all__ = ["parse_script", "run_script"]
