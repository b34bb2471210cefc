"""The guardrails: what they say of a statement, and the statement that may run.

In order: the text is measured; PostgreSQL's parser reads it; sqlglot parses it; facts are
collected; rules decide over the facts; the statement is regenerated within the scope; and
PostgreSQL's parser gives a second opinion on what was regenerated. Whatever is not known to be
harmless is refused.
"""

from hashlib import sha256
from threading import Lock
from typing import Final

import structlog
from cachetools import LRUCache
from sqlglot.errors import SqlglotError

from contracts.verdict import Finding, Outcome, Verdict
from workflow.guard import meaning, rules
from workflow.guard.collect import Tree, Unparsed, collect, parse
from workflow.guard.notes import line_starts
from workflow.guard.reading import Reading, read
from workflow.guard.rewrite import generate, rewrite
from workflow.guard.scope import GuardScope, Relation
from workflow.guard.second_opinion import objection
from workflow.guard.text import measure

log = structlog.get_logger(__name__)

MOST_FINDINGS: Final = 20
_KEPT: Final = 512
_MOST_KEPT_CHARACTERS: Final = 4000

_Key = tuple[str, frozenset[tuple[str, Relation]], tuple[int, ...] | None, bool, int]
_verdicts = LRUCache[_Key, Verdict](_KEPT)
_verdicts_lock = Lock()


def check(sql: str, scope: GuardScope) -> Verdict:
    """Judge a statement against a scope. Pure, and never raises.

    The same statement against an equal scope is judged once: recent verdicts are kept, by the
    whole of both.
    """
    if len(sql) > _MOST_KEPT_CHARACTERS:
        return judge(sql, scope)
    key = (
        sql,
        frozenset(scope.relations.items()),
        scope.row_scope,
        scope.is_raw,
        scope.max_rows,
    )
    with _verdicts_lock:
        kept = _verdicts.get(key)
    if kept is not None:
        return kept
    verdict = judge(sql, scope)
    with _verdicts_lock:
        _verdicts[key] = verdict
    return verdict


def judge(sql: str, scope: GuardScope) -> Verdict:
    """`check`, without looking whether the verdict is known."""
    try:
        return _judge(sql, scope)
    except (RecursionError, MemoryError):
        return _blocked((Finding(rule="size", severity="block", message=rules.TOO_COMPLEX),))
    except Exception:  # a fault of ours must refuse: not let through, and not fail
        log.exception("guard_failed", digest=sha256(sql.encode(errors="replace")).hexdigest())
        return _blocked((Finding(rule="meaning", severity="block", message=rules.UNREADABLE),))


def _judge(sql: str, scope: GuardScope) -> Verdict:
    starts = line_starts(sql)
    text = measure(sql)
    findings = rules.of_text(text, starts)
    if findings:
        return _blocked(findings)
    original = read(sql)
    findings = rules.of_reading(original, starts)
    if findings:
        return _blocked(findings)
    try:
        root = parse(sql)
        facts, tree = collect(sql, root, text, original, scope)
        findings = _distinct(rules.of_facts(facts))
        if any(one.severity == "block" for one in findings):
            return _blocked(findings)
        return _regenerated(sql, original, tree, scope, findings)
    except (Unparsed, SqlglotError):
        return _blocked((_disagreement(rules.UNREADABLE),))


def _regenerated(
    sql: str, original: Reading, tree: Tree, scope: GuardScope, findings: tuple[Finding, ...]
) -> Verdict:
    """The verdict on a statement that no rule blocks: regenerated, and looked at once more."""
    if not _is_faithful(sql, original, generate(tree.root)):
        return _blocked((_disagreement(rules.UNFAITHFUL),))
    rewritten = rewrite(tree, scope)
    against = objection(rewritten.sql, scope)
    if against is not None:
        message = f"A second look at the regenerated statement disagrees: {against}."
        return _blocked((Finding(rule="second_opinion", severity="block", message=message),))
    outcome: Outcome = "needs_approval" if _waits(findings) else "pass"
    return Verdict(
        verdict=outcome, findings=findings, sql=rewritten.sql, count_sql=rewritten.count_sql
    )


def _is_faithful(sql: str, original: Reading, regenerated: str) -> bool:
    """Whether what sqlglot read is what PostgreSQL reads, shown by writing it out again."""
    if regenerated == sql:
        return True
    again = read(regenerated)
    if original.statement is None or again.statement is None:
        return False
    return meaning.is_same(original.statement, again.statement)


def _waits(findings: tuple[Finding, ...]) -> bool:
    return any(one.severity == "needs_approval" for one in findings)


def _disagreement(message: str) -> Finding:
    return Finding(rule="meaning", severity="block", message=message)


def _blocked(findings: tuple[Finding, ...]) -> Verdict:
    return Verdict(verdict="block", findings=_distinct(findings))


def _distinct(findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
    """Each objection once, in the order found, and no more than a person would read."""
    found: dict[tuple[str, str], Finding] = {}
    for one in findings:
        found.setdefault((one.rule, one.message), one)
    severe_first = sorted(found.values(), key=lambda one: one.severity != "block")
    return tuple(severe_first[:MOST_FINDINGS])
