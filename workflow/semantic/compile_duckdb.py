"""A plan over a semantic model, as one SELECT in DuckDB's dialect: the tree that PostgreSQL gets,
with what DuckDB means otherwise said so that it means the same.

Sums are exact. DuckDB divides in floating point only, so quotients and averages are rounded to
12 decimal places, which takes the drift out of them.
"""

from sqlglot import exp
from sqlglot.dialects.duckdb import DuckDB
from sqlglot.errors import ErrorLevel

from contracts.plan import Plan
from workflow.semantic.compile_sql import statement
from workflow.semantic.conditions import utc
from workflow.semantic.index import index_of
from workflow.semantic.model import Compiled, SemanticModel
from workflow.semantic.request import request_of

_GENERATOR = DuckDB()
_QUOTIENT = exp.DataType.build("DECIMAL(38, 12)", dialect="duckdb")
_DECIMAL = exp.DataType.build("DECIMAL(38, 10)", dialect="duckdb")
_INTEGER = exp.DataType.build("HUGEINT", dialect="duckdb")


def compile_duckdb(plan: Plan, model: SemanticModel) -> Compiled:
    """The same as `compile_plan`, for DuckDB: its tables are named as the model's views.

    A timestamp has to be a TIMESTAMPTZ there, a decimal a DECIMAL of at most 10 places. An
    instant in the result is a TIMESTAMP, in UTC. Raises PlanError for the plans that
    `compile_plan` refuses, and for no other.
    """
    request = request_of(plan, index_of(model))
    tree = statement(request)
    for node in list(tree.walk()):
        _adapt(node)
    for column, item in zip(request.columns, tree.expressions, strict=True):
        if column.type == "timestamp":
            item.set("this", utc(item.this))
    sql = _GENERATOR.generate(  # other words are reserved than in PostgreSQL
        tree, copy=False, identify=True, unsupported_level=ErrorLevel.RAISE
    )
    return Compiled(sql, request.columns)


def _adapt(node: exp.Expr) -> None:
    """Say one node as DuckDB has to read it, in its place."""
    if isinstance(node, exp.Collate):  # DuckDB orders text by its bytes
        node.replace(node.this)
    elif isinstance(node, exp.ILike):
        node.replace(exp.Escape(this=node.copy(), expression=exp.Literal.string("\\")))
    elif isinstance(node, exp.Cast) and not node.to.expressions:
        _adapt_cast(node)
    elif isinstance(node, exp.Div | exp.Avg):
        whole = node.parent if isinstance(node.parent, exp.Filter) else node
        rounded = exp.Cast(to=_QUOTIENT.copy())
        whole.replace(rounded)
        rounded.set("this", whole)
        if isinstance(node, exp.Div):
            node.set("typed", False)


def _adapt_cast(node: exp.Cast) -> None:
    if node.to.this == exp.DType.BIGINT:
        node.set("to", _INTEGER.copy())
    elif node.to.this != exp.DType.DECIMAL:
        return
    elif isinstance(node.parent, exp.Div):
        node.replace(exp.Paren(this=node.this))  # any number divides as it is
    else:
        node.set("to", _DECIMAL.copy())
