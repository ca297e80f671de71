"""Which tabs, frames and workers of a browser are followed."""

from __future__ import annotations

from typing import Any

from wsnotebook.matching import Pattern
from wsnotebook.middle.targets import Target, Targets


def info(name: str, kind: str = "page", url: str = "about:blank", title: str = "") -> dict[str, Any]:
    """Return what a browser tells of a target."""
    return {"targetId": name, "type": kind, "url": url, "title": title}


def found(targets: Targets, session: str) -> Target:
    """Return the target of a session that is attached."""
    target = targets.find(session)
    assert target is not None
    return target


def test_a_tab_that_has_matched_once_stays_followed() -> None:
    """By its address or its title."""
    targets = Targets(Pattern("shop"))
    targets.attached("by address", info("1"), "")
    targets.attached("by title", info("2", url="https://a"), "")
    assert not any(tab.is_followed for tab in targets.tabs)
    targets.navigated(found(targets, "by address"), "https://shop.example")
    targets.changed(info("2", url="https://a", title="My shop"))
    targets.navigated(found(targets, "by address"), "https://elsewhere.example")
    assert [tab.is_followed for tab in targets.tabs] == [True, True]


def test_what_belongs_to_a_tab_is_followed_with_it() -> None:
    """A worker of a frame; its own address counts for nothing."""
    targets = Targets(Pattern("shop"))
    targets.attached("tab", info("1", url="https://a"), "")
    targets.attached("frame", info("2", "iframe", "https://shop.example/frame"), "tab")
    targets.attached("worker", info("3", "worker", "https://shop.example/worker.js"), "frame")
    assert not found(targets, "worker").is_followed
    targets.navigated(found(targets, "tab"), "https://shop.example")
    assert found(targets, "frame").is_followed and found(targets, "worker").is_followed
    assert len(targets.tabs) == 1


def test_a_worker_of_no_tab_is_chosen_by_its_own_address() -> None:
    """As a shared worker, which several tabs have."""
    targets = Targets(Pattern("shop"))
    targets.attached("shared", info("1", "shared_worker", "https://shop.example/shared.js"), "")
    targets.attached("other", info("2", "shared_worker", "https://other.example/shared.js"), "")
    assert (
        found(targets, "shared").is_followed and not found(targets, "other").is_followed and not targets.tabs
    )


def test_secrets_of_an_address_are_redacted_where_it_is_shown() -> None:
    """A page without a title has its address for one; the tab itself has both as they are."""
    url = "https://me:S3CRET@shop.example/p?token=S3CRET&page=2#access_token=S3CRET"
    targets = Targets(Pattern())
    targets.attached("tab", info("1", url=url, title=url.removeprefix("https://")), "")
    targets.attached("other", info("2", url="https://a", title="Why? #1"), "")
    shown = repr(targets.tabs) + found(targets, "tab").name
    assert "S3CRET" not in shown and shown.count("page=2") == 3 and "'Why? #1'" in shown
    assert targets.tabs[0].url == url


def test_a_target_that_is_gone_is_not_known() -> None:
    targets = Targets(Pattern())
    targets.attached("tab", info("1"), "")
    assert found(targets, "tab").is_followed
    targets.detached("tab")
    assert targets.find("tab") is None and not targets.tabs
    assert targets.detached("tab") is None


def test_a_target_with_several_sessions_is_one() -> None:
    """A service worker is attached to by the browser and by each of its pages; one page that is followed is enough."""
    targets = Targets(Pattern("shop"))
    for name in ("a", "b"):
        targets.attached(name, info(name, url=f"https://{name}"), "")
    worker = info("w", "service_worker", "https://a/worker.js")
    for session, parent in (("own", ""), ("of a", "a"), ("of b", "b"), ("of b again", "b")):
        targets.attached(session, worker, parent)
    target = found(targets, "own")
    assert target is found(targets, "of a") is found(targets, "of b") and not target.is_followed
    assert len(target.parents) == 3
    targets.navigated(found(targets, "b"), "https://shop.example")
    targets.detached("of b")
    assert target.is_followed and target.sessions == ["own", "of a", "of b again"]
