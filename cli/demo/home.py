"""The folder of a demo (COUNTERSIGN_HOME): who holds it, its secrets, and where it answers.

pg/              the embedded database
secrets.json     made once, readable by the owner only
demo.lock        held by the supervisor as long as it lives
demo.json        where the running demo answers; gone when it has stopped
processes.json   what the supervisor has started, for the next one if this one is killed
prepared.json    what the databases were last migrated and seeded with
logs/            one file a service, of this start and of the one before
"""

import fcntl
import json
import os
import secrets
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from cli.output import CommandError

SECRETS = (
    "JWT_SECRET",
    "INTERNAL_TOKEN",
    "WAREHOUSE_READER_SECRET",
    "SIGNING_KEY_SECRET",
    "WEBUI_SECRET",
    "GATEWAY_DATABASE_PASSWORD",
    "WORKFLOW_DATABASE_PASSWORD",
)


@dataclass(frozen=True)
class Home:
    """The folder, by its absolute path."""

    root: Path

    @property
    def data_dir(self) -> Path:
        """Of the embedded database."""
        return self.root / "pg"

    @property
    def logs(self) -> Path:
        """One file a service."""
        return self.root / "logs"

    @contextmanager
    def held(self) -> Iterator[None]:
        """Make the folder at need and hold it, so that there is one demo a folder. The lock goes
        with the process, however it ends."""
        try:
            self.root.mkdir(parents=True, exist_ok=True, mode=0o700)
            self.logs.mkdir(exist_ok=True, mode=0o700)
            lock = (self.root / "demo.lock").open("a")
        except OSError as error:
            raise CommandError(
                f"The folder {self.root} cannot be written ({error.strerror}); set "
                "COUNTERSIGN_HOME to one that can."
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise CommandError(
                    f"A demo already runs on {self.root}; stop it, or set COUNTERSIGN_HOME to "
                    "another folder (and other ports)."
                ) from None
            yield

    def is_held(self) -> bool:
        """Whether a demo runs on the folder just now."""
        try:
            lock = (self.root / "demo.lock").open("r")
        except OSError:
            return False
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return True
        return False

    def kept_secrets(self) -> dict[str, str]:
        """The secrets of the folder; none where none were made yet."""
        path = self.root / "secrets.json"
        if not path.exists():
            return {}
        try:
            kept = json.loads(path.read_text())
            return {name: str(kept[name]) for name in SECRETS if name in kept}
        except (OSError, ValueError, TypeError) as error:
            raise CommandError(
                f"{path} cannot be read; remove it to have new secrets made."
            ) from error

    def made_secrets(self) -> dict[str, str]:
        """`kept_secrets`, with what was missing made and kept."""
        kept = self.kept_secrets()
        missing = [name for name in SECRETS if name not in kept]
        if missing:
            kept |= {name: secrets.token_urlsafe(48) for name in missing}
            self.write("secrets.json", kept)
        (self.root / "secrets.json").chmod(0o600)
        return kept

    def live_settings(self) -> dict[str, str]:
        """The settings of the running demo, its database URLs among them; none without one."""
        if not self.is_held():
            return {}
        live = self.read("demo.json").get("settings")
        return {str(k): str(v) for k, v in live.items()} if isinstance(live, dict) else {}

    def read(self, name: str) -> dict[str, object]:
        """A file of ours; empty when it is missing or was cut short."""
        try:
            value = json.loads((self.root / name).read_text())
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def write(self, name: str, value: Mapping[str, object]) -> None:
        """Replace a file of ours as a whole, readable by the owner only."""
        handle, temporary = tempfile.mkstemp(prefix=f".{name}.", dir=self.root)
        with os.fdopen(handle, "w") as file:
            json.dump(value, file, indent=1)
        Path(temporary).replace(self.root / name)

    def forget(self, name: str) -> None:
        """Remove a file of ours."""
        (self.root / name).unlink(missing_ok=True)


def home() -> Home:
    """The folder that COUNTERSIGN_HOME names."""
    return Home(Path(os.environ.get("COUNTERSIGN_HOME") or ".countersign").expanduser().resolve())
