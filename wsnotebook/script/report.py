"""Lines that tell how a script went, one for each step while it runs, and a last one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from wsnotebook.safetext import safe_text
from wsnotebook.script.steps import Outcome, Step

__all__ = ["lines_of", "summary"]

_WIDTH = 40  # columns of a step's text, before its note


def lines_of(outcome: Outcome) -> Iterator[str]:
    """Yield the lines of one step: number, text and note, or how it failed."""
    step = outcome.step
    text = f"{step.line:>4}  {safe_text(step.text)}"
    if outcome.failure is None:
        yield f"{text:<{_WIDTH}}  {safe_text(outcome.note)}".rstrip()
        return
    yield f"{text:<{_WIDTH}}  FAILED"
    yield f"      {safe_text(outcome.failure.problem)}"
    yield from (f"      - {safe_text(detail)}" for detail in outcome.failure.details)


def summary(name: str, steps: Sequence[Step], outcomes: Sequence[Outcome]) -> str:
    """Return one line: steps that passed, of how many, and the seconds."""
    passed = sum(outcome.failure is None for outcome in outcomes)
    seconds = sum(outcome.seconds for outcome in outcomes)
    word = "passed" if passed == len(steps) else "failed"
    return f"{safe_text(name)}: {word}, {passed} of {len(steps)} steps in {seconds:.2f} s"
