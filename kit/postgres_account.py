"""The account that the embedded PostgreSQL runs as: the starter's own, unless that is root,
whom PostgreSQL refuses."""

import ctypes
import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, TypedDict

PREFERRED = "pgserver"
FALLBACKS = ("postgres", "nobody")
_PR_SET_PDEATHSIG = 1


class EmbeddedPostgresError(Exception):
    """The embedded server cannot be had; the message is a sentence for a person."""


class Identity(TypedDict, total=False):
    """What `subprocess` needs to start a process as somebody else; empty for oneself."""

    user: int
    group: int
    extra_groups: list[int]


class Account(NamedTuple):
    """Who the server runs as; `is_other` when that is not who we are."""

    name: str
    uid: int
    gid: int
    is_other: bool

    def identity(self) -> Identity:
        """Arguments of `subprocess.Popen`."""
        return {"user": self.uid, "group": self.gid, "extra_groups": []} if self.is_other else {}

    def environment(self) -> dict[str, str]:
        """As little as the server needs: nothing of ours may steer it."""
        return {"PATH": os.defpath, "LC_ALL": "C", "USER": self.name, "TZ": "UTC"}

    def owns(self, path: Path) -> None:
        """Hand a file or folder to the account."""
        if self.is_other:
            os.chown(path, self.uid, self.gid)


def account() -> Account:
    """Ourselves, or for root an account without rights, made at need."""
    if os.geteuid() != 0:
        uid = os.geteuid()
        try:
            name = pwd.getpwuid(uid).pw_name
        except KeyError:
            raise EmbeddedPostgresError(
                f"PostgreSQL cannot run as user id {uid}, which has no name here; "
                "use a named account, or set DATABASE_URL and WAREHOUSE_URL."
            ) from None
        return Account(name, uid, os.getegid(), is_other=False)
    _make(PREFERRED)
    for name in (PREFERRED, *FALLBACKS):
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        return Account(name, entry.pw_uid, entry.pw_gid, is_other=True)
    raise EmbeddedPostgresError(
        "PostgreSQL does not run as root and no other account is here; start the demo as another "
        "user, or set DATABASE_URL and WAREHOUSE_URL."
    )


def _make(name: str) -> None:
    adder = shutil.which("useradd")
    if adder is None or any(entry.pw_name == name for entry in pwd.getpwall()):
        return
    subprocess.run(  # noqa: S603 - a fixed command
        [adder, "--system", "--no-create-home", "--shell", "/bin/false", name],
        check=False,  # a fallback account will do
        capture_output=True,
    )


def pass_through(path: Path, owner: Account) -> list[Path]:
    """Let the account walk down to `path`: the execute bit for others on each folder above it
    that lacks it, and no more. Returns the folders that were changed."""
    opened = []
    if owner.is_other:
        for folder in path.resolve().parents:
            status = folder.stat()
            if status.st_uid != owner.uid and not status.st_mode & stat.S_IXOTH:
                folder.chmod(stat.S_IMODE(status.st_mode) | stat.S_IXOTH)
                opened.append(folder)
    return opened


def let_through(tree: Path, owner: Account) -> None:
    """Make installed files readable for the account, where a strict umask hid them."""
    if not owner.is_other or not tree.is_dir() or all(map(_is_open, tree.glob("**/"))):
        return
    for path in (tree, *tree.rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        extra = stat.S_IROTH | (stat.S_IXOTH if mode & stat.S_IXUSR else 0)
        path.chmod(mode | extra)


def _is_open(folder: Path) -> bool:
    wanted = stat.S_IROTH | stat.S_IXOTH
    return folder.stat().st_mode & wanted == wanted


def die_with_parent(number: signal.Signals) -> Callable[[], None]:
    """A hook for a new child that has the kernel send it `number` when its parent dies, and
    lets it hear signals that its parent held back.

    The first is for Linux only, and only from the main thread (the kernel watches the thread,
    not the process); elsewhere the next start finds what was left behind.
    """
    libc = None
    if sys.platform == "linux" and threading.current_thread() is threading.main_thread():
        libc = ctypes.CDLL(None)
    parent = os.getpid()

    def hook() -> None:
        signal.pthread_sigmask(signal.SIG_SETMASK, [])
        if libc is not None:
            libc.prctl(_PR_SET_PDEATHSIG, int(number))
            if os.getppid() != parent:  # died in between
                os._exit(1)

    return hook
