"""Targets: the tabs, frames and workers of a browser, and which of them are followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from wsnotebook.matching import Pattern

__all__ = ["Tab", "Target", "Targets"]


class Tab(NamedTuple):
    """A tab of a browser."""

    title: str
    """Title of its page."""
    url: str
    """Address of its page."""
    is_followed: bool
    """Whether its WebSockets are recorded."""


@dataclass(slots=True)
class Target:
    """A tab, or a frame or a worker of one."""

    kind: str
    """"page", "iframe", "worker", "shared_worker" or "service_worker"."""
    id: str
    """Of the browser."""
    title: str
    """Title of the page, or address of the script."""
    url: str
    """Its address."""
    parent: Target | None
    """The tab that it belongs to, or the frame or worker; None for a tab and for a worker that belongs to none."""
    is_chosen: bool = False
    """Whether it has matched once."""

    @property
    def is_followed(self) -> bool:
        """Whether it, or what it belongs to, has matched."""
        return self.is_chosen or (self.parent is not None and self.parent.is_followed)


class Targets:
    """The targets that are attached to, by the id of their session.

    Args:
        pattern: compared with the address and the title of each tab; one that has matched once is followed from then
            on, wherever it navigates, with its frames and workers.
    """

    def __init__(self, pattern: Pattern) -> None:
        self._pattern = pattern
        self._targets: dict[str, Target] = {}

    def attached(self, session: str, info: dict[str, Any], parent: str) -> None:
        """Add a target."""
        target = Target(info["type"], info["targetId"], info["title"], info["url"], self._targets.get(parent))
        self._targets[session] = target
        self._choose(target)

    def detached(self, session: str) -> None:
        """Remove a target: it was closed."""
        self._targets.pop(session, None)

    def navigated(self, session: str, url: str) -> None:
        """Set the address of a target: its page has changed."""
        target = self._targets.get(session)
        if target is not None:
            target.url = url
            self._choose(target)

    def changed(self, info: dict[str, Any]) -> None:
        """Set the title and the address of a target."""
        for target in self._targets.values():
            if target.id == info["targetId"]:
                target.title, target.url = info["title"], info["url"]
                self._choose(target)

    def _choose(self, target: Target) -> None:
        if target.parent is None and not target.is_chosen:
            target.is_chosen = any(self._pattern.compare(text) for text in (target.url, target.title))

    def is_followed(self, session: str) -> bool:
        """Tell whether the WebSockets of a target are recorded."""
        target = self._targets.get(session)
        return target is not None and target.is_followed

    def title(self, session: str) -> str:
        """Return how a person calls a target."""
        target = self._targets.get(session)
        return "" if target is None else f"{target.kind} {target.url}"

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs, in the order in which they were attached to."""
        pages = (target for target in self._targets.values() if target.kind == "page")
        return tuple(Tab(page.title, page.url, page.is_followed) for page in pages)
