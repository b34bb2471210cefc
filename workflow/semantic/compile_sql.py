"""A plan over a semantic model, as one SELECT in PostgreSQL's dialect.

Each aggregate is computed over the rows of its own dataset and period, at the dimensions asked
for. What comes from one dataset is one SELECT; several datasets, or two periods that are
compared, are stacked with UNION ALL and merged by dimension, so that no row of one is ever
repeated by a row of another, and rows without a value keep their group. Joins run only along
many-to-one relationships, for the same reason. What is made of the rows (changes, shares,
running totals, then `having`, then ties) is one SELECT around the other.

Over no rows a count is 0 and any other aggregate NULL. Text is ordered by its bytes.
"""

from collections.abc import Sequence
from functools import lru_cache

from sqlglot import exp
from sqlglot.dialects.postgres import Postgres

from contracts.plan import Plan
from workflow.semantic.conditions import condition, joined
from workflow.semantic.errors import PlanError
from workflow.semantic.expressions import column
from workflow.semantic.filter_values import Subject
from workflow.semantic.filters import single_filters
from workflow.semantic.index import BoundMetric, index_of
from workflow.semantic.model import Compiled, OutputColumn, SemanticModel
from workflow.semantic.request import Request, bare, request_of
from workflow.semantic.slices_sql import rows, select_as, subquery, type_tree

__all__ = ["PlanError", "compile_plan"]

_GENERATOR = Postgres()
_ROWS, _ALL, _KEPT, _PLACE = "grouped", "calculated", "ranked", "place"


def compile_plan(plan: Plan, model: SemanticModel) -> Compiled:
    """The plan as SQL: columns are the dimensions, then each metric with what a comparison adds
    to it, then the calculations, named as in the plan.

    `model` is what the role may use: a name outside it does not exist. Rows come in the plan's
    order, then by the dimensions, nothing before a missing value; without a limit of the plan
    the statement has none. Dimensions with a grain are dates, the first day of the period in UTC.
    Relative periods have to be resolved before. Raises PlanError, whose message is for the person
    who asked.

    The same plan over the same model is compiled once: recent statements are kept. Values that
    are equal and not written alike (1, true, 1.0) are told apart.
    """
    conditions = single_filters((*plan.filters, *plan.having))
    spelled = tuple(repr(value) for one in conditions for value in one.values)
    return _compiled(plan, model, spelled)


@lru_cache(maxsize=512)
def _compiled(plan: Plan, model: SemanticModel, _spelled: tuple[str, ...]) -> Compiled:
    request = request_of(plan, index_of(model))
    tree = statement(request)
    return Compiled(_GENERATOR.generate(tree, copy=False), request.columns)


def statement(request: Request) -> exp.Select:
    """The whole SELECT, as a tree of PostgreSQL's dialect."""
    plan = request.plan
    tree = rows(request)
    is_cumulative = any(m.metric.is_cumulative for m in request.metrics)
    if plan.comparison or plan.calculations or is_cumulative:
        tree = _calculated(request, tree)
    has_ties = plan.with_ties and plan.limit is not None and bool(plan.order)
    if request.having or has_ties:
        tree = _kept(request, tree, has_ties)
    if has_ties:
        tree = _cut(request, tree)
    _order(tree, request)
    if plan.limit is not None and not has_ties:
        tree.set("limit", exp.Limit(expression=exp.Literal.number(plan.limit)))
    return tree


def _calculated(request: Request, inner: exp.Select) -> exp.Select:
    """The rows with their changes, shares and running totals."""
    values = [column(_ROWS, c.name) for c in request.dimensions]
    columns = iter(request.columns[len(values) :])
    calculations = iter(request.plan.calculations)
    trees: list[exp.Expr] = list(values)
    for one in columns:
        bound = request.index.metrics[one.metric]
        if one.kind in ("value", "before"):
            trees.append(column(_ROWS, one.name))
        elif one.kind == "change":
            trees.append(_change(request, bound))
        elif one.kind == "change_ratio":
            trees.append(_change_ratio(request, bound))
        elif bound.metric.is_cumulative:
            value = column(_ROWS, one.metric)
            is_total = request.time_index is None
            others = _others(request)
            trees.append(value if is_total else _running(request, one, value, others))
        else:
            given = next(calculations)
            value = column(_ROWS, one.metric)
            within = [bare(name) for name in given.within]
            if one.kind == "share":
                trees.append(_share(value, within))
            else:
                trees.append(_running(request, one, value, within))
    return select_as(trees, [c.name for c in request.columns], subquery(inner, _ROWS))


def _others(request: Request) -> list[str]:
    """The dimensions that are not time."""
    return [c.name for i, c in enumerate(request.dimensions) if i != request.time_index]


def _change(request: Request, bound: BoundMetric) -> exp.Expr:
    """Now minus before. A group that is missing on one side is 0 there if the metric adds up over
    groups and the side has others, so that the changes of the groups add up to that of all."""
    now, before = _sides(bound)
    change = exp.Sub(this=now.copy(), expression=before.copy())
    is_never_null = all(unit.is_count for unit in bound.units)
    if not bound.is_additive or is_never_null or not request.dimensions:
        return change
    partition: list[exp.Expr] = []
    if request.slices[-1].move is not None:
        partition = [column(_ROWS, request.dimensions[request.slices[-1].move.index].name)]
    zero = exp.Literal.number(0)
    filled = [exp.Coalesce(this=one.copy(), expressions=[zero.copy()]) for one in (now, before)]
    some = [
        exp.GT(
            this=exp.Window(
                this=exp.Count(this=one.copy()), partition_by=[p.copy() for p in partition]
            ),
            expression=zero.copy(),
        )
        for one in (now, before)
    ]
    either = exp.Not(
        this=exp.Is(this=exp.Coalesce(this=now, expressions=[before]), expression=exp.Null())
    )
    return exp.Case(
        ifs=[
            exp.If(
                this=joined([either, *some]),
                true=exp.Sub(this=filled[0], expression=filled[1]),
            )
        ]
    )


def _sides(bound: BoundMetric) -> tuple[exp.Column, exp.Column]:
    name = bound.metric.name
    return column(_ROWS, name), column(_ROWS, f"{name}_before")


def _change_ratio(request: Request, bound: BoundMetric) -> exp.Expr:
    """The change divided by what was before; nothing grows from nothing, or from less."""
    _, before = _sides(bound)
    change = exp.Cast(this=_change(request, bound), to=type_tree("decimal"))
    return exp.Case(
        ifs=[
            exp.If(
                this=exp.GT(this=before.copy(), expression=exp.Literal.number(0)),
                true=exp.Div(this=change, expression=before, typed=True, safe=False),
            )
        ]
    )


def _share(value: exp.Column, within: Sequence[str]) -> exp.Expr:
    total = exp.Window(
        this=exp.Sum(this=value.copy()), partition_by=[column(_ROWS, name) for name in within]
    )
    exact = exp.Cast(this=value, to=type_tree("decimal"))
    zero = exp.Literal.number(0)
    some = exp.Nullif(this=total, expression=zero)
    return exp.Div(this=exact, expression=some, typed=True, safe=False)


def _running(
    request: Request, one: OutputColumn, value: exp.Column, within: Sequence[str]
) -> exp.Expr:
    assert request.time_index is not None  # noqa: S101 - refused before without one
    time = column(_ROWS, request.dimensions[request.time_index].name)
    total = exp.Window(
        this=exp.Sum(this=value),
        partition_by=[column(_ROWS, name) for name in within],
        order=exp.Order(expressions=[exp.Ordered(this=time, desc=False, nulls_first=False)]),
    )
    return exp.Cast(this=total, to=type_tree(one.type))


def _kept(request: Request, inner: exp.Select, has_place: bool) -> exp.Select:
    """The rows that `having` leaves, with their place in the plan's order if it is asked for."""

    def value(subject: Subject) -> exp.Expr:
        assert isinstance(subject, OutputColumn)  # noqa: S101 - `having` is over columns
        return column(_ALL, subject.name)

    names = [c.name for c in request.columns]
    trees: list[exp.Expr] = [column(_ALL, name) for name in names]
    if has_place:
        terms = request.order[: request.own_order]
        order = exp.Order(expressions=[_term(request, _ALL, *term) for term in terms])
        trees.append(exp.Window(this=exp.Rank(), order=order))
        names.append(_place(request))
    tree = select_as(trees, names, subquery(inner, _ALL))
    if request.having:
        conditions = [condition(given, value) for given in request.having]
        tree.set("where", exp.Where(this=joined(conditions)))
    return tree


def _cut(request: Request, inner: exp.Select) -> exp.Select:
    """The rows whose place is within the limit; who shares the last place is in."""
    names = [c.name for c in request.columns]
    tree = select_as([column(_KEPT, n) for n in names], names, subquery(inner, _KEPT))
    limit = exp.Literal.number(request.plan.limit or 0)
    place = exp.LTE(this=column(_KEPT, _place(request)), expression=limit)
    tree.set("where", exp.Where(this=place))
    return tree


def _place(request: Request) -> str:
    place = _PLACE
    while any(c.name == place for c in request.columns):
        place += "_"
    return place


def _order(tree: exp.Select, request: Request) -> None:
    if not request.dimensions:
        return  # one row
    values = {item.alias: item.this for item in tree.expressions}
    types = {c.name: c.type for c in request.columns}
    terms = [
        _ordered(values[name].copy(), types[name], descending) for name, descending in request.order
    ]
    tree.set("order", exp.Order(expressions=terms))


def _term(request: Request, table: str, name: str, descending: bool) -> exp.Ordered:
    types = {c.name: c.type for c in request.columns}
    return _ordered(column(table, name), types[name], descending)


def _ordered(tree: exp.Expr, type_: str, descending: bool) -> exp.Ordered:
    if type_ == "text":
        tree = exp.Collate(this=tree, expression=exp.Identifier(this="C", quoted=True))
    return exp.Ordered(this=tree, desc=descending, nulls_first=False)
