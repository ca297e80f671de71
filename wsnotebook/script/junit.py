"""junit_xml(): the outcomes of a script as JUnit XML, which Jenkins, GitLab and other CI servers read.

A script is a test suite, each of its steps a test case; those after a failure are skipped.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from xml.etree import ElementTree

from wsnotebook.safetext import safe_text
from wsnotebook.script.steps import Outcome, Step

__all__ = ["junit_xml"]


def junit_xml(
    name: str, steps: Sequence[Step], outcomes: Sequence[Outcome], *, begin: datetime, error: str = ""
) -> bytes:
    """Return the document.

    Args:
        name: of the script, such as its path.
        steps: all steps.
        outcomes: of the steps that were run, in order.
        begin: when the run began, with its time zone.
        error: why the run ended that is no fault of a step, such as a refused connection; empty if there is none.
    """
    failures = sum(outcome.failure is not None for outcome in outcomes)
    # An error is a case of its own: skipped cases alone would count as a success.
    counts = {
        "tests": len(steps) + bool(error),
        "failures": failures,
        "errors": int(bool(error)),
        "skipped": len(steps) - len(outcomes),
    }
    numbers = {key: str(count) for key, count in counts.items()}
    seconds = f"{sum(outcome.seconds for outcome in outcomes):.3f}"
    suites = ElementTree.Element("testsuites", numbers | {"time": seconds})
    stamp = begin.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S")
    suite = ElementTree.SubElement(
        suites, "testsuite", {"name": safe_text(name), **numbers, "time": seconds, "timestamp": stamp}
    )
    if error:
        case = _case(suite, name, "run", 0.0)
        ElementTree.SubElement(case, "error", message=safe_text(error), type="error")
    for step, outcome in zip(steps, [*outcomes, *[None] * (len(steps) - len(outcomes))], strict=True):
        case = _case(suite, name, f"line {step.line}: {step.text}", outcome.seconds if outcome else 0.0)
        if outcome is None:
            ElementTree.SubElement(case, "skipped")
        elif outcome.failure is not None:
            problem = safe_text(outcome.failure.problem)
            failure = ElementTree.SubElement(case, "failure", message=problem, type="StepFailed")
            failure.text = "\n".join([problem, *map(safe_text, outcome.failure.details)])
    ElementTree.indent(suites)
    document: bytes = ElementTree.tostring(suites, encoding="utf-8", xml_declaration=True)
    return document


def _case(suite: ElementTree.Element, name: str, title: str, seconds: float) -> ElementTree.Element:
    # safe_text: XML 1.0 has no control characters, not even escaped ones
    facts = {"classname": safe_text(name), "name": safe_text(title), "time": f"{seconds:.3f}"}
    return ElementTree.SubElement(suite, "testcase", facts)
