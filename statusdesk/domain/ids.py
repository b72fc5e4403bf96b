"""Identifiers: ULIDs for everything, short public codes, speakable references, AT Protocol record keys."""

from __future__ import annotations

import hashlib
import re
import secrets
import threading
import unicodedata
from datetime import datetime

_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE36 = "0123456789abcdefghijklmnopqrstuvwxyz"
_SORTABLE32 = "234567abcdefghijklmnopqrstuvwxyz"


def _digits(number: int, alphabet: str, length: int) -> str:
    out = []
    for _ in range(length):
        number, rest = divmod(number, len(alphabet))
        out.append(alphabet[rest])
    return "".join(reversed(out))


_last: tuple[int, int] = (0, 0)
_one_by_one = threading.Lock()


def new_id(at: datetime) -> str:
    """A ULID (github.com/ulid/spec): 48 bits of milliseconds, 80 random bits, 26 characters that sort by time.

    Within one millisecond of one process each is greater than the one before, as the specification's monotonic ones.
    """
    global _last  # noqa: PLW0603  the one before is what makes the next one greater
    ms = int(at.timestamp() * 1000)
    with _one_by_one:
        tail = _last[1] + 1 if _last[0] == ms else secrets.randbits(79)  # a bit of room above
        _last = (ms, tail)
    return _digits(ms, _CROCKFORD, 10) + _digits(tail, _CROCKFORD, 16)


def new_tid(at: datetime) -> str:
    """An AT Protocol record key (atproto.com/specs/tid): microseconds and a random clock id, 13 characters."""
    micros = int(at.timestamp() * 1_000_000) + secrets.randbelow(1000)
    return _digits((micros << 10) | secrets.randbits(10), _SORTABLE32, 13)


def public_code(id_: str) -> str:
    """The 12 characters [0-9a-z] under which Statuspage clients know an entity; fixed by its id."""
    return _digits(int.from_bytes(hashlib.sha256(id_.encode()).digest()[:10], "big"), _BASE36, 12)


def reference(prefix: str, year: int, number: int) -> str:
    """The speakable reference: SD-2026-0042."""
    return f"{prefix}-{year:04}-{number:04}"


def slug(name: str, taken: frozenset[str] | set[str] = frozenset()) -> str:
    """A name for addresses: small ASCII letters, digits and dashes where the script allows; unique among `taken`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    base = base or "c-" + hashlib.sha256(name.encode("utf-8", "replace")).hexdigest()[:8]
    candidate, number = base, 2
    while candidate in taken:
        candidate, number = f"{base}-{number}", number + 1
    return candidate
