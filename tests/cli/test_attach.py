"""The verb attach: the tabs of a real Chromium, into a file and through a pipe."""

from __future__ import annotations

import contextlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import debugged_chromium

import wsnotebook

Call = Callable[..., Any]

_PAGE = """<title>Ticking</title><script>
const socket = new WebSocket("{url}"); socket.onmessage = event => socket.send("seen " + event.data);
</script>"""


@contextlib.contextmanager
def ticking_page(start: Call) -> Iterator[str]:
    """Serve a page that talks to a server of the verb serve; yield its address."""
    content: list[bytes] = []

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(content[0])

        def log_message(self, format: str, *args: Any) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page) as pages:
        origin = f"http://127.0.0.1:{pages.server_port}"
        server = start("serve", "ticker", "--set", "rate=20", "--allow-origin", origin)
        content.append(_PAGE.format(url=server.stdout.readline().strip()).encode())
        thread = threading.Thread(target=pages.serve_forever)
        thread.start()
        try:
            yield origin
        finally:
            pages.shutdown()
            thread.join()


@pytest.mark.long
@pytest.mark.parametrize("path", ["a.parquet", "-"])
def test_what_a_page_says_is_recorded(
    chromium: str, start: Call, run: Call, tmp_path: Path, path: str
) -> None:
    """Only of the tab that matches; a line of stderr says which, and one how much."""
    with ticking_page(start) as page, debugged_chromium(chromium, tmp_path / "profile", page) as url:
        done = run("attach", url, path, "--match", page, "--seconds", "8")
        other = run("attach", url, "other.parquet", "--match", "nothing", "--seconds", "0.1")
    assert (done.returncode, other.returncode) == (0, 0), done.stderr + other.stderr
    assert "following " in done.stderr and "of 1 session" in done.stderr + done.stdout
    assert "no tab matches yet" in other.stderr and "0 frames of 0 sessions" in other.stdout
    if path == "-":
        texts = [json.loads(line)["text"] for line in done.stdout.splitlines()]
    else:
        texts = wsnotebook.load(tmp_path / path).df["text"].tolist()
    assert any(text.startswith("seen ") for text in texts)


def test_no_browser_is_one_sentence(run: Call) -> None:
    """With the remedy; a wrong address too."""
    done = run("attach", "http://127.0.0.1:1", "a.parquet")
    assert done.returncode == 1 and "--remote-debugging-port=9222" in done.stderr
    done = run("attach", "127.0.0.1:1", "a.parquet")
    assert done.returncode == 2 and "write http://127.0.0.1:9222" in done.stderr
