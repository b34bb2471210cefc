"""The commands are found, start fast enough, and fail in one sentence."""

import subprocess
import sys
from pathlib import Path

import pytest

from cli.app import COMMANDS, main
from cli.demo.banner import curl_line, demo_users

ROOT = Path(__file__).parents[2]


def _run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    return int(end.value.code or 0)


def test_help_names_every_command_and_imports_no_service() -> None:
    check = (
        "import sys; from cli.app import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'fastapi', 'pydantic', 'psycopg', 'sqlglot', 'rich.console', 'httpx', 'numpy'}\n"
        "print('imported:', sorted(heavy & set(sys.modules)))"
    )
    out = subprocess.run(
        [sys.executable, "-c", check], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert out.splitlines()[-1] == "imported: []"
    assert all(f"  {name} " in out for name in COMMANDS)


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_command_exists_and_has_help(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert _run(name, "--help") == 0
    assert "Usage: countersign" in capsys.readouterr().out


def test_an_unknown_command_is_wrong_usage() -> None:
    assert _run("nonsense") == 2


def test_half_of_the_databases_is_not_guessed(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATABASE_URL", "postgresql:///x")
    monkeypatch.delenv("WAREHOUSE_URL", raising=False)
    assert _run("migrate") == 1
    assert capsys.readouterr().err.startswith("DATABASE_URL is set and WAREHOUSE_URL is not")


def test_a_model_that_is_not_known_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert _run("demo", "--model", "gpt") == 2
    assert "OPENAI_BASE_URL" in capsys.readouterr().err


def test_a_port_that_is_none_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("WEBUI_PORT", "http")
    assert _run("demo") == 1
    assert capsys.readouterr().err == "WEBUI_PORT must be a port from 1 to 65535, not 'http'.\n"


def test_the_printed_curl_line_is_one_line_for_a_shell() -> None:
    user = next(user for user in demo_users() if user.username == "manager_store1")
    line = curl_line("http://127.0.0.1:8000", user)
    assert "\n" not in line
    checked = subprocess.run(["sh", "-n", "-c", line], capture_output=True, check=False)
    assert checked.returncode == 0
    assert "manager123" in line
