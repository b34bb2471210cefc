"""What a metric's calculation says of parts and wholes, read off its expression."""

import re

from workflow.plan.lexicon import Lexicon, MetricFacts

_SPACE = re.compile(r"\s+")
_FLAGGED = re.compile(r"^count\(case when (not )?(?:\w+\.)?(\w+) then 1 end\)$")


def adds_up(facts: MetricFacts) -> bool:
    """Whether the values of the groups sum to the value of the whole."""
    return facts.aggregate in ("sum", "count") and "distinct" not in facts.metric.expression.lower()


def ratio_to_all(lexicon: Lexicon, metric: str) -> str | None:
    """The metric that divides this one by the count of all rows of its dataset."""
    facts = lexicon.metrics[metric]
    for other in lexicon.metrics.values():
        above, _, below = _plain(other.metric.expression).partition("/")
        is_of_all = below.strip() == _count_of_rows(lexicon, facts)
        if other.dataset == facts.dataset and is_of_all and _plain(above) == _plain(
            facts.metric.expression
        ):  # fmt: skip
            return other.metric.name
    return None


def ratio_of_flag(lexicon: Lexicon, metric: str, field: str, *, is_true: bool) -> str | None:
    """The metric that says what part of these rows has the yes-or-no field so."""
    facts = lexicon.metrics[metric]
    if not facts.is_row_count:
        return None
    for other in lexicon.metrics.values():
        above, slash, below = _plain(other.metric.expression).partition("/")
        found = _FLAGGED.match(above.strip())
        if (
            slash and found is not None and other.dataset == facts.dataset
            and found[2] == field and (found[1] is None) is is_true
            and below.strip() == _plain(facts.metric.expression)
        ):  # fmt: skip
            return other.metric.name
    return None


def _count_of_rows(lexicon: Lexicon, facts: MetricFacts) -> str | None:
    name = lexicon.row_counts.get(facts.dataset.name)
    return _plain(lexicon.metrics[name].metric.expression) if name is not None else None


def _plain(expression: str) -> str:
    return _SPACE.sub(" ", expression.strip().lower())
