"""`countersign eval`, run over cases against a gateway that answers from a script."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
import typer
from typer.testing import CliRunner

from cli.evaluate import eval_command
from kit import embedded_postgres
from tests.cli.evaluation.script import Gateway


@pytest.fixture
def gateway() -> Iterator[Gateway]:
    one = Gateway({})
    thread = threading.Thread(target=one.server.serve_forever, args=(0.01,))
    thread.start()
    yield one
    one.server.shutdown()
    thread.join()
    one.server.server_close()


@pytest.fixture(scope="session")
def warehouse_url(cluster: embedded_postgres.Cluster) -> Iterator[str]:
    with psycopg.connect(cluster.url("postgres"), autocommit=True) as owner:
        owner.execute('CREATE DATABASE "evaluated"')
        with psycopg.connect(cluster.url("evaluated")) as connection:
            connection.execute("CREATE TABLE t (k text, v numeric)")
            connection.execute(
                "INSERT INTO t VALUES ('a', 3), ('b', 2), ('c', 2), ('d', 2), (NULL, 1)"
            )
        yield cluster.url("evaluated")
        owner.execute('DROP DATABASE "evaluated" WITH (FORCE)')


Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(tmp_path: Path, gateway: Gateway, warehouse_url: str) -> Run:
    app = typer.Typer()
    app.command()(eval_command)
    users = tmp_path / "users.yaml"
    users.write_text("users: [{username: ann, password: secret}]")

    def run_it(cases: list[dict[str, object]], *options: str, url: str = "") -> tuple[int, str]:
        file = tmp_path / "cases.jsonl"
        lines = [
            json.dumps({"id": str(n), "role_user": "ann", "kind": "metric", **case})
            for n, case in enumerate(cases)
        ]
        file.write_text("\n".join(lines))
        arguments = [
            str(file), "--gateway", url or gateway.url, "--warehouse-url", warehouse_url,
            "--users", str(users), *options,
        ]  # fmt: skip
        result = CliRunner().invoke(app, arguments)
        return result.exit_code, result.output

    return run_it
