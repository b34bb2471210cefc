"""What is different between two states of something, for people to read."""

from dataclasses import dataclass

from pydantic import JsonValue

from kit.canonical import canonical

NOTHING = "—"


@dataclass(frozen=True, slots=True)
class Difference:
    """One part by its name, `a.b` for b within a, as it was and as it is."""

    name: str
    before: str
    after: str


def differences(before: JsonValue, after: JsonValue) -> tuple[Difference, ...]:
    """The parts that differ, in the order in which they stand."""
    old, new = _parts(before), _parts(after)
    return tuple(
        Difference(name, _said(old.get(name)), _said(new.get(name)))
        for name in dict.fromkeys([*new, *old])
        if old.get(name) != new.get(name)
    )


def _parts(value: JsonValue, name: str = "") -> dict[str, JsonValue]:
    if not isinstance(value, dict):
        return {} if value is None and not name else {name: value}
    found: dict[str, JsonValue] = {}
    for key, inner in value.items():
        found |= _parts(inner, f"{name}.{key}" if name else key)
    return found


def _said(value: JsonValue) -> str:
    if value is None or value in ("", [], {}):
        return NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list) and not any(isinstance(inner, dict | list) for inner in value):
        return ", ".join(_said(inner) for inner in value)
    return value if isinstance(value, str) else canonical(value)
