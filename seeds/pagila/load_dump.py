"""Restore the real Pagila: `pagila-schema.sql` and `pagila-data.sql`, as pg_dump wrote them.

Done with psycopg alone, since a server elsewhere does not imply a psql here: the schema's
statements are run one by one, and each COPY block of the data is fed to COPY.
"""

import re
from collections.abc import Iterable, Iterator
from io import StringIO
from pathlib import Path

import psycopg
from pglast import ast
from pglast.parser import ParseError, parse_sql
from psycopg import sql

from migrations.runner import migrate
from migrations.warehouse.views import has_base_tables, held_privileges, install_views
from seeds.pagila.contents import Contents, WarehouseNotEmpty, contents, has_tables, mark
from seeds.pagila.warehouse import Progress

SCHEMA_FILE = "pagila-schema.sql"
DATA_FILE = "pagila-data.sql"
_CHUNK_LINES = 2_000
_FILLED = ("payment", "rental", "inventory", "film", "customer", "store", "staff")

_COPY = re.compile(r'COPY public\."?(\w+)"? \(([^)]*)\) FROM stdin;')
_SETTING = re.compile(r"SELECT pg_catalog\.(set_config|setval)\([^()]*\);?")
_OWNER = re.compile(r"\bOWNER TO \S+$")
# what a schema dump is made of; anything else (a COMMIT, a DROP, a COPY) is not one of ours
_SCHEMA_STATEMENTS = (
    ast.VariableSetStmt, ast.CreateDomainStmt, ast.CreateEnumStmt, ast.CreateFunctionStmt,
    ast.CreateStmt, ast.CreateSeqStmt, ast.DefineStmt, ast.ViewStmt, ast.CreateTableAsStmt,
    ast.IndexStmt, ast.CreateTrigStmt, ast.AlterTableStmt, ast.AlterOwnerStmt, ast.AlterSeqStmt,
    ast.GrantStmt, ast.CommentStmt,
)  # fmt: skip


class DumpError(Exception):
    """The dump could not be restored; the warehouse is as it was before."""


def load_dump(url: str, directory: Path, *, progress: Progress | None = None) -> None:
    """Put the Pagila dump in `directory` in the place of what the loaders here put into the
    warehouse at `url` (a superuser's) before.

    One transaction: when anything fails, nothing has changed. Readers keep their views and
    their rights. Raises DumpError for a missing or unsuitable file, or one that PostgreSQL
    does not take; WarehouseNotEmpty where the warehouse holds tables of somebody else's.
    """
    report = progress or (lambda _what, _share: None)
    schema = _read(directory / SCHEMA_FILE)
    data = _read(directory / DATA_FILE)
    statements = list(_schema_statements(schema))
    migrate("warehouse", url)
    try:
        with psycopg.connect(url) as connection:
            if contents(connection) is None and has_tables(connection):
                raise WarehouseNotEmpty(
                    "The warehouse holds tables that are not ours; they were left as they are. "
                    "Give an empty database in WAREHOUSE_URL."
                )
            _replace(connection, statements, data, report)
    except psycopg.errors.LockNotAvailable as error:
        raise DumpError("The warehouse is in use. Try again in a moment.") from error
    except psycopg.Error as error:
        what = error.diag.message_primary or str(error)
        where = f" ({error.diag.context})" if error.diag.context else ""
        raise DumpError(f"PostgreSQL did not take the dump: {what}{where}") from error
    report("done", 1.0)


def _replace(
    connection: psycopg.Connection, statements: list[str], data: str, report: Progress
) -> None:
    connection.execute("SET lock_timeout = '10s'")
    held = held_privileges(connection)
    report("schema", 0.0)
    connection.execute("DROP SCHEMA public CASCADE")
    connection.execute("CREATE SCHEMA public")
    for statement in statements:
        connection.execute(statement.encode())
    _load_data(connection, data, report)
    report("views", 0.9)
    _verify(connection)
    install_views(connection, privileges=held)
    mark(connection, Contents("dump", 1))
    connection.execute("ANALYZE")


def _read(path: Path) -> str:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise DumpError(
            f"{path} is not there. The folder has to hold {SCHEMA_FILE} and {DATA_FILE}."
        ) from None
    except (OSError, UnicodeDecodeError) as error:
        raise DumpError(f"{path} cannot be read: {error}") from error
    if "PostgreSQL database dump" not in text[:500]:
        raise DumpError(f"{path} is not a PostgreSQL dump in plain SQL.")
    # psql's own commands, which newer versions of pg_dump put around a dump
    return re.sub(r"^\\(un)?restrict .*$", "", text, flags=re.MULTILINE)


def _schema_statements(text: str) -> Iterator[str]:
    try:
        parsed = parse_sql(text)
    except ParseError as error:
        raise DumpError(f"{SCHEMA_FILE} is not SQL: {error}") from error
    for raw in parsed:
        start = raw.stmt_location or 0
        end = start + raw.stmt_len if raw.stmt_len else len(text)
        statement = _without_comments(text[start:end])
        line = text.count("\n", 0, text.find(statement, start)) + 1
        if isinstance(raw.stmt, ast.SelectStmt):
            is_known = _SETTING.fullmatch(statement) is not None
        else:
            is_known = isinstance(raw.stmt, _SCHEMA_STATEMENTS)
        if not is_known:
            raise DumpError(
                f"{SCHEMA_FILE}, line {line}: a schema dump does not hold a statement "
                f"like '{statement[:40]}'."
            )
        # whoever restores is the owner; the dump's may not exist here
        if not _OWNER.search(statement):
            yield statement


def _without_comments(statement: str) -> str:
    return re.sub(r"\A(\s*--[^\n]*\n|\s+)*", "", statement).rstrip()


def _load_data(connection: psycopg.Connection, data: str, report: Progress) -> None:
    lines = StringIO(data, newline="\n")  # str.splitlines knows line ends that COPY does not
    done = 0
    for line in lines:
        done += len(line)
        text = line.strip()
        if not text or text.startswith(("--", "SET ")):
            continue
        if header := _COPY.fullmatch(text):
            table, columns = header[1], header[2].replace('"', "").split(", ")
            report(table, 0.1 + 0.8 * done / len(data))
            done += _copy(connection, table, columns, lines)
        elif _SETTING.fullmatch(text):
            connection.execute(text.encode())
        else:
            raise DumpError(
                f"{DATA_FILE}: a data dump does not hold a line like '{text[:40]}'. It has to be "
                "the one with COPY, not the one with INSERT."
            )


def _copy(
    connection: psycopg.Connection, table: str, columns: list[str], lines: Iterator[str]
) -> int:
    """Feed the lines up to the end marker to COPY; how many characters that were."""
    statement = sql.SQL("COPY public.{} ({}) FROM STDIN").format(
        sql.Identifier(table), sql.SQL(", ").join(map(sql.Identifier, columns))
    )
    size = 0
    with connection.cursor().copy(statement) as copy:
        for chunk in _chunks(table, lines):
            copy.write(chunk)
            size += len(chunk)
    return size


def _chunks(table: str, lines: Iterable[str]) -> Iterator[str]:
    chunk: list[str] = []
    for line in lines:
        if line.rstrip("\r\n") == "\\.":
            yield "".join(chunk)
            return
        chunk.append(line)
        if len(chunk) == _CHUNK_LINES:
            yield "".join(chunk)
            chunk.clear()
    raise DumpError(f"{DATA_FILE} is cut short: the rows of {table} have no end.")


def _verify(connection: psycopg.Connection) -> None:
    if not has_base_tables(connection):
        raise DumpError("The dump is not Pagila's: tables that the views read are not in it.")
    for table in _FILLED:
        row = connection.execute(
            sql.SQL("SELECT EXISTS (SELECT FROM public.{})").format(sql.Identifier(table))
        ).fetchone()
        if row is None or not row[0]:
            raise DumpError(f"The dump is incomplete: table {table} is empty.")
