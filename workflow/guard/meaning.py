"""Whether two texts mean the same to PostgreSQL, whoever wrote them.

The statement that runs is regenerated from a tree that another parser made, and that parser now
and then reads PostgreSQL differently from PostgreSQL (`1_000` as `1 AS _000`, `-2 ^ 2` as -4).
Both texts are parsed by PostgreSQL's own parser and compared; the differences in spelling that
are known to be harmless are evened out here, any other is a disagreement.
"""

from decimal import Decimal, InvalidOperation
from typing import Final

from workflow.guard.reading import Node, function_name, strings

Meaning = tuple[object, ...]

_IRRELEVANT: Final = frozenset({
    "location", "list_start", "list_end", "rexpr_list_start", "rexpr_list_end", "funcformat",
    "row_format", "typemod", "argnumber",
})  # fmt: skip
_SAME_FUNCTION: Final = {
    "substr": "substring",
    "char_length": "length",
    "character_length": "length",
    "ceiling": "ceil",
    "strpos": "position",
    "pow": "power",
    "trim": "btrim",
    "date_part": "extract",
    "var_samp": "variance",
    "stddev_samp": "stddev",
    "every": "bool_and",
}
_OPERATOR_AS_FUNCTION: Final = {
    "^": "power", "|/": "sqrt", "||/": "cbrt", "^@": "starts_with", "%": "mod", "~": "regexp_like",
}  # fmt: skip
_NEGATED: Final = {"!~": "~", "!~*": "~*", "!~~": "~~", "!~~*": "~~*"}
_NEGATED_KIND: Final = {
    "AEXPR_NOT_BETWEEN": "AEXPR_BETWEEN",
    "AEXPR_NOT_BETWEEN_SYM": "AEXPR_BETWEEN_SYM",
    "AEXPR_NOT_DISTINCT": "AEXPR_DISTINCT",
}
_WITHOUT_NAME: Final = frozenset({"AEXPR_BETWEEN", "AEXPR_BETWEEN_SYM", "AEXPR_DISTINCT"})
_FIELD_FIRST: Final = frozenset({"extract", "date_trunc"})
_FRAME_BETWEEN: Final = 0x10
"""Set where a frame's end is written out; where it is not, the end is the current row."""
_INTERVAL_FIELD: Final = {
    4: "year", 2: "month", 8: "day", 1024: "hour", 2048: "minute", 4096: "second",
}  # fmt: skip


def is_same(one: Node, other: Node) -> bool:
    """Whether two SELECT statements, parsed by PostgreSQL, mean the same."""
    return _of("SelectStmt", one) == _of("SelectStmt", other)


def _of(kind: str, node: Node) -> Meaning:
    special = _SPECIAL.get(kind)
    return special(node) if special is not None else _plain(kind, node)


def _plain(kind: str, node: Node) -> Meaning:
    return (
        kind,
        *((key, _value(node[key])) for key in sorted(node) if key not in _IRRELEVANT),
    )


def _value(value: object) -> object:
    if isinstance(value, dict):
        if len(value) == 1:
            for key, inner in value.items():
                if isinstance(inner, dict) and key[:1].isupper():
                    return _of(key, inner)
        return _plain("", value)
    if isinstance(value, list):
        return tuple(_value(one) for one in value)
    return value


def _arguments(node: Node) -> tuple[object, ...]:
    arguments = node.get("args")
    return tuple(_value(one) for one in arguments) if isinstance(arguments, list) else ()


def _select(node: Node) -> Meaning:
    values = _bare_values(node)
    return _plain("SelectStmt", values if values is not None else node)


def _bare_values(node: Node) -> Node | None:
    """The VALUES of `SELECT * FROM (VALUES …) AS _values`, which is how it may be regenerated."""
    if set(node) - {"targetList", "fromClause", "limitOption", "op"}:
        return None
    match node.get("fromClause"):
        case [
            {
                "RangeSubselect": {
                    "subquery": {"SelectStmt": {"valuesLists": _, **others} as inner},
                    "alias": {"aliasname": "_values"},
                }
            }
        ] if not set(others) - {"limitOption", "op"}:
            return inner if isinstance(inner, dict) else None
    return None


def _function(node: Node) -> Meaning:
    name = function_name(node)
    name = _SAME_FUNCTION.get(name, name)
    arguments = _arguments(node)
    if name == "now" and not arguments:
        return ("SQLValueFunction", "SVFOP_CURRENT_TIMESTAMP")
    if name in _FIELD_FIRST and arguments:
        arguments = (_lower(arguments[0]), *arguments[1:])
    if name == "generate_series" and len(arguments) == 3:
        arguments = (*arguments[:2], _interval(arguments[2]))
    rest = {key: value for key, value in node.items() if key not in ("funcname", "args", "over")}
    over = node.get("over")
    window = (_window(over),) if isinstance(over, dict) else ()
    return (*_plain(f"{name}()", rest), arguments, *window)


def _lower(constant: object) -> object:
    match constant:
        case ("A_Const", "sval", str(text)):
            return ("A_Const", "sval", text.lower())
    return constant


def _interval(constant: object) -> object:
    """A step written as text is an interval, and may come back as one."""
    match constant:
        case ("A_Const", "sval", str(text)):
            return ("interval", text.lower())
    return constant


def _constant(node: Node) -> Meaning:
    for key in ("ival", "fval", "sval", "bsval", "boolval"):
        inner = node.get(key)
        if isinstance(inner, dict):
            value = inner.get(key)
            if key == "fval" and isinstance(value, str):
                value = _number(value)
            return ("A_Const", key, value)
    return ("A_Const", "null", None)


def _number(text: str) -> object:
    try:
        return Decimal(text).as_tuple()
    except InvalidOperation:
        return text


def _operator(node: Node) -> Meaning:
    kind = str(node.get("kind"))
    name = ".".join(strings(node.get("name")))
    left, right = _value(node.get("lexpr")), _value(node.get("rexpr"))
    if kind in _NEGATED_KIND:
        return _not(("A_Expr", _NEGATED_KIND[kind], "", left, right))
    if kind in _WITHOUT_NAME:
        return ("A_Expr", kind, "", left, right)
    if kind in ("AEXPR_OP", "AEXPR_LIKE", "AEXPR_ILIKE"):
        operands = (right,) if "lexpr" not in node else (left, right)
        if name == "+" and len(operands) == 1 and isinstance(right, tuple):
            return right
        is_negated = name in _NEGATED
        applied = _applied(_NEGATED.get(name, name), operands)
        return _not(applied) if is_negated else applied
    positive = {"AEXPR_IN": {"<>": "="}, "AEXPR_SIMILAR": {"!~": "~"}}.get(kind, {}).get(name)
    if positive is not None:
        return _not(("A_Expr", kind, positive, left, right))
    return ("A_Expr", kind, name, left, right)


def _applied(operator: str, operands: tuple[object, ...]) -> Meaning:
    if operator in _OPERATOR_AS_FUNCTION:
        return (f"{_OPERATOR_AS_FUNCTION[operator]}()", operands)
    return ("A_Expr", "AEXPR_OP", operator, operands)


def _not(meaning: object) -> Meaning:
    return ("not", meaning)


def _logical(node: Node) -> Meaning:
    if node.get("boolop") == "NOT_EXPR":
        return _not(*_arguments(node))
    return ("BoolExpr", node.get("boolop"), _arguments(node))


def _boolean_test(node: Node) -> Meaning:
    test = str(node.get("booltesttype"))
    if test in ("IS_UNKNOWN", "IS_NOT_UNKNOWN"):
        negated = "IS_NOT_NULL" if "NOT" in test else "IS_NULL"
        return _plain("NullTest", {"arg": node.get("arg"), "nulltesttype": negated})
    if test in ("IS_NOT_TRUE", "IS_NOT_FALSE"):
        return _not(_boolean_test({**node, "booltesttype": test.replace("NOT_", "")}))
    return _plain("BooleanTest", node)


def _cast(node: Node) -> Meaning:
    target = node.get("typeName")
    meaning = _type(target) if isinstance(target, dict) else ("?",)
    operand = _value(node.get("arg"))
    match meaning, operand:
        case ("type", ("interval",), (("A_Const", "ival", int(mask)),), _), (
            "A_Const",
            "sval",
            str(text),
        ) if mask in _INTERVAL_FIELD and text.strip("-").isdigit():
            return ("interval", f"{text} {_INTERVAL_FIELD[mask]}")
        case ("type", ("interval",), (), _), ("A_Const", "sval", str(text)):
            return ("interval", text.lower())
    return ("cast", meaning, operand)


def _type(node: Node) -> Meaning:
    names = strings(node.get("names"))
    return (
        "type",
        names[1:] if names[:1] == ("pg_catalog",) else names,
        _value(node.get("typmods") or []),
        len(bounds) if isinstance(bounds := node.get("arrayBounds"), list) else 0,
    )


def _window(node: Node) -> Meaning:
    options = node.get("frameOptions")
    written = options & ~_FRAME_BETWEEN if isinstance(options, int) else options
    return _plain("WindowDef", {**node, "frameOptions": written})


def _clock(node: Node) -> Meaning:
    return ("SQLValueFunction", node.get("op"))


_SPECIAL: Final = {
    "SelectStmt": _select,
    "FuncCall": _function,
    "A_Const": _constant,
    "A_Expr": _operator,
    "BoolExpr": _logical,
    "BooleanTest": _boolean_test,
    "TypeCast": _cast,
    "TypeName": _type,
    "WindowDef": _window,
    "SQLValueFunction": _clock,
}
