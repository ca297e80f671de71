"""Lines that browsers copy as cURL, as words of connect."""

from __future__ import annotations

import pytest

from wsnotebook.workbench.curl import curl_line, curl_words

BASH = r"""'https://example.org/feed?a=1&b=2' \
  -H 'Upgrade: websocket' \
  -H 'Origin: https://example.org' \
  -H 'Cache-Control: no-cache' \
  -H 'Accept-Language: en' \
  -b 'sid=x=1; theme=dark' \
  -H 'Connection: Upgrade' \
  -H 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==' \
  -H 'User-Agent: Mozilla/5.0 (X11)' \
  -H 'Sec-WebSocket-Version: 13' \
  -H 'Sec-WebSocket-Protocol: v2, v1' \
  -H 'Sec-WebSocket-Extensions: permessage-deflate' \
  -H $'X-Say: it\'s \u0021' --compressed -k
"""
WORDS = [
    "wss://example.org/feed?a=1&b=2",
    "--origin=https://example.org",
    "--header=Cache-Control: no-cache",
    "--header=Accept-Language: en",
    "--cookie=sid=x=1; theme=dark",
    "--user-agent=Mozilla/5.0 (X11)",
    "--subprotocol=v2",
    "--subprotocol=v1",
    "--header=X-Say: it's !",
    "--insecure",
]

CMD = (
    '^"http://127.0.0.1:8765/a?b=1^&c=^%^41^" ^\r\n'
    '  -H ^"Origin: http://h^" ^\r\n'
    '  -H ^"X-Json: ^{^\\^"a^\\^":1^}^" ^\r\n'
    '  -b ^"a=^^1^"'
)


def test_a_line_for_bash() -> None:
    """Headers of the handshake are left out, and those with an option of their own become it."""
    assert curl_words(BASH) == WORDS
    assert curl_words(BASH.replace(" \\\n", " ")) == WORDS, "as the line magic joins it"


def test_a_line_for_cmd() -> None:
    """Carets go, and quotes inside of quotes stay."""
    words = [
        "ws://127.0.0.1:8765/a?b=1&c=%41",
        "--origin=http://h",
        '--header=X-Json: {"a":1}',
        "--cookie=a=^1",
    ]
    assert curl_words(CMD) == words
    assert curl_words('"ws://h/" ^\n -H "A: b^c"') == ["ws://h/", "--header=A: b^c"], "of an older browser"


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ws://h -XGET -s -S", []),
        ("ws://h -u me:pa:ss", ["--auth=me:pa:ss"]),
        ("ws://h --oauth2-bearer a:b", ["--header=Authorization: Bearer a:b"]),
        ("ws://h -H 'Cookie: a=1; a=2'", ["--header=Cookie: a=1; a=2"]),
        ("--url ws://h --cacert ca.pem --connect-timeout 3", ["--ca=ca.pem", "--timeout=3"]),
        ("ws://h -H 'Accept:' -H 'X-Empty;'", ["--header=X-Empty:"]),
        ("ws://h -H 'Cookie: a=1' -b b=2", ["--cookie=a=1"]),
        ("ws://h -b a=1 -H 'cookie:' -b b=2", []),
        ("ws://h -b a=1 -b b=2", ["--cookie=a=1", "--cookie=b=2"]),
        ("ws://h -A y -H 'User-Agent: x' -A z", ["--user-agent=x"]),
        ("ws://h -A y -A z", ["--user-agent=z"]),
        ("ws://h -H 'Referer: r' -e r2", ["--header=Referer: r"]),
        ("ws://h -e r -e r2", ["--header=Referer: r2"]),
        ("ws://h -H 'Authorization: A' -u a:b --oauth2-bearer c", ["--header=Authorization: A"]),
        ("ws://h -H 'X-U: é' -b c=é -e é", ["--header=X-U: Ã©", "--cookie=c=Ã©", "--header=Referer: Ã©"]),
    ],
)
def test_options_are_converted(line: str, words: list[str]) -> None:
    """Nothing that a session can express is lost; where options speak of one header, those count that do for curl."""
    assert curl_words(line) == ["ws://h", *words]


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("ws://h -d x", "the option -d of curl has no meaning"),
        ("ws://h --data-raw x", "the option --data-raw of curl"),
        ("ws://h -X POST", "asks for POST"),
        ("ws://h -b jar.txt", "names a file"),
        ("ws://h -u me", "would ask for the password of 'me'"),
        ("-H 'A: b'", "this one has 0"),
        ("ws://h ws://i", "this one has 2"),
        ("ws://h -H", "the option -H of curl has no value"),
        ("ws://h -H 'a", "no closing quotation"),
    ],
)
def test_what_a_session_cannot_express_is_refused(line: str, sentence: str) -> None:
    """By its name."""
    with pytest.raises(ValueError, match=sentence):
        curl_words(line)


def test_a_handshake_becomes_a_line_that_is_read_back() -> None:
    """With all its headers, also an empty one; the host is that of the address."""
    request = b"GET /a?b=it's HTTP/1.1\r\nHost: h\r\nConnection: Upgrade\r\nX-Empty:\r\nCookie: a=1\r\nX-Say: \xe9 $x'\\\r\nX-U: \xc3\xa9\r\n\r\n"
    line = curl_line("ws://h:81/a?b=it's", request)
    assert line.split()[:4] == ["curl", "--include", "--no-buffer", "--http1.1"]
    assert r"$'X-Say: \xe9 $x\'\\' --header 'X-U: é'" in line, "the bytes, in bash with UTF-8"
    assert "'X-Empty;'" in line and "Connection: Upgrade" in line and "Host" not in line
    assert curl_words(line.removeprefix("curl ")) == [
        "ws://h:81/a?b=it's",
        "--header=X-Empty:",
        "--cookie=a=1",
        "--header=X-Say: é $x'\\",
        "--header=X-U: Ã©",
    ]
