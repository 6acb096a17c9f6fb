"""Ids derived from keys, so that the same fact has the same id on every machine.

An id begins with what of its key tells its age (platforms number their objects upwards), so that
what was said together lies together in the database's indexes.
"""

import re
from functools import lru_cache
from hashlib import blake2b

_SEPARATOR = "\x1f"  # cannot occur in a key: models refuse control characters in ids
_DIGITS = re.compile(r"\d+")
_LEADING = 9
_REMEMBERED = 32_768  # a parent, or an author of ours, comes again and again


def derive(prefix: str, *parts: str, near: str = "") -> str:
    """Return `prefix`, 9 characters by which ids of one age are neighbours, and a 64-bit hash.

    `near` is the part of the key that tells the age. At ten million ids of one age the chance of
    any clash is below 1 in 300,000.
    """
    key = _SEPARATOR.join(parts).encode("utf-8", "surrogatepass")
    return prefix + _age(near) + blake2b(key, digest_size=8).hexdigest()


def _age(near: str) -> str:
    """Return the first number in `near`, coarsely, so that text sorts as numbers do."""
    if not (near.isascii() and near.isdigit()):
        found = _DIGITS.search(near)
        if found is None:
            return "0" * _LEADING
        near = found.group()
    digits = near.lstrip("0")
    return f"{min(len(digits), 99):02d}{digits[: _LEADING - 2]:0<{_LEADING - 2}}"


@lru_cache(_REMEMBERED)
def message_id(brand: str, network: str, external_id: str) -> str:
    """Return the id of a message: unique by brand, network and the platform's own id."""
    return derive("m", brand, network, external_id, near=external_id)


@lru_cache(_REMEMBERED)
def identity_id(network: str, scope: str, user_id: str) -> str:
    """Return the id of an identity: one user as one network (and scope in it) knows them."""
    return derive("i", network, scope, user_id, near=user_id)


def thread_id(brand: str, network: str, place: str, customer: str) -> str:
    """Return the id of a thread: one customer's words at one place."""
    return derive("t", brand, network, place, customer, near=place)


def conversation_id(first_message: str) -> str:
    """Return the id of the conversation that starts with this message."""
    return "c" + first_message[1:]


def content_hash(text: str) -> str:
    """Return a short hash of `text`: whether a version is another one."""
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=10).hexdigest()
