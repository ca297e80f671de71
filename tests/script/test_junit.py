"""JUnit XML of scripts."""

from __future__ import annotations

from datetime import UTC, datetime
from xml.etree import ElementTree

from wsnotebook.errors import StepFailed
from wsnotebook.script.junit import junit_xml
from wsnotebook.script.parser import parse_script
from wsnotebook.script.steps import Outcome

STEPS = parse_script("> a\x1b<&\n< b\n< c")
BEGIN = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)


def test_a_case_for_each_step():
    """One passed, one failed with its differences, one skipped; control characters are escaped, as XML has none."""
    failure = StepFailed(2, "< b", "expected 'b\x00'", ["$.a is 1", "$.b is 2"])
    outcomes = [Outcome(STEPS[0], 0.25), Outcome(STEPS[1], 0.5, failure=failure)]
    suites = ElementTree.fromstring(junit_xml("x.ws", STEPS, outcomes, begin=BEGIN))
    (suite,) = suites
    numbers = {"tests": "3", "failures": "1", "errors": "0", "skipped": "1", "time": "0.750"}
    assert suite.attrib == {"name": "x.ws", **numbers, "timestamp": "2026-01-02T03:04:05"}
    passed, failed, skipped = suite
    assert passed.attrib == {"classname": "x.ws", "name": "line 1: > a\\x1b<&", "time": "0.250"}
    assert len(passed) == 0
    assert failed[0].tag == "failure" and failed[0].attrib["message"] == "expected 'b\\x00'"
    assert failed[0].text == "expected 'b\\x00'\n$.a is 1\n$.b is 2"
    assert [child.tag for child in skipped] == ["skipped"]


def test_a_connection_that_failed_is_an_error():
    """It is a case of its own, and all steps are skipped."""
    suites = ElementTree.fromstring(junit_xml("x.ws", STEPS, [], begin=BEGIN, error="refused"))
    assert suites[0].attrib["errors"] == "1" and suites[0].attrib["skipped"] == "3"
    assert suites[0][0].attrib["name"] == "run" and suites[0][0][0].attrib["message"] == "refused"
