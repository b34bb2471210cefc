"""FROM: what a SELECT reads, under which names, and what of it may be seen."""

from sqlglot import exp

from workflow.guard import facts as f
from workflow.guard.notes import Notes, TableToReplace
from workflow.guard.scope import GuardScope, Relation
from workflow.guard.sources import (
    Env,
    Level,
    Output,
    Source,
    Value,
    folded,
    renamed,
    source_of,
    together,
)
from workflow.guard.values import Values

_NOT_FOUND = Relation()


class FromClause(Values):
    """Reads FROM clauses against a scope."""

    def __init__(self, notes: Notes, scope: GuardScope) -> None:
        super().__init__(notes)
        self._relations = relations_by_name(scope)

    def fitted(self, output: Output, names: list[str], node: exp.Expr) -> Output:
        """The output under the names it is given."""
        if names and output.has_sorted_star:
            self.notes.positional_stars.append(f.PositionalStar(self.notes.at(node)))
        return renamed(output, names)

    def from_clause(self, node: exp.Select, level: Level, env: Env) -> list[exp.Expr]:
        """Take in what the SELECT reads; return the conditions of its joins."""
        clause = node.args.get("from_")
        if clause is None:
            return []
        self.structure(clause)
        self._add(clause.this, level, env)
        return self._joins(node.args.get("joins") or [], level, env)

    def _joins(self, joins: list[exp.Expr], level: Level, env: Env) -> list[exp.Expr]:
        conditions = []
        for join in joins:
            self.structure(join)
            if join.args.get("method"):
                self.notes.natural_joins.append(f.NaturalJoin(self.notes.at(join)))
            before = len(level.sources)
            self._add(join.this, level, env)
            using = [folded(one) for one in join.args.get("using") or []]
            level.merged.update(using)
            if using and before:
                for one in level.sources[before:]:
                    one.is_linked = True
            for one in join.args.get("using") or []:
                carried = self.value(exp.Column(this=one.copy()), env)
                if carried.personal and not self._is_plain_everywhere(folded(one), level):
                    self.notes.personal_use(carried.personal, "condition", one)
            on = join.args.get("on")
            if on is not None:
                self.condition(on, env)
                conditions.append(on)
        return conditions

    def _is_plain_everywhere(self, name: str, level: Level) -> bool:
        """Whether a merged column is a personal-data column of a relation on every side."""
        found = [one.columns[name] for one in level.sources if name in one.columns]
        return len(found) > 1 and all(one.is_plain and one.personal for one in found)

    def _add(self, node: exp.Expr, level: Level, env: Env) -> None:
        """Take in one entry of a FROM."""
        self.structure(node)
        if isinstance(node, exp.Subquery) and isinstance(node.this, exp.Table):
            if node.args.get("alias") is not None:
                self.notes.syntax.append(f.Syntax("an alias for a join", self.notes.at(node)))
            self._add(node.this, level, env)
            self._joins(node.args.get("joins") or [], level, env)
            return
        source = self._source(node, env)
        if source.alias is not None and any(one.alias == source.alias for one in level.sources):
            self.notes.names.append(f.NameUse(source.alias, "used twice", self.notes.at(node)))
        level.sources.append(source)
        self._joins(node.args.get("joins") or [], level, env)

    def _source(self, node: exp.Expr, env: Env) -> Source:
        alias = node.args.get("alias")
        if isinstance(alias, exp.TableAlias):
            self.structure(alias)
        name = folded(alias.this) if alias is not None and alias.this is not None else None
        columns = self._column_aliases(alias)
        is_named = isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)
        outside = Env(env.ctes, env.levels[:-1])
        if isinstance(node, exp.Table) and is_named:
            source = self._relation(node, name, columns, env)
        elif isinstance(node, exp.Subquery):
            source = source_of(name, self.fitted(self.query(node, outside), columns, node))
        elif isinstance(node, exp.Lateral) and isinstance(node.this, exp.Subquery):
            source = source_of(name, self.fitted(self.query(node.this, env), columns, node))
            source.is_linked = True
        elif isinstance(node, exp.Values):
            source = self._values(node, name, columns, outside)
        else:
            inner = node.this if isinstance(node, (exp.Lateral, exp.Table)) else node
            source = self._function(inner, name, columns, env)
        return source

    def _column_aliases(self, alias: exp.Expr | None) -> list[str]:
        names = []
        for one in (alias.args.get("columns") or []) if alias is not None else []:
            if isinstance(one, exp.ColumnDef):
                self.cast(one.args.get("kind"), one)
            names.append(folded(one.this if isinstance(one, exp.ColumnDef) else one))
        return names

    def _relation(self, node: exp.Table, alias: str | None, columns: list[str], env: Env) -> Source:
        keys = ("catalog", "db", "this")
        parts = tuple(folded(one) for key in keys if (one := node.args.get(key)) is not None)
        name = alias or parts[-1]
        if len(parts) == 1 and parts[0] in env.ctes:
            return source_of(name, self.fitted(env.ctes[parts[0]], columns, node))
        known = self._relations.get(parts)
        relation = known[1] if known is not None else _NOT_FOUND
        at = self.notes.at(node)
        self.notes.relations.append(f.RelationUse(parts, known is not None, at))
        used: set[str] = set()
        if known is not None:
            self.notes.tables.append(TableToReplace(node, known[0], relation, used))
        if columns and relation.columns is not None:
            self.notes.names.append(f.NameUse(name, "columns renamed", at))
        personal = {one: Value(frozenset({one}), 1, is_plain=True) for one in relation.personal}
        given = {one: Value(weight=1, is_plain=True) for one in relation.columns or ()}
        found = {**given, **{k: v for k, v in personal.items() if k in given}}
        everything = relation.personal if columns else frozenset()
        return Source(
            alias=name,
            columns=dict.fromkeys(columns, Value(everything, 1)) if columns else found,
            is_open=relation.columns is None,
            rest=Value(
                everything or (relation.personal if relation.columns is None else everything), 1
            ),
            relation=relation,
            is_base=alias is None,
            schema=schema_of(known[0] if known else ".".join(parts), relation),
            reads=1,
            used=used,
        )

    def _function(self, node: exp.Expr, alias: str | None, columns: list[str], env: Env) -> Source:
        if isinstance(node, exp.Unnest):
            self.notes.functions.append(f.FunctionUse("unnest", self.notes.at(node)))
            carried = together([self.value(one, env) for one in node.expressions])
        elif isinstance(node, exp.Func):
            carried = self.value(node, env)
        else:
            self.notes.syntax.append(f.Syntax(type(node).__name__, self.notes.at(node)))
            carried = Value()
        self.notes.personal_use(carried.personal, "condition", node)  # how many rows it gives
        one = Value(carried.personal, max(carried.weight, 1))
        return Source(
            alias=alias or _name_of(node),
            columns=dict.fromkeys(columns, one),
            is_open=True,
            rest=one,
            is_function=True,
            is_linked=any(isinstance(part, exp.Column) for part in node.walk()),
        )

    def _values(self, node: exp.Values, alias: str | None, columns: list[str], env: Env) -> Source:
        given: list[list[Value]] = []
        for row in node.expressions:
            cells = row.expressions if isinstance(row, exp.Tuple) else [row]
            given.append([self.value(cell, env) for cell in cells])
        everything = together([value for row in given for value in row[:1]])
        personal = together([value for row in given for value in row]).personal
        one = Value(personal, max((v.weight for row in given for v in row), default=1))
        names = columns or [f"column{index + 1}" for index in range(len(given[0]) if given else 0)]
        return Source(
            alias=alias,
            columns=dict.fromkeys(names, one),
            rest=Value(everything.personal, 1),
            is_linked=len(given) == 1,
        )


def _name_of(node: exp.Expr) -> str | None:
    """The alias that PostgreSQL gives to a function in FROM."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower()
    if isinstance(node, (exp.Unnest, exp.Explode)):
        return "unnest"
    is_series = isinstance(node, (exp.GenerateSeries, exp.ExplodingGenerateSeries))
    return "generate_series" if is_series else None


def relations_by_name(scope: GuardScope) -> dict[tuple[str, ...], tuple[str, Relation]]:
    """Each relation of a scope under every name that a statement may call it by."""
    found: dict[tuple[str, ...], tuple[str, Relation]] = {}
    for name, relation in scope.relations.items():
        qualified = relation.qualified or name
        found[tuple(qualified.split("."))] = (qualified, relation)
        found[tuple(name.split("."))] = (qualified, relation)
    return found


def schema_of(qualified: str, relation: Relation) -> str | None:
    """The schema of a relation, where the scope says it."""
    parts = (relation.qualified or qualified).split(".")
    return parts[-2] if len(parts) > 1 else None
