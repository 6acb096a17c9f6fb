"""What an operator writes about a system of their own: its secret, and where it takes answers."""

from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from careline.builtin.relay.signing import key_of
from careline.plugin import PluginConfig

_SHORTEST = 8


def _usable(value: SecretStr) -> SecretStr:
    if len(key_of(value.get_secret_value())) < _SHORTEST:
        raise ValueError(f"a secret has {_SHORTEST} characters or more; 32 random ones are better")
    return value


def _address(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("an address is written like https://shop.example/careline")
    if "@" in parts.netloc or parts.query or parts.fragment:
        raise ValueError("an address holds no password, no ? and no #: the signature says who asks")
    return value.rstrip("/")


class RelayConfig(PluginConfig):
    """A system that tells us what customers say, and takes our answers where it has an address."""

    secret: Annotated[SecretStr, AfterValidator(_usable)] = Field(
        description="signs what goes either way: `whsec_` and base64, or any text"
    )
    url: Annotated[str, AfterValidator(_address)] | None = Field(
        None, description="where answers are POSTed; left out: nothing can be answered"
    )
    identity: str | None = Field(
        None, min_length=1, description="our own id over there: what this author says is ours"
    )
    max_length: int | None = Field(
        None, gt=0, description="the most characters that an answer may have there"
    )
