"""Named sessions and the verbs that people type or click: magics, panel and terminal read them from here.

Here: what a verb is called, which arguments it has, what it does, what it answers. Not here: how a line of %ws is
split (kernel/), how a button looks (widgets/), what a session does on the wire (session/).
A new line: a verb is one row in verbs.py, with its action in actions.py and its sentence in answers.py; an option of
connect is one row in connection.py.
"""

from __future__ import annotations

from wsnotebook.workbench.bench import Workbench, WorkbenchError, workbench
from wsnotebook.workbench.payload import PayloadKind, parse_payload

__all__ = ["PayloadKind", "Workbench", "WorkbenchError", "parse_payload", "workbench"]
