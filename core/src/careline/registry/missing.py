"""What to say when the plugin of a kind is not there, or is there twice."""

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from careline.registry.found import ONE, PluginInfo, Registered

_CHANNELS = {
    "twitter": "careline-twitter",
    "twitter-archive": "careline-twitter",
    "facebook": "careline-facebook",
} | dict.fromkeys(
    (
        "amazon-reviews",
        "google-play",
        "app-store",
        "google-business",
        "trustpilot",
        "bazaarvoice",
        "feed",
    ),
    "careline-reviews",
)
_NOTIFIERS = dict.fromkeys(("email", "sms", "apprise"), "careline-email-alerts")
BROUGHT_BY: Mapping[str, Mapping[str, str]] = MappingProxyType(
    {"channels": _CHANNELS, "notifiers": _NOTIFIERS, "sandboxes": _CHANNELS | _NOTIFIERS}
)
"""The distribution of ours that brings a kind, by group."""


def twice(group: str, kind: str, found: Sequence[Registered]) -> str:
    """Return why a kind that several plugins stand for cannot be used, and the way out."""
    labels = " and ".join(one.label for one in found)
    leave_out = found[-1].plugin.dist or found[-1].plugin.name
    return (
        f"{len(found)} plugins bring {ONE[group]} kind {kind!r}: {labels}. "
        f'Leave one out: [plugins] disabled = ["{leave_out}"]'
    )


def unknown(
    group: str, kind: str, plugins: Iterable[PluginInfo], kinds: Mapping[str, Sequence[str]]
) -> str:
    """Return why there is no such kind, with what would help most.

    Args:
        group: the group that was asked.
        kind: what was asked for.
        plugins: all plugins, also those that failed.
        kinds: all usable kinds by group.
    """
    dist = BROUGHT_BY.get(group, {}).get(kind)
    for plugin in plugins:
        if (plugin.name == kind or (dist and plugin.dist == dist)) and (why := _broken(plugin)):
            return f"no {ONE[group]} is of kind {kind!r}: plugin {plugin.label} {why}"
    if dist:
        return f"the plugin for {ONE[group]} kind {kind!r} is not installed: pip install {dist}"
    text = f"no {ONE[group]} is of kind {kind!r}"
    for other in kinds:
        if kind in kinds[other] and other != "sandboxes":
            return f"{text}, but a {ONE[other]} is: it stands under [{other}]"
    return f"{text}. {_nearest(group, kind, kinds.get(group, ()))}".rstrip(". ")


def _broken(plugin: PluginInfo) -> str:
    if plugin.disabled:
        return "is left out by [plugins] disabled"
    if plugin.error:
        return f"did not load: {plugin.error}"
    return "; ".join(plugin.problems)


def _nearest(group: str, kind: str, installed: Sequence[str]) -> str:
    brought = BROUGHT_BY.get(group, {})
    near = get_close_matches(kind.lower(), [*installed, *brought], 1, 0.6)
    if not near:
        return f"Known here: {', '.join(installed)}" if installed else ""
    if near[0] in installed:
        return f"Did you mean {near[0]!r}?"
    return f"Did you mean {near[0]!r}? It comes with: pip install {brought[near[0]]}"
