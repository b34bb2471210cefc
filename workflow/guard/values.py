"""Expressions: the columns, functions and casts in them, and what personal data they carry."""

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Final

from sqlglot import exp

from workflow.guard import facts as f
from workflow.guard.allowed import SET_RETURNING, SYSTEM_COLUMNS
from workflow.guard.expressions import CLOCKS, FUNCTIONS, PLAIN, STRUCTURE, TYPES
from workflow.guard.growth import grown, padding_of, pattern_of, series_rows
from workflow.guard.notes import Notes
from workflow.guard.sources import NOTHING, Env, Output, Source, Value, folded, together

_COMPARISONS: Final = (
    exp.Predicate, exp.Connector, exp.Not, exp.Between, exp.Is, exp.In, exp.Exists, exp.Count,
)  # fmt: skip
_SKIPPED: Final = (exp.Identifier, exp.Var, exp.DataType, exp.Star)


class Values(ABC):
    """Reads expressions; what a nested query gives is for the subclass to say."""

    def __init__(self, notes: Notes) -> None:
        self.notes = notes
        self.reads = 0
        self.crosses = 0
        self._special: dict[type[exp.Expr], Callable[[exp.Expr, Env], Value]] = {
            exp.Count: self._count,
            exp.Window: self.window,
            exp.Filter: self._filter,
            exp.Collate: lambda node, env: self.value(node.this, env),
            exp.Lambda: self._arrow,
        }

    @abstractmethod
    def query(self, node: exp.Expr, env: Env) -> Output:
        """What a nested query gives."""

    def value(self, node: exp.Expr, env: Env) -> Value:
        """What an expression carries; notes everything it uses."""
        if isinstance(node, exp.Column):
            return self.column(node, env)
        if isinstance(node, exp.Literal):
            return Value(weight=len(node.this) // 100 if node.args.get("is_string") else 0)
        if isinstance(node, exp.Query):
            output = self.query(node, env)
            self.reads += output.reads
            self.crosses += output.crosses
            return output.everything
        self._look_at(node, type(node))
        special = self._special.get(type(node))
        if special is not None:
            return special(node, env)
        carried = together([self.value(one, env) for one in _operands(node)])
        carried = self._weighed(node, carried)
        if carried.personal and _gives_rows(node):
            self.notes.personal_use(carried.personal, "condition", node)
        self.notes.weight = max(self.notes.weight, carried.weight)
        return carried

    def _look_at(self, node: exp.Expr, kind: type[exp.Expr]) -> None:
        """Note a function, a cast, or a type of expression that nobody has looked at."""
        if kind is exp.Anonymous:
            self.notes.functions.append(f.FunctionUse(str(node.this).lower(), self.notes.at(node)))
        elif kind in FUNCTIONS:
            self.notes.functions.append(f.FunctionUse(FUNCTIONS[kind], self.notes.at(node)))
        elif kind in STRUCTURE:
            self.structure(node)
        elif kind not in PLAIN and kind not in CLOCKS:
            self.notes.syntax.append(f.Syntax(kind.__name__, self.notes.at(node)))
        elif isinstance(node, exp.Cast):
            self.cast(node.args.get("to"), node)

    def structure(self, node: exp.Expr) -> None:
        """Note what a node of a query's structure has that nobody has looked at."""
        allowed = STRUCTURE.get(type(node))
        if allowed is None:
            self.notes.syntax.append(f.Syntax(type(node).__name__, self.notes.at(node)))
            return
        for name, argument in node.args.items():
            if argument and name not in allowed:
                name_of_it = f"{type(node).__name__} with {name}"
                self.notes.syntax.append(f.Syntax(name_of_it, self.notes.at(node)))

    def cast(self, target: object, node: exp.Expr) -> None:
        """Note the type that something is cast to."""
        if isinstance(target, exp.DataType) and target.this is exp.DType.ARRAY:
            target = target.expressions[0] if target.expressions else None
        if isinstance(target, exp.DataType) and isinstance(target.this, exp.Interval):
            name = "interval"
        elif isinstance(target, exp.DataType):
            name = TYPES.get(target.this, str(target.this).removeprefix("DType.").lower())
        else:
            name = type(target).__name__
        self.notes.casts.append(f.CastUse(name, self.notes.at(node)))

    def _weighed(self, node: exp.Expr, carried: Value) -> Value:
        """The value with its weight, noting series, paddings and patterns on the way."""
        if isinstance(node, (exp.GenerateSeries, exp.ExplodingGenerateSeries)):
            self.notes.series.append(f.Series(series_rows(node), self.notes.at(node)))
        padding = padding_of(node)
        if padding is not None:
            name, length = padding
            self.notes.paddings.append(f.Padding(name, length, self.notes.at(node)))
        pattern = pattern_of(node)
        if pattern is not None:
            self.notes.patterns.append(f.Pattern(pattern or None, self.notes.at(node)))
        if isinstance(node, _COMPARISONS):
            return Value(carried.personal, min(carried.weight, 1))
        return Value(carried.personal, grown(node, carried.weight))

    def _arrow(self, node: exp.Expr, env: Env) -> Value:
        """`f(j -> 'a')`: what sqlglot takes for a lambda is a column and its member."""
        columns = [self.column(exp.Column(this=one.copy()), env) for one in node.expressions]
        if isinstance(node.this, _SKIPPED):
            return together(columns)
        return together([*columns, self.value(node.this, env)])

    def _filter(self, node: exp.Expr, env: Env) -> Value:
        self.condition(node.expression.this, env)
        return self.value(node.this, env)

    def _count(self, node: exp.Expr, env: Env) -> Value:
        """A count of a column says nothing of a person; of a condition on one it may."""
        counted: list[exp.Expr] = []
        for one in node.iter_expressions():
            counted.extend(one.expressions if isinstance(one, exp.Distinct) else [one])
        for one in counted:
            if isinstance(one, exp.Star):
                continue
            carried = self.value(one, env)
            if not carried.is_plain:
                self.notes.personal_use(carried.personal, "condition", one)
        return Value(weight=1)

    def window(self, node: exp.Expr, env: Env) -> Value:
        """A window: what it is over, its partitions and its order."""
        self.structure(node)
        grouping = list(node.args.get("partition_by") or [])
        order = node.args.get("order")
        if order is not None:
            grouping.extend(one.this for one in order.expressions)
        for one in grouping:
            carried = self.value(one, env)
            self.notes.personal_use(carried.personal, "grouping", one)
        spec = node.args.get("spec")
        if isinstance(spec, exp.WindowSpec):
            self.structure(spec)
            for key in ("start", "end"):
                bound = spec.args.get(key)
                if isinstance(bound, exp.Expr):
                    carried = self.value(bound, env)
                    self.notes.personal_use(carried.personal, "condition", bound)
        this = node.this
        return NOTHING if isinstance(this, exp.Identifier) else self.value(this, env)

    def condition(self, node: exp.Expr, env: Env) -> None:
        """A condition: what it decides by. Whether a value is there, and whether two columns are
        equal, singles nobody out."""
        pending = [node]
        while pending:
            one = pending.pop()
            if isinstance(one, (exp.And, exp.Or)):
                self._look_at(one, type(one))
                pending.extend((one.expression, one.this))
                continue
            if isinstance(one, (exp.Not, exp.Paren)):
                pending.append(one.this)
                continue
            carried = self.value(one, env)
            if carried.personal and not self._is_harmless(one, env):
                self.notes.personal_use(carried.personal, "condition", one)

    def _is_harmless(self, node: exp.Expr, env: Env) -> bool:
        """A test whether a plain column is null, or equals another plain personal-data column."""
        if isinstance(node, exp.Is) and isinstance(node.expression, exp.Null):
            return isinstance(node.this, exp.Column) and self.column(node.this, env).is_plain
        if not isinstance(node, exp.EQ):
            return False
        sides = [one for one in (node.this, node.expression) if isinstance(one, exp.Column)]
        values = [self.column(one, env) for one in sides]
        return len(values) == 2 and all(one.is_plain and one.personal for one in values)

    def column(self, node: exp.Expr, env: Env) -> Value:
        """A column, found where PostgreSQL would find it; of several that fit, all."""
        self.structure(node)
        name = folded(node.this) if isinstance(node.this, exp.Identifier) else "*"
        table = node.args.get("table")
        if name == "*":
            self._note_column("*", "whole row", node)
            return self._all(env, folded(table) if table is not None else None)
        if table is not None:
            return self._qualified(node, name, folded(table), env)
        carried: list[Value] = []
        is_open = False
        for level in reversed(env.levels):
            found = [one for one in level.sources if name in one.columns]
            carried.extend(one.take(name) for one in found)
            if found:
                self._note_column(name, "any" if is_open else "known", node)
                return _alternatives(carried)
            if any(one.alias == name and not one.is_function for one in level.sources):
                self._note_column(name, "whole row", node)
                return self._all(env, name)
            opened = [one for one in level.sources if one.is_open]
            if name in SYSTEM_COLUMNS and any(one.is_relation for one in opened):
                break
            is_open = is_open or bool(opened)
            carried.extend(_rest(one, name) for one in opened)
        self._note_column(name, _standing(name, is_open), node)
        return _alternatives(carried)

    def _qualified(self, node: exp.Expr, name: str, table: str, env: Env) -> Value:
        for level in reversed(env.levels):
            for source in level.sources:
                if source.alias != table:
                    continue
                if node.args.get("db") is not None and not self._fits(node, source):
                    self._note_column(name, "unknown", node)
                    return source.rest
                if name in source.columns:
                    self._note_column(name, "known", node)
                    return source.take(name)
                self._note_column(name, _standing(name, source.is_open), node)
                return _rest(source, name)
        self._note_column(name, "unknown", node)
        return NOTHING

    def _fits(self, node: exp.Expr, source: Source) -> bool:
        """Whether a column's schema is that of the relation; it is dropped when rewriting."""
        if not source.is_base or not isinstance(node, exp.Column):
            return False
        schema = folded(node.args["db"])
        if source.schema is not None and source.schema != schema:
            return False
        self.notes.qualified.append(node)
        return True

    def _note_column(self, name: str, standing: f.Standing, node: exp.Expr) -> None:
        self.notes.columns.append(f.ColumnUse(name, standing, self.notes.at(node)))

    def _all(self, env: Env, alias: str | None) -> Value:
        sources = [one for level in env.levels for one in level.sources]
        return together(
            [
                value
                for one in sources
                if alias is None or one.alias == alias
                for value in (*one.columns.values(), one.rest)
            ]
        )


def _gives_rows(node: exp.Expr) -> bool:
    """Whether a function gives as many rows as it finds: that counts, so it decides."""
    if isinstance(node, exp.Anonymous):
        return str(node.this).lower() in SET_RETURNING
    return isinstance(node, exp.Explode)


def _operands(node: exp.Expr) -> list[exp.Expr]:
    """What an expression is made of, a long row of one operator (`a || b || c`) taken flat."""
    operands: list[exp.Expr] = []
    while isinstance(node, exp.Binary) and isinstance(node.this, type(node)):
        operands.append(node.expression)
        node = node.this
    operands.extend(one for one in node.iter_expressions() if not isinstance(one, _SKIPPED))
    return operands


def _alternatives(values: list[Value]) -> Value:
    """One of several, unknown which: the personal data of all, the weight of the heaviest."""
    if len(values) == 1:
        return values[0]
    return Value(together(values).personal, max((one.weight for one in values), default=1))


def _rest(source: Source, name: str) -> Value:
    if source.relation is not None:
        personal = source.relation.personal
        return Value(frozenset({name}) if name in personal else source.rest.personal, 1)
    return source.rest


def _standing(name: str, is_open: bool) -> f.Standing:
    if name in SYSTEM_COLUMNS:
        return "system"
    return "any" if is_open else "unknown"
