"""The checks behind an answer: every rule that there is, passed or not."""

from importlib import resources

from contracts.verdict import Finding
from webui.checks import RULES, checks


def test_every_rule_is_told_of() -> None:
    files = resources.files("workflow.guard.rules").iterdir()
    rules = {file.name.removesuffix(".py") for file in files if file.name.endswith(".py")}
    assert rules - {"__init__"} <= set(RULES)


def test_what_found_something_comes_first_and_all_others_passed() -> None:
    finding = Finding(rule="joins", severity="block", message="No.")
    first, *others = checks([finding])
    assert (first.name, first.findings) == ("joins", (finding,))
    assert not any(check.findings for check in others)
    assert len(others) == len(RULES) - 1
