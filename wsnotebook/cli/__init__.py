"""The verbs in a terminal: ``wsnotebook connect | serve | proxy | attach | record | convert | replay | send | script``.

Each verb is one module with ``make_parser()`` and ``run(arguments)``, and a row in main.VERBS. The modules parse
arguments, print and choose exit codes (outcome.py); the work itself is in session/, lab/, files/ and workbench/, and a
new capability goes there first. Options that open a session are declared in workbench/connection.py. Output to the
terminal goes through console.py, which escapes a peer's text.
"""

__all__: list[str] = []
