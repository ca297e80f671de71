"""Two hundred payloads that would do something to a page which parsed them, and the question whether one has."""

from __future__ import annotations

from typing import Any

__all__ = ["PAYLOADS", "SCRIPT", "is_unhurt"]

SCRIPT = "window.wsnHurt=1"

_VECTORS = [
    f"<script>{SCRIPT}</script>",
    f"<script src=data:,{SCRIPT}></script>",
    f'<img src=x onerror="{SCRIPT}">',
    f"<img src=x onerror={SCRIPT}//",
    f'<svg onload="{SCRIPT}"></svg>',
    f"<svg><script>{SCRIPT}</script></svg>",
    f'<svg><animate onbegin="{SCRIPT}" attributeName=x dur=1s>',
    f'<math><mtext><img src=x onerror="{SCRIPT}"></mtext></math>',
    f'<iframe srcdoc="<script>parent.{SCRIPT}</script>"></iframe>',
    f'<iframe src="javascript:parent.{SCRIPT}"></iframe>',
    f'<object data="javascript:{SCRIPT}"></object>',
    f'<embed src="javascript:{SCRIPT}">',
    f'<a href="javascript:{SCRIPT}" autofocus>x</a>',
    f'<body onload="{SCRIPT}">',
    f'<input autofocus onfocus="{SCRIPT}">',
    f'<select autofocus onfocus="{SCRIPT}"></select>',
    f'<details open ontoggle="{SCRIPT}">x</details>',
    f'<video><source onerror="{SCRIPT}"></video>',
    f'<audio src=x onerror="{SCRIPT}"></audio>',
    f'<marquee onstart="{SCRIPT}">x</marquee>',
    f'<form action="javascript:{SCRIPT}"><button autofocus>x</button></form>',
    f'<meta http-equiv=refresh content="0;url=javascript:{SCRIPT}">',
    '<base href="javascript:/">',
    "<link rel=stylesheet href=data:text/css,*{display:none}>",
    "<style>*{display:none!important}</style>",
    f'<template><img src=x onerror="{SCRIPT}"></template>',
    f"<!--><img src=x onerror={SCRIPT}>-->",
    f"<![CDATA[<img src=x onerror={SCRIPT}>]]>",
    f"&lt;img src=x onerror={SCRIPT}&gt;",
    f"&#60;script&#62;{SCRIPT}&#60;/script&#62;",
    f"\\u003cscript\\u003e{SCRIPT}\\u003c/script\\u003e",
    f"{{{{constructor.constructor('{SCRIPT}')()}}}}",
    f"[x](javascript:{SCRIPT})",
    f'![x](x "onerror={SCRIPT}")',
    r"$\style{position:fixed;inset:0}{x}$ and $y$",
    r"\(\href{javascript:window.wsnHurt=1}{x}\)",
    r"$$\require{html}\class{jp-mod-shown}{x}$$",
    r"\begin{align}x&=y\end{align}",
    "\x1b[2J\x1b]8;;https://example.org\x07link\x1b]8;;\x07\r\b\b",
    "\u202egnp.exe\u2066\u200b\ufeff",
]
_WRAPPERS = [
    "{}",
    "</pre></td></textarea></title>{}",
    "\"'`>{}",
    '{{"text": "{}"}}',
    "ws://x/{}#",
]
PAYLOADS = [wrapper.format(vector) for vector in _VECTORS for wrapper in _WRAPPERS]
"""Texts; each vector alone, after closed elements, out of an attribute, in JSON, and in an address."""

_ELEMENTS = (
    "img, script:not([type^='application/']), iframe, object, embed, video, audio, math, marquee, form, base, link, meta, template, "
    "mjx-container, a[href^='javascript'], [onload], [onerror], [onfocus], [ontoggle], [onbegin], [onstart]"
)


def is_unhurt(page: Any) -> bool:
    """Tell whether nothing ran, and no element that a payload asks for stands in an output."""
    found: list[str] = (
        page.locator(".jp-OutputArea")
        .locator(_ELEMENTS)
        .evaluate_all("found => found.map(each => each.outerHTML)")
    )
    hurt = page.evaluate("() => window.wsnHurt ?? null")
    assert hurt is None and not found, (hurt, found[:3])
    return True
