"""The verb attach: the tabs of a real Chromium, into a file and through a pipe."""

from __future__ import annotations

import contextlib
import http.server
import json
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from chromium import debugged_chromium

import wsnotebook

Call = Callable[..., Any]

_PAGE = """<title>Ticking</title><script>
const socket = new WebSocket("{url}");
socket.onmessage = event => {{
    const message = JSON.parse(event.data);
    if (message.type != "tick") return;  // the server's answer to what follows
    socket.send("seen " + message.seq);
    fetch("/said");
}};
</script>"""


@contextlib.contextmanager
def ticking_page(start: Call) -> Iterator[tuple[str, threading.Semaphore]]:
    """Serve a page that talks to a server of the verb serve; yield its address, and what is released by each message."""
    content: list[bytes] = []
    said = threading.Semaphore(0)

    class Page(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path == "/said":
                said.release()
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
            yield origin, said
        finally:
            pages.shutdown()
            thread.join()


@pytest.mark.long
@pytest.mark.parametrize("path", ["a.parquet", "-"])
def test_what_a_page_says_is_recorded(
    chromium: str, start: Call, run: Call, tmp_path: Path, path: str
) -> None:
    """Only of the tab that matches; a line of stderr says which, and one how much."""
    with (
        ticking_page(start) as (page, said),
        debugged_chromium(chromium, tmp_path / "profile", page) as url,
    ):
        process = start("attach", url, path, "--match", page)
        following = process.stderr.readline()
        while said.acquire(blocking=False):
            pass
        for _ in range(20):  # a second of the feed, so that what the browser tells of it has begun to come
            assert said.acquire(timeout=60)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=60)
        other = run("attach", url, "other.parquet", "--match", "nothing", "--seconds", "0.1")
    assert (process.returncode, other.returncode) == (130, 0), stderr + other.stderr
    assert "following " in following and "of 1 session" in stderr + stdout
    assert "no tab matches yet" in other.stderr and "0 frames of 0 sessions" in other.stdout
    if path == "-":
        texts = [json.loads(line)["text"] for line in stdout.splitlines()]
    else:
        texts = wsnotebook.load(tmp_path / path).df["text"].tolist()
    assert any(text.startswith("seen ") for text in texts), (stdout[-300:], stderr, texts[:5])


@pytest.mark.long
def test_no_browser_is_one_sentence(run: Call) -> None:
    """With the remedy; a wrong address too."""
    done = run("attach", "http://127.0.0.1:1", "a.parquet")
    assert done.returncode == 1 and "--remote-debugging-port=9222" in done.stderr
    done = run("attach", "127.0.0.1:1", "a.parquet")
    assert done.returncode == 2 and "write http://127.0.0.1:9222" in done.stderr
