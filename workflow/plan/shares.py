"""What a metric's calculation says of parts and wholes, read off its expression."""

import re

from workflow.plan.lexicon import Lexicon, MetricFacts

_SPACE = re.compile(r"\s+")
_CAST = re.compile(r"^cast\((.*) as (?:decimal|numeric)\)$")
_GUARDED = re.compile(r"^nullif\((.*), ?0\)$")
_FLAGGED = re.compile(r"^count\(case when (not )?(?:\w+\.)?(\w+) then 1 end\)$")


def adds_up(facts: MetricFacts) -> bool:
    """Whether the values of the groups sum to the value of the whole."""
    return facts.aggregate in ("sum", "count") and "distinct" not in facts.metric.expression.lower()


def ratio_to_all(lexicon: Lexicon, metric: str) -> str | None:
    """The metric that divides this one by the count of all rows of its dataset."""
    facts = lexicon.metrics[metric]
    all_rows = lexicon.row_counts.get(facts.dataset.name)
    if all_rows is None or all_rows == metric:
        return None
    for other in lexicon.metrics.values():
        above, below = _sides(other)
        if above in _said(facts) and below in _said(lexicon.metrics[all_rows]):
            return other.metric.name
    return None


def ratio_of_part(lexicon: Lexicon, metric: str) -> str | None:
    """The one metric that divides this one by some other number of its own dataset: what came back
    late, of all that came back."""
    facts = lexicon.metrics[metric]
    if not is_part(facts):
        return None
    ratios = [o for o in lexicon.metrics.values() if o.dataset == facts.dataset and _sides(o)[1]]
    found = [other.metric.name for other in ratios if _sides(other)[0] in _said(facts)]
    return found[0] if len(found) == 1 else None


def is_part(facts: MetricFacts) -> bool:
    """Whether only some of the rows are counted, so that a share of them may be of all rows."""
    expression = facts.metric.expression.lower()
    return facts.aggregate == "count" and ("case" in expression or "filter" in expression)


def ratio_of_flag(lexicon: Lexicon, metric: str, field: str, *, is_true: bool) -> str | None:
    """The metric that says what part of these rows has the yes-or-no field so."""
    facts = lexicon.metrics[metric]
    if not facts.is_row_count:
        return None
    for other in lexicon.metrics.values():
        above, below = _sides(other)
        named = lexicon.metrics.get(above)
        found = _FLAGGED.match(_plain(named.metric.expression) if named is not None else above)
        is_flag = found is not None and found[2] == field and (found[1] is None) is is_true
        if is_flag and other.dataset == facts.dataset and below in _said(facts):
            return other.metric.name
    return None


def _sides(facts: MetricFacts) -> tuple[str, str]:
    """Above and below the line of a ratio, without what only guards the division."""
    above, _, below = _plain(facts.metric.expression).partition(" / ")
    return _bare(above, _CAST), _bare(_bare(below, _GUARDED), _CAST)


def _bare(text: str, around: re.Pattern[str]) -> str:
    found = around.match(text)
    return found[1] if found is not None else text


def _said(facts: MetricFacts) -> tuple[str, str]:
    """A metric as an expression may have it: spelt out, or by its name."""
    return _plain(facts.metric.expression), facts.metric.name


def _plain(expression: str) -> str:
    return _SPACE.sub(" ", expression.strip().lower())
