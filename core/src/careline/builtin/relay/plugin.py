"""Registers the `relay` channel."""

from collections.abc import Sequence
from typing import Any

from careline.plugin import Channel, hookimpl


@hookimpl
def careline_channels() -> Sequence[type[Channel[Any]]]:
    """Return the one channel of this plugin."""
    from careline.builtin.relay.channel import RelayChannel

    return (RelayChannel,)
