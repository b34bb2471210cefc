"""Ed25519 keys: made, kept under a secret, and used.

A private key is kept encrypted (AES-256-GCM) under a key that HKDF-SHA256 derives from the
setting SIGNING_KEY_SECRET, bound to the key's id. Who has the database alone cannot sign.
"""

import base64
import binascii
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from contracts.evidence import Signature
from kit.canonical import jcs, text_digest

_SALT, _NONCE = 16, 12
_PURPOSE = b"countersign signing key"


class CannotOpen(Exception):
    """The private key was kept under another secret."""


class Untrusted(Exception):
    """A signature that proves nothing; the message says why, for a person."""


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that can sign."""

    key_id: str
    private: Ed25519PrivateKey

    def sign(self, text: str) -> Signature:
        """The signature over a canonical text."""
        return Signature(key_id=self.key_id, value=to_base64url(self.private.sign(text.encode())))


def new_key() -> SigningKey:
    """A key that nobody has seen."""
    private = Ed25519PrivateKey.generate()
    return SigningKey(key_id_of(private.public_key().public_bytes_raw()), private)


def key_id_of(public: bytes) -> str:
    """The thumbprint of the public key (RFC 7638): an id that no other key can have."""
    members = {"crv": "Ed25519", "kty": "OKP", "x": to_base64url(public)}
    return to_base64url(bytes.fromhex(text_digest(jcs({**members}))))


def keep(key: SigningKey, secret: str) -> bytes:
    """The private key, encrypted."""
    salt, nonce = secrets.token_bytes(_SALT), secrets.token_bytes(_NONCE)
    raw = key.private.private_bytes_raw()
    return salt + nonce + _cipher(secret, salt).encrypt(nonce, raw, key.key_id.encode())


def opened(key_id: str, kept: bytes, secret: str) -> SigningKey:
    """The key that was kept. Raises CannotOpen."""
    salt, nonce, text = kept[:_SALT], kept[_SALT : _SALT + _NONCE], kept[_SALT + _NONCE :]
    try:
        raw = _cipher(secret, salt).decrypt(nonce, text, key_id.encode())
    except (InvalidTag, ValueError) as error:
        raise CannotOpen(key_id) from error
    return SigningKey(key_id, Ed25519PrivateKey.from_private_bytes(raw))


def check_signature(text: str, signature: Signature, keys: Mapping[str, bytes]) -> None:
    """Return if one of `keys` (raw public keys by id) signed the text. Raises Untrusted."""
    public = keys.get(signature.key_id)
    if public is None:
        raise Untrusted(f"its key {signature.key_id} is not known")
    if key_id_of(public) != signature.key_id:
        raise Untrusted(f"the key given as {signature.key_id} is another one")
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(
            from_base64url(signature.value), text.encode()
        )
    except (InvalidSignature, ValueError) as error:
        raise Untrusted("its signature does not fit: it was changed after it was signed") from error


def to_base64url(raw: bytes) -> str:
    """Without padding, as JSON Web Keys have it."""
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def from_base64url(text: str) -> bytes:
    """The bytes. Raises ValueError for what `to_base64url` would not have written."""
    try:
        raw = base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError) as error:
        raise ValueError("not base64url") from error
    if to_base64url(raw) != text:
        raise ValueError("not base64url in its one form")
    return raw


def _cipher(secret: str, salt: bytes) -> AESGCM:
    derived = HKDF(algorithm=SHA256(), length=32, salt=salt, info=_PURPOSE).derive(secret.encode())
    return AESGCM(derived)
