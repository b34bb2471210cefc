"""What a decision binds to: the digest of all that decides what a statement does and shows."""

from contracts.approval import Bound
from contracts.context import UserContext
from kit.canonical import canonical, text_digest

_NAMES = {
    "statement": "the statement",
    "context": "what the asker may see",
    "model": "the semantic model",
    "policy": "the policy",
}


def bind(statement: str, context: UserContext, *, model_digest: str, policy_digest: str) -> Bound:
    """What a decision about this statement is for."""
    return Bound(
        statement=text_digest(statement),
        context=text_digest(canonical(context.model_dump(mode="json"))),
        model=model_digest,
        policy=policy_digest,
    )


def binding(bound: Bound) -> str:
    """SHA-256 over all of it. A decision made for one binding says nothing about any other."""
    return text_digest(canonical(bound.model_dump(mode="json")))


def changed(before: Bound, now: Bound) -> tuple[str, ...]:
    """What is different, in words; empty where nothing is."""
    return tuple(
        words for name, words in _NAMES.items() if getattr(before, name) != getattr(now, name)
    )
