"""What a decision binds to: the digest of all that decides what a statement does and shows."""

from contracts.context import UserContext
from kit.canonical import canonical, text_digest


def binding(statement: str, context: UserContext, model_digest: str, policy_version: str) -> str:
    """SHA-256 over statement, user context, semantic-model version and policy version. A decision
    made for one binding says nothing about any other."""
    return text_digest(
        canonical(
            {
                "statement": statement,
                "context": context.model_dump(mode="json"),
                "model": model_digest,
                "policy": policy_version,
            }
        )
    )
