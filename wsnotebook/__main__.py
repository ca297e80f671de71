"""``python -m wsnotebook``: the package's verbs in a terminal and in CI."""

from __future__ import annotations

import sys

from wsnotebook.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
