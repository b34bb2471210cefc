"""One file of cases a rule, in `fixtures/`. How to read them:

    # What the case shows.
    @ v(id, email!, store_id) as analytics.v by store_id    a relation: personal columns have a !
    @ t                                                     a relation with any column
    @ rows 1, 2                                             the row scope (left out: all rows)
    @ raw                                                   not compiled from a plan
    > SELECT …                                              the statement, a line a line
    = block functions 1:15, relations                       the verdict, the rules, where
    < SELECT …                                              what runs (only where it matters)
    << SELECT COUNT(*) …                                    what counts

The `@` lines before the first case of a file are the scope of all its cases; a case with `@`
lines of its own has only those. `\\x00` and its like stand for characters that a file cannot hold.
"""

import re
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from workflow.guard import rules
from workflow.guard.check import check
from workflow.guard.scope import GuardScope, Relation

FOLDER = Path(__file__).parent / "fixtures"


@dataclass
class Case:
    title: str
    scope: list[str] = field(default_factory=list)
    sql: list[str] = field(default_factory=list)
    verdict: str = ""
    runs: list[str] = field(default_factory=list)
    counts: list[str] = field(default_factory=list)


def cases(path: Path) -> list[Case]:
    found: list[Case] = []
    common: list[str] = []
    title = ""
    case: Case | None = None
    for line in path.read_text().splitlines():
        mark, _, rest = line.partition(" ")
        if not line:
            case = None
        elif mark == "#":
            title = f"{title} {rest}".strip() if case is None else title
        elif mark == "@" and not found and not title:
            common.append(rest)
        else:
            if case is None:
                case = Case(title)
                found.append(case)
                title = ""
            lines = {"@": case.scope, ">": case.sql, "<": case.runs, "<<": case.counts}
            if mark == "=":
                case.verdict = rest
            else:
                lines[mark].append(rest)
    for one in found:
        one.scope = one.scope or common
        assert one.sql and one.verdict, f"{path.name}: {one.title} is not whole"
    return found


def scope_of(lines: list[str]) -> GuardScope:
    relations: dict[str, Relation] = {}
    rows: tuple[int, ...] | None = None
    is_raw = False
    for line in lines:
        if line == "raw":
            is_raw = True
        elif line.startswith("rows"):
            rows = tuple(int(number) for number in re.findall(r"\d+", line))
        else:
            match = re.fullmatch(r"(\S+?)(?:\((.*)\))?(?: as (\S+))?(?: by (\S+))?", line)
            assert match, line
            name, columns, qualified, scope_column = match.groups()
            names = [one.strip().strip('"') for one in columns.split(",")] if columns else None
            relations[name] = Relation(
                columns=frozenset(one.rstrip("!") for one in names) if names else None,
                personal=frozenset(one.rstrip("!") for one in names or () if one.endswith("!")),
                scope_column=scope_column,
                qualified=qualified,
            )
    return GuardScope(relations=relations, row_scope=rows, is_raw=is_raw)


ALL = [
    pytest.param(case, id=f"{path.stem}: {case.title}")
    for path in sorted(FOLDER.glob("*.txt"))
    for case in cases(path)
]


@pytest.mark.parametrize("case", ALL)
def test_case(case: Case) -> None:
    sql = re.sub(r"\\x([0-9a-f]{2})", lambda m: chr(int(m[1], 16)), "\n".join(case.sql))
    verdict = check(sql, scope_of(case.scope))
    outcome, _, expected = case.verdict.partition(" ")
    told = {
        one.rule: f"{one.position.line}:{one.position.column}" if one.position else ""
        for one in reversed(verdict.findings)
    }
    wanted = dict((*one.split(" "), "")[:2] for one in expected.split(", ") if one)
    assert verdict.verdict == outcome, verdict
    assert set(told) == set(wanted), verdict
    assert {rule: told[rule] for rule, at in wanted.items() if at} == {
        rule: at for rule, at in wanted.items() if at
    }
    assert (verdict.sql is None) == (outcome == "block")
    if case.runs:
        assert verdict.sql == " ".join(case.runs)
    if case.counts:
        assert verdict.count_sql == " ".join(case.counts)


def test_every_rule_has_a_file_of_cases() -> None:
    every = (*rules.TEXT_RULES, *rules.READING_RULES, *rules.FACT_RULES)
    named = {rule.__module__.rpartition(".")[2] for rule in every}
    assert named <= {path.stem for path in FOLDER.glob("*.txt")}


def test_every_rule_is_in_force() -> None:
    folder = Path(rules.__file__).parent
    every = (*rules.TEXT_RULES, *rules.READING_RULES, *rules.FACT_RULES)
    named = {rule.__module__.rpartition(".")[2] for rule in every}
    assert named == {path.stem for path in folder.glob("*.py")} - {"__init__"}
