"""The fields of a form that connects: from a pasted cURL line, to the arguments of connect, and to the same in Python."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Mapping
from typing import Any

from wsnotebook.workbench.connection import CONNECTION, connection_options
from wsnotebook.workbench.curl import curl_words

__all__ = ["arguments_of", "fields_of_curl", "python_of"]

_TLS = ("ca", "cert", "key", "insecure")
_BY_FLAG = {flag: row for row in CONNECTION if row.cell for flag in row.cell.flags}


def arguments_of(fields: Mapping[str, Any]) -> argparse.Namespace:
    """Return the arguments of the verb connect.

    Args:
        fields: by the name of the argument: a text, a list of texts where it may be repeated, True for a switch. Empty
            ones are not given.

    Raises:
        ValueError: there is no address, or a text cannot be converted; the sentence names the field.
    """
    url = str(fields.get("url") or "").strip()
    if not url:
        raise ValueError("there is no address: write one, such as ws://127.0.0.1:8765/ or wss://host/path.")
    values: dict[str, Any] = {"url": url}
    for row in CONNECTION:
        given = fields.get(row.name)
        try:
            if row.is_switch:
                values |= {row.name: row.value} if given else {}
            elif row.count == "repeated":
                texts = [text.strip() for text in given or () if text.strip()]
                values |= {row.name: [row.read(text) for text in texts]} if texts else {}
            elif given and str(given).strip():
                values[row.name] = row.read(str(given).strip())
        except ValueError as error:
            raise ValueError(f"{row.name.replace('_', ' ')}: {error}") from error
    return argparse.Namespace(**values)


def fields_of_curl(text: str) -> dict[str, Any]:
    """Return the fields for a line that a browser has copied as cURL.

    Raises:
        ValueError: it is none, or it has an option that has no meaning for a session.
    """
    tool, command = [*text.split(None, 1), "", ""][:2]
    if tool not in ("curl", "curl.exe"):
        raise ValueError("a cURL line begins with curl: in a browser, Network, Copy as cURL.")
    return _fields_of(curl_words(command))


def _fields_of(words: Iterable[str]) -> dict[str, Any]:
    fields: dict[str, Any] = {}
    for word in words:
        if not word.startswith("-"):
            fields["url"] = word
            continue
        flag, _, value = word.partition("=")
        row = _BY_FLAG[flag]
        if row.count == "repeated":
            fields.setdefault(row.name, []).append(value)
        else:
            fields[row.name] = True if row.is_switch else value
    return fields


def python_of(fields: Mapping[str, Any]) -> str:
    """Return lines of Python that connect as the fields say; a cell can run them.

    Raises:
        ValueError: as in arguments_of.
    """
    arguments = arguments_of(fields)
    tls = {name: getattr(arguments, name) for name in _TLS if hasattr(arguments, name)}
    plain = argparse.Namespace(**{name: each for name, each in vars(arguments).items() if name not in tls})
    options = connection_options(plain, "cell")
    reconnect = options.pop("reconnect", False)
    keywords = [f"{name}={value!r}" for name, value in options.items()] + (["ssl=context"] if tls else [])
    head = "from wsnotebook.workbench import workbench" if reconnect else "import wsnotebook"
    call = "workbench.connect" if reconnect else "wsnotebook.connect"
    keywords += ["reconnect=True"] if reconnect else []
    body = "".join(f"    {each},\n" for each in (repr(arguments.url), *keywords))
    return f"{head}\n{_tls_lines(tls)}\nsession = await {call}(\n{body})\nsession\n"


def _tls_lines(tls: Mapping[str, Any]) -> str:
    if not tls:
        return ""
    lines = ["import ssl", "", f"context = ssl.create_default_context(cafile={tls.get('ca')!r})"]
    if tls.get("insecure"):
        lines += ["context.check_hostname = False", "context.verify_mode = ssl.CERT_NONE"]
    if "cert" in tls:
        lines.append(f"context.load_cert_chain({tls['cert']!r}, {tls.get('key')!r})")
    return "\n".join(lines) + "\n"
