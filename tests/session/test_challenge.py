"""What to pass where credentials are asked for, by the scheme."""

from __future__ import annotations

import pytest

from wsnotebook.session.challenge import proxy_remedy, server_remedy


@pytest.mark.parametrize(
    ("challenges", "sentence"),
    [
        (['Basic realm="a, b"'], 'The server asks for Basic: pass auth=("user", "password").'),
        (["Bearer"], 'The server asks for Bearer: pass auth="token".'),
        (
            ['Basic realm="x", charset="UTF-8", Bearer realm = "y", error="z"'],
            'The server asks for Basic or Bearer: pass auth=("user", "password") or auth="token".',
        ),
        (
            ["Negotiate abc==", 'Digest realm="x", nonce="y"'],
            'The server asks for Negotiate or Digest: pass headers={"Authorization": "Negotiate …"} or '
            'headers={"Authorization": "Digest …"}.',
        ),
        ([], 'The server asks for credentials: pass auth=("user", "password") or auth="token".'),
    ],
)
def test_a_server_that_asks(challenges: list[str], sentence: str) -> None:
    """RFC 9110 §11.6.1: schemes and parameters both stand between commas."""
    assert server_remedy(401, challenges, were_sent=False) == sentence
    assert "does not accept what was sent" in server_remedy(401, challenges, were_sent=True)


@pytest.mark.parametrize(
    ("status", "words"),
    [(200, "ordinary page"), (403, "origin="), (404, "path"), (503, "later"), (500, ""), (418, "")],
)
def test_a_server_that_refuses_for_another_reason(status: int, words: str) -> None:
    """RFC 9110 §15: what to try; nothing where the status leaves it open."""
    remedy = server_remedy(status, ["Basic"], were_sent=False)
    assert words in remedy and bool(words) == bool(remedy)


@pytest.mark.parametrize(
    ("challenges", "passing"),
    [
        (['Basic realm="x"'], "user:password@"),
        ([], "user:password@"),
        (["NTLM"], "has only Basic for a proxy"),
    ],
)
def test_a_proxy_that_asks(challenges: list[str], passing: str) -> None:
    """Its address has the password."""
    assert passing in proxy_remedy(407, challenges)
    assert proxy_remedy(401, challenges) == ""
