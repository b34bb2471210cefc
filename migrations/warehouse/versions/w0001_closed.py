"""A warehouse in which a login sees nothing and can do nothing that it was not granted.

Out of the box every login may run about 3,400 functions and read most of the catalog. Here
PUBLIC keeps the functions that compute from their arguments alone, and the named ones below;
all others, and all catalog relations, are for superusers and whoever is granted them. It is an
allow-list: what a later PostgreSQL adds stays closed unless it is immutable.

What stays open, because PostgreSQL has no privilege for it or the views need it:
- `current_user`, `session_user`, `current_schema` and `current_catalog`, which are syntax: a
  reader learns the name of its own login and database;
- the input and output of types, so `16384::regclass` or `10::regrole` prints a name. Names
  only: the relation itself stays unreadable, and the guardrails refuse these types;
- immutable functions, which know nothing but can be made to work hard: time-outs, `work_mem`,
  `temp_file_limit` and the executor's limit on the size of a result bound them.
"""

from alembic import op

revision = "w0001_closed"
down_revision = None

# Stable functions, by name: their result depends on the time, the time zone or the encoding, or
# goes through the output function of an argument's type, and tells nothing else.
ALLOWED_STABLE = (
    # time
    "age", "date", "date_add", "date_part", "date_subtract", "date_trunc", "extract",
    "generate_series", "in_range", "make_timestamptz", "now", "overlaps", "statement_timestamp",
    "time", "timestamp", "timestamptz", "timetz", "timezone", "transaction_timestamp",
    # text
    "anytextcat", "array_to_string", "concat", "concat_ws", "format", "textanycat", "to_char",
    "to_date", "to_number", "to_timestamp",
    # JSON
    "array_to_json", "json_agg", "json_agg_strict", "json_build_array", "json_build_object",
    "json_object_agg", "json_object_agg_strict", "json_object_agg_unique",
    "json_object_agg_unique_strict", "jsonb_agg", "jsonb_agg_strict", "jsonb_build_array",
    "jsonb_build_object", "row_to_json", "to_json", "to_jsonb",
)  # fmt: skip

REQUIRE_SUPERUSER = """
DO $$
BEGIN
    IF NOT (SELECT rolsuper FROM pg_catalog.pg_roles WHERE rolname = current_user) THEN
        RAISE EXCEPTION 'the warehouse has to be migrated by a superuser'
            USING HINT = 'Only a superuser can take functions and catalog relations from PUBLIC. '
                         'Give such a login in WAREHOUSE_URL to the migration.';
    END IF;
END
$$
"""

CLOSE_FUNCTIONS = f"""
DO $$
DECLARE
    routine regprocedure;
BEGIN
    FOR routine IN
        SELECT p.oid
        FROM pg_catalog.pg_proc AS p
        WHERE p.pronamespace IN ('pg_catalog'::regnamespace, 'information_schema'::regnamespace)
          AND p.provolatile <> 'i'
          AND NOT (
              p.pronamespace = 'pg_catalog'::regnamespace
              AND p.provolatile = 's'
              AND (
                  p.proname = ANY ('{{{",".join(ALLOWED_STABLE)}}}')
                  -- comparisons and arithmetic between dates and timestamps
                  OR p.proname ~ '^(date|timestamp|timestamptz|interval)_'
                     '(cmp|eq|ne|lt|le|gt|ge|pl|mi)_(date|timestamp|timestamptz|interval)$'
              )
          )
    LOOP
        EXECUTE pg_catalog.format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', routine);
    END LOOP;
END
$$
"""  # noqa: S608 - names from the list above

CLOSE_CATALOG = """
DO $$
DECLARE
    granted record;
BEGIN
    REVOKE ALL ON ALL TABLES IN SCHEMA pg_catalog FROM PUBLIC;
    REVOKE ALL ON ALL TABLES IN SCHEMA information_schema FROM PUBLIC;
    REVOKE ALL ON SCHEMA information_schema FROM PUBLIC;
    -- a few catalogs are granted by the column
    FOR granted IN
        SELECT a.attrelid::regclass AS relation, a.attname AS name
        FROM pg_catalog.pg_attribute AS a
        JOIN pg_catalog.pg_class AS c ON c.oid = a.attrelid
        WHERE c.relnamespace = 'pg_catalog'::regnamespace AND a.attacl IS NOT NULL
    LOOP
        EXECUTE pg_catalog.format(
            'REVOKE ALL (%I) ON %s FROM PUBLIC', granted.name, granted.relation
        );
    END LOOP;
END
$$
"""

# The row scope of the running transaction, as the views read it. It is a function with its
# owner's rights so that `current_setting` need not be open to readers. Unset, empty or anything
# but `on` means no rows; a value that is not a list of numbers is an error, so no rows either.
SCOPE_FUNCTION = """
CREATE FUNCTION analytics.scope_store_ids() RETURNS integer[]
    LANGUAGE plpgsql STABLE PARALLEL SAFE SECURITY DEFINER
    SET search_path = pg_catalog, pg_temp
AS $$
BEGIN
    IF current_setting('countersign.is_all_stores', true) = 'on' THEN
        RETURN (SELECT array_agg(store_id) FROM public.store);
    END IF;
    RETURN string_to_array(nullif(current_setting('countersign.store_ids', true), ''), ',')::int[];
END
$$
"""


def upgrade() -> None:
    op.execute(REQUIRE_SUPERUSER)
    op.execute(CLOSE_FUNCTIONS)
    op.execute(CLOSE_CATALOG)
    op.execute("REVOKE ALL ON LANGUAGE plpgsql, sql FROM PUBLIC")
    op.execute("REVOKE ALL ON SCHEMA public FROM PUBLIC")
    op.execute("CREATE SCHEMA analytics")
    op.execute(SCOPE_FUNCTION)
    op.execute("REVOKE ALL ON FUNCTION analytics.scope_store_ids() FROM PUBLIC")
