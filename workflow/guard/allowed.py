"""Which functions, operators, types and collations a statement may use: everything else is refused.

All are of PostgreSQL's core, without side effects, and tell nothing about session, server,
catalogue, files or other people. Left out on purpose, though harmless to read: whatever makes
much out of little and takes its measure from a column (`array_fill`, `format`), and JSON paths,
which are a language of their own.
"""

from typing import Final


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


AGGREGATES: Final = _words("""
    any_value array_agg avg bit_and bit_or bit_xor bool_and bool_or corr count covar_pop covar_samp
    every grouping json_agg json_object_agg jsonb_agg jsonb_object_agg max min mode percentile_cont
    percentile_disc regr_avgx regr_avgy regr_count regr_intercept regr_r2 regr_slope regr_sxx
    regr_sxy regr_syy stddev stddev_pop stddev_samp string_agg sum var_pop var_samp variance
""")

_WINDOW = _words("""
    cume_dist dense_rank first_value lag last_value lead nth_value ntile percent_rank rank
    row_number
""")

_NUMBERS = _words("""
    abs acos acosd asin asind atan atan2 atan2d atand cbrt ceil ceiling cos cosd cosh cot cotd
    degrees div erf erfc exp floor gcd lcm ln log min_scale mod pi pow power radians round scale
    sign sin sind sinh sqrt tan tand tanh trim_scale trunc width_bucket
""")

_STRINGS = _words("""
    ascii bit_length btrim char_length character_length chr concat concat_ws decode encode ends_with
    initcap left length lower lpad ltrim md5 normalize octet_length overlay position regexp_count
    regexp_instr regexp_like regexp_match regexp_matches regexp_replace regexp_split_to_array
    regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim sha256 split_part
    starts_with string_to_array string_to_table strpos substr substring to_char to_hex to_number
    translate trim upper is_normalized similar_to_escape like_escape
""")

_TIME = _words("""
    age clock_timestamp date_bin date_part date_trunc extract isfinite justify_days justify_hours
    justify_interval make_date make_interval make_time make_timestamp make_timestamptz now overlaps
    statement_timestamp timeofday timezone to_date to_timestamp transaction_timestamp
""")

_JSON_AND_ARRAYS = _words("""
    array_append array_cat array_dims array_length array_lower array_ndims array_position
    array_positions array_prepend array_remove array_replace array_to_json array_to_string
    array_upper cardinality generate_series generate_subscripts json_array_elements
    json_array_elements_text json_array_length json_build_array json_build_object json_each
    json_each_text json_object_keys json_to_record json_to_recordset json_typeof
    jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array
    jsonb_build_object jsonb_each jsonb_each_text jsonb_extract_path jsonb_extract_path_text
    jsonb_object_keys jsonb_pretty jsonb_strip_nulls jsonb_to_record jsonb_to_recordset jsonb_typeof
    num_nonnulls num_nulls row_to_json to_json to_jsonb trim_array unnest
""")

FUNCTIONS: Final = AGGREGATES | _WINDOW | _NUMBERS | _STRINGS | _TIME | _JSON_AND_ARRAYS

SET_RETURNING: Final = _words("""
    generate_series generate_subscripts json_array_elements json_array_elements_text json_each
    json_each_text json_object_keys json_to_recordset jsonb_array_elements
    jsonb_array_elements_text jsonb_each jsonb_each_text jsonb_object_keys jsonb_to_recordset
    regexp_matches regexp_split_to_table string_to_table unnest
""")
"""Give any number of rows, none included, for each row."""

SESSION_FUNCTIONS: Final = _words("""
    current_catalog current_database current_query current_role current_schema current_schemas
    current_setting current_user getpgusername inet_client_addr inet_client_port inet_server_addr
    inet_server_port pg_backend_pid pg_conf_load_time pg_current_xact_id pg_is_in_recovery
    pg_my_temp_schema pg_postmaster_start_time session_user system_user txid_current user version
""")
"""Refused as any other that is not listed; named only for a clearer message."""

CLOCKS: Final = _words("""
    SVFOP_CURRENT_DATE SVFOP_CURRENT_TIME SVFOP_CURRENT_TIME_N SVFOP_CURRENT_TIMESTAMP
    SVFOP_CURRENT_TIMESTAMP_N SVFOP_LOCALTIME SVFOP_LOCALTIME_N SVFOP_LOCALTIMESTAMP
    SVFOP_LOCALTIMESTAMP_N
""")
"""The SQL value functions that tell the time; the others tell about the session."""

OPERATORS: Final = _words("""
    = <> < <= > >= + - * / % ^ |/ ||/ & | # ~ << >> || ~~ !~~ ~~* !~~* !~ ~* !~*
    -> ->> #> #>> @> <@ ? ?| ?& && ^@ BETWEEN BETWEEN_SYMMETRIC
""") | {"NOT BETWEEN", "BETWEEN SYMMETRIC", "NOT BETWEEN SYMMETRIC"}

TYPES: Final = _words("""
    bool bpchar date float4 float8 int2 int4 int8 interval json jsonb numeric text time timestamp
    timestamptz timetz uuid varchar
""")
"""As PostgreSQL's grammar names them; an array of one is as good as the type itself."""

MOST_TYPE_MODIFIER: Final = 1000
"""`char(10485760)` pads to ten megabytes."""

COLLATIONS: Final = _words("C POSIX default ucs_basic unicode und-x-icu en-x-icu de-x-icu fr-x-icu")

SYSTEM_COLUMNS: Final = _words("cmax cmin ctid oid tableoid xmax xmin")
