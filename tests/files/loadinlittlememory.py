"""Load files with little memory, and print the FileError of each: ``loadinlittlememory.py BYTES FILE…``."""

import resource
import sys
from pathlib import Path

import pandas  # noqa: F401 - loaded before the limit, as a notebook has it

from wsnotebook.errors import FileError
from wsnotebook.files.loading import load

limit, *paths = sys.argv[1:]
resource.setrlimit(resource.RLIMIT_AS, (int(limit), int(limit)))
for path in paths:
    try:
        print(load(Path(path)))
    except FileError as error:
        print(error)
