"""The set-up script: says in one sentence why it cannot, and does nothing when it need not.

Downloads are not made here: stand-ins for the Pythons end the script before it comes to that.
"""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOLS = (
    "sh",
    "sed",
    "cksum",
    "dirname",
    "grep",
    "tail",
    "cp",
    "mv",
    "rm",
    "mkdir",
    "uname",
    "flock",
)


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout in which nothing was set up, on a machine without any Python."""
    tree = tmp_path / "tree"
    (tree / "requirements").mkdir(parents=True)
    for path in (ROOT / "requirements").iterdir():
        shutil.copy(path, tree / "requirements")
    (tree / "webui/node_modules").mkdir(parents=True)  # the stand-ins install nothing
    shutil.copy(ROOT / "webui/package-lock.json", tree / "webui")
    shutil.copy(ROOT / "pyproject.toml", tree)
    shutil.copy(ROOT / "Makefile", tree)
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in TOOLS:
        found = shutil.which(name)
        if found:
            (tools / name).symlink_to(found)
    return tree


def _run(checkout: Path, kind: str = "run") -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "requirements/environment.sh", kind],
        cwd=checkout,
        env={"PATH": str(checkout.parent / "bin"), "HOME": str(checkout.parent)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def _tool(checkout: Path, name: str, script: str) -> None:
    path = checkout.parent / "bin" / name
    path.write_text("#!/bin/sh\n" + script)
    path.chmod(0o755)


def _one_sentence(result: subprocess.CompletedProcess[str]) -> str:
    assert result.returncode != 0
    assert len(result.stderr.strip().splitlines()) == 1, result.stderr
    return result.stderr.strip()


def test_no_python_at_all(checkout: Path) -> None:
    assert "needs Python 3.11 or newer" in _one_sentence(_run(checkout))
    assert not (checkout / ".venv").exists()


def test_an_old_python(checkout: Path) -> None:
    _tool(checkout, "python3", "exit 1\n")  # says no to every version it is asked for
    assert "needs Python 3.11 or newer" in _one_sentence(_run(checkout))
    assert not (checkout / ".venv").exists()


def test_a_python_without_its_venv_module(checkout: Path) -> None:
    _tool(checkout, "python3", 'case "$*" in *ensurepip*) exit 1;; esac\nexit 0\n')
    assert "no venv module" in _one_sentence(_run(checkout))
    assert not (checkout / ".venv").exists()


# what an environment with a good Python does until pip is asked for something
FAKE_PYTHON = """
case "$*" in
    "-m venv .venv") mkdir -p .venv/bin; cp "$0" .venv/bin/python; exit 0;;
    "-V") echo "Python 3.13.0"; exit 0;;
    *"pip install"*) %s;;
esac
exit 0
"""


@pytest.mark.parametrize(
    ("message", "sentence"),
    [
        ("ERROR: No matching distribution found for uv==0.13.8", "no ready-made wheel"),
        ("ERROR: THESE PACKAGES DO NOT MATCH THE HASHES", "refused"),
        ("Could not connect: Temporary failure in name resolution", "could not be downloaded"),
        ("No space left on device", "starts afresh"),
    ],
)
def test_a_failed_installation_is_explained_and_made_again(
    checkout: Path, message: str, sentence: str
) -> None:
    _tool(checkout, "python3", FAKE_PYTHON % f'echo "{message}" >&2; exit 1')
    result = _run(checkout)
    assert result.returncode != 0
    assert sentence in result.stderr.splitlines()[-1]
    assert message in result.stderr
    assert (checkout / ".venv" / ".unfinished").exists()
    assert not (checkout / ".venv" / ".ready").exists()


def _finish(checkout: Path) -> None:
    """Have everything go well."""
    uv = 'printf "#!/bin/sh\\necho uv \\$* >> calls\\n" > .venv/bin/uv; chmod +x .venv/bin/uv'
    _tool(checkout, "chmod", f'exec {shutil.which("chmod")} "$@"\n')
    _tool(checkout, "python3", FAKE_PYTHON % f"{uv}; exit 0")


def test_a_set_up_that_was_cut_short_is_made_again_from_the_start(checkout: Path) -> None:
    (checkout / ".venv").mkdir()
    (checkout / ".venv" / ".unfinished").touch()
    (checkout / ".venv" / "half").touch()
    _finish(checkout)
    result = _run(checkout)
    assert result.returncode == 0, result.stderr
    assert not (checkout / ".venv" / "half").exists()
    assert (checkout / ".venv" / ".ready").exists()


def test_the_second_time_nothing_is_done_until_the_requirements_change(checkout: Path) -> None:
    _finish(checkout)
    assert _run(checkout).returncode == 0
    calls = checkout / "calls"
    assert "requirements/run.txt" in calls.read_text()
    calls.unlink()
    assert _run(checkout).returncode == 0
    assert not calls.exists()
    with (checkout / "requirements" / "run.txt").open("a") as file:
        file.write("# changed\n")
    assert _run(checkout).returncode == 0
    assert "requirements/run.txt" in calls.read_text()


def test_the_developers_environment_serves_the_demo_too(checkout: Path) -> None:
    _finish(checkout)
    assert _run(checkout, "dev").returncode == 0
    (checkout / "calls").unlink()
    assert _run(checkout, "run").returncode == 0
    assert not (checkout / "calls").exists()


def test_an_environment_whose_checkout_was_moved_is_made_again(checkout: Path) -> None:
    _finish(checkout)
    assert _run(checkout).returncode == 0
    moved = checkout.parent / "moved"
    checkout.rename(moved)
    (moved / ".venv" / "old").touch()
    assert _run(moved).returncode == 0
    assert not (moved / ".venv" / "old").exists()


def test_every_requirement_is_pinned_with_hashes_and_names_no_registry() -> None:
    for name in ("bootstrap", "run", "dev"):
        text = (ROOT / "requirements" / f"{name}.txt").read_text()
        pins = [line for line in text.splitlines() if line[:1].isalnum()]
        assert pins
        assert all("==" in line and line.endswith("\\") for line in pins)
        assert text.count("--hash=sha256:") >= len(pins)
        assert "://" not in text
        assert "--index" not in text


def test_make_help_lists_every_target() -> None:
    make = shutil.which("make")
    assert make is not None
    listed = subprocess.run(
        [make, "-C", str(ROOT), "--no-print-directory", "help"],
        capture_output=True,
        text=True,
        check=True,
        env=dict(os.environ, MAKEFLAGS=""),
    ).stdout
    for target in ("demo", "test", "lint", "bench", "help", "clean", "requirements"):
        assert f"make {target} " in listed
