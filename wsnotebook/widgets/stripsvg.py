"""strip_svg(): the timeline of a log as a picture for pages without a kernel. Lengths are in the units of its view box.

It has no style and no script, and no text of a peer: only numbers, times and the words of KINDS.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from wsnotebook.widgets.density import KINDS

if TYPE_CHECKING:
    from wsnotebook.log.rows import Array
    from wsnotebook.widgets.density import Density

__all__ = ["strip_svg"]

_WIDTH, _HALF = 1000, 20
_GAP = 10  # bins without a frame that are marked, as in strip.mjs
_FILLS = {"sent": "#3b82c4", "received": "#808080"}  # seen on white and on black
_SIGNS = {"closes": ("×", "#d05050"), "stalls": ("◆", "#c07020"), "events": ("⚑", "#8a63c9")}
_MARK = 13  # font size, and how far the marks of one bin stand below each other


def strip_svg(density: Density) -> str:
    """Return the bars of sent and received frames, and what happened, as an ``svg`` element; empty for a log without frames.

    Args:
        density: counted to the end.
    """
    bins = density.counts.shape[1]
    if not bins:
        return ""
    counts = dict(zip(KINDS, density.counts, strict=True))
    parts = [_path(_gaps(counts), "#808080", opacity=0.15), *_bars(counts, bins), *_marks(counts, bins)]
    words = html.escape(_words(density, counts))
    return (
        f"<p>{words}</p><svg xmlns='http://www.w3.org/2000/svg' role='img' aria-label='timeline, {words}' width='100%' height='{2 * _HALF}' "
        f"viewBox='0 0 {_WIDTH} {2 * _HALF}' preserveAspectRatio='none'>{''.join(parts)}</svg>"
    )


def _bars(counts: dict[str, Array], bins: int) -> Iterator[str]:
    most = max(1, *(int(counts[direction].max()) for direction in _FILLS))
    for direction, fill in _FILLS.items():
        boxes = []
        for place in counts[direction].nonzero()[0].tolist():
            # As the root, so that one burst leaves the ordinary traffic in sight.
            height = max(1.0, _HALF * (int(counts[direction][place]) / most) ** 0.5)
            boxes.append(
                _box(place, place + 1, bins, _HALF - height if direction == "sent" else _HALF, height)
            )
        yield _path("".join(boxes), fill)


def _marks(counts: dict[str, Array], bins: int) -> Iterator[str]:
    for line, (kind, (sign, fill)) in enumerate(_SIGNS.items(), 1):
        for place in counts[kind].nonzero()[0].tolist():
            x = _WIDTH * (place + 0.5) / bins
            count = int(counts[kind][place])
            title = f"{count:,} {_named(kind, count)}"
            yield f"<text x='{x:.1f}' y='{_MARK * line - 1}' font-size='{_MARK}' text-anchor='middle' fill='{fill}'><title>{title}</title>{sign}</text>"


def _gaps(counts: dict[str, Array]) -> str:
    used = ((counts["received"] + counts["sent"]) > 0).nonzero()[0].tolist()
    bins = len(counts["sent"])
    ends = zip([-1, *used], [*used, bins], strict=True)
    return "".join(_box(a + 1, b, bins, 0, 2 * _HALF) for a, b in ends if b - a > _GAP)


def _box(start: int, stop: int, bins: int, y: float, height: float) -> str:
    left, right = (_WIDTH * place / bins for place in (start, stop))
    return f"M{left:.1f} {y:.1f}H{right:.1f}v{height:.1f}H{left:.1f}z"


def _path(boxes: str, fill: str, opacity: float = 1) -> str:
    faint = f" fill-opacity='{opacity}'" if opacity < 1 else ""
    return f"<path d='{boxes}' fill='{fill}'{faint}/>" if boxes else ""


def _words(density: Density, counts: dict[str, Array]) -> str:
    begin, end = density.first * density.width_ns, (density.first + len(counts["sent"])) * density.width_ns
    sums = {kind: int(each.sum()) for kind, each in counts.items()}
    told = [f"{count:,} {_named(kind, count)}" for kind, count in sums.items() if count or kind in _FILLS]
    return f"{_utc(begin)} – {_utc(end)} UTC: {', '.join(told)}"


def _named(kind: str, count: int) -> str:
    return kind.removesuffix("s") if count == 1 and kind in _SIGNS else kind


def _utc(time_ns: int) -> str:
    seconds, fraction = divmod(time_ns, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%d %H:%M:%S}.{fraction // 1_000_000:03}"
