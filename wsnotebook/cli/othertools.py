"""OTHER_TOOLS: flags of wscat and websocat, and earlier ones of ours, that are no flags here, and what to write instead.

Words that magics and terminal share with other tools are in workbench/suggestions.py.
"""

from __future__ import annotations

__all__ = ["OTHER_TOOLS"]

OTHER_TOOLS: dict[str, str] = {
    **dict.fromkeys(("-c", "--connect"), "the address stands without one: wsnotebook connect URL"),
    **dict.fromkeys(("-l", "--listen", "--server-mode"), "a server is wsnotebook serve echo --port PORT"),
    **dict.fromkeys(
        ("-x", "--execute"), "to send a text and leave: wsnotebook send URL TEXT; a proxy is --proxy"
    ),
    **dict.fromkeys(("-p", "--preamble"), "to send a text first: wsnotebook record URL FILE --send TEXT"),
    **dict.fromkeys(("-P", "--show-ping-pong"), "did you mean --show-control?"),
    "-w": "did you mean --wait, or --timeout for the connection?",
    "-o": "did you mean --origin, or --record for a file?",
    **dict.fromkeys(("-L", "--location", "--max-redirects"), "redirects are followed without one"),
    "--kind": "did you mean --hex, --json or --base64?",
    "--slash": "/ping, /close and the other verbs need none",
    **dict.fromkeys(("--no-color", "--no-colour"), "set NO_COLOR=1 in the environment"),
    "--passphrase": "decrypt the key first: openssl pkey -in KEY -out PLAIN, and --key PLAIN",
    **dict.fromkeys(
        ("--pkcs12-der", "--client-pkcs12-der"), "--cert and --key take PEM: openssl pkcs12 converts"
    ),
    "--basic-auth": "did you mean --auth USER:PASS, not in base64?",
    "--socks5": "did you mean --proxy socks5://HOST:PORT?",
    **dict.fromkeys(("-B", "--buffer-size", "--max-ws-frame-length"), "did you mean --max-frame-size?"),
    "--one-message": "one message and its answer is wsnotebook send URL TEXT",
    **dict.fromkeys(("-q", "--silent"), "did you mean --quiet?"),
    "--ua": "did you mean --user-agent?",
    **dict.fromkeys(("--close-status-code", "--close-reason"), "at the prompt: /close 1000 done"),
    "--print-ping-rtts": "at the prompt: /ping; in a notebook: session.df.ws.pings()",
    **dict.fromkeys(("-b", "--binary"), "bytes are sent by wsnotebook send URL 'de ad' --hex"),
}
"""Flag → the rest of the sentence that refuses it."""
