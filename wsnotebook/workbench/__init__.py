"""Named sessions, and the verbs that people type or click, each declared once for magics, panel and terminal.

Here: name, arguments, help, completion, action and answer of each verb. Not here: parsing of a %ws line (kernel/),
buttons (widgets/), the programs of the terminal (cli/), a session's behaviour on the wire (session/).
A new line: a verb is one row in verbs.py, with its action in actions.py and its sentence in answers.py; an option of
connect is one row in connection.py.
"""

from __future__ import annotations

from wsnotebook.payload import PayloadKind, parse_payload
from wsnotebook.workbench.bench import Workbench, WorkbenchError, workbench

__all__ = ["PayloadKind", "Workbench", "WorkbenchError", "parse_payload", "workbench"]
