"""The one filter language of panel, ``%ws log`` and Python: what a person types, and which rows of a log it means.

Here: the words (words.py), their conditions on columns and on payloads, the parser, the search through a log in slices.
Not here: where a filter is typed and how its matches are shown (widgets/, workbench/).
A new line: a word is a row in the table of words.py; a condition on payloads is a class in payloads.py or hasjson.py
and its form in parser.py. LANGUAGE in parser.py is the help text of all of them.
"""

from __future__ import annotations

from wsnotebook.filtering.filter import Filter
from wsnotebook.filtering.parser import LANGUAGE, parse_filter, payload_test, sessions_of, with_sessions
from wsnotebook.filtering.search import Search, filter_log, take_rows

__all__ = [
    "LANGUAGE",
    "Filter",
    "Search",
    "filter_log",
    "parse_filter",
    "payload_test",
    "sessions_of",
    "take_rows",
    "with_sessions",
]
