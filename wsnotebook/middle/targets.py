"""Targets: the tabs, frames and workers of a browser, and which of them are followed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from wsnotebook.matching import Pattern
from wsnotebook.redaction import redact_url

__all__ = ["Tab", "Target", "Targets"]


class Tab(NamedTuple):
    """A tab of a browser."""

    title: str
    """Title of its page."""
    url: str
    """Address of its page."""
    is_followed: bool
    """Whether its WebSockets are recorded."""

    def __repr__(self) -> str:
        """Show no secret; a page without a title has its address, without the scheme, for one."""
        title = redact_url(f"//{self.title}")[2:] if self.title in self.url else self.title
        return f"Tab({title!r}, {redact_url(self.url)!r}, is_followed={self.is_followed})"


@dataclass(slots=True, eq=False)
class Target:
    """A tab, or a frame or a worker of one; attached to once, or by several sessions: a service worker by the browser and
    by each of its pages.
    """

    kind: str
    """"page", "iframe", "worker", "shared_worker" or "service_worker"."""
    id: str
    """Of the browser."""
    title: str
    """Title of the page, or address of the script."""
    url: str
    """Its address."""
    parents: list[Target | None] = field(default_factory=list)
    """The tab that it belongs to, or the frame or worker; several may have one. None stands for the browser."""
    sessions: list[str] = field(default_factory=list)
    """Ids of the sessions that are attached to it now."""
    is_chosen: bool = False
    """Whether it has matched once."""

    @property
    def is_followed(self) -> bool:
        """Whether it, or what it belongs to, has matched."""
        return self.is_chosen or any(parent is not None and parent.is_followed for parent in self.parents)

    @property
    def name(self) -> str:
        """How a person calls it, secrets redacted."""
        return f"{self.kind} {redact_url(self.url)}"


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
        """Add a target, or one more session of it."""
        target = self._with_id(info["targetId"])
        if target is None:
            target = Target(info["type"], info["targetId"], info["title"], info["url"])
        owner = self._targets.get(parent)
        if owner not in target.parents:
            target.parents.append(owner)
        target.sessions.append(session)
        self._targets[session] = target
        self._choose(target)

    def detached(self, session: str) -> Target | None:
        """Remove a session, and return its target: where it has no other, it was closed."""
        target = self._targets.pop(session, None)
        if target is not None:
            target.sessions.remove(session)
        return target

    def _with_id(self, name: str) -> Target | None:
        return next((target for target in self._targets.values() if target.id == name), None)

    def navigated(self, target: Target, url: str) -> None:
        """Set the address of a target: its page has changed."""
        target.url = url
        self._choose(target)

    def changed(self, info: dict[str, Any]) -> None:
        """Set the title and the address of a target."""
        target = self._with_id(info["targetId"])
        if target is not None:
            target.title, target.url = info["title"], info["url"]
            self._choose(target)

    def _choose(self, target: Target) -> None:
        if None in target.parents and not target.is_chosen:
            target.is_chosen = any(self._pattern.compare(text) for text in (target.url, target.title))

    def find(self, session: str) -> Target | None:
        """Return the target to which a session is attached."""
        return self._targets.get(session)

    @property
    def tabs(self) -> tuple[Tab, ...]:
        """The tabs, in the order in which they were attached to."""
        pages = (target for target in self._targets.values() if target.kind == "page")
        return tuple(Tab(page.title, page.url, page.is_followed) for page in pages)
