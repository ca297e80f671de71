"""Secrets in the texts of messages: what is found, what stands in its place, and what stays."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wsnotebook.payloadsecrets import PayloadRules
from wsnotebook.redaction import MARK, Rule, add, redacted

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl"


def shown(text: str, *rules: Any) -> str:
    """Return the text with a star for each mark."""
    return MARK.sub("*", PayloadRules(rules).redact(text)[0])


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ('{ "password" :"abc", "a":1e400 }', '{ "password" :"*", "a":1e400 }'),
        ('{"accessToken":"abc","refresh_token":"abc"}', '{"accessToken":"*","refresh_token":"*"}'),
        ('{"newPassword":1234,"credentials":{"a":"b"}}', '{"newPassword":"*","credentials":"*"}'),
        (r'{"a":"\ud800 token=abc &token=abc"}', r'{"a":"\ud800 token=abc &token=*"}'),
        (r'{"pass\u0077ord":"abc"}', r'{"pass\u0077ord":"*"}'),
        (
            '{"password":"","token":null,"secret":true,"tokens":3}',
            '{"password":"","token":null,"secret":true,"tokens":3}',
        ),
        ('{"a":["' + JWT + '"]}', '{"a":["*"]}'),
        ('{"a":"Authorization: Bearer abcdefgh12"}', '{"a":"Authorization: Bearer *"}'),
        ('{"url":"wss://h/?symbol=BTC&token=abc"}', '{"url":"wss://h/?symbol=BTC&token=*"}'),
        ('{"url":"redis://me:abc@h/"}', '{"url":"redis://me:*@h/"}'),
        ('{"body":"{\\"password\\":\\"abc\\"}"}', '{"body":"{\\"password\\":\\"*\\"}"}'),
        ('42["login",{"password":"a\\"b","x":"y"}]', '42["login",{"password":"*","x":"y"}]'),
        (
            '42["login","{\\"password\\":\\"abc\\",\\"x\\":\\"y\\"}"]',
            '42["login","{\\"password\\":\\"*\\",\\"x\\":\\"y\\"}"]',
        ),
        ('{"user":"ann","password":"hunter2', '{"user":"ann","password":"*'),
        ('{"password":"a\\"\nb\\', '{"password":"*\\'),
        ('{"body":"{\\"password\\": \\"abc', '{"body":"{\\"password\\": \\"*'),
        ('{"otp":123456,"user":"a', '{"otp":*,"user":"a'),
        ('{"password":"', '{"password":"'),
        ("CONNECT\nlogin:me\npasscode:abc\n\n\0", "CONNECT\nlogin:me\npasscode:*\n\n\0"),
        ("token=abc user=me", "token=* user=me"),
        ("hello world", "hello world"),
        ("", ""),
    ],
)
def test_the_default_rules(text: str, result: str) -> None:
    """Fields, tokens, credentials, queries and headers; every other character stays."""
    assert shown(text) == result


@pytest.mark.parametrize(
    ("rule", "text", "result"),
    [
        ("$.user.email", '{"user":{"email":"a@b"},"email":"c"}', '{"user":{"email":"*"},"email":"c"}'),
        ("rows[*].pin", '{"rows":[{"pin":1},{"pin":2}]}', '{"rows":[{"pin":"*"},{"pin":"*"}]}'),
        ("user", '{"user":{"a":1}}', '{"user":"*"}'),
        (re.compile(r"\d{16}"), '{"card":4111111111111111,"k4111111111111111":1}', '{"card":"*","k*":1}'),
        (re.compile("[0-9a-f]"), '{"password":"abc","a":"0"}', '{"p*sswor*":"*","*":"*"}'),
        (re.compile(r"acct (\d+) of (\w+)"), "acct 12 of bob", "acct * of *"),
        (Rule("field", "E-Mail", is_shown=False), '{"email":"a@b"}', '{"email":"*"}'),
        (Rule("field", "token"), '{"token":"USDT"}', '{"token":"USDT"}'),
    ],
)
def test_further_rules(rule: Any, text: str, result: str) -> None:
    """Paths, regular expressions with and without groups, fields, and fields that are none."""
    assert shown(text, rule) == result


def test_what_was_found_is_told_without_the_secret() -> None:
    """Path, rule, and the mark, which is the same for the same secret."""
    text, found = PayloadRules(["$.x"]).redact('{"a":[{"password":"abc"}],"x":"abc"}')
    assert [(each.where, each.rule) for each in found] == [("$.a[0].password", "field"), ("$.x", "$.x")]
    assert {each.mark for each in found} == {redacted("abc")} and "abc" not in text


@pytest.mark.parametrize("text", ['{"password":"abc"}', f'{{"a":"{JWT}"}}', "token=abc", "password: abc"])
def test_a_second_time_changes_nothing(text: str) -> None:
    """A mark is no secret."""
    once, _ = PayloadRules().redact(text)
    assert PayloadRules().redact(once) == (once, [])


@given(st.recursive(st.none() | st.integers() | st.text(), lambda inner: st.dictionaries(st.text(), inner)))
def test_json_stays_json(value: Any) -> None:
    """Whatever is in it, and a secret beside it."""
    text, _ = PayloadRules().redact(json.dumps({"v": value, "password": "abc"}))
    assert MARK.fullmatch(json.loads(text)["password"])


@pytest.mark.parametrize(
    "part",
    [
        "eyJ-",
        "a+",
        "a+a://",
        '"a":"',
        '"token":"',
        '"token\\":\\"',
        '"token":"\\',
        "\\",
        "basic ",
        "a=",
        "a:",
        "?a=",
        "{",
        "[",
        "bearer\t",
        "eyJaaaaaa.",
        "x://a:",
    ],
)
def test_a_hostile_text_is_read_once(part: str) -> None:
    """However often it begins like a secret: by the square of its length it would take hours."""
    text = part * (1_000_000 // len(part))
    assert PayloadRules().redact(f"@{text}")[0]


@pytest.mark.parametrize("rule", ["a b", 7, re.compile(b"x")])
def test_what_is_no_rule_is_refused(rule: Any) -> None:
    """At once."""
    with pytest.raises((ValueError, TypeError), match="path"):
        PayloadRules([rule])


def test_a_rule_for_what_has_no_names_is_refused() -> None:
    """As by redaction.add."""
    with pytest.raises(ValueError, match="a rule is for one of"):
        PayloadRules([Rule("body", "x")])  # type: ignore[arg-type]  # that is the point


def test_the_table_of_secrets_is_the_one_of_the_handshakes() -> None:
    """``redaction.add`` is enough for both; names are the same however they are written."""
    text = '{"Ticket-Id":"abc"}'
    assert shown(text) == text
    add(Rule("field", "ticket_id", is_shown=False))
    assert shown(text) == '{"Ticket-Id":"*"}'
    add(Rule("field", "ticketId"))
    assert shown(text) == text


_PIECES = st.sampled_from(
    [
        "password", "Pass-Word", "TO\u212aEN", "sIgn\u0130ng", "s\u0130gnature", "s\u017fecret", ":", "=", '"', "{", "}", "[", "]", ",", "?", "&", " ",
        "\n", "abc", "eyJhbGci.eyJzdWIi.c2ln", "Bearer abcdefgh", "x://u:p@h/", "@", "é", "\\", "7", '{"a":{"b":["', '"]}}',
    ]
)  # fmt: skip


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_a_quick_look_leaves_out_no_secret(text: str) -> None:
    """With a pattern that never matches every text is read whole; what is found is the same."""
    for rules in ([], ["$.a.b[*]"]):
        read_whole = PayloadRules([*rules, re.compile("(?!)")]).redact(text)
        assert PayloadRules(rules).redact(text) == read_whole
        assert PayloadRules(rules).may_have(b"x\n" + text.encode()) or not read_whole[1]


@pytest.mark.long
def test_small_letters_in_ascii_are_those_of_ascii_and_two_others() -> None:
    """Which the quick look knows: whatever else is a letter is none in a name."""
    lower = [chr(code) for code in range(128, 0x110000) if any(each.isascii() for each in chr(code).lower())]
    assert lower == ["\u0130", "\u212a"]
