"""The fields of a form: read as the options of %ws connect, filled by cURL, and the same as Python."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from wsnotebook.workbench.connection import CONNECTION, connection_options
from wsnotebook.workbench.connectionfields import arguments_of, fields_of_curl, python_of

URL = "wss://example.org/feed"


@pytest.mark.parametrize(
    ("fields", "options"),
    [
        ({}, {}),
        ({"name": " feed ", "raw": True, "masking": True}, {"name": "feed", "raw": True, "masking": False}),
        ({"raw": False, "name": "", "headers": ["", " "]}, {}),
        ({"headers": ["A: 1", "B: 2"]}, {"headers": [("A", "1"), ("B", "2")]}),
        ({"auth": "user:pass", "cookies": ["a=1", "b=2"]}, {"auth": ("user", "pass"), "cookies": {"a": "1", "b": "2"}}),
        ({"max_frame_size": "64KiB", "ping_interval": "20"}, {"max_frame_size": 65536, "ping_interval": 20.0}),
        ({"proxy": "off", "compression": True}, {"proxy": None, "compression": None}),
        ({"subprotocols": ["a", "b"]}, {"subprotocols": ["a", "b"]}),
    ],
)  # fmt: skip
def test_a_field_is_read_as_its_option_is(fields: dict[str, Any], options: dict[str, Any]) -> None:
    """What is empty is not given, so that connect()'s own default holds."""
    arguments = arguments_of({"url": f" {URL} ", **fields})
    assert arguments.url == URL and connection_options(arguments, "cell") == options


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": " "}, "no address"),
        ({"url": URL, "headers": ["no colon"]}, "headers: .*Name: value"),
        ({"url": URL, "max_frame_size": "large"}, "max frame size: .*64KiB"),
    ],
)
def test_a_wrong_field_is_named(fields: dict[str, Any], words: str) -> None:
    """The sentence says what to write."""
    with pytest.raises(ValueError, match=words):
        arguments_of(fields)


def test_a_line_copied_as_curl_fills_the_fields() -> None:
    """Only what it says, under the names of the options."""
    line = (
        f"curl '{URL}' -H 'Origin: https://example.org' -H 'X-Token: a b' -b 'a=1; b=2' -k "
        "-H 'Sec-WebSocket-Protocol: one, two' -H 'Sec-WebSocket-Key: x' --compressed"
    )
    assert fields_of_curl(line) == {
        "url": URL,
        "origin": "https://example.org",
        "headers": ["X-Token: a b"],
        "cookies": ["a=1; b=2"],
        "insecure": True,
        "subprotocols": ["one", "two"],
    }
    with pytest.raises(ValueError, match="begins with curl"):
        fields_of_curl("wget x")


FULL = {
    "name": "feed", "raw": True, "masking": True, "headers": ["A: it's"], "auth": "u:p", "cookies": ["a=1"], "origin": "https://x",
    "answers_pings": True, "user_agent": "me", "subprotocols": ["a"], "insecure": True, "ca": "ca.pem", "cert": "c.pem", "key": "k.pem", "proxy": "off",
    "compression": True, "max_frame_size": "off", "ping_interval": "20", "open_timeout": "5", "record": "x.pcapng", "io": "thread",
    "reconnect": True,
}  # fmt: skip


def test_every_option_can_be_had_as_python() -> None:
    """It is Python, and its keywords are those that the form gives to connect()."""
    assert FULL.keys() == {row.name for row in CONNECTION}
    code = python_of({"url": URL, **FULL})
    tree = ast.parse(code)
    call = next(
        each
        for each in ast.walk(tree)
        if isinstance(each, ast.Call) and ast.unparse(each.func) == "workbench.connect"
    )
    given = {each.arg: ast.unparse(each.value) for each in call.keywords}
    plain = {name: value for name, value in FULL.items() if name not in ("insecure", "ca", "cert", "key")}
    options = connection_options(arguments_of({"url": URL, **plain}), "cell")
    assert {name: ast.literal_eval(value) for name, value in given.items() if name != "ssl"} == options
    assert "context.load_cert_chain('c.pem', 'k.pem')" in code and "ssl.CERT_NONE" in code
    assert ast.literal_eval(call.args[0]) == URL


def test_a_short_form_is_short_python() -> None:
    """As a person would write it."""
    assert (
        python_of({"url": URL})
        == f"import wsnotebook\n\nsession = await wsnotebook.connect(\n    '{URL}',\n)\nsession\n"
    )
