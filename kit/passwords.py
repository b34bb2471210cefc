"""Password hashes: argon2id (RFC 9106), with the parameters that OWASP's Password Storage Cheat
Sheet gives as a minimum: 19 MiB, two passes, one lane."""

from argon2 import PasswordHasher, Type

HASHER = PasswordHasher(
    time_cost=2, memory_cost=19 * 1024, parallelism=1, hash_len=32, salt_len=16, type=Type.ID
)
"""About 20 ms of one core and 19 MiB for each hash or check. Thread-safe; releases the GIL."""
