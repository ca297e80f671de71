"""Typed values of options, and the sentences about wrong ones."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest

from wsnotebook.workbench.values import read_auth, read_cookies, read_proxy, read_regex

READ = [
    (read_auth, "user:pass:word", ("user", "pass:word")),
    (read_auth, "token", "token"),
    (read_cookies, "a=1; b=x=y;c=;", {"a": "1", "b": "x=y", "c": ""}),
    (read_proxy, "Off", None),
    (read_regex, r"a\d{2}", re.compile(r"a\d{2}")),
    (read_regex, r"/a\d{2}/", re.compile(r"a\d{2}")),
    (read_regex, "/feed", re.compile("/feed")),
    (read_proxy, "socks5://h:1", "socks5://h:1"),
]


@pytest.mark.parametrize(("read", "text", "value"), READ)
def test_a_value_is_read(read: Callable[[str], Any], text: str, value: object) -> None:
    """As it is typed."""
    assert read(text) == value


@pytest.mark.parametrize(
    ("read", "text", "sentence"),
    [
        (read_cookies, "a", "'a' has no equals sign: write a cookie as name=value"),
        (read_cookies, "a=1; a=2", "the cookie a is given twice"),
    ],
)
def test_a_wrong_value_is_refused(read: Callable[[str], Any], text: str, sentence: str) -> None:
    """With what to write."""
    with pytest.raises(ValueError, match=sentence):
        read(text)
