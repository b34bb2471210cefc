"""The part of PostgreSQL's grammar that a statement may use: node types, and fields of each.

Read off PostgreSQL's own parse tree. A node type or a field that is not here is refused, so
whatever a later version of PostgreSQL adds is refused until somebody has looked at it. Left out,
among others: every statement but SELECT, INTO, locks, TABLESAMPLE, ROWS FROM, parameters, XML,
JSON_TABLE, SEARCH and CYCLE, fields of a composite value, ORDER BY … USING.
"""

from typing import Final


def _fields(text: str) -> frozenset[str]:
    return frozenset(text.split())


NODES: Final[dict[str, frozenset[str]]] = {
    "SelectStmt": _fields(
        "distinctClause targetList fromClause whereClause groupClause groupDistinct havingClause"
        " windowClause valuesLists sortClause limitOffset limitCount limitOption withClause op all"
        " larg rarg"
    ),
    "WithClause": _fields("ctes recursive"),
    "CommonTableExpr": _fields("ctename aliascolnames ctematerialized ctequery"),
    "ResTarget": _fields("name val"),
    "RangeVar": _fields("catalogname schemaname relname inh relpersistence alias"),
    "RangeSubselect": _fields("lateral subquery alias"),
    "RangeFunction": _fields("lateral ordinality functions alias coldeflist"),
    "JoinExpr": _fields("jointype isNatural larg rarg usingClause quals"),
    "Alias": _fields("aliasname colnames"),
    "ColumnDef": _fields("colname typeName is_local"),
    "ColumnRef": _fields("fields"),
    "A_Star": frozenset(),
    "A_Const": _fields("isnull ival fval sval bsval boolval"),
    "Integer": _fields("ival"),
    "Float": _fields("fval"),
    "Boolean": _fields("boolval"),
    "String": _fields("sval"),
    "A_Expr": _fields("kind name lexpr rexpr rexpr_list_start rexpr_list_end"),
    "BoolExpr": _fields("boolop args"),
    "NullTest": _fields("arg nulltesttype argisrow"),
    "BooleanTest": _fields("arg booltesttype"),
    "CaseExpr": _fields("arg args defresult"),
    "CaseWhen": _fields("expr result"),
    "CoalesceExpr": _fields("args"),
    "MinMaxExpr": _fields("op args"),
    "TypeCast": _fields("arg typeName"),
    "TypeName": _fields("names typmods typemod arrayBounds"),
    "CollateClause": _fields("arg collname"),
    "FuncCall": _fields(
        "funcname args agg_order agg_filter over agg_within_group agg_star agg_distinct"
        " func_variadic funcformat"
    ),
    "NamedArgExpr": _fields("arg name argnumber"),
    "WindowDef": _fields(
        "name refname partitionClause orderClause frameOptions startOffset endOffset"
    ),
    "SortBy": _fields("node sortby_dir sortby_nulls"),
    "GroupingSet": _fields("kind content"),
    "GroupingFunc": _fields("args"),
    "SubLink": _fields("subLinkType testexpr operName subselect"),
    "A_ArrayExpr": _fields("elements list_start list_end"),
    "A_Indirection": _fields("arg indirection"),
    "A_Indices": _fields("is_slice lidx uidx"),
    "RowExpr": _fields("args row_format"),
    "List": _fields("items"),
    "SQLValueFunction": _fields("op typmod"),
    "JsonObjectConstructor": _fields("exprs absent_on_null unique"),
    "JsonArrayConstructor": _fields("exprs absent_on_null"),
    "JsonKeyValue": _fields("key value"),
    "JsonValueExpr": _fields("raw_expr format"),
    "JsonFormat": _fields("format_type encoding"),
}

BARE: Final[dict[tuple[str, str], str]] = {
    ("SelectStmt", "larg"): "SelectStmt",
    ("SelectStmt", "rarg"): "SelectStmt",
    ("SelectStmt", "withClause"): "WithClause",
    ("RangeVar", "alias"): "Alias",
    ("RangeSubselect", "alias"): "Alias",
    ("RangeFunction", "alias"): "Alias",
    ("ColumnDef", "typeName"): "TypeName",
    ("TypeCast", "typeName"): "TypeName",
    ("FuncCall", "over"): "WindowDef",
    ("A_Const", "ival"): "Integer",
    ("A_Const", "fval"): "Float",
    ("A_Const", "sval"): "String",
    ("A_Const", "boolval"): "Boolean",
    ("JsonKeyValue", "value"): "JsonValueExpr",
    ("JsonValueExpr", "format"): "JsonFormat",
}
"""Fields whose value is written without its node type, because it can be no other."""

FORBIDDEN_VALUES: Final = frozenset({"LIMIT_OPTION_WITH_TIES", "SORTBY_USING", "AEXPR_OF"})
"""Values of an enumeration that no field may have."""
