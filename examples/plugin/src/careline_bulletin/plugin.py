"""Registers the `bulletin` channel."""

from collections.abc import Sequence
from typing import Any

from careline.plugin import Channel, hookimpl


@hookimpl
def careline_channels() -> Sequence[type[Channel[Any]]]:
    """Return the one channel of this plugin; what is heavy is imported when it is asked for."""
    from careline_bulletin.channel import BulletinChannel

    return (BulletinChannel,)
