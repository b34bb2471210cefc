"""`countersign guard check`: any list of statements through the guardrails."""

import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Annotated, Final

import orjson
import typer

from contracts.verdict import Verdict
from workflow.guard.check import check as judge
from workflow.guard.scope import GuardScope, Relation

app = typer.Typer(help="The guardrails, by hand.", no_args_is_help=True)

MALFORMED: Final = 2
"""The exit code when a line could not be understood; the others were judged."""


class Malformed(Exception):
    """A line that is not what `check` reads; the message says why."""


@app.callback()
def _group() -> None:
    """Keeps `check` a command of its own while it is the only one."""


@app.command()
def check(
    file: Annotated[
        Path | None, typer.Argument(help="JSON lines; standard input if left out.")
    ] = None,
    raw: Annotated[
        bool, typer.Option("--raw", help="Judge as raw SQL, which always needs approval.")
    ] = False,
) -> None:
    """Judge statements: one JSON object a line in, one a line out.

    In: {"sql": "…", "relations": {"name": ["column", …] or null}} where null means any column.
    Out: {"verdict", "findings", "sql"}, or {"error", "line"} for a line that is not that. Exit
    code 0 when every line was judged, whatever the verdicts; 2 when one could not be.
    """
    if file is None:
        raise typer.Exit(run_guard_check(sys.stdin, is_raw=raw))
    try:
        with file.open(encoding="utf-8") as lines:
            code = run_guard_check(lines, is_raw=raw)
    except OSError as error:
        typer.echo(f"Cannot read {file}: {error.strerror}", err=True)
        code = MALFORMED
    raise typer.Exit(code)


def run_guard_check(
    lines: Iterable[str], *, is_raw: bool = False, write: Callable[[str], None] = typer.echo
) -> int:
    """Judge each line and write its verdict; return the exit code. Empty lines are passed over.

    There is no row scope: a statement is judged on what it reads and does.
    """
    code = 0
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        try:
            sql, scope = _read(line, is_raw)
        except Malformed as error:
            code = MALFORMED
            write(orjson.dumps({"error": str(error), "line": number}).decode())
            continue
        write(_written(judge(sql, scope)))
    return code


def _read(line: str, is_raw: bool) -> tuple[str, GuardScope]:
    try:
        given = orjson.loads(line)
    except orjson.JSONDecodeError as error:
        raise Malformed(f"not JSON: {error.msg}") from error
    except UnicodeEncodeError as error:
        raise Malformed("not text: half of a surrogate pair") from error
    if not isinstance(given, dict):
        raise Malformed("a JSON object is needed")
    sql = given.get("sql")
    if not isinstance(sql, str):
        raise Malformed("“sql” must be a string")
    return sql, GuardScope(relations=_relations(given.get("relations")), is_raw=is_raw)


def _relations(given: object) -> dict[str, Relation]:
    """Relations by name; a bare list of names stands for any column of each."""
    if isinstance(given, list):
        given = dict.fromkeys(name for name in given if isinstance(name, str))
    if not isinstance(given, dict):
        raise Malformed("“relations” must be an object of names, each with its columns or null")
    relations: dict[str, Relation] = {}
    for name, columns in given.items():
        if columns is None:
            relations[name] = Relation()
        elif isinstance(columns, list) and all(isinstance(one, str) for one in columns):
            relations[name] = Relation(columns=frozenset(columns))
        else:
            raise Malformed(f"the columns of “{name}” must be a list of names, or null")
    return relations


def _written(verdict: Verdict) -> str:
    return orjson.dumps(
        {
            "verdict": verdict.verdict,
            "findings": [one.model_dump(mode="json") for one in verdict.findings],
            "sql": verdict.sql,
        }
    ).decode()
