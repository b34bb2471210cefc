"""What is in force is told with its source, and secrets stay hidden unless asked for."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.app import main
from cli.demo.home import Home
from cli.settings_command import MASK, all_settings, as_document, in_force

DOCUMENT = Path(__file__).parents[2] / "docs" / "settings.md"
FIXED = {
    "JWT_SECRET", "INTERNAL_TOKEN", "DATABASE_URL", "WAREHOUSE_URL", "OPENAI_BASE_URL",
    "OPENAI_API_KEY", "OPENAI_MODEL", "OPENAI_FALLBACK_MODELS", "EMBEDDINGS_BASE_URL",
    "EMBEDDINGS_MODEL", "COUNTERSIGN_HOME", "GATEWAY_PORT", "WORKFLOW_PORT", "WEBUI_PORT",
}  # fmt: skip


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Home:
    for name in (*FIXED, "MODEL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("COUNTERSIGN_HOME", str(tmp_path))
    return Home(tmp_path.resolve())


@pytest.fixture
def running(place: Home) -> Iterator[Home]:
    """A home whose demo runs."""
    with place.held():
        url = "postgresql://owner:hunter2@db/countersign?sslpassword=hunter2"
        place.write("demo.json", {"settings": {"DATABASE_URL": url, "GATEWAY_PORT": "8123"}})
        yield place


def _settings(capsys: pytest.CaptureFixture[str], *options: str) -> dict[str, dict[str, str]]:
    with pytest.raises(SystemExit) as end:
        main(["settings", "--json", *options])
    assert not end.value.code
    shown: dict[str, dict[str, str]] = json.loads(capsys.readouterr().out)
    return shown


def test_every_fixed_name_is_a_setting() -> None:
    assert {setting.name for setting in all_settings()} >= FIXED


def test_every_setting_has_a_sentence_and_a_row_in_the_document() -> None:
    for setting in all_settings():
        assert setting.description.endswith("."), f"{setting.name} has no sentence"
        assert f"| `{setting.name}` |" in DOCUMENT.read_text()
    assert as_document() in DOCUMENT.read_text(), "docs/settings.md is out of date: run `make docs`"


@pytest.mark.usefixtures("place")
def test_defaults_say_so_without_any_secret_set(capsys: pytest.CaptureFixture[str]) -> None:
    shown = _settings(capsys)
    assert shown["GATEWAY_PORT"] == {"value": "8000", "source": "default"}
    assert shown["JWT_SECRET"] == {"value": "", "source": "default"}


def test_the_environment_comes_before_the_running_demo(
    running: Home, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _settings(capsys)["GATEWAY_PORT"] == {"value": "8123", "source": "running demo"}
    monkeypatch.setenv("GATEWAY_PORT", "9999")
    assert _settings(capsys)["GATEWAY_PORT"] == {"value": "9999", "source": "environment"}


def test_a_stopped_demo_says_nothing(place: Home) -> None:
    place.write("demo.json", {"settings": {"GATEWAY_PORT": "8123"}})
    ports = [s for s in in_force(place, {}) if s.setting.name == "GATEWAY_PORT"]
    assert [port.source for port in ports] == ["default"]


def test_secrets_are_masked_unless_asked_for(
    running: Home, capsys: pytest.CaptureFixture[str]
) -> None:
    made = running.made_secrets()
    hidden = _settings(capsys)
    assert hidden["JWT_SECRET"] == {"value": MASK, "source": "home's secrets"}
    url = hidden["DATABASE_URL"]["value"]
    assert url == f"postgresql://owner:{MASK}@db/countersign?sslpassword={MASK}"
    assert "hunter2" not in json.dumps(hidden)
    assert made["JWT_SECRET"] not in json.dumps(hidden)
    shown = _settings(capsys, "--secrets")
    assert shown["JWT_SECRET"]["value"] == made["JWT_SECRET"]
    assert "owner:hunter2@db" in shown["DATABASE_URL"]["value"]


@pytest.mark.usefixtures("place")
def test_the_table_masks_too(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-very-private")
    with pytest.raises(SystemExit):
        main(["settings"])
    out = capsys.readouterr().out
    assert "OPENAI_API_KEY" in out
    assert "sk-very-private" not in out


def test_damaged_secrets_are_a_sentence(place: Home, capsys: pytest.CaptureFixture[str]) -> None:
    (place.root / "secrets.json").write_text("{")
    with pytest.raises(SystemExit) as end:
        main(["settings"])
    assert end.value.code == 1
    assert "secrets.json cannot be read" in capsys.readouterr().err
