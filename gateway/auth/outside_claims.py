"""What the claims of an outside issuer's token mean here. Pure; a claim that cannot be read gives
nothing, never something."""

import re
from collections.abc import Mapping
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import JsonValue

from gateway.auth.identity import Identity
from gateway.directory import Directory
from gateway.settings import ClaimMap
from kit.problems import Forbidden

Claims = Mapping[str, JsonValue]
LONGEST_NAME = 128
_STORE_ID = re.compile(r"[1-9][0-9]{0,8}")


def identity_of(
    claims: Claims,
    *,
    issuer: str,
    claim_map: ClaimMap,
    default_organisation: str,
    directory: Directory,
    token_key: str,
) -> Identity:
    """The identity in verified claims. Raises Forbidden where they give no place here.

    `user_id` is the UUID (version 5) of issuer and subject: the same person is the same user at
    every login, and no two issuers can mean the same user.
    """
    subject = _find(claims, claim_map.user_id)
    if not isinstance(subject, str) or not subject:
        raise Forbidden("Your token does not say who you are here. Ask an administrator.")
    username = _find(claims, claim_map.username)
    org_id = _organisation(claims, claim_map, default_organisation, directory)
    expires_at = claims.get("exp")
    return Identity(
        user_id=uuid5(NAMESPACE_URL, f"{issuer}\n{subject}"),
        username=_printable(username) or _printable(subject),
        org_id=org_id,
        roles=_roles(_find(claims, claim_map.role), org_id, directory),
        permissions=None,
        store_ids=_store_ids(_find(claims, claim_map.store_ids)),
        is_all_stores=_find(claims, claim_map.is_all_stores) is True,
        token_keys=(token_key,),
        session_id=None,
        expires_at=expires_at if isinstance(expires_at, int | float) else 0,
    )


def _find(claims: Claims, name: str) -> JsonValue:
    """The claim of that name, which may hold dots itself, or else the path that it spells."""
    if name in claims:
        return claims[name]
    found: JsonValue = dict(claims)
    for part in name.split("."):
        if not isinstance(found, dict):
            return None
        found = found.get(part)
    return found


def _printable(claim: JsonValue) -> str:
    """A name that can be stored and shown: no control characters, and not endless."""
    text = claim if isinstance(claim, str) else ""
    return "".join(c for c in text if c.isprintable())[:LONGEST_NAME]


def _organisation(claims: Claims, claim_map: ClaimMap, default: str, directory: Directory) -> UUID:
    named = _find(claims, claim_map.org)
    name = default if named is None else named
    org_id = directory.organisations.get(name) if isinstance(name, str) else None
    if org_id is None:
        raise Forbidden("Your token names no organisation that is known here.")
    return org_id


def _roles(claim: JsonValue, org_id: UUID, directory: Directory) -> tuple[str, ...]:
    named = claim if isinstance(claim, list) else [claim]
    known = [role for role in named if isinstance(role, str) and (org_id, role) in directory.roles]
    if not known:
        raise Forbidden("Your token names no role that is known here.")
    return tuple(dict.fromkeys(known))


def _store_ids(claim: JsonValue) -> tuple[int, ...]:
    """Numbers, as themselves or as text, in a list or separated by commas or spaces."""
    if claim is None:
        return ()
    parts = claim if isinstance(claim, list) else re.split(r"[\s,]+", str(claim).strip())
    ids: set[int] = set()
    for part in parts:
        if isinstance(part, bool) or not _STORE_ID.fullmatch(str(part)):
            raise Forbidden("The stores in your token cannot be read. Ask an administrator.")
        ids.add(int(str(part)))
    return tuple(sorted(ids))
