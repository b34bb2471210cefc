"""From the token of a request to the identity it proves."""

import base64
import binascii
import hashlib

import orjson

from gateway.auth.access_tokens import AccessTokens
from gateway.auth.identity import Identity
from gateway.auth.outside_claims import identity_of
from gateway.directory import Directory
from gateway.settings import ClaimMap
from kit.outside_issuer import OutsideIssuer
from kit.problems import Unauthorised, invalid_token

LONGEST_TOKEN = 16 * 1024


class Bearer:
    """The issuers that are trusted. Which one a token is checked against is read from its
    unverified `iss`; everything else about the check is the issuer's own and fixed."""

    def __init__(
        self,
        own: AccessTokens,
        outside: OutsideIssuer | None,
        *,
        claim_map: ClaimMap,
        default_organisation: str,
    ) -> None:
        self._own = own
        self._outside = outside
        self._claim_map = claim_map
        self._default_organisation = default_organisation

    async def identify(self, token: str | None, directory: Directory) -> Identity:
        """The identity of a token that is valid, not revoked, and of an active user.

        Raises Unauthorised, Forbidden (an outside token that gives no place here), Unavailable.
        """
        if not token:
            raise Unauthorised("Send an access token: log in at /api/auth/login.")
        if len(token) > LONGEST_TOKEN:
            raise invalid_token()
        identity = await self._verified(token, directory)
        if identity.user_id in directory.inactive_users or not (
            directory.revoked_tokens.isdisjoint(identity.token_keys)
        ):
            raise invalid_token()
        return identity

    async def _verified(self, token: str, directory: Directory) -> Identity:
        outside = self._outside
        if outside is None or unverified_issuer(token) != outside.issuer:
            return self._own.verify(token)
        claims = await outside.verify(token)
        signed = token.rpartition(".")[0]
        return identity_of(
            claims,
            issuer=outside.issuer,
            claim_map=self._claim_map,
            default_organisation=self._default_organisation,
            directory=directory,
            # of what is signed: the signature's own encoding can be varied
            token_key="outside:" + hashlib.sha256(signed.encode()).hexdigest(),
        )


def unverified_issuer(token: str) -> str | None:
    """The `iss` that a token claims; None where there is none to read."""
    payload = token.split(".")[1:2]
    if not payload:
        return None
    padded = payload[0] + "=" * (-len(payload[0]) % 4)
    try:
        claims = orjson.loads(base64.urlsafe_b64decode(padded))
    except (binascii.Error, ValueError):
        return None
    issuer = claims.get("iss") if isinstance(claims, dict) else None
    return issuer if isinstance(issuer, str) else None
