"""The CA of a proxy: made once, for this user and these hosts only."""

from __future__ import annotations

import ssl
import stat
from pathlib import Path

import pytest

from wsnotebook.middle.authority import Authority, covers


@pytest.fixture(autouse=True)
def state(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The state directory, in a folder of the test."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    return tmp_path


def shake(server: ssl.SSLContext, ca: Path, host: str) -> None:
    """Do a handshake of TLS in memory.

    Raises:
        SSLCertVerificationError: the client does not trust the server.
    """
    client = ssl.create_default_context(cafile=ca)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    ends = [
        client.wrap_bio(to_client, to_server, server_hostname=host),
        server.wrap_bio(to_server, to_client, server_side=True),
    ]
    waiting = list(ends)
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)


def test_it_is_made_once_and_only_this_user_can_read_it(state: Path) -> None:
    """The folder too; another set of hosts has another one."""
    first = Authority(["b.example", "A.example"])
    assert first.path.read_bytes() == Authority(["a.example", "b.example"]).path.read_bytes()
    assert Authority(["a.example"]).path != first.path
    files = list((state / "wsnotebook" / "ca").iterdir())
    assert sorted(path.suffix for path in files) == [".key", ".key", ".pem", ".pem"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    assert stat.S_IMODE(files[0].parent.stat().st_mode) == 0o700


@pytest.mark.parametrize("host", ["shop.example", "www.shop.example", "127.0.0.1", "::1"])
def test_a_client_that_trusts_it_trusts_its_hosts(host: str) -> None:
    """Names and addresses; a certificate is made once for each."""
    authority = Authority(["shop.example", "*.shop.example", "127.0.0.1", "::1"])
    shake(authority.context(host), authority.path, host)
    assert authority.context(host) is authority.context(host)


def test_no_client_trusts_it_for_another_host() -> None:
    """Whoever has its key can be no other host's server."""
    authority = Authority(["shop.example"])
    with pytest.raises(ssl.SSLCertVerificationError, match="permitted subtree violation"):
        shake(authority.context("bank.example"), authority.path, "bank.example")
    free = Authority(["*"])
    shake(free.context("bank.example"), free.path, "bank.example")


@pytest.mark.parametrize(
    ("names", "host", "covered"),
    [
        (["example.org"], "EXAMPLE.org", True),
        (["example.org"], "www.example.org", False),
        (["*.example.org"], "www.example.org", True),
        (["*.example.org"], "example.org", False),
        (["*.example.org"], "badexample.org", False),
        (["*"], "anything", True),
        (["127.0.0.1"], "127.0.0.1", True),
        ([], "example.org", False),
    ],
)
def test_a_name_covers_itself_or_what_stands_below_it(names: list[str], host: str, covered: bool) -> None:
    assert covers(names, host) is covered


def test_without_a_home_the_directory_to_name_is_told(state: Path, no_home: None) -> None:
    """There is nowhere else to keep a CA."""
    with pytest.raises(OSError, match="set XDG_STATE_HOME"):
        Authority(["example.org"])
