"""Registers the channels of X, and the stand-in for it."""

from collections.abc import Sequence
from typing import Any

from careline.plugin import Channel, Sandbox, hookimpl


@hookimpl
def careline_channels() -> Sequence[type[Channel[Any]]]:
    """Return the channels of this plugin."""
    from careline_twitter.archive.channel import TwitterArchiveChannel
    from careline_twitter.channel import TwitterChannel

    return (TwitterChannel, TwitterArchiveChannel)


@hookimpl
def careline_sandboxes() -> Sequence[type[Sandbox]]:
    """Return the stand-in for X."""
    from careline_twitter.sandbox import TwitterSandbox

    return (TwitterSandbox,)
