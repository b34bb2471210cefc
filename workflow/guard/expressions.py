"""The part of sqlglot's tree that a statement may use, and what its functions are called.

An expression type that is not here is refused. For the types that carry a query's structure the
arguments are listed too, because whoever resolves names has to look at each of them.
"""

from typing import Final

from sqlglot import exp


def _arguments(text: str) -> frozenset[str]:
    return frozenset(text.split())


STRUCTURE: Final[dict[type[exp.Expr], frozenset[str]]] = {
    exp.Select: _arguments(
        "with_ distinct expressions from_ joins where group having windows order limit offset"
    ),
    exp.Union: _arguments("with_ this expression distinct order limit offset"),
    exp.Except: _arguments("with_ this expression distinct order limit offset"),
    exp.Intersect: _arguments("with_ this expression distinct order limit offset"),
    exp.Subquery: _arguments("with_ this alias order limit offset"),
    exp.With: _arguments("expressions recursive"),
    exp.CTE: _arguments("this alias materialized"),
    exp.Table: _arguments("this db catalog alias joins ordinality"),
    exp.TableAlias: _arguments("this columns"),
    exp.Join: _arguments("this on using method side kind"),
    exp.From: _arguments("this"),
    exp.Lateral: _arguments("this alias ordinality"),
    exp.Unnest: _arguments("expressions alias offset"),
    exp.Values: _arguments("expressions alias"),
    exp.Column: _arguments("this table db catalog"),
    exp.Star: frozenset(),
    exp.Distinct: _arguments("expressions on"),
    exp.Group: _arguments("expressions rollup cube grouping_sets"),
    exp.Limit: _arguments("expression"),
    exp.Fetch: _arguments("direction count limit_options"),
    exp.LimitOptions: _arguments("rows"),
    exp.Offset: _arguments("expression"),
    exp.Window: _arguments("this partition_by order spec alias over first"),
    exp.WindowSpec: _arguments("kind start start_side end end_side exclude"),
}

PLAIN: Final[frozenset[type[exp.Expr]]] = frozenset({
    exp.Add, exp.Alias, exp.All, exp.And, exp.Any, exp.Array, exp.ArrayContainedBy,
    exp.ArrayContainsAll, exp.ArrayOverlaps, exp.AtTimeZone, exp.Between, exp.BitwiseAnd,
    exp.BitwiseLeftShift, exp.BitwiseNot, exp.BitwiseOr, exp.BitwiseRightShift, exp.BitwiseXor,
    exp.Boolean, exp.Bracket, exp.ByteString, exp.Case, exp.Cast, exp.Collate, exp.ColumnDef,
    exp.Cube, exp.DPipe, exp.DataType, exp.DataTypeParam, exp.Div, exp.EQ, exp.Escape, exp.Exists,
    exp.Filter, exp.GT, exp.GTE, exp.GroupingSets, exp.Having, exp.ILike, exp.Identifier, exp.If,
    exp.In, exp.Interval, exp.IntervalSpan, exp.Is, exp.JSONBContainsAllTopKeys,
    exp.JSONBContainsAnyTopKeys, exp.JSONBContainsTopKey, exp.JSONBExtract, exp.JSONBExtractScalar,
    exp.JSONExtract, exp.JSONExtractScalar, exp.JSONKeyValue, exp.JSONPath, exp.JSONPathKey,
    exp.JSONPathRoot, exp.JSONPathSubscript, exp.Kwarg, exp.LT, exp.LTE, exp.Lambda, exp.Like,
    exp.Literal, exp.Mod, exp.Mul, exp.NEQ, exp.National, exp.Neg, exp.Not, exp.Null,
    exp.NullSafeEQ,
    exp.NullSafeNEQ, exp.Or, exp.Order, exp.Ordered, exp.Overlaps, exp.Paren, exp.PropertyEQ,
    exp.RawString, exp.RegexpILike, exp.RegexpLike, exp.Rollup, exp.SimilarTo, exp.Slice, exp.Sub,
    exp.Tuple, exp.Var, exp.Variadic, exp.Where, exp.WithinGroup,
})  # fmt: skip

CLOCKS: Final[frozenset[type[exp.Expr]]] = frozenset({
    exp.CurrentDate, exp.CurrentTime, exp.CurrentTimestamp, exp.Localtime, exp.Localtimestamp,
})  # fmt: skip

FUNCTIONS: Final[dict[type[exp.Expr], str]] = {
    exp.Abs: "abs", exp.Acos: "acos", exp.AnyValue: "any_value", exp.ArrayAgg: "array_agg",
    exp.ArrayAppend: "array_append", exp.ArrayConcat: "array_cat", exp.ArrayPosition:
    "array_position", exp.ArrayPrepend: "array_prepend", exp.ArrayRemove: "array_remove",
    exp.ArraySize: "array_length", exp.ArrayToString: "array_to_string", exp.Ascii: "ascii",
    exp.Asin: "asin", exp.Atan: "atan", exp.Atan2: "atan2", exp.Avg: "avg", exp.BitLength:
    "bit_length", exp.BitwiseAndAgg: "bit_and", exp.BitwiseOrAgg: "bit_or", exp.BitwiseXorAgg:
    "bit_xor", exp.Cbrt: "cbrt", exp.Ceil: "ceil", exp.Chr: "chr", exp.Coalesce: "coalesce",
    exp.Concat: "concat", exp.ConcatWs: "concat_ws", exp.Corr: "corr", exp.Cos: "cos", exp.Cosh:
    "cosh", exp.Cot: "cot", exp.Count: "count", exp.CovarPop: "covar_pop", exp.CovarSamp:
    "covar_samp", exp.CumeDist: "cume_dist", exp.DateBin: "date_bin", exp.Decode: "decode",
    exp.Degrees: "degrees", exp.DenseRank: "dense_rank", exp.Encode: "encode", exp.Exp: "exp",
    exp.ExplodingGenerateSeries: "generate_series", exp.Explode: "unnest", exp.Extract: "extract",
    exp.FirstValue: "first_value", exp.Floor: "floor", exp.GenerateSeries: "generate_series",
    exp.Greatest: "greatest", exp.GroupConcat: "string_agg", exp.Grouping: "grouping", exp.Hex:
    "to_hex", exp.Initcap: "initcap", exp.JSONArray: "json_array", exp.JSONArrayAgg: "json_agg",
    exp.JSONBObjectAgg: "jsonb_object_agg", exp.JSONObject: "json_object", exp.JustifyDays:
    "justify_days", exp.JustifyHours: "justify_hours", exp.JustifyInterval: "justify_interval",
    exp.Lag: "lag", exp.LastValue: "last_value", exp.Lead: "lead", exp.Least: "least", exp.Left:
    "left", exp.Length: "length", exp.Ln: "ln", exp.Log: "log", exp.LogicalAnd: "bool_and",
    exp.LogicalOr: "bool_or", exp.Lower: "lower", exp.MD5: "md5", exp.MakeInterval:
    "make_interval", exp.Max: "max", exp.Min: "min", exp.Mode: "mode", exp.Normalize: "normalize",
    exp.NthValue: "nth_value", exp.Ntile: "ntile", exp.Nullif: "nullif", exp.Overlay: "overlay",
    exp.Pad: "lpad", exp.PercentRank: "percent_rank", exp.PercentileCont: "percentile_cont",
    exp.PercentileDisc: "percentile_disc", exp.Pi: "pi", exp.Pow: "power", exp.Radians: "radians",
    exp.Rank: "rank", exp.RegexpCount: "regexp_count", exp.RegexpInstr: "regexp_instr",
    exp.RegexpReplace: "regexp_replace", exp.RegexpSubstr: "regexp_substr", exp.RegrAvgx:
    "regr_avgx", exp.RegrAvgy: "regr_avgy", exp.RegrCount: "regr_count", exp.RegrIntercept:
    "regr_intercept", exp.RegrR2: "regr_r2", exp.RegrSlope: "regr_slope", exp.RegrSxx: "regr_sxx",
    exp.RegrSxy: "regr_sxy", exp.RegrSyy: "regr_syy", exp.Repeat: "repeat", exp.Replace:
    "replace", exp.Reverse: "reverse", exp.Right: "right", exp.Round: "round", exp.RowNumber:
    "row_number", exp.SHA2Digest: "sha256", exp.Sign: "sign", exp.Sin: "sin", exp.Sinh: "sinh",
    exp.SplitPart: "split_part", exp.Sqrt: "sqrt", exp.StartsWith: "starts_with", exp.Stddev:
    "stddev", exp.StddevPop: "stddev_pop", exp.StddevSamp: "stddev_samp", exp.StrPosition:
    "position", exp.StrToDate: "to_date", exp.StrToTime: "to_timestamp", exp.StringToArray:
    "string_to_array", exp.Substring: "substring", exp.Sum: "sum", exp.Tan: "tan", exp.Tanh:
    "tanh", exp.TimeFromParts: "make_time", exp.TimeToStr: "to_char", exp.TimestampFromParts:
    "make_timestamp", exp.TimestampTrunc: "date_trunc", exp.ToNumber: "to_number", exp.Translate:
    "translate", exp.Trim: "btrim", exp.Trunc: "trunc", exp.UnixToTime: "to_timestamp",
    exp.Unnest: "unnest", exp.Upper: "upper", exp.Variance: "variance", exp.VariancePop:
    "var_pop", exp.WidthBucket: "width_bucket",
}  # fmt: skip

SQL_FUNCTIONS: Final = frozenset({
    "coalesce", "nullif", "greatest", "least", "json_object", "json_array", "row",
})  # fmt: skip
"""Written as functions, but syntax to PostgreSQL: never looked up by name."""

TYPES: Final[dict[exp.DType, str]] = {
    exp.DType.BIGINT: "int8", exp.DType.BOOLEAN: "bool", exp.DType.CHAR: "bpchar",
    exp.DType.BPCHAR: "bpchar", exp.DType.DATE: "date", exp.DType.DECIMAL: "numeric",
    exp.DType.DOUBLE: "float8", exp.DType.FLOAT: "float4", exp.DType.INT: "int4",
    exp.DType.INTERVAL: "interval", exp.DType.JSON: "json", exp.DType.JSONB: "jsonb",
    exp.DType.SMALLINT: "int2", exp.DType.TEXT: "text", exp.DType.TIME: "time",
    exp.DType.TIMETZ: "timetz", exp.DType.TIMESTAMP: "timestamp",
    exp.DType.TIMESTAMPTZ: "timestamptz", exp.DType.UUID: "uuid", exp.DType.VARCHAR: "varchar",
}  # fmt: skip
