"""Arguments that many verbs have."""

from __future__ import annotations

from wsnotebook.workbench.arguments import option
from wsnotebook.workbench.completing import session_names
from wsnotebook.workbench.values import read_seconds

__all__ = ["NAME", "TIMEOUT"]

NAME = option(
    "name",
    "-n",
    "--name",
    metavar="NAME",
    help="the session meant; without it the current one",
    complete=session_names,
)
TIMEOUT = option(
    "timeout",
    "-t",
    "--timeout",
    metavar="SECONDS",
    read=read_seconds,
    help="give up after so many seconds",
)
