"""Which tabs, frames and workers of a browser are followed."""

from __future__ import annotations

from typing import Any

from wsnotebook.matching import Pattern
from wsnotebook.middle.targets import Targets


def info(name: str, kind: str = "page", url: str = "about:blank", title: str = "") -> dict[str, Any]:
    """Return what a browser tells of a target."""
    return {"targetId": name, "type": kind, "url": url, "title": title}


def test_a_tab_that_has_matched_once_stays_followed() -> None:
    """By its address or its title."""
    targets = Targets(Pattern("shop"))
    targets.attached("by address", info("1"), "")
    targets.attached("by title", info("2", url="https://a"), "")
    assert not any(tab.is_followed for tab in targets.tabs)
    targets.navigated("by address", "https://shop.example")
    targets.changed(info("2", url="https://a", title="My shop"))
    targets.navigated("by address", "https://elsewhere.example")
    assert [tab.is_followed for tab in targets.tabs] == [True, True]


def test_what_belongs_to_a_tab_is_followed_with_it() -> None:
    """A worker of a frame; its own address counts for nothing."""
    targets = Targets(Pattern("shop"))
    targets.attached("tab", info("1", url="https://a"), "")
    targets.attached("frame", info("2", "iframe", "https://shop.example/frame"), "tab")
    targets.attached("worker", info("3", "worker", "https://shop.example/worker.js"), "frame")
    assert not targets.is_followed("worker")
    targets.navigated("tab", "https://shop.example")
    assert targets.is_followed("frame") and targets.is_followed("worker")
    assert len(targets.tabs) == 1


def test_a_worker_of_no_tab_is_chosen_by_its_own_address() -> None:
    """As a shared worker, which several tabs have."""
    targets = Targets(Pattern("shop"))
    targets.attached("shared", info("1", "shared_worker", "https://shop.example/shared.js"), "")
    targets.attached("other", info("2", "shared_worker", "https://other.example/shared.js"), "")
    assert targets.is_followed("shared") and not targets.is_followed("other") and not targets.tabs


def test_a_target_that_is_gone_is_not_followed() -> None:
    targets = Targets(Pattern())
    targets.attached("tab", info("1"), "")
    assert targets.is_followed("tab")
    targets.detached("tab")
    targets.navigated("tab", "https://late.example")  # an event that was on its way
    assert not targets.is_followed("tab") and not targets.tabs
