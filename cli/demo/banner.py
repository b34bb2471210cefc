"""What the demo tells when it is ready."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path

import yaml

USERS_FILE = Path(__file__).parents[2] / "seeds" / "pagila" / "users.yaml"
EXAMPLE_USER = "manager_store1"
EXAMPLE_QUESTION = "What is total revenue for my store 1?"


@dataclass(frozen=True)
class DemoUser:
    """One of the sample people, whose password is published."""

    username: str
    password: str
    roles: tuple[str, ...]
    scope: str


def demo_users() -> tuple[DemoUser, ...]:
    """As the seeds have them."""
    people = yaml.safe_load(USERS_FILE.read_text(encoding="utf-8"))
    return tuple(
        DemoUser(
            user["username"],
            user["password"],
            tuple(user["roles"]),
            _scope(user.get("store_ids", []), is_all=user.get("is_all_stores", False)),
        )
        for user in people["users"]
    )


def _scope(store_ids: list[int], *, is_all: bool) -> str:
    if is_all:
        return "all stores"
    if not store_ids:
        return "no stores"
    return ("store " if len(store_ids) == 1 else "stores ") + " and ".join(map(str, store_ids))


def curl_line(gateway_url: str, user: DemoUser, question: str = EXAMPLE_QUESTION) -> str:
    """Log in and ask, in one line for a shell."""
    login = json.dumps({"username": user.username, "password": user.password})
    ask = json.dumps({"question": question})
    as_json = "-H 'Content-Type: application/json'"
    take = 'import json, sys; print(json.load(sys.stdin)["access_token"])'
    return (
        f"TOKEN=$(curl -sS {gateway_url}/api/auth/login {as_json} -d {shlex.quote(login)}"
        f" | python3 -c {shlex.quote(take)})"
        f" && curl -sS {gateway_url}/api/ask {as_json}"
        f' -H "Authorization: Bearer $TOKEN" -d {shlex.quote(ask)}'
    )


def banner(urls: dict[str, str], logs: Path, seconds: float) -> str:
    """For a person."""
    users = demo_users()
    width = max(len(user.username) for user in users)
    secret = max(len(user.password) for user in users)
    role = max(len(", ".join(user.roles)) for user in users)
    lines = [
        f"Countersign is ready ({seconds:.1f} s).",
        "",
        *(f"  {name:<9}{url}" for name, url in urls.items()),
        f"  {'logs':<9}{logs}",
        "",
        "  Demo users (their passwords are published: for this machine only)",
        *(
            f"    {user.username:<{width}}  {user.password:<{secret}}  "
            f"{', '.join(user.roles):<{role}}  {user.scope}"
            for user in users
        ),
        "",
        "  Try:",
        curl_line(urls["gateway"], next(u for u in users if u.username == EXAMPLE_USER)),
        "",
        "  Ctrl-C stops everything.",
    ]
    return "\n".join(lines)
