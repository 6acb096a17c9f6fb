"""What an operator writes about a bulletin board."""

from typing import Annotated

from careline.plugin import PluginConfig
from pydantic import AfterValidator, Field, SecretStr


def _address(value: str) -> str:
    if not value.startswith(("http://", "https://")):
        raise ValueError("an address begins with http:// or https://")
    return value.rstrip("/")


class BulletinConfig(PluginConfig):
    """Where the board is, and the token that opens it."""

    url: Annotated[str, AfterValidator(_address)]
    """The board's address: `https://board.example`."""
    token: SecretStr
    """The token that lets us read it."""
    every: float = Field(60.0, gt=0)
    """Seconds between two looks at the board."""
