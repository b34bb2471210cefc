"""Queries: what they read, how names get into them and what they give."""

from typing import Final

from sqlglot import exp

from workflow.guard import facts as f
from workflow.guard.from_clause import FromClause
from workflow.guard.joins import crosses_of, relate
from workflow.guard.notes import ProjectionToName, StarToExpand
from workflow.guard.recursion import rounds
from workflow.guard.sources import (
    Env,
    Level,
    Output,
    Value,
    folded,
    together,
)

_WRITTEN_OTHERWISE: Final = frozenset({
    "ceiling", "char_length", "character_length", "date_part", "mod", "now", "pow", "regexp_like",
    "strpos", "substr", "variance",
})  # fmt: skip
"""Functions that sqlglot writes by another name."""


class Queries(FromClause):
    """Reads a whole statement against a scope."""

    def query(self, node: exp.Expr, env: Env) -> Output:
        """What a query gives: a SELECT, a set operation, or one in parentheses."""
        self.structure(node)
        env = self._with(node.args.get("with_"), env)
        if isinstance(node, exp.Select):
            return self._select(node, env)
        if isinstance(node, exp.SetOperation):
            return self._set_operation(node, env)
        if not isinstance(node, exp.Subquery):
            self.notes.syntax.append(f.Syntax(type(node).__name__, self.notes.at(node)))
            return Output()
        output = self.query(node.this, env)
        self._order_and_limit(node, output, env)
        return output

    def _with(self, clause: exp.Expr | None, env: Env) -> Env:
        if clause is None:
            return env
        self.structure(clause)
        ctes = dict(env.ctes)
        for cte in clause.expressions:
            self.structure(cte)
            inner = Env(ctes, env.levels)
            alias = cte.args.get("alias")
            names = [folded(one) for one in alias.args.get("columns") or []]
            if clause.args.get("recursive") and isinstance(cte.this, exp.SetOperation):
                output = self._recursive(cte, folded(alias.this), names, inner)
            else:
                output = self.fitted(self.query(cte.this, inner), names, cte)
            ctes = {**ctes, folded(alias.this): output}
        return Env(ctes, env.levels)

    def _recursive(self, cte: exp.Expr, name: str, names: list[str], env: Env) -> Output:
        """A common table expression that may read itself: once more over what one round gives."""
        body = cte.this
        self.structure(body)
        first = self.fitted(self.query(body.this, env), names, body)
        columns = tuple((one, Value(v.personal, max(v.weight, 1))) for one, v in first.columns)
        itself = Output(
            columns=columns,
            is_open=True,
            rest=Value(first.everything.personal, 1),
            reads=0,
        )
        if names or all(one is not None for one, _ in first.columns):
            itself = Output(columns=columns, is_open=first.is_open, rest=itself.rest)
        again = self.query(body.expression, Env({**env.ctes, name: itself}, env.levels))
        if reads_itself(body.expression, name):
            bound = rounds(body, name, names or [one or "" for one, _ in first.columns])
            self.notes.recursions.append(f.Recursion(name, bound, self.notes.at(cte.args["alias"])))
            self.notes.weight = max(
                self.notes.weight, max(again.everything.weight, 1) if bound is None else 0
            )
            self._note_growth(again, bound)
        personal = first.everything.personal | again.everything.personal
        return Output(
            columns=tuple((one, Value(personal, value.weight)) for one, value in first.columns),
            is_open=itself.is_open,
            rest=Value(personal, itself.rest.weight),
            has_sorted_star=first.has_sorted_star or again.has_sorted_star,
            reads=first.reads + again.reads,
            crosses=first.crosses + again.crosses,
        )

    def _note_growth(self, again: Output, bound: int | None) -> None:
        """What doubles in each round is soon large."""
        heaviest = max((value.weight for _, value in again.columns), default=1)
        if bound is not None and heaviest > 1:
            self.notes.weight = max(self.notes.weight, heaviest ** min(bound, 64))

    def _set_operation(self, node: exp.SetOperation, env: Env) -> Output:
        branches: list[exp.Expr] = []
        one: exp.Expr = node
        is_matching = False  # all but UNION ALL compare the rows of one branch to those of another
        while isinstance(one, exp.SetOperation) and (one is node or not one.args.get("with_")):
            self.structure(one)
            is_matching = is_matching or not (
                isinstance(one, exp.Union) and one.args.get("distinct") is False
            )
            branches.append(one.expression)
            one = one.this
        branches.append(one)
        outputs = [self.query(branch, env) for branch in reversed(branches)]
        for branch, output in zip(reversed(branches), outputs, strict=True):
            if output.has_sorted_star:
                self.notes.positional_stars.append(f.PositionalStar(self.notes.at(branch)))
        merged = _merged(outputs)
        if is_matching:
            self.notes.personal_use(merged.everything.personal, "condition", node)
        self._order_and_limit(node, merged, env)
        return merged

    def _select(self, node: exp.Select, env: Env) -> Output:
        reads, crosses = self.reads, self.crosses
        self.reads = self.crosses = 0
        level = Level()
        inner = env.inside(level)
        conditions = self.from_clause(node, level, inner)
        where = node.args.get("where")
        if where is not None:
            self.condition(where.this, inner)
            conditions.append(where.this)
        columns = self._projections(node, level, inner)
        self._distinct_and_groups(node, columns, inner)
        self._order_and_limit(node, columns, inner)
        own_reads = self.reads + sum(one.reads for one in level.sources)
        own_crosses = (
            self.crosses
            + sum(one.crosses for one in level.sources)
            + crosses_of(level, relate(level, conditions))
        )
        self.reads, self.crosses = reads, crosses
        return Output(
            columns=columns.columns,
            is_open=columns.is_open,
            rest=columns.rest,
            has_sorted_star=columns.has_sorted_star,
            is_single=_is_single(node),
            reads=own_reads,
            crosses=own_crosses,
        )

    def _projections(self, node: exp.Select, level: Level, env: Env) -> Output:
        columns: list[tuple[str | None, Value]] = []
        rest: list[Value] = []
        has_sorted_star = False
        for one in node.expressions:
            if isinstance(one, exp.Star) or (
                isinstance(one, exp.Column) and isinstance(one.this, exp.Star)
            ):
                given = self._star(node, one, level)
                columns.extend(given.columns)
                rest.extend([given.rest] if given.is_open else [])
                has_sorted_star = has_sorted_star or given.has_sorted_star
            else:
                series = len(self.notes.series)
                carried = self.value(one.this if isinstance(one, exp.Alias) else one, env)
                if level.sources and len(self.notes.series) > series:
                    self.crosses += 1
                columns.append((self._output_name(one), carried))
        return Output(
            columns=tuple(columns),
            is_open=bool(rest),
            rest=together(rest),
            has_sorted_star=has_sorted_star,
        )

    def _output_name(self, node: exp.Expr) -> str | None:
        """The name of a column of the output, as PostgreSQL finds it, where that is simple."""
        if isinstance(node, exp.Alias):
            return folded(node.args["alias"])
        inner = node
        while isinstance(inner, exp.Cast):
            inner = inner.this
        if isinstance(inner, exp.Column) and isinstance(inner.this, exp.Identifier):
            return folded(inner.this)
        name = self.notes.name_of(inner)
        if name in _WRITTEN_OTHERWISE:
            self.notes.renamed.append(ProjectionToName(node, name))
        return name

    def _star(self, node: exp.Select, star: exp.Expr, level: Level) -> Output:
        """What a `*` gives. Columns of a relation of the scope are written out, in the order of
        their names: the order they have in the database is not known here."""
        self.structure(star)
        table = star.args.get("table")
        wanted = level.sources
        if table is not None:
            wanted = [one for one in wanted if one.alias == folded(table)]
            if star.args.get("db") is not None and wanted:
                self._fits(star, wanted[0])
            if not wanted:
                self.notes.columns.append(
                    f.ColumnUse(f"{folded(table)}.*", "unknown", self.notes.at(star))
                )
        columns: list[tuple[str | None, Value]] = []
        pieces: list[tuple[str | None, str | None]] = []
        rest: list[Value] = []
        merged: set[str] = set()
        is_sorted = False
        for one in wanted:
            is_known = one.relation is not None and one.relation.columns is not None
            names = sorted(one.columns) if is_known else list(one.columns)
            for name in names:
                columns.append((name, one.take(name)))
                if is_known and table is None and name in level.merged:
                    if name not in merged:
                        merged.add(name)
                        pieces.append((None, name))
                elif is_known:
                    pieces.append((one.alias, name))
            if not is_known:
                pieces.append((one.alias, None))
            is_sorted = is_sorted or one.has_sorted_star or (is_known and len(names) > 1)
            if one.is_open:
                rest.append(one.rest)
        is_named = all(one.alias is not None for one in wanted)
        if is_named and any(name is not None for _, name in pieces):
            self.notes.stars.append(StarToExpand(node, star, tuple(pieces)))
        self.notes.starred += len(columns)
        return Output(tuple(columns), bool(rest), together(rest), has_sorted_star=is_sorted)

    def _distinct_and_groups(self, node: exp.Select, output: Output, env: Env) -> None:
        distinct = node.args.get("distinct")
        grouping: list[exp.Expr] = []
        if distinct is not None:
            self.structure(distinct)
            on = distinct.args.get("on")
            if on is not None:
                grouping.extend(on.expressions if isinstance(on, exp.Tuple) else [on])
        group = node.args.get("group")
        if group is not None:
            self.structure(group)
            for key in ("expressions", "rollup", "cube", "grouping_sets"):
                grouping.extend(group.args.get(key) or [])
        for one in grouping:
            self._decide_by(one, output, env, "grouping")
        having = node.args.get("having")
        if having is not None:
            self.condition(having.this, env)
        for window in node.args.get("windows") or []:
            self.window(window, env)

    def _decide_by(self, node: exp.Expr, output: Output, env: Env, where: f.Place) -> None:
        """A grouping or ordering expression: a place or name in the output, or a value."""
        carried = self._by_output(node, output, env, is_order=where == "order")
        if carried is None:
            carried = self.value(node, env)
        self.notes.personal_use(carried.personal, where, node)

    def _by_output(
        self, node: exp.Expr, output: Output, env: Env, *, is_order: bool
    ) -> Value | None:
        if isinstance(node, exp.Literal) and not node.is_string:
            if output.has_sorted_star:
                self.notes.positional_stars.append(f.PositionalStar(self.notes.at(node)))
            index = int(node.this) - 1 if str(node.this).isdigit() else -1
            is_there = 0 <= index < len(output.columns) and not output.is_open
            return output.columns[index][1] if is_there else output.everything
        if not isinstance(node, exp.Column) or node.args.get("table") is not None:
            return None
        name = folded(node.this)
        named = [value for one, value in output.columns if one == name]
        if not named:
            return None
        sources = env.levels[-1].sources if env.levels else []
        is_input = any(name in one.columns or one.is_open for one in sources)
        if is_input and not is_order:  # GROUP BY prefers a column that is read
            return together([self.value(node, env), *named])
        self.notes.columns.append(f.ColumnUse(name, "known", self.notes.at(node)))
        return together(named)

    def _order_and_limit(self, node: exp.Expr, output: Output, env: Env) -> None:
        order = node.args.get("order")
        for one in order.expressions if order is not None else []:
            self._decide_by(one.this, output, env, "order")
        for key in ("limit", "offset"):
            clause = node.args.get(key)
            if clause is None:
                continue
            self.structure(clause)
            amount = (
                clause.args.get("count") if isinstance(clause, exp.Fetch) else clause.expression
            )
            options = clause.args.get("limit_options")
            if options is not None:
                self.structure(options)
            if isinstance(amount, exp.Expr):
                carried = self.value(amount, Env(env.ctes))
                self.notes.personal_use(carried.personal, "condition", amount)


def reads_itself(node: exp.Expr, name: str) -> bool:
    """Whether a table of that bare name is read anywhere below."""
    return any(
        isinstance(one.this, exp.Identifier) and folded(one.this) == name and not one.args.get("db")
        for one in node.find_all(exp.Table)
    )


def _merged(outputs: list[Output]) -> Output:
    first = outputs[0]
    columns = first.columns
    is_open = any(one.is_open for one in outputs)
    if is_open:
        everything = together([one.everything for one in outputs])
        weight = max((one.everything.weight for one in outputs), default=1)
        rest = Value(everything.personal, weight)
        columns = tuple((name, rest) for name, _ in columns)
    else:
        rest = Value()
        columns = tuple(
            (name, _either([one.columns[index][1] for one in outputs if index < len(one.columns)]))
            for index, (name, _) in enumerate(columns)
        )
    return Output(
        columns=columns,
        is_open=is_open,
        rest=rest,
        reads=sum(one.reads for one in outputs),
        crosses=sum(one.crosses for one in outputs),
    )


def _either(values: list[Value]) -> Value:
    return Value(together(values).personal, max((one.weight for one in values), default=1))


def _is_single(node: exp.Select) -> bool:
    """Whether a SELECT gives at most one row: it reads nothing, or aggregates without groups."""
    if node.args.get("from_") is None:
        return True
    limit = node.args.get("limit")
    if isinstance(limit, exp.Limit) and isinstance(limit.expression, exp.Literal):
        return str(limit.expression.this) in ("0", "1")
    if node.args.get("group") is not None or not node.expressions:
        return False
    return all(
        isinstance(one.this if isinstance(one, exp.Alias) else one, exp.AggFunc)
        for one in node.expressions
    )
